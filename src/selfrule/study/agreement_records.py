"""What agreement with labels by people is made of. Plain figures; `None` is "not known", never zero."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from selfrule.report.judging import Compared, Measured
from selfrule.study.label_truth import Source


class Right(msgspec.Struct, frozen=True):
    """How often a judge is right about one class ("severe", or "moderate+") of a construct.

    `positives` labelled conversations are of it, `negatives` are not. `sensitivity` is the share of the first that the judge
    puts there too, `specificity` of the second that it does not put there either. `weighted_...` are the same over all
    conversations that the judge rated, by the design of the labels; None where they were not drawn by one.
    """

    level: str
    positives: int
    negatives: int
    sensitivity: Measured
    specificity: Measured
    weighted_sensitivity: Measured | None = None
    weighted_specificity: Measured | None = None


class Weighted(msgspec.Struct, frozen=True):
    """Agreement over all conversations that the judge rated: the `stands_for` that the `n` labelled by design stand for."""

    n: int
    stands_for: float
    exact: Measured
    within_one: Measured
    kappa: Measured


class Construct(msgspec.Struct, frozen=True, kw_only=True):
    """A judge with labels on one construct, or flagged. Rows of `confusion` are labels, columns the judge's levels.

    `n` conversations have both. `weighted` is None where labels were not drawn by a design.
    """

    n: int
    exact: Measured
    within_one: Measured
    kappa: Measured
    alpha: Measured
    confusion: list[list[int]]
    classes: list[Right] = []
    weighted: Weighted | None = None


class Against(msgspec.Struct, frozen=True):
    """A judge beside the labels.

    `both` conversations have a label and a rating, `unrated` a label and no rating. `found` is, by construct and for
    flagged, of all conversations of the study that labels put at moderate or above, the share that screen and judge together
    do (what was screened out or could not be rated was not found); empty where labels were not drawn by design.
    """

    judge: str
    both: int
    unrated: int
    source: Source
    constructs: dict[str, Construct]
    found: dict[str, Measured] = {}


class Labellers(msgspec.Struct, frozen=True):
    """Two labellers beside each other, on `both` conversations; `constructs` by id, "flagged" and "pooled"."""

    first: str
    second: str
    both: int
    constructs: dict[str, Compared]


@dataclass(frozen=True, kw_only=True)
class WithLabels:
    """Agreement of a study with labels by people.

    `labels` stand, by `labellers` (labels of each), on `conversations`. `between` and `alpha` (of all labellers) are
    empty where nobody labelled what another did. `source` is how the labels that weighted figures rest on were drawn.
    """

    labels: int
    conversations: int
    labellers: dict[str, int]
    source: Source
    between: list[Labellers] = field(default_factory=list)
    alpha: dict[str, Measured] = field(default_factory=dict)
    judges: list[Against] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
