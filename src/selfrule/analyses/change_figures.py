"""Figures of a split: values and their resamples, with the intervals that so many people with the outcome allow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

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
    def of(cls, sample: Sample, side: NDArray[np.int64], hits: Mask) -> Figures:
        """Of conversations that were rated.

        Args:
            sample: They alone.
            side: 0 or 1; shape (n,).
            hits: Which reach the outcome; shape (n,).
        """
        people, freedom = _carried(sample.cluster, sample.weight, side, hits)
        rows = np.ones(len(sample), np.bool_)
        events = int(np.count_nonzero(hits))
        return cls(len(sample), sample.people_in(rows), events, people >= FEW_EVENTS, _stretch(freedom))

    def of_group(self, cluster: NDArray[np.int64], weight: Array, side: NDArray[np.int64], hits: Mask) -> Figures:
        """The same for what rests on the rates of one group.

        Args:
            cluster: Who is resampled whole; shape (m,).
            weight: Of each conversation in the group, above 0; shape (m,).
            side: As in `of`.
            hits: As there.
        """
        if not self.enough:
            return self
        enough = _effective(np.bincount(cluster[hits], weights=weight[hits])) >= FEW_EVENTS
        people, freedom = _carried(cluster, weight, side, hits)
        stretch = max(self.stretch, _stretch(freedom)) if people >= 1 else self.stretch
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


def _carried(cluster: NDArray[np.int64], weight: Array, side: NDArray[np.int64], hits: Mask) -> tuple[float, float]:
    """Effective people with the outcome or without it on either side, where they are fewest; and degrees of freedom.

    These are of the difference's linearised residuals: a person's hits less the share of their conversations, over the side.
    """
    key = cluster * 2 + side
    keys = 2 * (int(cluster.max()) + 1)
    size = np.bincount(key, weights=weight, minlength=keys).astype(np.float64).reshape(-1, 2)
    got = np.bincount(key[hits], weights=weight[hits], minlength=keys).astype(np.float64).reshape(-1, 2)
    total = size.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.nan_to_num((got - got.sum(axis=0) / total * size) / total)
    people = min(_effective(part[:, s]) for part in (got, size - got) for s in (0, 1))
    return people, _freedom(apart[:, 1] - apart[:, 0])


def _stretch(freedom: float) -> float:
    """Student's t over the normal quantile."""
    return max(float(stdtrit(max(freedom, 1.0), (1 + CONFIDENCE) / 2)) / normal_quantile(CONFIDENCE), 1.0)


def _effective(carried: NDArray[Any]) -> float:
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
