"""What can be worked out of a number that is not shown, from those that are: its bounds, by linear programming."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_INF = math.inf


@dataclass
class Known:
    """What is known of some counts: of each its own bounds, and bounds of sums of several.

    Attributes:
        bounds: By name, the least and the most that a count may be.
        sums: Coefficients by name, and the bounds of the sum.
    """

    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    sums: list[tuple[dict[str, float], float, float]] = field(default_factory=list)

    def about(self, name: str, low: float = 0.0, high: float = _INF) -> None:
        """Narrow the bounds of one count."""
        was = self.bounds.get(name, (0.0, _INF))
        self.bounds[name] = (max(was[0], low), min(was[1], high))

    def parts(self, whole: str, parts: Sequence[str]) -> None:
        """A count is the sum of others."""
        for name in (whole, *parts):
            self.about(name)
        self.sums.append(({whole: 1.0} | dict.fromkeys(parts, -1.0), 0.0, 0.0))

    def ratio(self, part: str, whole: str, low: float, high: float) -> None:
        """A count is at least `low` and at most `high` times another."""
        self.about(part)
        self.about(whole)
        self.sums.append(({part: 1.0, whole: -low}, 0.0, _INF))
        self.sums.append(({part: 1.0, whole: -high}, -_INF, 0.0))


def solved(known: Known, wanted: Sequence[str]) -> dict[str, tuple[int, int]]:
    """The least and the most that each count may be, given all that is known; whole numbers.

    Args:
        known: What is known.
        wanted: Names of the counts.

    Returns:
        By name. A count without an upper bound has -1 for the most; what contradicts itself is left out.
    """
    import numpy as np
    from scipy.optimize import linprog

    names = list(known.bounds)
    at = {name: i for i, name in enumerate(names)}
    upper, upper_of, equal, equal_of = [], [], [], []
    for terms, low, high in known.sums:
        row = np.zeros(len(names))
        for name, factor in terms.items():
            row[at[name]] += factor
        if low == high:
            equal.append(row)
            equal_of.append(low)
            continue
        if high < _INF:
            upper.append(row)
            upper_of.append(high)
        if low > -_INF:
            upper.append(-row)
            upper_of.append(-low)
    limits = [(low, None if high == _INF else high) for low, high in known.bounds.values()]
    found: dict[str, tuple[int, int]] = {}
    for name in wanted:
        ends = []
        for sign in (1.0, -1.0):
            cost = np.zeros(len(names))
            cost[at[name]] = sign
            got = linprog(
                cost,
                A_ub=np.array(upper) if upper else None,
                b_ub=upper_of or None,
                A_eq=np.array(equal) if equal else None,
                b_eq=equal_of or None,
                bounds=limits,
                method="highs",
            )
            ends.append(got)
        if ends[0].status != 0:
            continue
        low = math.ceil(float(ends[0].fun or 0.0) - 1e-6)
        most = math.floor(-float(ends[1].fun or 0.0) + 1e-6) if ends[1].status == 0 else -1
        found[name] = (low, most)
    return found


def pinned(bounds: Mapping[str, tuple[int, int]], k: int) -> list[str]:
    """Which counts are known to be some and fewer than k."""
    return [name for name, (low, high) in bounds.items() if low >= 1 and 0 <= high < k]
