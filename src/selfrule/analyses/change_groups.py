"""Of what groups the conversations of two sides are: domains, lengths, how much people talk, who was there before."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.change_records import DimensionName
from selfrule.analyses.mix import domain_parts, lengths
from selfrule.analyses.partial import partial_of
from selfrule.analyses.periods import periods_of
from selfrule.analyses.sample import Mask, Sample

LEAST = 30
"""Conversations that a group has on either side, or it is joined with another: its rates could not be told."""

LEAST_PEOPLE = 10
"""The same in people (or conversations of unknown person)."""

UNKNOWN = "unknown"
ACTIVITY: tuple[tuple[str, int], ...] = (
    ("1 conversation", 1),
    ("2-3 conversations", 2),
    ("4-10 conversations", 4),
    ("over 10 conversations", 11),
)
"""Classes of how much a person talked in the calendar month: name, and the fewest conversations."""

_TABLE = 100_000_000  # cells of a table of clusters by keys above which pairs are sorted instead
BEFORE = ("not there the month before", "there the month before")


@dataclass(frozen=True)
class Dimension:
    """Groups along one dimension: the group of each entry, and which groups were joined.

    `ordered` groups are joined with a neighbour, the others with each other. `none` is the code of unknown, if there is one.
    """

    name: DimensionName
    names: tuple[str, ...]
    code: NDArray[np.int64]
    ordered: bool = True


@dataclass(frozen=True)
class Entries:
    """The conversations of both sides, those of several domains once for each of them.

    Attributes:
        of: Conversation that each entry is of, ascending; shape (e,).
        weight: Its weight times the part of it that is of the entry's domain; shape (e,).
        side: 0 on the first side, 1 on the second; shape (e,).
        hit: Whether it reaches the outcome; shape (e,).
    """

    of: NDArray[np.intp]
    weight: NDArray[np.float64]
    side: NDArray[np.int64]
    hit: Mask


def entries_of(sample: Sample, second: Mask, hits: Mask) -> tuple[Entries, Dimension]:
    """The entries of some conversations, and their domains."""
    parts, names = domain_parts(sample)
    of, domain = np.nonzero(parts)
    entries = Entries(of, sample.weight[of] * parts[of, domain], second[of].astype(np.int64), hits[of])
    return entries, Dimension("domain", names, domain.astype(np.int64), ordered=False)


def activity(sample: Sample) -> NDArray[np.int64]:
    """Class of how many conversations the person of each has in its calendar month (`ACTIVITY`), -1 where nobody knows.

    A class of the same meaning on both sides, however long they are. Conversations without a time are taken as one month.
    """
    length = _runs(sample)[1]
    edges = np.array([least for _, least in ACTIVITY])
    code = np.searchsorted(edges, length, side="right") - 1
    return np.where(sample.person >= 0, code, -1)


def before(sample: Sample) -> NDArray[np.int64]:
    """1 where the person has a conversation in the calendar month before, 0 where not, -1 where that is not known."""
    run, _, first = _runs(sample)
    if not len(first):
        return np.empty(0, np.int64)
    person, month = sample.person[first], periods_of(sample.at).code[first]
    there = np.zeros(len(first), np.int64)
    there[1:] = (person[1:] == person[:-1]) & (month[1:] == month[:-1] + 1) & (month[:-1] >= 0)
    there[(person < 0) | (month < 0)] = -1
    return there[run]


def _runs(sample: Sample) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Conversations of one person in one month: the run of each, its length, and the first row of each run."""
    month = periods_of(sample.at).code
    starts = np.ones(len(sample), np.bool_)
    starts[1:] = (sample.cluster[1:] != sample.cluster[:-1]) | (month[1:] != month[:-1])
    run = np.cumsum(starts) - 1
    size = np.bincount(run)
    return run, size[run] if len(size) else run, np.flatnonzero(starts)


def dimensions_of(
    sample: Sample, used: NDArray[np.intp], side: NDArray[np.int64], entries: Entries, *, between_periods: bool
) -> tuple[list[Dimension], dict[str, str]]:
    """Dimensions beside domain, and those left out with the reason.

    Args:
        sample: Everything: how much a person talks is counted in all of it.
        used: Rows of the conversations of both sides that were rated; shape (n,).
        side: 0 or 1 for each of them; shape (n,).
        entries: Of them.
        between_periods: Whether the sides are periods: then it matters who was there before.
    """
    found, out = list[Dimension](), dict[str, str]()
    length = lengths(sample)
    candidates: list[tuple[DimensionName, NDArray[np.int64], tuple[str, ...]]] = [
        ("length", length.codes[used].astype(np.int64), length.names),
        ("people", activity(sample)[used], tuple(name for name, _ in ACTIVITY)),
    ]
    if between_periods:
        candidates.append(("before", before(sample)[used], BEFORE))
    for name, code, names in candidates:
        known = [float(np.mean(code[side == s] >= 0)) if np.any(side == s) else 0.0 for s in (0, 1)]
        if not max(known):
            out[name] = "not known of these conversations"
        elif min(known) < 0.5:
            out[name] = "known of fewer than half of the conversations of a side"
        elif name == "before" and not _looked_back(sample, used):
            out[name] = "the logs do not reach back a whole month before both periods"
        else:
            where = np.where(code < 0, len(names), code)
            found.append(Dimension(name, (*names, UNKNOWN), where[entries.of]))
    return found, out


def _looked_back(sample: Sample, used: NDArray[np.intp]) -> bool:
    """Whether the data hold the whole month before the earliest of these conversations."""
    periods = periods_of(sample.at)
    return int(periods.code[used].min()) > complete(sample.at)[0]


def complete(at: NDArray[np.int64]) -> tuple[int, int]:
    """First and last of the calendar months that are not partial at the ends of the data (`partial.partial_of`), as indexes
    into `periods_of(at).names`; the last is below the first where there is none.
    """
    periods = periods_of(at)
    whole = [i for i, why in enumerate(partial_of(periods, at, np.ones(len(at)))) if why is None]
    return (whole[0], whole[-1]) if whole else (0, -1)


def joined(dimension: Dimension, entries: Entries, cluster: NDArray[np.int64], least: int) -> Dimension:
    """The same with groups that are small on either side joined, until none is.

    Args:
        dimension: Of the entries.
        entries: Of both sides.
        cluster: Who is resampled whole, of each conversation; shape (n,).
        least: Conversations that a group needs on each side; at least ten people too.

    Returns:
        The dimension without empty groups. Where the conversations are too few for two groups, it has one.
    """
    k = len(dimension.names)
    conversations, people = _counts(dimension.code, entries, cluster, k)
    sets = [[j] for j in range(k) if conversations[:, j].sum()]

    def small(members: list[int]) -> bool:
        return bool(
            conversations[:, members].sum(axis=1).min() < least or people[:, members].max(axis=1).min() < LEAST_PEOPLE
        )

    def size(members: list[int]) -> float:
        return float(conversations[:, members].sum())

    if dimension.ordered:
        while len(sets) > 1 and any(small(s) for s in sets):
            at = min((i for i, s in enumerate(sets) if small(s)), key=lambda i: size(sets[i]))
            beside = min((i for i in (at - 1, at + 1) if 0 <= i < len(sets)), key=lambda i: size(sets[i]))
            low, high = sorted((at, beside))
            sets[low : high + 1] = [sets[low] + sets[high]]
    else:
        other = [j for s in sets if small(s) for j in s]
        sets = [s for s in sets if not small(s)]
        while other and sets and small(other):
            least_of = min(sets, key=size)
            sets.remove(least_of)
            other += least_of
        sets += [other] if other else []
    names = tuple(_name(dimension, members) for members in sets)
    new = np.full(k, -1, np.int64)
    for i, members in enumerate(sets):
        new[members] = i
    return replace(dimension, names=names, code=new[dimension.code])


def _name(dimension: Dimension, members: list[int]) -> str:
    if len(members) == 1:
        return dimension.names[members[0]]
    if not dimension.ordered:
        return f"other {dimension.name}s"
    first, *others = (dimension.names[j] for j in members)
    word = f" {others[-1].rsplit(' ', 1)[-1]}"
    said = [name.removesuffix(word) for name in (first, *others[:-1])]
    return " or ".join((*said, others[-1]))


def _counts(
    code: NDArray[np.int64], entries: Entries, cluster: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Conversations and clusters of each group on each side; each of shape (2, k)."""
    key = entries.side * k + code
    conversations = np.bincount(key, minlength=2 * k).reshape(2, k)
    return conversations, distinct(cluster[entries.of], key, 2 * k).reshape(2, k)


def distinct(cluster: NDArray[np.int64], key: NDArray[np.int64], keys: int) -> NDArray[np.int64]:
    """How many clusters each key occurs in; shape (keys,)."""
    if not len(key):
        return np.zeros(keys, np.int64)
    pairs = cluster * keys + key
    if int(cluster.max() + 1) * keys > _TABLE:
        return np.bincount(np.unique(pairs) % keys, minlength=keys)
    there = np.zeros((int(cluster.max()) + 1) * keys, np.bool_)
    there[pairs] = True
    return np.asarray(there.reshape(-1, keys).sum(axis=0))
