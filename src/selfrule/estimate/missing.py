"""What could not be rated: limits if none of it reached the level, and if all of it did.

Nothing is assumed about why it is missing. The truth lies between the two (Manski 2003, Partial Identification of
Probability Distributions, ch. 1), each taken with its outer confidence limit.
"""

from __future__ import annotations

import math

from selfrule.estimate.intervals import CONFIDENCE, Interval, wilson


def bounds(
    count: float, n: float, missing: float, design_effect: float = 1.0, confidence: float = CONFIDENCE
) -> Interval:
    """Lower limit if none of the missing reached the level, upper limit if all did.

    Both are Wilson limits as if the missing had been rated so: of `count` in n + missing, and of count + missing in it.

    Args:
        count: Conversations that reached the level, in [0, n].
        n: Conversations rated.
        missing: Conversations that could not be rated; n + missing above 0.
        design_effect: Of people with many conversations, at least 1.
        confidence: Two-sided confidence.

    Returns:
        Limits that contain `wilson(count / design_effect, n / design_effect)`.
    """
    total = (n + missing) / design_effect
    low = wilson(min(count / design_effect, total), total, confidence).low
    high = wilson(min((count + missing) / design_effect, total), total, confidence).high
    return Interval(low, high)


def bounds_around(
    share: float, interval: Interval, n: float, missing: float, n_effective: float, confidence: float = CONFIDENCE
) -> Interval:
    """As `bounds`, around an estimate that is not a plain count (two strata): missing is one more stratum of 0 or 1.

    Args:
        share: The estimate among those that could be rated, with its limits `interval`.
        interval: Its limits.
        n: Conversations the estimate speaks of.
        missing: Conversations that could not be rated, at least 0.
        n_effective: What the rated conversations are worth; that many say how large the missing part is.
        confidence: Two-sided confidence.

    Returns:
        Limits that contain `interval`.
    """
    if missing <= 0:
        return interval
    part = missing / (n + missing)
    drift = wilson(part * n_effective, n_effective, confidence).high - part
    low = (1 - part) * share - math.hypot((1 - part) * (share - interval.low), share * drift)
    high = part + (1 - part) * share + math.hypot((1 - part) * (interval.high - share), (1 - share) * drift)
    return Interval(min(max(low, 0.0), interval.low), max(min(high, 1.0), interval.high))
