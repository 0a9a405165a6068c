"""The record of the analysis `compare`: what it says, and what the release gate reads of it."""

from __future__ import annotations

from typing import Literal

import msgspec

from selfrule.analyses.compare_alike import How, On
from selfrule.analyses.figures import Analysis, Figure
from selfrule.privacy.release import hidden

By = Literal["model", "product", "language", "study"]


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """The share of a group's conversations that reach an outcome, as they are."""

    construct: str
    level: str
    share: Figure


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the groups compared: its name, conversations (rated and not), known people, and shares."""

    name: str
    conversations: int
    persons: int | None
    shares: list[Reached]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How far apart two groups are on one outcome: the share of the first less that of the second.

    `plain` as they are; `alike` with both given the same mix, in which `first` and `second` are the shares. `p` is of no
    difference once they are alike, `adjusted` the same adjusted for the false discovery rate over the table; `stands_out`
    where that is at most 0.05.
    """

    construct: str
    level: str
    plain: Figure
    first: Figure
    second: Figure
    alike: Figure
    p: float | None = None
    adjusted: float | None = None
    stands_out: bool = False


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two groups and their differences.

    `kept_first` and `kept_second` are the shares of each that have a like in the other, over which they are made alike;
    `strata` in how many strata (pairs: openings); `effective_first` and `effective_second` how many conversations of equal
    weight they are then worth.
    """

    first: str
    second: str
    kept_first: float
    kept_second: float
    strata: int
    effective_first: float
    effective_second: float
    differences: list[Difference]


class Compare(Analysis, frozen=True, kw_only=True, tag="compare"):
    """Groups of conversations side by side: shares as they are, and differences as they are and with the same mix.

    `on` is by what they are made alike; `reference` the group that every other is compared with (None: every two);
    `target` the group whose mix they are given (None: the mix of all). `unknown` counts conversations in no group,
    `left_out` those of each group that has too few; `shared` known people with conversations in more than one group.
    """

    by: By
    how: How
    on: list[On]
    reference: str | None
    target: str | None
    sides: list[Side]
    pairs: list[Pair]
    unknown: int
    left_out: list[int]
    shared: int


def public(result: Compare, k: int) -> Compare:
    """What may be shared: no group of fewer than k conversations (or people), none that subtraction would give away.

    Groups taken out are not named, and no difference from them is there. Studies are numbered: a folder's name is private.

    Args:
        result: The comparison.
        k: The smallest group to show.
    """
    people = result.persons is not None and result.persons >= k
    sizes = [_size(side, people) for side in result.sides]
    reasons = hidden([*sizes, *result.left_out], k)
    gone = {side.name for side, reason in zip(result.sides, reasons, strict=False) if reason}
    sides = [side for side in result.sides if side.name not in gone]
    pairs = [pair for pair in result.pairs if not gone & {pair.first, pair.second}]
    lost = sum(len(side.shares) for side in result.sides) - sum(len(side.shares) for side in sides)
    lost += sum(len(pair.differences) for pair in result.pairs) - sum(len(pair.differences) for pair in pairs)
    names = {side.name: side.name for side in sides}
    if result.by == "study":
        names = {side.name: f"study {at}" for at, side in enumerate(result.sides, 1)}
    return msgspec.structs.replace(
        result,
        reference=names.get(result.reference or ""),
        target=names.get(result.target or ""),
        sides=[msgspec.structs.replace(side, name=names[side.name]) for side in sides],
        pairs=[
            msgspec.structs.replace(
                pair,
                first=names[pair.first],
                second=names[pair.second],
                kept_first=round(pair.kept_first, 2),
                kept_second=round(pair.kept_second, 2),
            )
            for pair in pairs
        ],
        unknown=0 if result.unknown < k else result.unknown,
        left_out=[] if any(reasons) else result.left_out,
        shared=0 if result.shared < k else result.shared,
        notes=[*result.notes, *_said(len(gone))],
        withheld=lost,
    )


def _size(side: Side, people: bool) -> int:
    rated = [share.share.n for share in side.shares if share.share.n]
    sizes = [side.conversations, *rated]
    if people:
        sizes += [n for n in (side.persons, *(share.share.persons for share in side.shares)) if n]
    return min(sizes)


def _said(groups: int) -> list[str]:
    if not groups:
        return []
    of = "One group is" if groups == 1 else f"{groups} groups are"
    return [f"{of} withheld: too few conversations or people, or another could be had by subtraction."]
