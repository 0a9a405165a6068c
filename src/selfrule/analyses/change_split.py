"""The split itself: a difference of two shares into mix and rate, dimension by dimension and group by group.

In every resample at once: arrays have the resamples as their first axis, the figure itself being the first of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.change_groups import Dimension, Entries
from selfrule.analyses.resampling import Resampler

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Split:
    """A difference split. B is 1 + resamples; all values are differences of shares except where said.

    Attributes:
        shares: Share of each side that reaches the outcome; shape (B, 2).
        difference: Second less first; shape (B,).
        rate: What goes with rates within like conversations; shape (B,).
        mix: What goes with the mix, all dimensions together; shape (B,).
        traffic: By dimension, each group's share of each side; shape (B, 2, groups).
        rates: By dimension, the share of each group that reaches the outcome; shape (B, 2, groups).
        mix_of: By dimension, what goes with each group's traffic; shape (B, groups).
        rate_of: By dimension, what goes with the rate in each group; shape (B, groups).
    """

    shares: Array
    difference: Array
    rate: Array
    mix: Array
    traffic: list[Array]
    rates: list[Array]
    mix_of: list[Array]
    rate_of: list[Array]


@dataclass(frozen=True)
class Moments:
    """Sums of both sides: per side, per group, and per pair of groups of two dimensions, all over the side's weight."""

    share: Array
    traffic: list[Array]
    hits: list[Array]
    pairs: dict[tuple[int, int], Array]


def moments(entries: Entries, dimensions: list[Dimension], resampler: Resampler | None) -> Moments:
    """What the split is made of.

    Args:
        entries: Of both sides.
        dimensions: Their groups.
        resampler: Of the conversations that the entries are of; None for the figure alone.
    """

    def sums(weight: Array, key: NDArray[np.int64], keys: int) -> Array:
        whole = np.bincount(key, weights=weight, minlength=keys)[None]
        drawn = [] if resampler is None else [resampler.sums(weight, key, keys, rows=entries.of)]
        return np.concatenate([whole, *drawn])

    hit = entries.weight * entries.hit
    total = sums(entries.weight, entries.side, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        over = 1 / total[:, :, None]
        share = sums(hit, entries.side, 2) / total
    traffic, hits, pairs = list[Array](), list[Array](), dict[tuple[int, int], Array]()
    for a, one in enumerate(dimensions):
        na = len(one.names)
        key = entries.side * na + one.code
        traffic.append(sums(entries.weight, key, 2 * na).reshape(-1, 2, na) * over)
        hits.append(sums(hit, key, 2 * na).reshape(-1, 2, na) * over)
        for c in range(a + 1, len(dimensions)):
            nc = len(dimensions[c].names)
            table = sums(entries.weight, key * nc + dimensions[c].code, 2 * na * nc).reshape(-1, 2, na, nc)
            pairs[a, c] = table * over[..., None]
    return Moments(share, traffic, hits, pairs)


def gram(of: Moments) -> tuple[Array, Array]:
    """Normal equations of a linear model on all groups but the first of each dimension: shapes (B, 2, K, K) and (B, 2, K)."""
    at = np.cumsum([1, *(t.shape[2] - 1 for t in of.traffic)])
    k = int(at[-1])
    left, right = np.zeros((*of.share.shape, k, k)), np.zeros((*of.share.shape, k))
    left[..., 0, 0], right[..., 0] = 1.0, of.share
    for a, (traffic, hits) in enumerate(zip(of.traffic, of.hits, strict=True)):
        mine = slice(int(at[a]), int(at[a + 1]))
        left[..., 0, mine] = left[..., mine, 0] = traffic[..., 1:]
        left[..., mine, mine] = traffic[..., 1:, None] * np.eye(traffic.shape[2] - 1)
        right[..., mine] = hits[..., 1:]
        for c in range(a + 1, len(of.traffic)):
            other = slice(int(at[c]), int(at[c + 1]))
            left[..., mine, other] = of.pairs[a, c][..., 1:, 1:]
            left[..., other, mine] = np.swapaxes(of.pairs[a, c][..., 1:, 1:], -1, -2)
    return left, right


def told_apart(of: Moments) -> bool:
    """Whether the groups of every dimension can be told from those of the others on both sides."""
    left = gram(of)[0][0]
    return all(int(np.linalg.matrix_rank(side, tol=1e-9, hermitian=True)) == len(side) for side in left)


def split(of: Moments) -> Split:
    """Kitagawa, Oaxaca and Blinder's two-fold decomposition with both sides as equal references.

    Each side has a linear probability model of the outcome on the groups of all dimensions, y = a + sum b_d(i), by weighted
    least squares, in which a conversation of several domains counts as a part in each. With x the traffic of groups and bars
    for means of both sides, the difference is

        sum over dimensions of  sum_j (x2_j - x1_j) bar b_j     what goes with mix, dimension by dimension
        + (a2 - a1) + sum_j bar x_j (b2_j - b1_j)               what goes with rates within like conversations

    exactly, for least squares reproduces each side's share; there is no interaction left over. With one dimension it is
    Kitagawa's formula for standardised rates.

    Group by group, so that the sums are kept whichever group a model omits: mix_j = (x2_j - x1_j) (bar b_j - sum_k bar x_k bar
    b_k), so that a group with less than the usual rate that grows counts down; and rate_j is the mean, over conversations of
    both sides, of what the second side's model gives them less what the first's does, taken over those of group j.

    Args:
        of: The sums of both sides.

    References:
        Kitagawa EM (1955). Components of a difference between two rates. JASA 50:1168-1194. Oaxaca R (1973). Male-female wage
        differentials in urban labor markets. International Economic Review 14:693-709. Blinder AS (1973). Wage
        discrimination. Journal of Human Resources 8:436-455. Reimers CW (1983). Labor market discrimination against Hispanic
        and black men. Review of Economics and Statistics 65:570-579 (equal weights). Jann B (2008). The Blinder-Oaxaca
        decomposition for linear regression models. Stata Journal 8:453-479 (groups: what depends on the omitted one).
    """
    left, right = gram(of)
    lost = ~np.isfinite(right).all(axis=(1, 2)) | ~np.isfinite(left).all(axis=(1, 2, 3))
    left[lost], right[lost] = 0.0, 0.0
    model = (np.linalg.pinv(left, rcond=1e-10, hermitian=True) @ right[..., None])[..., 0]
    at = np.cumsum([1, *(t.shape[2] - 1 for t in of.traffic)])
    slopes = [
        np.concatenate([np.zeros((*model.shape[:2], 1)), model[..., at[a] : at[a + 1]]], axis=2)
        for a in range(len(of.traffic))
    ]
    mix_of = list[Array]()
    for traffic, slope in zip(of.traffic, slopes, strict=True):
        usual, mean = slope.mean(axis=1), traffic.mean(axis=1)
        centre = (usual * mean).sum(axis=1, keepdims=True)
        mix_of.append((traffic[:, 1] - traffic[:, 0]) * (usual - centre))
    rate_of = list[Array]()
    moved = [s[:, 1] - s[:, 0] for s in slopes]
    for a, traffic in enumerate(of.traffic):
        mean = traffic.mean(axis=1)
        got = mean * ((model[:, 1, 0] - model[:, 0, 0])[:, None] + moved[a])
        for c, other in enumerate(moved):
            if c != a:
                pair = of.pairs[a, c] if a < c else np.swapaxes(of.pairs[c, a], -1, -2)
                got = got + np.einsum("bjl,bl->bj", pair.mean(axis=1), other)
        rate_of.append(got)
    difference = of.share[:, 1] - of.share[:, 0]
    mix = sum((m.sum(axis=1) for m in mix_of), np.zeros(len(difference)))
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = [hits / traffic for hits, traffic in zip(of.hits, of.traffic, strict=True)]
    return Split(of.share, difference, difference - mix, mix, of.traffic, rates, mix_of, rate_of)
