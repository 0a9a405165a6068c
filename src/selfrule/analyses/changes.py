"""Where in a series a share changed: located by dynamic programming (ruptures), with the penalty that noise alone would pass
once in twenty series, and the place's uncertainty from resampled people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.bootstrap import percentile

Floats = NDArray[np.float64]
ALPHA = 0.05
LEAST_PERIODS = 6
LEAST_EVENTS = 10.0
"""Expected effective events on either side of a change: with fewer, chance alone makes one look like a change too often."""
SHORTEST = 2
MOST = 3
_NULLS = 4000
_LOCATED, _FEWEST, _LONG = (
    500,
    100,
    60,
)  # resamples that place a change; fewer where more periods than this make one slow
_MEDIAN = 0.4549364  # of chi-squared with one degree of freedom

Finding = Literal["located", "none", "gradual", "too few"]


@dataclass(frozen=True)
class Place:
    """A change between two periods of the series.

    Attributes:
        at: First period after it, an index into the series.
        first, last: 95 % interval of `at`.
        support: Share of resamples that put it at `at`.
        before, after: Share in the periods before it, back to the change before, and after it likewise.
        low, high: 95 % interval of after - before, the places taken as given.
    """

    at: int
    first: int
    last: int
    support: float
    before: float
    after: float
    low: float
    high: float


@dataclass(frozen=True)
class Changes:
    """What was found: `places` where `finding` is "located"; "none" found; "gradual": a line fits as well as a step."""

    finding: Finding
    places: tuple[Place, ...] = ()


def changes(
    value: Floats,
    draws: Floats,
    weight: Floats,
    noise: Floats,
    worth: Floats,
    *,
    alpha: float = ALPHA,
    seed: int = 0,
) -> Changes:
    """Change points of a series of shares, at most three.

    Shares are piecewise constant but for noise, whose covariance is that of the resamples (people who are in several periods
    make these alike), with at least the variance that the share of all periods gives each. The segmentation into K + 1 pieces
    minimises the weighted squared distance, K the same plus K times a penalty. The penalty is the 1 - alpha quantile, over
    4,000 series of such noise without a change, of the gain of one change or half that of two. Where shares jump about more
    than people explain (median of squared first differences), all gains are divided by how much more. A change has two
    periods and ten expected effective events on either side. A straight line is held against the steps (Akaike's criterion,
    two parameters a change, one a line): where it fits as well, no place is given.

    Args:
        value: Shares of periods that have one; shape (p,).
        draws: The same in resamples of people; shape (draws, p).
        weight: What the conversations of each stand for; shape (p,).
        noise: Variance of each over q (1 - q), q being the share of all; shape (p,).
        worth: Effective conversations of each; shape (p,).
        alpha: How often a series without a change may seem to have one.
        seed: Of the simulation.

    References:
        Truong C, Oudre L, Vayatis N (2020). Selective review of offline change point detection methods. Signal Processing
        167:107299 (ruptures). doi:10.1016/j.sigpro.2019.107299. Huskova M, Kirch C (2008). Bootstrapping confidence intervals
        for the change-point of time series. J. Time Series Analysis 29:947-972. doi:10.1111/j.1467-9892.2008.00589.x
    """
    p = len(value)
    share = float(weight @ value / weight.sum()) if p else 0.0
    expected = worth * min(share, 1 - share)
    allowed = _allowed(expected)
    if p < LEAST_PERIODS or not allowed.any():
        return Changes("too few")
    fine = np.where(np.isfinite(draws), draws, value)
    covariance = np.cov(fine, rowvar=False)
    floor = share * (1 - share) * noise
    covariance[np.diag_indices(p)] += np.maximum(floor - np.diag(covariance), 0.0)
    precision = 1 / np.diag(covariance)
    rng = np.random.default_rng(seed)
    nulls = rng.standard_normal((_NULLS, p)) @ _root(covariance).T
    penalty = float(np.quantile(_statistic(nulls, precision, covariance, allowed), 1 - alpha))
    scale = float(_jumpiness(value[None], covariance)[0])
    found = _best(value, precision / scale, expected, penalty)
    if not found:
        return Changes("none")
    if _gain_of(value, precision / scale, found) < _line_gain(value, precision / scale) - 2 + 4 * len(found):
        return Changes("gradual")
    fitted = np.concatenate([np.full(b - a, _mean(value, precision, a, b)) for a, b in _pieces(found, p)])
    count = max(_FEWEST, round(_LOCATED * min(1.0, (_LONG / p) ** 2)))
    around = fitted + np.sqrt(scale) * (fine[:count] - value)
    placed = np.array([_segment(one, precision, expected, len(found)) for one in around])
    return Changes("located", tuple(_place(k, found, placed, value, fine, weight) for k in range(len(found))))


def _place(
    k: int, found: Sequence[int], placed: NDArray[np.int64], value: Floats, draws: Floats, weight: Floats
) -> Place:
    edges = (0, *found, len(value))
    a, at, b = edges[k], edges[k + 1], edges[k + 2]
    before, after = (weight[s] / weight[s].sum() for s in (slice(a, at), slice(at, b)))
    low, high = percentile(draws[:, at:b] @ after - draws[:, a:at] @ before)
    first, last = np.percentile(placed[:, k], [2.5, 97.5])
    return Place(
        at=at,
        first=min(int(np.floor(first)), at),
        last=max(int(np.ceil(last)), at),
        support=float(np.mean(placed[:, k] == at)),
        before=float(value[a:at] @ before),
        after=float(value[at:b] @ after),
        low=low,
        high=high,
    )


def _root(covariance: Floats) -> Floats:
    """A matrix whose product with its transpose is the covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _allowed(expected: Floats) -> NDArray[np.bool_]:
    """Whether a change may stand before each period: enough periods and expected events on either side; shape (p,)."""
    p = len(expected)
    left = np.concatenate([[0.0], np.cumsum(expected)[:-1]]) if p else np.zeros(0)
    place = np.arange(p)
    enough = np.minimum(left, expected.sum() - left) >= LEAST_EVENTS
    return np.asarray((place >= SHORTEST) & (p - place >= SHORTEST) & enough)


def _statistic(series: Floats, precision: Floats, covariance: Floats, allowed: NDArray[np.bool_]) -> Floats:
    """For each series, the largest gain of one change, or half that of two, over how much more it jumps than expected."""
    mass = np.concatenate([[0.0], np.cumsum(precision)])
    pull = np.concatenate([np.zeros((len(series), 1)), np.cumsum(series * precision, axis=1)], axis=1)
    whole = pull[:, -1] ** 2 / mass[-1]
    at = np.flatnonzero(allowed)
    one = pull[:, at] ** 2 / mass[at] + (pull[:, -1:] - pull[:, at]) ** 2 / (mass[-1] - mass[at]) - whole[:, None]
    best = one.max(axis=1)
    for i in at:  # two changes: the first at i, the second at any later place
        later = at[at >= i + SHORTEST]
        if len(later):
            middle = (pull[:, later] - pull[:, i : i + 1]) ** 2 / (mass[later] - mass[i])
            right = (pull[:, -1:] - pull[:, later]) ** 2 / (mass[-1] - mass[later])
            two = (pull[:, i] ** 2 / mass[i])[:, None] + middle + right - whole[:, None]
            best = np.maximum(best, two.max(axis=1) / 2)
    return np.asarray(best / _jumpiness(series, covariance))


def _jumpiness(series: Floats, covariance: Floats) -> Floats:
    """How much further shares lie from their neighbours than people explain, at least 1; steps hardly move it."""
    variance = np.diag(covariance)
    apart = variance[1:] + variance[:-1] - 2 * np.diag(covariance, 1)
    squares = np.diff(series, axis=1) ** 2 / np.maximum(apart, 1e-300)
    return np.maximum(np.median(squares, axis=1) / _MEDIAN, 1.0)


def _best(value: Floats, precision: Floats, expected: Floats, penalty: float) -> tuple[int, ...]:
    """The change points of the best segmentation, the penalty once a change."""
    best: tuple[int, ...] = ()
    least = _distance(value, precision, ())
    for k in range(1, MOST + 1):
        if len(value) < (k + 1) * SHORTEST:
            break
        found = _segment(value, precision, expected, k)
        cost = _distance(value, precision, found) + k * penalty
        if cost < least and all(expected[a:b].sum() >= LEAST_EVENTS for a, b in _pieces(found, len(value))):
            best, least = found, cost
    return best


def _segment(value: Floats, precision: Floats, expected: Floats, k: int) -> tuple[int, ...]:
    """The best k change points, by ruptures' dynamic programming."""
    import ruptures

    search = ruptures.Dynp(custom_cost=_cost()(), min_size=SHORTEST, jump=1)
    return tuple(int(at) for at in search.fit_predict(np.column_stack([value, precision, expected]), k)[:-1])


@cache
def _cost() -> Any:
    """The class of the weighted squared distance from the mean of a segment; made late, for ruptures takes a second to load."""
    from ruptures.base import BaseCost

    class Weighted(BaseCost):  # type: ignore[misc]
        """Columns of the signal: value, precision, expected events. A segment of too few events is impossible."""

        model = "weighted"
        min_size = SHORTEST

        def fit(self, signal: Floats) -> Weighted:
            value, precision, expected = signal.T
            sums = np.cumsum([precision, precision * value, precision * value**2, expected], axis=1)
            self.signal = signal
            self._sums = [[0.0, *row] for row in sums.tolist()]
            return self

        def error(self, start: int, end: int) -> float:
            mass, pull, square, events = (s[end] - s[start] for s in self._sums)
            return 1e300 if events < LEAST_EVENTS else max(square - pull * pull / mass, 0.0)

    return Weighted


def _pieces(found: Sequence[int], p: int) -> list[tuple[int, int]]:
    return list(zip((0, *found), (*found, p), strict=True))


def _mean(value: Floats, precision: Floats, a: int, b: int) -> float:
    return float(value[a:b] @ precision[a:b] / precision[a:b].sum())


def _distance(value: Floats, precision: Floats, found: Sequence[int]) -> float:
    return sum(
        float(precision[a:b] @ (value[a:b] - _mean(value, precision, a, b)) ** 2) for a, b in _pieces(found, len(value))
    )


def _gain_of(value: Floats, precision: Floats, found: Sequence[int]) -> float:
    return _distance(value, precision, ()) - _distance(value, precision, found)


def _line_gain(value: Floats, precision: Floats) -> float:
    """How much nearer a straight line is than a constant."""
    along = np.arange(len(value)) - float(precision @ np.arange(len(value)) / precision.sum())
    return float((precision * along) @ value) ** 2 / float(precision @ along**2)
