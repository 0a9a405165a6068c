"""Making two groups of conversations alike: weights that give both the same mix of strata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.mix import LENGTHS, lengths
from selfrule.analyses.periods import periods_of
from selfrule.analyses.sample import Mask, Sample
from selfrule.errors import UsageError

How = Literal["weighted", "matched", "paired"]
On = Literal["domain", "length", "language", "month"]
FEW = 5.0
"""Conversations of each group below which a class of length is joined with its neighbour."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Strata:
    """Which stratum each conversation is of; one of several domains is in several, in parts that sum to 1.

    Attributes:
        rows: The conversation of each part; shape (m,).
        cell: Its stratum, 0 .. cells - 1; shape (m,).
        part: How much of the conversation is in it, above 0; shape (m,).
        cells: How many strata.
        along: So many neighbouring cells are ordered classes of one stratum, that may be joined where they hold few.
        even: Whether each stratum counts as much as any other, not by its conversations.
    """

    rows: NDArray[np.intp]
    cell: NDArray[np.int64]
    part: Floats
    cells: int
    along: int = 1
    even: bool = False


@dataclass(frozen=True)
class Masses:
    """Conversations of each group in each stratum: weighted, and counted; each of shape (groups, cells)."""

    weighted: Floats
    counted: Floats


@dataclass(frozen=True)
class Standard:
    """Two groups given one mix of strata: their conversations' parts that have a like in the other, and what they then weigh.

    Attributes:
        rows: The conversation of each part; shape (m,).
        side: 0 where it is of the first group, 1 of the second; shape (m,).
        bins: Its stratum, 0 .. strata - 1; shape (m,).
        part: How much of the conversation it is; shape (m,).
        weight: The same times what the conversation stands for; shape (m,).
        mix: The part of each stratum in the common mix; shape (strata,).
        source: Conversation, stratum and weight of what the mix was counted from.
        even: Whether the mix counts each stratum alike, and strata are what is resampled.
        total: What each conversation weighs in the standardised share of its group, 0 for all others; shape (n,).
        kept: Share of each group that has a like in the other.
        effective: Conversations of equal weight that each is then worth (Kish).
    """

    rows: NDArray[np.intp]
    side: NDArray[np.int64]
    bins: NDArray[np.int64]
    part: Floats
    weight: Floats
    mix: Floats
    source: tuple[NDArray[np.intp], NDArray[np.int64], Floats]
    even: bool
    total: Floats
    kept: tuple[float, float]
    effective: tuple[float, float]

    @property
    def strata(self) -> int:
        """How many strata both groups have."""
        return len(self.mix)


def strata_of(sample: Sample, how: How, on: Sequence[On]) -> Strata:
    """The strata in which groups are made alike.

    Weighted: domain x class of length (x language x month), a conversation of several domains in each by an equal part.
    Matched: the same, but with the exact set of domains. Paired: the person's first words.

    Args:
        sample: Everything; from `by_opening` where paired.
        how: As above.
        on: By what; "paired" takes none.
    """
    rows = np.arange(len(sample))
    if how == "paired":
        known = np.flatnonzero(sample.person >= 0)
        names, code = np.unique(sample.person[known], return_inverse=True)
        return Strata(known, code.astype(np.int64), np.ones(len(known)), max(len(names), 1), even=True)
    classes = lengths(sample).codes if "length" in on else np.zeros(len(sample), np.int64)
    many = len(LENGTHS) + 1 if "length" in on else 1
    classes = np.where(classes < 0, many - 1, classes).astype(np.int64)
    other = _joint([_language(sample), _month(sample)], [name in on for name in ("language", "month")])
    if how == "matched":
        sets = sample.domains @ (1 << np.arange(sample.domains.shape[1], dtype=np.int64))
        cell = _joint([other, np.unique(sets, return_inverse=True)[1], classes], [True, "domain" in on, True])
        return Strata(rows, cell, np.ones(len(rows)), int(cell.max(initial=0)) + 1)
    if "domain" not in on:
        return Strata(rows, other * many + classes, np.ones(len(rows)), int(other.max(initial=0) + 1) * many, many)
    rows, domain, part = _members(sample)
    domains = sample.domains.shape[1] + 1
    cell = (other[rows] * domains + domain) * many + classes[rows]
    return Strata(rows, cell, part, int(other.max(initial=0) + 1) * domains * many, many)


def unstratified(sample: Sample) -> Strata:
    """One stratum of everything: what makes a standardised share the plain one."""
    n = len(sample)
    return Strata(np.arange(n), np.zeros(n, np.int64), np.ones(n), 1)


def masses(strata: Strata, weight: Floats, group: NDArray[np.int64], groups: int, used: Mask) -> Masses:
    """Conversations of each group in each stratum.

    Args:
        strata: From `strata_of`.
        weight: What each conversation stands for; shape (n,).
        group: Of each conversation, -1 for none; shape (n,).
        groups: How many groups.
        used: Which conversations count; shape (n,).
    """
    there = used[strata.rows] & (group[strata.rows] >= 0)
    rows = strata.rows[there]
    key = group[rows] * strata.cells + strata.cell[there]
    part, many = strata.part[there], groups * strata.cells
    weighted, counted = (np.bincount(key, w, many).astype(np.float64) for w in (weight[rows] * part, part))
    return Masses(weighted.reshape(groups, -1), counted.reshape(groups, -1))


def standard(
    strata: Strata,
    mass: Masses,
    weight: Floats,
    group: NDArray[np.int64],
    pair: tuple[int, int],
    used: Mask,
    target: int | None,
) -> Standard:
    """Give two groups the mix of strata of the target, over the strata that both have.

    Direct standardisation: a conversation of group g in stratum c weighs w q_c / N_gc, w being what it stands for, N_gc the
    conversations of its group and stratum, q_c the target's part. Where strata are exact sets it is coarsened exact
    matching. Within a domain, classes of length with fewer than five conversations of either group are joined with their
    neighbours, so that no conversation stands for hundreds.

    Args:
        strata: Of all groups.
        mass: Of all groups.
        weight: As given to `masses`.
        group: As given to `masses`.
        pair: The two groups.
        used: As given to `masses`.
        target: The group whose mix both are given; None: all groups together.

    References:
        Keiding N, Clayton D (2014). Standardization and control for confounding in observational studies: a historical
        perspective. Statistical Science 29:529-558. Iacus SM, King G, Porro G (2012). Causal inference without balance
        checking: coarsened exact matching. Political Analysis 20:1-24. Kish L (1965), Survey Sampling (effective n).
    """
    bins = _joined(mass.counted[pair[0]], mass.counted[pair[1]], strata.along)
    many = int(bins.max(initial=-1)) + 1
    there = used[strata.rows] & (group[strata.rows] >= 0) & (bins[strata.cell] >= 0)
    made = group[strata.rows]
    ours = there & ((made == pair[0]) | (made == pair[1]))
    rows, to, part = strata.rows[ours], bins[strata.cell[ours]], strata.part[ours]
    side = (made[ours] == pair[1]).astype(np.int64)
    each = weight[rows] * part
    if strata.even:
        first = np.unique(to, return_index=True)[1]
        source = rows[first], to[first], np.ones(many)
    else:
        whole = there if target is None else there & (made == target)
        of = strata.rows[whole]
        source = of, bins[strata.cell[whole]], weight[of] * strata.part[whole]
    mix = np.bincount(source[1], source[2], many).astype(np.float64)
    mix = mix / max(float(mix.sum()), 1e-300)
    held = np.bincount(side * many + to, each, 2 * many)
    total = np.bincount(rows, each * mix[to] / held[side * many + to], len(weight)).astype(np.float64)
    kept, effective = [], []
    for one, g in enumerate(pair):
        mine = total[group == g]
        square = float((mine**2).sum())
        effective.append(float(mine.sum()) ** 2 / square if square else 0.0)
        kept.append(float(each[side == one].sum()) / max(float(mass.weighted[g].sum()), 1e-300))
    return Standard(
        rows, side, to, part, each, mix, source, strata.even, total, (kept[0], kept[1]), (effective[0], effective[1])
    )


def by_opening(sample: Sample) -> tuple[Sample, NDArray[np.intp]]:
    """The sample with openings in the place of persons, and the order of its rows: what is resampled whole is the opening.

    Raises:
        UsageError: The sample knows no openings.
    """
    if sample.opening is None:
        raise UsageError("Pairs need the 'opening' of each conversation. Got a sample without one instead.")
    order = np.argsort(sample.opening, kind="stable")
    opening = sample.opening[order]
    first = np.ones(len(opening), np.bool_)
    first[1:] = opening[1:] != opening[:-1]
    codes = np.where(opening >= 0, np.cumsum(first) - 1, -1)
    return replace(sample.where(order), person=codes), order


def _joined(first: Floats, second: Floats, along: int) -> NDArray[np.int64]:
    """The bin of each cell, -1 where one of the groups has nothing like it."""
    bins = np.full(len(first), -1, np.int64)
    if along == 1:
        both = (first > 0) & (second > 0)
        bins[both] = np.arange(int(both.sum()))
        return bins
    one, two = first.reshape(-1, along), second.reshape(-1, along)
    there = np.flatnonzero((one.sum(axis=1) > 0) & (two.sum(axis=1) > 0))
    made = 0
    for stratum in there:
        opened, held = made, np.zeros(2)
        for at in range(along):
            bins[stratum * along + at] = made
            held += (one[stratum, at], two[stratum, at])
            if held.min() >= FEW:
                made, held = made + 1, np.zeros(2)
        if made == opened:
            made += 1
        else:  # too few are left over for a bin of their own
            mine = bins[stratum * along : (stratum + 1) * along]
            mine[mine == made] = made - 1
    return bins


def _members(sample: Sample) -> tuple[NDArray[np.intp], NDArray[np.int64], Floats]:
    """Conversation, domain and part of each membership, as `mix.domain_parts` has them; unknown is the last domain."""
    of = sample.domains.sum(axis=1)
    rows, domain = np.nonzero(sample.domains)
    none = np.flatnonzero(of == 0)
    return (
        np.concatenate([rows, none]),
        np.concatenate([domain, np.full(len(none), sample.domains.shape[1])]).astype(np.int64),
        np.concatenate([1.0 / of[rows], np.ones(len(none))]),
    )


def _language(sample: Sample) -> NDArray[np.int64]:
    return np.zeros(len(sample), np.int64) if sample.language is None else sample.language.codes.astype(np.int64) + 1


def _month(sample: Sample) -> NDArray[np.int64]:
    return periods_of(sample.at).code + 1


def _joint(codes: Sequence[NDArray[np.int64]], wanted: Sequence[bool]) -> NDArray[np.int64]:
    made = np.zeros(len(codes[0]), np.int64)
    for code, want in zip(codes, wanted, strict=True):
        if want:
            made = np.unique(made * (int(code.max(initial=0)) + 1) + code, return_inverse=True)[1].astype(np.int64)
    return made
