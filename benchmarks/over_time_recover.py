"""Many simulated studies of one scenario: how often each interval holds the truth. Resumes where it was stopped.

A scenario is a world and the analyses that are put to it; `over_time_probes` has the truth of each figure. One line of JSON is
written for each seed, so that a run may be stopped, resumed, or split by scenario between machines.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import over_time_probes as probes
from over_time_population import World, simulate
from selfrule.estimate.intervals import wilson

LATER = (0.2, 0.15, 0.15, 0.15, 0.17, 0.18)
"""A mix with more of the domains that are flagged more."""


@dataclass(frozen=True)
class Scenario:
    """A world, and which analyses are put to it."""

    world: World
    probes: tuple[str, ...]


HEAD = """# How often intervals of the analyses hold the truth

Made by `python benchmarks/over_time.py recover --out DIR` and `python benchmarks/over_time.py table --out DIR`. Seeds are 0 and
up; how many is in brackets. What each truth is stands in `over_time_probes.py`, the worlds in `over_time_recover.py`. Truth and
mean are means over the seeds, width a median; an arrow marks a share outside 93 to 97 % that the chance of the seeds does not
explain. Figures of one name (months, domains, primitives) are counted together, and are not independent of each other.
"""

LEAST_GIVEN = 50
"""Intervals of a figure below which a scenario's share says nothing."""

SERIES = ("trend", "change")
EVEN = World(length=(0.0, 0.0, 0.0, 0.0), people=2000)  # no effect of length: odds ratios within domains are then exact
SCENARIOS: dict[str, Scenario] = {
    "no drift": Scenario(World(), (*SERIES, "step")),
    "drift in mix": Scenario(World(mix_end=LATER, domain=(-2.0, -1.0, 0.0, 0.5, 1.0, 1.5)), SERIES),
    "drift in rate": Scenario(World(drift=0.8), (*SERIES, "step")),
    "drift in both": Scenario(World(mix_end=LATER, drift=0.6), SERIES),
    "drift in both, several domains each": Scenario(World(mix_end=LATER, drift=0.6, several=0.2), SERIES),
    "drift in rate, 1 in 100": Scenario(World(drift=0.8, rate=0.01, people=2500, spread=1.5), SERIES),
    "drift in both, sampled by a screen": Scenario(World(mix_end=LATER, drift=0.6, drawn=0.25, people=3000), SERIES),
    "step": Scenario(World(step=(8, 0.9), people=2500), ("step",)),
    "step, large": Scenario(World(step=(8, 0.9), people=8000, most=30), ("step",)),
    "no step, 1 in 100": Scenario(World(rate=0.01, people=2500, spread=1.5), ("step",)),
    "approval, none": Scenario(World(rate=0.05, approval_domain=False), ("approval",)),
    "approval, by domain alone": Scenario(World(rate=0.05), ("approval",)),
    "approval, flagged above": Scenario(World(rate=0.05, approval=0.6), ("approval",)),
    "approval, flagged below, 1 in 100": Scenario(
        World(rate=0.01, approval=-0.7, people=3000, leaning=0.15), ("approval",)
    ),
    "factors, none": Scenario(EVEN, ("factors",)),
    "factors, confounded by domain": Scenario(World(length=EVEN.length, tilt=0.9, people=2000), ("factors",)),
    "factors, rising, confounded": Scenario(
        World(length=EVEN.length, factor=(0.0, 0.35, 0.7, 1.05), overlap=0.3, tilt=0.7, people=2000), ("factors",)
    ),
    "factors, rising, 1 in 250": Scenario(
        World(length=EVEN.length, factor=(0.0, 0.35, 0.7, 1.05), rate=0.004, people=2500, spread=2.0), ("factors",)
    ),
    "factors, rising, 1 in 100, busy people": Scenario(
        World(length=EVEN.length, factor=(0.0, 0.35, 0.7, 1.05), rate=0.01, people=60, exponent=0.5, spread=2.0),
        ("factors",),
    ),
    "models alike": Scenario(World(), ("compare",)),
    "models differ by mix alone": Scenario(
        World(model_tilt=1.2, domain=(-2.0, -1.0, 0.0, 0.5, 1.0, 1.5)), ("compare",)
    ),
    "models differ": Scenario(World(model=0.5, model_tilt=0.8), ("compare",)),
    "models differ, 1 in 100": Scenario(World(model=0.7, rate=0.01, people=3000), ("compare",)),
    "people alike": Scenario(World(spread=0.0, favourite=0.0, unrated=0.0), ("people",)),
    "people unlike": Scenario(World(spread=1.5, unrated=0.0), ("people",)),
    "people unlike, some unrated": Scenario(World(spread=1.2, unrated=0.05), ("people",)),
    "people unlike, 1 in 100": Scenario(World(spread=1.5, rate=0.01, people=4000, unrated=0.0), ("people",)),
    "rising within people": Scenario(World(within=0.03, spread=0.8, most=30, unrated=0.0, people=2500), ("people",)),
    "popularity, none": Scenario(World(people=4000), ("popularity",)),
    "popularity, rate rises, mix stays": Scenario(World(drift=0.8, people=4000), ("popularity",)),
    "popularity, both rise": Scenario(World(mix_end=LATER, drift=0.6, people=4000), ("popularity",)),
}


@dataclass
class Tally:
    """What became of one figure over the seeds.

    `given` counts intervals, `refused` figures without one, `covered` those that hold the truth, `above` and `below` those
    that lie wholly above and below it; `truth` is the mean truth; `values` and `widths` of those with an interval.
    """

    given: int = 0
    refused: int = 0
    covered: int = 0
    above: int = 0
    below: int = 0
    truth: float = 0.0
    values: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)


def run(name: str, seeds: int, out: Path, first: int = 0) -> None:
    """Simulate and analyse a scenario for the seeds from `first` that are not done yet.

    Args:
        name: Of `SCENARIOS`.
        seeds: How many.
        out: Folder of results; one file a scenario.
        first: The first seed.
    """
    scenario = SCENARIOS[name]
    path = path_of(out, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    done = {row["seed"] for row in rows(path)}
    truths = {probe: probes.TRUTHS[probe](scenario.world) for probe in scenario.probes if probe in probes.PROBES}
    with path.open("a", encoding="utf-8") as file:
        for seed in range(first, first + seeds):
            if seed in done:
                continue
            sample = simulate(scenario.world, seed)
            seen: list[probes.Seen] = []
            spent = {}
            for probe, truth in truths.items():
                begun = time.perf_counter()
                seen += probes.PROBES[probe](sample, truth)
                spent[probe] = round(time.perf_counter() - begun, 2)
            file.write(json.dumps({"seed": seed, "seconds": spent, "seen": seen}) + "\n")
            file.flush()


def path_of(out: Path, name: str) -> Path:
    """The file of a scenario's results."""
    return out / f"{name.replace(',', '').replace(' ', '-')}.jsonl"


def rows(path: Path) -> Iterator[dict[str, object]]:
    """What has been written of a scenario, each seed once; a line cut off by a kill is left out."""
    known = set()
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if row["seed"] not in known:
                known.add(row["seed"])
                yield row


def tallies(path: Path) -> tuple[int, dict[str, Tally]]:
    """Seeds done of a scenario, and each figure's tally."""
    found: dict[str, Tally] = {}
    seeds = 0
    for row in rows(path):
        seeds += 1
        for name, truth, value, low, high, reason in row["seen"]:  # type: ignore[attr-defined]
            tally = found.setdefault(name, Tally())
            if truth is None:  # a thing that happens or not
                tally.given += 1
                tally.covered += bool(value)
                continue
            tally.truth += truth
            if low is None or high is None:
                tally.refused += 1
                tally.reasons[reason or ""] = tally.reasons.get(reason or "", 0) + 1
                continue
            slack = 1e-9 * max(abs(truth), 1e-3)
            tally.given += 1
            tally.covered += low - slack <= truth <= high + slack
            tally.above += low - slack > truth
            tally.below += high + slack < truth
            tally.values.append(value)
            tally.widths.append(high - low)
    return seeds, found


def table(out: Path) -> Iterator[str]:
    """The results of every scenario as rows of a table, with what they are: the page benchmarks/over_time.md."""
    yield HEAD
    yield "| scenario (seeds) | figure | truth | mean | intervals | hold the truth | too high | too low | width | none given |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name in SCENARIOS:
        seeds, found = tallies(path_of(out, name))
        for figure, tally in found.items():
            scenario = f"{name} ({seeds})"
            if not tally.values and not tally.refused:
                share = tally.covered / tally.given
                yield f"| {scenario} | {figure} | | | {tally.given:,} | {100 * share:.1f} % of seeds | | | | |"
                continue
            shown = [_number(tally.truth / (tally.given + tally.refused)), "", f"{tally.given:,}"]
            if tally.given:
                shown[1] = _number(float(np.mean(tally.values)))
                shares = [tally.covered, tally.above, tally.below]
                mark = _mark(tally)
                shown += [f"{100 * s / tally.given:.1f} %{mark if s is shares[0] else ''}" for s in shares]
                shown.append(_number(float(np.median(tally.widths))))
            else:
                shown += [""] * 4
            none = tally.refused / (tally.given + tally.refused)
            yield f"| {scenario} | {figure} | {' | '.join(shown)} | {f'{100 * none:.0f} %' if none else ''} |"


def summary(out: Path) -> Iterator[str]:
    """One row a figure over all scenarios: how often its intervals hold the truth, and where least and most often."""
    by: dict[str, list[tuple[str, Tally]]] = {}
    for name in SCENARIOS:
        for figure, tally in tallies(path_of(out, name))[1].items():
            if tally.values or tally.refused:
                by.setdefault(figure, []).append((name, tally))
    yield "| figure | scenarios | intervals | hold the truth | least | most | none given |"
    yield "| --- | ---: | ---: | ---: | --- | --- | ---: |"
    for figure, rows_ in by.items():
        given = sum(tally.given for _, tally in rows_)
        none = sum(tally.refused for _, tally in rows_)
        enough = [(tally.covered / tally.given, name) for name, tally in rows_ if tally.given >= LEAST_GIVEN]
        none_given = f"{100 * none / (given + none):.0f} %" if none else ""
        if not enough:
            yield f"| {figure} | {len(rows_)} | {given:,} | too few to say | | | {none_given} |"
            continue
        pooled = sum(tally.covered for _, tally in rows_) / given
        low, high = (f"{100 * share:.1f} % ({name})" for share, name in (min(enough), max(enough)))
        yield f"| {figure} | {len(rows_)} | {given:,} | {100 * pooled:.1f} % | {low} | {high} | {none_given} |"


def _mark(tally: Tally) -> str:
    """An arrow where the share is outside 93 to 97 % and its own 95 % interval is too: chance of the seeds aside."""
    low, high = wilson(tally.covered, tally.given)
    return " ↓" if high < 0.93 else " ↑" if low > 0.97 else ""


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "-"
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3f}"


__all__ = ["SCENARIOS", "Scenario", "path_of", "run", "summary", "table", "tallies"]
