"""Popularity: whether a domain is flagged more often in the periods in which it is more of the traffic, as the study asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from selfrule.analyses.correlating import Correlation, changed, correlated, reliability
from selfrule.analyses.figures import Analysis, Figure
from selfrule.analyses.partial import partial_of
from selfrule.analyses.periods import Every, Periods, periods_of
from selfrule.analyses.sample import FLAGGED_OUTCOME, Mask, Sample
from selfrule.estimate.cells import Outcome
from selfrule.estimate.clusters import Clustering, clustering, persons_of
from selfrule.estimate.intervals import CONFIDENCE
from selfrule.estimate.multiplicity import together
from selfrule.estimate.reference import published
from selfrule.estimate.trend import benjamini_hochberg

LEAST_PERIODS = 6
LEAST_EVENTS = 20
"""Conversations that reach the outcome, below which a domain's rates by period are little but noise."""
NOISY = 0.5
"""Noise ceiling below which an r is not held against the study's."""

_METHOD = (
    "Pearson's r of the domain's share of the period's rated conversations with the share of its conversations flagged, over "
    "complete periods, each counting alike. Intervals: Fisher's z on the effective number of periods, by how alike neighbours "
    "are; none below four. Changes: the same r over the differences from one period to the next. Noise: what the design "
    "effect of people within periods leaves of the variance between periods."
)


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """One domain over the periods.

    Attributes:
        domain: Its id in the rubric.
        share: Its share of all rated conversations of these periods.
        rate: Share of its conversations that reach the outcome.
        r: Pearson's r over periods, in [-1, 1].
        changes: Pearson's r over changes from one period to the next, in [-1, 1].
        periods: Periods with a figure.
        independent: Independent periods that they are worth.
        noise_ceiling: The r that would be seen, for sampling noise, were the true one 1, in [0, 1].
        q: p-value of no correlation over periods, adjusted for the false discovery rate over domains; None without one.
        changes_q: The same of the changes.
        published: The reference study's r.
        published_inside: Whether the interval of `r` holds it; None where one of them is missing, or where noise hides
            more than half of an r.
    """

    domain: str
    share: Figure
    rate: Figure
    r: Figure
    changes: Figure
    periods: int = 0
    independent: float | None = None
    noise_ceiling: float | None = None
    q: float | None = None
    changes_q: float | None = None
    published: float | None = None
    published_inside: bool | None = None


class Popularity(Analysis, frozen=True, kw_only=True, tag="popularity"):
    """A domain's share of the traffic against its flagged rate, over periods.

    `every` is "month" or "week"; `periods` are the complete ones, `partial` those left out and why; `untimed` counts rated
    conversations without a time. `reason` says why there is no domain.
    """

    construct: str
    level: str
    every: Every
    periods: list[str]
    partial: dict[str, str]
    untimed: int
    domains: list[Domain]
    reason: str | None = None


def popularity_of(sample: Sample, *, every: Every = "month", outcome: Outcome = FLAGGED_OUTCOME) -> Popularity:
    """Pearson's r of share and rate over periods, per domain, beside the reference study's.

    Args:
        sample: Everything. A conversation of several domains counts in each.
        every: The period.
        outcome: What the rate is of.
    """
    hits, known = sample.reaches(outcome)
    periods = periods_of(sample.at, every)
    timed = known & (periods.code >= 0)
    why = partial_of(periods, sample.at, sample.weight)
    seen = np.bincount(periods.code[timed], minlength=len(periods)) > 0
    whole = np.array([w is None for w in why], np.bool_) & seen
    used = timed & np.append(whole, False)[periods.code]
    made = Popularity(
        shows=f"Whether a domain is flagged more often in the {every}s in which it is a larger share of all conversations.",
        cannot=(
            "It cannot say that one makes the other: whatever rises or falls over the same time goes together, and an r over "
            "so few periods, made of shares that are themselves uncertain, can be large by chance."
        ),
        method=_METHOD,
        conversations=int(np.count_nonzero(used)),
        persons=sample.people_in(used),
        unrated=int(np.count_nonzero(~known)),
        judge=sample.judge,
        rubric=sample.rubric,
        construct=outcome.construct,
        level=outcome.level,
        every=every,
        periods=[name for name, ok in zip(periods.names, whole, strict=True) if ok],
        partial={name: w for name, w in zip(periods.names, why, strict=True) if w is not None},
        untimed=int(np.count_nonzero(known & (periods.code < 0))),
        domains=[],
    )
    count = int(np.count_nonzero(whole))
    if count < LEAST_PERIODS:
        few = f"An r needs at least {LEAST_PERIODS} complete {every}s; these conversations have {count}."
        return replace(made, reason=few, notes=_notes(replace(made, reason=few)))
    inside = sample.where(used)
    traffic = _Traffic(inside, hits[used], dataclasses.replace(periods, code=periods.code[used]))
    theirs = published()["popularity_r"] if outcome == FLAGGED_OUTCOME and every == "month" else {}
    members = [(name, inside.domains[:, i]) for i, name in enumerate(inside.domain_names)]
    domains = [traffic.domain(name, member, theirs.get(name)) for name, member in members if member.any()]
    made = replace(made, domains=_adjusted(domains))
    return replace(made, notes=_notes(made))


def for_report(sample: Sample) -> Popularity | None:
    """The analysis by month; None where no domain has an r."""
    made = popularity_of(sample)
    return made if any(d.r.value is not None for d in made.domains) else None


class _Traffic:
    """Conversations of complete periods, and what all domains share."""

    def __init__(self, sample: Sample, hits: Mask, periods: Periods) -> None:
        self.sample, self.hits, self.p = sample, hits, len(periods)
        self.code = periods.code
        self.everyone = persons_of(sample.person, sample.weight)
        # people within periods: what a person brings to every period alike is no noise between periods
        self.within = np.where(sample.person >= 0, sample.person * self.p + self.code, -1)
        self.visits = persons_of(self.within, sample.weight)
        self.total, self.count = self._by_period(np.ones(len(sample), np.bool_))

    def _by_period(self, rows: Mask) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Weight and number of some conversations in each period."""
        code = self.code[rows]
        weight = np.bincount(code, self.sample.weight[rows], self.p).astype(np.float64, copy=False)
        return weight, np.bincount(code, minlength=self.p).astype(np.int64, copy=False)

    def domain(self, name: str, member: Mask, published_r: float | None) -> Domain:
        """Everything of one domain, which has a conversation."""
        sample = self.sample
        weight, hits = sample.weight[member], self.hits[member]
        (mine, n), (flagged, _) = self._by_period(member), self._by_period(member & self.hits)
        there = np.flatnonzero(n)  # without a conversation there is no rate, and nothing to hold the share against
        share, rate = mine[there] / self.total[there], flagged[there] / mine[there]
        ofall = clustering(self.everyone, member)
        ofmine = clustering(persons_of(sample.person[member], weight), hits)
        persons = sample.people_in(member)
        levels = correlated(share, rate) if len(there) >= LEAST_PERIODS else None
        changes = changed(share, rate, there)
        base = Figure(n=int(n.sum()), persons=persons, events=ofmine.events)
        why = None
        if levels is None:
            why = f"in fewer than {LEAST_PERIODS} periods"
        elif ofmine.events < LEAST_EVENTS:
            why = f"fewer than {LEAST_EVENTS} flagged"
        elif levels.r is None:
            why = "its share or its rate does not vary"
        told = why is None and levels is not None
        reliable = 0.0
        if told:
            noise = clustering(self.visits, member), clustering(persons_of(self.within[member], weight), hits)
            reliable = reliability(share, _noise(noise[0], self.count[there])) * reliability(
                rate, _noise(noise[1], n[there])
            )
        r = _r(base, levels if told else None, why)
        ceiling = float(np.sqrt(reliable)) if told else None
        inside = None
        if published_r is not None and r.low is not None and r.high is not None and reliable >= NOISY**2:
            inside = r.low <= published_r <= r.high
        return Domain(
            domain=name,
            share=_share(ofall, sample.persons),
            rate=_share(ofmine, persons),
            r=r,
            changes=_r(base, changes if told else None, why),
            periods=len(there),
            independent=levels.independent if told and levels is not None else None,
            noise_ceiling=ceiling,
            q=levels.p if told and levels is not None else None,
            changes_q=changes.p if told else None,
            published=published_r,
            published_inside=inside,
        )


def _noise(got: Clustering, n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sampling variance of a share in each period: the binomial one at the share of all periods, by the design effect."""
    return got.share * (1 - got.share) * got.design_effect / n


def _share(got: Clustering, persons: int | None) -> Figure:
    low, high = got.exact_if_few()
    return Figure(value=got.share, low=low, high=high, n=got.n, persons=persons, events=got.events)


def _r(base: Figure, got: Correlation | None, why: str | None) -> Figure:
    if got is None:
        return replace(base, reason=why)
    if got.r is None:
        return replace(base, reason="too few changes, or none")
    if got.interval is None:
        worth = f"{got.points} points that are worth {got.independent:.1f}: no interval"
        return replace(base, value=got.r, reason=worth)
    return replace(base, value=got.r, low=got.interval.low, high=got.interval.high)


def _adjusted(domains: Sequence[Domain]) -> list[Domain]:
    """With p-values adjusted for the number of domains; the one with the highest r first, those without one last."""
    levels = benjamini_hochberg([d.q for d in domains])
    changes = benjamini_hochberg([d.changes_q for d in domains])
    made = [replace(d, q=q, changes_q=c) for d, q, c in zip(domains, levels, changes, strict=True)]
    return sorted(made, key=lambda d: (d.r.value is None, -(d.r.value or 0.0)))


def _notes(made: Popularity) -> list[str]:
    """What a reader should know first, from what the record shows alone."""
    said = [] if made.reason is None else [made.reason]
    told = [d for d in made.domains if d.r.value is not None]
    bounded = [d for d in told if d.r.low is not None]
    if told:
        none = len(told) - len(bounded)
        drift = f"In {none} of {len(told)} domains share and rate drift so much that their {made.every}s are worth fewer than"
        said += [f"{drift} four: an r without an interval says nothing."] if none else []
        said.append(
            f"Over {made.every}s, {_standing([d.q for d in told])}; over changes from one to the next, which no common trend can "
            f"make, {_standing([d.changes_q for d in told])} (Benjamini and Hochberg, 5 %)."
            + (f" {together(len(bounded))}" if len(bounded) > 1 else "")
        )
        weak = sum(d.noise_ceiling is not None and d.noise_ceiling < NOISY for d in told)
        if weak:
            said.append(
                f"In {weak} of {len(told)} domains sampling noise alone would pull a true r of 1 below {NOISY:g}: an r near 0 is "
                "no sign there that the true one is."
            )
    if made.partial:
        said.append(f"Left out, for they are not complete: {', '.join(made.partial)}.")
    if made.untimed:
        said.append(f"{made.untimed:,} rated conversations have no time and are not here.")
    return said


def _standing(qs: Sequence[float | None]) -> str:
    tested = [q for q in qs if q is not None]
    out = sum(q <= 1 - CONFIDENCE for q in tested)
    return f"{out} of {len(tested)} domains stand{'s' * (out == 1)} out" if tested else "no domain can be tested"


def public(result: Popularity, k: int) -> Popularity:
    """The analysis without domains of fewer than k conversations, or people where the study knows at least k.

    Domains overlap, so that none can be had by subtraction.
    """
    people = (result.persons or 0) >= k
    domains, gone = [], 0
    for d in result.domains:
        size = min(d.r.n, d.r.persons) if people and d.r.persons else d.r.n  # nobody known: conversations alone
        if not 0 < size < k:
            domains.append(d)
            continue
        no = Figure(reason="small")
        gone += 4
        domains.append(Domain(domain=d.domain, share=no, rate=no, r=no, changes=no, published=d.published))
    made = replace(result, domains=domains, withheld=result.withheld + gone)
    return replace(made, notes=_notes(made))


__all__ = ["Domain", "Popularity", "for_report", "popularity_of", "public"]
