"""Where clusters stand on the map: near ones near, in a square."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FEW = 5


def places(centres: NDArray[np.float32], *, seed: int = 0) -> NDArray[np.float64]:
    """A place in the plane for each cluster, both coordinates in [-1, 1].

    t-SNE of the centres (van der Maaten and Hinton 2008, by scikit-learn, started from principal components); principal
    components alone for fewer than five. Distances between far clusters mean nothing.

    Args:
        centres: Shape (k, d).
        seed: The same seed gives the same map.

    Returns:
        Shape (k, 2).
    """
    k = len(centres)
    if not k:
        return np.zeros((0, 2))
    rows = np.asarray(centres, np.float64)
    rows = rows - rows.mean(axis=0)
    made = _principal(rows)
    if k >= _FEW and float(np.ptp(rows)) > 0:
        from sklearn.manifold import TSNE

        perplexity = min(15.0, (k - 1) / 3)
        scaled = made / max(float(made[:, 0].std()), 1e-12) * 1e-4
        made = TSNE(2, perplexity=perplexity, init=scaled, random_state=seed, learning_rate="auto").fit_transform(rows)
    made = np.asarray(made, np.float64) - (made.max(axis=0) + made.min(axis=0)) / 2
    reach = float(np.abs(made).max())
    return made / reach if reach > 0 else np.zeros((k, 2))


def _principal(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    left, strength, _ = np.linalg.svd(rows, full_matrices=False)
    made = np.zeros((len(rows), 2))
    some = min(2, len(strength))
    made[:, :some] = left[:, :some] * strength[:some]
    return made
