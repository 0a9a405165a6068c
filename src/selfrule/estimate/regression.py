"""Effects of a score on an outcome with persons resampled in thought: the trend in shares, and the odds of a logistic model.

Both go through the rows of a person together (a sandwich between persons), so that many conversations of one person do not
count as so many people; both refuse where too little is there to rest on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from selfrule.errors import UsageError
from selfrule.estimate.clusters import FEW_EVENTS
from selfrule.estimate.intervals import CONFIDENCE, Interval

LEAST_FREEDOM = 4.0
"""Degrees of freedom below which no interval or test is given: too few people carry the outcome."""

_FEW = f"fewer than {FEW_EVENTS} conversations with, or without: no test"
_CARRIED = "too few people carry it: no interval, no test"
_ALIKE = "all conversations are at one level"
_SEPARATE = "the levels separate events from non-events: no odds ratio"


@dataclass(frozen=True, slots=True)
class Effect:
    """A coefficient, with what is known of its error between persons.

    Attributes:
        value: The coefficient; None where it is undefined.
        error: Its standard error; None where there is too little for one.
        freedom: Degrees of freedom of the error (Satterthwaite).
        p_value: Two-sided p-value of no effect; None where there is no error.
        reason: Why something is None.
    """

    value: float | None
    error: float | None = None
    freedom: float | None = None
    p_value: float | None = None
    reason: str | None = None

    def interval(self, confidence: float = CONFIDENCE) -> Interval | None:
        """Student's interval of the coefficient; None where it has no error."""
        if self.value is None or self.error is None or self.freedom is None:
            return None
        half = float(stdtrit(self.freedom, (1 + confidence) / 2)) * self.error
        return Interval(self.value - half, self.value + half)


def trend(
    score: NDArray[np.floating],
    hits: NDArray[np.bool_],
    weight: NDArray[np.float64],
    cluster: NDArray[np.integer],
) -> Effect:
    """How much a share changes per unit of a score, and the Cochran-Armitage test of no change, between persons.

    slope = T / S, T = sum w (s - mean)(y - p), S = sum w (s - mean)^2: the slope of Cochran (1954) and Armitage (1955). Its
    standard error is from the residuals of the fitted line, summed by person (jackknifed, see `odds`); the test's is from
    the residuals under no trend, sum over persons of (sum w (s - mean)(y - p))^2, the generalized score test of Boos
    (1992). With each conversation of its own person and equal weights, the test is Cochran's and Armitage's to within
    the difference of a variance taken from the data and p (1 - p).

    Args:
        score: Of each conversation; shape (n,).
        hits: Whether it reaches the outcome; shape (n,).
        weight: What it stands for, above 0; shape (n,).
        cluster: Code of its person, at least 0; shape (n,).

    Returns:
        Change of the share per unit of the score, in [-1, 1]; no error below ten events or ten non-events.

    References:
        Cochran WG (1954). Biometrics 10:417-451. Armitage P (1955). Biometrics 11:375-386. Boos DD (1992). On generalized
        score tests. The American Statistician 46:327-333. doi:10.1080/00031305.1992.10475921
    """
    _same(score, hits, weight, cluster)
    if not len(score) or float(np.ptp(score)) == 0:
        return Effect(None, reason=_ALIKE)
    weight = weight / weight.mean()
    total = float(weight.sum())
    off = np.asarray(score, np.float64) - float((weight * score).sum()) / total
    part = float(weight[hits].sum()) / total
    spread = float((weight * off * off).sum())
    slope = float((weight * off * (hits - part)).sum()) / spread
    if not _enough(hits):
        return Effect(slope, reason=_FEW)
    residual = hits - part - slope * off
    sums = np.bincount(cluster, weights=weight * off * residual)
    share = np.bincount(cluster, weights=weight * off * off) / spread
    k = int(np.count_nonzero(np.bincount(cluster)))
    found = _jackknifed(sums / spread, share, k)
    if found is None:
        return Effect(slope, reason=_CARRIED)
    null = np.bincount(cluster, weights=weight * off * (hits - part)) / spread
    alone = math.sqrt(part * (1 - part) * float((weight * weight * off * off).sum())) / spread
    under = max(math.sqrt(float((null * null).sum())), alone)
    apart = math.sqrt(float(((weight * off * (hits - part)) ** 2).sum())) / spread  # as if each had its own person
    alike = max(math.sqrt(float((null * null).sum())) / apart, 1.0)
    error = max(found[0], _smoothed(off, hits, weight) / spread * alike)
    return Effect(slope, error, found[1], 2 * float(stdtr(k - 1.0, -abs(slope) / under)))


def odds(
    hits: NDArray[np.bool_],
    weight: NDArray[np.float64],
    cluster: NDArray[np.integer],
    cell: NDArray[np.integer],
    design: NDArray[np.float64],
) -> Effect:
    """The log odds ratio of the first column of a design, in a logistic model, with its error between persons.

    The model is fitted by statsmodels on cells of conversations with the same covariates, which gives the very estimate of
    the conversations one by one. The error is the sandwich between persons, with each person's contribution to the
    coefficient divided by one less their share of its information: what leaving that person out would change, to first
    order (the jackknife; "CR3"). Its degrees of freedom are Satterthwaite's, 2 V^2 / (sum u^4 - V^2 / k), u being the
    contributions and V the sum of their squares: few where few persons carry the outcome.

    Args:
        hits: Whether each conversation reaches the outcome; shape (n,).
        weight: What it stands for, above 0; shape (n,).
        cluster: Code of its person, at least 0; shape (n,).
        cell: Row of `design` that it has; shape (n,).
        design: Covariates, the one that is asked about first, a column of ones among the others; shape (cells, columns).

    Returns:
        The log odds ratio per unit of the first column; undefined below ten events or ten non-events.

    References:
        Liang KY, Zeger SL (1986). Longitudinal data analysis using generalized linear models. Biometrika 73:13-22.
        doi:10.1093/biomet/73.1.13. Bell RM, McCaffrey DF (2002). Bias reduction in standard errors for linear regression with
        multi-stage samples. Survey Methodology 28:169-181. Satterthwaite FE (1946). Biometrics Bulletin 2:110-114.
    """
    _same(hits, weight, cluster, cell)
    used = np.bincount(cell, minlength=len(design)) > 0
    if not len(hits) or float(np.ptp(design[used, 0])) == 0:
        return Effect(None, reason=_ALIKE)
    if not _enough(hits):
        return Effect(None, reason=_FEW)
    weight = weight / weight.mean()
    n, x = (np.bincount(cell, weights=w, minlength=len(design)).astype(np.float64) for w in (weight, weight * hits))
    fitted = _fit(design[used], x[used], n[used])
    if fitted is None:
        return Effect(None, reason=_SEPARATE)
    value, mean, partial = fitted
    at_mean, at_partial = np.zeros(len(design)), np.zeros(len(design))
    at_mean[used], at_partial[used] = mean, partial
    alone = at_partial**2 * at_mean * (1 - at_mean)
    information = float((n * alone).sum())
    sums = np.bincount(cluster, weights=weight * at_partial[cell] * (hits - at_mean[cell]))
    share = np.bincount(cluster, weights=weight * alone[cell]) / information
    found = _jackknifed(sums / information, share, int(np.count_nonzero(np.bincount(cluster))))
    if found is None:
        return Effect(value, reason=_CARRIED)
    error, freedom = max(found[0], 1 / math.sqrt(information)), found[1]
    return Effect(value, error, freedom, 2 * float(stdtr(freedom, -abs(value) / error)))


def _smoothed(off: NDArray[np.float64], hits: NDArray[np.bool_], weight: NDArray[np.float64]) -> float:
    """Standard error of sum w off y were all conversations of different people, half an event added at each level."""
    values, level = np.unique(off, return_inverse=True)
    n, x, squares = (np.bincount(level, weights=w) for w in (weight, weight * hits, weight * weight))
    smooth = (x + 0.5) / (n + 1)
    return math.sqrt(float((values**2 * squares * smooth * (1 - smooth)).sum()))


def _fit(
    design: NDArray[np.float64], x: NDArray[np.float64], n: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]] | None:
    """First coefficient, fitted shares, and the first column less what the others say of it; None where it does not exist."""
    import warnings

    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # separation shows in what is checked below
        made = GLM(np.column_stack([x, n - x]), design, family=Binomial()).fit(maxiter=60)
    mean = np.clip(np.asarray(made.fittedvalues, np.float64), 0.0, 1.0)
    worth = n * mean * (1 - mean)
    information = design.T @ (design * worth[:, None])
    inverse = np.linalg.pinv(information, hermitian=True)
    value = float(made.params[0])
    there = made.converged and bool(np.all(np.isfinite(made.params))) and 0 < inverse[0, 0] < _WIDEST**2
    if not there:  # where levels separate events from non-events, the information on the coefficient runs out
        return None
    return value, mean, design @ inverse[0] / inverse[0, 0]


_WIDEST = (
    3.0  # standard error of a log odds ratio, were all conversations of different people, beyond which it says nothing
)


def _jackknifed(contribution: NDArray[np.float64], share: NDArray[np.float64], k: int) -> tuple[float, float] | None:
    """Standard error and degrees of freedom from persons' contributions and shares of the information."""
    if k < 2 or float(share.max()) > _MOST:
        return None
    u2 = (contribution / (1 - share)) ** 2
    variance = float(u2.sum())
    if variance <= 0:
        return None
    spread = float((u2 * u2).sum()) - variance**2 / k
    freedom = min(2 * variance**2 / spread if spread > 1e-12 * variance**2 else k - 1.0, k - 1.0)
    return None if freedom < LEAST_FREEDOM else (math.sqrt(variance), freedom)


_MOST = 0.9  # share of the information of one person beyond which it speaks of them alone


def _enough(hits: NDArray[np.bool_]) -> bool:
    events = int(np.count_nonzero(hits))
    return min(events, len(hits) - events) >= FEW_EVENTS


def _same(*arrays: NDArray[np.generic]) -> None:
    shapes = {np.shape(a) for a in arrays}
    if len(shapes) > 1 or any(len(s) != 1 for s in shapes):
        raise UsageError(
            f"Scores, hits, weights and clusters must be vectors of one length. Got {sorted(shapes)} instead."
        )
