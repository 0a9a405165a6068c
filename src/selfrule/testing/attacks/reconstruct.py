"""Two releases that differ by one person: what can be worked out of what that person said?

The attacker has both, knows that they differ by one person and by nobody else, and that patterns are the same in both
(which a study does not grant). Each cell of the person is guessed from how much the cell changed; what must be so is worked
out from how counts are rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from selfrule.patterns.records import Patterns
from selfrule.privacy.cells import BASE
from selfrule.testing.attacks.crowd import Crowd, Release, cells, truth
from selfrule.testing.attacks.scores import Auc, auc

_CAP = 10.0  # what the highest share that is shown leaves, of k = 10

Bounds = Callable[[Patterns], dict[str, tuple[float, float]]]
"""What the true counts behind a release must lie between, by cell."""


def of_exact(made: Patterns) -> dict[str, tuple[float, float]]:
    """Exact counts are what they are."""
    return {name: (count, count) for name, count in cells(made).items()}


def of_rounded(made: Patterns) -> dict[str, tuple[float, float]]:
    """Rounded counts are within `cells.BASE` of their share of the group they are in, whose own count is known so well.

    The most precise attack: the true size of a pattern lies between (shown - 5) and (shown + 5) times the true over the shown
    size of its group, and so on up; a cell's count the same way within its pattern. Of codes the share is of those asked,
    whose number is not told, so that the lower bound is none.
    """
    top = float(made.described - made.collapsed)
    sizes: dict[str | None, tuple[float, float, float]] = {None: (top, top - BASE, top + BASE)}
    found: dict[str, tuple[float, float]] = {}

    def inside(count: float, of: tuple[float, float, float]) -> tuple[float, float]:
        shown, low, high = of
        return max(0.0, (count - BASE) * low / shown), (count + BASE) * high / shown

    for one in made.patterns:
        low, high = inside(one.conversations, sizes[one.parent])
        sizes[one.id] = one.conversations, low, high
    for name, count in cells(made).items():
        pattern, _, cell = name.partition(" ")
        shown, low, high = sizes[pattern]
        if cell == "conversations":
            found[name] = low, high
        elif cell == "persons":
            found[name] = max(0.0, count - BASE), high
        else:
            below, above = inside(count, (shown, low, high))
            # the highest share that is shown stands for that and more
            above = high if count >= shown - _CAP - 1e-6 else above
            found[name] = 0.0 if cell.startswith("codes") else below, above
    return found


def of_noisy(made: Patterns) -> dict[str, tuple[float, float]]:
    """Noise has no bound: nothing follows."""
    return dict.fromkeys(cells(made), (0.0, math.inf))


@dataclass(frozen=True)
class Reconstructed:
    """What was recovered of people, one after the other.

    Attributes:
        cells: Cells of theirs, in all: every size, month and share that a conversation of theirs counts in.
        proved: Those of them of which the attacker can be sure that the person is in it.
        right: Those whose exact count the change between the releases gives.
        told_apart: How well the change tells cells of theirs from all others; 0.5 is not at all.
        first: Share of people of whom the pattern that grew most is one of theirs, and `by_chance` what guessing gives.
    """

    people: int
    cells: int
    proved: int
    right: int
    told_apart: Auc
    first: float
    by_chance: float


def reconstruct(of: Crowd, release: Release, people: int, *, bounds: Bounds, seed: int = 0) -> Reconstructed:
    """Release a crowd with and without each of some people, and try to recover these from the two.

    Args:
        of: Everybody.
        release: Makes a release.
        people: How many are tried, drawn at random.
        bounds: What follows of true counts from a release: `of_exact`, `of_rounded`, `of_noisy`. Where those of the release
            with the person lie above those without, the person is proved to be in the cell.
        seed: Draws who is tried, and the releases.
    """
    chance = np.random.default_rng(seed)
    theirs: list[float] = []
    others: list[float] = []
    known = proved = right = first = 0
    by_chance = 0.0
    for at, person in enumerate(chance.choice(of.people(), people, replace=False)):
        mine = truth(of, int(person))
        later = release(of, seed * 100_003 + 2 * at)
        earlier = release(of.only(~of.of(int(person))), seed * 100_003 + 2 * at + 1)
        after, before = cells(later), cells(earlier)
        least, most_before = bounds(later), bounds(earlier)
        grown = {name: after.get(name, 0.0) - before.get(name, 0.0) for name in sorted(after.keys() | before.keys())}
        both = after.keys() & before.keys()
        sure = {name for name in both if least[name][0] > most_before[name][1]}
        given = {
            name for name in both if least[name][0] == least[name][1] and most_before[name][0] == most_before[name][1]
        }
        for name, change in grown.items():
            (theirs if mine.get(name) else others).append(change)
            if mine.get(name):
                known += 1
                proved += name in sure
                right += name in given and abs(change - mine[name]) < 1e-6
        leaves = [name for name in grown if name.endswith(" conversations") and "." in name]
        if leaves:
            most = max(leaves, key=lambda name: (grown[name], chance.random()))
            first += bool(mine.get(most))
            by_chance += sum(bool(mine.get(name)) for name in leaves) / len(leaves)
    return Reconstructed(people, known, proved, right, auc(theirs, others), first / people, by_chance / people)
