"""How the conversations of a group came to be rated: strata, what each conversation stands for, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.across import Across
from selfrule.estimate.clusters import Clustering, Persons, clustering, persons_of
from selfrule.estimate.groups import Group, Rows, Table, scale_of
from selfrule.estimate.wording import STUDY_WAY

NAMES = {True: "screened-in", False: "screened-out"}


@dataclass(frozen=True, slots=True)
class Stratum:
    """Conversations that one share is read from.

    Attributes:
        name: Of the stratum, for people.
        rows: Rows of the table, ascending, which is by person.
        assumed: Those of them that were never rated and are counted as none (the study's way), or None.
        weight: What each stands for, or None where all stand for `unit`.
        unit: What each stands for where `weight` is None.
        persons: Whose they are.
        of: Conversations in the stratum, rated or not.
    """

    name: str
    rows: Rows
    assumed: NDArray[np.bool_] | None
    weight: NDArray[np.float64] | None
    unit: float
    persons: Persons
    of: float

    def stands_for(self, some: NDArray[np.bool_] | None = None) -> float:
        """Conversations that all of the rows, or `some` of them, stand for."""
        if self.weight is None:
            return self.unit * (len(self.rows) if some is None else int(np.count_nonzero(some)))
        return float(self.weight.sum() if some is None else self.weight[some].sum())


@dataclass(frozen=True, slots=True)
class Design:
    """Strata of a group: none (nothing rated), one, or two.

    Attributes:
        strata: Those with something rated, screened-in first.
        inner: The screened-in stratum's part of the whole, where there are two.
        across: Persons of both, where there are two.
        missing: Conversations that belong to the group, or may, and were not rated nor are stood for.
        persons: Persons known among all rows.
        clusters: Persons, plus rows of unknown person.
        notes: Clauses for the method sentence.
    """

    strata: tuple[Stratum, ...]
    inner: Clustering | None
    across: Across | None
    missing: float
    persons: int
    clusters: int
    notes: tuple[str, ...]

    @property
    def plain(self) -> bool:
        """Whether it is one proportion of conversations that each stand for themselves."""
        return len(self.strata) == 1 and self.strata[0].weight is None and self.strata[0].unit == 1


def design_of(table: Table, group: Group) -> Design:
    """Read the design of a group off its rows. See `Design`.

    Where conversations stand for unlike numbers of the population, these are scaled so that what was rated in the group
    (drawn for rating, where only some were) stands for its own number: sizes are in conversations of the study.
    """
    rows = group.rows
    whole = group.sized and bool(table.drawn[rows].all())
    rated = table.rated[rows]
    per = _per(table, rows[rated] if whole and rated.any() else rows)
    missing, notes = _unplaced(table, group, per)
    if whole:  # no sampling for rating: screened in or out makes no difference
        base = table.base[rows] * per
        strata = [_stratum(table, "", rows[rated], None, base[rated], len(rows))]
        return _finish(table, group, strata, missing + float(base[~rated].sum()), notes)
    strata = []
    assumed = rows[:0]
    for inside, name in NAMES.items():
        here = rows[table.screened_in[rows] == inside]
        rated = table.rated[here]
        scale = scale_of(table.inverse[here], table.base[here]) if group.sized else table.scale[inside]
        weight = table.inverse[here] * (scale * per)
        if rated.any():
            missing += float(weight[~rated].sum())  # an undrawn conversation weighs 0: others stand for it
            strata.append(_stratum(table, name, here[rated], None, weight[rated], len(here)))
        else:
            missing += float(table.base[here].sum()) * per if group.sized else float(weight.sum())
            if not group.sized and scale:
                notes.append(f"no {name} conversation of this group was among those drawn")
            if group.sized and not inside:
                assumed = here[~table.drawn[here]]
    if len(assumed) and strata:
        inner = strata[0]
        both = np.sort(np.concatenate([inner.rows, assumed]))
        as_none = np.isin(both, assumed, assume_unique=True)
        weight = table.base[both] * per
        weight[~as_none] = inner.unit if inner.weight is None else inner.weight
        strata = [_stratum(table, inner.name, both, as_none, weight, inner.of)]
        notes.append(f"{STUDY_WAY}: {len(assumed):,} never rated, missing in the bounds")
    return _finish(table, group, strata, missing, notes)


def _per(table: Table, rows: Rows) -> float:
    """What makes the rows stand for their own number; 1 where all conversations stand for as many."""
    return len(rows) / float(table.base[rows].sum()) if table.varied and len(rows) else 1.0


def _unplaced(table: Table, group: Group, per: float) -> tuple[float, list[str]]:
    """Conversations that may be of the group or not: all of them are missing in it, at worst."""
    unplaced = group.unplaced
    if not len(unplaced):
        return 0.0, []
    missing, notes = (
        float(table.base[unplaced].sum()) * per,
        ["unrated conversations may be of this group: the bounds let all be"],
    )
    if not group.sized:
        missing = 0.0
        for inside in NAMES:
            here = unplaced[table.screened_in[unplaced] == inside]
            scale = table.scale[inside]
            missing += (float(table.inverse[here].sum()) * scale if scale else float(table.base[here].sum())) * per
            if not scale and not inside and len(here):
                notes.append(f"share of those screened in: {len(here):,} screened-out were never rated")
    return missing, notes


def _stratum(
    table: Table, name: str, rows: Rows, assumed: NDArray[np.bool_] | None, weight: NDArray[np.float64], of: float
) -> Stratum:
    same = len(weight) > 0 and bool(np.all(np.abs(weight - weight[0]) <= 1e-9 * weight[0]))
    unit = float(weight[0]) if same else 1.0
    if abs(unit - 1) < 1e-9:
        unit = 1.0
    varied = None if same else weight
    persons = persons_of(table.person[rows], varied) if len(rows) else Persons.none()
    return Stratum(name, rows, assumed, varied, unit, persons, of)


def _finish(table: Table, group: Group, strata: list[Stratum], missing: float, notes: list[str]) -> Design:
    strata = [s for s in strata if len(s.rows)]
    persons, clusters, inner, across = 0, 0, None, None
    if len(strata) == 1:
        persons, clusters = strata[0].persons.known, len(strata[0].persons.size)
    elif len(strata) == 2:
        both = np.concatenate([s.rows for s in strata])
        together = persons_of(table.person[both])
        persons, clusters = together.known, len(together.size)
        inner, across = _together(table, group, strata, both)
    return Design(tuple(strata), inner, across, missing, persons, clusters, tuple(notes))


def _together(table: Table, group: Group, strata: list[Stratum], both: Rows) -> tuple[Clustering, Across]:
    """The screened-in part of the whole, and persons across strata.

    Where the group's size is known, of all its conversations; else of the rated ones by what they stand for.
    """
    rows, weight = group.rows, table.base[group.rows] * _per(table, group.rows) if table.varied else None
    if not group.sized:
        order = np.argsort(both, kind="stable")
        rows = both[order]
        weight = np.concatenate([np.full(len(s.rows), s.unit) if s.weight is None else s.weight for s in strata])[order]
    persons = persons_of(table.person[rows], weight)
    inside = table.screened_in[rows]
    stands = np.ones(len(rows)) if weight is None else weight
    size = np.zeros((2, len(persons.size)))
    for at, here in enumerate((inside, ~inside)):
        size[at] = np.bincount(persons.index, weights=stands * here, minlength=size.shape[1])
    first, second = (persons.index[np.searchsorted(rows, s.rows)] for s in strata)
    return clustering(persons, inside), Across((first, second), size)
