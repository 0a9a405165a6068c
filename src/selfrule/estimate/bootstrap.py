"""Resampling whole persons (or groups): an interval that assumes nothing about how alike their conversations are.

Slower than a design effect and blind at zero events, so estimates do not use it; agreement figures do, and benchmarks
and tests hold it against the design effect.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.clusters import persons_of
from selfrule.estimate.intervals import CONFIDENCE, Interval

DRAWS = 1000
MANY = 2000  # groups above which those that are exactly alike are drawn together
HEAPS = 5000  # kinds above which groups are dealt into so many heaps


def resampled_weights(groups: int, draws: int = DRAWS, seed: int = 0) -> NDArray[np.float64]:
    """How often each of `groups` is drawn in each of `draws` resamples with replacement; shape (draws, groups)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(groups, np.full(groups, 1 / groups), size=draws).astype(np.float64)


def resampled_sums(rows: NDArray[np.float64], draws: int = DRAWS, seed: int = 0) -> NDArray[np.float64]:
    """Sums of groups' figures over resamples of whole groups.

    Beyond a few thousand groups, those with the same figures are drawn together: how often each kind comes up in a
    resample is multinomial with the kinds' shares, the very distribution of drawing groups one by one. Where there are
    many kinds too, groups are dealt at random into heaps, and heaps are resampled: sums of heaps vary as those of
    groups do, and 5,000 of them estimate a variance to within 2 % (random groups, Wolter 2007, ch. 2).

    Args:
        rows: Figures of each group; shape (groups, figures).
        draws: Resamples.
        seed: Of the generator.

    Returns:
        Shape (draws, figures); zeros where there is no group.

    References:
        Wolter KM (2007). Introduction to Variance Estimation, 2nd ed. Springer.
    """
    groups, figures = rows.shape
    if not groups:
        return np.zeros((draws, figures))
    if groups <= MANY:
        return resampled_weights(groups, draws, seed) @ rows
    rng = np.random.default_rng(seed)
    key = _mixed(np.ascontiguousarray(rows, dtype=np.float64))
    _, first, alike = np.unique(key, return_index=True, return_counts=True)
    if len(first) <= HEAPS:
        return rng.multinomial(groups, alike / groups, size=draws).astype(np.float64) @ rows[first]
    heaps = np.zeros((HEAPS, figures))
    np.add.at(heaps, rng.permutation(groups) % HEAPS, rows)
    return resampled_weights(HEAPS, draws, seed) @ heaps


def _mixed(rows: NDArray[np.float64]) -> NDArray[np.uint64]:
    """64 bits a row that are equal for equal rows, and else differ as well as chance: splitmix64 of each figure, summed.

    References:
        Steele GL, Lea D, Flood CH (2014). Fast splittable pseudorandom number generators. OOPSLA. doi:10.1145/2660193.2660195
    """
    state: Any = rows.view(np.uint64)  # the stubs take sums of unsigned numbers for floats
    state = state + np.arange(1, rows.shape[1] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((state ^ (state >> np.uint64(31))).sum(axis=1, dtype=np.uint64))


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
