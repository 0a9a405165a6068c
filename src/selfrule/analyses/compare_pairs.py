"""Pairs of groups on one outcome: both shares and their difference, in one setting of strata."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.compare_alike import Masses, Standard, Strata, masses, standard
from selfrule.analyses.compare_between import Between, Paired, Parts
from selfrule.analyses.contrasts import Contrast, contrast
from selfrule.analyses.figures import Figure
from selfrule.analyses.sample import Mask, Sample
from selfrule.estimate.cells import Outcome
from selfrule.estimate.clusters import Clustering, clustering, persons_of

NOTHING = "no conversation of one has a like in the other"
UNRATED = "nothing was rated"


class Compared(NamedTuple):
    """Both shares, their difference, and the p-value of there being none."""

    first: Figure
    second: Figure
    difference: Figure
    p: float | None


class Setting:
    """A sample in groups and strata, with what was computed for the conversations of which an outcome is known.

    Args:
        sample: Everything.
        group: Of each conversation, -1 for none; shape (n,).
        groups: How many groups.
        strata: In which they are made alike.
        target: The group whose mix they are given; None: all together.
        people: Whether what is resampled whole is people, so that figures count them.
    """

    def __init__(
        self,
        sample: Sample,
        group: NDArray[np.int64],
        groups: int,
        strata: Strata,
        target: int | None = None,
        *,
        people: bool = True,
    ) -> None:
        self._sample, self._group, self._groups, self._strata = sample, group, groups, strata
        self._target, self._people = target, people
        self._masses: dict[bytes, Masses] = {}
        self._made: tuple[object, _Pair] | None = None

    def standard(self, pair: tuple[int, int], known: Mask) -> Standard:
        """Both groups of a pair given one mix, over the conversations of which an outcome is known."""
        return self._pair(pair, known).standard

    def _pair(self, pair: tuple[int, int], known: Mask) -> _Pair:
        seen = np.packbits(known).tobytes()
        if self._made is None or self._made[0] != (pair, seen):
            weight = self._sample.weight
            if seen not in self._masses:
                self._masses[seen] = masses(self._strata, weight, self._group, self._groups, known)
            made = standard(self._strata, self._masses[seen], weight, self._group, pair, known, self._target)
            self._made = (pair, seen), _Pair(self._sample, self._group, made, pair)
        return self._made[1]

    def compared(self, pair: tuple[int, int], outcome: Outcome) -> Compared:
        """Compare two groups on one outcome."""
        sample = self._sample
        hits, known = sample.reaches(outcome)
        like = self._pair(pair, known)
        missing = int(np.count_nonzero(~known & ((self._group == pair[0]) | (self._group == pair[1]))))
        if not all(len(rows) for rows in like.rows):
            none = Figure(missing=missing, reason=NOTHING if known.any() else UNRATED)
            return Compared(none, none, none, None)
        one, other = (clustering(who, hits[rows]) for who, rows in zip(like.who, like.rows, strict=True))
        persons = like.persons if self._people else (None, None, None)
        events = one.events + other.events
        made: Between | Contrast | Paired | None = like.parts.between(hits)
        if made is None and like.standard.even:
            made = like.parts.paired(hits)
        if made is None:
            made = contrast(sample, hits, like.arms[0], like.arms[1], like.standard.total)
            assert made is not None
        low, high = made.limits()
        value = one.share - other.share
        difference = Figure(
            value=value,
            low=min(low, value),
            high=max(high, value),
            n=one.n + other.n,
            persons=persons[2],
            events=events,
            missing=missing,
        )
        return Compared(_share(one, persons[0]), _share(other, persons[1]), difference, made.p if events else None)


class _Pair:
    """Two groups made alike: their conversations and people, computed once for all outcomes."""

    def __init__(self, sample: Sample, group: NDArray[np.int64], made: Standard, pair: tuple[int, int]) -> None:
        self.standard = made
        self.arms = [(group == g) & (made.total > 0) for g in pair]
        self.rows = [np.flatnonzero(arm) for arm in self.arms]
        self.who = [persons_of(sample.person[rows], _varied(made.total[rows])) for rows in self.rows if len(rows)]
        self.parts = Parts(made, sample.cluster, sample.clusters)
        people = [sample.people_in(rows) for rows in (*self.arms, self.arms[0] | self.arms[1])]
        self.persons = people[0], people[1], people[2]


def _varied(weight: NDArray[np.float64]) -> NDArray[np.float64] | None:
    return weight if np.any(np.abs(weight - weight[0]) > 1e-9 * weight[0]) else None


def _share(got: Clustering, persons: int | None) -> Figure:
    low, high = got.exact_if_few()
    return Figure(value=got.share, low=low, high=high, n=got.n, persons=persons, events=got.events)
