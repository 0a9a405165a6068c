"""The one function the study calls: every published figure, from one frame."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.estimate import groups as grouping
from selfrule.estimate import wording
from selfrule.estimate.across import Seen, variance
from selfrule.estimate.cells import ACTUALIZED_OUTCOMES, BY_ATTRIBUTE, BY_FACTOR, OVERALL, Outcome
from selfrule.estimate.clusters import Clustering, clustering, persons_of
from selfrule.estimate.design import Design, Stratum, design_of
from selfrule.estimate.finite import left
from selfrule.estimate.frame import Frame
from selfrule.estimate.groups import Group, Rows, Table
from selfrule.estimate.intervals import Interval
from selfrule.estimate.missing import bounds, bounds_around
from selfrule.estimate.twophase import Part, combine
from selfrule.records import Estimate
from selfrule.rubric import FACTORS

GROUPS: tuple[str, ...] = ("domain", *grouping.ATTRIBUTES, *FACTORS)


def estimates(frame: Frame, groups: Sequence[str] = GROUPS) -> list[Estimate]:
    """Count, share, interval and bounds of every construct and level, overall and by group.

    Overall: each construct at each exact level, at "mild+" and "moderate+" ("severe" is both), flagged, and each
    actualized marker; and the markers among the flagged, group {"flagged": "yes"}. By domain, model, month, language
    and product: flagged, primitives at "moderate+" and "severe", markers, factors at "moderate+". By level of a factor:
    the same without factors, and the markers among the flagged.

    Where all conversations were drawn this is Wilson's interval, on the effective number of conversations where people
    have several. Where the screened-out part was sampled, strata are combined by their weights. Where none of it was
    rated, it is counted as none, the method says so ("the study's way"), and the bounds count it as missing.

    Where conversations stand for unlike numbers of a population, shares are weighted (Hajek), and the interval is made on
    an effective number that knows the weights too (Kish 1965, times that of persons). Where 5 % or more of a known
    population was drawn, the interval is as much narrower and speaks of that population (`finite.left`).

    Args:
        frame: One row a conversation, duplicates removed.
        groups: Which of `GROUPS` to break down by.

    Returns:
        Estimates, groups in the order asked for. A group without a conversation has none, save the whole.

    Raises:
        UsageError: A name in `groups` is not one of `GROUPS`.
    """
    for name in groups:
        if name not in GROUPS:
            raise UsageError(f"The 'groups' of estimates must be among {', '.join(GROUPS)}. Got {name!r} instead.")
    table, order = grouping.table_of(frame)
    found = _group(table, grouping.everything(table), OVERALL)
    marked = grouping.flagged(table)
    if len(marked.rows):
        found += _group(table, marked, ACTUALIZED_OUTCOMES)
    for name in groups:
        for group, outcomes in _groups(table, frame, order, name):
            found += _group(table, group, outcomes)
    return found


def _groups(table: Table, frame: Frame, order: Rows, name: str) -> Iterator[tuple[Group, Sequence[Outcome]]]:
    if name == "domain":
        for group in grouping.by_domain(table, frame, order):
            yield group, BY_ATTRIBUTE
    elif name in FACTORS:
        for group in grouping.by_factor(table, name, among_flagged=False):
            yield group, BY_FACTOR
        for group in grouping.by_factor(table, name, among_flagged=True):
            yield group, ACTUALIZED_OUTCOMES
    else:
        for group in grouping.by_attribute(name, getattr(frame, name), order):
            yield group, BY_ATTRIBUTE


def _group(table: Table, group: Group, outcomes: Sequence[Outcome]) -> list[Estimate]:
    design = design_of(table, group)
    return [figure(table, group, design, outcome) for outcome in outcomes]


def figure(table: Table, group: Group, design: Design, outcome: Outcome) -> Estimate:
    """One figure of a group: the share in each stratum, then over strata, then with what is missing.

    Args:
        table: From `groups.table_of`.
        group: Of that table.
        design: From `design.design_of` for that group.
        outcome: Construct and level.

    Returns:
        The estimate.
    """
    shares = [_share(table, stratum, outcome) for stratum in design.strata]
    missing = design.missing + sum(s.unknown for s in shares)
    there = [s for s in shares if s.part is not None]
    parts = [s.part for s in there if s.part is not None]
    if not parts:
        return _nothing(outcome, group, missing)
    n, used = sum(s.represented for s in there), sum(p.n for p in parts)
    worth = sum(p.n_effective for p in parts)
    rated = n - sum(s.assumed_for for s in there)
    remains = _left(table, there[0]) if len(there) == 1 else 1.0
    if design.plain:
        count, share, interval = float(parts[0].events), parts[0].share, parts[0].wilson(left=remains)
        outer = bounds(count, rated, missing, parts[0].design_effect)
    else:
        share, interval = _combined(design, there, parts, n, remains)
        count = share * n
        among = [min(v * n / rated, 1.0) for v in (share, *interval)]
        outer = bounds_around(among[0], Interval(*among[1:]), rated, missing, worth)
    outer = Interval(min(outer.low, interval.low), max(outer.high, interval.high))
    return Estimate(
        construct=outcome.construct,
        level=outcome.level,
        group=group.key,
        count=count,
        n=max(round(n), 1),
        share=share,
        low=interval.low,
        high=interval.high,
        method=_method(table, design, there, parts, remains),
        missing=_whole(missing),
        low_if_missing_none=outer.low,
        high_if_missing_all=outer.high,
        persons=(parts[0].persons if len(design.strata) == 1 else design.persons) or None,
        n_effective=worth,
        design_effect=used / worth,
    )


@dataclass(frozen=True, slots=True)
class _Share:
    """One stratum of one figure; `part` is None where the construct was rated in none of it.

    `represented` conversations are stood for by those rated on the construct, `assumed_for` of them by `assumed` ones that
    are counted as none without a rating, and `unknown` ones by those that were rated on other constructs only.
    """

    stratum: Stratum
    known: NDArray[np.bool_] | None
    hits: NDArray[np.bool_]
    part: Clustering | None
    represented: float
    unknown: float
    assumed: int
    assumed_for: float

    @property
    def rows(self) -> Rows:
        """Rows of the table that the share is read from."""
        return self.stratum.rows if self.known is None else self.stratum.rows[self.known]

    def seen(self, part: Clustering) -> Seen:
        """For the variance across strata; on independent conversations."""
        weight = self.stratum.weight
        if weight is None:
            return Seen(self.known, self.hits, self.stratum.unit, part.share, part.share * (1 - part.share) / part.n)
        if self.known is not None:
            weight = weight[self.known]
        worth = float(weight.sum()) ** 2 / float((weight**2).sum())
        return Seen(self.known, self.hits, weight, part.share, part.share * (1 - part.share) / worth)


def _share(table: Table, stratum: Stratum, outcome: Outcome) -> _Share:
    """The share in one stratum, without the conversations in which the construct was not rated."""
    column = table.column[outcome.construct][stratum.rows]
    rated = column >= 0
    known = rated if stratum.assumed is None else rated | stratum.assumed
    hits = (column >= outcome.first) & (column <= outcome.last)
    total = stratum.stands_for()
    assumed = 0 if stratum.assumed is None else int(np.count_nonzero(stratum.assumed))
    assumed_for = 0.0 if stratum.assumed is None else stratum.stands_for(stratum.assumed)
    if known.all() and rated.any():
        return _Share(stratum, None, hits, clustering(stratum.persons, hits), total, 0.0, assumed, assumed_for)
    unknown = stratum.stands_for(~known)
    part = None
    if rated.any():
        weight = None if stratum.weight is None else stratum.weight[known]
        part = clustering(persons_of(table.person[stratum.rows[known]], weight), hits[known])
    return _Share(stratum, known, hits[known], part, total - unknown, unknown, assumed, assumed_for)


def _left(table: Table, share: _Share) -> float:
    """What a finite population leaves of the variance; 1 where it is not known, or ratings were themselves sampled."""
    if not table.unit or share.assumed or not bool(table.drawn.all()):
        return 1.0
    return left(table.base[share.rows] * table.unit, share.hits)


def _combined(
    design: Design, shares: Sequence[_Share], parts: Sequence[Clustering], n: float, remains: float
) -> tuple[float, Interval]:
    """The share over strata, with its limits."""
    limits = [part.exact_if_few(left=remains) for part in parts]
    combined = [Part(s.represented / n, p.share, *at) for s, p, at in zip(shares, parts, limits, strict=True)]
    inner, stretch = Interval(1.0, 1.0), 1.0
    if len(parts) == 2 and design.inner is not None and design.across is not None:
        inner = design.inner.wilson()
        seen = [s.seen(p) for s, p in zip(shares, parts, strict=True)]
        between = variance(design.across, seen, combined[0].weight)
        gap = combined[0].share - combined[1].share
        terms = sum(c.weight**2 * p.share * (1 - p.share) / p.n_effective for c, p in zip(combined, parts, strict=True))
        terms += combined[0].weight * combined[1].weight * gap**2 / design.inner.n_effective
        stretch = max(between / terms, 1.0) if terms > 0 else 1.0
    result = combine(combined, [inner, Interval(1 - inner.high, 1 - inner.low)][: len(combined)], stretch)
    return result.share, Interval(result.low, result.high)


def _nothing(outcome: Outcome, group: Group, missing: float) -> Estimate:
    lost = _whole(missing)
    return Estimate(
        construct=outcome.construct,
        level=outcome.level,
        group=group.key,
        count=0.0,
        n=0,
        share=None,
        low=None,
        high=None,
        method="nothing was rated",
        missing=lost,
        low_if_missing_none=0.0 if lost else None,
        high_if_missing_all=1.0 if lost else None,
    )


def _method(table: Table, design: Design, shares: Sequence[_Share], parts: Sequence[Clustering], remains: float) -> str:
    plain = design.plain
    used, worth = sum(p.n for p in parts), sum(p.n_effective for p in parts)
    clauses = [wording.interval_clause(parts, plain=plain)]
    weight = table.base[np.concatenate([s.rows for s in shares])]
    if float(weight.max()) > float(weight.min()) * (1 + 1e-9):
        clauses.append(wording.weight_clause(weight))
    if remains < 1:
        clauses.append(wording.finite_clause(remains))
    if not plain and any(s.stratum.name for s in shares):
        clauses += [
            wording.drawn_clause(s.stratum.name, p.n - s.assumed, round(s.stratum.of), p.events)
            for s, p in zip(shares, parts, strict=True)
        ]
    persons, clusters = design.persons, design.clusters
    if len(design.strata) == 1:
        persons, clusters = parts[0].persons, parts[0].clusters
    clauses += wording.person_clauses(parts, persons, used, clusters, used / worth)
    clauses += wording.count_clauses(parts, plain=plain)
    return "; ".join([*clauses, *design.notes])


def _whole(number: float) -> int:
    """Rounded up: a fraction of a missing conversation is still missing."""
    return math.ceil(number - 1e-6)
