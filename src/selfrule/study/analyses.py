"""The analyses of a study, as methods: each gives a record, and with `shareable` only what passes the release gate."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule.privacy import K
from selfrule.store.folder import Folder
from selfrule.study.rating import Plan

if TYPE_CHECKING:
    from selfrule.analyses.approval import Approval
    from selfrule.analyses.factors import Factors
    from selfrule.analyses.figures import Analysis
    from selfrule.analyses.periods import Every
    from selfrule.analyses.popularity import Popularity
    from selfrule.analyses.sample import Sample

REPORTED = ("factors", "approval", "popularity")
"""Modules of `selfrule.analyses` whose `for_report` the report shows, in its order."""


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
    for name in REPORTED:
        analysis = import_module(f"selfrule.analyses.{name}")
        result = analysis.for_report(sample)
        if result is not None:
            found.append(result if k is None else analysis.public(result, k))
    return found


class Analyses:
    """What a `Study` can be asked beyond its estimates."""

    def sample(self) -> Sample:
        """One row a conversation that went to the judge, as every analysis takes it. Private."""
        raise NotImplementedError

    def factors(
        self, construct: str = "flagged", level: str | None = None, *, shareable: bool = False, k: int = K
    ) -> Factors:
        """An outcome by level of each amplifying factor, whether it rises, what is actualized of the flagged, and overlap.

        Args:
            construct: What the shares are of: "flagged", a construct, or "actualized_PRIMITIVE".
            level: Of a construct: "mild", "moderate" or "severe", with a plus for that or above.
            shareable: Only what passes the release gate.
            k: The smallest group that it lets through.

        Raises:
            UsageError: there is no such construct or level.
        """
        from selfrule.analyses import factors
        from selfrule.analyses.sample import outcome_of

        result = factors.factors_of(self.sample(), outcome_of(construct, level))
        return factors.public(result, k) if shareable else result

    def approval(
        self, construct: str | None = None, level: str | None = None, *, shareable: bool = False, k: int = K
    ) -> Approval:
        """Thumbs up in groups of conversations and in the rest, raw and adjusted, beside what the reference study found.

        Args:
            construct: One group instead of all: "flagged", a construct, or "actualized_PRIMITIVE".
            level: Of a construct: "mild", "moderate" or "severe", with a plus for that or above.
            shareable: Only what passes the release gate.
            k: The smallest group that it lets through.

        Raises:
            UsageError: there is no such construct or level.
        """
        from selfrule.analyses import approval
        from selfrule.analyses.sample import outcome_of
        from selfrule.errors import UsageError

        if construct is None and level is not None:
            raise UsageError(f"A 'level' is of a construct. Got {level!r} and no construct.")
        outcomes = approval.OUTCOMES if construct is None else (outcome_of(construct, level),)
        result = approval.approval_of(self.sample(), outcomes)
        return approval.public(result, k) if shareable else result

    def popularity(
        self,
        every: Every = "month",
        construct: str = "flagged",
        level: str | None = None,
        *,
        shareable: bool = False,
        k: int = K,
    ) -> Popularity:
        """Whether a domain is flagged more often when it is more of the traffic: Pearson's r over periods, beside the study's.

        Args:
            every: "month" or "week".
            construct: What the rates are of: "flagged", a construct, or "actualized_PRIMITIVE".
            level: Of a construct: "mild", "moderate" or "severe", with a plus for that or above.
            shareable: Only what passes the release gate.
            k: The smallest group that it lets through.

        Raises:
            UsageError: there is no such construct, level or period.
        """
        from selfrule.analyses import popularity
        from selfrule.analyses.sample import outcome_of
        from selfrule.errors import UsageError

        if every not in {"month", "week"}:
            raise UsageError(f"The 'every' of popularity must be 'month' or 'week'. Got {every!r} instead.")
        result = popularity.popularity_of(self.sample(), every=every, outcome=outcome_of(construct, level))
        return popularity.public(result, k) if shareable else result
