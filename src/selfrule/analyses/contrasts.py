"""Two shares of the same people's conversations, and their difference: plain, or with both made alike in their strata."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.sample import Mask, Sample
from selfrule.estimate.clusters import PRIOR_WEIGHT, Clustering, clustering, persons_of
from selfrule.estimate.intervals import CONFIDENCE, Interval


@dataclass(frozen=True, slots=True)
class Contrast:
    """A share among some conversations, and among others.

    Attributes:
        one: Of those inside.
        other: Of those outside.
        likeness: Correlation of the two estimates, in [-1, 1]: above 0 where people with much of the one have much of the
            other, as those do who praise everything.
    """

    one: Clustering
    other: Clustering
    likeness: float

    @property
    def difference(self) -> float:
        """The first share less the second, in [-1, 1]."""
        return self.one.share - self.other.share

    def limits(self, confidence: float = CONFIDENCE) -> Interval:
        """The interval of the difference, from those of both shares; see `contrast`."""
        p1, p2, value = self.one.share, self.other.share, self.difference
        l1, u1 = self.one.exact_if_few(confidence)
        l2, u2 = self.other.exact_if_few(confidence)
        below, above = _joined(p1 - l1, u2 - p2, self.likeness), _joined(u1 - p1, p2 - l2, self.likeness)
        return Interval(max(value - below, -1.0), min(value + above, 1.0))

    @property
    def p(self) -> float:
        """The two-sided p-value of no difference: one less the confidence with which the interval just reaches 0."""
        low, high = -12.0, 0.0  # of the decimal logarithm of p
        for _ in range(40):
            middle = (low + high) / 2
            bottom, top = self.limits(1 - 10**middle)
            inside = bottom <= 0 <= top
            low, high = (middle, high) if inside else (low, middle)
        return float(10**high)


def _joined(first: float, second: float, likeness: float) -> float:
    return math.sqrt(max(first**2 + second**2 - 2 * likeness * first * second, 0.0))


def contrast(
    sample: Sample, hits: Mask, inside: Mask, outside: Mask, weight: NDArray[np.float64] | None = None
) -> Contrast | None:
    """A share of hits among some conversations and among others, with people in both accounted for.

    Each share has Wilson's interval on its effective number of conversations, exact below ten events. The limits of the
    difference d are theirs, put together by square-and-add: d - sqrt(a^2 + b^2 - 2 r a b) with a = p1 - l1 and b = u2 - p2,
    and the mirror image above. r is the correlation of both estimates between persons, sum e1 e2 / sqrt(sum e1^2 sum e2^2)
    with e_a the linearised part of a person in share a; as few people in both tell little of it, it is drawn to 0 as if
    ten more persons had none.

    Args:
        sample: Everything.
        hits: Whether each conversation is a hit; shape (n,).
        inside: Which are compared; shape (n,).
        outside: With which; shape (n,), none of which is inside.
        weight: What each stands for in its share, 0 for those that do not count; shape (n,). The sample's, unless given.

    Returns:
        Both shares; None where one of the two has no conversation.

    References:
        Newcombe RG (1998). Interval estimation for the difference between independent proportions: comparison of eleven
        methods. Statistics in Medicine 17:873-890 (method 10). Zou GY, Donner A (2008). Construction of confidence limits
        about effect measures: a general approach. Statistics in Medicine 27:1693-1702 (with correlated estimates).
    """
    by = sample.weight if weight is None else weight
    arms = [arm & (by > 0) for arm in (inside, outside)]
    if not all(arm.any() for arm in arms):
        return None
    shares, parts = [], []
    for arm in arms:
        of = by[arm]
        varied = bool(np.any(np.abs(of - of[0]) > 1e-9 * of[0]))
        got = clustering(persons_of(sample.person[arm], of if varied else None), hits[arm])
        shares.append(got)
        off = np.bincount(sample.cluster[arm], of * (hits[arm] - got.share), minlength=sample.clusters)
        parts.append(off.astype(np.float64))
    return Contrast(shares[0], shares[1], _likeness(*parts))


def _likeness(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    both = first * second
    spread = math.sqrt(float((first**2).sum()) * float((second**2).sum()))
    square = float((both**2).sum())
    if spread <= 0 or square <= 0:
        return 0.0
    persons = float(np.abs(both).sum()) ** 2 / square
    return float(both.sum()) / spread * persons / (persons + PRIOR_WEIGHT)
