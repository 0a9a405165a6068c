"""Figures of agreement with bootstrap intervals by group: kappa, exact, within one, AUROC, calibration, twins, screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def quadratic_kappa(truth: Ints, rated: Ints, levels: int = 4) -> float:
    """Cohen's kappa with quadratic weights: 1 perfect, 0 chance; NaN where either side is constant and equal."""
    seen = np.zeros((levels, levels))
    np.add.at(seen, (truth, rated), 1.0)
    weight = (np.arange(levels)[:, None] - np.arange(levels)[None, :]) ** 2.0
    by_chance = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / seen.sum()
    expected = float((weight * by_chance).sum())
    return float("nan") if expected == 0 else 1.0 - float((weight * seen).sum()) / expected


def auroc(truth: NDArray[np.bool_], score: Floats) -> float:
    """Chance that a random positive scores above a random negative, ties half; NaN without both kinds."""
    positive, negative = score[truth], score[~truth]
    if not len(positive) or not len(negative):
        return float("nan")
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    upto = np.searchsorted(ordered, positive, side="right")
    return float((below + upto).sum() / 2.0 / len(positive) / len(negative))


def calibration_error(truth: NDArray[np.bool_], probability: Floats, bins: int = 10) -> float:
    """Expected calibration error over `bins` of equal width: mean |observed share - mean probability|, weighted by size."""
    which = np.minimum((probability * bins).astype(np.int64), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = which == b
        if inside.any():
            error += abs(float(truth[inside].mean()) - float(probability[inside].mean())) * float(inside.mean())
    return error


def kept_at_recall(truth: NDArray[np.bool_], score: Floats, others: NDArray[np.bool_], recall: float) -> float:
    """Share of `others` at or above the highest threshold that keeps `recall` of the positives."""
    positive = np.sort(score[truth])
    threshold = positive[int(np.floor((1.0 - recall) * len(positive) + 1e-9))]
    return float((score[others] >= threshold).mean())


def twins_ordered(twins: Sequence[str | None], truth: Floats, score: Floats) -> tuple[int, int]:
    """Pairs of one twin group with different `truth` that `score` orders the same way, and how many such pairs there are."""
    members: dict[str, list[int]] = {}
    for i, twin in enumerate(twins):
        if twin is not None:
            members.setdefault(twin, []).append(i)
    right = total = 0
    for rows in members.values():
        for i in rows:
            for j in rows:
                if truth[i] > truth[j]:
                    total += 1
                    right += int(score[i] > score[j])
    return right, total


def by_group(
    groups: Sequence[str], figure: Callable[[Ints], float], rounds: int = 400, seed: int = 7
) -> tuple[float, float, float]:
    """A figure over all rows with its 95 % percentile interval over resampled groups: (value, low, high)."""
    names = sorted(set(groups))
    rows_of = {name: [] for name in names}  # type: dict[str, list[int]]
    for i, group in enumerate(groups):
        rows_of[group].append(i)
    arrays = [np.array(rows_of[name], dtype=np.int64) for name in names]
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(rounds):
        picked = rng.integers(0, len(arrays), len(arrays))
        value = figure(np.concatenate([arrays[p] for p in picked]))
        if np.isfinite(value):
            values.append(value)
    whole = figure(np.arange(len(groups)))
    if len(values) < rounds // 2:
        return whole, float("nan"), float("nan")
    low, high = np.percentile(values, [2.5, 97.5])
    return whole, float(low), float(high)
