"""A share over periods: each period's figure with its interval, and the resamples that every comparison of periods rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from selfrule.analyses.bridging import Bridge, beta_draws, few
from selfrule.analyses.figures import Figure
from selfrule.analyses.periods import Periods
from selfrule.analyses.resampling import Resampler
from selfrule.analyses.sample import Sample
from selfrule.estimate.bootstrap import percentile
from selfrule.estimate.cells import Outcome
from selfrule.estimate.clusters import FEW_EVENTS, Clustering, clustering, persons_of
from selfrule.estimate.intervals import CONFIDENCE, Interval

Kind = Literal["resampled", "exact", "Wilson"]
Rows = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A share over p periods.

    Attributes:
        figures: Of each period.
        kinds: How each interval was made; None where there is none.
        value: The shares, not a number where nothing was rated; shape (p,).
        draws: The same in resamples of people; shape (draws, p).
        weight: What the rated conversations of each period stand for; shape (p,).
        weights: The same in the resamples; shape (draws, p).
        noise: Variance of each share over p (1 - p), p being the share of all periods: design effect over n; shape (p,).
        worth: Effective conversations of each; shape (p,).
    """

    figures: list[Figure]
    kinds: list[Kind | None]
    value: Floats
    draws: Floats
    weight: Floats
    weights: Floats
    noise: Floats
    worth: Floats


class Shares:
    """Shares of one outcome over periods, for any set of conversations; the same resamples for all of them."""

    def __init__(
        self,
        sample: Sample,
        outcome: Outcome,
        periods: Periods,
        *,
        bridges: dict[int, Bridge] | None = None,
        resampler: Resampler | None = None,
    ) -> None:
        """Prepare.

        Args:
            sample: Everything.
            outcome: What is counted.
            periods: Of the sample's times.
            bridges: By `Sample.source`, for studies of another judge.
            resampler: Of the sample.
        """
        self.sample, self.periods = sample, periods
        self._hits, self._known = sample.reaches(outcome)
        self._resampler = resampler or Resampler(sample)
        self._bridges = bridges or {}
        w = sample.weight
        self._varied = len(w) > 0 and bool(np.any(np.abs(w - w[0]) > 1e-9 * w[0]))
        self._rng = np.random.default_rng(1)
        self._draws: dict[str, Floats] = {of.of: _beside(of, self._resampler.draws) for of in self._bridges.values()}

    @property
    def draws(self) -> int:
        """How many resamples there are."""
        return self._resampler.draws

    @property
    def bridged(self) -> bool:
        """Whether any share was carried over from another judge."""
        return bool(self._bridges)

    def rated(self, rows: Rows) -> Rows:
        """Those rows whose outcome is known."""
        return rows[self._known[rows]]

    def carried(self, rows: Rows) -> Clustering:
        """The share of some conversations of which at least one is rated, and who carries it."""
        return self._clustering(self.rated(rows))

    def cell(self, rows: Rows) -> tuple[Figure, Kind | None]:
        """One share of some conversations, taken together, without resamples.

        Args:
            rows: Which; ascending.
        """
        used = self.rated(rows)
        if not len(used):
            return self._none(rows), None
        got = self._clustering(used)
        low, high = got.exact_if_few()
        figure = Figure(
            value=got.share,
            low=low,
            high=high,
            n=len(used),
            persons=self._persons(used),
            events=got.events,
            missing=len(rows) - len(used),
        )
        return figure, "exact" if min(got.events, got.n - got.events) < FEW_EVENTS else "Wilson"

    def line(self, rows: Rows) -> Line:
        """The share of some conversations over the periods.

        Where at least ten conversations reach the outcome, ten do not, and at least ten people carry them, the interval is the
        percentile one of resampled people; elsewhere that is blind, and it is exact on the effective number of conversations
        (Wilson's, where people are few but events are not). A share carried over a bridge has the bridge's resamples in its.

        Args:
            rows: Which; ascending.
        """
        p = len(self.periods)
        code = self.periods.code
        rows = rows[code[rows] >= 0]
        order = rows[np.argsort(code[rows], kind="stable")]
        ends = np.searchsorted(code[order], np.arange(p + 1))
        parts = [_Part(self, r, bridge) for r, bridge in self._split(order)]
        size = np.sum([part.weights for part in parts], axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            value = np.sum([part.top for part in parts], axis=0) / np.sum([part.weight for part in parts], axis=0)
            draws = np.sum([part.tops for part in parts], axis=0) / size
        figures: list[Figure] = []
        kinds: list[Kind | None] = []
        noise, worth = np.full(p, np.nan), np.zeros(p)
        for i in range(p):
            cell = order[ends[i] : ends[i + 1]]
            used = self.rated(cell)
            if not len(used):
                figures.append(self._none(cell))
                kinds.append(None)
                continue
            got = self._clustering(used)
            worth[i], noise[i] = got.n_effective, 1 / got.n_effective
            kind: Kind = "resampled"
            if self._bridges:
                low, high = self._bridged(parts, i, value[i])
                noise[i] *= sum(part.weight[i] * part.steep**2 for part in parts) / sum(
                    part.weight[i] for part in parts
                )
            elif few(got):
                low, high = got.exact_if_few()
                kind = "exact" if min(got.events, got.n - got.events) < FEW_EVENTS else "Wilson"
            else:
                low, high = expanded(draws[:, i], carriers(got))
            kinds.append(kind)
            figures.append(
                Figure(
                    value=float(value[i]),
                    low=min(low, float(value[i])),
                    high=max(high, float(value[i])),
                    n=len(used),
                    persons=self._persons(used),
                    events=got.events,
                    missing=len(cell) - len(used),
                )
            )
        weight = np.sum([part.weight for part in parts], axis=0)
        return Line(figures, kinds, value, draws, weight, size, noise, worth)

    def _bridged(self, parts: list[_Part], i: int, value: float) -> tuple[float, float]:
        """The limits of one period's share that is made of shares by several judges, each with its own resamples."""
        size = sum(part.weight[i] for part in parts)
        made = sum(part.drawn(i, self._rng) * part.weight[i] for part in parts if part.weight[i]) / size
        return expanded(made, min(carriers(self._clustering(part.rows_of(i))) for part in parts if part.weight[i]))

    def _split(self, order: Rows) -> list[tuple[Rows, Bridge | None]]:
        """Rows by the bridge that they pass."""
        if not self._bridges or self.sample.source is None:
            return [(order, None)]
        source = self.sample.source[order]
        over = np.isin(source, list(self._bridges))
        by: dict[str, tuple[Bridge, list[int]]] = {}
        for code, bridge in self._bridges.items():
            by.setdefault(bridge.of, (bridge, []))[1].append(code)
        there = [(order[np.isin(source, codes)], bridge) for bridge, codes in by.values()]
        return [(order[~over], None), *there]

    def _clustering(self, used: Rows) -> Clustering:
        weight = self.sample.weight[used] if self._varied else None
        return clustering(persons_of(self.sample.person[used], weight), self._hits[used])

    def _persons(self, used: Rows) -> int | None:
        if self.sample.persons is None:
            return None
        person = self.sample.person[used]
        person = person[person >= 0]
        return int(np.count_nonzero(person[1:] != person[:-1])) + 1 if len(person) else 0

    def _none(self, rows: Rows) -> Figure:
        persons = None if self.sample.persons is None else 0
        reason = "nothing was rated" if len(rows) else "no conversation"
        return Figure(n=0, persons=persons, events=0, missing=len(rows), reason=reason)


class _Part:
    """The part of a line that one judge rated, on the scale of the judge that is wanted."""

    def __init__(self, shares: Shares, order: Rows, bridge: Bridge | None) -> None:
        self._shares, self.bridge = shares, bridge
        p = len(shares.periods)
        self._rows = shares.rated(order)
        key, rows = shares.periods.code[self._rows], self._rows
        weight, hit = shares.sample.weight[rows], shares._hits[rows]
        self.weight = np.bincount(key, weights=weight, minlength=p)
        self.top = np.bincount(key[hit], weights=weight[hit], minlength=p)
        self.weights = shares._resampler.sums(weight, key, p, rows=rows)
        self.tops = shares._resampler.sums(weight[hit], key[hit], p, rows=rows[hit])
        self.steep = 1.0
        if bridge is not None:
            yes, no = bridge.yes.value or 0.0, bridge.no.value or 0.0
            self.steep = abs(yes - no)
            self.top = no * self.weight + (yes - no) * self.top
            drawn = shares._draws[bridge.of]
            self.tops = drawn[:, 1:] * self.weights + (drawn[:, :1] - drawn[:, 1:]) * self.tops

    def rows_of(self, i: int) -> Rows:
        """The rated conversations of one period."""
        return np.asarray(self._rows[self._shares.periods.code[self._rows] == i])

    def drawn(self, i: int, rng: np.random.Generator) -> Floats:
        """Resamples of the share of one period, from a beta distribution where resampling is blind."""
        got = self._shares._clustering(self.rows_of(i))
        if not few(got):
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.asarray(self.tops[:, i] / self.weights[:, i])
        plain = beta_draws(got, len(self.tops), rng)
        if self.bridge is None:
            return plain
        drawn = self._shares._draws[self.bridge.of]
        return np.asarray(drawn[:, 1] + plain * (drawn[:, 0] - drawn[:, 1]))


def _beside(bridge: Bridge, draws: int) -> Floats:
    """The bridge's resamples, as many as the series has."""
    return bridge.draws[np.arange(draws) % len(bridge.draws)]


def carriers(got: Clustering) -> float:
    """Effective number of people who carry the rarer side of a share; conversations where each has its own person."""
    return got.carriers or float(min(got.events, got.n - got.events, 1 if got.clusters == 1 else got.n))


def expanded(draws: Floats, people: float) -> Interval:
    """The percentile interval of resamples, further out where few people carry what is resampled.

    A percentile interval is too narrow by about what the normal quantile is below Student's and sqrt(n - 1) below sqrt(n);
    the percentiles taken are those that make up for both.

    Args:
        draws: Resamples; those that are not finite are left out.
        people: Effective number of people who carry the events.

    References:
        Hesterberg TC (2015). What teachers should know about the bootstrap. The American Statistician 69:371-386 (expanded
        percentile interval, 3.3). doi:10.1080/00031305.2015.1089789
    """
    freedom = max(people - 1, 1.0)
    out = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * np.sqrt((freedom + 1) / freedom)
    return percentile(draws[np.isfinite(draws)], float(2 * ndtr(out) - 1))
