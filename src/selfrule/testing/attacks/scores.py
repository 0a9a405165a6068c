"""How well a score tells two groups apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Auc:
    """The chance that one of the first group scores higher than one of the second (ties count half), with its 95 % interval.

    0.5 is a coin, 1 certainty.
    """

    value: float
    low: float
    high: float


def auc(first: Sequence[float], second: Sequence[float]) -> Auc:
    """The area under the curve of two groups of scores; Hanley and McNeil (1982) for its interval.

    >>> auc([2, 3], [0, 1]).value
    1.0
    """
    if not first or not second:
        return Auc(0.5, 0.0, 1.0)
    a, b = np.asarray(first, float), np.sort(np.asarray(second, float))
    below, upto = np.searchsorted(b, a, "left"), np.searchsorted(b, a, "right")
    value = float((below + upto).mean() / 2 / len(b))
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    n, m = len(a), len(b)
    spread = (value * (1 - value) + (n - 1) * (q1 - value**2) + (m - 1) * (q2 - value**2)) / (n * m)
    half = 1.96 * math.sqrt(max(spread, 0.25 / (n * m)))
    return Auc(value, max(0.0, value - half), min(1.0, value + half))
