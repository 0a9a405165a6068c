"""What two releases that differ by one person tell of that person, and whether membership can be told: `docs/privacy.md`.

    OMP_NUM_THREADS=1 python benchmarks/gate.py [SEEDS]

Budgets are drawn by OpenDP where it is installed, and by noise of the same distribution where it is not; the table says which.
"""

from __future__ import annotations

import importlib.util
import json
import sys

import msgspec
import numpy as np

from selfrule.privacy.checker import of_data
from selfrule.privacy.noise import Mechanism, laplace
from selfrule.testing.attacks.crowd import Release, crowd, exact, noised_by, rounded, two_sided_geometric
from selfrule.testing.attacks.membership import knowing_all_others, knowing_the_population, membership
from selfrule.testing.attacks.reconstruct import Bounds, of_exact, of_noisy, of_rounded, reconstruct

PEOPLE = 200
TRIED = 12
TRIALS = 15


def main(seeds: int = 20) -> None:
    """Print both tables."""
    there = importlib.util.find_spec("opendp") is not None

    def noise(seed: int) -> Mechanism:
        return laplace if there else two_sided_geometric(seed)

    print(
        f"{seeds} seeds, {PEOPLE} people; noise by {'OpenDP' if there else 'the same distribution, without OpenDP'}\n"
    )
    releases: list[tuple[str, Release, Bounds]] = [
        ("exact counts, few hidden", exact, of_exact),
        ("released: rounded", rounded, of_rounded),
        *((f"released: epsilon {e:g}", noised_by(e, noise), of_noisy) for e in (4.0, 1.0)),
    ]
    print(
        "| release | cells of theirs | proved | told apart (AUC) | first guess right | by chance |\n|---|---|---|---|---|---|"
    )
    for name, release, bounds in releases:
        got = [reconstruct(crowd(PEOPLE, seed=s), release, TRIED, bounds=bounds, seed=s) for s in range(seeds)]
        areas = [one.told_apart.value for one in got]
        print(
            f"| {name} | {sum(one.cells for one in got):,} | {sum(one.proved for one in got):,} | {_mean(areas)} | "
            f"{np.mean([one.first for one in got]):.2f} | {np.mean([one.by_chance for one in got]):.2f} |",
            flush=True,
        )
    print("\n| release | who knows all others (AUC) | who knows the population (AUC) |\n|---|---|---|")
    for name, release, _ in releases:
        strong, weak = [], []
        for seed in range(seeds):
            of = crowd(PEOPLE, seed=seed)
            person = int(np.random.default_rng(seed).choice(of.people()))
            strong.append(membership(knowing_all_others(of, person, release), TRIALS, seed=seed).value)
            weak.append(membership(knowing_the_population(of, person, release, PEOPLE), TRIALS, seed=seed).value)
        print(f"| {name} | {_mean(strong)} | {_mean(weak)} |", flush=True)
    found = 0
    shown = 0
    for seed in range(seeds):
        for release in (rounded, noised_by(1.0, noise)):
            made = release(crowd(600, patterns=40, seed=seed), seed)
            found += len(of_data(json.loads(msgspec.json.encode(made)), 10))
            shown += len(made.patterns)
    print(f"\nChecker: {found} violations in {2 * seeds} releases of {shown:,} patterns.")


def _mean(values: list[float]) -> str:
    half = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return f"{np.mean(values):.3f} ({np.mean(values) - half:.3f} to {np.mean(values) + half:.3f})"


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:2]))
