"""Judge's levels of everything and people's labels of a drawn part: what honest estimates are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.estimate.cells import FLAGGED, FLAGGED_OUTCOME, Outcome
from selfrule.estimate.clusters import Clustering, Persons, clustering, persons_of
from selfrule.rubric import CONSTRUCTS, FLAGGED_FROM, LEVELS, PRIMITIVES

OUTCOMES: tuple[Outcome, ...] = (
    FLAGGED_OUTCOME,
    *(
        Outcome(construct, LEVELS[first] if first == len(LEVELS) - 1 else f"{LEVELS[first]}+", first, len(LEVELS) - 1)
        for construct in CONSTRUCTS
        for first in (3, 2, 1)
    ),
)
"""What honest figures are made of: flagged, and every construct at a level or above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One study: all its conversations with the judge's word on them, and those that were put before people.

    Attributes:
        person: Code of the person of each conversation, below 0 where unknown; shape (N,).
        weight: What each conversation stands for by the way the study was drawn, above 0; shape (N,).
        levels: The judge's level of each of `rubric.CONSTRUCTS`, 0 .. 3, -1 where it gave none (refused, screened out
            and not drawn, construct not rated); shape (N, 7). What has none was not flagged by the judge.
        stratum: Sampling stratum of the label draw, index into `strata`; shape (N,).
        strata: Names of the strata, as a labeller's coordinator reads them.
        row: Conversations that the draw reached, labelled or not, each once; shape (n,).
        given: People's level of each construct (the consensus of several), -1 where it is missing (unsure, skipped);
            shape (n, 7).
        inclusion: Probability with which each was reached, in (0, 1]: reached of the stratum over its size, unless the
            labels come with their own; shape (n,).

    Raises:
        UsageError: A shape or a range does not fit.
    """

    person: NDArray[np.integer]
    weight: NDArray[np.floating]
    levels: NDArray[np.int8]
    stratum: NDArray[np.integer]
    strata: tuple[str, ...]
    row: NDArray[np.integer]
    given: NDArray[np.int8]
    inclusion: NDArray[np.floating]

    def __post_init__(self) -> None:
        n, m, k = len(self.person), len(self.row), len(CONSTRUCTS)
        shapes = {"weight": (n,), "levels": (n, k), "stratum": (n,), "given": (m, k), "inclusion": (m,)}
        for name, shape in shapes.items():
            if np.shape(getattr(self, name)) != shape:
                raise UsageError(
                    f"The '{name}' of {n} conversations, {m} of them labelled, must have shape {shape}. "
                    f"Got {np.shape(getattr(self, name))} instead."
                )
        if not n:
            raise UsageError("A labelled study must have at least one conversation. Got none instead.")
        if not bool(np.all(np.isfinite(self.weight) & (self.weight > 0))):
            raise UsageError("The 'weight' of a conversation must be finite and above 0. Got another value instead.")
        if not bool(np.all((self.inclusion > 0) & (self.inclusion <= 1))):
            raise UsageError("The 'inclusion' of a label must be in (0, 1]. Got another value instead.")
        for name, end in (("levels", len(LEVELS)), ("given", len(LEVELS)), ("stratum", len(self.strata))):
            values = getattr(self, name)
            least = 0 if name == "stratum" else -1
            if values.size and not (values.min() >= least and values.max() < end):
                raise UsageError(
                    f"The '{name}' of a labelled study must be in [{least}, {end - 1}]. "
                    f"Got {values.min()} to {values.max()} instead."
                )
        if m and (self.row.min() < 0 or self.row.max() >= n or len(np.unique(self.row)) != m):
            raise UsageError(
                f"The 'row' of a label must name each conversation once, in [0, {n - 1}]. Got others instead."
            )

    def within(self, members: NDArray[np.bool_]) -> Labelled:
        """The same study, of some of its conversations only; a draw within strata is one within any group of them."""
        number = np.cumsum(members) - 1
        kept = members[self.row]
        return replace(
            self,
            person=self.person[members],
            weight=self.weight[members],
            levels=self.levels[members],
            stratum=self.stratum[members],
            row=number[self.row[kept]],
            given=self.given[kept],
            inclusion=self.inclusion[kept],
        )

    @property
    def at_random(self) -> bool:
        """Whether every conversation was as likely to be labelled as any other, up to what drawing whole numbers does."""
        if not len(self.row):
            return False
        expected = len(self.row) / len(self.person)
        reached = np.bincount(self.stratum[self.row], minlength=len(self.strata))
        size = np.bincount(self.stratum, minlength=len(self.strata))
        off = np.abs(reached - expected * size)
        alike = float(self.inclusion.max()) <= float(self.inclusion.min()) * (1 + 1e-9)
        return alike or bool(np.all(off <= 1))


@dataclass(frozen=True, slots=True)
class Cell:
    """Conversations of one sampling stratum on one side of the judge.

    Attributes:
        name: The stratum.
        flagged: Whether the judge puts them at the level or above.
        weight: Their share of all, in (0, 1].
        of: How many they are.
        reached: How many of them were put before people.
        part: Share that labels put at the level or above, with its effective number; None where no label is there.
        lost: Share of the reached whose label is missing, in [0, 1], by weight.
    """

    name: str
    flagged: bool
    weight: float
    of: int
    reached: int
    part: Clustering | None
    lost: float

    @property
    def events(self) -> int:
        """Labels at the level or above."""
        return 0 if self.part is None else self.part.events

    @property
    def labels(self) -> int:
        """Labels there are."""
        return 0 if self.part is None else self.part.n


@dataclass(frozen=True, slots=True)
class Sides:
    """One outcome: cells on both sides of the judge.

    Attributes:
        cells: Those that hold a conversation, flagged ones first.
        flagged: Share of all that the judge flags, with its effective number.
        n: Conversations in all.
        code: Cell of each conversation; shape (n,).
        people: Persons of all conversations.
        shared: What each person's conversations stand for in each cell; shape (cells, persons). None where every
            conversation has its own person.
        row: Conversations that were reached; shape (m,).
        label: 1, 0 or -1 (missing) of each of those; shape (m,).
        stands: Conversations that each of those stands for; shape (m,).
    """

    cells: tuple[Cell, ...]
    flagged: Clustering
    n: int
    code: NDArray[np.intp]
    people: Persons
    shared: NDArray[np.float64] | None
    row: NDArray[np.integer]
    label: NDArray[np.int8]
    stands: NDArray[np.float64]

    def side(self, flagged: bool) -> tuple[Cell, ...]:
        """The cells that the judge flags, or the others."""
        return tuple(cell for cell in self.cells if cell.flagged == flagged)


def reaches(levels: NDArray[np.int8], outcome: Outcome) -> NDArray[np.int8]:
    """1 where the levels reach the outcome, 0 where they do not, -1 where that is not known.

    Args:
        levels: Shape (n, 7), -1 where missing.
        outcome: Flagged, or a construct at a level or above.

    Returns:
        Shape (n,).
    """
    if outcome.construct == FLAGGED:
        of = levels[:, [CONSTRUCTS.index(name) for name in PRIMITIVES]]
        found = np.where((of < 0).any(axis=1), np.int8(-1), np.int8(0))
        return np.where((of >= FLAGGED_FROM).any(axis=1), np.int8(1), found).astype(np.int8)
    column = levels[:, CONSTRUCTS.index(outcome.construct)]
    hit = ((column >= outcome.first) & (column <= outcome.last)).astype(np.int8)
    return np.where(column < 0, np.int8(-1), hit).astype(np.int8)


def weight_or_none(weight: NDArray[np.floating]) -> NDArray[np.float64] | None:
    """None where all weights are alike, which is the fast and exact path."""
    if not len(weight) or bool(np.all(np.abs(weight - weight[0]) <= 1e-9 * weight[0])):
        return None
    return np.asarray(weight, dtype=np.float64)


def people_of(study: Labelled) -> Persons:
    """The persons of all conversations: made once, used for every outcome."""
    return persons_of(study.person, weight_or_none(study.weight))


def shared(people: Persons, code: NDArray[np.integer], cells: int) -> NDArray[np.float64] | None:
    """What each person's conversations stand for in each cell, or None where every conversation has its own person.

    Args:
        people: Persons of all conversations.
        code: Cell of each conversation; shape (N,).
        cells: How many cells there are.

    Returns:
        Shape (cells, persons).
    """
    k = len(people.size)
    if k == len(people.index):
        return None
    place = code.astype(np.int64) * k + people.index
    return np.bincount(place, weights=people.weight, minlength=cells * k).reshape(cells, k).astype(np.float64)


def sides(study: Labelled, outcome: Outcome, people: Persons | None = None) -> Sides:
    """Cut a study into cells by sampling stratum and by whether the judge flags it.

    Labels are a simple random sample of each stratum, hence of each cell of it: shares by cell, weighted by the cells'
    known sizes, are the post-stratified Horvitz-Thompson estimate, unbiased whatever the judge's errors.

    Args:
        study: The study.
        outcome: What is counted.
        people: From `people_of`, where there are many outcomes.

    Returns:
        The cells.

    References:
        Cochran WG (1977). Sampling Techniques, 3rd ed., 5A.9 (stratification after selection) and 5.3.
    """
    people = people_of(study) if people is None else people
    judged = reaches(study.levels, outcome) == 1
    label = reaches(study.given, outcome)
    code = study.stratum * 2 + ~judged
    count = np.bincount(code, minlength=2 * len(study.strata))
    weight = np.bincount(code, weights=study.weight, minlength=2 * len(study.strata))
    weight = weight / weight.sum()
    stands = study.weight[study.row] / study.inclusion
    found = [
        _cell(study, at, label, code[study.row] == at, stands, float(weight[at]), int(count[at]))
        for at in np.flatnonzero(count).tolist()
    ]
    found.sort(key=lambda item: not item[1].flagged)
    place = np.zeros(2 * len(study.strata), dtype=np.intp)
    for number, (at, _) in enumerate(found):
        place[at] = number
    return Sides(
        cells=tuple(cell for _, cell in found),
        flagged=clustering(people, judged),
        n=len(judged),
        code=place[code],
        people=people,
        shared=shared(people, place[code], len(found)),
        row=study.row,
        label=label,
        stands=stands,
    )


def _cell(
    study: Labelled,
    at: int,
    label: NDArray[np.int8],
    here: NDArray[np.bool_],
    stands: NDArray[np.floating],
    weight: float,
    of: int,
) -> tuple[int, Cell]:
    known = here & (label >= 0)
    part = None
    if known.any():
        part = clustering(persons_of(study.person[study.row[known]], weight_or_none(stands[known])), label[known] == 1)
    reached = int(np.count_nonzero(here))
    lost = float(stands[here & ~known].sum() / stands[here].sum()) if reached else 0.0
    return at, Cell(study.strata[at // 2], at % 2 == 0, weight, of, reached, part, lost)


def labels_of(cells: Sequence[Cell]) -> int:
    """Labels in some cells."""
    return sum(cell.labels for cell in cells)


def events_of(cells: Sequence[Cell]) -> int:
    """Labels in some cells that reach the level."""
    return sum(cell.events for cell in cells)
