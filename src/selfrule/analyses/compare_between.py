"""The difference of two standardised shares, with its interval: people who are in both groups are one person."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from selfrule.analyses.compare_alike import FEW, Standard
from selfrule.analyses.sample import Mask
from selfrule.estimate.bootstrap import HEAPS
from selfrule.estimate.clusters import FEW_EVENTS
from selfrule.estimate.intervals import CONFIDENCE, Interval, normal_quantile, wilson

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Between:
    """Two shares, and how sure their difference is.

    Attributes:
        shares: Of the first group and of the second.
        variances: Of each, between people; likewise `freedoms`.
        freedoms: Satterthwaite's degrees of freedom of each variance.
        likeness: Correlation of both shares' estimates, through people in both groups.
        variance: Of the difference, the common mix being an estimate too.
        freedom: Of it.
    """

    shares: tuple[float, float]
    variances: tuple[float, float]
    freedoms: tuple[float, float]
    likeness: float
    variance: float
    freedom: float

    @property
    def value(self) -> float:
        """The first share less the second, in [-1, 1]."""
        return self.shares[0] - self.shares[1]

    def limits(self, confidence: float = CONFIDENCE) -> Interval:
        """The interval of the difference; see `Parts.between`."""
        half = _t(self.freedom, confidence) * math.sqrt(self.variance)
        arms = []
        for share, variance, freedom in zip(self.shares, self.variances, self.freedoms, strict=True):
            worth = share * (1 - share) / variance * (normal_quantile(confidence) / _t(freedom, confidence)) ** 2
            low, high = wilson(share * worth, worth, confidence)
            arms.append((share - low, high - share))
        below, above = _joined(arms[0][0], arms[1][1], self.likeness), _joined(arms[0][1], arms[1][0], self.likeness)
        return Interval(max(self.value - max(half, below), -1.0), min(self.value + max(half, above), 1.0))

    @property
    def p(self) -> float:
        """The two-sided p-value of no difference: one less the confidence with which the interval just reaches 0."""
        return _p(self.limits)


@dataclass(frozen=True, slots=True)
class Paired:
    """Two shares over the same few openings.

    Attributes:
        shares: Of the first group and of the second: means over openings.
        openings: How many.
        likeness: Correlation of both over openings, after Newcombe's correction.
    """

    shares: tuple[float, float]
    openings: int
    likeness: float

    @property
    def value(self) -> float:
        """The first share less the second, in [-1, 1]."""
        return self.shares[0] - self.shares[1]

    def limits(self, confidence: float = CONFIDENCE) -> Interval:
        """Square-and-add of two Wilson intervals, with their correlation (Newcombe 1998, method 10 for paired data)."""
        (p1, p2), n = self.shares, self.openings
        (l1, u1), (l2, u2) = (wilson(p * n, n, confidence) for p in self.shares)
        below, above = _joined(p1 - l1, u2 - p2, self.likeness), _joined(u1 - p1, p2 - l2, self.likeness)
        return Interval(max(self.value - below, -1.0), min(self.value + above, 1.0))

    @property
    def p(self) -> float:
        """The two-sided p-value of no difference: one less the confidence with which the interval just reaches 0."""
        return _p(self.limits)


class Parts:
    """What people, or heaps of them, hold of two standardised groups: built once, and asked of every outcome.

    Above 5,000 people they are dealt at random into 5,000 heaps, whose sums vary as those of people do (`resampling`).

    Args:
        standard: Conversations of both groups with their strata (`compare_alike.standard`).
        cluster: What is resampled whole, of each conversation; shape (n,).
        clusters: How many there are.
    """

    def __init__(self, standard: Standard, cluster: NDArray[np.int64], clusters: int) -> None:
        from scipy.sparse import csr_matrix

        self.standard = standard
        self.groups = min(clusters, HEAPS)
        if clusters > HEAPS:
            cluster = (np.random.default_rng(0).permutation(clusters) % HEAPS)[cluster]
        many = standard.strata
        self.key = standard.side * many + standard.bins
        self.mass = np.bincount(self.key, standard.weight, 2 * many)
        counted = np.bincount(self.key, standard.part, 2 * many)
        self.solid = np.all(counted.reshape(2, many) >= FEW, axis=0) | standard.even
        enlarged = np.where(np.tile(self.solid, 2), np.sqrt(counted / np.maximum(counted - 1, 0.5)), 1.0)
        self.weight = (np.tile(standard.mix, 2) / np.maximum(self.mass, 1e-300) * enlarged)[self.key] * standard.weight
        self.group = cluster[standard.rows]
        self.counted = counted.reshape(2, many).sum(axis=1)
        self.held = csr_matrix((self.weight, (self.group, self.key)), shape=(self.groups, 2 * many))
        of, to, each = standard.source
        self.mixed = csr_matrix((each / max(float(each.sum()), 1e-300), (cluster[of], to)), shape=(self.groups, many))

    def between(self, hits: Mask, *, least: int = FEW_EVENTS) -> Between | None:
        """The difference of two groups' shares, standardised to a common mix, by linearisation over whole people.

        With r_gc the rate of group g in stratum c, q_c the common mix and d the sum of q_c (r_1c - r_2c), a person's part in
        share p_g is the sum of q_c / N_gc w (y - r_gc) over their conversations in g, each residual enlarged by sqrt(n / (n -
        1)) of its stratum as the rate is made of it too, and of w (r_gc - p_g) / N over those that make the mix; in a stratum
        with fewer than five of either group, whose rates say little, p_g stands for r_gc. A variance is k / (k - 1) times the
        sum of squared parts, with Satterthwaite's degrees of freedom. Two intervals are made of these, and the wider side of
        each is given: Student's, and square-and-add of the two shares' Wilson intervals on the effective n that their own
        variances give, with their correlation. The first alone misses on one side where few people hold most events, the
        second where weights are very unequal (docs/analyses.md has the coverage).

        Args:
            hits: Whether each conversation is a hit; shape (n,).
            least: Hits, and others, that each group needs.

        Returns:
            The difference; None where a group has fewer, or what they vary by cannot be seen: there `contrasts.contrast` has
            an exact one.

        References:
            Woodruff RS (1971). A simple method for approximating the variance of a complicated estimate. JASA 66:411-414.
            Satterthwaite FE (1946). Biometrics Bulletin 2:110-114. Zou GY, Donner A (2008). Construction of confidence
            limits about effect measures: a general approach. Statistics in Medicine 27:1693-1702.
        """
        standard, many = self.standard, self.standard.strata
        reached = np.flatnonzero(hits[standard.rows])
        key = self.key[reached]
        events = np.bincount(standard.side[reached], standard.part[reached], 2)
        if min(events.min(), (self.counted - events).min()) < least - 1e-9:
            return None
        rate = (np.bincount(key, standard.weight[reached], 2 * many) / np.maximum(self.mass, 1e-300)).reshape(2, many)
        shares = (standard.mix * rate).sum(axis=1)
        about = np.where(self.solid, rate, shares[:, None])
        parts = []
        for one in (0, 1):
            side = key // many == one
            seen = np.bincount(self.group[reached[side]], self.weight[reached[side]], self.groups)
            centre = np.zeros((2, many))
            centre[one] = about[one]
            parts.append(seen - self.held @ centre.ravel() + self.mixed @ (about[one] - shares[one]))
        found = [_variance(e) for e in (*parts, parts[0] - parts[1])]
        if min(variance for variance, _ in found) <= 0:
            return None
        likeness = float((parts[0] * parts[1]).sum()) / math.sqrt(float((parts[0] ** 2).sum() * (parts[1] ** 2).sum()))
        return Between(
            (float(shares[0]), float(shares[1])),
            (found[0][0], found[1][0]),
            (found[0][1], found[1][1]),
            min(max(likeness, -1.0), 1.0),
            *found[2],
        )

    def paired(self, hits: Mask) -> Paired:
        """The difference over openings, where they are too few for `between`.

        The correlation is drawn to 0 by 1 / (2 n sqrt(p1 q1 p2 q2)) where it is above, which is Newcombe's correction.

        Args:
            hits: Whether each conversation is a hit; shape (n,).

        References:
            Newcombe RG (1998). Improved confidence intervals for the difference between binomial proportions based on paired
            data. Statistics in Medicine 17:2635-2650 (method 10).
        """
        many = self.standard.strata
        reached = hits[self.standard.rows]
        rate = np.bincount(self.key, self.standard.weight * reached, 2 * many) / np.maximum(self.mass, 1e-300)
        one, other = rate.reshape(2, many)
        p1, p2 = float(one.mean()), float(other.mean())
        spread = math.sqrt(max(p1 * (1 - p1) * p2 * (1 - p2), 0.0))
        likeness = 0.0
        if spread > 1e-12:
            likeness = float(((one - p1) * (other - p2)).mean()) / spread
            likeness = max(likeness - 1 / (2 * many * spread), 0.0) if likeness > 0 else likeness
        return Paired((p1, p2), many, likeness)


def _variance(parts: Floats) -> tuple[float, float]:
    """The variance of a sum over people, and its degrees of freedom."""
    there = parts[np.abs(parts) > 1e-15 * float(np.abs(parts).max(initial=0.0))]
    k, square = len(there), float((there**2).sum())
    if k < 2 or square <= 0:
        return 0.0, 1.0
    spread = float((there**4).sum()) - square**2 / k
    freedom = 2 * square**2 / spread if spread > 1e-12 * square**2 else k - 1.0
    return square * k / (k - 1), min(max(freedom, 1.0), k - 1.0)


def _joined(first: float, second: float, likeness: float) -> float:
    return math.sqrt(max(first**2 + second**2 - 2 * likeness * first * second, 0.0))


def _p(limits: Callable[[float], Interval]) -> float:
    low, high = -12.0, 0.0  # of the decimal logarithm of p
    for _ in range(40):
        middle = (low + high) / 2
        bottom, top = limits(1 - 10**middle)
        inside = bottom <= 0 <= top
        low, high = (middle, high) if inside else (low, middle)
    return float(10**high)


def _t(freedom: float, confidence: float) -> float:
    return float(stdtrit(freedom, (1 + confidence) / 2))
