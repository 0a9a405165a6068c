"""Shares over time: by month or week, overall and by domain, model and product; how much they changed, and where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.bridging import ASSUMES, Bridge
from selfrule.analyses.changes import ALPHA, LEAST_PERIODS, Changes, changes
from selfrule.analyses.effect import effect_of
from selfrule.analyses.figures import Figure
from selfrule.analyses.joining import APART, refuse_mixed, refuse_unlike
from selfrule.analyses.partial import partial_of
from selfrule.analyses.periods import Every, Periods, periods_of
from selfrule.analyses.sample import FLAGGED_OUTCOME, Sample
from selfrule.analyses.series import Line, Rows, Shares
from selfrule.analyses.trend_public import public
from selfrule.analyses.trend_records import BYS, Breakdown, Bridged, By, Change, Role, Series, Stretch, Trend
from selfrule.errors import UsageError
from selfrule.estimate.cells import Outcome
from selfrule.estimate.frame import Attribute
from selfrule.estimate.multiplicity import together

HIGHEST = 6
"""How many domains of highest share are looked at together, as the reference study did."""

MOST_GROUPS = 12
_LEAST_EVENTS, _LEAST_PEOPLE, _LEAST_CONVERSATIONS = 10, 10, 100  # of a domain, to be told apart as one of the highest


def trend_of(
    sample: Sample,
    outcome: Outcome = FLAGGED_OUTCOME,
    *,
    every: Every = "month",
    by: tuple[By, ...] = (),
    bridges: Mapping[int, Bridge] | None = None,
) -> Trend:
    """Shares by period, and how they changed.

    Args:
        sample: Of one study, or of several joined (`joining.joined`).
        outcome: What is counted.
        every: Length of the periods.
        by: Which breakdowns to make.
        bridges: By `Sample.source`: how shares of a study that another judge rated are carried over.

    Raises:
        UsageError: No conversation has a time, there is nothing to break down by, or ratings of several judges or rubrics are
            mixed and no bridge joins them.
    """
    _refuse(sample, bridges or {})
    periods = periods_of(sample.at, every)
    if not len(periods):
        raise UsageError("No conversation of the study has a time: there is nothing to show over time.")
    partial = partial_of(periods, sample.at, sample.weight)
    whole = np.array([reason is None for reason in partial])
    made = _Maker(Shares(sample, outcome, periods, bridges=dict(bridges or {})), whole)
    overall = made.series("", "all", np.arange(len(sample)), alpha=ALPHA)
    inside, highest = _highest(sample, outcome, periods)
    within: list[Series] = []
    if highest:
        within = [
            made.series("", "highest", np.flatnonzero(inside), alpha=ALPHA),
            made.series("", "rest", np.flatnonzero(~inside)),
        ]
    breakdowns = [_breakdown(made, sample, one) for one in by]
    untimed = int(np.count_nonzero(periods.code < 0))
    _, known = sample.reaches(outcome)
    facts = [
        Bridged(of=one.of, to=one.to, anchors=one.anchors, yes=one.yes, no=one.no)
        for one in {b.of: b for b in (bridges or {}).values()}.values()
    ]
    what = f"share of conversations that reach {outcome.construct.replace('_', ' ')} ({outcome.level})"
    if outcome == FLAGGED_OUTCOME:
        what = "share of conversations that are flagged"
    return Trend(
        shows=f"{what[0].upper()}{what[1:]}, by the {every} in which a conversation began.",
        cannot="It cannot say why a share changed: who talks, of what and with which model changes over time too, and what "
        "happened where a change is located is not in the data.",
        method=_method(made.shares, every),
        conversations=int(np.count_nonzero(known)),
        persons=sample.persons,
        unrated=int(np.count_nonzero(~known)),
        judge=facts[0].to if facts else sample.judge,
        rubric=sample.rubric,
        notes=_notes(sample, breakdowns, bool(facts)),
        construct=outcome.construct,
        level=outcome.level,
        every=every,
        periods=[_stretch(periods, i, partial[i]) for i in range(len(periods))],
        untimed=untimed,
        overall=overall,
        highest=highest,
        within=within,
        breakdowns=breakdowns,
        bridges=facts,
        studies=list(sample.studies),
    )


def for_report(sample: Sample) -> Trend | None:
    """The months of flagged conversations with every breakdown there is; None where no conversation has a time."""
    if not len(periods_of(sample.at)):
        return None
    by: list[By] = ["domain"] if sample.domains.any() else []
    by += [
        one
        for one in BYS[1:]
        if (a := attribute(sample, one)) is not None and len(np.unique(a.codes[a.codes >= 0])) > 1
    ]
    return trend_of(sample, by=tuple(by))


def attribute(sample: Sample, by: By) -> Attribute | None:
    """What the logs say of model or product."""
    return sample.model if by == "model" else sample.product if by == "product" else None


class _Maker:
    """Makes series of one trend: all of the same periods and resamples."""

    def __init__(self, shares: Shares, whole: NDArray[np.bool_]) -> None:
        self.shares, self.whole = shares, whole

    def series(self, name: str, role: Role, rows: Rows, alpha: float | None = None) -> Series:
        """The series of some conversations, with a search for change points where `alpha` says how strict."""
        line = self.shares.line(rows)
        found = self._changes(line, alpha) if alpha is not None else None
        return Series(
            name=name,
            role=role,
            points=line.figures,
            intervals=line.kinds,
            effect=effect_of(self.shares, line, rows, self.whole),
            finding=found.finding if found else None,
            changes=self._named(line, found) if found else [],
        )

    def used(self, line: Line) -> NDArray[np.intp]:
        """Whole periods with a share."""
        return np.flatnonzero(self.whole & np.isfinite(line.value))

    def _changes(self, line: Line, alpha: float) -> Changes:
        used = self.used(line)
        if len(used) < LEAST_PERIODS:
            return Changes("too few")
        of = (line.value[used], line.draws[:, used], line.weight[used], line.noise[used], line.worth[used])
        return changes(*of, alpha=alpha)

    def _named(self, line: Line, found: Changes) -> list[Change]:
        used = self.used(line)
        names = [self.shares.periods.names[i] for i in used]
        return [
            Change(
                at=names[p.at],
                first=names[p.first],
                last=names[p.last],
                support=p.support,
                before=p.before,
                after=p.after,
                difference=Figure(
                    value=p.after - p.before,
                    low=min(p.low, p.after - p.before),
                    high=max(p.high, p.after - p.before),
                    n=sum(line.figures[i].n for i in used),
                ),
            )
            for p in found.places
        ]


def _refuse(sample: Sample, bridges: Mapping[int, Bridge]) -> None:
    refuse_mixed([sample], ["The study"])
    if " and " in sample.judge and not bridges and sample.studies:
        refuse_unlike([sample], list(sample.studies[:1]))
        raise UsageError(f"The studies were rated by different judges ({sample.judge}), and no bridge joins them.")


def _highest(sample: Sample, outcome: Outcome, periods: Periods) -> tuple[NDArray[np.bool_], list[str]]:
    """Which conversations are of the domains with the highest share, and those domains, highest first.

    At most six, and at most half of those with enough conversations to tell: 100, of ten people, ten that reach the outcome.
    """
    hits, known = sample.reaches(outcome)
    timed = known & (periods.code >= 0)
    found: list[tuple[float, int]] = []
    able = 0
    for d in range(len(sample.domain_names)):
        rows = sample.domains[:, d] & timed
        people = sample.people_in(rows)
        if np.count_nonzero(rows) < _LEAST_CONVERSATIONS or (people is not None and people < _LEAST_PEOPLE):
            continue
        able += 1
        if np.count_nonzero(rows & hits) >= _LEAST_EVENTS:
            weight = sample.weight[rows]
            found.append((float(weight @ hits[rows] / weight.sum()), d))
    found.sort(key=lambda one: (-one[0], one[1]))
    chosen = [d for _, d in found[: min(HIGHEST, able // 2)]]
    if not chosen:
        return np.zeros(len(sample), np.bool_), []
    return np.asarray(sample.domains[:, chosen].any(axis=1)), [sample.domain_names[d] for d in chosen]


def _breakdown(made: _Maker, sample: Sample, by: By) -> Breakdown:
    """The series of every group of a kind, most conversations first, and what is in none of them."""
    groups: list[tuple[str, Rows]]
    if by == "domain":
        groups = [(name, np.flatnonzero(sample.domains[:, d])) for d, name in enumerate(sample.domain_names)]
        groups.append(("unknown", np.flatnonzero(~sample.domains.any(axis=1))))
    else:
        found = attribute(sample, by)
        if found is None:
            raise UsageError(f"No conversation of the study has a {by}: there is nothing to break down by.")
        order = np.argsort(found.codes, kind="stable")
        ends = np.searchsorted(found.codes[order], np.arange(len(found.names) + 1))
        groups = [(name, order[ends[i] : ends[i + 1]]) for i, name in enumerate(found.names)]
        groups.append(("", order[: ends[0]]))  # those that name none
    timed = made.shares.periods.code >= 0
    groups = [(name, rows) for name, rows in groups if timed[rows].any()]
    named = sorted((g for g in groups if g[0]), key=lambda g: (-float(sample.weight[g[1]].sum()), g[0]))
    shown, others = named[:MOST_GROUPS], named[MOST_GROUPS:]
    series = [made.series(name, "group", rows, alpha=ALPHA / len(shown)) for name, rows in shown]
    outside = np.ones(len(sample), np.bool_)
    for _, rows in shown:
        outside[rows] = False
    if by != "domain" and (timed & outside).any():
        series.append(made.series("", "others", np.flatnonzero(outside)))
    return Breakdown(by=by, series=series, left=len(others))


def _stretch(periods: Periods, i: int, partial: str | None) -> Stretch:
    start, end = (datetime.fromtimestamp(int(periods.starts[j]) / 1000, UTC).date().isoformat() for j in (i, i + 1))
    return Stretch(name=periods.names[i], start=start, end=end, partial=partial)


def _method(shares: Shares, every: Every) -> str:
    bridged = " and of the anchors' people" if shares.bridged else ""
    return (
        f"Intervals are those of {shares.draws:,} resamples of whole people{bridged} (expanded percentiles); where fewer than "
        "ten conversations, or people who carry them, reach it, they are exact on the effective number of conversations. Partial "
        f"{every}s are shown hollow and left out of slopes, thirds and the search for changes, which lets chance alone look like "
        "a change in at most one series of twenty."
    )


def _notes(sample: Sample, breakdowns: list[Breakdown], bridged: bool) -> list[str]:
    said = []
    if not sample.persons:
        said.append("The logs name nobody: each conversation is taken as another person's, and intervals are too narrow where "
                    "people have many.")  # fmt: skip
    if len(sample.studies) > 1:
        said.append(APART)
    if bridged:
        said.append(ASSUMES)
    cells = sum(p.low is not None for p in chain.from_iterable(s.points for b in breakdowns for s in b.series))
    if cells > 1:
        said.append(f"By group: {together(cells)}")
    return said


__all__ = ["Trend", "attribute", "for_report", "public", "trend_of"]
