"""Populations with known truth for the analyses over time, over people and against approval.

`simulate(world, seed)` draws the conversations of some people as a `Sample`; `cells(world)` lists every kind of conversation
there is with its probability and its rates, from which truth is computed: the truth is of the population that people and
conversations are drawn from, never of the sample.

How a conversation comes about:

- A person has conversations in number from a power law, a favourite domain drawn from the first month's mix, a multiplier
  of rate with mean 1, and a leaning to give thumbs up with mean 0. All are independent of each other.
- Their conversations lie in a window of months that wraps round, so that every month has the same traffic.
- A conversation's domain is the favourite with probability `favourite`, or else drawn from the month's mix; it may have a
  second domain. Length, model and the level of one factor (reliance and dependency) depend on the first domain alone.
- It is flagged with probability multiplier x rate of its kind, so that whatever the multipliers, the rate of a kind is its
  rate: logit rate = constant + mean of the domains' effects + length + model + factor + month.
- One primitive is moderate or severe where it is flagged, and none otherwise; that one may be actualized.
- A thumb is given with probability `thumbs`; it is up with a probability by domain and length, other for flagged ones,
  plus the person's leaning. Some conversations are unrated, at random.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from selfrule.analyses.sample import Sample
from selfrule.estimate.cells import columns
from selfrule.estimate.frame import Attribute
from selfrule.rubric import CONSTRUCTS, FACTORS, PRIMITIVES

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DOMAINS = (
    "software_development",
    "education_research",
    "creative_writing_design",
    "travel_lifestyle_leisure",
    "healthcare_medicine_wellness",
    "personal_relationships_social",
)
MODELS = ("alpha", "beta")
PRIMITIVE = np.array([0.4, 0.35, 0.25])  # which primitive a flagged conversation is flagged for
TURNS = (1, 3, 7, 21, 40)  # bounds of the classes of length, as `analyses.mix.LENGTHS` has them
START = np.datetime64("2025-01")
OTHER_FACTORS = np.array([0.8, 0.12, 0.06, 0.02])  # levels of the three factors that change nothing


@dataclass(frozen=True, kw_only=True)
class World:
    """What a population is like. Effects are on the log-odds scale.

    Attributes:
        people: How many.
        exponent: Of the power law of conversations a person, 1 to `most`.
        most: Conversations that one person has at most.
        months: In the series.
        rate: Share flagged in the first month.
        spread: Coefficient of variation of people's multipliers of rate.
        favourite: Probability that a conversation is of the person's favourite domain.
        mix, mix_end: Domains in the first month and in the last; linear between them.
        domain: Effect of each domain on the rate.
        length: Effect of each class of length.
        tilt: How much longer, and higher on the factor, conversations of later domains are: 0 for not at all.
        model: Effect of the second model.
        model_tilt: How much more of the later domains the second model answers.
        factor: Effect of each level of reliance and dependency.
        overlap: Share of conversations where vulnerability has the level of reliance and dependency.
        several: Share of conversations with a second domain.
        drift: Change of log-odds from the first month to the last, on a line.
        step: Month from which log-odds are higher, and by how much.
        within: Change of log-odds from one conversation of a person to the next.
        thumbs: Share of conversations with a thumb.
        approval: Effect of flagged on the odds of a thumb up.
        approval_domain: Whether thumbs depend on domain and length.
        leaning: Half the difference of thumbs-up probability between the two kinds of people.
        actualized: Share of flagged conversations whose primitive is actualized.
        unrated: Share not rated, at random.
        drawn: Share rated of unflagged-looking conversations that a screen dropped (1: there is no screen).
    """

    people: int = 1500
    exponent: float = 1.6
    most: int = 60
    months: int = 14
    rate: float = 0.04
    spread: float = 1.0
    favourite: float = 0.3
    mix: tuple[float, ...] = (0.35, 0.2, 0.15, 0.12, 0.1, 0.08)
    mix_end: tuple[float, ...] | None = None
    domain: tuple[float, ...] = (-1.2, -0.6, 0.0, 0.3, 0.7, 1.0)
    length: tuple[float, ...] = (-0.3, 0.0, 0.2, 0.5)
    tilt: float = 0.5
    model: float = 0.0
    model_tilt: float = 0.0
    factor: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    overlap: float = 0.0
    several: float = 0.0
    drift: float = 0.0
    step: tuple[int, float] | None = None
    within: float = 0.0
    thumbs: float = 0.5
    approval: float = 0.0
    approval_domain: bool = True
    leaning: float = 0.08
    actualized: float = 0.2
    unrated: float = 0.03
    drawn: float = 1.0

    @cached_property
    def month_mix(self) -> Floats:
        """Domains of a conversation that is not of the favourite domain, by month; shape (months, domains)."""
        first, last = np.array(self.mix), np.array(self.mix_end or self.mix)
        along = np.linspace(0, 1, self.months)[:, None]
        return first * (1 - along) + last * along

    @cached_property
    def first_domain(self) -> Floats:
        """Domain of a conversation by favourite and month; shape (favourites, months, domains)."""
        return self.favourite * np.eye(len(self.mix))[:, None, :] + (1 - self.favourite) * self.month_mix[None]

    @cached_property
    def by_domain(self) -> tuple[Floats, Floats, Floats]:
        """Classes of length, models and levels of the factor by first domain; shapes (domains, 4), (domains, 2), (domains, 4)."""
        later = np.linspace(-1, 1, len(self.mix))[:, None]
        lengths = np.log([0.2, 0.4, 0.3, 0.1]) + self.tilt * later * np.arange(4)
        levels = np.log([0.6, 0.2, 0.13, 0.07]) + self.tilt * later * np.arange(4)
        second = expit(self.model_tilt * later[:, 0])
        return _shares(lengths), np.column_stack([1 - second, second]), _shares(levels)

    @cached_property
    def month_effect(self) -> Floats:
        """Change of log-odds since the first month; shape (months,)."""
        effect = self.drift * np.linspace(0, 1, self.months)
        if self.step is not None:
            effect[self.step[0] :] += self.step[1]
        return effect

    @cached_property
    def constant(self) -> float:
        """Of the log-odds, so that the first month's rate is `rate`."""
        kinds = _kinds(self)
        early = kinds.month == 0
        odds, weight = effects(self, kinds)[early], kinds.probability[early] / kinds.probability[early].sum()
        return float(brentq(lambda c: float(weight @ expit(c + odds)) - self.rate, -20, 10))

    @cached_property
    def top(self) -> float:
        """The highest rate that any kind of conversation can have."""
        most = float(effects(self, _kinds(self)).max()) + max(self.within, 0.0) * (self.most - 1)
        return float(expit(self.constant + most))

    @cached_property
    def sizes(self) -> Floats:
        """Probability of 1, 2, ... conversations; shape (most,)."""
        odds = np.arange(1, self.most + 1) ** -self.exponent
        return odds / odds.sum()

    def multipliers(self, rng: np.random.Generator, people: int) -> Floats:
        """People's multipliers of rate: a beta variable over its mean, which is `top`, so that no rate exceeds 1."""
        a, b = self.beta
        return np.ones(people) if self.spread == 0 else rng.beta(a, b, people) / self.top

    @property
    def beta(self) -> tuple[float, float]:
        """Parameters of the beta variable behind the multipliers."""
        if self.spread == 0:
            return np.inf, np.inf
        size = (1 - self.top) / (self.top * self.spread**2) - 1
        if size <= 0:
            raise ValueError(f"A spread of {self.spread} leaves rates above 1 where the highest is {self.top:.2f}.")
        return self.top * size, (1 - self.top) * size


@dataclass(frozen=True)
class Kinds:
    """Every kind of conversation: what it is, how probable, and its rates. All of shape (kinds,).

    `second` is -1 where there is no second domain. `rate` is the probability of being flagged, `up` of a thumb up where
    flagged and `up_rest` where not, given that there is a thumb.
    """

    month: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    length: NDArray[np.int64]
    model: NDArray[np.int64]
    level: NDArray[np.int64]
    probability: Floats
    rate: Floats
    up: Floats
    up_rest: Floats

    def share(self, where: Mask | None = None) -> float:
        """Share flagged among some kinds."""
        chosen = np.ones(len(self.rate), np.bool_) if where is None else where
        return float(self.probability[chosen] @ self.rate[chosen] / self.probability[chosen].sum())

    @property
    def parts(self) -> Floats:
        """How much of each is of each domain; shape (kinds, domains)."""
        first = np.eye(len(DOMAINS))[self.first]
        second = np.where((self.second >= 0)[:, None], np.eye(len(DOMAINS))[self.second], first)
        return (first + second) / 2


@lru_cache(maxsize=8)
def cells(world: World) -> Kinds:
    """Every kind of conversation of a world, with its rates."""
    kinds = _kinds(world)
    return replace(
        kinds,
        rate=expit(world.constant + effects(world, kinds)),
        up=_up(world, kinds.first, kinds.length, np.ones(len(kinds.first), np.bool_)),
        up_rest=_up(world, kinds.first, kinds.length, np.zeros(len(kinds.first), np.bool_)),
    )


def _kinds(world: World) -> Kinds:
    d = len(world.mix)
    lengths, models, levels = world.by_domain
    month, first, second, length, model, level = (
        a.ravel() for a in np.indices((world.months, d, d + 1, 4, 2, 4)).astype(np.int64)
    )
    first_domain = np.einsum("f,fmd->md", np.array(world.mix), world.first_domain)
    probability = (
        first_domain[month, first]
        / world.months
        * np.where(second == d, 1 - world.several, np.where(second == first, 0.0, world.several / (d - 1)))
        * lengths[first, length]
        * models[first, model]
        * levels[first, level]
    )
    there = probability > 0
    none = np.zeros(int(there.sum()))
    of = (a[there] for a in (month, first, np.where(second == d, -1, second), length, model, level, probability))
    return Kinds(*of, none, none, none)


def effects(world: World, kinds: Kinds) -> Floats:
    """Log-odds of each kind, less the constant; shape (kinds,)."""
    return _effect(world, kinds.month, kinds.first, kinds.second, kinds.length, kinds.model, kinds.level)


def _effect(
    world: World,
    month: NDArray[np.int64],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    length: NDArray[np.int64],
    model: NDArray[np.int64],
    level: NDArray[np.int64],
) -> Floats:
    domain = np.array(world.domain)
    of_domain = np.where(second >= 0, (domain[first] + domain[second]) / 2, domain[first])
    effect = of_domain + np.array(world.length)[length] + np.array([0.0, world.model])[model]
    return np.asarray(effect + np.array(world.factor)[level] + world.month_effect[month])


def _up(world: World, first: NDArray[np.int64], length: NDArray[np.int64], flagged: Mask) -> Floats:
    by = np.linspace(-0.8, 0.8, len(world.mix))[first] + np.array([-0.3, 0.0, 0.2, 0.3])[length]
    return np.asarray(expit(0.4 + (by if world.approval_domain else 0.0) + world.approval * flagged))


def simulate(world: World, seed: int) -> Sample:
    """The conversations of some people, drawn from a world."""
    rng = np.random.default_rng([seed, 20261123])
    size = rng.choice(np.arange(1, world.most + 1), world.people, p=world.sizes)
    person = np.repeat(np.arange(world.people), size)
    n = len(person)
    favourite = rng.choice(len(world.mix), world.people, p=np.array(world.mix))
    multiplier = world.multipliers(rng, world.people)
    start, span = rng.integers(0, world.months, world.people), rng.integers(1, world.months + 1, world.people)
    month = (start[person] + rng.integers(0, span[person])) % world.months
    at = _times(rng, month)
    order = np.lexsort((at, person))
    at, month = at[order], month[order]
    first = _drawn(rng, world.first_domain.reshape(-1, len(world.mix)), favourite[person] * world.months + month)
    second = np.where(rng.random(n) < world.several, (first + rng.integers(1, len(world.mix), n)) % len(world.mix), -1)
    length, model, level = (_drawn(rng, table, first) for table in world.by_domain)
    number = np.arange(n) - np.repeat(np.cumsum(size) - size, size)
    effect = _effect(world, month, first, second, length, model, level) + world.within * number
    flagged = rng.random(n) < expit(world.constant + effect) * multiplier[person]
    primitive = _drawn(rng, PRIMITIVE[None], np.zeros(n, np.int64))
    levels, actualized = _levels(rng, world, flagged, primitive, level)
    leaning = world.leaning * np.where(rng.random(world.people) < 0.5, 1, -1)[person]
    up = rng.random(n) < _up(world, first, length, flagged) + leaning
    thumb = np.where(rng.random(n) < world.thumbs, up, -1).astype(np.int8)
    rated = rng.random(n) >= world.unrated
    domains = np.zeros((n, len(DOMAINS)), np.bool_)
    domains[np.arange(n), first] = True
    domains[second >= 0, second[second >= 0]] = True
    bounds = np.array(TURNS)
    turns = rng.integers(bounds[length], bounds[length + 1]).astype(np.int32)
    sample = Sample(
        person=person.astype(np.int64),
        weight=np.ones(n),
        column=columns(levels, actualized, rated),
        domains=domains,
        domain_names=DOMAINS,
        at=at,
        thumb=thumb,
        turns=turns,
        model=Attribute(model, MODELS),
        judge="simulated-1",
        rubric="1.0@simulated",
    )
    return sample if world.drawn == 1 else _screened(rng, world, sample, flagged)


def _screened(rng: np.random.Generator, world: World, sample: Sample, flagged: Mask) -> Sample:
    """What is rated where a screen keeps 90 % of flagged and 20 % of other conversations, and some of the rest are drawn."""
    kept = rng.random(len(sample)) < np.where(flagged, 0.9, 0.2)
    chosen = kept | (rng.random(len(sample)) < world.drawn)
    weight = np.where(kept, 1.0, np.count_nonzero(~kept) / max(np.count_nonzero(chosen & ~kept), 1))
    return replace(sample, weight=weight).where(chosen)


def _levels(
    rng: np.random.Generator, world: World, flagged: Mask, primitive: NDArray[np.int64], level: NDArray[np.int64]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Levels of all constructs, shape (n, 7), and the markers, shape (n, 3)."""
    n = len(flagged)
    rows = np.flatnonzero(flagged)
    levels = np.zeros((n, len(CONSTRUCTS)), np.int8)
    levels[:, : len(PRIMITIVES)] = rng.random((n, len(PRIMITIVES))) < 0.08
    levels[rows, primitive[rows]] = np.where(rng.random(len(rows)) < 0.2, 3, 2)
    actualized = np.zeros((n, len(PRIMITIVES)), np.int8)
    actualized[rows, primitive[rows]] = rng.random(len(rows)) < world.actualized
    for name in FACTORS:
        levels[:, CONSTRUCTS.index(name)] = _drawn(rng, OTHER_FACTORS[None], np.zeros(n, np.int64))
    levels[:, CONSTRUCTS.index("reliance_dependency")] = level
    alike = rng.random(n) < world.overlap
    levels[alike, CONSTRUCTS.index("vulnerability")] = level[alike]
    return levels, actualized


def _times(rng: np.random.Generator, month: NDArray[np.int64]) -> NDArray[np.int64]:
    starts = (START + np.arange(int(month.max()) + 2)).astype("datetime64[ms]").astype(np.int64)
    return np.asarray(starts[month] + (rng.random(len(month)) * (starts[month + 1] - starts[month])).astype(np.int64))


def _drawn(rng: np.random.Generator, table: Floats, row: NDArray[np.int64]) -> NDArray[np.int64]:
    """One category each, drawn with the probabilities of the given row of a table."""
    below = np.cumsum(table, axis=1)[:, :-1]
    chance = rng.random(len(row))
    return sum((chance > below[row, i] for i in range(below.shape[1])), np.zeros(len(row), np.int64))


def _shares(logs: Floats) -> Floats:
    shares = np.exp(logs)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


__all__ = ["DOMAINS", "MODELS", "PRIMITIVE", "Kinds", "World", "cells", "effects", "simulate"]
