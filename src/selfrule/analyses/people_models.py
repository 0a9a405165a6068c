"""Within and between people: whether a person's rate changes over their conversations, and how unlike people are."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.special import stdtrit

from selfrule.analyses.figures import Figure, resampled
from selfrule.analyses.people_rows import DAY, Rows
from selfrule.estimate.bootstrap import resampled_sums
from selfrule.estimate.intervals import CONFIDENCE

LEAST_AFFECTED = 20
"""People with the outcome below whom a model is refused: its intervals miss too often (docs/analyses.md)."""

MONTH = 30.4375 * DAY


class Drift(msgspec.Struct, frozen=True):
    """How the rate changes along a clock, within people and between them. All three are factors on the rate.

    Attributes:
        clock: "conversations" or "days".
        within: Factor for a person's own later conversations: per doubling of their number, or per month since the first.
        between: The same between people whose mean place on the clock differs so much.
    """

    clock: str
    within: Figure
    between: Figure


class Alike(msgspec.Struct, frozen=True):
    """How alike conversations of one person are.

    Attributes:
        correlation: Intra-person correlation of the outcome, from 0 (people do not differ) to 1.
        again: Of a person's other conversations, the share that reach the outcome where one does.
        rate: The share of all conversations, for comparison.
    """

    correlation: Figure
    again: Figure
    rate: float


class Models(msgspec.Struct, frozen=True):
    """Within-person and between-person parts.

    Attributes:
        drifts: Along the number of the conversation, and along the months since the first.
        alike: None where nobody has two rated conversations.
    """

    drifts: list[Drift]
    alike: Alike | None


def drift_of(rows: Rows, clock: str) -> Drift:
    """A person's own change of rate, and that between people, in one model.

    Poisson regression of the outcome with a log link on x - mean(x) (within) and mean(x) (between), x being log2 of the
    conversation's number in its person, or months since the person's first, and the mean that of the person's rated
    conversations (Mundlak 1978; modified Poisson regression, Zou 2004: the factor is a ratio of shares). Its
    covariance is robust to people being unlike and their conversations alike: a generalised estimating equation with
    independent working correlation (Liang and Zeger 1986), of all people. A ratio of shares, unlike an odds ratio, means the same
    for a person as over people. Limits use t on the people who have the outcome, less 3. Refused below 20 such people.

    Args:
        rows: Conversations whose time is known.
        clock: "conversations" or "days".

    References:
        Mundlak Y (1978). On the pooling of time series and cross section data. Econometrica 46:69-85. doi:10.2307/1913646
        Zou G (2004). A modified Poisson regression approach to prospective studies with binary data. American Journal of
        Epidemiology 159:702-706. doi:10.1093/aje/kwh090
        Liang K-Y, Zeger SL (1986). Longitudinal data analysis using generalized linear models. Biometrika 73:13-22.
    """
    known = rows.known
    person, y = rows.person[known], rows.hits[known].astype(np.float64)
    since = (rows.at - rows.at[rows.first][rows.person]) / MONTH
    x = np.log2(rows.number[known]) if clock == "conversations" else since[known]
    n = np.bincount(person)
    affected = int(np.count_nonzero(np.bincount(person, weights=y)))
    rests = Figure(n=len(y), persons=int(np.count_nonzero(n)), events=int(y.sum()))
    mean = (np.bincount(person, weights=x) / np.maximum(n, 1))[person]
    own = x - mean
    if affected < LEAST_AFFECTED:
        refused = replace(rests, reason=f"fewer than {LEAST_AFFECTED} people with the outcome")
        return Drift(clock, refused, refused)
    if np.ptp(own) < 1e-9:
        refused = replace(rests, reason="nobody has two conversations at different times")
        return Drift(clock, refused, refused)
    columns = [np.ones(len(y)), own] + ([mean - mean.mean()] if np.ptp(mean) > 1e-9 else [])
    fitted = _fit(np.column_stack(columns), y, person)
    if fitted is None:
        refused = replace(rests, reason="the model did not converge")
        return Drift(clock, refused, refused)
    slopes, errors = fitted
    t = float(stdtrit(affected - 3, (1 + CONFIDENCE) / 2))
    figures = [_factor(b, e, t, rests) for b, e in zip(slopes[1:], errors[1:], strict=True)]
    flat = replace(rests, reason="people do not differ in it")
    return Drift(clock, figures[0], figures[1] if len(figures) > 1 else flat)


def _factor(slope: float, error: float, t: float, rests: Figure) -> Figure:
    if not (math.isfinite(slope) and math.isfinite(error)) or abs(slope) + t * error > 50:
        return replace(rests, reason="too little to tell")
    low, high = math.exp(slope - t * error), math.exp(slope + t * error)
    return replace(rests, value=math.exp(slope), low=low, high=high)


def _fit(
    x: NDArray[np.float64], y: NDArray[np.float64], person: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Slopes and standard errors clustered by person; None where the fit does not converge."""
    import warnings

    import statsmodels.api as sm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            got = sm.GLM(y, x, family=sm.families.Poisson()).fit(cov_type="cluster", cov_kwds={"groups": person})
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            return None
    return (np.asarray(got.params), np.asarray(got.bse)) if got.converged else None


def alike_of(rows: Rows, *, seed: int = 0) -> Alike | None:
    """Intra-person correlation of the outcome, and how often one conversation that reaches it is joined by another.

    The correlation is the analysis of variance's moment estimate (MSB - MSW) / (MSB + (m0 - 1) MSW) (Donner 1986; Ridout,
    Demetrio and Firth 1999, eq. 2.1); the other is sum y (y - 1) / sum y (m - 1). Both are of the people with two or more
    rated conversations, who are resampled for the intervals; refused below 20 people with the outcome.

    Args:
        rows: Conversations of known people; their order does not matter.
        seed: Of the resampling.

    References:
        Ridout MS, Demetrio CGB, Firth D (1999). Estimating intraclass correlation for binary data. Biometrics 55:137-148.
        Donner A (1986). A review of inference procedures for the intraclass correlation coefficient in the one-way random
        effects model. International Statistical Review 54:67-82.
    """
    m, y = rows.per_person(rows.known), rows.per_person(rows.hits)
    rate = float(y.sum() / max(m.sum(), 1))
    more = m >= 2
    m, y = m[more].astype(np.float64), y[more].astype(np.float64)
    if not len(m):
        return None
    affected = int(np.count_nonzero(y))
    rests = {"n": int(m.sum()), "persons": len(m), "events": int(y.sum())}
    if affected < LEAST_AFFECTED:
        refused = Figure(reason=f"fewer than {LEAST_AFFECTED} people with the outcome", **rests)
        return Alike(refused, refused, rate)
    sums = np.column_stack([np.ones(len(m)), m, y, y * y / m, m * m, y * (y - 1), y * (m - 1)])
    whole, draws = sums.sum(axis=0), resampled_sums(sums, seed=seed)
    return Alike(
        resampled(float(_correlation(whole)), _correlation(draws), **rests),
        resampled(float(_again(whole)), _again(draws), **rests),
        rate,
    )


def _correlation(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    k, m, y, y2m, m2 = (sums[..., i] for i in range(5))
    with np.errstate(divide="ignore", invalid="ignore"):
        between, within = (y2m - y * y / m) / (k - 1), (y - y2m) / (m - k)
        usual = (m - m2 / m) / (k - 1)
        return np.asarray((between - within) / (between + (usual - 1) * within))


def _again(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[..., 5] / sums[..., 6])
