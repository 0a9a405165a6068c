"""How many conversations, and how many days, until the first that reaches the outcome: Kaplan and Meier's estimate."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.figures import Figure
from selfrule.analyses.people_rows import DAY, Rows
from selfrule.estimate.clusters import FEW_EVENTS
from selfrule.estimate.intervals import clopper_pearson, wilson

NUMBERS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)
DAYS = (0, 1, 7, 30, 90, 180, 365)
LEAST_AT_RISK = 20


class Reached(msgspec.Struct, frozen=True):
    """Share of people who have reached the outcome by a time.

    Attributes:
        at: Conversations, or days since the first one.
        share: `persons` is the people still followed just before, `events` those of all who reached it by then.
    """

    at: float
    share: Figure


class Survival(msgspec.Struct, frozen=True):
    """Time to the first conversation that reaches the outcome.

    Attributes:
        clock: "conversations" or "days".
        people: Followed.
        reached: Of them, who were seen to reach it.
        ended: Who were followed until their last conversation without; `at_gap`: until one that could not be rated.
        points: At round times, as far as 20 people are followed.
        curve: (time, share, low, high) where it steps, thinned to at most 200 steps, as far as 20 people are followed.
        median: Time by which half have reached it; None where fewer do.
    """

    clock: str
    people: int
    reached: int
    ended: int
    at_gap: int
    points: list[Reached]
    curve: list[tuple[float, float, float, float]]
    median: float | None


def survival_of(rows: Rows, clock: str) -> Survival | None:
    """Kaplan and Meier's estimate of the share of people who have reached the outcome, by conversations or by days.

    A person is followed from the first conversation in the logs to the first that reaches the outcome, or else to the last
    one before any that could not be rated (which may have been the first: missing is not "no"). Whose first conversation could
    not be rated is not followed. The limits hold at each time by itself: Greenwood's variance v of the share s gives the
    effective number of people s (1 - s) / v, on which the interval is Wilson's, exact below ten people who reached it
    (Dorey and Korn 1987, Statistics in Medicine 6:679-687).

    Args:
        rows: Conversations whose time is known.
        clock: "conversations" (the first is 1) or "days" since the first (the first is at 0).

    Returns:
        None where nobody can be followed.
    """
    end = np.full(rows.people, np.iinfo(np.int64).max)  # the number of the first hit or gap
    stop = np.flatnonzero(rows.hits | ~rows.known)[::-1]
    end[rows.person[stop]] = rows.number[stop]  # the earliest is written last
    followed = rows.number <= end[rows.person]
    hit = rows.per_person(followed & rows.hits) > 0
    gap = rows.per_person(followed & ~rows.known) > 0
    counted = followed & rows.known
    last = np.zeros(rows.people, np.int64)  # row of each person's last followed conversation
    at = np.flatnonzero(counted)
    last[rows.person[at]] = at
    here = rows.per_person(counted) > 0
    if not here.any():
        return None
    last, hit, gap = last[here], hit[here], gap[here]
    if clock == "conversations":
        time = rows.number[last].astype(np.float64)
    else:
        begun = rows.at[rows.first][here]
        time = np.floor((rows.at[last] - begun) / DAY)
    times, n, share, error, by = _estimate(time, hit)
    points = []
    for one in NUMBERS if clock == "conversations" else DAYS:
        at_risk = int(np.count_nonzero(time >= one))
        if at_risk < LEAST_AT_RISK:
            break
        points.append(Reached(float(one), _figure(times, share, error, by, one, at_risk, len(time))))
    enough = n >= LEAST_AT_RISK
    steps = np.flatnonzero(enough)
    steps = steps[np.unique(np.linspace(0, len(steps) - 1, 200).round().astype(int))] if len(steps) else steps
    curve = []
    for i in steps:
        figure = _figure(times, share, error, by, times[i], int(n[i]), len(time))
        curve.append((float(times[i]), float(share[i]), figure.low or 0.0, figure.high or 0.0))
    half = times[enough & (share >= 0.5)]
    return Survival(
        clock=clock,
        people=len(time),
        reached=int(np.count_nonzero(hit)),
        ended=int(np.count_nonzero(~hit & ~gap)),
        at_gap=int(np.count_nonzero(~hit & gap)),
        points=points,
        curve=curve,
        median=float(half[0]) if len(half) else None,
    )


def _estimate(time: NDArray[np.float64], hit: NDArray[np.bool_]) -> tuple[NDArray[np.float64], ...]:
    """Times at which somebody reaches it, people at risk, share by then, its standard error, people who reached it by then."""
    from statsmodels.duration.survfunc import SurvfuncRight

    if not hit.any():
        return tuple(np.empty(0) for _ in range(5))
    got = SurvfuncRight(time, hit.astype(np.int64))
    by = np.cumsum(got.n_events)
    return np.asarray(got.surv_times, np.float64), got.n_risk, 1 - got.surv_prob, got.surv_prob_se, by


def _figure(
    times: NDArray[np.float64],
    share: NDArray[np.float64],
    error: NDArray[np.float64],
    by: NDArray[np.float64],
    at: float,
    at_risk: int,
    people: int,
) -> Figure:
    """The share by a time with its interval."""
    i = int(np.searchsorted(times, at, side="right")) - 1
    if i < 0 or by[i] == 0:
        low, high = clopper_pearson(0, at_risk)
        return Figure(value=0.0, low=low, high=high, n=at_risk, persons=at_risk, events=0)
    value, spread, events = float(share[i]), float(error[i]), int(by[i])
    worth = float(at_risk)
    if np.isfinite(spread) and spread > 0 and 0 < value < 1:
        worth = min(max(value * (1 - value) / spread**2, 1.0), float(people))
    low, high = (clopper_pearson if min(events, people - events) < FEW_EVENTS else wilson)(value * worth, worth)
    return Figure(value=value, low=min(low, value), high=max(high, value), n=at_risk, persons=at_risk, events=events)
