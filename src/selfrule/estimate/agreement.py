"""How well two sets of ratings agree, each figure with an interval from resampling groups.

Groups (conversations, families of near-copies, persons) are resampled whole. What is undefined is None with a reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.estimate.bootstrap import DRAWS, resampled_sums, resampled_weights
from selfrule.estimate.measure import Measure, group_codes, measured


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of ratings with labels.

    Attributes:
        n: Pairs compared.
        dropped: Pairs left out because one side was missing.
        groups: Groups resampled.
        exact: Share of pairs on the same level.
        within_one: Share at most one level apart.
        kappa: Quadratic-weighted kappa; 1 is perfect, 0 as by chance from the margins, below 0 worse.
        alpha: Krippendorff's alpha for ordinal data; 1 is perfect, 0 as by chance.
        confusion: Counts; rows are labels, columns ratings.
    """

    n: int
    dropped: int
    groups: int
    exact: Measure
    within_one: Measure
    kappa: Measure
    alpha: Measure
    confusion: tuple[tuple[int, ...], ...]


def agreement(
    labels: NDArray[np.integer],
    ratings: NDArray[np.integer],
    group: NDArray[np.integer] | None = None,
    *,
    levels: int = 4,
    draws: int = DRAWS,
    seed: int = 0,
) -> Agreement:
    """Agreement of ratings with labels on ordered levels.

    Args:
        labels: Level of each item, -1 where missing; shape (n,).
        ratings: Likewise.
        group: Code of the group each item is resampled with, at least 0; its own where None. To pool constructs, pass
            them one after another with the conversation's code as group.
        levels: Number of levels.
        draws: Resamples.
        seed: Of the resampling.

    Returns:
        All figures, and the confusion table.

    References:
        Cohen J (1968). Weighted kappa. Psychological Bulletin 70:213-220 (weights (i - j)^2). Krippendorff: see
        `krippendorff`. Bootstrap by group: Davison and Hinkley (1997), Bootstrap Methods and their Application, 3.8.
    """
    labels, ratings = np.asarray(labels), np.asarray(ratings)
    if labels.shape != ratings.shape or labels.ndim != 1:
        raise UsageError(f"'labels' and 'ratings' must be vectors of one length. Got {labels.shape}, {ratings.shape}.")
    _check_levels(levels, labels, ratings)
    both = (labels >= 0) & (ratings >= 0)
    codes, groups = group_codes(group, both)
    cell = (codes * levels + labels[both]) * levels + ratings[both]
    tables = np.bincount(cell, minlength=groups * levels**2).astype(float).reshape(groups, levels, levels)
    whole = tables.sum(axis=0)
    resampled = _resampled(tables, draws, seed)
    return Agreement(
        n=int(both.sum()),
        dropped=int((~both).sum()),
        groups=groups,
        exact=measured(_near(whole, 0), _near(resampled, 0), groups, proportion=True),
        within_one=measured(_near(whole, 1), _near(resampled, 1), groups, proportion=True),
        kappa=measured(_kappa(whole), _kappa(resampled), groups),
        alpha=measured(_alpha(_both_ways(whole)), _alpha(_both_ways(resampled)), groups),
        confusion=tuple(tuple(int(v) for v in row) for row in whole),
    )


def krippendorff(
    values: NDArray[np.integer],
    group: NDArray[np.integer] | None = None,
    *,
    levels: int = 4,
    draws: int = DRAWS,
    seed: int = 0,
) -> Measure:
    """Krippendorff's alpha for ordinal data, any number of raters, values missing or not.

    alpha = 1 - (N - 1) sum o_ck d_ck / sum n_c n_k d_ck over c < k, with coincidences o_ck (each ordered pair of values
    of one item, over its number of values less one), n_c their margins, N their sum, and the ordinal distance d_ck =
    (n_c / 2 + n_(c+1) + ... + n_k / 2)^2.

    Args:
        values: Level given by each rater to each item, -1 where missing; shape (raters, items).
        group: Code of the group of each item; shape (items,).
        levels: Number of levels.
        draws: Resamples.
        seed: Of the resampling.

    Returns:
        Alpha; None where fewer than two values of any item can be paired, or all values are equal.

    References:
        Krippendorff K (2011). Computing Krippendorff's alpha-reliability. University of Pennsylvania.
        https://repository.upenn.edu/asc_papers/43
    """
    values = np.asarray(values)
    if values.ndim != 2:
        raise UsageError(f"'values' must have shape (raters, items). Got {values.shape} instead.")
    _check_levels(levels, values)
    # items on which all raters gave the same values have one table: there are few such patterns, and many items
    patterns, pattern = _patterns(values, levels)
    counts = (patterns[:, :, None] == np.arange(levels)).sum(axis=1).astype(float)
    size = counts.sum(axis=1)
    coincidence = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(levels)
    coincidence /= np.maximum(size - 1, 1)[:, None, None]
    paired = (size > 1)[pattern]
    codes, groups = group_codes(group, paired)
    pattern = pattern[paired]
    tables = np.zeros((groups, levels, levels))
    for at in np.ndindex(levels, levels):
        tables[:, at[0], at[1]] = np.bincount(codes, weights=coincidence[pattern, at[0], at[1]], minlength=groups)
    return measured(_alpha(tables.sum(axis=0)), _alpha(_resampled(tables, draws, seed)), groups)


def auroc(
    truth: NDArray[np.bool_],
    score: NDArray[np.floating],
    group: NDArray[np.integer] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Measure:
    """Area under the ROC curve: the chance that a true item scores above a false one, ties counted half.

    Args:
        truth: Whether each item is positive; shape (n,).
        score: Higher means positive; items whose score is not a number are left out; shape (n,).
        group: Code of the group of each item, at least 0; shape (n,).
        draws: Resamples.
        seed: Of the resampling.

    Returns:
        The area; 0.5 is chance. None where one class is absent.

    References:
        Hanley JA, McNeil BJ (1982). Radiology 143:29-36. doi:10.1148/radiology.143.1.7063747
    """
    truth, score = np.asarray(truth, dtype=bool), np.asarray(score, dtype=float)
    if truth.shape != score.shape or truth.ndim != 1:
        raise UsageError(f"'truth' and 'score' must be vectors of one length. Got {truth.shape}, {score.shape}.")
    there = ~np.isnan(score)
    codes, groups = group_codes(group, there)
    truth = truth[there]
    _, place = np.unique(score[there], return_inverse=True)
    values = np.full(draws, math.nan)
    for draw, weights in enumerate(resampled_weights(groups, draws, seed) if groups else []):
        values[draw] = _area(truth, place, weights[codes])
    return measured(np.asarray(_area(truth, place, np.ones(len(truth)))), values, groups)


def _check_levels(levels: int, *arrays: NDArray[np.integer]) -> None:
    for array in arrays:
        if array.size and not (array.min() >= -1 and array.max() < levels):
            raise UsageError(f"Levels must be in [-1, {levels - 1}]. Got {array.min()} to {array.max()} instead.")


def _patterns(values: NDArray[np.integer], levels: int) -> tuple[NDArray[np.integer], NDArray[np.intp]]:
    """The different columns of values, shape (patterns, raters), and which of them each item has; shape (items,)."""
    raters, items = values.shape
    if raters * np.log2(levels + 1) >= 62:
        found, inverse = np.unique(values.T, axis=0, return_inverse=True)
        return found, inverse.reshape(items)
    code = np.zeros(items, dtype=np.int64)
    for row in values:
        code = code * (levels + 1) + (row + 1)
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    return values[:, first].T, inverse


def _resampled(tables: NDArray[np.float64], draws: int, seed: int) -> NDArray[np.float64]:
    groups, levels, _ = tables.shape
    return resampled_sums(tables.reshape(groups, levels * levels), draws, seed).reshape(draws, levels, levels)


def _both_ways(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coincidences of two raters from their confusion table."""
    return table + np.swapaxes(table, -1, -2)


def _apart(levels: int) -> NDArray[np.float64]:
    at = np.arange(levels, dtype=float)
    return np.abs(at[:, None] - at)


def _near(table: NDArray[np.float64], far: int) -> NDArray[np.float64]:
    n = table.sum(axis=(-1, -2))
    return _ratio((table * (_apart(table.shape[-1]) <= far)).sum(axis=(-1, -2)), n)


def _kappa(table: NDArray[np.float64]) -> NDArray[np.float64]:
    weight = _apart(table.shape[-1]) ** 2
    by_chance = table.sum(axis=-1)[..., :, None] * table.sum(axis=-2)[..., None, :]
    n = table.sum(axis=(-1, -2))
    return 1 - _ratio((weight * table).sum(axis=(-1, -2)) * n, (weight * by_chance).sum(axis=(-1, -2)))


def _alpha(coincidence: NDArray[np.float64]) -> NDArray[np.float64]:
    margin = coincidence.sum(axis=-1)
    below = np.cumsum(margin, axis=-1) - margin / 2
    distance = (below[..., :, None] - below[..., None, :]) ** 2
    seen = (coincidence * distance).sum(axis=(-1, -2))
    by_chance = (margin[..., :, None] * margin[..., None, :] * distance).sum(axis=(-1, -2))
    return 1 - _ratio(seen * (margin.sum(axis=-1) - 1), by_chance)


def _area(truth: NDArray[np.bool_], place: NDArray[np.intp], weight: NDArray[np.float64]) -> float:
    size = int(place.max()) + 1 if len(place) else 0
    positive = np.bincount(place[truth], weights=weight[truth], minlength=size)
    negative = np.bincount(place[~truth], weights=weight[~truth], minlength=size)
    pairs = float(positive.sum() * negative.sum())
    return float(positive @ (np.cumsum(negative) - negative / 2)) / pairs if pairs else math.nan


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    undefined = np.full(np.shape(bottom), math.nan)
    result: NDArray[np.float64] = np.divide(top, bottom, out=undefined, where=np.asarray(bottom) != 0)
    return result
