"""The analyses of a study, as methods: each gives a record, and with `shareable` only what passes the release gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule.privacy import K
from selfrule.store.folder import Folder
from selfrule.study.rating import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from selfrule.analyses.approval import Approval
    from selfrule.analyses.change import Change
    from selfrule.analyses.change_records import By
    from selfrule.analyses.compare import By as CompareBy
    from selfrule.analyses.compare import Compare, How, On
    from selfrule.analyses.factors import Factors
    from selfrule.analyses.figures import Analysis
    from selfrule.analyses.people import People
    from selfrule.analyses.periods import Every
    from selfrule.analyses.popularity import Popularity
    from selfrule.analyses.sample import Sample
    from selfrule.analyses.trend_records import By as Grouping
    from selfrule.analyses.trend_records import Trend
    from selfrule.patterns.coding import Coding

_A = TypeVar("_A", bound="Analysis")

REPORTED = ("factors", "trend", "change", "approval", "popularity", "compare", "people")
"""Modules of `selfrule.analyses` whose `for_report` the report shows, in its order."""


def sample(
    folder: Folder,
    plan: Plan,
    narrow: pa.Table,
    *,
    openings: bool = False,
    stays: NDArray[np.bool_] | None = None,
    unplaced: str | None = None,
) -> Sample:
    """What analyses are made from, of a study's narrow table (`tables.narrow`); with `openings` the text is read for these.

    `stays` says which of the study's rows the table has, where it has not all of them, `unplaced` which it has not.
    """
    from selfrule.analyses.sample import sample_of
    from selfrule.study.frames import frame
    from selfrule.study.panel import judges_of

    judge = next((entry.label for entry in judges_of(folder) if entry.table == plan.judge), "")
    opening = None
    if openings:
        from selfrule.study.openings import openings as read

        opening = read(folder, plan)
        if stays is not None:
            opening = opening[stays]
    made = sample_of(frame(narrow), judge=judge, rubric=" and ".join(_rubrics(folder, plan)), opening=opening)
    return replace(made, between_people=bool(folder.manifest().get("between_people")), unplaced=unplaced)


def passed(result: _A, public: Callable[[_A, int], _A], sample: Sample, k: int | None) -> _A:
    """A record as it may be given out: through its gate where `k` is given, and labelled where no assistant took part."""
    made = result if k is None else _unaddressed(public(result, k))
    if k is not None and sample.unplaced:
        made = msgspec.structs.replace(made, notes=[*made.notes, sample.unplaced])
    if not sample.between_people:
        return made
    from selfrule.analyses.figures import BETWEEN_PEOPLE

    return msgspec.structs.replace(made, notes=[BETWEEN_PEOPLE, *made.notes])


def _unaddressed(result: _A) -> _A:
    """The record without addresses of servers, wherever a judge's label stands in it: they may name a person's machine."""
    from selfrule.report.panels import unaddressed

    if b"openai-compatible:" not in msgspec.json.encode(result):
        return result

    def bare(value: Any) -> Any:
        if isinstance(value, str):
            return unaddressed(value)
        if isinstance(value, list | tuple):
            return [bare(one) for one in value]
        if isinstance(value, dict):
            return {bare(key): bare(one) for key, one in value.items()}
        return value

    return msgspec.convert(bare(msgspec.to_builtins(result)), type(result))


def _rubrics(folder: Folder, plan: Plan) -> list[str]:
    """The rubrics of a study's ratings: one, unless a table was tampered with."""
    found: set[str] = set()
    for path in folder.parts("ratings", plan.judge):
        names = pc.unique(pq.read_table(path, columns=["rubric"])["rubric"])
        found.update(name for name in names.to_pylist() if name)
    return sorted(found)


def reported(sample: Sample) -> dict[str, Analysis]:
    """Every analysis that the data allow, with its defaults, by name, in the order of the report. Private."""
    made = {name: import_module(f"selfrule.analyses.{name}").for_report(sample) for name in REPORTED}
    return {name: result for name, result in made.items() if result is not None}


def released(made: dict[str, Analysis], sample: Sample, k: int | None) -> list[Analysis]:
    """Of `reported`, what passes the release gate; all of it where `k` is None, for a private report."""
    return [passed(one, import_module(f"selfrule.analyses.{name}").public, sample, k) for name, one in made.items()]


class Analyses:
    """What a `Study` can be asked beyond its estimates."""

    def sample(self, *, openings: bool = False, k: int | None = None) -> Sample:
        """One row a conversation that went to the judge, as every analysis takes it. Private.

        Args:
            openings: With a number for the person's first words, for which the text is read.
            k: Only those that figures to be shared are made of, with this smallest group (`study.known`).
        """
        raise NotImplementedError

    _folder: Folder

    def _plan(self) -> Plan:
        """Where the tables of the latest rating stand."""
        raise NotImplementedError

    @property
    def path(self) -> Path:
        """The study's folder."""
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

        result = factors.factors_of(self.sample(k=k if shareable else None), outcome_of(construct, level))
        return passed(result, factors.public, self.sample(k=k if shareable else None), k if shareable else None)

    def trend(
        self,
        construct: str = "flagged",
        level: str | None = None,
        *,
        every: Every = "month",
        by: Grouping | None = None,
        beside: Sequence[Analyses] = (),
        bridge: Analyses | None = None,
        shareable: bool = False,
        k: int = K,
    ) -> Trend:
        """Shares over time: by period, how much they changed, and where.

        Args:
            construct: What the shares are of: "flagged", a construct, or "actualized_PRIMITIVE".
            level: Of a construct: "mild", "moderate" or "severe", with a plus for that or above.
            every: "month" or "week".
            by: Also by "domain", "model" or "product".
            beside: Other studies of the same series.
            bridge: A study that both judges rated, where those of the others differ from this one's.
            shareable: Only what passes the release gate.
            k: The smallest group that it lets through.

        Raises:
            UsageError: there is no such construct or level, no conversation has a time, or judges or rubrics differ and
                nothing bridges them.
        """
        from selfrule.analyses.sample import outcome_of
        from selfrule.analyses.trend import public
        from selfrule.study import over_time

        anchors = None if bridge is None else Folder.open(bridge.path)
        outcome, groupings = outcome_of(construct, level), () if by is None else (by,)
        result = over_time.trend(
            [self, *beside], outcome, every=every, by=groupings, anchors=anchors, k=k if shareable else None
        )
        return passed(result, public, self.sample(k=k if shareable else None), k if shareable else None)

    def change(
        self,
        first: str | None = None,
        second: str | None = None,
        *,
        by: By = "period",
        construct: str = "flagged",
        level: str | None = None,
        shareable: bool = False,
        k: int = K,
    ) -> Change:
        """The difference between two periods, models or products: what goes with another mix, and what with other rates.

        Args:
            first: What is compared with: "2026-01..2026-03", or the name of a model or product.
            second: What is compared. Without both: the halves of the complete months.
            by: "period", "model" or "product".
            construct: What the shares are of: "flagged", a construct, or "actualized_PRIMITIVE".
            level: Of a construct: "mild", "moderate" or "severe", with a plus for that or above.
            shareable: Only what passes the release gate.
            k: The smallest group that it lets through.

        Raises:
            UsageError: there is no such construct, level, period, model or product, or the two have conversations in common.
        """
        from selfrule.analyses import change
        from selfrule.analyses.sample import outcome_of

        sample, outcome = self.sample(k=k if shareable else None), outcome_of(construct, level)
        result = change.change_of(sample, *change.sides(sample, by, first, second), outcome, by=by)
        return passed(result, change.public, self.sample(k=k if shareable else None), k if shareable else None)

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
        result = approval.approval_of(self.sample(k=k if shareable else None), outcomes)
        return passed(result, approval.public, self.sample(k=k if shareable else None), k if shareable else None)

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
        result = popularity.popularity_of(
            self.sample(k=k if shareable else None), every=every, outcome=outcome_of(construct, level)
        )
        return passed(result, popularity.public, self.sample(k=k if shareable else None), k if shareable else None)

    def compare(
        self,
        *others: Analyses,
        by: CompareBy | None = None,
        how: How = "weighted",
        on: Sequence[On] | None = None,
        to: str | None = None,
        construct: str | None = None,
        level: str | None = None,
        least: int = 10,
        shareable: bool = False,
        k: int = K,
    ) -> Compare:
        """Models, products, languages or studies side by side, and how far apart they are: as they are, and made alike.

        Args:
            *others: Studies to compare this one with, or to take together with it.
            by: "model", "product", "language" or "study"; studies where there are others, else models, unless told.
            how: "weighted" to one mix, "matched" exactly, or "paired" on the person's first words.
            on: By what they are made alike: of "domain", "length", "language", "month".
            to: The group that every other is compared with, and whose mix all are given.
            construct: One outcome instead of all: "flagged", a construct, or "actualized_PRIMITIVE".
            level: Of a construct: "mild", "moderate" or "severe", with a plus for that or above.
            least: Conversations that a group needs.
            shareable: Only what passes the release gate; studies are numbered.
            k: The smallest group that it lets through.

        Raises:
            UsageError: there is nothing to compare, no such group, construct or level, or the studies were rated with different
                judges or rubrics.
        """
        from selfrule.analyses import compare, joining
        from selfrule.analyses.sample import outcome_of
        from selfrule.errors import UsageError

        if construct is None and level is not None:
            raise UsageError(f"A 'level' is of a construct. Got {level!r} and no construct.")
        samples = [one.sample(openings=how == "paired", k=k if shareable else None) for one in (self, *others)]
        names = joining.distinct([one.path.name for one in (self, *others)])
        joining.refuse_unlike(samples, names)
        sample = joining.joined(samples, names) if others else samples[0]
        outcomes = compare.OUTCOMES if construct is None else (outcome_of(construct, level),)
        result = compare.compare_of(
            sample, by or ("study" if others else "model"), how=how, on=on, to=to, outcomes=outcomes, least=least
        )
        return passed(result, compare.public, self.sample(k=k if shareable else None), k if shareable else None)

    def people(
        self,
        construct: str = "flagged",
        level: str | None = None,
        *,
        after: int = 3,
        at: int = 10,
        shareable: bool = False,
        k: int = K,
    ) -> People:
        """How many people are affected, how much few of them carry, how levels run within a person, time to the first.

        Args:
            construct: What is looked for: "flagged", a construct, or "actualized_PRIMITIVE".
            level: Of a construct: "mild", "moderate" or "severe", with a plus for that or above.
            after: Conversations without that make an onset or a recovery.
            at: Number of conversations at which people with different numbers of them are compared.
            shareable: Only what passes the release gate.
            k: The smallest group that it lets through.

        Raises:
            UsageError: there is no such construct or level.
        """
        from selfrule.analyses import people
        from selfrule.analyses.sample import outcome_of

        result = people.people_of(
            self.sample(k=k if shareable else None), outcome_of(construct, level), after=after, at=at
        )
        return passed(result, people.public, self.sample(k=k if shareable else None), k if shareable else None)

    def coding(self, *, shareable: bool = False, k: int = K) -> Coding:
        """What happened in flagged conversations: share per mechanism, target, behaviour and trajectory, per construct.

        Args:
            shareable: Only what passes the release gate.
            k: The smallest group that it lets through.
        """
        from selfrule.patterns.coding import public
        from selfrule.study.coding import coding

        sample = self.sample(k=k if shareable else None)
        with self._folder.lock():
            result = coding(self._folder, self._plan(), sample.judge)
        return passed(result, public, sample, k if shareable else None)
