"""Likeness of one person's conversations across strata: a person's screened-in and screened-out ones are alike too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.clusters import corrected


@dataclass(frozen=True, slots=True)
class Across:
    """Persons of both strata together.

    Attributes:
        index: Person of each rated conversation, one array a stratum.
        size: Conversations of each person in each stratum (rated or not; or what the rated stand for); shape (2, k).
    """

    index: tuple[NDArray[np.int64], NDArray[np.int64]]
    size: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in one stratum: its rated conversations, in the order of `Across.index`.

    Attributes:
        known: Which of them were rated on this construct, or None for all.
        hits: Which of those reach the level.
        weight: What each of those stands for, one number where all alike.
        share: Weighted share of hits.
        variance: Variance of that share if each conversation had its own person.
    """

    known: NDArray[np.bool_] | None
    hits: NDArray[np.bool_]
    weight: NDArray[np.float64] | float
    share: float
    variance: float


def variance(across: Across, seen: Sequence[Seen], part: float) -> float:
    """Variance of the combined share between persons.

    Taylor-linearised: person i adds u_i = sum over strata of w (y - p_h) over their rated conversations, plus
    m_ih (p_h - p) for their m_ih conversations in the stratum; V = k / (k - 1) sum u_i^2 / M^2. What it has above the
    variance of independent conversations is corrected for noise and few persons as in `clusters.clustering`.

    Args:
        across: Persons of both strata.
        seen: What was seen in each of the two strata.
        part: Weight of the first stratum.

    Returns:
        The variance; 0 where nobody differs from anybody.

    References:
        Cochran WG (1977). Sampling Techniques, 12.2. Saerndal CE, Swensson B, Wretman J (1992). Model Assisted Survey
        Sampling, 5.5 (linearisation) and 9.3 (two phases).
    """
    first, second = seen
    share = part * first.share + (1 - part) * second.share
    k, total = across.size.shape[1], float(across.size.sum())
    alone = part**2 * first.variance + (1 - part) ** 2 * second.variance
    alone += part * (1 - part) * (first.share - second.share) ** 2 / total
    if k < 2 or not alone > 0:
        return 0.0
    off = across.size[0] * (first.share - share) + across.size[1] * (second.share - share)
    stood = 0.0
    rated = np.zeros(k)
    for index, stratum in zip(across.index, seen, strict=True):
        who = index if stratum.known is None else index[stratum.known]
        rated += np.bincount(who, weights=stratum.weight * (stratum.hits - stratum.share), minlength=k)
        stood += float(np.sum(stratum.weight)) if np.ndim(stratum.weight) else float(stratum.weight) * len(who)
    squares = (rated / stood + off / total) ** 2
    square, fourth = float(squares.sum()), float((squares**2).sum())
    people = total**2 / float((across.size.sum(axis=0) ** 2).sum())
    ratio = k / (k - 1) * square / alone
    return alone * corrected(ratio, 1.0, square, fourth, k, people, total)
