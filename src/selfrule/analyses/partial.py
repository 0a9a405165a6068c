"""Periods that hold only a part of what they would: where the data begin or end inside them, and where far fewer came."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.periods import Periods

BEGIN, END, FEW = "the data begin inside it", "the data end inside it", "far fewer conversations than around it"
DAY = 86_400_000
FAR_FEWER = 0.25  # of the median of the periods around it
AROUND = 2  # periods on either side that a period is held against
LEAST = 20.0  # conversations around a period below which their number says nothing


def partial_of(periods: Periods, at: NDArray[np.int64], weight: NDArray[np.float64]) -> list[str | None]:
    """Why each period is partial, None where it is not.

    The first one is where the data begin more than a day after it does, unless conversations come so seldom that a start that
    late is no surprise (three times the mean distance of its days with one, which chance passes once in twenty); the last
    one likewise. Any period is that has less than a quarter of the conversations of the periods around it (the median of two
    on either side, those that are partial at the ends left out).

    Args:
        periods: From `periods_of`.
        at: Times, as given to it; shape (n,).
        weight: What each conversation stands for; shape (n,).

    Returns:
        One reason or None a period.
    """
    p = len(periods)
    found: list[str | None] = [None] * p
    if not p:
        return found
    there = periods.code >= 0
    code, when = periods.code[there], at[there]
    first, last = int(when.min()), int(when.max())
    if first - int(periods.starts[0]) > max(DAY, 3 * _distance(when[code == 0], when)):
        found[0] = BEGIN
    if int(periods.starts[-1]) - last > max(DAY, 3 * _distance(when[code == p - 1], when)):
        found[-1] = END if found[-1] is None else "the data begin and end inside it"
    size = np.bincount(code, weights=weight[there], minlength=p)
    for i in range(p):
        around = [j for j in range(max(0, i - AROUND), min(p, i + AROUND + 1)) if j != i and size[j] and not found[j]]
        usual = float(np.median(size[around])) if around else 0.0
        if found[i] is None and 0 < size[i] < FAR_FEWER * usual and usual >= LEAST:
            found[i] = FEW
    return found


def _distance(inside: NDArray[np.int64], when: NDArray[np.int64]) -> float:
    """Mean time between the days with a conversation in a period, or in all periods where it has one such day alone."""
    days = np.unique(inside // DAY)
    if len(days) < 2:
        days = np.unique(when // DAY)
    return DAY * float(days[-1] - days[0]) / max(len(days) - 1, 1)
