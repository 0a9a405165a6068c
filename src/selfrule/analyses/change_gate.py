"""The release gate of a change: what is of few conversations or people, or could be had by subtraction, is taken out."""

from __future__ import annotations

import msgspec

from selfrule.analyses.change_records import Change, DimensionPart, GroupPart, SamePeople, Slice
from selfrule.analyses.figures import Figure


def public(result: Change, k: int) -> Change:
    """The record as it may be shared.

    Sides of fewer than k conversations (where the study knows at least k people: or of fewer people) are withheld, names and
    all, as is everything where the months, models or products that a table would hide could be had by taking shown ones
    from a side. Groups of few are joined with the smallest other: the sums still hold, their intervals are gone. The same
    people are withheld where they, or the people of one side alone, are few.

    Args:
        result: From `change_of`.
        k: The smallest group to show.
    """
    count_people = (result.known or 0) >= k
    if _closed(result, k, count_people):
        return _withheld(result, k)
    gone = 0
    dimensions = []
    for dimension in result.dimensions:
        made, lost = _joined(dimension, k, count_people)
        dimensions.append(made)
        gone += lost
    same = result.same
    if same is not None and _few(same, result, k, count_people):
        same = None
        gone += 1
    undated = None if 0 < (result.undated or 0) < k else result.undated
    return msgspec.structs.replace(
        result,
        dimensions=dimensions,
        same=same,
        undated=undated,
        known=None,
        slices=[],
        withheld=result.withheld + gone,
    )


def _small(figure: Figure, k: int, count_people: bool) -> bool:
    return figure.n < k or (count_people and 0 < (figure.persons or 0) < k)  # nobody known: conversations alone count


def _closed(result: Change, k: int, count_people: bool) -> bool:
    """Whether a side is too small to be shown, or too near to a small group by subtraction."""
    for figure in (result.first_share, result.second_share):
        if _small(figure, k, count_people):
            return True
    for side in (0, 1, 2):
        parts = [s for s in result.slices if s.side == side]
        small = [s for s in parts if _few_in(s, k, count_people)]
        if not small or (side and len(small) == len(parts)):  # all small: they are the side, which is large
            continue
        if sum(s.n for s in small) < k or (count_people and _people(small) < k):
            return True
    return False


def _few_in(part: Slice, k: int, count_people: bool) -> bool:
    """Whether a month, model or product is one that its table withholds."""
    return part.n < k or (count_people and 0 < part.persons < k)


def _people(slices: list[Slice]) -> int:
    """The fewest people that these may be of: one person may be in several."""
    return max(s.persons for s in slices)


def _withheld(result: Change, k: int) -> Change:
    """Nothing but how many conversations both sides have together, where they are not few themselves."""
    none = Figure(reason="small")
    few = result.conversations < k
    named = result.by == "period"
    return msgspec.structs.replace(
        result,
        first=result.first if named else "the first",
        second=result.second if named else "the second",
        conversations=0 if few else result.conversations,
        persons=None if few or (result.persons or 0) < k else result.persons,
        unrated=0,
        undated=None,
        first_share=none,
        second_share=none,
        difference=none,
        mix=none,
        rate=none,
        dimensions=[],
        left_out={},
        same=None,
        known=None,
        slices=[],
        notes=[],
        withheld=5,
    )


def _joined(dimension: DimensionPart, k: int, count_people: bool) -> tuple[DimensionPart, int]:
    """Small groups with the smallest other, so that none can be had by subtraction; and how many are no longer shown."""

    def few(group: GroupPart) -> bool:
        return any(_small(f, k, count_people) for f in (group.first_rate, group.second_rate))

    small = [g for g in dimension.groups if few(g)]
    if not small:
        return dimension, 0
    rest = [g for g in dimension.groups if not few(g)]
    if rest:
        least = min(rest, key=lambda g: g.first_rate.n + g.second_rate.n)
        rest.remove(least)
        small.append(least)
    if not rest:
        return msgspec.structs.replace(dimension, groups=[]), len(small)
    return msgspec.structs.replace(dimension, groups=[*rest, _sum(dimension, small)]), len(small)


def _sum(dimension: DimensionPart, groups: list[GroupPart]) -> GroupPart:
    why = "joined: no interval"

    def added(figures: list[Figure]) -> Figure:
        return Figure(
            value=sum(f.value or 0.0 for f in figures),
            n=sum(f.n for f in figures),
            persons=None,
            events=None if figures[0].events is None else sum(f.events or 0 for f in figures),
            reason=why,
        )

    def rate(rates: list[Figure], traffic: list[Figure]) -> Figure:
        whole = sum(t.value or 0.0 for t in traffic)
        part = sum((r.value or 0.0) * (t.value or 0.0) for r, t in zip(rates, traffic, strict=True))
        return msgspec.structs.replace(added(rates), value=part / whole if whole else None)

    traffic = [g.first_traffic for g in groups], [g.second_traffic for g in groups]
    whole = groups[0].mix
    return GroupPart(
        name=f"other {dimension.name}s" if dimension.name == "domain" else "others",
        first_traffic=added(traffic[0]),
        second_traffic=added(traffic[1]),
        first_rate=rate([g.first_rate for g in groups], traffic[0]),
        second_rate=rate([g.second_rate for g in groups], traffic[1]),
        mix=_as_whole(added([g.mix for g in groups]), whole),
        rate=_as_whole(added([g.rate for g in groups]), whole),
    )


def _as_whole(figure: Figure, whole: Figure) -> Figure:
    """Contributions rest on both sides as wholes."""
    return msgspec.structs.replace(figure, n=whole.n, persons=whole.persons, events=whole.events)


def _few(same: SamePeople, result: Change, k: int, count_people: bool) -> bool:
    """Whether the same people, or those of one side alone, are few."""
    for mine, all_of_them in ((same.first, result.first_share), (same.second, result.second_share)):
        if _small(mine, k, count_people) or 0 < all_of_them.n - mine.n < k:
            return True
        alone = (all_of_them.persons or 0) - (mine.persons or 0)
        if count_people and 0 < alone < k:
            return True
    return False
