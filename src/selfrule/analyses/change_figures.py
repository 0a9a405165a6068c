"""Figures of a split: values and their resamples, with the intervals that so many people with the outcome allow."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from selfrule.analyses.figures import Figure, resampled
from selfrule.analyses.sample import Mask, Sample
from selfrule.estimate.clusters import FEW_EVENTS
from selfrule.estimate.intervals import CONFIDENCE, normal_quantile

Array = NDArray[np.float64]

FEW = f"fewer than {FEW_EVENTS} people with it, or without it, on a side: no interval"
FEW_HERE = f"fewer than {FEW_EVENTS} people with it in this group: no interval"


@dataclass(frozen=True)
class Figures:
    """Makes figures of arrays whose first entry is the value and whose others are its resamples.

    Attributes:
        n: Conversations they rest on.
        persons: Known people among them.
        events: How many of them reach the outcome.
        enough: Whether both sides have people enough, with the outcome and without it, for intervals of what rests on it.
        stretch: By how much an interval is drawn out, at least 1.
        why: Why there is none, where people are not enough.
    """

    n: int
    persons: int | None
    events: int
    enough: bool
    stretch: float
    why: str = FEW

    @classmethod
    def of(cls, sample: Sample, side: NDArray[np.int64], hits: Mask, least: float = FEW_EVENTS) -> Figures:
        """Of conversations that were rated.

        Args:
            sample: They alone.
            side: 0 or 1; shape (n,).
            hits: Which reach the outcome; shape (n,).
            least: Effective people with the outcome, and without it, on either side from whom there are intervals.
        """
        key = sample.cluster * 2 + side
        size, got = (
            np.bincount(key, weights=w, minlength=2 * sample.clusters).reshape(-1, 2).astype(np.float64)
            for w in (sample.weight, sample.weight * hits)
        )
        people = [_effective(part[:, s]) for part in (got, size - got) for s in (0, 1)]
        total = size.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = (got - got.sum(axis=0) / total * size) / total
        stretch = 1.0
        if min(people) >= least:
            stretch = float(stdtrit(max(_freedom(apart[:, 1] - apart[:, 0]), 1.0), (1 + CONFIDENCE) / 2))
            stretch = max(stretch / normal_quantile(CONFIDENCE), 1.0)
        rows = np.ones(len(sample), np.bool_)
        events = int(np.count_nonzero(hits))
        return cls(len(sample), sample.people_in(rows), events, min(people) >= least, stretch)

    def of_group(self, sample: Sample, side: NDArray[np.int64], hits: Mask) -> Figures:
        """The same for what rests on the rates of one group.

        Args:
            sample: As in `of`, with the weight that each conversation has in the group, 0 where it is not of it.
            side: As there.
            hits: As there.
        """
        mine = sample.weight > 0
        if not self.enough or not mine.any():
            return self
        theirs = Figures.of(sample.where(mine), side[mine], hits[mine], least=1)
        carried = np.bincount(sample.cluster[mine], weights=(sample.weight * hits)[mine]).astype(np.float64)
        enough, stretch = _effective(carried) >= FEW_EVENTS, max(self.stretch, theirs.stretch)
        return replace(self, enough=enough, stretch=stretch, why=FEW_HERE)

    def __call__(self, values: Array) -> Figure:
        """What rests on the outcome: a part of the difference."""
        return self._figure(values, self.stretch) if self.enough else self._bare(float(values[0]), self.why)

    def traffic(self, values: Array, n: int, persons: int | None) -> Figure:
        """A share of conversations, which needs no outcome."""
        return replace(self, n=n, persons=persons)._figure(values, 1.0, events=None)

    def nothing(self) -> Figure:
        """A part that is zero because nothing could be told apart."""
        return self._bare(0.0, "no groups to tell apart")

    def _bare(self, value: float, reason: str) -> Figure:
        return Figure(value=value, reason=reason, n=self.n, persons=self.persons, events=self.events)

    def _figure(self, values: Array, stretch: float, **more: int | None) -> Figure:
        value = float(values[0])
        rests = {"n": self.n, "persons": self.persons, "events": self.events} | more
        return resampled(value, value + (values[1:] - value) * stretch, **rests)


def square_and_add(first: Figure, second: Figure, rests: Figures) -> Figure:
    """The second share less the first, with limits from theirs; people on both sides are left out, which errs to the wide side.

    References:
        Newcombe RG (1998). Interval estimation for the difference between independent proportions: comparison of eleven
        methods. Statistics in Medicine 17:873-890 (method 10).
    """
    if first.value is None or second.value is None:
        return Figure(reason="nothing was rated on one of the sides")
    value = second.value - first.value
    down = np.hypot(second.value - (second.low or 0.0), _or(first.high, 1.0) - first.value)
    up = np.hypot(_or(second.high, 1.0) - second.value, first.value - (first.low or 0.0))
    low, high = max(value - float(down), -1.0), min(value + float(up), 1.0)
    return Figure(value=value, low=low, high=high, n=rests.n, persons=rests.persons, events=rests.events)


def _or(limit: float | None, otherwise: float) -> float:
    return otherwise if limit is None else limit


def _effective(carried: Array) -> float:
    """How many people carry it, each counting as much as they do: (sum y)^2 / sum y^2."""
    square = float((carried**2).sum())
    return float(carried.sum()) ** 2 / square if square > 0 else 0.0


def _freedom(residual: Array) -> float:
    """Satterthwaite's degrees of freedom of a variance between people, 2 S^2 / (sum r^4 - S^2 / k), S = sum r^2.

    References:
        Satterthwaite FE (1946). An approximate distribution of estimates of variance components. Biometrics Bulletin 2:110-114.
    """
    square, fourth = float((residual**2).sum()), float((residual**4).sum())
    spread = fourth - square**2 / max(len(residual), 1)
    return 2 * square**2 / spread if spread > 1e-12 * square**2 else float(max(len(residual) - 1, 1))
