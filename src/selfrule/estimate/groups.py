"""Which conversations belong to which group, and which of them stand for how many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.cells import FLAGGED, columns
from selfrule.estimate.frame import Attribute, Frame
from selfrule.rubric import FACTORS, LEVELS

Rows = NDArray[np.intp]
ATTRIBUTES: tuple[str, ...] = ("model", "month", "language", "product")


@dataclass(frozen=True, slots=True)
class Table:
    """A frame sorted by person, which makes clusters of any subset cheap.

    Attributes:
        person, screened_in, drawn, rated: As in `Frame`.
        column: Level columns by construct id, from `cells.columns`.
        base: What each conversation stands for in the population; all 1 where each stands for as many; shape (n,).
        varied: Whether `base` differs between conversations.
        unit: Conversations of the population per unit of `base`; 0 where the population is not a finite, known one.
        inverse: base / inclusion where drawn, 0 elsewhere; shape (n,).
        scale: For screened-out and screened-in (index 0 and 1), conversations per unit of `inverse`: the stratum's size
            over the summed inverse inclusion of those drawn (Cochran 1977, 5A.9). 0 where none was drawn.
    """

    person: NDArray[np.integer]
    screened_in: NDArray[np.bool_]
    drawn: NDArray[np.bool_]
    rated: NDArray[np.bool_]
    column: dict[str, NDArray[np.int8]]
    base: NDArray[np.float64]
    varied: bool
    unit: float
    inverse: NDArray[np.float64]
    scale: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Group:
    """One group of conversations.

    Attributes:
        key: As in `Estimate.group`.
        rows: Rows known to be members.
        sized: Whether membership is known for conversations that were not drawn, so that the strata's sizes are counts.
            Where it is read from ratings, they are estimated.
        unplaced: Rows that may be members or not, for they were not rated.
    """

    key: dict[str, str]
    rows: Rows
    sized: bool
    unplaced: Rows


def table_of(frame: Frame) -> tuple[Table, Rows]:
    """The frame sorted by person, and the order it was sorted in."""
    order = np.argsort(frame.person, kind="stable")
    drawn, screened_in = frame.drawn[order], frame.screened_in[order]
    base, varied, unit = _base(frame, order)
    inverse = np.zeros(len(order))
    inverse[drawn] = base[drawn] / frame.inclusion[order][drawn]
    table = Table(
        person=frame.person[order],
        screened_in=screened_in,
        drawn=drawn,
        rated=frame.rated[order],
        column=columns(frame.levels[order], frame.actualized[order], frame.rated[order]),
        base=base,
        varied=varied,
        unit=unit,
        inverse=inverse,
        scale=(
            scale_of(inverse[~screened_in], base[~screened_in]),
            scale_of(inverse[screened_in], base[screened_in]),
        ),
    )
    return table, order


def _base(frame: Frame, order: Rows) -> tuple[NDArray[np.float64], bool, float]:
    """What each conversation stands for, whether that differs, and how many of the population one unit of it is."""
    if frame.weight is None or not len(order):
        return np.ones(len(order)), False, 0.0
    weight = np.asarray(frame.weight, dtype=np.float64)[order]
    varied = bool(np.any(np.abs(weight - weight[0]) > 1e-9 * weight[0]))
    if varied:
        return weight, True, float(frame.finite)
    return np.ones(len(order)), False, float(weight[0]) if frame.finite else 0.0


def scale_of(inverse: NDArray[np.float64], base: NDArray[np.float64]) -> float:
    """Size of a stratum over its summed inverse inclusion; 0 where none was drawn."""
    total = float(inverse.sum())
    return float(base.sum()) / total if total > 0 else 0.0


def everything(table: Table) -> Group:
    """All conversations."""
    return Group({}, np.arange(len(table.person)), True, np.empty(0, dtype=np.intp))


def by_attribute(name: str, attribute: Attribute | None, order: Rows) -> Iterator[Group]:
    """One group a value that occurs; conversations without a value are in none."""
    if attribute is None:
        return
    codes = attribute.codes[order]
    by_code = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[by_code], np.arange(len(attribute.names) + 1))
    for code, value in enumerate(attribute.names):
        rows = by_code[ends[code] : ends[code + 1]]
        if len(rows):
            yield Group({name: value}, rows, True, rows[:0])


def by_domain(table: Table, frame: Frame, order: Rows) -> Iterator[Group]:
    """One group a domain that occurs. A conversation may be in several."""
    placed = np.zeros(len(order), dtype=bool)
    for domain in range(len(frame.domain_names)):
        placed |= frame.domains[:, domain]
    unknown = ~placed[order] & ~table.rated
    unplaced = np.flatnonzero(unknown)
    sized = not bool(np.any(unknown & ~table.drawn))
    for domain, name in enumerate(frame.domain_names):
        rows = np.flatnonzero(frame.domains[:, domain][order])
        if len(rows):
            yield Group({"domain": name}, rows, sized, unplaced)


def flagged(table: Table) -> Group:
    """The flagged conversations."""
    column = table.column[FLAGGED]
    return _rated_group(table, {"flagged": "yes"}, column == 1, column < 0)


def by_factor(table: Table, factor: str, *, among_flagged: bool) -> Iterator[Group]:
    """One group a level of an amplifying factor that occurs, of all conversations or of the flagged ones."""
    assert factor in FACTORS
    column = table.column[factor]
    for level, name in enumerate(LEVELS):
        member, unknown = column == level, column < 0
        key = {factor: name}
        if among_flagged:
            flag = table.column[FLAGGED]
            unknown = (unknown & (flag != 0)) | (member & (flag < 0))
            member = member & (flag == 1)
            key = {"flagged": "yes", **key}
        if bool(member.any()):
            yield _rated_group(table, key, member, unknown)


def _rated_group(table: Table, key: dict[str, str], member: NDArray[np.bool_], unknown: NDArray[np.bool_]) -> Group:
    """A group that is read from the ratings themselves."""
    return Group(key, np.flatnonzero(member), bool(table.drawn.all()), np.flatnonzero(unknown))
