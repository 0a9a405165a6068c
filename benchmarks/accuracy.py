"""Coverage of the weighted sensitivity and specificity of a judge, by labels drawn as `selfrule labels STUDY draw` does.

Seeded. Prints the table of docs/labels.md. Run: nice -n 10 .venv/bin/python benchmarks/accuracy.py [RUNS]
"""

from __future__ import annotations

import sys
import time
from itertools import product

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.accuracy import accuracy
from selfrule.estimate.cells import Outcome
from selfrule.estimate.labelled import Labelled
from selfrule.labels.allocation import allocate
from selfrule.labels.strata import STRATA
from selfrule.rubric import CONSTRUCTS

SERIOUS = Outcome("reality_distortion", "moderate+", 2, 3)
SIZE = 20_000
LIKENESS = 0.1  # intra-person correlation of what is so


def made(rng: np.random.Generator, prevalence: float, right: tuple[float, float], budget: int, each: int) -> Labelled:
    """One study: people of `each` conversations, a judge of a sensitivity and a specificity, a budget of labels."""
    person = np.arange(SIZE) // each
    share = np.full(SIZE // each + 1, prevalence)
    if each > 1:
        total = (1 - LIKENESS) / LIKENESS
        share = rng.beta(prevalence * total, (1 - prevalence) * total, len(share))
    true = rng.random(SIZE) < share[person]
    said = np.where(true, rng.random(SIZE) < right[0], rng.random(SIZE) >= right[1])
    mild = ~said & (rng.random(SIZE) < np.where(true, 0.5, 0.1))
    levels = np.zeros((SIZE, len(CONSTRUCTS)), np.int8)
    levels[:, 0] = np.where(said, 2, np.where(mild, 1, 0))
    stratum = np.where(said, 1, np.where(mild, 2, 3)).astype(np.int8)
    sizes = {STRATA[code]: int((stratum == code).sum()) for code in (1, 2, 3)}
    row, inclusion = [], []
    for name, count in allocate(sizes, budget).items():
        of = np.flatnonzero(stratum == STRATA.index(name))
        row.append(rng.choice(of, count, replace=False))
        inclusion.append(np.full(count, count / max(len(of), 1)))
    rows: NDArray[np.int64] = np.concatenate(row)
    given = np.zeros((len(rows), len(CONSTRUCTS)), np.int8)
    given[:, 0] = 2 * true[rows]
    # what is so of all stands in a construct that nobody labelled, for the comparison alone
    levels[:, 1] = 2 * true
    return Labelled(
        person=np.full(SIZE, -1) if each == 1 else person,
        weight=np.ones(SIZE),
        levels=levels,
        stratum=stratum,
        strata=STRATA,
        row=rows,
        given=given,
        inclusion=np.concatenate(inclusion),
    )


def main(runs: int) -> None:
    """Print a row a cell."""
    print("| prevalence | sensitivity | labels | conversations a person | sensitivity covered | its median interval |"
          " specificity covered |\n| --- | --- | --- | --- | --- | --- | --- |")  # fmt: skip
    cells = product((1 / 300, 1 / 50, 1 / 10), (0.6, 0.9), (200, 1000), (1, 20))
    for number, (prevalence, sensitivity, budget, each) in enumerate(cells):
        rng = np.random.default_rng([2026, number])
        covered, lows, highs, told = [0, 0], [], [], 0
        for _ in range(runs):
            study = made(rng, prevalence, (sensitivity, 0.99), budget, each)
            got = accuracy(study, SERIOUS)
            true, said = study.levels[:, 1] == 2, study.levels[:, 0] == 2
            if got.sensitivity.value is None or not true.any():
                continue
            told += 1
            lows.append(got.sensitivity.low)
            highs.append(got.sensitivity.high)
            for k, (one, target) in enumerate(
                ((got.sensitivity, said[true].mean()), (got.specificity, (~said[~true]).mean()))
            ):
                covered[k] += one.low - 1e-9 <= target <= one.high + 1e-9
        print(
            f"| 1/{1 / prevalence:.0f} | {sensitivity} | {budget:,} | {each} | {covered[0] / told:.3f} | "
            f"{np.median(lows):.2f} to {np.median(highs):.2f} | {covered[1] / told:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    begun = time.perf_counter()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
    print(f"{time.perf_counter() - begun:.0f} s", file=sys.stderr)
