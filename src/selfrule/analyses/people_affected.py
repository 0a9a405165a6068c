"""The share of people with at least one conversation that reaches the outcome, and how few people carry how much of it."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from selfrule.analyses.figures import Figure, resampled
from selfrule.analyses.people_rows import Chance, Rows, chance_of, mean_of_people, of_people
from selfrule.estimate.bootstrap import DRAWS
from selfrule.estimate.clusters import FEW_EVENTS

EXPOSURE: tuple[tuple[str, int], ...] = (
    ("1 conversation", 1), ("2-4", 2), ("5-9", 5), ("10-19", 10), ("20-49", 20), ("50 or more", 50),
)  # fmt: skip
"""Classes of people by their rated conversations: name, and the fewest."""

FRACTIONS = (0.01, 0.05, 0.1)
"""Parts of the people whose share of the outcome is given."""

SIMULATIONS = 200
GRID = np.unique(np.r_[0.0, np.geomspace(0.0005, 1.0, 60), np.linspace(0.02, 1.0, 50)])


class Exposed(msgspec.Struct, frozen=True):
    """People with about as many rated conversations.

    Attributes:
        name: How many conversations.
        affected: Share of them with at least one that reaches the outcome; `events` counts people.
        each: Share of a person's conversations that reach it, averaged over people, which does not rise just because
            there are more conversations.
    """

    name: str
    affected: Figure
    each: Figure


class Affected(msgspec.Struct, frozen=True):
    """How many people are affected. In all figures `persons` is the people they rest on, `events` people affected.

    Attributes:
        overall: Share of people with at least one conversation that reaches the outcome.
        each: Share of a person's conversations that reach it, averaged over people.
        at: Number of conversations at which people are made comparable.
        expected: Expected share affected in `at` conversations, of people who have at least so many.
        exposure: By number of rated conversations.
    """

    overall: Figure
    each: Figure
    at: int
    expected: Figure
    exposure: list[Exposed]


class Carried(msgspec.Struct, frozen=True):
    """What a part of the people carry.

    Attributes:
        fraction: The part of them, those with most first, in (0, 1].
        people: How many that is, rounded.
        share: Share of conversations that reach the outcome which are theirs.
        chance: The same where everyone's conversations reach it at one rate; None of affected people.
    """

    fraction: float
    people: int
    share: Figure
    chance: Chance | None = None


class Concentration(msgspec.Struct, frozen=True):
    """How few people carry how much of what reaches the outcome.

    Attributes:
        people: With a rated conversation.
        affected: Of them, with one that reaches the outcome.
        events: Conversations that reach it.
        of_people: Parts of all people.
        of_affected: Parts of the affected.
        gini: Gini coefficient of conversations that reach it over all people: 0 where all carry alike, towards 1 where one
            carries all.
        gini_chance: The same by chance.
        curve: (part of the people, those with most first; share carried; the same by chance).
    """

    people: int
    affected: int
    events: int
    of_people: list[Carried]
    of_affected: list[Carried]
    gini: Figure
    gini_chance: Chance | None
    curve: list[tuple[float, float, float]]


def affected_of(rows: Rows, at: int) -> Affected:
    """Shares of people affected, overall and by how many conversations they have.

    The expected share in t conversations is the mean over people with m >= t of 1 - C(m - y, t) / C(m, t), the probability
    that t of their m conversations drawn at random hold at least one of the y that reach the outcome: rarefaction, which
    needs no model of people (Hurlbert SH 1971, The nonconcept of species diversity, Ecology 52:577-586, eq. 14).

    Args:
        rows: Conversations of known people; those not known count nowhere.
        at: The t above, at least 1.
    """
    m, y = rows.per_person(rows.known), rows.per_person(rows.hits)
    there = m > 0
    m, y = m[there], y[there]
    edges = np.array([least for _, least in EXPOSURE])
    of = np.searchsorted(edges, m, side="right") - 1
    exposure = []
    for i, (name, _) in enumerate(EXPOSURE):
        mine = of == i
        if mine.any():
            exposure.append(Exposed(name, _any(m[mine], y[mine]), _each(m[mine], y[mine])))
    enough = m >= at
    expected = mean_of_people(_in_draws(m[enough], y[enough], at), int(m[enough].sum()))
    return Affected(_any(m, y), _each(m, y), at, expected, exposure)


def _any(m: NDArray[np.int64], y: NDArray[np.int64]) -> Figure:
    return of_people(int(np.count_nonzero(y)), len(m), int(m.sum()))


def _each(m: NDArray[np.int64], y: NDArray[np.int64]) -> Figure:
    return mean_of_people(y / m, int(m.sum()))


def _in_draws(m: NDArray[np.int64], y: NDArray[np.int64], t: int) -> NDArray[np.float64]:
    """Probability that t of m conversations hold at least one of y; shape as m, t at most m."""
    without = m - y
    can = without >= t
    log = np.full(len(m), -np.inf)
    a, b = without[can], m[can]
    log[can] = gammaln(a + 1) - gammaln(a - t + 1) - gammaln(b + 1) + gammaln(b - t + 1)
    found = -np.expm1(log)
    found[y == 0] = 0.0  # rounding of large factorials
    return np.asarray(np.clip(found, 0.0, 1.0))


def concentration_of(rows: Rows, *, seed: int = 0) -> Concentration | None:
    """How much of what reaches the outcome the people with most of it carry, beside chance.

    Chance: each person keeps their number of rated conversations and each reaches the outcome at the overall rate, by
    itself. The interval: people are resampled; those with equally many are alike here, so that a resample is a
    multinomial draw of how many people have how many. Not given where the part holds fewer than ten people, or fewer than
    ten are affected: resampling does not see how much one more such person would change.

    Args:
        rows: Conversations of known people.
        seed: Of resamples and simulations.

    Returns:
        None where nothing reaches the outcome.
    """
    m, y = rows.per_person(rows.known), rows.per_person(rows.hits)
    there = m > 0
    m, y = m[there], y[there]
    people, events, affected = len(m), int(y.sum()), int(np.count_nonzero(y))
    if not events:
        return None
    rng = np.random.default_rng(seed)
    values, counts = _tally(y)
    times = rng.multinomial(people, counts / people, size=DRAWS)
    alone = values > 0
    among = rng.multinomial(affected, counts[alone] / affected, size=DRAWS)
    rests = {"n": int(m.sum()), "persons": people, "events": affected}
    chances = _by_chance(m, events / int(m.sum()), rng)
    gini = float(_gini(values, counts[None])[0])
    spread = _refused(gini, affected, rests) or resampled(gini, _gini(values, times), **rests)
    curve = [float(_top(values, counts[None], x)[0]) for x in GRID]
    return Concentration(
        people=people,
        affected=affected,
        events=events,
        of_people=_carried(values, counts, times, rests, chances[:, 1:]),
        of_affected=_carried(values[alone], counts[alone], among, rests, None),
        gini=spread,
        gini_chance=chance_of(chances[:, 0]),
        curve=list(zip(GRID.tolist(), curve, chances[:, 1 + len(FRACTIONS) :].mean(axis=0).tolist(), strict=True)),
    )


def _carried(
    values: NDArray[np.int64],
    counts: NDArray[np.int64],
    draws: NDArray[np.int64],
    rests: dict[str, int],
    chances: NDArray[np.float64] | None,
) -> list[Carried]:
    """What each of `FRACTIONS` of the people in a tally carry."""
    found, people = [], int(counts.sum())
    for i, fraction in enumerate(FRACTIONS):
        value = float(_top(values, counts[None], fraction)[0])
        top = min(rests["events"], int(fraction * people))
        figure = _refused(value, top, rests) or resampled(value, _top(values, draws, fraction), **rests)
        chance = None if chances is None else chance_of(chances[:, i])
        found.append(Carried(fraction, round(fraction * people), figure, chance))
    return found


def _refused(value: float, people: int, rests: dict[str, int]) -> Figure | None:
    """The figure without an interval, where it rests on too few people for one."""
    if people >= FEW_EVENTS:
        return None
    return Figure(value=value, reason=f"fewer than {FEW_EVENTS} people: no interval", **rests)


def _tally(y: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct values, the largest first, and how many people have each."""
    values, counts = np.unique(y, return_counts=True)
    return values[::-1], counts[::-1]


def _top(values: NDArray[np.int64], counts: NDArray[np.int64], fraction: float) -> NDArray[np.float64]:
    """Share of the sum of values held by a fraction of people, those with most first; a part of a person counts in part.

    Args:
        values: The largest first; shape (v,).
        counts: People with each; shape (draws, v).
        fraction: In [0, 1].

    Returns:
        Shape (draws,); not a number where the sum is 0.
    """
    before = np.cumsum(counts, axis=1) - counts
    taken = np.clip(fraction * counts.sum(axis=1, keepdims=True) - before, 0, counts)
    total = (counts @ values).astype(np.float64)
    total[total == 0] = np.nan
    return np.asarray((taken @ values) / total)


def _gini(values: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Gini coefficient, one less twice the area under the Lorenz curve (Gini 1914; Dorfman 1979, Rev Econ Stat 61:146)."""
    carried = np.cumsum((counts * values)[:, ::-1], axis=1).astype(np.float64)  # the poorest first
    total = carried[:, -1:]
    total[total == 0] = np.nan
    both = carried + np.pad(carried[:, :-1], ((0, 0), (1, 0)))
    people = counts[:, ::-1] / counts.sum(axis=1, keepdims=True)
    return np.asarray(1 - (people * both / total).sum(axis=1))


def _by_chance(m: NDArray[np.int64], rate: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Gini, shares at `FRACTIONS`, and the curve at `GRID`, of people who differ in their number of conversations alone."""
    found = np.full((SIMULATIONS, 1 + len(FRACTIONS) + len(GRID)), np.nan)
    for i in range(SIMULATIONS):
        values, counts = _tally(rng.binomial(m, rate))
        if values[0] == 0:
            continue
        found[i, 0] = _gini(values, counts[None])[0]
        cumulated = np.r_[0, np.cumsum(counts)] / len(m), np.r_[0, np.cumsum(counts * values)]
        found[i, 1:] = np.interp(np.r_[FRACTIONS, GRID], *cumulated) / cumulated[1][-1]
    kept = found[np.isfinite(found[:, 0])]
    return kept if len(kept) else np.zeros((1, found.shape[1]))
