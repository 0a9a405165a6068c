"""What labels confirm of what the judge flagged, and how much it may have missed: two figures, never blended.

Where one conversation in a thousand is severe, a sum of the two is an estimate of nothing: the first is known to within
its labels, the second only to be below a limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from selfrule.estimate.clusters import Clustering
from selfrule.estimate.intervals import CONFIDENCE, Interval, normal_quantile
from selfrule.estimate.labelled import Cell, Sides, events_of, labels_of
from selfrule.estimate.midp import limits, outer_limits, share_limits

SIX_TO_ONE = 6.0
"""With nothing seen among n, upper limits are 3 / n (mid-P) to 4 / n (Wilson), and (x + 1/2) / n is 0.5 / n."""

ONE_SIDED = 2 * CONFIDENCE - 1
"""Two-sided confidence whose upper limit is a one-sided 95 % bound."""


class Term(NamedTuple):
    """One cell of a weighted sum of shares."""

    weight: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A share with its limits, and what it rests on.

    Attributes:
        share: The estimate; None where there is only a bound.
        interval: Its limits (of a bound, 0 and the bound).
        outer: The limits if no missing label reached the level, and if all did.
        events: Labels at the level or above.
        labels: Labels.
        worth: Independent labels that would tell as much.
        missing: Conversations put before people without an answer, and those of cells in which nobody was asked.
        stretch: Variance between persons over that of the terms taken as independent, at least 1.
    """

    share: float | None
    interval: Interval
    outer: Interval
    events: int
    labels: int
    worth: float
    missing: int
    stretch: float = 1.0


def summed(terms: Sequence[Term], extra: float = 0.0, stretch: float = 1.0, confidence: float = CONFIDENCE) -> Term:
    """A weighted sum of shares with limits recovered from those of its terms (MOVER, square-and-add).

    Args:
        terms: Shares of cells with their limits.
        extra: Variance of the sum by the weights' own sampling.
        stretch: Variance over that of independent terms, at least 1.
        confidence: Two-sided confidence of the terms' limits.

    Returns:
        The sum, with limits in [0, 1]; its weight is that of all terms.

    References:
        Zou GY, Donner A (2008). Construction of confidence limits about effect measures: a general approach. Statistics
        in Medicine 27:1693-1702. Waller JL, Addy CL, Jackson KL, Garrison CZ (1994). Confidence intervals for weighted
        proportions. Statistics in Medicine 13:1071-1082. doi:10.1002/sim.4780131009
    """
    share = sum(t.weight * t.share for t in terms)
    more = normal_quantile(confidence) ** 2 * max(extra, 0.0)
    below = sum((t.weight * (t.share - t.low)) ** 2 for t in terms) + more
    above = sum((t.weight * (t.high - t.share)) ** 2 for t in terms) + more
    low = max(share - math.sqrt(below * stretch), 0.0)
    return Term(sum(t.weight for t in terms), share, low, min(share + math.sqrt(above * stretch), 1.0))


def product(first: Term, second: Term, stretch: float = 1.0) -> Interval:
    """Limits of a product of two shares, recovered from theirs on the logarithmic scale.

    Distances on the log scale add as squares; so the lower limit is never below 0, and near 0 limits are as skewed as
    those of the factors. Where nothing was seen the distance up starts from half an event.

    Args:
        first: A share with its limits.
        second: An independent one.
        stretch: Variance over that of independent factors, at least 1.

    Returns:
        The limits.

    References:
        Zou GY, Donner A (2008), as in `summed`. Donner A, Zou GY (2012). Closed-form confidence intervals for functions
        of the normal mean and standard deviation. Statistical Methods in Medical Research 21:347-359.
    """
    if first.share <= 0 or second.share <= 0:
        centre = [max(t.share, t.high / SIX_TO_ONE) for t in (first, second)]
        low = 0.0
    else:
        centre = [first.share, second.share]
        down = [math.log(t.share / t.low) if t.low > 0 else math.inf for t in (first, second)]
        low = centre[0] * centre[1] * math.exp(-math.sqrt(stretch) * math.hypot(*down))
    up = [math.log(max(t.high / c, 1.0)) for t, c in zip((first, second), centre, strict=True)]
    high = centre[0] * centre[1] * math.exp(math.sqrt(stretch) * math.hypot(*up))
    return Interval(low, min(high, first.high * second.high if stretch <= 1 else 1.0, 1.0))


def among_flagged(s: Sides, confidence: float = CONFIDENCE) -> Figure | None:
    """Of what the judge puts at the level or above, the share that labels confirm.

    Each cell's share is weighted by the cell's size; limits by `summed`, each cell's by `midp.limits` on its effective
    number of labels (persons, weights). Cells without a label are missing: in the outer limits they are 0 and 1.

    Args:
        s: The cells.
        confidence: Two-sided confidence.

    Returns:
        The figure, or None where no flagged conversation has a label.
    """
    side = _side(s, True, s.flagged.n_effective * s.flagged.share, limits, confidence)
    if side is None:
        return None
    stretch = 1.0
    if len(side.terms) > 1:
        stretch = _stretch(s, side, centre=side.share, whole=False)
    return _figure(s.side(True), side, stretch, confidence)


def confirmed(s: Sides, confidence: float = CONFIDENCE) -> Figure | None:
    """What labels confirm of what the judge flags, as a share of all: the share flagged times the share confirmed.

    Args:
        s: The cells.
        confidence: Two-sided confidence.

    Returns:
        The figure, or None where conversations were flagged and none of them has a label. Where nothing at all was
        flagged it is 0, with the upper limit of what such a judge may flag.
    """
    q = Term(1.0, s.flagged.share, *limits(s.flagged, confidence))
    if not s.side(True):
        return Figure(0.0, Interval(0.0, q.high), Interval(0.0, q.high), 0, 0, 0.0, 0)
    part = among_flagged(s, confidence)
    side = _side(s, True, s.flagged.n_effective * s.flagged.share, limits, confidence)
    if part is None or part.share is None or side is None:
        return None
    share = q.share * part.share
    stretch = 1.0
    if share > 0:
        more = share**2 * (1 - q.share) / (q.share * s.flagged.n_effective)
        stretch = _stretch(s, side, centre=share, whole=True, more=more)
    interval = product(q, Term(1.0, part.share, *part.interval), stretch)
    least = product(q, Term(1.0, part.outer.low, part.outer.low, part.outer.high)).low
    most = product(q, Term(1.0, part.outer.high, part.outer.low, part.outer.high)).high
    return replace(
        part,
        share=share,
        interval=Interval(min(interval.low, share), max(interval.high, share)),
        outer=Interval(min(least, interval.low, share), max(most, interval.high, share)),
        stretch=stretch,
    )


def missed(s: Sides, confidence: float = CONFIDENCE, *, exact: bool = True) -> Figure | None:
    """What labels put at the level or above of what the judge does not, as a share of all, with two-sided limits.

    Below ten events in a cell limits are exact, or those of `midp.limits` where they are not `exact`; else Wilson's.

    Args:
        s: The cells.
        confidence: Two-sided confidence.
        exact: Whether limits must not be undershot, as those of a bound.

    Returns:
        The figure over the cells that have labels, or None where none has.
    """
    side = _side(s, False, s.flagged.n_effective, outer_limits if exact else limits, confidence, of_all=True)
    if side is None:
        return None
    stretch = _stretch(s, side, centre=side.share, whole=True) if side.share > 0 else 1.0
    return _figure(s.side(False), side, stretch, confidence)


def missed_at_most(s: Sides) -> Figure:
    """Upper limit, one-sided 95 %, of what the judge put below the level and labels put at or above, as a share of all.

    Exact below ten events in a cell. With no event among n labels of everything it is about 3 / n, however rare the
    thing. Cells in which nobody was asked may be of it altogether, and are counted so.

    Args:
        s: The cells.

    Returns:
        A figure without a share.
    """
    cells = s.side(False)
    unasked = min(sum(c.weight for c in cells if c.part is None), 1.0)
    found = missed(s, ONE_SIDED)
    if found is None:
        bound = Interval(0.0, unasked)
        return Figure(None, bound, bound, 0, 0, 0.0, _unanswered(cells))
    bound = Interval(0.0, min(found.interval.high + unasked, 1.0))
    return replace(found, share=None, interval=bound, outer=Interval(0.0, max(found.outer.high, bound.high)))


@dataclass(frozen=True, slots=True)
class _Side:
    """Cells of one side that have labels, as terms of a sum. `size` is the share of all that weights 1 stand for."""

    terms: list[Term]
    cells: list[Cell]
    share: float
    size: float
    spread: float
    apart: float


def _side(
    s: Sides,
    flagged: bool,
    sampled: float,
    way: Callable[[Clustering, float], Interval],
    confidence: float,
    *,
    of_all: bool = False,
) -> _Side | None:
    """Terms of one side, weighted within it or as shares of all; `sampled` independent conversations gave the weights."""
    there = [(c, c.part) for c in s.side(flagged) if c.part is not None]
    if not there:
        return None
    size = 1.0 if of_all else sum(c.weight for c, _ in there)
    terms = [Term(c.weight / size, part.share, *way(part, confidence)) for c, part in there]
    share = sum(t.weight * t.share for t in terms)
    spread = max(sum(t.weight * t.share**2 for t in terms) - share**2, 0.0) / max(sampled, 1.0)
    apart = sum(t.weight**2 * p.share * (1 - p.share) / p.n_effective for t, (_, p) in zip(terms, there, strict=True))
    return _Side(terms, [c for c, _ in there], share, size, spread, apart)


def _stretch(s: Sides, side: _Side, *, centre: float, whole: bool, more: float = 0.0) -> float:
    """Variance between persons over that of terms taken as independent, at least 1.

    Person i adds u_i = the deviations of their conversations' cells from the centre, over N, plus W_c (y - p_c) of their
    labels; V = k / (k - 1) sum u_i^2 (linearisation: Saerndal, Swensson and Wretman 1992, Model Assisted Survey Sampling,
    5.5 and 9.3). `whole`: as a share of all conversations, else within the side. `more` is the variance of the side's
    own size, taken as independent.
    """
    people, k = s.people, len(s.people.size)
    if s.shared is None or k < 2:
        return 1.0
    counted = np.array([c in side.cells for c in s.cells])
    share = np.array([0.0 if c.part is None else c.part.share for c in s.cells])
    weight = np.array([c.weight for c in s.cells]) * counted
    z = np.where(counted, share - (0.0 if whole else centre), 0.0) - (centre if whole else 0.0)
    u = (z[:, None] * s.shared).sum(axis=0) / people.total
    known = s.label >= 0
    row, stands = s.row[known], s.stands[known]
    cell = s.code[row]
    total = np.bincount(cell, weights=stands, minlength=len(s.cells))
    pull = weight[cell] * stands / total[cell] * (s.label[known] - share[cell])
    u += np.bincount(people.index[row], weights=pull, minlength=k)
    variance = k / (k - 1) * float((u * u).sum())
    apart = (side.apart + side.spread) * side.size**2 + more
    return max(variance / apart, 1.0) if apart > 0 else 1.0


def _figure(cells: Sequence[Cell], side: _Side, stretch: float, confidence: float) -> Figure:
    whole = summed(side.terms, side.spread, stretch, confidence)
    outer = _outer(cells, side, stretch, confidence)
    return Figure(
        share=whole.share,
        interval=Interval(whole.low, whole.high),
        outer=Interval(min(outer.low, whole.low), max(outer.high, whole.high)),
        events=events_of(cells),
        labels=labels_of(cells),
        worth=sum(c.part.n_effective for c in side.cells if c.part is not None),
        missing=_unanswered(cells),
        stretch=stretch,
    )


def _outer(cells: Sequence[Cell], side: _Side, stretch: float, confidence: float) -> Interval:
    """Limits if no missing label reached the level, and if all did; cells in which nobody answered likewise."""
    none, every = [], []
    size = sum(c.weight for c in cells) if cells[0].flagged else 1.0
    for cell in cells:
        weight = cell.weight / size
        if cell.part is None:
            none.append(Term(weight, 0.0, 0.0, 0.0))
            every.append(Term(weight, 1.0, 1.0, 1.0))
            continue
        n = cell.part.n_effective / max(1 - cell.lost, 1e-9)
        least = cell.part.share * (1 - cell.lost)
        most = min(least + cell.lost, 1.0)
        few = min(cell.part.events, cell.part.n - cell.part.events)
        none.append(Term(weight, least, share_limits(least * n, n, few, confidence).low, least))
        every.append(Term(weight, most, most, share_limits(most * n, n, few, confidence).high))
    below = summed(none, side.spread, stretch, confidence)
    return Interval(below.low, summed(every, side.spread, stretch, confidence).high)


def _unanswered(cells: Sequence[Cell]) -> int:
    return sum(c.reached - c.labels for c in cells) + sum(c.of - c.reached for c in cells if c.part is None)
