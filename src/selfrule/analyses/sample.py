"""What analyses are made from: one row a conversation that went to the judge, sorted by person and then by time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.estimate.cells import ACTUALIZED, FLAGGED, Outcome, columns
from selfrule.estimate.frame import NO_TIME, Attribute, Frame
from selfrule.estimate.groups import scale_of
from selfrule.rubric import CONSTRUCTS, FLAGGED_FROM, LEVELS

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Conversations that were drawn for rating; what the screen dropped unread is in the weights of those drawn.

    A conversation that could not be rated is here with every column at -1: missing is never negative.

    Attributes:
        person: Code of the person, -1 where unknown; shape (n,). Rows of one person are consecutive, earliest first (those
            of unknown time last); those of unknown person come first.
        weight: Conversations of the study, or of the population it was drawn from, that each stands for; above 0; shape (n,).
        column: By construct id, "flagged" and "actualized_..." (`estimate.cells.columns`): level, or 1 and 0; -1 unknown.
        domains: Member of each domain; shape (n, d). A row with none set is of unknown domain.
        domain_names: Ids of the d domains.
        at: Start, milliseconds since 1970 UTC, `NO_TIME` where unknown; shape (n,).
        thumb: 1 up, 0 down, -1 none; shape (n,).
        turns: Turns read, 0 where unknown; shape (n,).
        model, product, language: Attributes, None where no conversation has one.
        source: Which study each conversation is of, where several are looked at together; 0 elsewhere; shape (n,).
        opening: A number for the person's first words, equal where these are, -1 where there are none; shape (n,). None
            where it was not asked for.
        judge, rubric: Labels of what rated them.
        studies: Names of the studies that `source` counts.
        between_people: Whether they were held between people, without an assistant.
        unplaced: What was left out, in a sentence, where figures are to be shared; None where nothing was.
        unread: Conversations that the screen dropped and nobody read: they are not rows here.
    """

    person: NDArray[np.int64]
    weight: NDArray[np.float64]
    column: dict[str, NDArray[np.int8]]
    domains: Mask
    domain_names: tuple[str, ...]
    at: NDArray[np.int64]
    thumb: NDArray[np.int8]
    turns: NDArray[np.int32]
    model: Attribute | None = None
    product: Attribute | None = None
    language: Attribute | None = None
    source: NDArray[np.int16] | None = None
    opening: NDArray[np.int64] | None = None
    judge: str = ""
    rubric: str = ""
    studies: tuple[str, ...] = ()
    between_people: bool = False
    unplaced: str | None = None
    unread: int = 0

    def __len__(self) -> int:
        return len(self.person)

    @cached_property
    def cluster(self) -> NDArray[np.int64]:
        """Code of what is resampled whole, dense from 0: the person, or a conversation of unknown person alone; shape (n,)."""
        first = np.ones(len(self), np.bool_)
        first[1:] = (self.person[1:] != self.person[:-1]) | (self.person[1:] < 0)
        return np.cumsum(first) - 1

    @property
    def clusters(self) -> int:
        """How many clusters there are."""
        return int(self.cluster[-1]) + 1 if len(self) else 0

    @property
    def persons(self) -> int | None:
        """How many people are known; None where the logs name nobody."""
        return _people(self.person) or None

    @property
    def rated(self) -> Mask:
        """Whether anything was rated of each; shape (n,)."""
        return np.asarray(np.any([c >= 0 for c in self.column.values()], axis=0))

    def reaches(self, outcome: Outcome) -> tuple[Mask, Mask]:
        """Whether each conversation reaches an outcome, and whether that is known; each of shape (n,)."""
        values = self.column[outcome.construct]
        return (values >= outcome.first) & (values <= outcome.last), values >= 0

    def people_in(self, rows: Mask) -> int | None:
        """How many known people the rows are of; None where the logs name nobody."""
        return None if self.persons is None else _people(self.person[rows])

    def where(self, rows: Mask | NDArray[np.intp]) -> Self:
        """The same with some rows alone, or in another order; the codes of persons are kept."""
        return replace(
            self,
            person=self.person[rows],
            weight=self.weight[rows],
            column={name: values[rows] for name, values in self.column.items()},
            domains=self.domains[rows],
            at=self.at[rows],
            thumb=self.thumb[rows],
            turns=self.turns[rows],
            source=None if self.source is None else self.source[rows],
            opening=None if self.opening is None else self.opening[rows],
            model=_taken(self.model, rows),
            product=_taken(self.product, rows),
            language=_taken(self.language, rows),
        )


def _taken(attribute: Attribute | None, rows: Mask | NDArray[np.intp]) -> Attribute | None:
    return None if attribute is None else Attribute(attribute.codes[rows], attribute.names)


def _people(person: NDArray[np.int64]) -> int:
    """Known people in codes that are sorted."""
    known = person[person >= 0]
    return 0 if not len(known) else 1 + int(np.count_nonzero(known[1:] != known[:-1]))


def sample_of(frame: Frame, *, judge: str = "", rubric: str = "", opening: NDArray[np.int64] | None = None) -> Sample:
    """The sample of a study's frame.

    A conversation's weight is what it stands for over the probability with which it was drawn for rating, scaled so that
    each stratum of the screen keeps its size (Horvitz-Thompson with known strata; Cochran 1977, 5A.9).

    Args:
        frame: One row a conversation of the study.
        judge: Label of the judge whose ratings they are.
        rubric: Label of the rubric.
        opening: As in `Sample`, of each conversation of the frame.
    """
    drawn = np.flatnonzero(frame.drawn)
    at = np.full(len(frame.person), NO_TIME, np.int64) if frame.at is None else frame.at
    when = np.where(at == NO_TIME, np.iinfo(np.int64).max, at)[drawn]
    rows = drawn[np.lexsort((when, frame.person[drawn]))]
    n = len(frame.person)
    base = np.ones(n) if frame.weight is None else np.asarray(frame.weight, np.float64)
    inverse = base[rows] / frame.inclusion[rows]
    kept = frame.screened_in[rows]
    scale = [scale_of(inverse[part], base[frame.screened_in == side]) for part, side in ((~kept, False), (kept, True))]
    return Sample(
        person=frame.person[rows].astype(np.int64),
        weight=inverse * np.where(kept, scale[1], scale[0]),
        column=columns(frame.levels[rows], frame.actualized[rows], frame.rated[rows]),
        domains=frame.domains[rows],
        domain_names=frame.domain_names,
        at=at[rows],
        thumb=np.full(len(rows), -1, np.int8) if frame.thumb is None else frame.thumb[rows].astype(np.int8),
        turns=np.zeros(len(rows), np.int32) if frame.turns is None else frame.turns[rows].astype(np.int32),
        model=_taken(frame.model, rows),
        product=_taken(frame.product, rows),
        language=_taken(frame.language, rows),
        opening=None if opening is None else opening[rows],
        judge=judge,
        rubric=rubric,
        unread=n - len(rows),
    )


FLAGGED_OUTCOME = Outcome(FLAGGED, f"{LEVELS[FLAGGED_FROM]}+", 1, 1)
"""What an analysis is of unless told: moderate or severe on at least one primitive."""


def outcome_of(construct: str = FLAGGED, level: str | None = None) -> Outcome:
    """An outcome by name, as the command line has it.

    Args:
        construct: "flagged", one of the seven constructs, or "actualized_PRIMITIVE".
        level: "mild", "moderate", "severe" for that level exactly, with a plus ("moderate+") for that or above; None is
            "moderate+". "flagged" and "actualized_..." have one level only.

    Raises:
        UsageError: There is no such construct or level.

    Example:
        >>> outcome_of("reality_distortion", "severe")
        Outcome(construct='reality_distortion', level='severe', first=3, last=3)
    """
    if construct == FLAGGED and level in {None, FLAGGED_OUTCOME.level, "yes"}:
        return FLAGGED_OUTCOME
    if construct in ACTUALIZED and level in {None, "yes"}:
        return Outcome(construct, "yes", 1, 1)
    if construct in {FLAGGED, *ACTUALIZED}:
        raise UsageError(f"'{construct}' is yes or no and has no level {level!r}. Leave the level out.")
    if construct not in CONSTRUCTS:
        known = ", ".join((FLAGGED, *CONSTRUCTS, *ACTUALIZED))
        raise UsageError(f"There is no construct {construct!r}. Known: {known}.")
    wanted = level or f"{LEVELS[FLAGGED_FROM]}+"
    name = wanted.removesuffix("+")
    if name not in LEVELS:
        known = ", ".join((*LEVELS[1:], *(f"{one}+" for one in LEVELS[1:-1])))
        raise UsageError(f"There is no level {level!r}. Known: {known}.")
    first = LEVELS.index(name)
    last = len(LEVELS) - 1 if wanted.endswith("+") else first
    return Outcome(construct, wanted if first < len(LEVELS) - 1 else name, first, last)
