"""The same simulated studies through other libraries: coverage and width beside ours.

    python benchmarks/honest_peers.py make studies.json       # in the project's environment: studies, and our intervals
    PEERS/python benchmarks/honest_peers.py run studies.json  # in one with ppi-python, glide-py and truescore

The libraries are no dependencies of the project; GLIDE needs Python 3.12. A study is handed over as counts (how many
conversations of each stratum, and labels by stratum and truth), from which each side makes the arrays that it takes. The
peers get labels drawn at random, as they ask for; GLIDE's stratified estimator also gets ours, drawn by judge level.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

SENSITIVITY, SPECIFICITY = 0.8, 0.999
BUDGETS = (500, 2000)
PREVALENCES = (1 / 6000, 1 / 1300, 1 / 300, 1 / 50, 1 / 10)
Limits = tuple[float, float] | None


def make(replicates: int, seed: int) -> Iterator[dict[str, Any]]:
    """Simulated studies as counts, with our intervals."""
    import honest_population as population
    from selfrule.estimate.choosing import choose
    from selfrule.estimate.confirmed import confirmed, missed_at_most
    from selfrule.estimate.corrected import stratified

    for p in PREVALENCES:
        setting = population.Setting(p, SENSITIVITY, SPECIFICITY, 1)
        rng = np.random.default_rng(setting.seed(seed))
        for _ in range(replicates):
            of = population.study(rng, setting)
            for budget in BUDGETS:
                drawn = population.sides_of(of, population.drawn(rng, of, budget))
                random = population.sides_of(of, population.at_random(rng, of, budget))
                ours = {
                    "strata": _pair(stratified(drawn)),
                    "published, labels by judge level": _pair(choose(drawn, at_random=False).figure),
                    "published, labels at random": _pair(choose(population.pooled(random, of), at_random=True).figure),
                    "confirmed": _pair(confirmed(drawn)),
                    "missed at most": _pair(missed_at_most(drawn)),
                }
                yield {
                    "prevalence": p,
                    "budget": budget,
                    "size": [len(rows) for rows in of.rows],
                    "random": _counts(of, random.row),
                    "drawn": _counts(of, drawn.row),
                    "ours": ours,
                }


def _pair(figure: Any) -> Limits:
    return None if figure is None else (figure.interval.low, figure.interval.high)


def _counts(of: Any, row: Any) -> list[list[int]]:
    """Labels by stratum (flagged, mild, none) and truth (no, yes)."""
    flat = np.bincount(of.stratum[row].astype(int) * 2 + of.truth[row], minlength=6)
    return flat.reshape(3, 2).tolist()  # type: ignore[no-any-return]


def peers() -> dict[str, Callable[[dict[str, Any]], Limits]]:
    """Estimators of the libraries installed here."""
    import glide.estimators
    import ppi_py
    import truescore

    def by_ppi_py(study: dict[str, Any]) -> Limits:
        label, judged, rest = _at_random(study)
        low, high = ppi_py.ppi_mean_ci(label, judged, rest, alpha=0.05)
        return float(np.squeeze(low)), float(np.squeeze(high))

    def by_glide(study: dict[str, Any]) -> Limits:
        label, judged, rest = _at_random(study)
        truth = np.concatenate([label, np.full(len(rest), np.nan)])
        found = glide.estimators.PPIMeanEstimator().estimate(truth, np.concatenate([judged, rest]))
        return found.confidence_interval.lower_bound, found.confidence_interval.upper_bound

    def by_glide_strata(study: dict[str, Any]) -> Limits:
        total = sum(study["size"])
        truth, group = [], []
        for stratum, (no, yes) in enumerate(study["drawn"]):
            truth += [0.0] * no + [1.0] * yes
            group += [stratum] * (no + yes)
        weights = np.array([n / total for n in study["size"]])
        found = glide.estimators.StratifiedClassicalMeanEstimator().estimate(
            np.array(truth), np.array(group), stratum_weights=weights
        )
        return found.confidence_interval.lower_bound, found.confidence_interval.upper_bound

    def by_truescore(study: dict[str, Any], way: Callable[..., Any]) -> Limits:
        label, judged, rest = _at_random(study)
        found = way(np.concatenate([judged, rest]), label, np.arange(len(label)))
        return found.low, found.high

    return {
        "ppi_py 0.2.3, PPI++": by_ppi_py,
        "GLIDE 0.11.0, PPI++": by_glide,
        "GLIDE 0.11.0, stratified, labels by judge level": by_glide_strata,
        "truescore 0.7.4, PPI++": lambda study: by_truescore(study, truescore.ppi_estimate),
        "truescore 0.7.4, Rogan-Gladen": lambda study: by_truescore(study, truescore.rogan_gladen_estimate),
    }


def _at_random(study: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Labels, the judge on them, and the judge on the rest."""
    (a, b), (c, d), (e, f) = study["random"]
    label = np.repeat([0.0, 1.0, 0.0, 1.0], [a, b, c + e, d + f])
    judged = np.repeat([1.0, 1.0, 0.0, 0.0], [a, b, c + e, d + f])
    flagged, total = study["size"][0], sum(study["size"])
    rest = np.zeros(total - len(label))
    rest[: flagged - a - b] = 1.0
    return label, judged, rest


def run(studies: list[dict[str, Any]]) -> None:
    """Print coverage and median width over the truth, all ways side by side."""
    ways = peers()
    seen: dict[tuple[float, int, str], list[Limits]] = {}
    took: dict[str, float] = dict.fromkeys(ways, 0.0)
    for study in studies:
        cell = (study["prevalence"], study["budget"])
        for name, limits in study["ours"].items():
            seen.setdefault((*cell, name), []).append(limits)
        for name, way in ways.items():
            start = time.perf_counter()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    limits = way(study)
            except (ValueError, ZeroDivisionError):
                limits = None  # the library declines
            took[name] += time.perf_counter() - start
            seen.setdefault((*cell, name), []).append(limits)
    names = ["published, labels by judge level", "published, labels at random", "strata", *ways]
    names += ["confirmed", "missed at most"]
    print("| | labels | " + " | ".join(f"1 in {1 / p:,.0f}" for p in PREVALENCES) + " |")
    print("| --- | ---: |" + " ---: |" * len(PREVALENCES))
    for name in names:
        for budget in BUDGETS:
            cells = [_cell(seen[p, budget, name], _truth(name, p), p) for p in PREVALENCES]
            print(f"| {name} | {budget:,} | " + " | ".join(cells) + " |")
    print({name: f"{1000 * seconds / len(studies):.2f} ms" for name, seconds in took.items()}, file=sys.stderr)


def _truth(name: str, p: float) -> float:
    return {"confirmed": p * SENSITIVITY, "missed at most": p * (1 - SENSITIVITY)}.get(name, p)


def _cell(found: list[Limits], truth: float, prevalence: float) -> str:
    """Coverage among the answers, width over the prevalence, share of studies answered."""
    there = [limits for limits in found if limits is not None and np.isfinite(limits).all()]
    if len(there) < 0.01 * len(found):
        return "declines" if not there else f"declines {100 * (1 - len(there) / len(found)):.1f} %"
    low, high = np.array(there).T
    covered = 100 * float(((low <= truth) & (truth <= high)).mean())
    width = float(np.median(high - low)) / prevalence
    negative = 100 * float((low < 0).mean())
    said = f"{covered:.1f} % {width if width > 1e-6 else 0:.2g}x"
    if negative >= 1:
        said += f", {negative:.0f} % below 0"
    if len(there) < len(found):
        said += f", answers {100 * len(there) / len(found):.0f} %"
    return said


def main(arguments: list[str]) -> None:
    """Make the studies, or run the peers on them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["make", "run"])
    parser.add_argument("studies", type=Path)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261123)
    options = parser.parse_args(arguments)
    if options.what == "make":
        with options.studies.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(study) + "\n" for study in make(options.replicates, options.seed))
    else:
        run([json.loads(line) for line in options.studies.read_text(encoding="utf-8").splitlines()])


if __name__ == "__main__":
    main(sys.argv[1:])
