"""Was this person in? A likelihood ratio over all released counts, learnt from releases that the attacker makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from selfrule.patterns.records import Patterns
from selfrule.privacy.cells import BASE
from selfrule.testing.attacks.crowd import Crowd, Release, cells, crowd
from selfrule.testing.attacks.scores import Auc, auc

World = Callable[[bool, int], Patterns]
"""A release of a world in which the person is, or is not, with a seed."""


def knowing_all_others(of: Crowd, person: int, release: Release) -> World:
    """The strongest attacker: has every conversation of everybody else, and all of the person's, and lacks the secret alone."""
    without = of.only(~of.of(person))
    return lambda inside, seed: release(of if inside else without, seed)


def knowing_the_population(of: Crowd, person: int, release: Release, people: int = 200) -> World:
    """An attacker who has the person's conversations, and knows what the others are like without having theirs.

    In either world there are as many people; where the person is not, somebody else is.
    """
    mine = of.only(of.of(person))

    def world(inside: bool, seed: int) -> Patterns:
        others = crowd(people, seed=seed + 1_000_000)
        if inside:
            others = others.only(others.members.person != 0).beside(mine)
        return release(others, seed)

    return world


def membership(world: World, trials: int, *, seed: int = 0) -> Auc:
    """How well releases of a world tell whether the person is in it.

    Half of the releases teach the attacker how often each count (in fives, or not shown) comes up with and without the
    person; the sum of the logarithms of the ratios is the score of the others, cell by cell as if cells were independent.

    Args:
        world: Makes releases.
        trials: Releases of each kind to learn from, and again as many to be told apart.
        seed: Draws them.
    """
    drawn = {
        inside: [cells(world(inside, seed * 1_000_003 + 2 * at + inside)) for at in range(2 * trials)]
        for inside in (True, False)
    }
    names = sorted({name for made in drawn.values() for one in made[:trials] for name in one})
    model = {name: (_seen(drawn[True][:trials], name), _seen(drawn[False][:trials], name)) for name in names}

    def score(one: dict[str, float]) -> float:
        total = 0.0
        for name, (inside, outside) in model.items():
            value = _value(one, name)
            total += float(np.log((inside[value] + 0.5) / (outside[value] + 0.5)))
        return total

    return auc([score(one) for one in drawn[True][trials:]], [score(one) for one in drawn[False][trials:]])


def _value(one: dict[str, float], name: str) -> int:
    return round(one[name] / BASE) if name in one else -1


def _seen(made: Sequence[dict[str, float]], name: str) -> Counter[int]:
    return Counter(_value(one, name) for one in made)
