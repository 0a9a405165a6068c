"""What a finite population leaves of a sample's variance: what was drawn of it need not be guessed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST = 0.05
"""Below so large a part drawn it changes nothing worth saying, and is left out."""


def left(weight: NDArray[np.float64], hits: NDArray[np.bool_]) -> float:
    """Share of a sampling variance that is left where the sample was drawn without replacement from a known population.

    For a simple random sample it is 1 - n / N (Cochran 1977, 2.6). Where each conversation stands for w others, drawn with
    probability 1 / w, its part of the variance of a weighted share is w^2 (1 - 1 / w), so that what is left is 1 - sum w /
    sum w^2: over all conversations, and over those that reach the level, whose part it is where they are few. The larger
    of the two is taken. For persons drawn as wholes it is the same number. Where conversations were drawn within drawn
    persons less would be left between persons: taking the product of both probabilities errs to the wide side.

    Args:
        weight: Conversations of the population that each one stands for; shape (n,), n at least 1.
        hits: Which of them reach the level; shape (n,).

    Returns:
        A number in (0, 1]; 1 where less than 5 % was drawn, where all of it was (nothing is left to guess, and the figure
        speaks of others like these), and where a weight is below 1, which no probability of a draw gives.
    """
    if float(weight.min()) < 1 - 1e-9:
        return 1.0
    some = [weight] if not hits.any() else [weight, weight[hits]]
    share = max(1 - float(w.sum()) / float((w * w).sum()) for w in some)
    return share if 1e-9 < share < 1 - LEAST else 1.0
