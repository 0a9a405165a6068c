"""A small, seeded part of benchmarks/honest.py: a few cells, 250 studies each, so a true 95 % shows as 91.5 to 98.5.

Where discreteness or a bound makes an interval conservative, more than 98 is right.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from selfrule.estimate.cells import Outcome
from selfrule.estimate.confirmed import confirmed, missed
from selfrule.estimate.labelled import Labelled, sides
from selfrule.rubric import CONSTRUCTS

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
STUDIES, SEED = 250, 7


@pytest.fixture(scope="module")
def honest():
    names = ("honest_population", "honest", "honest_tables", "honest_calls")
    sys.path.insert(0, str(BENCHMARKS))
    try:
        for name in names:
            spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
        yield {name: sys.modules[name] for name in names}
    finally:
        sys.path.remove(str(BENCHMARKS))
        for name in names:
            sys.modules.pop(name, None)


def found(honest, prevalence, sensitivity, specificity, each, budget):
    setting = honest["honest_population"].Setting(prevalence, sensitivity, specificity, each)
    rows = honest["honest_tables"].merged(honest["honest"].simulate(setting, (budget,), STUDIES, SEED))
    return {row["figure"]: row for row in rows}


@pytest.mark.parametrize("each", [1, 20])
@pytest.mark.parametrize(("one_in", "specificity"), [(1300, 0.999), (50, 0.99)])
def test_confirmed_figures_cover_and_the_bound_on_missed_is_kept(honest, one_in, specificity, each):
    rows = found(honest, 1 / one_in, 0.8, specificity, each, 500)
    assert 0.915 <= rows["among"]["covered"] <= 0.985
    assert 0.915 <= rows["confirmed"]["covered"] <= 0.985
    assert rows["missed"]["covered"] >= 0.93


def test_a_corrected_total_is_published_where_it_covers_and_nowhere_near_one_in_a_thousand(honest):
    rare = found(honest, 1 / 1300, 0.8, 0.999, 1, 500)
    assert rare["chosen"]["there"] == rare["random"]["there"] == 0
    common = found(honest, 1 / 10, 0.8, 0.99, 20, 500)
    assert common["chosen"]["there"] == 1
    assert common["chosen"]["covered"] >= 0.915
    assert common["random"]["covered"] >= 0.915


def test_where_hardly_any_study_has_enough_missed_ones_those_that_do_are_covered_too(honest):
    rows = found(honest, 1 / 50, 0.6, 0.99, 1, 500)
    assert 0.2 <= rows["chosen"]["there"] <= 0.5
    assert rows["chosen"]["covered"] >= 0.93


def test_prediction_powered_intervals_fail_at_one_in_a_thousand_and_are_not_used_there(honest):
    rows = found(honest, 1 / 1300, 0.8, 0.999, 1, 500)
    assert rows["ppi"]["covered"] * rows["ppi"]["there"] < 0.6, "with no positive among the labels there is none"
    assert rows["random"]["published"] == 0


def test_the_simulations_shortcut_makes_the_same_cells_as_the_package(honest):
    population = honest["honest_population"]
    rng = np.random.default_rng(SEED)
    of = population.study(rng, population.Setting(1 / 50, 0.6, 0.99, 20))
    row = population.drawn(rng, of, 500)
    levels = np.zeros((len(of.truth), len(CONSTRUCTS)), dtype=np.int8)
    levels[:, 0] = np.array([3, 1, 0], dtype=np.int8)[of.stratum]
    given = np.zeros((len(row), len(CONSTRUCTS)), dtype=np.int8)
    given[:, 0] = 3 * of.truth[row]
    reached = np.bincount(of.stratum[row], minlength=3) / np.bincount(of.stratum, minlength=3)
    study = Labelled(
        person=of.people.index,
        weight=np.ones(len(of.truth)),
        levels=levels,
        stratum=of.stratum.astype(np.int64),
        strata=population.NAMES,
        row=row,
        given=given,
        inclusion=reached[of.stratum[row]],
    )
    mine, theirs = sides(study, Outcome("reality_distortion", "severe", 3, 3)), population.sides_of(of, row)
    assert [(c.name, c.flagged, c.of, c.part) for c in mine.cells] == [
        (c.name, c.flagged, c.of, c.part) for c in theirs.cells
    ]
    assert np.array_equal(mine.shared, theirs.shared)
    assert confirmed(mine) == confirmed(theirs)
    assert missed(mine) == missed(theirs)


def test_a_tenth_of_the_expensive_calls_does_not_buy_the_reference_studys_width(honest):
    """With a cheap judge as good as the embedded one; docs/honest.md says what it does buy."""
    calls = honest["honest_calls"]
    of = calls.score(0.939, 110_233, 1140)
    covered, width = calls.simulated(of, 11_023, 1_499_397, 100, SEED)
    assert covered >= 0.9
    assert 1.8 < width < 2.6
    assert 0.4 < calls.needed(of, 1.05, 110_233, 1_499_397) < 0.6
