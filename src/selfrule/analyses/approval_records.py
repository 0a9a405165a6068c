"""What the analysis of approval says: thumbs of each group beside the rest, and the reference study's directions."""

from __future__ import annotations

from typing import Literal

import msgspec

from selfrule.analyses.figures import Analysis, Figure
from selfrule.analyses.sample import FLAGGED_OUTCOME, outcome_of
from selfrule.estimate.cells import ACTUALIZED, Outcome
from selfrule.rubric import FACTORS, PRIMITIVES

Direction = Literal["above", "below"]
Verdict = Literal["as in the study", "the other way", "cannot tell"]

OUTCOMES: tuple[Outcome, ...] = (
    FLAGGED_OUTCOME,
    *(outcome_of(name) for name in (*PRIMITIVES, *ACTUALIZED, *FACTORS)),
)
"""What is compared with the rest unless told: flagged, each primitive moderate or above, markers, factors."""

PUBLISHED: dict[str, Direction] = {
    "flagged": "above",
    **dict.fromkeys(PRIMITIVES, "above"),
    "actualized_reality_distortion": "above",
    "actualized_value_judgment_distortion": "below",
    "actualized_action_distortion": "below",
}
"""On which side of its baseline the reference study found each: arXiv:2601.19062 (its directions alone)."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Thumbs of a group of conversations, beside those of the rest: rated conversations with a thumb outside the group.

    Attributes:
        construct: Of the outcome that makes the group; `level` likewise.
        up: Share of thumbs in the group that are up; `missing` are conversations of it without a thumb.
        rest: The same of the rest.
        difference: `up` less `rest`, in [-1, 1].
        baseline_difference: `up` less the share of all thumbs, the group's own among them: as the reference study has it.
        adjusted: Mantel and Haenszel's risk difference over domain by length; `n` are conversations in cells that hold both.
        odds_ratio: Mantel and Haenszel's, over the same cells; 1 where the odds are the same.
        logistic: Odds ratio of a logistic regression on group, domains and length.
        given: Share of the group's conversations that have a thumb.
        given_rest: The same outside the group.
        given_difference: `given` less `given_rest`.
        q: p-value of no difference, adjusted for the false discovery rate over the groups; None where there is none.
        published: On which side of its baseline the reference study found this group; None where it does not say.
        verdict: Whether `difference` says the same, by whether its interval excludes 0; None where the study says nothing.
        adjusted_verdict: The same of `adjusted`.
    """

    construct: str
    level: str
    up: Figure
    rest: Figure
    difference: Figure
    baseline_difference: Figure
    adjusted: Figure
    odds_ratio: Figure
    logistic: Figure
    given: Figure
    given_rest: Figure
    given_difference: Figure
    q: float | None = None
    published: Direction | None = None
    verdict: Verdict | None = None
    adjusted_verdict: Verdict | None = None


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """What the reference study counted: thumbs, and the share of them that were up; another population."""

    n: int
    up: float
    source: str
    population: str


class Approval(Analysis, frozen=True, kw_only=True, tag="approval"):
    """Thumbs of each group beside the rest.

    `baseline` is the share of all thumbs of rated conversations that are up; its `missing` are rated conversations without
    one. `unrated_thumbs` counts conversations with a thumb that could not be rated, and are in neither.
    """

    baseline: Figure
    unrated_thumbs: int
    groups: list[Group]
    study: Study
