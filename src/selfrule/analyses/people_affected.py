"""The share of people with at least one conversation that reaches the outcome, and how few people carry how much of it."""

from __future__ import annotations

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.special import expit, gammaln, logit

from selfrule.analyses.figures import Figure
from selfrule.analyses.people_rows import Chance, Rows, chance_of, mean_of_people, of_people, t_of
from selfrule.estimate.clusters import clustering, persons_of

EXPOSURE: tuple[tuple[str, int], ...] = (
    ("1 conversation", 1), ("2-4", 2), ("5-9", 5), ("10-19", 10), ("20-49", 20), ("50 or more", 50),
)  # fmt: skip
"""Classes of people by their rated conversations: name, and the fewest."""

FRACTIONS = (0.01, 0.05, 0.1)
"""Parts of the people whose share of the outcome is given."""

LEAST_CARRIERS, LEAST_FOR_GINI = 50, 150
FEWEST = 5  # people, for whose average an interval is given
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
    rated = rows.where(rows.known)
    m, y = rated.per_person(rated.known), rated.per_person(rated.hits)
    edges = np.array([least for _, least in EXPOSURE])
    of = np.searchsorted(edges, m, side="right") - 1
    exposure = []
    for i, (name, _) in enumerate(EXPOSURE):
        mine = of == i
        if mine.any():
            part = rated.where(mine[rated.person])
            exposure.append(Exposed(name, _any(m[mine], y[mine]), _each(part, m[mine])))
    enough = m >= at
    expected = mean_of_people(_in_draws(m[enough], y[enough], at), int(m[enough].sum()))
    return Affected(_any(m, y), _each(rated, m), at, expected, exposure)


def _any(m: NDArray[np.int64], y: NDArray[np.int64]) -> Figure:
    return of_people(int(np.count_nonzero(y)), len(m), int(m.sum()))


def _each(rated: Rows, m: NDArray[np.int64]) -> Figure:
    """The mean over people of y / m: a share of conversations in which each weighs one over those of its person."""
    weight = None if int(m.max(initial=1)) == int(m.min(initial=1)) else 1 / m[rated.person]
    got = clustering(persons_of(rated.person, weight), rated.hits)
    low, high = got.exact_if_few()
    affected = int(np.count_nonzero(rated.per_person(rated.hits)))
    if len(m) < FEWEST:
        why = f"fewer than {FEWEST} people: no interval"
        return Figure(value=got.share, n=got.n, persons=len(m), events=affected, reason=why)
    return Figure(value=got.share, low=low, high=high, n=got.n, persons=len(m), events=affected)


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
    itself. Intervals are on the log-odds, from the linearised variance between people with t on its degrees of freedom
    (Satterthwaite, as in `estimate.clusters`): percentiles of resamples miss far more often, for a resample of few people with
    very many conversations holds the heaviest once at most. None below 50 people in the part, above three quarters of those
    affected, and below 150 affected for the Gini coefficient, where these miss too often as well (docs/analyses.md).

    Args:
        rows: Conversations of known people.
        seed: Of the simulations.

    Returns:
        None where nothing reaches the outcome.

    References:
        Kovacevic MS, Binder DA (1997). Variance estimation for measures of income inequality and polarization. Journal of
        Official Statistics 13:41-58 (shares of quantiles). Davidson R (2009). Reliable inference for the Gini index. Journal of
        Econometrics 150:30-40. doi:10.1016/j.jeconom.2008.11.004
    """
    m, y = rows.per_person(rows.known), rows.per_person(rows.hits)
    there = m > 0
    m, y = m[there], y[there]
    people, events, affected = len(m), int(y.sum()), int(np.count_nonzero(y))
    if not events:
        return None
    rests = Figure(n=int(m.sum()), persons=people, events=affected)
    rng = np.random.default_rng(seed)
    chances = _by_chance(m, events / rests.n, rng)
    values, counts = _tally(y)
    return Concentration(
        people=people,
        affected=affected,
        events=events,
        of_people=_carried(y, rests, chances[:, 1:]),
        of_affected=_carried(y[y > 0], rests, None),
        gini=_spread(y, rests),
        gini_chance=chance_of(chances[:, 0]),
        curve=list(
            zip(
                GRID.tolist(),
                [_top(values, counts, x) for x in GRID],
                chances[:, 1 + len(FRACTIONS) :].mean(axis=0).tolist(),
                strict=True,
            )
        ),
    )


def _carried(y: NDArray[np.int64], rests: Figure, chances: NDArray[np.float64] | None) -> list[Carried]:
    """What each of `FRACTIONS` of some people carry."""
    values, counts = _tally(y)
    affected, found = int(np.count_nonzero(y)), []
    for i, fraction in enumerate(FRACTIONS):
        share, top = _top(values, counts, fraction), fraction * len(y)
        figure = replace(rests, value=share)
        if top >= affected:
            figure = replace(figure, reason="more people than are affected: they carry all")
        elif top < LEAST_CARRIERS:
            figure = replace(figure, reason=f"fewer than {LEAST_CARRIERS} people: no interval")
        elif 4 * top > 3 * affected:
            figure = replace(figure, reason="over three quarters of those affected: no interval")
        else:
            edge = values[np.searchsorted(np.cumsum(counts), top)]
            figure = _on_odds(figure, (np.maximum(y - edge, 0) + edge * fraction - share * y) / y.sum())
        chance = None if chances is None else chance_of(chances[:, i])
        found.append(Carried(fraction, round(top), figure, chance))
    return found


def _spread(y: NDArray[np.int64], rests: Figure) -> Figure:
    """The Gini coefficient of people."""
    values, counts = _tally(y)
    value = _gini(values, counts)
    figure = replace(rests, value=value)
    if (rests.events or 0) < LEAST_FOR_GINI:
        return replace(figure, reason=f"fewer than {LEAST_FOR_GINI} people affected: no interval")
    ordered = np.sort(y).astype(np.float64)
    n = len(ordered)
    below = (2 * np.arange(1, n + 1) - 1) / (2 * n) * ordered - np.cumsum(ordered) / n
    return _on_odds(figure, (2 * below - (value + 1) * ordered) / ordered.sum())


def _on_odds(figure: Figure, owed: NDArray[np.float64]) -> Figure:
    """A figure in (0, 1) with limits on the log-odds, from what it owes to each person."""
    value = figure.value or 0.0
    if not 0 < value < 1:
        return replace(figure, reason="too little to tell: no interval")
    owed = owed - owed.mean()
    half = t_of(owed) * float(np.sqrt((owed**2).sum())) / (value * (1 - value))
    low, high = expit(logit(value) - half), expit(logit(value) + half)
    return replace(figure, low=float(low), high=float(high))


def _tally(y: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct values, the largest first, and how many people have each."""
    values, counts = np.unique(y, return_counts=True)
    return values[::-1], counts[::-1]


def _top(values: NDArray[np.int64], counts: NDArray[np.int64], fraction: float) -> float:
    """Share of the sum of values held by a fraction of people, those with most first; a part of a person counts in part.

    Args:
        values: The largest first, their sum above 0; shape (v,).
        counts: People with each; shape (v,).
        fraction: In [0, 1].
    """
    before = np.cumsum(counts) - counts
    taken = np.clip(fraction * counts.sum() - before, 0, counts)
    return float((taken @ values) / (counts @ values))


def _gini(values: NDArray[np.int64], counts: NDArray[np.int64]) -> float:
    """Gini coefficient, one less twice the area under the Lorenz curve (Dorfman 1979, Rev Econ Stat 61:146-149)."""
    carried = np.cumsum((counts * values)[::-1]).astype(np.float64)  # the poorest first
    both = carried + np.r_[0.0, carried[:-1]]
    return float(1 - (counts[::-1] / counts.sum() * both / carried[-1]).sum())


def _by_chance(m: NDArray[np.int64], rate: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Gini, shares at `FRACTIONS`, and the curve at `GRID`, of people who differ in their number of conversations alone."""
    found = np.full((SIMULATIONS, 1 + len(FRACTIONS) + len(GRID)), np.nan)
    for i in range(SIMULATIONS):
        values, counts = _tally(rng.binomial(m, rate))
        if values[0] == 0:
            continue
        found[i, 0] = _gini(values, counts)
        cumulated = np.r_[0, np.cumsum(counts)] / len(m), np.r_[0, np.cumsum(counts * values)]
        found[i, 1:] = np.interp(np.r_[FRACTIONS, GRID], *cumulated) / cumulated[1][-1]
    kept = found[np.isfinite(found[:, 0])]
    return kept if len(kept) else np.zeros((1, found.shape[1]))
