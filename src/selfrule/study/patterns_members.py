"""The flagged conversations of a study that have a description, as the arrays that patterns are made of."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from selfrule.analyses.periods import periods_of
from selfrule.estimate.frame import NO_TIME
from selfrule.patterns.members import Coded, Members, reached_of
from selfrule.rubric import PRIMITIVES
from selfrule.rubric.codes import codes
from selfrule.store.folder import Folder
from selfrule.study import facets
from selfrule.study.frames import frame
from selfrule.study.rating import Plan
from selfrule.study.tables import narrow as narrow_table


def members(folder: Folder, plan: Plan, table: str) -> Members:
    """The flagged conversations of a study that have a description, with what is known of them.

    Args:
        folder: The study.
        plan: Whose ratings say what is flagged.
        table: The table of facets, as `facets.describe` names it.
    """
    described = facets.read(folder, table)
    described = described.filter(pc.equal(described["status"].cast(pa.string()), "described"))
    narrow = narrow_table(folder, plan, identified=True)
    ids = narrow["conversation_id"].to_pylist() if narrow.num_rows else []
    at = {identity: row for row, identity in enumerate(ids)}
    found = described.filter(pa.array([i in at for i in described["conversation_id"].to_pylist()], pa.bool_()))
    rows = np.array([at[i] for i in found["conversation_id"].to_pylist()], np.int64)
    made = frame(narrow)
    times = np.full(len(rows), NO_TIME) if made.at is None else made.at[rows]
    periods = periods_of(times)
    weight = np.ones(len(rows)) if made.weight is None else np.asarray(made.weight, np.float64)[rows]
    return Members(
        conversation_id=found["conversation_id"].to_pylist(),
        description=found["description"].to_pylist(),
        templated=bool(np.all(found["templated"].to_pylist())) if len(rows) else True,
        codes=_coded([dict(c or ()) for c in found["codes"].to_pylist()]),
        person=made.person[rows].astype(np.int64),
        weight=weight / made.inclusion[rows],
        reached=made.levels[rows][:, : len(PRIMITIVES)] >= 2,
        severe=reached_of(made.levels[rows], 3, 3),
        actualized=np.asarray((made.actualized[rows] == 1).any(axis=1)),
        domains=made.domains[rows],
        domain_names=made.domain_names,
        month=periods.code,
        months=periods.names,
        levels=made.levels[rows],
    )


def _coded(given: list[dict[str, list[str]]]) -> dict[str, Coded]:
    found = {}
    for dimension in codes():
        names = tuple(dimension.codes)
        has = np.array([[code in one.get(dimension.id, ()) for code in names] for one in given], np.bool_)
        answered = np.array([dimension.id in one for one in given], np.bool_)
        if answered.any():
            found[dimension.id] = Coded(names, has.reshape(len(given), len(names)), answered)
    return found


def embedded_text(known: Members) -> list[str]:
    """What is turned into vectors: the description, and behind one in free words the names of its codes.

    A templated description holds those names already; free words say the same thing in many ways, which codes join.
    """
    if known.templated:
        return known.description
    named: list[list[str]] = [[] for _ in known.description]
    for dimension in codes():
        coded = known.codes.get(dimension.id)
        if coded is None:
            continue
        for row, column in zip(*np.nonzero(coded.has), strict=True):
            if coded.names[column] != "unknown":
                named[row].append(dimension.codes[coded.names[column]])
    return [f"{text} {'. '.join(names)}" for text, names in zip(known.description, named, strict=True)]
