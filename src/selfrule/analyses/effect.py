"""How much a share changed over a whole series: per period on a line, and the last third against the first."""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.figures import Figure
from selfrule.analyses.series import Line, Rows, Shares, carriers, expanded
from selfrule.estimate.clusters import FEW_EVENTS

Floats = NDArray[np.float64]
LEAST_PERIODS = 3
FEW_PEOPLE = 5
_FEW = f"fewer than {FEW_EVENTS} conversations, or {FEW_PEOPLE} people, carry it: no interval"


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """The change of a share over a series.

    Attributes:
        periods: Whole periods it rests on.
        slope: Change of the share a period, on the line that fits best; 0.01 is one percentage point.
        first, last: Share in the first third of the periods, and in the last.
        first_until, last_from: The last period of the first third, the first of the last.
        difference: last - first.
        ratio: last / first.
    """

    periods: int
    slope: Figure
    first: Figure
    last: Figure
    first_until: str
    last_from: str
    difference: Figure
    ratio: Figure


def effect_of(shares: Shares, line: Line, rows: Rows, whole: NDArray[np.bool_]) -> Effect | None:
    """How much the share of some conversations changed.

    The slope is that of the shares on the number of the period, weighted by what the conversations of each stand for; its
    interval, and those of differences and ratios of thirds, are expanded percentile ones of the resamples (`series.expanded`).
    Where a third has fewer than ten events or people who carry them, the difference has limits by square-and-add from exact
    ones, and the ratio none; below ten events in all, or five people who carry them, the slope has none.

    Args:
        shares: Of the series.
        line: Its line.
        rows: Which conversations the line is of.
        whole: Which periods are not partial; shape (p,).

    Returns:
        None where fewer than three whole periods have a share.

    References:
        Newcombe RG (1998). Interval estimation for the difference between independent proportions. Statistics in Medicine
        17:873-890 (square-and-add).
    """
    used = np.flatnonzero(whole & np.isfinite(line.value))
    if len(used) < LEAST_PERIODS:
        return None
    third = max(1, len(used) // 3)
    names = shares.periods.names
    early, late = used[:third], used[-third:]
    first, last = _third(shares, line, rows, early), _third(shares, line, rows, late)
    n = sum(line.figures[i].n for i in used)
    return Effect(
        periods=len(used),
        slope=_slope(shares, line, rows, used),
        first=first[0],
        last=last[0],
        first_until=names[early[-1]],
        last_from=names[late[0]],
        difference=_difference(first, last, n, bridged=shares.bridged),
        ratio=_ratio(first, last, n),
    )


def _slope(shares: Shares, line: Line, rows: Rows, used: NDArray[np.intp]) -> Figure:
    got = shares.carried(_within(shares, rows, used))
    value, weight, draws = line.value[used], line.weight[used], line.draws[:, used]
    along = used - float(weight @ used / weight.sum())
    pull = weight * along / float(weight @ along**2)
    slope = float(pull @ value)
    rests = {"n": sum(line.figures[i].n for i in used), "events": got.events}
    if min(got.events, got.n - got.events) < FEW_EVENTS or carriers(got) < FEW_PEOPLE:
        return Figure(value=slope, reason=_FEW, **rests)
    low, high = expanded(np.where(np.isfinite(draws), draws, value) @ pull, carriers(got))
    return Figure(value=slope, low=min(low, slope), high=max(high, slope), **rests)


def _within(shares: Shares, rows: Rows, used: NDArray[np.intp]) -> Rows:
    return rows[np.isin(shares.periods.code[rows], used)]


class _Third(NamedTuple):
    """The share of several periods together, its resamples, and how many people effectively carry it."""

    figure: Figure
    draws: Floats
    people: float

    @property
    def few(self) -> bool:
        return min(self.people, self.figure.events or 0) < FEW_EVENTS


def _third(shares: Shares, line: Line, rows: Rows, which: NDArray[np.intp]) -> _Third:
    weight, value = line.weight[which], line.value[which]
    with np.errstate(invalid="ignore", divide="ignore"):
        tops = np.where(line.weights[:, which] > 0, line.draws[:, which] * line.weights[:, which], 0.0)
        draws = tops.sum(axis=1) / line.weights[:, which].sum(axis=1)
    inside = _within(shares, rows, which)
    figure, _ = shares.cell(inside)
    people = carriers(shares.carried(inside))
    share = float(weight @ value / weight.sum())
    if min(people, figure.events or 0) >= FEW_EVENTS:
        low, high = expanded(draws, people)
        figure = msgspec.structs.replace(figure, value=share, low=min(low, share), high=max(high, share))
    elif shares.bridged:
        figure = msgspec.structs.replace(figure, value=share, low=None, high=None, reason=_FEW)
    return _Third(figure, draws, people)


def _difference(first: _Third, last: _Third, n: int, *, bridged: bool) -> Figure:
    value = (last.figure.value or 0.0) - (first.figure.value or 0.0)
    if bridged and (first.few or last.few):
        return Figure(value=value, n=n, reason=_FEW)
    if not (first.few or last.few):
        low, high = expanded(last.draws - first.draws, min(first.people, last.people))
        return Figure(value=value, low=min(low, value), high=max(high, value), n=n)
    (l1, u1), (l2, u2) = _around(last.figure), _around(first.figure)
    return Figure(value=value, low=value - math.hypot(l1, u2), high=value + math.hypot(u1, l2), n=n)


def _around(figure: Figure) -> tuple[float, float]:
    """How far the limits of a share lie from it."""
    value = figure.value or 0.0
    return value - (figure.low or 0.0), (1.0 if figure.high is None else figure.high) - value


def _ratio(first: _Third, last: _Third, n: int) -> Figure:
    if first.few or last.few:
        return Figure(n=n, reason=f"fewer than {FEW_EVENTS} reach it in a third")
    value = (last.figure.value or 0.0) / (first.figure.value or math.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = expanded(last.draws / first.draws, min(first.people, last.people))
    return Figure(value=value, low=min(low, value), high=max(high, value), n=n)
