"""A rare share from many strata sampled at different rates: limits that know of strata in which nothing was seen.

Adding the strata's own limits by squares (`confirmed.summed`) is right for a handful of strata; of forty, most of them
empty, each would add its own "at most 3 of n". Events that are rare are Poisson, and a weighted sum of them has limits of
its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtri

from selfrule.errors import UsageError
from selfrule.estimate.intervals import CONFIDENCE, Interval


def weighted_events(events: Sequence[float], weights: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Limits of a weighted sum of Poisson counts: sum of events times what each stands for.

    A gamma distribution of the sum's mean and variance below, and above one to which one more event of the greatest
    weight has been added; with equal weights they are the exact Poisson limits. The upper one covers at least its rate
    in every case that has been tried, often more.

    Args:
        events: Seen in each stratum.
        weights: How many events each one seen stands for, above 0; of all strata, also those where nothing was seen.
        confidence: Two-sided confidence.

    Returns:
        Limits of the number of events in all.

    Raises:
        UsageError: Lengths differ, or a count or weight is out of its range.

    References:
        Fay MP, Feuer EJ (1997). Confidence intervals for directly standardized rates: a method based on the gamma
        distribution. Statistics in Medicine 16:791-801.

    Example:
        >>> [round(limit, 2) for limit in weighted_events([0, 0], [1.0, 1.0])]
        [0.0, 3.69]
    """
    x, w = np.asarray(events, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if x.shape != w.shape or x.ndim != 1 or not len(x):
        raise UsageError(
            f"'events' and 'weights' must be of one length, at least 1. Got {x.shape} and {w.shape} instead."
        )
    if not (bool(np.all(np.isfinite(w) & (w > 0))) and bool(np.all(np.isfinite(x) & (x >= 0)))):
        raise UsageError("'weights' must be finite and above 0, and 'events' at least 0. Got other values instead.")
    tail = (1 - confidence) / 2
    total, variance, most = float((w * x).sum()), float((w * w * x).sum()), float(w.max())
    low = 0.0
    if total > 0:
        low = variance / (2 * total) * float(chdtri(2 * total**2 / variance, 1 - tail))
    mean, spread = total + most, variance + most**2
    high = spread / (2 * mean) * float(chdtri(2 * mean**2 / spread, tail))
    return Interval(min(low, total), max(high, total))
