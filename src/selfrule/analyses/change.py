"""Why it changed, as far as the mix goes: a difference between two sides, split into mix and rate within like conversations.

Sides are two periods, models or products. Nothing is attributed: a part of the difference goes with another mix of domains,
lengths and people, and the rest with other rates in conversations that are alike in these.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.change_figures import FEW, Figures, square_and_add
from selfrule.analyses.change_gate import public
from selfrule.analyses.change_groups import LEAST, Dimension, Entries, dimensions_of, entries_of, joined
from selfrule.analyses.change_records import By, Change, DimensionPart, GroupPart
from selfrule.analyses.change_same import same_people
from selfrule.analyses.change_sides import Side, check, halves, sides, slices
from selfrule.analyses.change_split import Split, moments, split, told_apart
from selfrule.analyses.figures import Figure, share
from selfrule.analyses.resampling import Resampler
from selfrule.analyses.sample import FLAGGED_OUTCOME, Mask, Sample
from selfrule.estimate.bootstrap import DRAWS
from selfrule.estimate.cells import Outcome
from selfrule.estimate.frame import NO_TIME

NOTHING = "nothing was rated on one of the sides"
SHOWS = (
    "How the share differs between the two, how much of the difference goes with a different mix of domains, lengths and people, "
    "and how much with different rates in conversations that are alike in these."
)
CANNOT = (
    "It cannot say why: that a part goes with another mix does not show that the mix made it, and whatever these groups leave "
    "out, such as a change of the assistant or of the season, is in the part of rates."
)
METHOD = (
    "The difference is split by a linear probability model of each side on {on} (Kitagawa, Oaxaca and Blinder, both sides "
    "weighing the same), so that mix and rates sum to it exactly. A conversation of several domains is a part of each. Intervals "
    "are 95 %, from resampling whole people."
)
WORDS: dict[str, str] = {
    "domain": "domain",
    "length": "length",
    "people": "how much the person talks in that month",
    "before": "whether the person was there the month before",
}


def change_of(
    sample: Sample,
    first: Side,
    second: Side,
    outcome: Outcome = FLAGGED_OUTCOME,
    *,
    by: By = "group",
    least: int = LEAST,
    draws: int = DRAWS,
    seed: int = 0,
) -> Change:
    """Split the difference in the share of an outcome between two sides into mix and rate.

    Dimensions: domain; length in turns (`mix.LENGTHS`); how many conversations the person has in that month
    (`change_groups.ACTIVITY`); and between periods, whether the person was there the month before. One that is not known of
    most conversations is left out, with the reason, as is one that the others determine. Groups with fewer than `least`
    conversations or ten people on a side are joined with others of their dimension: a group that one side lacks has no rate
    there, so that mix and rate inside what was joined cannot be told apart and count as rate.

    Intervals of the split need ten people with the outcome, and ten without it, on both sides (effective people: one with
    many such conversations counts about once). They are percentile intervals of the resamples, drawn out by Student's t over
    the normal quantile at Satterthwaite's degrees of freedom of the difference. With fewer, parts have none, and the
    difference has that of square-and-add.

    Args:
        sample: Everything.
        first: What is compared with.
        second: What is compared.
        outcome: What is counted.
        by: What the sides are.
        least: Conversations that a group needs on each side.
        draws: Resamples.
        seed: Of the resampling.

    Raises:
        UsageError: The sides have a conversation in common, or are not of this sample.

    References:
        See `change_split.split`.
    """
    check(sample, first, second)
    hits, known = sample.reaches(outcome)
    used = np.flatnonzero((first.rows | second.rows) & known)
    ends = share(sample, first.rows, outcome), share(sample, second.rows, outcome)
    told: dict[str, Any] = {
        "shows": SHOWS,
        "cannot": CANNOT,
        "conversations": len(used),
        "persons": sample.people_in((first.rows | second.rows) & known),
        "unrated": int(np.count_nonzero((first.rows | second.rows) & ~known)),
        "judge": sample.judge,
        "rubric": sample.rubric,
        "construct": outcome.construct,
        "level": outcome.level,
        "by": by,
        "first": first.name,
        "second": second.name,
        "first_share": ends[0],
        "second_share": ends[1],
        "known": sample.persons,
        "slices": slices(sample, by, first, second, known),
        "undated": int(np.count_nonzero(sample.at == NO_TIME)) if by == "period" else 0,
        "notes": _notes(sample, by, first, second),
    }
    if not (ends[0].n and ends[1].n):
        none = Figure(reason=NOTHING)
        return Change(**told, method=_method([]), difference=none, mix=none, rate=none, dimensions=[])
    narrow, side, hit = sample.where((first.rows | second.rows) & known), second.rows[used].astype(np.int64), hits[used]
    entries, domains = entries_of(narrow, side == 1, hit)
    more, left_out = dimensions_of(sample, used, side, entries, between_periods=by == "period")
    dimensions = [joined(d, entries, narrow.cluster, least) for d in (domains, *more)]
    dimensions, left_out = _usable(entries, dimensions, left_out)
    resampler = Resampler(narrow, draws=draws, seed=seed)
    got = split(moments(entries, dimensions, resampler))
    figure = Figures.of(narrow, side, hit)
    return Change(
        **told,
        method=_method(dimensions),
        difference=figure(got.difference) if figure.enough else square_and_add(*ends, figure),
        mix=figure(got.mix) if dimensions else figure.nothing(),
        rate=figure(got.rate),
        dimensions=[_part(narrow, side, d, i, got, entries, figure, outcome) for i, d in enumerate(dimensions)],
        left_out=left_out,
        same=same_people(narrow, side, hit, resampler, outcome),
    )


def _method(dimensions: list[Dimension]) -> str:
    *first, last = [WORDS[d.name] for d in dimensions] or ["nothing"]
    return METHOD.format(on=f"{', '.join(first)} and {last}" if first else last)


def _usable(
    entries: Entries, dimensions: list[Dimension], left_out: dict[str, str]
) -> tuple[list[Dimension], dict[str, str]]:
    """Dimensions with two groups or more that can be told from each other, and why the others are left out."""
    left_out = dict(left_out)
    for dimension in dimensions:
        if len(dimension.names) < 2:
            left_out[dimension.name] = "fewer than two groups with conversations enough on both sides"
    kept = list[Dimension]()
    for dimension in (d for d in dimensions if len(d.names) > 1):
        if kept and not told_apart(moments(entries, [*kept, dimension], None)):
            left_out[dimension.name] = "its groups cannot be told from those of the other dimensions"
        else:
            kept.append(dimension)
    return kept, left_out


def _part(
    sample: Sample,
    side: NDArray[np.int64],
    dimension: Dimension,
    at: int,
    got: Split,
    entries: Entries,
    figure: Figures,
    outcome: Outcome,
) -> DimensionPart:
    hits = sample.reaches(outcome)[0]
    groups = []
    for j, name in enumerate(dimension.names):
        mine = dimension.code == j
        weight = np.bincount(entries.of[mine], weights=entries.weight[mine], minlength=len(sample)).astype(np.float64)
        parts = replace(sample, weight=weight)
        there = weight > 0
        rates = [share(parts, there & (side == s), outcome) for s in (0, 1)]
        rests = figure.of_group(sample.cluster[there], weight[there], side[there], hits[there])
        traffic = [figure.traffic(got.traffic[at][:, s, j], rates[s].n, rates[s].persons) for s in (0, 1)]
        groups.append(
            GroupPart(
                name=name,
                first_traffic=traffic[0],
                second_traffic=traffic[1],
                first_rate=rates[0],
                second_rate=rates[1],
                mix=figure(got.mix_of[at][:, j]),
                rate=rests(got.rate_of[at][:, j]),
            )
        )
    return DimensionPart(name=dimension.name, part=figure(got.mix_of[at].sum(axis=1)), groups=groups)


def _notes(sample: Sample, by: By, first: Side, second: Side) -> list[str]:
    notes = []
    spans = [_days(sample, side.rows) for side in (first, second)]
    if by in {"model", "product"} and None not in spans:
        (a, b), (c, d) = spans  # type: ignore[misc]
        if max(a, c) > min(b, d):
            notes.append(
                f"The two {by}s were used at different times, so what changed over time is in the difference too."
            )
    return notes


def _days(sample: Sample, rows: Mask) -> tuple[int, int] | None:
    """First and last time of some conversations; None where no time is known."""
    at = sample.at[rows & (sample.at != NO_TIME)]
    return (int(at.min()), int(at.max())) if len(at) else None


def for_report(sample: Sample, *, least: int = LEAST) -> Change | None:
    """The second half of the complete months against the first; None where there are not two, or nothing is known of one.

    Args:
        sample: Of the study.
        least: Conversations that a group needs on each side.
    """
    found = halves(sample)
    if found is None:
        return None
    made = change_of(sample, *found, by="period", least=least)
    return made if made.difference.value is not None else None


__all__ = ["FEW", "Change", "Side", "change_of", "for_report", "halves", "public", "sides"]
