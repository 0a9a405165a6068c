"""The records of what amplifying factors go with, and how they overlap."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from selfrule.analyses.figures import Analysis, Figure

ANY = "actualized_any"
"""Actualized in at least one of the primitives that the judge measured."""

NUMBER = "number"
"""In place of a factor: how many of them are moderate or above."""


class AtLevel(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations at one level of a factor.

    `share` is how many of them reach the outcome; `actualized` how many of those flagged are actualized, by
    "actualized_PRIMITIVE" and "actualized_any".
    """

    level: str
    share: Figure
    actualized: dict[str, Figure]


class ByLevel(msgspec.Struct, frozen=True, kw_only=True):
    """A factor with its four levels, none to severe."""

    factor: str
    levels: list[AtLevel]


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a share rises with a factor's level, and by how much a level: effects first, the tests beside them.

    `factor` is its id, or "number" for how many factors are there; `outcome` a construct, "flagged" or "actualized_...",
    `among_flagged` whether it is a share of the flagged. `points` is the change of the share a level, in [-1, 1]; `odds` the
    factor on the odds a level, `odds_by_domain` the same with domains made alike; above 1 where it rises. `p` is
    Cochran and Armitage's between people, of `points`; `p_by_domain` that of `odds_by_domain`. `q` and `q_by_domain`
    are the same adjusted for the number of tests in the table (Benjamini-Hochberg); at most 0.05 stands out.

    `steps` are the differences of the share from each level to the next that has one, "none to mild" and so on; `rising`
    says whether none of them is below 0 (None: fewer than two levels have a share).
    """

    factor: str
    outcome: str
    among_flagged: bool
    points: Figure
    odds: Figure
    odds_by_domain: Figure
    p: float | None
    p_by_domain: float | None
    q: float | None = None
    q_by_domain: float | None = None
    steps: dict[str, Figure] = {}
    rising: bool | None = None


class Combination(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations with these factors moderate or above, and no others: their share of all, and how many reach the outcome."""

    present: list[str]
    of_all: Figure
    share: Figure


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two factors, each moderate or above: the share of conversations with both, and how many times that is what it would be
    if they had nothing to do with each other (`times`, above 0). `gamma` is Goodman and Kruskal's, over all four levels:
    of two conversations that differ in both factors, how much likelier it is that the same one is higher in both, in [-1, 1].
    """

    one: str
    other: str
    both: Figure
    times: Figure
    gamma: Figure


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations with so many factors moderate or above: their share of all, and how many reach the outcome."""

    present: int
    of_all: Figure
    share: Figure


class Factors(Analysis, tag="factors", frozen=True, kw_only=True):
    """Amplifying factors: how often an outcome is reached at each of their levels, and how they overlap.

    `combinations`, `pairs` and `counts` are of conversations in which all `measured` factors (both of a pair) were rated. `k`
    is the smallest group that is shown, where it has passed the release gate.
    """

    construct: str
    level: str
    overall: Figure
    measured: list[str]
    factors: list[ByLevel]
    tests: list[Tested]
    combinations: list[Combination]
    pairs: list[Pair]
    counts: list[Count]
    k: int | None = None

    def figures(self) -> Iterator[Figure]:
        """Every share of a group: what the release gate may withhold."""
        for factor in self.factors:
            for at in factor.levels:
                yield from (at.share, *at.actualized.values())
        for combination in self.combinations:
            yield from (combination.of_all, combination.share)
        for count in self.counts:
            yield from (count.of_all, count.share)
        for pair in self.pairs:
            yield pair.both
