"""Whether a share rises with the level of a factor, and by how much; and many tests at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from selfrule.errors import UsageError
from selfrule.estimate.clusters import FEW_EVENTS
from selfrule.estimate.intervals import CONFIDENCE, Interval, normal_quantile
from selfrule.records import Estimate
from selfrule.rubric import LEVELS


@dataclass(frozen=True, slots=True)
class Trend:
    """A trend of shares over ordered levels: the effect first, the test beside it.

    Attributes:
        slope: Change of the share per level (least squares, weighted by n); 0.01 is one percentage point a level.
        slope_interval: Its 95 % interval, or None where there are too few events.
        odds_ratio: Factor on the odds per level (logistic regression on the level), or None as above.
        odds_interval: Its 95 % interval.
        p_value: Two-sided, Cochran-Armitage; None as above.
        shares: Share at each level used.
        rising: Whether no level's share is below that of the level before.
        reason: Why something is None.
    """

    slope: float | None
    slope_interval: Interval | None
    odds_ratio: float | None
    odds_interval: Interval | None
    p_value: float | None
    shares: tuple[float, ...]
    rising: bool
    reason: str | None = None


def cochran_armitage(counts: Sequence[float], ns: Sequence[float], scores: Sequence[float] | None = None) -> Trend:
    """Test for a linear trend in proportions, with its effect sizes.

    T = sum s_i (x_i - n_i p) with variance p (1 - p) sum n_i (s_i - mean)^2 under no trend; slope = T / sum n_i (s_i -
    mean)^2. The slope's interval is a Wald one with (x_i + 1/2) / (n_i + 1) in its variance, so that a level without
    events is not taken as certain.

    Args:
        counts: Events x_i at each level; effective counts where people have many conversations.
        ns: Conversations n_i at each level, above 0.
        scores: Of the levels; 0, 1, 2, ... unless told.

    Returns:
        The trend; tests and intervals are None below ten (effective) events or ten non-events.

    Raises:
        UsageError: Fewer than two levels, or a count outside [0, n].

    References:
        Cochran WG (1954). Some methods for strengthening the common chi-squared tests. Biometrics 10:417-451. Armitage
        P (1955). Tests for linear trends in proportions and frequencies. Biometrics 11:375-386.
    """
    x, n = np.asarray(counts, dtype=float), np.asarray(ns, dtype=float)
    s = np.arange(len(x), dtype=float) if scores is None else np.asarray(scores, dtype=float)
    if not (len(x) == len(n) == len(s) and len(x) > 1):
        raise UsageError(
            f"A trend needs counts, ns and scores of two levels or more. Got {len(x)}, {len(n)}, {len(s)}."
        )
    if not (np.all(n > 0) and np.all(x >= 0) and np.all(x <= n * (1 + 1e-9))):
        raise UsageError("The 'counts' of a trend must be in [0, n] and each n above 0. Got another value instead.")
    shares = tuple(float(v) for v in x / n)
    rising = all(later >= earlier for earlier, later in pairwise(shares))
    pooled = float(x.sum() / n.sum())
    off = s - float(n @ s / n.sum())
    spread = float(n @ off**2)
    if spread == 0:
        return Trend(None, None, None, None, None, shares, rising, "all levels have the same score")
    slope = float(off @ x) / spread
    if min(x.sum(), n.sum() - x.sum()) < FEW_EVENTS:
        few = f"fewer than {FEW_EVENTS} effective events or non-events: no test"
        return Trend(slope, None, None, None, None, shares, rising, few)
    z = normal_quantile(CONFIDENCE)
    p_value = 2 * float(ndtr(-abs(slope) * math.sqrt(spread / (pooled * (1 - pooled)))))
    smooth = (x + 0.5) / (n + 1)
    half = z * math.sqrt(float((off**2 * n * smooth * (1 - smooth)).sum())) / spread
    fitted = _logistic(x, n, off)
    if fitted is None:
        none = "the levels separate events from non-events: no odds ratio"
        return Trend(slope, Interval(slope - half, slope + half), None, None, p_value, shares, rising, none)
    log_odds, error = fitted
    odds = Interval(math.exp(log_odds - z * error), math.exp(log_odds + z * error))
    return Trend(slope, Interval(slope - half, slope + half), math.exp(log_odds), odds, p_value, shares, rising)


def trend_over_levels(
    estimates: Sequence[Estimate], construct: str, level: str, factor: str, *, among_flagged: bool = False
) -> Trend:
    """Whether a construct at a level becomes commoner with the level of an amplifying factor.

    Each level enters with the number of independent conversations that would give its interval (from the limit away
    from 0 or 1, by Wilson's equation), so the design effect and two-phase weights count. A person who is in two levels
    is taken as two.

    Args:
        estimates: From `table.estimates`, with `factor` among its groups.
        construct: Of the estimates to take.
        level: Likewise.
        factor: Amplifying factor whose levels are compared.
        among_flagged: Take the shares among the flagged.

    Returns:
        The trend; all of it None, with a reason, where fewer than two levels have an estimate.
    """
    found = {tuple(sorted(e.group.items())): e for e in estimates if (e.construct, e.level) == (construct, level)}
    extra = {"flagged": "yes"} if among_flagged else {}
    counts, ns, scores = [], [], []
    for score, name in enumerate(LEVELS):
        cell = found.get(tuple(sorted({factor: name, **extra}.items())))
        if cell is None or cell.share is None or cell.low is None or cell.high is None:
            continue
        worth = independent(cell.share, Interval(cell.low, cell.high))
        counts.append(cell.share * worth)
        ns.append(worth)
        scores.append(float(score))
    if len(ns) < 2:
        return Trend(None, None, None, None, None, (), False, "fewer than two levels have an estimate")
    return cochran_armitage(counts, ns, scores)


def independent(share: float, interval: Interval) -> float:
    """Independent conversations whose 95 % Wilson interval ends where this one does: z^2 u (1 - u) / (u - p)^2."""
    limit = interval.high if share <= 0.5 else interval.low
    return float(normal_quantile(CONFIDENCE) ** 2 * limit * (1 - limit) / (limit - share) ** 2)


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjusted p-values of the false discovery rate, over those that are there; None stays None.

    References:
        Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. JRSS B 57:289-300. Computed by
        `scipy.stats.false_discovery_control`.
    """
    from scipy.stats import false_discovery_control

    there = [p for p in p_values if p is not None]
    if not there:
        return [None] * len(p_values)
    adjusted = iter(np.atleast_1d(false_discovery_control(there, method="bh")).tolist())
    return [None if p is None else float(next(adjusted)) for p in p_values]


def _logistic(x: NDArray[np.float64], n: NDArray[np.float64], s: NDArray[np.float64]) -> tuple[float, float] | None:
    """Slope of logit(share) on the score and its standard error, by Newton's method; None where it does not exist."""
    start = float(x.sum() / n.sum())
    beta = np.array([math.log(start / (1 - start)), 0.0])
    design = np.column_stack([np.ones_like(s), s])
    for _ in range(50):
        fitted = 1 / (1 + np.exp(-np.clip(design @ beta, -500, 500)))
        information = design.T @ (design * (n * fitted * (1 - fitted))[:, None])
        if not np.linalg.cond(information) < 1e12:
            return None
        step = np.linalg.solve(information, design.T @ (x - n * fitted))
        beta = beta + np.clip(step, -2, 2)
        if float(np.abs(step).max()) < 1e-10:
            return float(beta[1]), math.sqrt(float(np.linalg.inv(information)[1, 1]))
    return None
