"""Resampling whole persons (or groups): an interval that assumes nothing about how alike their conversations are.

Slower than a design effect and blind at zero events, so estimates do not use it; agreement figures do, and benchmarks
and tests hold it against the design effect.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.clusters import persons_of
from selfrule.estimate.intervals import CONFIDENCE, Interval

DRAWS = 1000


def resampled_weights(groups: int, draws: int = DRAWS, seed: int = 0) -> NDArray[np.float64]:
    """How often each of `groups` is drawn in each of `draws` resamples with replacement; shape (draws, groups)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(groups, np.full(groups, 1 / groups), size=draws).astype(np.float64)


def percentile(values: NDArray[np.float64], confidence: float = CONFIDENCE) -> Interval:
    """The percentile interval of resampled values (Efron and Tibshirani 1993, Introduction to the Bootstrap, 13.3)."""
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return Interval(float(low), float(high))


def cluster_bootstrap(
    person: NDArray[np.integer],
    hits: NDArray[np.bool_],
    weight: NDArray[np.float64] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Percentile interval of a share when whole persons are resampled.

    Args:
        person: Person code of each conversation, below 0 where unknown (resampled alone); shape (n,).
        hits: Whether each conversation reaches the level; shape (n,).
        weight: What each conversation stands for; shape (n,).
        draws: Resamples.
        seed: Of the generator; the same seed gives the same interval.
        confidence: Two-sided confidence.

    Returns:
        The limits; [share, share] where no person differs from another, as with no event at all.
    """
    persons = persons_of(person, weight)
    got = np.bincount(persons.index, weights=hits if weight is None else hits * weight)
    rng = np.random.default_rng(seed)
    k = len(persons.size)
    shares = np.empty(draws)
    for draw in range(draws):
        drawn = rng.integers(0, k, size=k)
        shares[draw] = got[drawn].sum() / persons.size[drawn].sum()
    return percentile(shares, confidence)
