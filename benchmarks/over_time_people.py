"""Truth about the people of a simulated population, in closed form: how many are affected, who carries how much, courses.

People are types: a favourite domain, and a multiplier of rate (its beta distribution at the nodes of Gauss and Jacobi). Given the
type, a person's k-th conversation is flagged with probability p_k, independently of the others, and how many conversations
there are does not depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, roots_jacobi
from scipy.stats import binom

from over_time_population import World, cells, effects

Floats = NDArray[np.float64]
NODES = 64
"""Of the multiplier: exact for polynomials up to degree 127, and everything here is one of at most `World.most`."""


@dataclass(frozen=True)
class People:
    """A population's people.

    Attributes:
        world: What they are of.
        mass: Probability of each type; shape (types,).
        rate: Probability of flagged by type and number of the conversation; shape (types, most).
    """

    world: World
    mass: Floats
    rate: Floats

    @cached_property
    def clear(self) -> Floats:
        """Probability that none of the first j is flagged, by type and j from 0; shape (types, most + 1)."""
        return np.concatenate([np.ones((len(self.mass), 1)), np.cumprod(1 - self.rate, axis=1)], axis=1)

    def reached(self, by: int) -> float:
        """Share of people flagged at least once in their first `by` conversations, if they have so many."""
        return float(self.mass @ (1 - self.clear[:, by]))

    def affected(self, least: int = 1, most: int | None = None) -> float:
        """Share of people with `least` to `most` conversations who are flagged at least once."""
        here = slice(least - 1, most)
        odds = self.world.sizes[here]
        return float(odds @ (1 - self.mass @ self.clear[:, 1:][:, here]) / odds.sum())

    def onset(self, after: int) -> float:
        """Share of those whose first `after` are not, and who have more, that are flagged later."""
        odds = self.world.sizes[after:]
        start = self.mass * self.clear[:, after]
        never = self.clear[:, after + 1 :] / self.clear[:, [after]]
        return float(odds @ (start @ (1 - never)) / (odds.sum() * start.sum()))

    def recovered(self, after: int) -> float:
        """Share of those flagged, with `after` or more conversations since the first time, who have so many in a row unflagged.

        Only where the rate does not change over a person's conversations.
        """
        p = self.rate[:, 0]
        most = self.world.most
        run = np.zeros(
            (after, len(p))
        )  # probability of having 0, 1, ... unflagged in a row so far, without `after` of them
        run[0] = 1.0
        got = np.zeros((most, len(p)))  # by conversations since
        for since in range(1, most):
            done = run[-1] * (1 - p)
            run = np.concatenate([run.sum(axis=0, keepdims=True) * p, run[:-1] * (1 - p)])
            got[since] = got[since - 1] + done
        told = came = 0.0
        for size in range(after + 1, most + 1):
            for first in range(1, size - after + 1):
                weight = self.world.sizes[size - 1] * self.mass * (1 - p) ** (first - 1) * p
                told += float(weight.sum())
                came += float(weight @ got[size - first])
        return came / told

    @cached_property
    def stays(self) -> float:
        """Share of next conversations that are flagged, after one that is."""
        both = self.rate[:, :-1] * self.rate[:, 1:]
        more = np.cumsum(self.world.sizes[::-1])[::-1][1:]  # has a next one
        return float((self.mass @ both) @ more / ((self.mass @ self.rate[:, :-1]) @ more))

    @cached_property
    def after_none(self) -> float:
        """The same after one that is not flagged."""
        both = (1 - self.rate[:, :-1]) * self.rate[:, 1:]
        more = np.cumsum(self.world.sizes[::-1])[::-1][1:]
        return float((self.mass @ both) @ more / ((self.mass @ (1 - self.rate[:, :-1])) @ more))

    @property
    def correlation(self) -> float:
        """Intra-person correlation, where the rate does not change over a person's conversations."""
        p = self.rate[:, 0]
        mean = float(self.mass @ p)
        return (float(self.mass @ p**2) - mean**2) / (mean * (1 - mean))

    @property
    def again(self) -> float:
        """Probability that another conversation of the person is flagged, given that one is; as above."""
        p = self.rate[:, 0]
        return float(self.mass @ p**2 / (self.mass @ p))

    @cached_property
    def carried(self) -> Floats:
        """Probability of 0, 1, ... flagged conversations of a person; shape (most + 1,). Rates unchanging."""
        p, most = self.rate[:, 0], self.world.most
        found = np.zeros(most + 1)
        for size, odds in enumerate(self.world.sizes, 1):
            found[: size + 1] += odds * (self.mass @ binom.pmf(np.arange(size + 1), size, p[:, None]))
        return found

    def top(self, fraction: float, *, affected: bool = False) -> float:
        """Share of flagged conversations that a part of the people, those with most first, have."""
        mass = self.carried.copy()
        if affected:
            mass[0] = 0.0
            mass /= mass.sum()
        before = np.cumsum(mass[::-1])[::-1] - mass
        taken = np.clip(fraction - before, 0, mass)
        values = np.arange(len(mass))
        return float(taken @ values / (mass @ values))

    @property
    def gini(self) -> float:
        """Gini coefficient of flagged conversations over all people."""
        values = np.arange(len(self.carried))
        held = np.concatenate([[0.0], np.cumsum(self.carried * values)]) / (self.carried @ values)
        return float(1 - (self.carried * (held[1:] + held[:-1])).sum())


@lru_cache(maxsize=4)
def people_of(world: World) -> People:
    """The people of a world without drift."""
    if world.drift or world.step or world.mix_end:
        raise ValueError("Truth about people is of a world that does not change over the months.")
    kinds = cells(world)
    number = np.arange(world.most)
    a, b = world.beta
    multiplier, share = np.ones(1), np.ones(1)
    if world.spread:
        place, share = roots_jacobi(NODES, b - 1, a - 1)
        multiplier, share = (1 + place) / 2 / world.top, share / share.sum()
    first = np.array(world.mix)
    chance = world.favourite * np.eye(len(first)) + (1 - world.favourite) * first  # domain by favourite
    by_first = np.zeros((len(first), world.most))
    base = world.constant + effects(world, kinds)
    for domain in range(len(first)):
        mine = kinds.first == domain
        weight = kinds.probability[mine] / kinds.probability[mine].sum()
        if world.within:
            by_first[domain] = [float(weight @ expit(base[mine] + world.within * k)) for k in number]
        else:
            by_first[domain] = float(weight @ expit(base[mine]))
    rate = (chance @ by_first)[:, None, :] * multiplier[None, :, None]
    mass = (first[:, None] * share).ravel()
    return People(world, mass, rate.reshape(-1, world.most))
