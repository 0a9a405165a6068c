"""Intervals of one proportion: Wilson's score interval and the exact one of Clopper and Pearson.

Counts may be fractional, because a count divided by a design effect is one. No limit is ever below 0 or above 1, and
low <= share <= high always holds.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy.special import betaincinv, ndtri

from selfrule.errors import UsageError

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """Limits of a share, both in [0, 1]."""

    low: float
    high: float


def wilson(count: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval of a proportion.

    All shares that a two-sided score test would not reject. At 0 or n successes it is still an interval. For whole
    counts it equals `scipy.stats.binomtest(count, n).proportion_ci(method="wilson")`; unlike scipy it also takes
    effective (fractional) counts.

    Args:
        count: Successes, in [0, n].
        n: Trials, above 0.
        confidence: Two-sided confidence, in (0, 1).

    Returns:
        The limits; `low` is exactly 0 at no success and `high` exactly 1 at no failure.

    Raises:
        UsageError: A parameter is out of its range.

    References:
        Wilson EB (1927). Probable inference, the law of succession, and statistical inference. JASA 22:209-212.
        doi:10.1080/01621459.1927.10502953

    Example:
        >>> low, high = wilson(10, 100)
        >>> round(low, 4), round(high, 4)
        (0.0552, 0.1744)
    """
    _check(count, n, confidence)
    z = normal_quantile(confidence)
    share = count / n
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if count == 0 else min(max(centre - half, 0.0), share)
    high = 1.0 if count == n else max(min(centre + half, 1.0), share)
    return Interval(low, high)


def clopper_pearson(count: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """The exact interval of Clopper and Pearson, from beta quantiles, so that fractional counts are allowed.

    With effective counts this is the interval of Korn and Graubard (1998, Survey Methodology 24:193-201). It covers at
    least its nominal rate for whole counts, often more.

    Args:
        count: Successes, in [0, n].
        n: Trials, above 0.
        confidence: Two-sided confidence, in (0, 1).

    Returns:
        The limits.

    Raises:
        UsageError: A parameter is out of its range.

    References:
        Clopper C, Pearson ES (1934). The use of confidence or fiducial limits illustrated in the case of the binomial.
        Biometrika 26:404-413. doi:10.1093/biomet/26.4.404
    """
    _check(count, n, confidence)
    tail = (1 - confidence) / 2
    share = count / n
    low = 0.0 if count == 0 else float(betaincinv(count, n - count + 1, tail))
    if count == n:
        high = 1.0
    elif count == 0:
        high = upper_at_zero(n, confidence)
    else:
        high = float(betaincinv(count + 1, n - count, 1 - tail))
    return Interval(min(low, share), max(high, share))


def upper_at_zero(n: float, confidence: float = CONFIDENCE) -> float:
    """The exact upper limit of a share when none of `n` was seen: 1 - (alpha / 2) ** (1 / n), about 3.7 / n at 95 %.

    It is the upper end of the two-sided exact interval (half of alpha), so it fits beside the other limits of a table;
    the one-sided "rule of three" would be about 3 / n.
    """
    _check(0, n, confidence)
    return -math.expm1(math.log((1 - confidence) / 2) / n)


def one_in(share: float | None) -> float | None:
    """N of "1 in N", to two significant digits as the reference study prints it; None at a share of 0 or None.

    Example:
        >>> one_in(0.00076), one_in(0.5), one_in(0.0)
        (1300.0, 2.0, None)
    """
    if not share:
        return None
    return float(f"{1 / share:.2g}")


def normal_quantile(confidence: float) -> float:
    """The two-sided standard normal quantile, 1.96 at 95 %."""
    return float(ndtri((1 + confidence) / 2))


def _check(count: float, n: float, confidence: float) -> None:
    if not (math.isfinite(n) and n > 0):
        raise UsageError(f"The 'n' of an interval must be a finite number above 0. Got {n!r} instead.")
    if not (math.isfinite(count) and 0 <= count <= n):
        raise UsageError(f"The 'count' of an interval must be in [0, n = {n!r}]. Got {count!r} instead.")
    if not 0 < confidence < 1:
        raise UsageError(f"The 'confidence' of an interval must be in (0, 1). Got {confidence!r} instead.")
