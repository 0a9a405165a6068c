"""A small, seeded part of benchmarks/coverage.py: 400 replicates, so a true 95 % shows as 92 to 98."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "coverage.py"
REPLICATES, SEED = 400, 7


@pytest.fixture(scope="module")
def simulation():
    spec = importlib.util.spec_from_file_location("coverage_simulation", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("one_in", [1300, 300, 50, 10])
def test_independent_conversations_are_covered_at_the_nominal_rate(simulation, one_in):
    got = simulation.one_phase(simulation.ONE_EACH, 1 / one_in, 0.0, REPLICATES, SEED)
    assert 0.92 <= got.covered <= 0.985


def test_wilsons_lower_limit_fails_where_one_event_is_seldom_seen_and_the_method_says_so(simulation):
    got = simulation.one_phase(simulation.ONE_EACH_FEW, 1 / 6000, 0.0, REPLICATES, SEED)
    assert 0.79 <= got.covered <= 0.9
    assert got.above == pytest.approx(1 - got.covered)
    assert got.said == got.above


def test_the_plain_design_effect_fails_at_few_events_and_ours_does_not(simulation):
    got = simulation.one_phase(simulation.BUSY, 1 / 1300, 0.1, REPLICATES, SEED)
    assert got.ignoring < 0.5
    assert got.plain < 0.8
    assert got.covered >= 0.93


@pytest.mark.parametrize("one_in", [6000, 300, 10])
@pytest.mark.parametrize("likeness", [0.0, 0.05, 0.1])
@pytest.mark.parametrize("people", ["MOSTLY_FEW", "BUSY", "TEN", "TWO"])
def test_likeness_up_to_a_tenth_is_covered(simulation, people, likeness, one_in):
    got = simulation.one_phase(getattr(simulation, people), 1 / one_in, likeness, REPLICATES // 2, SEED)
    assert got.covered >= 0.92  # nominal 95, less what 200 replicates may show by chance


def test_where_a_few_people_carry_it_coverage_falls_below_nominal_and_the_method_says_so(simulation):
    got = simulation.one_phase(simulation.MOSTLY_FEW, 1 / 50, 0.3, REPLICATES, SEED)
    assert got.covered >= 0.84
    assert got.said >= 0.8


@pytest.mark.parametrize("drawn", [0.01, 0.25])
@pytest.mark.parametrize("sensitivity", [0.9, 0.5])
@pytest.mark.parametrize("one_in", [1300, 50])
def test_a_sampled_screened_out_part_is_covered(simulation, one_in, sensitivity, drawn):
    covered, _, _, upper = simulation.two_phase(
        simulation.ONE_EACH, 1 / one_in, 0.0, sensitivity, drawn, REPLICATES // 4, SEED
    )
    assert covered >= 0.89  # 100 replicates
    assert upper > 1 / one_in


def test_people_in_both_strata_are_covered(simulation):
    covered, _, _, _ = simulation.two_phase(simulation.MOSTLY_FEW, 0.1, 0.1, 0.9, 0.25, REPLICATES // 2, SEED)
    assert covered >= 0.9
