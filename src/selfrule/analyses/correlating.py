"""Pearson's r of two short series that drift: over periods, over changes between them, and what noise leaves of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from selfrule.estimate.intervals import CONFIDENCE, Interval, normal_quantile

LEAST_INDEPENDENT = 4.0
"""Below so many effective points there is no interval: Fisher's, about r = 0, would reach from -0.96 to 0.96."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Correlation:
    """A correlation of two series.

    Attributes:
        r: Pearson's, in [-1, 1]; None where a series does not vary.
        interval: Its 95 % interval, None below four effective points.
        p: Two-sided, of no correlation; None likewise.
        points: Pairs.
        independent: What they are worth: independent pairs that would tell as much.
    """

    r: float | None
    interval: Interval | None
    p: float | None
    points: int
    independent: float


def correlated(x: Floats, y: Floats) -> Correlation:
    """Pearson's r over periods, with an interval that knows that neighbours are alike.

    Fisher's z on n (1 - a b) / (1 + a b) effective points, a and b being the lag-one autocorrelations of both series. These
    come out too low in short series (by about (1 + 4 a) / n), which is put right first: (n a + 1) / (n - 4). Two series that
    drift are worth few points, and below four there is no interval; a lasting trend in both over more than about twenty
    points still makes an r that is no chance and means nothing: see `changed`.

    Args:
        x: One series; shape (t,), t at least 6.
        y: The other; shape (t,).

    References:
        Bartlett MS (1935). Some aspects of the time-correlation problem in regard to tests of significance. JRSS 98:536-543.
        Marriott FHC, Pope JA (1954). Bias in the estimation of autocorrelations. Biometrika 41:390-402. Yule GU (1926). Why
        do we sometimes get nonsense-correlations between time-series? JRSS 89:1-63.
    """
    n = len(x)
    like = [min(max((n * _lag(s) + 1) / (n - 4), -0.99), 0.99) for s in (x, y)]
    return _fisher(x, y, n, like[0] * like[1])


def changed(x: Floats, y: Floats, number: NDArray[np.integer]) -> Correlation:
    """Pearson's r over changes from one period to the next: any trend or level that both have is gone from it.

    Args:
        x: One series; shape (t,).
        y: The other; shape (t,).
        number: Of the period of each; changes are taken between consecutive ones alone; shape (t,), rising.
    """
    next_to = np.diff(number) == 1
    dx, dy = np.diff(x)[next_to], np.diff(y)[next_to]
    return _fisher(dx, dy, len(dx), _lag(dx) * _lag(dy))


def reliability(x: Floats, noise: Floats) -> float:
    """Share of a series' variance that is more than sampling noise, in [0, 1]: 1 - mean noise / variance.

    Two series of reliabilities a and b cannot show more than sqrt(a b) of the r of what they measure (Spearman 1904, The
    proof and measurement of association between two things. American Journal of Psychology 15:72-101).

    Args:
        x: The series; shape (t,).
        noise: Sampling variance of each of its points; shape (t,).
    """
    seen = float(np.var(x, ddof=1)) if len(x) > 1 else 0.0
    return min(max(1 - float(noise.mean()) / seen, 0.0), 1.0) if seen > 0 else 0.0


def _lag(x: Floats) -> float:
    """Autocorrelation from one point to the next."""
    off = x - x.mean() if len(x) else x
    square = float((off**2).sum())
    return float((off[1:] * off[:-1]).sum()) / square if square > 0 else 0.0


def _fisher(x: Floats, y: Floats, n: int, like: float) -> Correlation:
    worth = min(n * (1 - like) / (1 + like), float(n)) if n else 0.0
    off, other = (x - x.mean(), y - y.mean()) if n else (x, y)
    # a series that is flat but for rounding has no correlation
    flat = any(float((s**2).sum()) <= 1e-24 * n for s in (off, other))
    if n < 3 or flat:
        return Correlation(None, None, None, n, worth)
    r = float((off * other).sum()) / math.sqrt(float((off**2).sum()) * float((other**2).sum()))
    r = min(max(r, -1.0), 1.0)
    if worth < LEAST_INDEPENDENT:
        return Correlation(r, None, None, n, worth)
    z, root = math.atanh(min(max(r, -1 + 1e-12), 1 - 1e-12)), math.sqrt(worth - 3)
    half = normal_quantile(CONFIDENCE) / root
    limits = Interval(min(math.tanh(z - half), r), max(math.tanh(z + half), r))
    return Correlation(r, limits, float(2 * ndtr(-abs(z) * root)), n, worth)
