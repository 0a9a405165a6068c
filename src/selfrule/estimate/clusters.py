"""What people with many conversations do to a share: the design effect, and the effective number of conversations.

Conversations of one person are alike, so a thousand conversations of ten people say less about people than a thousand
of a thousand. Each person is a cluster; a conversation whose person is unknown is a cluster of its own.

The plain estimate of a design effect fails exactly where this project works: with few events it is close to 1 whatever
the truth, and the intervals built on it miss above (docs/statistics.md shows by how much). So it is corrected three
ways, all of which widen: see `clustering`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from selfrule.errors import UsageError
from selfrule.estimate.intervals import CONFIDENCE, Interval, clopper_pearson, normal_quantile, wilson

PRIOR_ICC = 0.1
"""Likeness of conversations of one person (intra-person correlation) assumed until the data say more."""

PRIOR_WEIGHT = 10.0
"""How many effective persons with the event weigh as much as that assumption."""

FEW_EVENTS = 10
"""Below so many events an interval inside a combination is exact, not Wilson's."""


@dataclass(frozen=True, slots=True)
class Persons:
    """Whose conversations a cell is made of.

    Attributes:
        index: Cluster of each conversation, 0 .. k - 1; shape (n,).
        weight: What each conversation stands for, above 0; shape (n,). None where each stands for itself.
        size: Summed weights of each cluster; shape (k,).
        known: Number of clusters that are persons; the others are conversations of unknown person.
        total: Sum of `size`.
        square: Sum of its squares.
        fourth: Sum of its fourth powers.
        weight_square: Sum of squared weights; n where each conversation stands for itself.
    """

    index: NDArray[np.int64]
    weight: NDArray[np.float64] | None
    size: NDArray[np.float64]
    known: int
    total: float
    square: float
    fourth: float
    weight_square: float

    @classmethod
    def none(cls) -> Persons:
        """Nobody: of no conversation."""
        return cls(np.empty(0, dtype=np.int64), None, np.empty(0), 0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Clustering:
    """A share and how much its conversations are worth.

    Attributes:
        n: Conversations.
        events: Conversations that reach the level (unweighted).
        share: Weighted share that does, in [0, 1].
        persons: Persons known among them.
        clusters: Persons, plus conversations of unknown person.
        design_effect: Variance over that of n independent conversations, at least 1.
        estimated: The same as estimated from the data alone, before the corrections; None where it cannot be.
        carriers: Effective number of persons who carry the rarer side, (sum y)^2 / sum y^2.
    """

    n: int
    events: int
    share: float
    persons: int
    clusters: int
    design_effect: float
    estimated: float | None
    carriers: float

    @property
    def n_effective(self) -> float:
        """Conversations over the design effect: independent conversations that would tell as much."""
        return self.n / self.design_effect

    def wilson(self, confidence: float = CONFIDENCE, left: float = 1.0) -> Interval:
        """Wilson's interval on the effective count and n (Rao and Scott 1992).

        Args:
            confidence: Two-sided confidence.
            left: What a finite population leaves of the variance, in (0, 1] (`finite.left`).
        """
        worth = self.n_effective / left
        return _within(wilson(self.share * worth, worth, confidence), self.share)

    def exact_if_few(self, confidence: float = CONFIDENCE, left: float = 1.0) -> Interval:
        """As `wilson`, but exact (Korn and Graubard 1998) where either side has fewer than ten events."""
        if min(self.events, self.n - self.events) >= FEW_EVENTS:
            return self.wilson(confidence, left)
        worth = self.n_effective / left
        return _within(clopper_pearson(self.share * worth, worth, confidence), self.share)


def persons_of(person: NDArray[np.integer], weight: NDArray[np.float64] | None = None) -> Persons:
    """Group conversations by person.

    Args:
        person: Person code of each conversation, below 0 where unknown; shape (n,), n at least 1.
        weight: What each conversation stands for, above 0; shape (n,).

    Returns:
        The clusters. Input sorted by person is the fast path.
    """
    person = np.asarray(person)
    if person.ndim != 1 or not len(person):
        raise UsageError(f"'person' must be a vector of at least one code. Got shape {person.shape} instead.")
    ordered = bool(np.all(person[1:] >= person[:-1]))
    order = None if ordered else np.argsort(person, kind="stable")
    codes = person if order is None else person[order]
    first = np.ones(len(codes), dtype=bool)
    first[1:] = (codes[1:] != codes[:-1]) | (codes[1:] < 0)
    index = np.cumsum(first) - 1
    if order is not None:
        unsorted = np.empty_like(index)
        unsorted[order] = index
        index = unsorted
    size = np.bincount(index, weights=weight).astype(np.float64)
    size2 = size * size
    return Persons(
        index=index,
        weight=weight,
        size=size,
        known=int(np.count_nonzero(first & (codes >= 0))),
        total=float(size.sum()),
        square=float(size2.sum()),
        fourth=float((size2 * size2).sum()),
        weight_square=float(len(index) if weight is None else (weight * weight).sum()),
    )


def clustering(persons: Persons, hits: NDArray[np.bool_]) -> Clustering:
    """Share of conversations that are hits, with its design effect between persons.

    The estimate is the Taylor-linearised variance of a ratio between persons, v = k / (k - 1) sum (y_i - p m_i)^2 / M^2
    (y_i: hits of person i, m_i: their conversations, M: all), over the binomial variance p (1 - p) / (n - 1). Three
    corrections, none of which ever narrows an interval:

    - *Noise of the estimate.* What it has above the weights' own effect is multiplied by (t_v / z)^2, v being
      Satterthwaite's degrees of freedom of v, 2 S^2 / (sum r^4 - S^2 / k), S = sum r^2, r_i = y_i - p m_i.
    - *Few persons.* All of it by (t_(K-1) / t_(n-1))^2 as Korn and Graubard (1998) do, K = M^2 / sum m_i^2 being the
      effective number of persons.
    - *Few events.* It is averaged with 1 + (m_w - 1) 0.1, Kish's design effect at an assumed likeness of 0.1, m_w =
      sum m_i^2 / M. The assumption weighs as much as ten persons with the event; with no event it stands alone.

    One person alone has no variance between persons: the design effect is 1, and the interval speaks of that person's
    conversations. Where every conversation has its own person it is exactly 1. It never exceeds n.

    Args:
        persons: The clusters, from `persons_of`.
        hits: Whether each conversation reaches the level; shape (n,), in the order given to `persons_of`.

    Returns:
        The share and what its conversations are worth.

    References:
        Cochran WG (1977). Sampling Techniques, 3rd ed., 3.12 and 6.3 (a ratio's variance). Kish L (1965). Survey
        Sampling (design effect of clusters, and of weights: n sum w^2 / (sum w)^2). Rao JNK, Scott AJ (1992). A simple
        method for the analysis of clustered binary data. Biometrics 48:577-585. doi:10.2307/2532311 (effective n).
        Korn EL, Graubard BI (1998). Confidence intervals for proportions with small expected number of positive counts
        estimated from survey data. Survey Methodology 24:193-201. Satterthwaite FE (1946). An approximate distribution
        of estimates of variance components. Biometrics Bulletin 2:110-114. doi:10.2307/3002019
    """
    n, k = len(persons.index), len(persons.size)
    events = int(np.count_nonzero(hits))
    rare = hits if 2 * events <= n else ~hits
    weight = persons.weight
    total = persons.total
    kish = n * persons.weight_square / total**2 if weight is not None else 1.0
    who, inverse = np.unique(persons.index[rare], return_inverse=True)
    got = np.bincount(inverse, weights=None if weight is None else weight[rare]).astype(np.float64)
    part = min(float(got.sum()) / total, 1.0)
    share = part if rare is hits else 1 - part
    effect, carriers, plain = kish, 0.0, None
    if k > 1 and (k < n or weight is not None):
        prior = kish * (1 + (persons.square / persons.weight_square - 1) * PRIOR_ICC)
        effect = prior
        if len(who) and 0 < part < 1:
            plain, seen = _seen(persons, who, got, part, kish)
            carriers = min(float(got.sum()) ** 2 / float((got**2).sum()), total**2 / persons.square)
            mixed = (PRIOR_WEIGHT * prior + carriers * seen) / (PRIOR_WEIGHT + carriers)
            effect = max(mixed, seen)
    effect = min(max(effect, 1.0), float(n))
    return Clustering(n, events, share, persons.known, k, effect, plain, carriers)


def _seen(
    persons: Persons, who: NDArray[np.int64], got: NDArray[np.float64], part: float, kish: float
) -> tuple[float, float]:
    """The estimated design effect, plain and corrected for its own noise and for few persons.

    Only persons `who` with hits are visited; all others have the residual - part * size. Sums are not dot products: BLAS
    would start threads for them, which wait on each other where cores are shared.
    """
    n, k = len(persons.index), len(persons.size)
    mine2 = persons.size[who] ** 2
    residual2 = (got - part * persons.size[who]) ** 2
    square = float(residual2.sum()) + part**2 * max(persons.square - float(mine2.sum()), 0.0)
    fourth = float((residual2**2).sum()) + part**4 * max(persons.fourth - float((mine2**2).sum()), 0.0)
    plain = k / (k - 1) * square / persons.total**2 / (part * (1 - part) / (n - 1))
    return plain, corrected(plain, kish, square, fourth, k, persons.total**2 / persons.square, n)


def corrected(plain: float, alone: float, square: float, fourth: float, k: int, people: float, n: float) -> float:
    """An estimated design effect, corrected for its own noise and for few persons; see `clustering`.

    Args:
        plain: As estimated.
        alone: What it would be if each conversation had its own person; only what is above is noise.
        square: Sum of squared residuals of the clusters.
        fourth: Sum of their fourth powers.
        k: Clusters.
        people: Effective number of clusters, K.
        n: Conversations.

    Returns:
        A design effect of at least `alone`.
    """
    spread = fourth - square**2 / k
    freedom = 2 * square**2 / spread if spread > 1e-12 * square**2 else n - 1.0
    noise = (_t(freedom) / normal_quantile(CONFIDENCE)) ** 2
    few = max(_t(people - 1) / _t(n - 1), 1.0) ** 2
    return (alone + max(plain - alone, 0.0) * noise) * few


def _t(freedom: float) -> float:
    """Student's two-sided 95 % quantile; below one degree of freedom that of one."""
    return float(stdtrit(max(freedom, 1.0), (1 + CONFIDENCE) / 2))


def _within(interval: Interval, share: float) -> Interval:
    """Rounding must not put the share outside its own interval."""
    return Interval(min(interval.low, share), max(interval.high, share))
