"""What a study would find, before a cent is spent: simulated studies, and the intervals that the estimators give them.

In each world of `planning` a study is simulated by its counts, and its intervals are those of `intervals`, `twophase`, `midp`
and `confirmed`, as the finished study will use them. Intervals speak of conversations like these, so rating all of them still
leaves one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import stdtrit
from scipy.stats import binom

from selfrule.estimate.clusters import FEW_EVENTS
from selfrule.estimate.confirmed import ONE_SIDED, Term, summed
from selfrule.estimate.intervals import CONFIDENCE, Interval, clopper_pearson, normal_quantile, wilson
from selfrule.estimate.midp import share_limits
from selfrule.estimate.planning import Floats, Worlds
from selfrule.estimate.twophase import Part, combine

Way = Literal["two judges", "random", "screened", "study"]


@dataclass(frozen=True, slots=True)
class Found:
    """A figure in each world; all of shape (s,), nan where a study would have none.

    Attributes:
        share: The estimate (nan for a bound).
        low: Its lower limit (0 for a bound).
        high: Its upper limit.
    """

    share: Floats
    low: Floats
    high: Floats

    @property
    def width(self) -> Floats:
        """Upper less lower limit; 1 where there is no figure: nothing is known."""
        return np.where(np.isnan(self.high), 1.0, self.high - self.low)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the rating of a design shows in each world.

    Attributes:
        rated: The share as rated.
        groups: Strata that were drawn as one, as slices.
        drawn: Conversations rated in each group; shape (g,).
        flagged: Those of them that the judge puts at the level; shape (s, g).
    """

    rated: Found
    groups: tuple[slice, ...]
    drawn: Floats
    flagged: Floats


def groups_of(w: Worlds, way: Way) -> tuple[slice, ...]:
    """Which strata of the cheap judge a design draws from as one.

    Two judges: each by itself. Random: all as one. Screened: what the screen keeps, and a random part of the rest. The
    study's way: what the screen keeps, and of the rest nothing.
    """
    h = len(w.share)
    if way == "two judges":
        return tuple(slice(k, k + 1) for k in range(h))
    if way == "random" or w.kept == h:
        return (slice(0, h),)
    return slice(0, w.kept), slice(w.kept, h)


def rate(w: Worlds, way: Way, drawn: Sequence[float]) -> Seen:
    """The share that the judge puts at the level, as a study of this design would estimate it.

    Random: Wilson. Screened: `twophase.combine`, exact below ten events. Two judges: Horvitz-Thompson over the cheap judge's
    strata, limits by square-and-add of mid-P and Wilson limits (`confirmed.summed`). The study's way counts what the screen
    dropped as none: Wilson over everything.

    Args:
        w: The worlds.
        way: The design.
        drawn: Conversations rated in each of `groups_of`.

    Returns:
        What is seen.
    """
    groups = groups_of(w, way)
    weight = np.array([w.share[g].sum() for g in groups])
    number = np.asarray(drawn, dtype=np.float64)
    worth = [w.independent(n, s * w.n) for n, s in zip(number, weight, strict=True)]
    share = np.stack([(w.judged[:, g] * w.share[g]).sum(axis=1) for g in groups], axis=1) / weight
    share = np.minimum(share, 1.0)
    count = np.stack([_count(w.luck[:, 0, k], n, share[:, k]) for k, n in enumerate(worth)], axis=1)
    whole = w.independent(w.n, w.n)
    effect = [n / max(one, 1) for n, one in zip(number.tolist(), worth, strict=True)]
    made = [_limits(way, row.tolist(), worth, effect, weight.tolist(), whole) for row in count]
    found = np.array(made)
    flagged = count * (number / np.maximum(worth, 1))
    return Seen(Found(found[:, 0], found[:, 1], found[:, 2]), groups, number, flagged)


def _count(luck: Floats, n: int, share: Floats) -> Floats:
    return np.zeros(len(luck)) if n == 0 else np.asarray(binom.ppf(luck, n, share), dtype=np.float64)


def _limits(
    way: Way, count: list[float], worth: list[int], effect: list[float], weight: list[float], whole: int
) -> tuple[float, float, float]:
    """Share and limits of one study, from effective counts; `effect` is the design effect behind each."""
    if way == "random" or len(count) == 1:
        return (count[0] / worth[0], *_wilson(count[0], worth[0]))
    if way == "study":
        seen = min(count[0] * weight[0] * whole / worth[0], whole)
        return (seen / whole, *wilson(seen, whole))
    if way == "screened":
        parts = [Part(s, x / n, *_exact_if_few(x, n)) for x, n, s in zip(count, worth, weight, strict=True)]
        inner = _wilson(weight[0] * whole, whole)
        done = combine(parts, [inner, Interval(1 - inner.high, 1 - inner.low)])
        return done.share, done.low, done.high
    terms = [
        Term(s, x / n, *_mid(x / more, n / more))
        for x, n, s, more in zip(count, worth, weight, map(_unsure, count, effect), strict=True)
    ]
    share = sum(t.weight * t.share for t in terms)
    spread = max(sum(t.weight * t.share**2 for t in terms) - share**2, 0.0) / whole
    term = summed(terms, spread)
    return term.share, term.low, term.high


@lru_cache(maxsize=1 << 12)
def _unsure(events: float, effect: float) -> float:
    """How much an estimated design effect exceeds the true one where few persons carry the level, as `clusters` makes it."""
    if effect <= 1:
        return 1.0
    t = float(stdtrit(max(events, 4.0), (1 + CONFIDENCE) / 2)) / normal_quantile(CONFIDENCE)
    return (1 + (effect - 1) * t * t) / effect


@lru_cache(maxsize=1 << 16)
def _wilson(count: float, n: int) -> Interval:
    return wilson(count, n)


@lru_cache(maxsize=1 << 16)
def _mid(count: float, n: float) -> Interval:
    return share_limits(count, n, count)


@lru_cache(maxsize=1 << 16)
def _exact_if_few(count: float, n: int, confidence: float = CONFIDENCE) -> Interval:
    few = min(count, n - count) < FEW_EVENTS
    return clopper_pearson(count, n, confidence) if few else wilson(count, n, confidence)


class Below(NamedTuple):
    """Conversations that the judge did not put at the level, of which some are labelled.

    `weight` is their share of all, `labels` how many are labelled, `worth` independent labels per label, in (0, 1], and
    `lost` the share of all that is among them and at the level all the same; shape (s,).
    """

    weight: float
    labels: float
    worth: float
    lost: Floats


def confirm(w: Worlds, labels: float, flagged: Floats, worth: Floats) -> Found:
    """Confirmed among flagged: of what the judge puts at the level, the share that labels confirm (`midp.share_limits`).

    Args:
        w: The worlds.
        labels: Labels of what the judge puts at the level, where there are as many.
        flagged: How many there are; shape (s,).
        worth: Independent labels per label, for unlike weights; shape (s,).
    """
    judged = w.total(w.judged)
    right = np.divide(w.total(w.found), judged, out=np.zeros_like(judged), where=judged > 0)
    n = np.minimum(labels, np.floor(flagged)) * worth
    n = np.where(n >= 1, np.round(n), 0)
    count = np.asarray(binom.ppf(w.luck[:, 1, 0], np.maximum(n, 1), right))
    made = [_mid(x, int(k)) if k else Interval(np.nan, np.nan) for x, k in zip(count.tolist(), n.tolist(), strict=True)]
    limits = np.array(made)
    share = np.divide(count, n, out=np.full(len(n), np.nan), where=n > 0)
    return Found(share, limits[:, 0], limits[:, 1])


def miss(w: Worlds, cells: Sequence[Below]) -> Found:
    """Missed at most: the one-sided 95 % upper limit of what the judge puts below the level and labels at it or above.

    Exact below ten events in a cell, as `confirmed.missed_at_most`. A cell without labels may be of it altogether.
    """
    unasked = sum(c.weight for c in cells if c.labels * c.worth < 1)
    counts = []
    worth = []
    asked = [c for c in cells if c.labels * c.worth >= 1]
    for k, cell in enumerate(asked):
        n = max(round(cell.labels * cell.worth), 1)
        counts.append(_count(w.luck[:, 2, k], n, np.minimum(cell.lost / cell.weight, 1.0)))
        worth.append(n)
    high = np.zeros(len(w.true))
    for s in range(len(high)):
        terms = [
            Term(c.weight, counts[k][s] / worth[k], *_exact_if_few(float(counts[k][s]), worth[k], ONE_SIDED))
            for k, c in enumerate(asked)
        ]
        high[s] = summed(terms, confidence=ONE_SIDED).high if terms else 0.0
    return Found(np.full(len(high), np.nan), np.zeros(len(high)), np.minimum(high + unasked, 1.0))
