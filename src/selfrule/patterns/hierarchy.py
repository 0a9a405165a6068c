"""Groups of clusters, and groups of groups: a tree small enough to read from the top."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FLAT = 12  # clusters that need no groups above them
TOP = 10  # groups at the top, about
TWO_LEVELS = 60  # clusters from which a level stands between


def levels(centres: NDArray[np.float32], sizes: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """In which group each cluster is, at each level from the top down; levels are nested.

    Ward's agglomeration of the centres (Ward 1963, by scikit-learn), cut at about ten groups and, for many clusters, once
    more between those and the clusters.

    Args:
        centres: Of the clusters; shape (k, d).
        sizes: Of the clusters; shape (k,). Groups are numbered by size, the largest first.

    Returns:
        One array of shape (k,) a level above the clusters: none, one or two.
    """
    k = len(centres)
    if k <= FLAT:
        return []
    cuts = [TOP] if k <= TWO_LEVELS else [TOP, max(TOP + 1, round(math.sqrt(TOP * k)))]
    return [_numbered(_cut(centres, many), sizes) for many in cuts]


def _cut(centres: NDArray[np.float32], many: int) -> NDArray[np.int64]:
    from sklearn.cluster import AgglomerativeClustering

    return np.asarray(AgglomerativeClustering(many, linkage="ward").fit_predict(centres), np.int64)


def _numbered(group: NDArray[np.int64], sizes: NDArray[np.integer]) -> NDArray[np.int64]:
    total = np.bincount(group, weights=sizes)
    number = np.empty(len(total), np.int64)
    number[np.argsort(-total, kind="stable")] = np.arange(len(total))
    return number[group]
