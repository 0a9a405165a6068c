"""A figure with an interval from resampling groups, or with the reason why it has none."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.estimate.bootstrap import percentile
from selfrule.estimate.intervals import Interval, clopper_pearson

FEWEST_GROUPS = 5
MOST_UNDEFINED = 0.05


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its 95 % interval; `reason` says why one of them is None."""

    value: float | None
    low: float | None
    high: float | None
    reason: str | None = None


def measured(
    value: NDArray[np.float64], resampled: NDArray[np.float64], groups: int, *, proportion: bool = False
) -> Measure:
    """A figure with its percentile interval, or with the reason why there is none.

    Args:
        value: The figure; not a number where undefined.
        resampled: The same of each resample.
        groups: Groups resampled.
        proportion: Whether it is a share of items: where all or none of them agree its interval is the exact one of so
            many groups, for resampling would claim certainty.

    Returns:
        The figure, its limits, or a reason.
    """
    point = float(value)
    if math.isnan(point):
        return Measure(None, None, None, "undefined: nothing to compare, or no variation")
    if groups < FEWEST_GROUPS:
        return Measure(point, None, None, f"fewer than {FEWEST_GROUPS} groups: no interval")
    there = resampled[~np.isnan(resampled)]
    if len(there) < (1 - MOST_UNDEFINED) * len(resampled):
        return Measure(point, None, None, "undefined in too many resamples: no interval")
    interval = percentile(there)
    if interval.high - interval.low < 1e-12:
        if not proportion:
            return Measure(point, None, None, "no variation in the resamples: no interval")
        interval = clopper_pearson(min(max(point, 0.0), 1.0) * groups, groups)  # all or none agree: exact, on groups
    return Measure(point, *Interval(min(interval.low, point), max(interval.high, point)))


def group_codes(group: NDArray[np.integer] | None, kept: NDArray[np.bool_]) -> tuple[NDArray[np.intp], int]:
    """Dense group codes of the kept items, and the number of groups; each item its own where `group` is None."""
    if group is None:
        n = int(np.count_nonzero(kept))
        return np.arange(n), n
    if np.shape(group) != kept.shape:
        raise UsageError(f"'group' must have one code an item. Got {np.shape(group)} for {kept.shape} instead.")
    given = np.asarray(group)[kept]
    if given.size and given.min() >= 0 and given.max() <= 4 * given.size:  # nearly dense: counted off, not sorted
        there = np.zeros(int(given.max()) + 1, dtype=bool)
        there[given] = True
        number = np.cumsum(there) - 1
        return number[given], int(number[-1]) + 1
    found, codes = np.unique(given, return_inverse=True)
    return codes, len(found)
