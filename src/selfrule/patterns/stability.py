"""How good a clustering is: whether other seeds find the same clusters, and how far clusters lie apart."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfrule.patterns.clustering import PER_CLUSTER, clusters

SEEDS = 5
FEWER = 3  # seeds above 20,000 descriptions, where one takes many seconds
MANY = 20_000
SAMPLED = 100_000  # descriptions that other seeds cluster, at most
_SILHOUETTE = 4_000


class Stability(NamedTuple):
    """Mean adjusted Rand index over all pairs of seeds, in [-1, 1], and how many seeds; None where there is one cluster only."""

    value: float | None
    seeds: int


def stability(
    matrix: NDArray[np.float32],
    *,
    per: int = PER_CLUSTER,
    seeds: int | None = None,
    known: NDArray[np.integer] | None = None,
) -> Stability:
    """How alike the clusters of several seeds are: 1 where every seed finds the same ones, 0 as by chance.

    Above 100,000 descriptions it is that of a seeded random 100,000 of them.

    Args:
        matrix: As `clusters` takes it.
        per: Descriptions a cluster.
        seeds: How many seeds; five unless told, three above 20,000 descriptions.
        known: The clusters of seed 0, where they have been made; shape (n,).

    References:
        Hubert L, Arabie P (1985). Comparing partitions. Journal of Classification 2:193-218. doi:10.1007/BF01908075
    """
    from sklearn.metrics import adjusted_rand_score

    rows = _some(matrix, SAMPLED)
    if round(len(rows) / per) < 2:
        return Stability(None, 0)
    tried = seeds or (SEEDS if len(rows) <= MANY else FEWER)
    first = known if known is not None and len(known) == len(rows) else clusters(rows, per=per).member
    found = [first, *(clusters(rows, per=per, seed=seed).member for seed in range(1, tried))]
    return Stability(float(np.mean([adjusted_rand_score(a, b) for a, b in combinations(found, 2)])), tried)


def silhouette(matrix: NDArray[np.float32], member: NDArray[np.integer]) -> float | None:
    """Mean silhouette by cosine on at most 4,000 descriptions, in [-1, 1]; None below two clusters.

    References:
        Rousseeuw PJ (1987). Silhouettes. J. Comput. Appl. Math. 20:53-65. doi:10.1016/0377-0427(87)90125-7
    """
    from sklearn.metrics import silhouette_score

    kept = np.flatnonzero(np.linalg.norm(matrix, axis=1) > 0)
    rng = np.random.default_rng(0)
    rows = kept if len(kept) <= _SILHOUETTE else np.sort(rng.choice(kept, _SILHOUETTE, replace=False))
    found = len(np.unique(np.asarray(member)[rows]))
    if not 2 <= found < len(rows):
        return None
    return float(silhouette_score(matrix[rows], np.asarray(member)[rows], metric="cosine"))


def _some(matrix: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    if len(matrix) <= most:
        return matrix
    return matrix[np.sort(np.random.default_rng(0).choice(len(matrix), most, replace=False))]
