"""Resampling whole people: the same resamples for every sum of an analysis, so that differences of sums have intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.sample import Sample
from selfrule.estimate.bootstrap import DRAWS, HEAPS, resampled_weights


class Resampler:
    """Draws people with replacement, and sums what their conversations carry.

    Above 5,000 people (or conversations of unknown person) they are dealt at random into 5,000 heaps, and heaps are drawn:
    sums of heaps vary as those of people do (random groups, Wolter 2007, Introduction to Variance Estimation, ch. 2).

    Attributes:
        draws: Resamples.
        groups: What is drawn: people, or heaps of them.
    """

    def __init__(self, sample: Sample, *, draws: int = DRAWS, seed: int = 0) -> None:
        clusters = sample.clusters
        self.draws = draws
        self.groups = min(clusters, HEAPS)
        rng = np.random.default_rng(seed)
        deal = np.arange(clusters) if clusters <= HEAPS else rng.permutation(clusters) % HEAPS
        self._group = deal[sample.cluster] if clusters else sample.cluster
        self._times = resampled_weights(self.groups, draws, seed + 1) if self.groups else np.zeros((draws, 0))

    def sums(
        self,
        weight: NDArray[np.float64],
        key: NDArray[np.integer] | None = None,
        keys: int = 1,
        *,
        rows: NDArray[np.integer] | None = None,
    ) -> NDArray[np.float64]:
        """Sums of a weight in each resample, by key.

        Args:
            weight: Of each conversation, 0 for those that do not count; shape (n,).
            key: Which sum each goes to, -1 for none; shape (n,). None: one sum.
            keys: How many sums.
            rows: Which conversation each weight is of, where one has several (a part in each of its domains) or only some
                are summed; shape (n,). None: all, in order.

        Returns:
            Shape (draws, keys).
        """
        group = self._group if rows is None else self._group[rows]
        cells = group.copy()
        if key is not None:
            there = key >= 0
            cells, weight = group[there] * keys + key[there], weight[there]
        summed = np.bincount(cells, weights=weight, minlength=self.groups * keys).reshape(self.groups, keys)
        return np.asarray(self._times @ summed)
