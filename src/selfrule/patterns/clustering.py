"""Clusters of descriptions: k-means at the study's granularity, seeded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError

PER_CLUSTER = 55
"""Conversations a cluster: the study's 7,200 made 132 clusters, its 13,172 made 235 (reference.toml)."""

_WHOLE = 20_000  # descriptions up to which every one moves its centre in every round
_BATCH = 8_192


@dataclass(frozen=True, slots=True)
class Clusters:
    """What each description is a member of.

    Attributes:
        member: Cluster of each, dense from 0 in falling order of size; shape (n,).
        centres: Mean of the members of each; shape (k, d).
    """

    member: NDArray[np.int64]
    centres: NDArray[np.float32]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Members of each cluster; shape (k,)."""
        return np.bincount(self.member, minlength=len(self.centres))


def clusters(matrix: NDArray[np.float32], *, per: int = PER_CLUSTER, seed: int = 0) -> Clusters:
    """K-means (Lloyd 1982, started by k-means++) with about `per` descriptions a cluster.

    Above 20,000 descriptions centres are moved by batches (Sculley 2010), and a few whole rounds end it.

    Args:
        matrix: Rows of length 1 (or 0); shape (n, d). Euclidean distance then orders as cosine does.
        per: Descriptions a cluster, on average.
        seed: The same seed gives the same clusters.

    Returns:
        At most round(n / per) clusters, none of them empty; fewer where there are fewer distinct descriptions.

    Raises:
        UsageError: `per` is below 1.
    """
    if per < 1:
        raise UsageError(f"The conversations 'per' cluster must be at least 1. Got {per} instead.")
    n = len(matrix)
    if not n:
        return Clusters(np.empty(0, np.int64), np.zeros((0, matrix.shape[1]), np.float32))
    k = max(1, round(n / per))
    if k > 1 and n <= _WHOLE:
        k = min(k, len(np.unique(matrix, axis=0)))
    if k == 1:
        return _ordered(matrix, np.zeros(n, np.int64))
    return _ordered(matrix, _labels(matrix, k, seed))


def _labels(matrix: NDArray[np.float32], k: int, seed: int) -> NDArray[np.int64]:
    import warnings

    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # fewer distinct descriptions than clusters: empty ones are dropped by who calls
        warnings.simplefilter("ignore", ConvergenceWarning)
        if len(matrix) <= _WHOLE:
            made = KMeans(k, n_init=4, random_state=seed).fit(matrix)
            return np.asarray(made.labels_, np.int64)
        rough = MiniBatchKMeans(
            k, batch_size=_BATCH, n_init=1, max_iter=20, max_no_improvement=5, random_state=seed, init_size=3 * k
        ).fit(matrix)
        centres = np.asarray(rough.cluster_centers_, np.float32)
        made = KMeans(k, init=centres, n_init=1, max_iter=6, random_state=seed).fit(matrix)
    return np.asarray(made.labels_, np.int64)


def _ordered(matrix: NDArray[np.float32], labels: NDArray[np.int64]) -> Clusters:
    """Clusters numbered by size, the largest first, without empty ones."""
    sizes = np.bincount(labels)
    order = np.argsort(-sizes, kind="stable")[: int(np.count_nonzero(sizes))]
    renumber = np.full(len(sizes), -1, np.int64)
    renumber[order] = np.arange(len(order))
    member = renumber[labels]
    centres = np.zeros((len(order), matrix.shape[1]))
    np.add.at(centres, member, matrix)
    return Clusters(member, (centres / sizes[order][:, None]).astype(np.float32))
