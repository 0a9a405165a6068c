"""The release gate of shares over time: no period of a group that is small, directly or by subtraction."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from selfrule.analyses.figures import Figure
from selfrule.analyses.trend_records import Breakdown, Bridged, Series, Trend
from selfrule.privacy import hidden

_Why = list[str | None]


def public(result: Trend, k: int) -> Trend:
    """What may be shared.

    The periods are parts of the study; the groups of a model or a product are parts of each period, and so are the domains of
    highest share and all others. A period of a group that is small is withheld, and others with it until nothing follows by
    subtraction. (Conversations without a time are in no period, as in the estimates by month.) What rests on all periods of
    a series (its slope, thirds and change points) is withheld where one of those periods is. A group of which nothing is
    left is not named.

    Args:
        result: The analysis.
        k: The smallest group to show.
    """
    people = (result.persons or 0) >= k
    whole = [one.partial is None for one in result.periods]
    top = hidden([_size(point, people) for point in result.overall.points], k)
    overall = _shown(result.overall, top, whole)
    within = [
        _shown(one, why, whole)
        for one, why in zip(result.within, _crossed(result.within, top, k, people, partition=True), strict=True)
    ]
    breakdowns = [_breakdown(one, top, whole, k, people) for one in result.breakdowns]
    gone = sum(reason is not None for reason in top)
    gone += sum(_gone(before, after) for before, after in zip(result.within, within, strict=True))
    gone += sum(taken for _, taken in breakdowns)
    return msgspec.structs.replace(
        result,
        untimed=None if 0 < (result.untimed or 0) < k else result.untimed,
        overall=overall,
        within=within,
        breakdowns=[made for made, _ in breakdowns],
        studies=[f"study {i + 1}" for i in range(len(result.studies))],  # a folder is often named after a person
        bridges=[_bridged(one, k) for one in result.bridges],
        withheld=gone,
    )


def _size(point: Figure, people: bool) -> int:
    """Conversations of a point or, where people count, the fewer of both; those not rated where none was."""
    if not point.n:
        return point.missing
    known = people and point.persons  # where nobody is known conversations alone count
    return min(point.n, point.persons or 0) if known else point.n


def _crossed(series: Sequence[Series], top: _Why, k: int, people: bool, *, partition: bool) -> list[_Why]:
    """Why each point of several series is withheld, none of which may follow from its row's or its column's others."""
    sizes = [[_size(point, people) for point in one.points] for one in series]
    out: list[_Why] = [[reason and ("small" if 0 < n < k else "complementary") for reason, n in zip(top, row, strict=True)]
                       for row in sizes]  # fmt: skip
    while True:
        before = [list(row) for row in out]
        out = [hidden(row, k, already=why) for row, why in zip(sizes, out, strict=True)]
        if partition and series:
            for i in range(len(top)):
                column = hidden([row[i] for row in sizes], k, already=[row[i] for row in out])
                for row, reason in zip(out, column, strict=True):
                    row[i] = reason
        if out == before:
            return out


def _breakdown(one: Breakdown, top: _Why, whole: list[bool], k: int, people: bool) -> tuple[Breakdown, int]:
    why = _crossed(one.series, top, k, people, partition=one.by != "domain")
    shown = [_shown(series, reasons, whole) for series, reasons in zip(one.series, why, strict=True)]
    gone = sum(_gone(before, after) for before, after in zip(one.series, shown, strict=True))
    left = [s for s in shown if any(p.value is not None for p in s.points)]
    unnamed = sum(s.role == "group" for s in shown) - sum(s.role == "group" for s in left)
    return msgspec.structs.replace(one, series=left, unnamed=unnamed), gone


def _shown(series: Series, why: _Why, whole: list[bool]) -> Series:
    """A series without the points that are withheld, and without what would give them away."""
    if not any(why):
        return series
    rests = any(reason is not None for reason, used in zip(why, whole, strict=True) if used)
    return msgspec.structs.replace(
        series,
        points=[Figure(reason=r) if r else p for p, r in zip(series.points, why, strict=True)],
        intervals=[None if r else kind for kind, r in zip(series.intervals, why, strict=True)],
        effect=None if rests else series.effect,
        finding=None if rests else series.finding,
        changes=[] if rests else series.changes,
    )


def _gone(before: Series, after: Series) -> int:
    return sum(a != b for a, b in zip(before.points, after.points, strict=True))


def _bridged(one: Bridged, k: int) -> Bridged:
    def kept(figure: Figure) -> Figure:
        return figure if figure.n >= k else Figure(reason="small")

    return msgspec.structs.replace(one, yes=kept(one.yes), no=kept(one.no))
