"""A figure of an analysis, and what every analysis says of itself."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.sample import Mask, Sample
from selfrule.estimate.bootstrap import percentile
from selfrule.estimate.cells import Outcome
from selfrule.estimate.clusters import clustering, persons_of

BETWEEN_PEOPLE = (
    "These conversations were held between people, as whoever imported them said: "
    "the figures say nothing about assistants."
)
"""What stands first in all that is printed of such a study."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its 95 % interval.

    `value` is a share in [0, 1], a difference of shares in [-1, 1], or what the field that holds it says; `low` and `high`
    its limits. `n` is the conversations it rests on, `persons` the known people among them (None: the logs name nobody),
    `events` how many of the n reach the outcome, `missing` how many belong here and could not be rated. `reason` says why
    one of them is None, or why the figure is withheld ("small", "complementary").
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    persons: int | None = None
    events: int | None = None
    missing: int = 0
    reason: str | None = None


class Analysis(msgspec.Struct, frozen=True, kw_only=True, tag_field="analysis"):
    """What every analysis says of itself: in one sentence what it shows, in one what it cannot; how; and what is missing.

    Each analysis is a subclass with a `tag` of its own, by which JSON names it under "analysis".

    `conversations` is how many it was made from, `persons` how many known people, `unrated` how many could not be rated,
    `notes` what a reader should know before using it (sentences). `withheld` counts the figures that the release gate took out.
    """

    shows: str
    cannot: str
    method: str
    conversations: int
    persons: int | None
    unrated: int
    judge: str
    rubric: str
    notes: list[str] = []
    withheld: int = 0


def share(sample: Sample, rows: Mask, outcome: Outcome) -> Figure:
    """The weighted share of some conversations that reach an outcome, with people with many conversations accounted for.

    Wilson's interval on the effective number of conversations, exact below ten events (`estimate.clusters`).

    Args:
        sample: Everything.
        rows: Which conversations belong; shape (n,).
        outcome: What is counted.
    """
    hits, known = sample.reaches(outcome)
    used = rows & known
    n, missing = int(np.count_nonzero(used)), int(np.count_nonzero(rows & ~known))
    persons = sample.people_in(used)
    if not n:
        return Figure(n=0, persons=persons, events=0, missing=missing, reason="nothing was rated")
    weight = sample.weight[used]
    varied = bool(np.any(np.abs(weight - weight[0]) > 1e-9 * weight[0]))
    got = clustering(persons_of(sample.person[used], weight if varied else None), hits[used])
    low, high = got.exact_if_few()
    return Figure(value=got.share, low=low, high=high, n=n, persons=persons, events=got.events, missing=missing)


def resampled(value: float, draws: NDArray[np.float64], **rests: int | None) -> Figure:
    """A figure with the percentile interval of its resamples; without one where too many of them are undefined.

    Args:
        value: The figure; not a number where undefined.
        draws: The same of each resample; shape (draws,).
        **rests: `n`, `persons`, `events`, `missing` of the figure.
    """
    if not np.isfinite(value):
        return Figure(reason="undefined", **rests)  # type: ignore[arg-type]
    there = draws[np.isfinite(draws)]
    if len(there) < 0.95 * len(draws) or float(np.ptp(there)) < 1e-15:
        return Figure(value=float(value), reason="too little to resample: no interval", **rests)  # type: ignore[arg-type]
    low, high = percentile(there)
    return Figure(value=float(value), low=min(low, float(value)), high=max(high, float(value)), **rests)  # type: ignore[arg-type]
