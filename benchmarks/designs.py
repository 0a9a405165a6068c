"""How often the 95 % interval contains a log's true share, by the design that drew conversations from it.

    python benchmarks/designs.py                   # the table of docs/sampling.md, some minutes on one core
    python benchmarks/designs.py --replicates 200

Each replicate makes a log anew: people with one to many conversations (a power law), a probability of their own each (beta,
with the given likeness), five months of very unlike size, the later ones with higher rates. It is drawn from by
`selfrule.sampling` itself, everything drawn is rated, and the interval is the one that a study prints. The truth is the share
in that very log. Cells: coverage in percent, then its misses (interval wholly above, wholly below), then the mean width over
that of Wilson's interval on as many independent conversations, weights ignored; in brackets what that interval covers.
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
from selfrule.estimate.design import design_of
from selfrule.estimate.frame import Frame
from selfrule.estimate.groups import everything, table_of
from selfrule.estimate.intervals import wilson
from selfrule.estimate.table import figure
from selfrule.records import Estimate
from selfrule.rubric import CONSTRUCTS, PRIMITIVES
from selfrule.sampling import Design, Index, draw
from selfrule.sampling.numbers import numbers

PREVALENCES = (1 / 300, 1 / 50, 1 / 10)
SEVERE = Outcome(CONSTRUCTS[0], "severe", 3, 3)
MONTHS = ("2025-01", "2025-02", "2025-03", "2025-04", "2025-05")
SIZES = np.array([0.02, 0.08, 0.2, 0.3, 0.4])  # of the months
RATES = np.array([0.25, 0.5, 0.75, 1.0, 1.25])  # their rates, over the mean
KEPT, CHECKED = 0.0735, 0.25  # a screen: what it keeps of the rest, and the share of what it drops that is rated


@dataclass(frozen=True)
class Log:
    """A log: key (ascending), person, month and truth of every conversation."""

    key: NDArray[np.uint64]
    who: NDArray[np.uint64]
    month: NDArray[np.int64]
    hit: NDArray[np.bool_]


@dataclass(frozen=True)
class Got:
    """What came of one cell, over its replicates."""

    covered: float
    above: float
    below: float
    width: float
    ignoring: float
    n: float


Sampled = tuple[NDArray[np.intp], NDArray[np.float64]]
"""Rows drawn, and their probabilities."""


def log(rng: np.random.Generator, persons: int, prevalence: float, likeness: float) -> Log:
    """A log of `persons` people; with no likeness each has one conversation."""
    sizes = np.arange(1, 101)
    odds = sizes**-1.7 / (sizes**-1.7).sum()
    has = rng.choice(sizes, persons, p=odds) if likeness else np.ones(persons, np.int64)
    person = np.repeat(np.arange(persons), has)
    month = rng.choice(len(MONTHS), len(person), p=SIZES)
    own = np.full(persons, prevalence)
    if likeness:
        size = 1 / likeness - 1
        own = rng.beta(prevalence * size, (1 - prevalence) * size, persons)
    rate = RATES / float((SIZES * RATES).sum())
    hit = rng.random(len(person)) < np.minimum(own[person] * rate[month], 1)
    code = np.arange(1, len(person) + 1).astype(np.uint64)
    return Log(np.sort(numbers(code, 1)), numbers(person.astype(np.uint64) + np.uint64(1), 2), month, hit)


def _by(design: Callable[[Log], Design]) -> Callable[[Log, np.random.Generator], Sampled]:
    """Drawn by selfrule's own code, with a seed of its own each time."""

    def sample(made: Log, rng: np.random.Generator) -> Sampled:
        wanted = design(made)
        seeded = Design(by=wanted.by, n=wanted.n, each=wanted.each, seed=int(rng.integers(1 << 62)))
        found = draw(Index(made.key, made.who, made.month, MONTHS), seeded)
        return np.searchsorted(made.key, found.key), found.inclusion

    return sample


def _poisson(made: Log, rng: np.random.Generator) -> Sampled:
    """Drawn elsewhere, each by itself, those that are hits three times as likely, by a known probability."""
    sought = made.hit | (rng.random(len(made.hit)) < 0.2)  # a cue that hits always have, and others often
    probability = np.where(sought, 0.3, 0.1) * np.array([1, 0.8, 0.6, 0.5, 0.4])[made.month]
    chosen = np.flatnonzero(rng.random(len(probability)) < probability)
    return chosen, probability[chosen]


DESIGNS: dict[str, Callable[[Log, np.random.Generator], Sampled]] = {
    "random, 3 %": _by(lambda made: Design(n=len(made.key) * 3 // 100)),
    "random, 30 %": _by(lambda made: Design(n=len(made.key) * 3 // 10)),
    "by month, in proportion, 10 %": _by(lambda made: Design(by="month", n=len(made.key) // 10)),
    "by month, as many each, about 10 %": _by(lambda made: Design(by="month", each=len(made.key) // 50)),
    "by person, whole, 10 %": _by(lambda made: Design(by="person", n=len(np.unique(made.who)) // 10)),
    "by person, at most 3 each, 20 %": _by(lambda made: Design(by="person", n=len(np.unique(made.who)) // 5, each=3)),
    "weights up to 7.5 times, by a cue": _poisson,
}


def estimate(
    made: Log, rows: NDArray[np.intp], inclusion: NDArray[np.float64], screened: np.random.Generator | None = None
) -> Estimate:
    """The figure that a study prints of a sample; where `screened`, with a screen and a check of what it dropped."""
    n = len(rows)
    hit = made.hit[rows]
    levels = np.zeros((n, len(CONSTRUCTS)), np.int8)
    levels[:, 0] = np.where(hit, 3, 0)
    kept = drawn = np.ones(n, bool)
    if screened is not None:
        kept = screened.random(n) < np.where(hit, 0.9, KEPT)
        drawn = kept | (screened.random(n) < CHECKED)
    frame = Frame(
        person=np.unique(made.who[rows], return_inverse=True)[1],
        screened_in=kept,
        drawn=drawn,
        inclusion=np.where(kept, 1.0, CHECKED),
        rated=drawn,
        levels=levels,
        actualized=np.zeros((n, len(PRIMITIVES)), np.int8),
        domains=np.zeros((n, 0), bool),
        domain_names=(),
        weight=1 / inclusion,
        finite=True,
    )
    table, _ = table_of(frame)
    group = everything(table)
    return figure(table, group, design_of(table, group), SEVERE)


def cell(
    name: str, persons: int, prevalence: float, likeness: float, replicates: int, seed: int, *, screen: bool = False
) -> Got:
    """Coverage of one design."""
    rng = np.random.default_rng([seed, len(name), int(1 / prevalence), int(100 * likeness), persons, screen])
    rows = []
    for _ in range(replicates):
        made = log(rng, persons, prevalence, likeness)
        chosen, inclusion = DESIGNS[name](made, rng)
        truth = float(made.hit.mean())
        got = estimate(made, chosen, inclusion, rng if screen else None)
        assert got.low is not None
        assert got.high is not None
        simple = wilson(int(made.hit[chosen].sum()), len(chosen))
        rows.append(
            (
                got.low <= truth <= got.high,
                got.low > truth,
                got.high < truth,
                (got.high - got.low) / (simple.high - simple.low),
                simple.low <= truth <= simple.high,
                len(chosen),
            )
        )
    return Got(*np.mean(np.array(rows, float), axis=0).tolist())


def _rows(replicates: int, seed: int, named: str) -> Iterator[str]:
    yield "| design | people | " + " | ".join(f"1 in {1 / p:,.0f}" for p in PREVALENCES) + " |"
    yield "| --- | --- |" + " ---: |" * len(PREVALENCES)
    cases = [(name, screen) for name in DESIGNS for screen in (False,)]
    cases += [("random, 30 %", True), ("by month, as many each, about 10 %", True)]
    for name, screen in cases:
        if named not in name + " screened" * screen:
            continue
        for persons, likeness, said in ((10_000, 0.0, "one each"), (3_000, 0.1, "likeness 0.1")):
            found = [cell(name, persons, p, likeness, replicates, seed, screen=screen) for p in PREVALENCES]
            cells = " | ".join(
                f"**{_pc(g.covered)}** ({_pc(g.above)}, {_pc(g.below)}) {g.width:.2f}x [{_pc(g.ignoring)}]"
                for g in found
            )
            screened = "; screened, a quarter of the rest rated" if screen else ""
            yield f"| {name}{screened} (n {found[0].n:,.0f}) | {said} | {cells} |"


def _pc(share: float) -> str:
    return f"{100 * share:.1f}"


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--only", default="", help="designs whose name holds this")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    print(f"{options.replicates:,} replicates, seed {options.seed}\n")
    for row in _rows(options.replicates, options.seed, options.only):
        print(row, flush=True)
    print(f"\n{time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
