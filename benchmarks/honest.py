"""How often the intervals of honest prevalence contain the truth, and which cells are refused: docs/honest.md.

    python benchmarks/honest.py --out honest.jsonl    # 8 passes of 250 studies a cell
    python benchmarks/honest_tables.py honest.jsonl   # its tables

Grid: prevalence 1 in 6,000 to 1 in 10, judge's sensitivity and specificity, label budget, persons of 1 and 20
conversations; `honest_population` says how studies are made. benchmarks/honest_peers.py puts such studies through other
libraries, and honest_calls.py counts expensive calls.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

import honest_population as population
from honest_population import Setting
from selfrule.estimate.choosing import choose, sample_of
from selfrule.estimate.confirmed import among_flagged, confirmed, missed_at_most
from selfrule.estimate.corrected import Calibration, rogan_gladen, stratified
from selfrule.estimate.intervals import Interval
from selfrule.estimate.ppi import ppi

PREVALENCES = (1 / 6000, 1 / 1300, 1 / 300, 1 / 50, 1 / 10)
SENSITIVITIES = (0.6, 0.8, 0.95)
SPECIFICITIES = (0.99, 0.999)
EACH = (1, 20)
BUDGETS = (100, 500, 2000)
FIGURES = ("among", "confirmed", "missed", "strata", "chosen", "random", "ppi", "calibrated", "rogan")
ALWAYS = 4  # of so many studies, one also goes through the estimators that the rule would not ask


def settings() -> Iterator[Setting]:
    """All cells of the grid, but for budgets."""
    for each, p, se, sp in itertools.product(EACH, PREVALENCES, SENSITIVITIES, SPECIFICITIES):
        yield Setting(p, se, sp, each)


def simulate(setting: Setting, budgets: tuple[int, ...], replicates: int, seed: int) -> list[dict[str, object]]:
    """One row a budget and figure: how often it was there, covered, lay above or below, and its mean width."""
    rng = np.random.default_rng(setting.seed(seed))
    p, se, sp = setting.prevalence, setting.sensitivity, setting.specificity
    truth = {"among": p * se / (p * se + (1 - p) * (1 - sp)), "confirmed": p * se, "missed": p * (1 - se)}
    seen: dict[tuple[int, str], list[tuple[float, float, str]]] = {}
    for number in range(replicates):
        of = population.study(rng, setting)
        for budget in budgets:
            for name, interval, way in _figures(rng, setting, of, budget, always=number % ALWAYS == 0):
                seen.setdefault((budget, name), []).append((interval.low, interval.high, way))
    rows: list[dict[str, object]] = []
    for budget in budgets:
        for name in FIGURES:
            found = seen.get((budget, name), [])
            at = truth.get(name, p)
            low, high = np.array([f[0] for f in found]), np.array([f[1] for f in found])
            there = len(found)
            ways = sorted({f[2] for f in found})
            rows.append(
                {
                    "prevalence": p,
                    "sensitivity": se,
                    "specificity": sp,
                    "each": setting.each,
                    "budget": budget,
                    "figure": name,
                    "studies": replicates // ALWAYS if name in ("strata", "ppi", "rogan") else replicates,
                    "there": there,
                    "covered": int(((low <= at) & (at <= high)).sum()),
                    "above": int((low > at).sum()),
                    "below": int((high < at).sum()),
                    "width": float(np.median(high - low)) / at if there else None,
                    "ways": {way: sum(f[2] == way for f in found) for way in ways},
                }
            )
    return rows


def _figures(
    rng: np.random.Generator, setting: Setting, of: population.Study, budget: int, *, always: bool
) -> Iterator[tuple[str, Interval, str]]:
    s = population.sides_of(of, population.drawn(rng, of, budget))
    figure = among_flagged(s)
    if figure is not None:
        yield "among", figure.interval, ""
    figure = confirmed(s)
    if figure is not None:
        yield "confirmed", figure.interval, ""
    yield "missed", missed_at_most(s).interval, ""
    figure = stratified(s) if always else None
    if figure is not None:
        yield "strata", figure.interval, ""
    choice = choose(s, at_random=False)
    if choice.figure is not None:
        yield "chosen", choice.figure.interval, choice.way if "so many" not in choice.sentence else "many"
    r = population.sides_of(of, population.at_random(rng, of, budget))
    r = population.pooled(r, of)
    choice = choose(r, at_random=True)
    if choice.figure is not None:
        yield "random", choice.figure.interval, choice.way if "so many" not in choice.sentence else "many"
    if always and r.label.any() and not r.label.all():
        yield "ppi", ppi(sample_of(r)).interval(), ""
    calibration = calibrated(rng, setting, budget)
    if calibration is not None:
        if always:
            yield "rogan", rogan_gladen(s.flagged.share, s.flagged.n_effective, calibration)[1], ""
        unlabelled = tuple(replace(c, reached=0, part=None) for c in s.cells)
        choice = choose(replace(s, cells=unlabelled), at_random=False, calibration=calibration)
        if choice.figure is not None:
            yield "calibrated", choice.figure.interval, choice.way


def calibrated(rng: np.random.Generator, setting: Setting, budget: int) -> Calibration | None:
    """Labels from elsewhere, half of them positive, each of another person; None where the judge is no better than chance."""
    half = budget // 2
    found = rng.binomial(half, setting.sensitivity)
    spared = rng.binomial(half, setting.specificity)
    if found / half + spared / half <= 1:
        return None
    return Calibration(half, found, half, spared, "simulated")


def _job(arguments: tuple[Setting, int, int]) -> list[dict[str, object]]:
    setting, replicates, seed = arguments
    return simulate(setting, BUDGETS, replicates, seed)


def coverage(replicates: int, passes: int, seed: int, out: Path, workers: int) -> None:
    """Simulate the whole grid, `passes` times with other seeds, and write rows of counts as JSON lines."""
    jobs = [(setting, replicates, seed + number) for number in range(passes) for setting in settings()]
    start = time.monotonic()
    with out.open("w", encoding="utf-8") as file, ProcessPoolExecutor(workers) as pool:
        for number, rows in enumerate(pool.map(_job, jobs), 1):
            file.writelines(json.dumps(row) + "\n" for row in rows)
            file.flush()
            print(f"{number} of {len(jobs)}, {time.monotonic() - start:.0f} s", file=sys.stderr)


def main(arguments: list[str]) -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=250)
    parser.add_argument("--passes", type=int, default=8)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--out", type=Path, default=Path("honest.jsonl"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    coverage(options.replicates, options.passes, options.seed, options.out, options.workers)


if __name__ == "__main__":
    main(sys.argv[1:])
