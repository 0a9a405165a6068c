"""How often a judge is right by labels: for each level, of those that labels put there and of those that they do not.

Labels drawn by what the judge said are no picture of all conversations: where half of the labels went to what it flags, it
looks as if it found nearly everything. So there are two figures: as labelled, and weighted by the design.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.bootstrap import DRAWS, resampled_sums
from selfrule.estimate.cells import Outcome
from selfrule.estimate.clusters import Persons, clustering, persons_of
from selfrule.estimate.confirmed import Figure, Term, confirmed, missed, summed
from selfrule.estimate.intervals import CONFIDENCE, Interval
from selfrule.estimate.labelled import Labelled, sides
from selfrule.estimate.measure import Measure, group_codes, measured
from selfrule.estimate.midp import limits
from selfrule.rubric import CONSTRUCTS

NONE_LABELLED = "no label puts any conversation there"
ALL_LABELLED = "labels put every conversation there"
NONE_ASKED = "no label where the judge says so, or none where it does not"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Sensitivity and specificity of a judge for one outcome.

    Attributes:
        positives: Conversations that labels put there.
        negatives: Labelled conversations that labels do not.
        sensitivity: Of the first, the share that the judge puts there too.
        specificity: Of the second, the share that the judge does not put there either.
    """

    positives: int
    negatives: int
    sensitivity: Measure
    specificity: Measure


def plain_accuracy(labelled: NDArray[np.bool_], judged: NDArray[np.bool_], person: NDArray[np.integer]) -> Accuracy:
    """Accuracy as labelled: every labelled conversation counts once, however it came to be labelled.

    Args:
        labelled: Whether labels put each conversation there; shape (n,).
        judged: Whether the judge does; shape (n,).
        person: Person code, below 0 where unknown; shape (n,).

    Returns:
        Shares with Wilson's intervals on effective numbers (people count whole), exact below ten events.
    """

    def share(among: NDArray[np.bool_], hits: NDArray[np.bool_], reason: str) -> Measure:
        if not among.any():
            return Measure(None, None, None, reason)
        found = clustering(persons_of(person[among]), hits[among])
        return Measure(found.share, *found.exact_if_few())

    return Accuracy(
        positives=int(np.count_nonzero(labelled)),
        negatives=int(np.count_nonzero(~labelled)),
        sensitivity=share(labelled, judged, NONE_LABELLED),
        specificity=share(~labelled, ~judged, ALL_LABELLED),
    )


def accuracy(study: Labelled, outcome: Outcome, people: Persons | None = None) -> Accuracy:
    """Accuracy weighted by the design: what it is over all conversations of the study.

    With F the share that the judge puts there, C what labels confirm of it and M what it missed, each a share of all,
    sensitivity is C / (C + M) and specificity (1 - F - M) / (1 - C - M), with limits recovered from those of C and M. That
    a judge missed nothing among a few hundred labels of a hundred thousand conversations is little evidence, and the lower
    limit of its sensitivity says so. Cells in which nobody was asked may be of it altogether. Simulated coverage at
    nominal 95 %: docs/labels.md.

    Args:
        study: The study, of conversations that the judge rated (`Labelled.within`) or of all: what it gave no level is
            not put there.
        outcome: A construct at some levels, or flagged.
        people: From `labelled.people_of`, where there are many outcomes.

    Returns:
        Shares with limits, and the labels they rest on.

    References:
        Zou GY, Donner A (2008). Construction of confidence limits about effect measures: a general approach. Statistics
        in Medicine 27:1693-1702. doi:10.1002/sim.3095
    """
    s = sides(study, outcome, people)
    known = s.label >= 0
    positives = int(np.count_nonzero(s.label[known] == 1))
    negatives = int(np.count_nonzero(known)) - positives
    c, m = confirmed(s), missed(s) if s.side(False) else _NOTHING
    if c is None or m is None or c.share is None or m.share is None:
        nothing = Measure(None, None, None, NONE_ASKED)
        return Accuracy(positives, negatives, nothing, nothing)
    f = s.flagged.share
    # what it never says it might say, and what it always says it might not: the limits of its share, not 0 and 1
    f_low, f_high = limits(s.flagged) if f in (0, 1) else (f, f)
    unasked = sum(cell.weight for cell in s.side(False) if cell.part is None)
    found = _Part(c.share, c.interval.low, min(c.interval.high, f_high))
    unasked = unasked if f < 1 else 1 - f_low
    lost = _Part(m.share, m.interval.low, min(m.interval.high + unasked, 1 - f_low))
    alarms = _Part(f - c.share, max(f - c.interval.high, 0.0), max(f_high - c.interval.low, 0.0))
    rest = _Part(1 - f - m.share, max(1 - f - m.interval.high - unasked, 0.0), 1 - f_low - m.interval.low)
    return Accuracy(
        positives,
        negatives,
        _of(found, lost) if positives else Measure(None, None, None, NONE_LABELLED),
        _of(rest, alarms) if negatives else Measure(None, None, None, ALL_LABELLED),
    )


_NOTHING = Figure(0.0, Interval(0.0, 0.0), Interval(0.0, 0.0), 0, 0, 0.0, 0)


class _Part(NamedTuple):
    """A share of all conversations with its limits."""

    share: float
    low: float
    high: float


def _of(part: _Part, other: _Part) -> Measure:
    """What share `part` is of both, with limits.

    Of independent shares a and b the distances of log a - log b to its limits add as squares (MOVER, Zou and Donner
    2008). Where one of them is 0 there is no logarithm, and the limits take both at their worst.
    """
    value = _over(part.share, part.share + other.share, 0.5)
    low, high = _over(part.low, part.low + other.high, 0.0), _over(part.high, part.high + other.low, 1.0)
    if part.share > 0 and other.share > 0:
        odds = part.share / other.share
        least = odds * math.exp(-math.hypot(_apart(part.share, part.low), _apart(other.high, other.share)))
        most = odds * math.exp(math.hypot(_apart(part.high, part.share), _apart(other.share, other.low)))
        low, high = max(low, least / (1 + least)), min(high, most / (1 + most) if math.isfinite(most) else 1.0)
    return Measure(value, min(low, value), max(high, value))


def _apart(more: float, less: float) -> float:
    return math.log(more / less) if less > 0 else math.inf


def _over(top: float, bottom: float, otherwise: float) -> float:
    return min(max(top / bottom, 0.0), 1.0) if bottom > 1e-12 else otherwise


@dataclass(frozen=True, slots=True)
class Weighted:
    """Agreement of a judge with labels on one construct, weighted by the design.

    Attributes:
        n: Labelled conversations that both gave a level.
        stands_for: Conversations that these stand for.
        exact: Share on the same level.
        within_one: Share at most one level apart.
        kappa: Quadratic-weighted kappa.
    """

    n: int
    stands_for: float
    exact: Measure
    within_one: Measure
    kappa: Measure


def weighted_agreement(study: Labelled, construct: str, *, draws: int = DRAWS, seed: int = 0) -> Weighted:
    """Agreement over all conversations that the judge rated, from those labelled by design.

    Shares are sums over sampling strata, weighted by the strata's known sizes, with limits recovered from each stratum's
    own (`confirmed.summed`; mid-P below ten disagreements, on effective numbers). Kappa is of the table of weights; its
    interval resamples people whole, and strata with them, which makes it a little wide.

    Args:
        study: The study, of conversations that the judge rated.
        construct: One of the seven.
        draws: Resamples.
        seed: Of the resampling.

    Returns:
        The figures; None with a reason where nothing can be compared.
    """
    k = CONSTRUCTS.index(construct)
    label, level = study.given[:, k].astype(np.int64), study.levels[study.row, k].astype(np.int64)
    both = (label >= 0) & (level >= 0)
    n = int(np.count_nonzero(both))
    weight = (study.weight[study.row] / study.inclusion)[both]
    person = study.person[study.row][both]
    label, level, stratum = label[both], level[both], study.stratum[study.row][both]
    far = np.abs(label - level)
    own = np.where(person >= 0, person, int(person.max(initial=-1)) + 1 + np.arange(n))
    return Weighted(
        n=n,
        stands_for=float(weight.sum()),
        exact=_summed(study, stratum, person, weight, far == 0),
        within_one=_summed(study, stratum, person, weight, far <= 1),
        kappa=_kappa(label, level, weight, own, draws, seed),
    )


def _summed(
    study: Labelled,
    stratum: NDArray[np.integer],
    person: NDArray[np.integer],
    weight: NDArray[np.floating],
    hits: NDArray[np.bool_],
) -> Measure:
    if not len(hits):
        return Measure(None, None, None, "undefined: nothing to compare, or no variation")
    size = np.bincount(study.stratum, weights=study.weight, minlength=len(study.strata))
    there = np.unique(stratum)
    whole = float(size[there].sum())
    terms = []
    for code in there.tolist():
        of = stratum == code
        part = clustering(persons_of(person[of], weight[of]), hits[of])
        terms.append(Term(float(size[code]) / whole, part.share, *limits(part, CONFIDENCE)))
    found = summed(terms)
    return Measure(found.share, found.low, found.high)


def _kappa(
    label: NDArray[np.int64],
    level: NDArray[np.int64],
    weight: NDArray[np.floating],
    group: NDArray[np.int64],
    draws: int,
    seed: int,
) -> Measure:
    codes, groups = group_codes(group, np.ones(len(label), bool))
    tables = np.zeros((groups, 16))
    np.add.at(tables, (codes, label * 4 + level), weight)
    whole = tables.sum(axis=0, keepdims=True)
    resampled = resampled_sums(tables, draws, seed) if groups else np.zeros((draws, 16))
    return measured(_of_tables(whole)[0], _of_tables(resampled), groups)


def _of_tables(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quadratic-weighted kappa of tables; shape (m, 16) to (m,)."""
    at = np.arange(4.0)
    apart = (at[:, None] - at) ** 2
    square = tables.reshape(-1, 4, 4)
    chance = square.sum(axis=2)[:, :, None] * square.sum(axis=1)[:, None, :]
    expected = (apart * chance).sum(axis=(1, 2))
    seen = (apart * square).sum(axis=(1, 2)) * square.sum(axis=(1, 2))
    undefined = np.full(len(square), np.nan)
    ratio: NDArray[np.float64] = np.divide(seen, expected, out=undefined, where=expected > 0)
    return 1 - ratio


__all__ = ["Accuracy", "Weighted", "accuracy", "plain_accuracy", "weighted_agreement"]
