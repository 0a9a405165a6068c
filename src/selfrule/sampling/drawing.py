"""Designs, and what is drawn by them: at random, by stratum, by person; every probability is known."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.sampling.allocation import LEAST, equal, proportional
from selfrule.sampling.numbers import numbers

FIELDS = ("month", "model", "product", "language", "country", "thumb", "reader", "input")
MOST_STRATA = 1000  # a field with more values is an id, whose values should not stand in a manifest
_PERSONS_SEED = 0x5E1F  # a person's number must not be that of a conversation


@dataclass(frozen=True, slots=True)
class Design:
    """How to draw.

    Attributes:
        by: "random", "person", one of `FIELDS`, or "stratum:FIELD" with any field of the records.
        n: Conversations to draw, or persons by "person"; None where `each` says it.
        each: By a field: so many from every stratum (equal allocation), instead of `n` in proportion to their sizes. By
            "person": at most so many of each person (two stages).
        seed: Of the permanent random numbers.

    Raises:
        UsageError: The parts do not fit together.
    """

    by: str = "random"
    n: int | None = None
    each: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        named = self.by.startswith("stratum:") and self.by.removeprefix("stratum:").strip()
        if self.by not in ("random", "person", *FIELDS) and not named:
            raise UsageError(
                f"--by must be random, person, {', '.join(FIELDS)}, or stratum:FIELD with a field of the records. Got "
                f"{self.by!r}."
            )
        for name, value in (("n", self.n), ("each", self.each)):
            if value is not None and value < 1:
                raise UsageError(f"--{name} must be at least 1. Got {value}.")
        if self.each is not None and self.by == "random":
            raise UsageError("--each goes with --by person or with strata; at random, give --n alone.")
        if self.by in ("random", "person") and self.n is None:
            what = "conversations" if self.by == "random" else "persons"
            raise UsageError(f"--n is needed: how many {what} to draw.")
        if self.stratified and (self.n is None) == (self.each is None):
            raise UsageError("Give --n (in proportion to the strata) or --each (so many from every one), not both.")
        if self.by == "person" and self.n is not None and self.n < LEAST:
            raise UsageError("--n must be at least 2 by person: of one person, nothing is learnt about people.")

    @property
    def stratified(self) -> bool:
        """Whether strata are drawn from, each by itself."""
        return self.by not in ("random", "person")


@dataclass(frozen=True, slots=True)
class Index:
    """What a draw needs to know of every conversation of a log; copies may be in it, and count once.

    Attributes:
        key: 64 bits of what it is; copies have one key; shape (n,).
        who: 64 bits of its person, 0 where unknown; shape (n,).
        stratum: Index into `names`; shape (n,).
        names: The strata.
    """

    key: NDArray[np.uint64]
    who: NDArray[np.uint64]
    stratum: NDArray[np.integer]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stratum:
    """A stratum: conversations in it (persons, by person), and how many were drawn."""

    name: str
    size: int
    drawn: int


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn.

    Attributes:
        key: Keys of the conversations drawn, each once; shape (m,).
        inclusion: The probability of each, in (0, 1]; shape (m,).
        population: Conversations drawn from, without copies.
        copies: Exact copies among those read.
        strata: Sizes and numbers drawn; by person one, of persons.
    """

    key: NDArray[np.uint64]
    inclusion: NDArray[np.float64]
    population: int
    copies: int
    strata: tuple[Stratum, ...] = field(default=())


def draw(index: Index, design: Design) -> Draw:
    """Draw without replacement, with probabilities that are known.

    - *random*: the `n` with the lowest numbers, each with probability n / N.
    - *by stratum*: so in each stratum, n_h / N_h.
    - *by person*: the `n` persons with the lowest numbers, whole (one-stage clusters), or with at most `each` of their
      conversations, the lowest (two stages: n / K times m / M_i). A conversation of unknown person is a person by itself.

    The same logs and seed draw the same, and a larger `n` or `each` draws the same and more.

    Args:
        index: Of all conversations.
        design: How.

    Returns:
        What was drawn, in the order of keys.

    References:
        Cochran WG (1977). Sampling Techniques, 3rd ed., ch. 2 (random), 5 (strata), 9 and 11 (clusters, two stages).

    Raises:
        UsageError: there is nothing to draw from, or `n` is too small for the strata.
    """
    key, first = np.unique(np.asarray(index.key, np.uint64), return_index=True)
    if not len(key):
        raise UsageError("There is no conversation to draw from.")
    number = numbers(key, design.seed)
    copies = len(index.key) - len(key)
    if design.by == "person":
        assert design.n is not None
        chosen, inclusion, strata = _by_person(key, index.who[first], number, design.n, design)
    else:
        stratum = index.stratum[first] if design.stratified else np.zeros(len(key), np.int64)
        names = index.names if design.stratified else ("",)
        chosen, inclusion, strata = _by_stratum(number, np.asarray(stratum, np.int64), names, design)
    return Draw(key[chosen], inclusion[chosen], len(key), copies, strata)


_Found = tuple[NDArray[np.intp], NDArray[np.float64], tuple[Stratum, ...]]


def _by_stratum(
    number: NDArray[np.uint64], stratum: NDArray[np.int64], names: tuple[str, ...], design: Design
) -> _Found:
    size = np.bincount(stratum, minlength=len(names))
    there = np.flatnonzero(size)
    if len(there) > MOST_STRATA:
        raise UsageError(
            f"--by {design.by} makes {len(there):,} strata; at most {MOST_STRATA:,} are taken. Name a field with fewer values, "
            "such as month."
        )
    wanted = np.zeros(len(names), np.int64)
    if not design.stratified:
        wanted[there] = np.minimum(size[there], design.n or 0)
    elif design.each is not None:
        wanted[there] = equal(size[there], design.each)
    else:
        # in the order of names, so that ties do not depend on which worker was first
        by_name = sorted(there.tolist(), key=lambda at: names[at])
        wanted[by_name] = proportional(size[by_name], design.n or 0)
    rank = _ranks(stratum, number)
    chosen = np.flatnonzero(rank < wanted[stratum])
    inclusion = (wanted / np.maximum(size, 1))[stratum]
    strata = tuple(Stratum(names[at], int(size[at]), int(wanted[at])) for at in there)
    return chosen, inclusion, tuple(sorted(strata, key=lambda one: one.name))


def _by_person(
    key: NDArray[np.uint64], who: NDArray[np.uint64], number: NDArray[np.uint64], n: int, design: Design
) -> _Found:
    unknown = who == 0
    found, known = np.unique(who[~unknown], return_inverse=True)
    person = np.empty(len(key), np.int64)
    person[~unknown] = known
    person[unknown] = len(found) + np.arange(int(unknown.sum()))
    persons = numbers(np.concatenate([found, key[unknown]]), design.seed ^ _PERSONS_SEED)
    n = min(n, len(persons))
    taken = np.zeros(len(persons), bool)
    taken[np.argsort(persons, kind="stable")[:n]] = True
    inclusion = np.full(len(key), n / len(persons))
    kept = taken[person]
    if design.each is not None:
        has = np.bincount(person)
        kept &= _ranks(person, number) < design.each
        inclusion *= np.minimum(design.each / has, 1.0)[person]
    return np.flatnonzero(kept), inclusion, (Stratum("persons", len(persons), n),)


def _ranks(group: NDArray[np.int64], number: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The place of each one within its group, by its number, from 0."""
    order = np.argsort(number)
    if group.any():
        # a short type is sorted by counting, several times as fast
        narrow = group.astype(np.uint16) if int(group.max()) < 1 << 16 else group
        order = order[np.argsort(narrow[order], kind="stable")]
    ordered = group[order]
    new = np.flatnonzero(np.diff(ordered)) + 1
    starts = np.concatenate([[0], new])
    start_of = np.repeat(starts, np.diff(np.concatenate([starts, [len(ordered)]])))
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - start_of
    return rank
