"""The simulator of benchmarks/over_time.py: its truth is what a huge sample shows, within what chance allows."""

from __future__ import annotations

import importlib.util
import math
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from selfrule.analyses.mix import lengths
from selfrule.analyses.periods import periods_of

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "over_time_population.py"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("over_time_population", PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


population = _loaded()
EVERYTHING = population.World(
    people=120_000,
    most=20,
    drift=0.5,
    mix_end=(0.1, 0.1, 0.2, 0.2, 0.2, 0.2),
    factor=(0.0, 0.3, 0.6, 1.0),
    overlap=0.3,
    several=0.2,
    model=0.4,
    model_tilt=0.6,
    approval=0.5,
    spread=0.8,
)


@pytest.fixture(scope="module")
def drawn() -> tuple[object, object]:
    """A huge sample of a world with every effect, and the world's kinds of conversations."""
    return population.simulate(EVERYTHING, 7), population.cells(EVERYTHING)


def _near(sample: object, values: np.ndarray, rows: np.ndarray, truth: float) -> None:
    """The mean of some rows is the truth, within 4.5 standard errors between people."""
    person = sample.person  # type: ignore[attr-defined]
    mean = values[rows].mean()
    residual = np.bincount(person[rows], weights=values[rows] - mean)
    error = math.sqrt(float((residual**2).sum())) / int(rows.sum())
    assert abs(mean - truth) < 4.5 * error, f"{mean} against {truth}, standard error {error}"


def test_every_kind_of_conversation_is_counted_once() -> None:
    kinds = population.cells(EVERYTHING)
    assert kinds.probability.sum() == pytest.approx(1)
    assert kinds.parts.sum(axis=1) == pytest.approx(np.ones(len(kinds.rate)))
    assert ((kinds.rate > 0) & (kinds.rate < 1)).all()
    assert kinds.share(kinds.month == 0) == pytest.approx(EVERYTHING.rate)


def test_each_month_is_flagged_as_often_as_the_truth_says(drawn) -> None:  # type: ignore[no-untyped-def]
    sample, kinds = drawn
    flagged, months = sample.column["flagged"], periods_of(sample.at)
    assert len(months) == EVERYTHING.months
    for month in range(EVERYTHING.months):
        _near(sample, flagged, (flagged >= 0) & (months.code == month), kinds.share(kinds.month == month))


@pytest.mark.parametrize("what", ["length", "model", "level", "first"])
def test_each_kind_is_flagged_and_there_as_often_as_the_truth_says(drawn, what: str) -> None:  # type: ignore[no-untyped-def]
    sample, kinds = drawn
    flagged = sample.column["flagged"]
    single = sample.domains.sum(axis=1) == 1
    code = {
        "length": lengths(sample).codes,
        "model": sample.model.codes,
        "level": sample.column["reliance_dependency"],
        "first": np.where(single, sample.domains.argmax(axis=1), -1),
    }[what]
    of = np.where(kinds.second < 0, kinds.first, -1) if what == "first" else getattr(kinds, what)
    known = sample.rated
    for value in np.unique(of[of >= 0]):
        _near(sample, flagged, (flagged >= 0) & (code == value), kinds.share(of == value))
        _near(sample, (code == value).astype(float), known, float(kinds.probability[of == value].sum()))


def test_thumbs_are_up_as_often_as_the_truth_says_whether_flagged_or_not(drawn) -> None:  # type: ignore[no-untyped-def]
    sample, kinds = drawn
    flagged, thumb = sample.column["flagged"], sample.thumb
    for value, up, rate in ((1, kinds.up, kinds.rate), (0, kinds.up_rest, 1 - kinds.rate)):
        weight = kinds.probability * rate
        _near(sample, thumb, (flagged == value) & (thumb >= 0), float(weight @ up / weight.sum()))


def test_people_differ_in_rate_as_much_as_their_multipliers_say() -> None:
    world = replace(EVERYTHING, mix_end=None, drift=0.0, favourite=0.0, several=0.0, unrated=0.0)
    sample, kinds = population.simulate(world, 3), population.cells(world)
    hits = np.bincount(sample.person, weights=sample.column["flagged"])
    size = np.bincount(sample.person)
    pairs = float(
        (hits * (hits - 1)).sum() / (size * (size - 1)).sum()
    )  # of two conversations of one person, both flagged
    assert pairs == pytest.approx(kinds.share() ** 2 * (1 + world.spread**2), rel=0.15)


def test_what_a_screen_dropped_is_in_the_weights_of_what_was_drawn_of_it() -> None:
    world = replace(EVERYTHING, drawn=0.2)
    sample, kinds = population.simulate(world, 4), population.cells(world)
    flagged = sample.column["flagged"]
    known = flagged >= 0
    assert sample.weight.max() > 4
    share = float((sample.weight * flagged)[known].sum() / sample.weight[known].sum())
    assert share == pytest.approx(kinds.share(), rel=0.06)


def test_the_same_seed_draws_the_same_population() -> None:
    world = replace(EVERYTHING, people=50)
    first, again, other = (population.simulate(world, seed).at for seed in (1, 1, 2))
    assert (first == again).all()
    assert len(other) != len(first) or (other != first).any()


def test_a_spread_that_no_rate_allows_is_refused() -> None:
    with pytest.raises(ValueError, match="above 1"):
        population.simulate(replace(EVERYTHING, spread=5.0), 1)
