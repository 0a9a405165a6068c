"""The harness of benchmarks/over_time.py: every scenario has a truth for every figure, and tallies count what they should."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def over_time() -> Iterator[Any]:
    """The modules of the benchmark."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import over_time_population
        import over_time_probes
        import over_time_recover

        yield SimpleNamespace(population=over_time_population, probes=over_time_probes, recover=over_time_recover)
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_every_scenario_has_a_truth_for_each_of_its_analyses(over_time: Any) -> None:
    for name, scenario in over_time.recover.SCENARIOS.items():
        for probe in scenario.probes:
            assert probe in over_time.probes.PROBES, f"{name}: {probe}"
            over_time.probes.TRUTHS[probe](scenario.world)


SOME = (
    "drift in both",
    "step",
    "approval, flagged above",
    "factors, rising, confounded",
    "models differ",
    "people unlike",
)


@pytest.mark.parametrize("name", [*SOME, "popularity, both rise"])
def test_every_figure_has_a_finite_truth_and_most_an_interval(over_time: Any, name: str) -> None:
    scenario = over_time.recover.SCENARIOS[name]
    world = replace(scenario.world, people=800)
    for probe in scenario.probes:
        seen = over_time.probes.PROBES[probe](
            over_time.population.simulate(world, 3), over_time.probes.TRUTHS[probe](world)
        )
        assert seen
        figures = [one for one in seen if one[1] is not None]
        assert all(math.isfinite(one[1]) for one in figures)
        assert probe == "step" or any(one[3] is not None for one in figures)
        for _, _, value, low, high, _ in figures:
            assert low is None or low <= value <= high


def test_a_truth_of_parts_sums_to_the_difference(over_time: Any) -> None:
    for name in ("no drift", "drift in mix", "drift in rate", "drift in both", "drift in both, several domains each"):
        truth = over_time.probes.TRUTHS["change"](over_time.recover.SCENARIOS[name].world)
        assert truth["mix"] + truth["rate"] == pytest.approx(truth["difference"])
        assert truth["domain"] + truth["length"] == pytest.approx(truth["mix"])
        if name in {"no drift", "drift in rate"}:
            assert truth["mix"] == pytest.approx(0, abs=1e-12)
        if name in {"no drift", "drift in mix"}:
            assert truth["rate"] == pytest.approx(
                0, abs=2e-4
            )  # a line through what is no line moves a little with the mix


def test_where_domain_alone_matters_the_adjusted_truth_is_none(over_time: Any) -> None:
    world = over_time.recover.SCENARIOS["approval, by domain alone"].world
    for group in over_time.probes.TRUTHS["approval"](world).values():
        assert group["difference"] > 0.05
        assert group["adjusted"] == pytest.approx(0, abs=1e-12)
        assert group["odds_ratio"] == pytest.approx(1)
        assert group["logistic"] == pytest.approx(1, abs=1e-6)


def test_intervals_are_tallied_by_whether_they_hold_the_truth(over_time: Any, tmp_path: Path) -> None:
    seen = [("f", 0.5, 0.4, 0.3, 0.6, None), ("f", 0.5, 0.7, 0.6, 0.8, None), ("f", 0.5, 0.1, 0.0, 0.2, None)]
    seen += [("f", 0.5, None, None, None, "small"), ("g", None, 1.0, None, None, None)]
    path = tmp_path / "a.jsonl"
    line = json.dumps({"seed": 0, "seen": seen}) + "\n"
    path.write_text(line + line + '{"seed": 1, "seen"', encoding="utf-8")
    seeds, found = over_time.recover.tallies(path)
    tally = found["f"]
    assert seeds == 1  # one seed written by two runs counts once; the line cut off by a kill is done again
    assert (tally.given, tally.covered, tally.above, tally.below, tally.refused) == (3, 1, 1, 1, 1)
    assert (found["g"].given, found["g"].covered) == (1, 1)


def test_a_run_goes_on_where_it_was_stopped(over_time: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = over_time.recover.SCENARIOS["models alike"]
    small = {"models alike": replace(scenario, world=replace(scenario.world, people=200))}
    monkeypatch.setattr(over_time.recover, "SCENARIOS", small)
    over_time.recover.run("models alike", 2, tmp_path)
    before = over_time.recover.path_of(tmp_path, "models alike").read_text(encoding="utf-8")
    over_time.recover.run("models alike", 3, tmp_path)
    after = over_time.recover.path_of(tmp_path, "models alike").read_text(encoding="utf-8")
    assert after.startswith(before)
    assert [json.loads(line)["seed"] for line in after.splitlines()] == [0, 1, 2]
