"""The release gate: the one way to anything shareable. No group smaller than k, directly or by subtraction."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict, TypeVar

import msgspec

from selfrule.errors import UsageError
from selfrule.records import Estimate, EstimateKind

K = 10

# groups along these keys overlap, so that subtracting them from the whole gives nobody away
_OVERLAPPING = frozenset({"domain"})


class Suppressed(TypedDict):
    """A cell that was taken out, and why: "small" (under k), or "complementary" (subtraction would give a small one).

    `kind` is the estimate's where it is another than "rated".
    """

    group: dict[str, str]
    construct: str
    level: str
    reason: str
    kind: NotRequired[EstimateKind]


class Released(msgspec.Struct, frozen=True):
    """What may be shared, and what was taken out of it."""

    estimates: list[Estimate]
    suppressed: list[Suppressed]


_Key = tuple[tuple[str, str], ...]
_Group = TypeVar("_Group", int, _Key)


def _size(cells: Sequence[Estimate], count_people: bool) -> int:
    """The smallest count of conversations, or of people where they count, that any cell of the group rests on.

    A cell of which no person is known counts by its conversations alone, as in every analysis: that nobody is known there
    says nothing of how many people they are, and 0 people would let any number of conversations through.
    """
    sizes = [cell.n + cell.missing for cell in cells]
    rated = [cell.n for cell in cells if cell.n]
    if count_people:
        rated += [cell.persons for cell in cells if cell.persons and cell.n]
    return min(sizes + rated)


_FLAGGED = frozenset({"confirmed_among_flagged", "confirmed"})  # figures that say what labels made of what was flagged
_ALL_OF_THEM = re.compile(r"\ball (\d+) of them\b")
_IN_BRACKETS = re.compile(r" \((\d+)\)")


def release(estimates: Sequence[Estimate], k: int = K) -> Released:
    """Take out every group that is smaller than k, and those whose difference from a larger group would be.

    A group's size is its conversations; where the study holds at least k people, its people too. (A study of fewer
    people than k, such as one person's own export, is a release about those few as a whole; the report says so.)
    Figures made of labels share the fate of their group, and are taken out too where they rest on fewer than k labels, or
    say what was confirmed of fewer than k conversations that the judge flagged.

    Args:
        estimates: All estimates of a study.
        k: The smallest group to show, at least 2.

    Raises:
        UsageError: `k` is below 2.
    """
    if k < 2:
        raise UsageError(f"The smallest group 'k' must be at least 2. Got {k} instead.")
    groups: dict[_Key, list[Estimate]] = defaultdict(list)
    honest: dict[_Key, list[Estimate]] = defaultdict(list)
    for estimate in estimates:
        (groups if estimate.kind == "rated" else honest)[tuple(sorted(estimate.group.items()))].append(estimate)
    people = max((e.persons or 0 for e in groups.get((), [])), default=0)
    sizes = {key: _size(cells, people >= k) for key, cells in groups.items()}
    out: dict[_Key, str] = {key: "small" for key, size in sizes.items() if 0 < size < k}
    axes: dict[tuple[str, ...], list[_Key]] = defaultdict(list)
    for key in groups:
        if key:
            axes[tuple(name for name, _ in key)].append(key)
    for names, members in axes.items():
        if _OVERLAPPING.intersection(names):
            continue
        _complement(members, sizes, out, k)
    kept = [e for key, cells in groups.items() if key not in out for e in cells]
    suppressed: list[Suppressed] = [
        {"group": e.group, "construct": e.construct, "level": e.level, "reason": reason}
        for key, reason in out.items()
        for e in groups[key]
    ]
    for key, cells in honest.items():
        flagged = {(e.construct, e.level): e.count for e in groups.get(key, ())}
        for e in cells:
            reason = out.get(key) if key in groups else "small"
            reason = reason or ("small" if _few(e, flagged, k) else None)
            if reason is None:
                kept.append(_sizeless(e, k))
            else:
                suppressed.append(
                    {"group": e.group, "construct": e.construct, "level": e.level, "reason": reason, "kind": e.kind}
                )
    return Released(kept, suppressed)


def _few(e: Estimate, flagged: Mapping[tuple[str, str], float], k: int) -> bool:
    """Whether a figure made of labels rests on fewer than k labels, or is about fewer than k flagged conversations."""
    labels = round((e.n_effective or 0.0) * (e.design_effect or 0.0))
    return 0 < labels < k or (e.kind in _FLAGGED and 0 < flagged.get((e.construct, e.level), 0) < k)


def _sizeless(e: Estimate, k: int) -> Estimate:
    """The figure, with words that do not give away the size of a stratum smaller than k."""

    def without(text: str) -> str:
        text = _ALL_OF_THEM.sub(lambda m: "all of them" if int(m[1]) < k else m[0], text)
        return _IN_BRACKETS.sub(lambda m: "" if int(m[1]) < k else m[0], text)

    return msgspec.structs.replace(e, note=None if e.note is None else without(e.note), method=without(e.method))


def hidden(
    sizes: Sequence[int], k: int, *, partition: bool = True, already: Sequence[str | None] = ()
) -> list[str | None]:
    """Why each group of one table is not released: "small", "complementary" or None.

    Args:
        sizes: Of each group: its conversations or, where people count, the fewer of conversations and people. 0 is empty and
            gives nobody away.
        k: The smallest group to show.
        partition: Whether no conversation is in two groups, so that a small one could be had by subtraction.
        already: Why a group is hidden for another table's sake that it is in too; none where there is no such table.
    """
    out: dict[int, str] = {i: reason for i, reason in enumerate(already) if reason is not None}
    out |= {i: "small" for i, size in enumerate(sizes) if 0 < size < k}
    if partition:
        _complement(list(range(len(sizes))), dict(enumerate(sizes)), out, k)
    return [out.get(i) for i in range(len(sizes))]


def _complement(members: list[_Group], sizes: Mapping[_Group, int], out: dict[_Group, str], k: int) -> None:
    """Take out more groups of one partition, smallest first, until what is hidden holds k together and is not alone."""
    hidden = [key for key in members if key in out]
    if not hidden:
        return
    shown = sorted((key for key in members if key not in out and sizes[key]), key=lambda key: (sizes[key], key))
    while shown and (len(hidden) < 2 or sum(sizes[key] for key in hidden) < k):
        extra = shown.pop(0)
        out[extra] = "complementary"
        hidden.append(extra)
