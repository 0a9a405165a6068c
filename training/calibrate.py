"""From scores to probabilities and levels, on scores of conversations that the model had not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.measure import quadratic_kappa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EXACT_GAIN = 0.5  # kappa given up for the share of conversations with exactly the labelled level
BEYOND_ONE_COST = 1.0  # kappa given up for the share of conversations that are off by more than one level
_SMALL = 1e-9


def sigmoid(x: Floats) -> Floats:
    """Logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0))))


def platt(features: Floats, truth: NDArray[np.bool_], weight: Floats) -> tuple[Floats, float]:
    """Logistic regression of `truth` on `features` (n, k), lightly held: (slopes, intercept)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10.0, max_iter=1000).fit(features, truth, sample_weight=weight)
    return np.asarray(model.coef_[0], dtype=np.float64), float(model.intercept_[0])


def ordinal(score: Floats, level: Ints, weight: Floats) -> tuple[float, Floats]:
    """Proportional odds: P(level >= j) = sigmoid(slope * score + cut[j - 1]); cuts fall. Returns (slope, cuts (3,))."""
    from scipy.optimize import minimize

    def unpack(p: Floats) -> tuple[float, Floats]:
        return float(np.exp(p[0])), np.array([p[1], p[1] - np.exp(p[2]), p[1] - np.exp(p[2]) - np.exp(p[3])])

    def loss(p: Floats) -> float:
        slope, cut = unpack(p)
        above = sigmoid(slope * score[:, None] + cut)
        edges = np.concatenate([np.ones((len(score), 1)), above, np.zeros((len(score), 1))], axis=1)
        probability = (edges[:, :-1] - edges[:, 1:])[np.arange(len(score)), level]
        return float(-(weight * np.log(probability + _SMALL)).sum() / weight.sum() + 1e-3 * (p[2] ** 2 + p[3] ** 2))

    best = minimize(
        loss,
        np.array([1.0, -2.0, 0.0, 0.0]),
        method="Nelder-Mead",
        options={"maxiter": 4000, "xatol": 1e-6, "fatol": 1e-9},
    )
    return unpack(best.x)


def level_probabilities(score: Floats, slope: float, cut: Floats) -> Floats:
    """Probabilities of the four levels, shape (n, 4)."""
    above = sigmoid(slope * score[:, None] + cut)
    edges = np.concatenate([np.ones((len(score), 1)), above, np.zeros((len(score), 1))], axis=1)
    return np.asarray(edges[:, :-1] - edges[:, 1:])


def level_thresholds(score: Floats, level: Ints, weight: Floats) -> Floats:
    """Three rising thresholds that make kappa best, with a gain for exact levels and a cost for those off by more than one.

    Coordinate search over quantiles of the score, from thresholds that reproduce the labels' own shares.
    """
    grid = np.unique(np.quantile(score, np.linspace(0.2, 0.999, 120)))
    ordered = np.sort(score)[::-1]
    at = np.array([ordered[max(0, int((level >= j).sum()) - 1)] for j in (1, 2, 3)])

    def gain(thresholds: Floats) -> float:
        rated = (score[:, None] >= thresholds).sum(axis=1)
        off = np.abs(rated - level)
        beyond, exact = ((weight * part).sum() / weight.sum() for part in (off > 1, off == 0))
        return weighted_kappa(level, rated, weight) - BEYOND_ONE_COST * float(beyond) + EXACT_GAIN * float(exact)

    best = gain(at)
    for _ in range(6):
        before = best
        for j in range(3):
            for candidate in grid:
                trial = at.copy()
                trial[j] = candidate
                if np.all(np.diff(trial) >= 0):
                    value = gain(trial)
                    if value > best + 1e-9:
                        best, at = value, trial
        if best == before:
            break
    return at


def weighted_kappa(truth: Ints, rated: Ints, weight: Floats) -> float:
    """Quadratic kappa with a weight per conversation."""
    if np.all(weight == weight[0]):
        return quadratic_kappa(truth, rated)
    seen = np.zeros((4, 4))
    np.add.at(seen, (truth, rated), weight)
    off = (np.arange(4)[:, None] - np.arange(4)[None, :]) ** 2.0
    chance = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / seen.sum()
    expected = float((off * chance).sum())
    return float("nan") if expected == 0 else 1.0 - float((off * seen).sum()) / expected


@dataclass
class Calibration:
    """Everything between scores and what the judge says."""

    slope: Floats  # (7,)
    cut: Floats  # (7, 3)
    threshold: Floats  # (7, 3)
    flag_slope: Floats
    flag_cut: float
    keep_slope: Floats
    keep_cut: float
