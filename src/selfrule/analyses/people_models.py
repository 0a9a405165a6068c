"""Within and between people: whether a person's rate changes over their conversations, and how unlike people are."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from selfrule.analyses.figures import Figure
from selfrule.analyses.people_rows import DAY, Rows, t_of
from selfrule.estimate.intervals import CONFIDENCE, normal_quantile, wilson

LEAST_AFFECTED, LEAST_FOR_LIKENESS = 20, 150
"""People with the outcome below whom a model, and likeness, are refused: intervals miss too often (docs/analyses.md)."""

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
        correlation: Of two conversations of one person, from 0 (people do not differ) to 1.
        again: Where one of a person's conversations reaches the outcome, the share of their others that do.
        rate: The share of any that do: what `again` would be were people not to differ.
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
    for a person as over people. Refused below 20 people with the outcome.

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
    got = fitted(np.column_stack(columns), y, person)
    if got is None:
        refused = replace(rests, reason="the model did not converge")
        return Drift(clock, refused, refused)
    slopes, owed = got
    figures = [_factor(float(slopes[i]), owed[:, i], rests) for i in range(1, len(slopes))]
    flat = replace(rests, reason="people do not differ in it")
    return Drift(clock, figures[0], figures[1] if len(figures) > 1 else flat)


def _factor(slope: float, owed: NDArray[np.float64], rests: Figure) -> Figure:
    """A factor with limits by t, on Satterthwaite's degrees of freedom of what the slope owes to people."""
    square = float((owed**2).sum())
    error, t = math.sqrt(square), t_of(owed)
    if not (math.isfinite(slope) and math.isfinite(error)) or abs(slope) + t * error > 50:
        return replace(rests, reason="too little to tell")
    low, high = math.exp(slope - t * error), math.exp(slope + t * error)
    return replace(rests, value=math.exp(slope), low=low, high=high)


def fitted(
    x: NDArray[np.float64], y: NDArray[np.float64], person: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Poisson regression with a log link by Newton's method, and what its slopes owe to each person.

    The same as statsmodels' `GEE(y, x, person, family=Poisson(), cov_struct=Independence())` with its bias-reduced covariance,
    to which a test holds it. That takes minutes for 200,000 people, whom it visits one by one, and statsmodels' `GLM` 2.3 GB for
    their 1.7 million conversations; this takes a second and a tenth of that.

    Args:
        x: Columns, the first all ones; shape (n, p).
        y: Outcome, 0 or 1; shape (n,), its mean above 0.
        person: Cluster of each, ascending; shape (n,).

    Returns:
        Slopes of shape (p,), and shape (people, p): squares of these sum to the variances; None where it does not converge.
    """
    slope = np.zeros(x.shape[1])
    slope[0] = math.log(float(y.mean()))
    best = -math.inf
    step: NDArray[np.float64] = np.zeros(x.shape[1])
    for _ in range(100):
        linear = np.clip(x @ slope, -700, 50)
        rate = np.exp(linear)
        reached = float((y * linear).sum() - rate.sum())
        if not reached >= best - 1e-9 * abs(best):  # too far: half the way back
            step /= 2
            slope = slope - step
            continue
        best = reached
        score = x.T @ (y - rate)
        try:
            step = np.asarray(np.linalg.solve(_weighted(x, rate), score))
        except np.linalg.LinAlgError:
            return None
        slope = slope + step
        if float(np.abs(step).max()) < 1e-9:
            break
    else:
        return None
    try:
        return slope, _errors(x, y, slope, person)
    except np.linalg.LinAlgError:  # one person alone holds a slope
        return None


def _errors(
    x: NDArray[np.float64], y: NDArray[np.float64], slope: NDArray[np.float64], person: NDArray[np.int64]
) -> NDArray[np.float64]:
    """What each slope's estimate owes to each person; shape (people, p).

    The score of a person is freed of that person's own pull on the fit, (I - M_i A)^-1 U_i, U_i being the person's score,
    M_i their part of X' W X and A its inverse (Mancl and DeRouen 2001, in the p dimensions of the slopes).
    """
    rate = np.exp(np.clip(x @ slope, -700, 50))
    rest = y - rate
    people, p = int(person[-1]) + 1, x.shape[1]
    bread = np.linalg.pinv(_weighted(x, rate))
    scores = np.column_stack([np.bincount(person, weights=column * rest, minlength=people) for column in x.T])
    own = np.empty((people, p, p))
    for i in range(p):
        for j in range(i + 1):
            own[:, i, j] = own[:, j, i] = np.bincount(person, weights=x[:, i] * x[:, j] * rate, minlength=people)
    freed = np.linalg.solve(np.eye(p) - own @ bread, scores[..., None])[..., 0]
    return np.asarray(freed @ bread)


def _weighted(x: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """X' W X, column by column: the whole of W X would be another copy."""
    return np.array([[float((a * b * weight).sum()) for b in x.T] for a in x.T])


def alike_of(rows: Rows) -> Alike | None:
    """How often a conversation that reaches the outcome is joined by others of the same person, and the correlation it gives.

    Of people with two or more rated conversations: R = sum y (y - 1) / (m - 1) / sum y, the mean over conversations that
    reach it of the share of the same person's others that do, beside P = sum y / sum m; and (R - P) / (1 - P). Were people not to
    differ, R would be P. The usual estimate weighs a person by m^2: a few people with very many conversations decide, and its
    resamples cover 35 to 90 % (docs/analyses.md); one that weighs people alike does no better. Limits are Wilson's on R's
    effective number (its linearised variance, t on Satterthwaite's degrees of freedom); those of the correlation follow with
    P as it is. Refused below 150 affected people. (A rule on how many have several would be met where they happen to be many, and
    the intervals that it lets through miss more often.)

    Args:
        rows: Conversations of known people; their order does not matter.

    References:
        Ridout MS, Demetrio CGB, Firth D (1999). Estimating intraclass correlation for binary data. Biometrics 55:137-148
        (moment estimators of this kind with weights of their own).
    """
    m, y = rows.per_person(rows.known), rows.per_person(rows.hits)
    more = m >= 2
    m, y = m[more].astype(np.float64), y[more].astype(np.float64)
    if not len(m):
        return None
    affected = int(np.count_nonzero(y))
    rests = Figure(n=int(m.sum()), persons=len(m), events=int(y.sum()))
    rate = float(y.sum() / m.sum())
    if affected < LEAST_FOR_LIKENESS:
        refused = replace(rests, reason=f"fewer than {LEAST_FOR_LIKENESS} people with the outcome")
        return Alike(refused, refused, rate)
    joined = y * (y - 1) / (m - 1)
    again = float(joined.sum() / y.sum())
    owed = (joined - again * y) / y.sum()
    square = float((owed**2).sum())
    if not 0 < again < 1 or square < 1e-15:
        refused = replace(rests, reason="nobody has more than one, or all are")
        return Alike(refused, refused, rate)
    worth = again * (1 - again) / (square * (t_of(owed) / normal_quantile(CONFIDENCE)) ** 2)
    low, high = wilson(again * worth, worth)
    limits = [(share - rate) / (1 - rate) for share in (again, low, high)]
    return Alike(
        replace(rests, value=limits[0], low=limits[1], high=limits[2]),
        replace(rests, value=again, low=low, high=high),
        rate,
    )
