"""How often the intervals of honest prevalence contain the truth, and which cells are refused: docs/honest.md.

    python benchmarks/honest.py coverage            # 2,000 studies a cell, some minutes
    python benchmarks/honest.py calls               # expensive calls for the paper's width
    PEERS_PYTHON -> benchmarks/honest_peers.py      # the same studies through other libraries

Grid: prevalence 1 in 6,000 to 1 in 10, judge's sensitivity and specificity, label budget, persons of 1 and 20
conversations. `honest_population` says how studies are made.
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
            for name, interval, way in _figures(rng, setting, of, budget, powered=number % 4 == 0):
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
                    "there": there / replicates,
                    "covered": float(((low <= at) & (at <= high)).mean()) if there else None,
                    "above": float((low > at).mean()) if there else None,
                    "below": float((high < at).mean()) if there else None,
                    "width": float(np.median(high - low)) / at if there else None,
                    "ways": {way: sum(f[2] == way for f in found) / replicates for way in ways},
                }
            )
    return rows


def _figures(
    rng: np.random.Generator, setting: Setting, of: population.Study, budget: int, *, powered: bool
) -> Iterator[tuple[str, Interval, str]]:
    s = population.sides_of(of, population.drawn(rng, of, budget))
    figure = among_flagged(s)
    if figure is not None:
        yield "among", figure.interval, ""
    figure = confirmed(s)
    if figure is not None:
        yield "confirmed", figure.interval, ""
    yield "missed", missed_at_most(s).interval, ""
    figure = stratified(s)
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
    if powered and r.label.any() and not r.label.all():
        yield "ppi", ppi(sample_of(r)).interval(), ""
    calibration = calibrated(rng, setting, budget)
    if calibration is not None:
        yield "rogan", rogan_gladen(s.flagged.share, s.flagged.n_effective, calibration)[1], ""
        choice = choose(
            s.__class__(**{**_fields(s), "cells": _unlabelled(s)}), at_random=False, calibration=calibration
        )
        if choice.figure is not None:
            yield "calibrated", choice.figure.interval, choice.way


def calibrated(rng: np.random.Generator, setting: Setting, budget: int) -> Calibration | None:
    """Labels from elsewhere, half of them positive; with a design effect of persons only where they are alone."""
    half = budget // 2
    found = rng.binomial(half, setting.sensitivity)
    spared = rng.binomial(half, setting.specificity)
    if found / half + spared / half <= 1:
        return None
    return Calibration(half, found, half, spared, "simulated")


def _fields(s: object) -> dict[str, object]:
    return {name: getattr(s, name) for name in s.__slots__}  # type: ignore[attr-defined]


def _unlabelled(s: population.Sides) -> tuple[population.Cell, ...]:
    return tuple(population.Cell(c.name, c.flagged, c.weight, c.of, 0, None, 0.0) for c in s.cells)


def _job(arguments: tuple[Setting, int, int]) -> list[dict[str, object]]:
    setting, replicates, seed = arguments
    return simulate(setting, BUDGETS, replicates, seed)


def coverage(replicates: int, seed: int, out: Path, workers: int) -> None:
    """Simulate the whole grid and write its rows as JSON lines."""
    jobs = [(setting, replicates, seed) for setting in settings()]
    start = time.monotonic()
    with out.open("w", encoding="utf-8") as file, ProcessPoolExecutor(workers) as pool:
        for number, rows in enumerate(pool.map(_job, jobs), 1):
            file.writelines(json.dumps(row) + "\n" for row in rows)
            file.flush()
            print(f"{number} of {len(jobs)}, {time.monotonic() - start:.0f} s", file=sys.stderr)


def main(arguments: list[str]) -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["coverage"])
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--out", type=Path, default=Path("honest.jsonl"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    coverage(options.replicates, options.seed, options.out, options.workers)


if __name__ == "__main__":
    main(sys.argv[1:])
