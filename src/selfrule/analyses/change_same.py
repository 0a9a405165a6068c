"""The people who are on both sides of a change: how much of the difference is within the same people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.change_figures import Array, Figures
from selfrule.analyses.change_records import SamePeople
from selfrule.analyses.figures import share
from selfrule.analyses.resampling import Resampler
from selfrule.analyses.sample import Mask, Sample
from selfrule.estimate.cells import Outcome

LEAST_BOTH = 10
"""People on both sides below whom nothing is said of the same people."""


def same_people(
    sample: Sample, side: NDArray[np.int64], hits: Mask, resampler: Resampler, outcome: Outcome
) -> SamePeople | None:
    """Shares of the people who are on both sides, and their difference split between and within people.

    Kitagawa's split with each person as a group: with x a person's share of the conversations of these people on a side and r
    their rate there, within = sum bar x (r2 - r1), between = sum (x2 - x1) bar r.

    Args:
        sample: Rated conversations of both sides.
        side: 0 or 1; shape (n,).
        hits: Which reach the outcome; shape (n,).
        resampler: Of the sample.
        outcome: What is counted.

    Returns:
        None where fewer than ten known people are on both sides.

    References:
        Kitagawa EM (1955). Components of a difference between two rates. JASA 50:1168-1194.
    """
    key = sample.cluster * 2 + side
    weights = (sample.weight, sample.weight * hits)
    n, y = (
        np.bincount(key, weights=w, minlength=2 * sample.clusters).reshape(-1, 2).astype(np.float64) for w in weights
    )
    starts = np.flatnonzero(np.diff(sample.cluster, prepend=-1))
    both = (sample.person[starts] >= 0) & (n.min(axis=1) > 0)
    if np.count_nonzero(both) < LEAST_BOTH:
        return None
    rows, n_both, y_both = starts[both], n[both], y[both]
    moved = y_both[:, 1] / n_both[:, 1] - y_both[:, 0] / n_both[:, 0]

    def sums(of: Array, at: NDArray[np.intp]) -> Array:
        return np.concatenate([[of.sum()], resampler.sums(of, rows=at)[:, 0]])

    size = [sums(n_both[:, s], rows) for s in (0, 1)]
    with np.errstate(invalid="ignore", divide="ignore"):
        traffic = [size[s] / sums(n[:, s], starts) for s in (0, 1)]
        rates = [sums(y_both[:, s], rows) / size[s] for s in (0, 1)]
        within = (sums(n_both[:, 0] * moved, rows) / size[0] + sums(n_both[:, 1] * moved, rows) / size[1]) / 2
    theirs = both[sample.cluster]
    figure = Figures.of(sample.where(theirs), side[theirs], hits[theirs])
    first, second = (share(sample, theirs & (side == s), outcome) for s in (0, 1))
    difference = rates[1] - rates[0]
    return SamePeople(
        first_traffic=figure.traffic(traffic[0], first.n, first.persons),
        second_traffic=figure.traffic(traffic[1], second.n, second.persons),
        first=first,
        second=second,
        difference=figure(difference),
        within=figure(within),
        between=figure(difference - within),
    )
