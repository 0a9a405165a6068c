"""How often the 95 % intervals contain the truth: a seeded simulation over prevalence, persons, likeness and design.

    python benchmarks/coverage.py                  # the tables of docs/statistics.md, some minutes
    python benchmarks/coverage.py --replicates 100

Each person has a probability of their own, drawn from a beta distribution whose mean is the prevalence and whose
intra-person correlation is given as likeness; each of their conversations reaches the level with it. Likeness 0.3 at a
prevalence of 1 in 6,000 means that a few people have it in a third of their conversations and nearly nobody else ever.

First table: coverage of ours (of the uncorrected design effect, of Wilson's interval that ignores persons), and ours'
mean width over the latter's. Second table: coverage where a screen keeps 7.35 % and the given share of what should be
found, and the given share of the rest is drawn and rated.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.cells import Outcome
from selfrule.estimate.clusters import Clustering, clustering, persons_of
from selfrule.estimate.design import design_of
from selfrule.estimate.frame import Frame
from selfrule.estimate.groups import everything, table_of
from selfrule.estimate.intervals import Interval, wilson
from selfrule.estimate.table import figure
from selfrule.estimate.wording import count_clauses, person_clauses
from selfrule.records import Estimate
from selfrule.rubric import CONSTRUCTS, PRIMITIVES

PREVALENCES = (1 / 6000, 1 / 1300, 1 / 300, 1 / 50, 1 / 10)
LIKENESS = (0.0, 0.05, 0.1, 0.3)
KEPT = 0.0735
SENSITIVITY = (1.0, 0.9, 0.5)
DRAWN = (0.01, 0.05, 0.25)
LEAST = 0.93
SEVERE = Outcome(CONSTRUCTS[0], "severe", 3, 3)


@dataclass(frozen=True)
class People:
    """How many conversations each person has."""

    name: str
    draw: Callable[[np.random.Generator], NDArray[np.int64]]


def _power(persons: int, exponent: float) -> Callable[[np.random.Generator], NDArray[np.int64]]:
    sizes = np.arange(1, 501)
    odds = sizes**-exponent / (sizes**-exponent).sum()
    return lambda rng: rng.choice(sizes, persons, p=odds)


ONE_EACH = People("20,000 persons, one each", lambda _: np.ones(20_000, dtype=np.int64))
ONE_EACH_FEW = People("1,000 persons, one each", lambda _: np.ones(1_000, dtype=np.int64))
MOSTLY_FEW = People("3,000 persons, most with few (1 to 500, power law)", _power(3000, 2.0))
BUSY = People("100 persons, 1 to 500 each", lambda rng: rng.integers(1, 501, 100))
TEN = People("10 persons, 1 to 500 each", lambda rng: rng.integers(1, 501, 10))
TWO = People("2 persons, 1 to 500 each", lambda rng: rng.integers(1, 501, 2))


@dataclass(frozen=True)
class Tally:
    """What happened over the replicates of one cell; shares in [0, 1]."""

    events: float
    ignoring: float  # coverage of Wilson's interval that ignores persons
    plain: float  # coverage of Wilson's interval with the uncorrected design effect
    covered: float
    above: float  # intervals that lie wholly above the truth
    below: float
    width: float  # mean width over that of the interval that ignores persons
    said: float  # replicates whose method sentence warns that it may be too narrow or rests on an assumption


def simulate(
    rng: np.random.Generator, prevalence: float, likeness: float, sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Person code and hit of each conversation, sorted by person."""
    person = np.repeat(np.arange(len(sizes)), sizes)
    if likeness == 0:
        return person, rng.random(len(person)) < prevalence
    size = 1 / likeness - 1
    own = rng.beta(prevalence * size, (1 - prevalence) * size, len(sizes))
    return person, rng.random(len(person)) < own[person]


def one_phase(people: People, prevalence: float, likeness: float, replicates: int, seed: int) -> Tally:
    """Coverage where everything was rated."""
    rng = np.random.default_rng([seed, int(1 / prevalence), int(100 * likeness), len(people.name)])
    rows = []
    for _ in range(replicates):
        person, hits = simulate(rng, prevalence, likeness, people.draw(rng))
        got = clustering(persons_of(person), hits)
        simple = wilson(got.events, got.n)
        ours = got.wilson()
        rough = max(got.estimated or 1.0, 1.0)
        rows.append(
            (
                got.events,
                _covers(simple, prevalence),
                _covers(wilson(got.events / rough, got.n / rough), prevalence),
                _covers(ours, prevalence),
                ours.low > prevalence,
                ours.high < prevalence,
                (ours.high - ours.low) / (simple.high - simple.low),
                _warned(got),
            )
        )
    return Tally(*np.mean(np.array(rows, dtype=float), axis=0).tolist())


def two_phase(
    people: People, prevalence: float, likeness: float, sensitivity: float, drawn: float, replicates: int, seed: int
) -> tuple[float, float, float, float]:
    """Coverage, its misses above and below, and mean upper limit, where the screened-out part was sampled."""
    rng = np.random.default_rng(
        [seed, int(1 / prevalence), int(100 * likeness), int(100 * sensitivity), int(1 / drawn)]
    )
    rows = []
    for _ in range(replicates):
        person, hits = simulate(rng, prevalence, likeness, people.draw(rng))
        low, high = _limits(_two_phase(rng, person, hits, sensitivity, drawn))
        rows.append((low <= prevalence <= high, low > prevalence, high < prevalence, high))
    covered, above, below, upper = np.mean(np.array(rows, dtype=float), axis=0).tolist()
    return covered, above, below, upper


def _two_phase(
    rng: np.random.Generator, person: NDArray[np.int64], hits: NDArray[np.bool_], sensitivity: float, drawn: float
) -> Estimate:
    n = len(person)
    kept = rng.random(n) < np.where(hits, sensitivity, KEPT)
    chosen = kept | (rng.random(n) < drawn)
    levels = np.zeros((n, len(CONSTRUCTS)), dtype=np.int8)
    levels[:, 0] = np.where(hits, 3, 0)
    frame = Frame(
        person=person,
        screened_in=kept,
        drawn=chosen,
        inclusion=np.where(kept, 1.0, drawn),
        rated=chosen,
        levels=levels,
        actualized=np.zeros((n, len(PRIMITIVES)), dtype=np.int8),
        domains=np.zeros((n, 0), dtype=bool),
        domain_names=(),
    )
    table, _ = table_of(frame)
    group = everything(table)
    return figure(table, group, design_of(table, group), SEVERE)


def _limits(estimate: Estimate) -> Interval:
    if estimate.low is None or estimate.high is None:
        return Interval(0.0, 1.0)
    return Interval(estimate.low, estimate.high)


def _covers(interval: Interval, truth: float) -> bool:
    return interval.low <= truth <= interval.high


def _warned(got: Clustering) -> bool:
    said = person_clauses([got], got.persons, got.n, got.clusters, got.design_effect)
    said += count_clauses([got], plain=True)
    return any("assumed" in clause or "too narrow" in clause or "too high" in clause for clause in said)


def _one_phase_rows(replicates: int, seed: int) -> Iterator[str]:
    yield "| persons | likeness |" + "".join(f" 1 in {1 / p:,.0f} |" for p in PREVALENCES)
    yield "| --- | ---: |" + " ---: |" * len(PREVALENCES)
    low: list[str] = []
    for people in (ONE_EACH_FEW, ONE_EACH, MOSTLY_FEW, BUSY, TEN, TWO):
        for likeness in LIKENESS if people not in (ONE_EACH, ONE_EACH_FEW) else (0.0,):
            row = f"| {people.name} | {likeness:g} |"
            for prevalence in PREVALENCES:
                t = one_phase(people, prevalence, likeness, replicates, seed)
                row += f" **{_pc(t.covered)}** ({_pc(t.plain)}, {_pc(t.ignoring)}) {t.width:.1f}x |"
                if t.covered < LEAST:
                    low.append(
                        f"{people.name}, likeness {likeness:g}, 1 in {1 / prevalence:,.0f}: {_pc(t.covered)} %, too high "
                        f"{_pc(t.above)} %, too low {_pc(t.below)} %; the method sentence warns in {_pc(t.said)} %"
                    )
            yield row
    yield ""
    yield f"Below {_pc(LEAST)} %: " + ("; ".join(low) or "none")


def _two_phase_rows(replicates: int, seed: int) -> Iterator[str]:
    cells = [(sensitivity, drawn) for drawn in DRAWN for sensitivity in SENSITIVITY]
    yield "| persons | likeness | 1 in |" + "".join(f" finds {_pc(s, 0)} %, {_pc(d, 0)} % of rest |" for s, d in cells)
    yield "| --- | ---: | ---: |" + " ---: |" * len(cells)
    for people, likeness in ((ONE_EACH, 0.0), (MOSTLY_FEW, 0.1), (MOSTLY_FEW, 0.3)):
        for prevalence in (1 / 1300, 1 / 50, 1 / 10):
            row = f"| {people.name} | {likeness:g} | {1 / prevalence:,.0f} |"
            for sensitivity, drawn in cells:
                covered, _, _, _ = two_phase(people, prevalence, likeness, sensitivity, drawn, replicates, seed)
                row += f" {_pc(covered)} |"
            yield row


def _pc(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}"


def main(arguments: list[str]) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20260128)
    options = parser.parse_args(arguments)
    start = time.monotonic()
    for title, rows in (("Everything rated", _one_phase_rows), ("Screened-out part sampled", _two_phase_rows)):
        print(f"\n{title}: {options.replicates} replicates, seed {options.seed}\n")
        for row in rows(options.replicates, options.seed):
            print(row, flush=True)
    print(f"\n{time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
