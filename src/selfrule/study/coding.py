"""The codes of a study's flagged conversations."""

from __future__ import annotations

import pyarrow.compute as pc

from selfrule.patterns.coding import Coding, coding_of
from selfrule.rubric import load
from selfrule.store.folder import Folder
from selfrule.study import facets, patterns_files
from selfrule.study.patterns_members import members
from selfrule.study.rating import Plan


def coding(folder: Folder, plan: Plan, judge: str) -> Coding:
    """How flagged conversations were coded: by whoever described them for the patterns, else by phrases.

    Args:
        folder: The study; hold its lock.
        plan: Whose ratings say what is flagged.
        judge: The label of that judge.
    """
    known = patterns_files.state(folder)
    table = facets.describe(folder, plan)
    if known is not None and not patterns_files.stale(folder, plan):
        table = known.made.facets
    made = facets.read(folder, table)
    by = next(iter(pc.unique(made["judge"]).to_pylist()), table)
    found = members(folder, plan, table)
    return coding_of(found, by=by, judge=judge, rubric_label=load().label, undescribed=made.num_rows - len(found))
