"""The analyses of a study, as methods: each gives a record, and with `shareable` only what passes the release gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule.store.folder import Folder
from selfrule.study.rating import Plan

if TYPE_CHECKING:
    from selfrule.analyses.figures import Analysis
    from selfrule.analyses.sample import Sample


def sample(folder: Folder, plan: Plan, narrow: pa.Table) -> Sample:
    """What analyses are made from, of a study's narrow table (`tables.narrow`)."""
    from selfrule.analyses.sample import sample_of
    from selfrule.study.frames import frame
    from selfrule.study.panel import judges_of

    judge = next((entry.label for entry in judges_of(folder) if entry.table == plan.judge), "")
    return sample_of(frame(narrow), judge=judge, rubric=" and ".join(_rubrics(folder, plan)))


def _rubrics(folder: Folder, plan: Plan) -> list[str]:
    """The rubrics of a study's ratings: one, unless a table was tampered with."""
    found: set[str] = set()
    for path in folder.parts("ratings", plan.judge):
        names = pc.unique(pq.read_table(path, columns=["rubric"])["rubric"])
        found.update(name for name in names.to_pylist() if name)
    return sorted(found)


def together(sample: Sample, *, k: int | None) -> list[Analysis]:
    """Every analysis that the data allow, with its defaults: what the report shows, in its order.

    Args:
        sample: Of the study.
        k: The smallest group of a shareable report; None where it is private.
    """
    found: list[Analysis] = []
    return found


class Analyses:
    """What a `Study` can be asked beyond its estimates."""

    def sample(self) -> Sample:
        """One row a conversation that went to the judge, as every analysis takes it. Private."""
        raise NotImplementedError
