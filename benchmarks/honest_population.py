"""Simulated studies with known truth for benchmarks/honest.py: conversations, persons, a judge with errors, labels.

A study has 100,000 conversations of persons with one or with twenty each. With twenty, each person has a probability of
their own for the truth, for the judge's false alarms and for its hits, drawn from beta distributions with likeness 0.1
within a person (as in docs/statistics.md). Half of what the judge misses it calls mild, as it does 5 % of everything
that is not there: three sampling strata, "severe" (which it flags), "mild" and "none".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln

from selfrule.estimate.clusters import Clustering, Persons, clustering, persons_of
from selfrule.estimate.labelled import Cell, Sides, shared

N = 100_000
LIKENESS = 0.1
MILD_IF_MISSED = 0.5
MILD_ELSE = 0.05
FLAGGED, MILD, NONE = 0, 1, 2
NAMES = ("severe", "mild", "none")
DRAWN = (0.4, 0.2)  # of the label budget to flagged and mild; the rest to none

Rng = np.random.Generator
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Setting:
    """One cell of the grid, but for the label budget."""

    prevalence: float
    sensitivity: float
    specificity: float
    each: int  # conversations of one person

    def seed(self, seed: int) -> list[int]:
        """Seed of its generator."""
        return [
            seed,
            round(1 / self.prevalence),
            round(100 * self.sensitivity),
            round(1000 * self.specificity),
            self.each,
        ]


@dataclass(frozen=True)
class Study:
    """All conversations of a simulated study, sorted by person; arrays of shape (N,)."""

    stratum: NDArray[np.int8]
    truth: Flags
    people: Persons
    flagged: Clustering
    rows: tuple[NDArray[np.intp], ...]  # of each stratum
    code: NDArray[np.intp]  # the same as the stratum, without those that are empty
    shared: NDArray[np.float64] | None
    shared_pooled: NDArray[np.float64] | None


@lru_cache(maxsize=4)
def people_of(each: int, n: int = N) -> Persons:
    """Persons with so many conversations each."""
    return persons_of(np.repeat(np.arange(n // each), each))


@lru_cache(maxsize=64)
def _tally(each: int, mean: float) -> NDArray[np.float64]:
    """Probability of 0 .. each events of a person: beta-binomial with the likeness."""
    size = 1 / LIKENESS - 1
    a, b = mean * size, (1 - mean) * size
    k = np.arange(each + 1)
    log = gammaln(each + 1) - gammaln(k + 1) - gammaln(each - k + 1) + betaln(k + a, each - k + b) - betaln(a, b)
    odds: NDArray[np.float64] = np.exp(log)
    return odds / odds.sum()


def study(rng: Rng, setting: Setting, n: int = N) -> Study:
    """Draw a study."""
    found, lost, alarms = _single(rng, setting, n) if setting.each == 1 else _many(rng, setting, n)
    truth = np.zeros(n, dtype=bool)
    truth[found] = truth[lost] = True
    stratum = np.full(n, NONE, dtype=np.int8)
    mild = rng.random(n) < MILD_ELSE
    mild[lost] = rng.random(len(lost)) < MILD_IF_MISSED
    stratum[mild] = MILD
    stratum[found] = stratum[alarms] = FLAGGED
    people = people_of(setting.each, n)
    judged = stratum == FLAGGED
    rows = tuple(np.flatnonzero(stratum == code) for code in range(3))
    code = (np.cumsum([len(r) > 0 for r in rows]) - 1)[stratum]
    both = shared(people, code, sum(len(r) > 0 for r in rows))
    halves = (
        None if both is None else np.stack([both[0], both[1:].sum(axis=0)]) if judged.any() else both.sum(axis=0)[None]
    )
    flagged = (
        clustering(people, judged)
        if both is not None
        else Clustering(n, len(rows[FLAGGED]), len(rows[FLAGGED]) / n, n, n, 1.0, None, 0.0)
    )
    return Study(stratum, truth, people, flagged, rows, code, both, halves)


def _single(rng: Rng, setting: Setting, n: int) -> tuple[NDArray[np.intp], ...]:
    """Rows found, lost and falsely flagged; everyone is alone, so their order means nothing."""
    p, se, sp = setting.prevalence, setting.sensitivity, setting.specificity
    counts = rng.multinomial(n, [p * se, p * (1 - se), (1 - p) * (1 - sp), (1 - p) * sp])
    ends = np.cumsum(counts)
    rows = np.arange(ends[2])
    return rows[: ends[0]], rows[ends[0] : ends[1]], rows[ends[1] :]


def _many(rng: Rng, setting: Setting, n: int) -> tuple[NDArray[np.intp], ...]:
    """The same with persons: hits first, then misses, then false alarms among each one's conversations."""
    each, k = setting.each, n // setting.each
    size = 1 / LIKENESS - 1
    hits, alarms = np.zeros(k, dtype=np.int64), np.zeros(k, dtype=np.int64)
    for into, mean in ((hits, setting.prevalence), (alarms, 1 - setting.specificity)):
        tally = rng.multinomial(k, _tally(each, mean))
        into[: k - tally[0]] = np.repeat(np.arange(1, each + 1), tally[1:])
    who, alarmed = rng.permutation(k), rng.permutation(k)
    true, false = np.zeros(k, dtype=np.int64), np.zeros(k, dtype=np.int64)
    true[who], false[alarmed] = hits, alarms
    both = np.flatnonzero((true > 0) & (false > 0))
    false[both] = rng.hypergeometric(each - true[both], true[both], false[both])  # none of what is there
    there = np.flatnonzero(true)
    own = rng.beta(setting.sensitivity * size, (1 - setting.sensitivity) * size, len(there))
    got = np.zeros(k, dtype=np.int64)
    got[there] = rng.binomial(true[there], own)
    return _rows(np.zeros(k, dtype=np.int64), got, each), _rows(got, true - got, each), _rows(true, false, each)


def _rows(start: NDArray[np.int64], count: NDArray[np.int64], each: int) -> NDArray[np.intp]:
    """Rows start .. start + count - 1 of each person's conversations."""
    who = np.flatnonzero(count)
    counts = count[who]
    first = np.repeat(who * each + start[who] - (np.cumsum(counts) - counts), counts)
    return (first + np.arange(int(counts.sum()))).astype(np.intp)


def drawn(rng: Rng, of: Study, budget: int) -> NDArray[np.intp]:
    """Rows that a draw by stratum puts before people."""
    sizes = [len(rows) for rows in of.rows]
    first = min(round(DRAWN[0] * budget), sizes[FLAGGED])
    second = min(round(DRAWN[1] * budget), sizes[MILD])
    wanted = (first, second, min(budget - first - second, sizes[NONE]))
    return np.concatenate([_pick(rng, rows, count) for rows, count in zip(of.rows, wanted, strict=True)])


def at_random(rng: Rng, of: Study, budget: int) -> NDArray[np.intp]:
    """Rows that a draw from everything puts before people."""
    return rng.choice(len(of.truth), budget, replace=False, shuffle=False).astype(np.intp)


def _pick(rng: Rng, rows: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    return rows if count == len(rows) else rows[rng.choice(len(rows), count, replace=False, shuffle=False)]


def sides_of(of: Study, row: NDArray[np.intp]) -> Sides:
    """What `selfrule.estimate.labelled.sides` makes of the study, without going through its tables (a test compares)."""
    label = of.truth[row]
    stratum = of.stratum[row]
    cells = []
    for code, name in enumerate(NAMES):
        if not len(of.rows[code]):
            continue
        here = stratum == code
        count = int(np.count_nonzero(here))
        part = None
        if count:
            part = _part(of, row[here], label[here])
        cells.append(
            Cell(name, code == FLAGGED, len(of.rows[code]) / len(of.truth), len(of.rows[code]), count, part, 0.0)
        )
    sizes = np.array([len(rows) for rows in of.rows])
    reached = np.bincount(stratum, minlength=3)
    stands = sizes[stratum] / np.maximum(reached, 1)[stratum]
    return Sides(
        cells=tuple(cells),
        flagged=of.flagged,
        n=len(of.truth),
        code=of.code,
        people=of.people,
        shared=of.shared,
        row=row,
        label=label.astype(np.int8),
        stands=stands,
    )


def _part(of: Study, row: NDArray[np.intp], label: Flags) -> Clustering:
    """What `clustering` gives, at once where everyone is alone."""
    if of.shared is None:
        n, events = len(row), int(np.count_nonzero(label))
        return Clustering(n, events, events / n, n, n, 1.0, None, 0.0)
    return clustering(persons_of(of.people.index[row]), label)


def pooled(s: Sides, of: Study) -> Sides:
    """The same of labels drawn at random: strata play no part, so there are two cells, flagged and not."""
    judged = of.stratum == FLAGGED
    here = judged[s.row]
    cells = []
    for flagged, size in ((True, len(of.rows[FLAGGED])), (False, s.n - len(of.rows[FLAGGED]))):
        mine = here == flagged
        if size:
            part = None
            if mine.any():
                part = _part(of, s.row[mine], s.label[mine] == 1)
            cells.append(Cell("all", flagged, size / s.n, size, int(mine.sum()), part, 0.0))
    code = (~judged).astype(np.intp) if len(cells) == 2 else np.zeros(s.n, dtype=np.intp)
    return replace(
        s, cells=tuple(cells), code=code, shared=of.shared_pooled, stands=np.full(len(s.row), s.n / len(s.row))
    )
