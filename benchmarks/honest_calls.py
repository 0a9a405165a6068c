"""Expensive calls for the reference study's interval of severe reality distortion, when a cheap judge points the way.

    python benchmarks/honest_calls.py

The reference study rated all 110,233 of 1,499,397 conversations that its screen kept. Here a cheap judge scores those and
the expensive judge rates a sample of them, drawn by strata of the score, at the rates that Neyman's allocation gives for
the score's own probabilities. The cheap judge is binormal with the area under the curve that the embedded judge's card
measured (0.939 over all labelled conversations, 0.854 over real ones), and with better ones. The expensive judge is taken
as right, as the reference study does; the screen's misses are the same for all and left out, as there.

Simulated populations and samples, the interval that a study would get (`rare.weighted_events`), 1,000 each.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from selfrule.estimate.intervals import wilson
from selfrule.estimate.rare import weighted_events
from selfrule.estimate.reference import published

AREAS = (0.854, 0.939, 0.965, 0.98, 0.99)
SHARES = (0.1, 0.2, 0.3, 0.5)
STRATA = 40
LEAST = 0.05
TOLERANCES = (1.05, 1.10)


@dataclass(frozen=True)
class Score:
    """Expected conversations and severe ones in each stratum of the cheap score, lowest first."""

    size: NDArray[np.float64]
    severe: NDArray[np.float64]

    @property
    def deviation(self) -> NDArray[np.float64]:
        """Standard deviation of "severe" in each stratum."""
        share = self.severe / self.size
        return np.sqrt(share * (1 - share))


def score(area: float, pool: int, severe: float) -> Score:
    """A binormal score with this area under the curve, cut where positives and negatives together change most evenly."""
    apart = math.sqrt(2) * float(ndtri(area))
    cuts = np.linspace(-2.5, apart + 2.5, STRATA - 1)
    below = np.concatenate([[0.0], ndtr(cuts), [1.0]])
    under = np.concatenate([[0.0], ndtr(cuts - apart), [1.0]])
    positives = np.diff(under) * severe
    return Score(np.diff(below) * (pool - severe) + positives, positives)


def allocated(of: Score, calls: float) -> NDArray[np.float64]:
    """Neyman's allocation: calls in proportion to size times deviation, no stratum above its size.

    No stratum is taken to be safer than `LEAST` of the whole: the score may be wrong where it is surest, and one severe
    conversation found there would stand for too many.
    """
    spread = np.maximum(of.deviation, math.sqrt(LEAST * float(of.severe.sum() / of.size.sum())))
    take, free, left = np.zeros(STRATA), np.ones(STRATA, dtype=bool), calls
    while True:
        weight = of.size * spread * free
        share = left * weight / weight.sum()
        over = free & (share >= of.size)
        if not over.any():
            take[free] = share[free]
            return take
        take[over] = of.size[over]
        left -= float(of.size[over].sum())
        free &= ~over


def times_width(of: Score, calls: float, total: int) -> float:
    """Expected width over that of rating everything: root of (variance of sampling + variance of all) / variance of all."""
    take = np.maximum(allocated(of, calls), 1e-9)
    sampling = float((of.size**2 * of.deviation**2 / take * np.maximum(1 - take / of.size, 0)).sum())
    severe = float(of.severe.sum())
    return math.sqrt(1 + sampling / (severe * (1 - severe / total)))


def needed(of: Score, tolerance: float, pool: int, total: int) -> float:
    """Share of the pool whose rating gives the full width times `tolerance`."""
    low, high = 0.001, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if times_width(of, middle * pool, total) > tolerance else (low, middle)
    return high


def simulated(of: Score, calls: float, total: int, replicates: int, seed: int) -> tuple[float, float]:
    """Coverage, and median width over that of the interval from rating everything."""
    rng = np.random.default_rng([seed, round(calls)])
    truth = float(of.severe.sum()) / total
    rate = np.minimum(allocated(of, calls) / of.size, 1.0)
    covered, widths = 0, []
    for _ in range(replicates):
        severe = rng.poisson(of.severe)
        size = rng.poisson(of.size - of.severe) + severe
        n = np.minimum(np.maximum(np.round(rate * size), 1).astype(np.int64), size)
        seen = rng.hypergeometric(severe, size - severe, n)
        there = n > 0
        found = weighted_events(seen[there], (size / np.maximum(n, 1))[there])
        covered += found.low <= truth * total <= found.high
        low, high = wilson(float(severe.sum()), total)
        widths.append((found.high - found.low) / total / (high - low))
    return covered / replicates, float(np.median(widths))


def main(arguments: list[str]) -> None:
    """Print the table of docs/honest.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261123)
    options = parser.parse_args(arguments)
    sample = published()["sample"]
    total, pool = sample["conversations"], sample["screened_in"]
    severe = total * published()["severe_percent"]["reality_distortion"] / 100
    print(f"{total:,} conversations, {pool:,} kept, {severe:,.0f} severe; {options.replicates} replicates")
    heads = [f"{share:.0%} ({share * pool:,.0f})" for share in SHARES]
    print("| area under the curve | " + " | ".join(heads) + " | for 1.05 x | for 1.10 x |")
    print("| ---: |" + " ---: |" * (len(SHARES) + 2))
    for area in AREAS:
        of = score(area, pool, severe)
        row = f"| {area:g} |"
        for share in SHARES:
            covered, width = simulated(of, share * pool, total, options.replicates, options.seed)
            row += f" {width:.2f}x ({100 * covered:.1f} %) |"
        for tolerance in TOLERANCES:
            row += f" {needed(of, tolerance, pool, total):.0%} |"
        print(row, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
