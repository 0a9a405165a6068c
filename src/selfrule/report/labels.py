"""What a report says of labels by people: how many, of which conversations, and how far the judge agrees with them.

Plain figures in, nothing computed here, and no name of a labeller: counts only. The figures that labels make are estimates
of their own kinds (`selfrule.records.Estimate.kind`). Every key is described in docs/report.md; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from selfrule.report.judging import Measured

LabelSource = Literal["draw", "random", "given", "none"]


@dataclass(frozen=True, kw_only=True)
class LabelStratum:
    """One sampling stratum: conversations of it in the study, put before people (`reached`), and with a label.

    `names` are those of the strata it holds, in words; a shareable report joins strata that are smaller than k.
    """

    names: list[str]
    size: int
    reached: int
    labelled: int


@dataclass(frozen=True, kw_only=True)
class LabelAgreement:
    """The judge beside labels on one construct, on the `n` conversations that have both.

    `kappa` is quadratic-weighted. `sensitivity` is the share of what labels put at moderate or above (`positives`
    conversations of the `n`) that the judge put there too, `specificity` the share of what they put below that it put
    below. All three stand for all that the judge rated where `weighted`: a label counts for the conversations that it was
    drawn for. `found` is the share of all conversations of the study that labels put at moderate or above that screen and
    judge together do; None where labels were not drawn by design.
    """

    n: int
    positives: int
    kappa: Measured
    sensitivity: Measured
    specificity: Measured
    found: Measured | None = None
    weighted: bool = True


@dataclass(frozen=True, kw_only=True)
class LabelFacts:
    """The labels of a study, in counts.

    `source` says how the labels that count were drawn: "draw" (this study's own queue, by strata with known probabilities),
    "random" (imported, as a simple random sample), "given" (imported, with probabilities of their own) or "none" (no label
    counts). `labels` stand, by `labellers` people, on `conversations` conversations, `doubles` of them with labels by two or
    more. `reached` were put before people, of a queue of `queue`; of those, `unsure` have only labels that leave something
    open, `skipped` only such as leave everything, and `unfinished` none. `beside` conversations have labels that count for
    nothing here, and `note` says what else a reader should know. `agreement` is keyed by construct id and "flagged".
    """

    source: LabelSource
    labels: int
    labellers: int
    conversations: int
    doubles: int = 0
    reached: int = 0
    queue: int = 0
    unsure: int = 0
    skipped: int = 0
    unfinished: int = 0
    beside: int = 0
    note: str | None = None
    strata: list[LabelStratum] = field(default_factory=list)
    agreement: dict[str, LabelAgreement] = field(default_factory=dict)
