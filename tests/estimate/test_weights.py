"""What conversations stand for: weights from a sample, and populations that are finite."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from selfrule.errors import UsageError
from selfrule.estimate.finite import left
from selfrule.estimate.frame import Attribute, Frame
from selfrule.estimate.intervals import clopper_pearson, wilson
from selfrule.estimate.table import estimates
from selfrule.privacy import release
from selfrule.rubric import CONSTRUCTS

from .frames import frame_of, one
from .test_table import frames

REALITY = CONSTRUCTS[0]
NUMBERS = ("count", "n", "share", "low", "high", "missing", "n_effective", "design_effect", "low_if_missing_none")


def changed(frame: Frame, **values) -> Frame:
    return replace(frame, **values)


def weights(n):
    return hnp.arrays(np.float64, n, elements=st.sampled_from([0.5, 1.0, 2.0, 40.0, 1000.0]))


def same(here, there, names=NUMBERS, rel=1e-9):
    for a, b in zip(here, there, strict=True):
        assert (a.construct, a.level, a.group) == (b.construct, b.level, b.group)
        if b.share is None:
            assert (a.share, a.n) == (None, 0)
            continue
        for name in names:
            assert getattr(a, name) == pytest.approx(getattr(b, name), rel=rel, abs=1e-12), (name, a, b)


@given(frames(), st.sampled_from([1.0, 3.7, 1e6]))
@settings(deadline=None, max_examples=40)
def test_where_all_stand_for_as_many_no_figure_changes_and_no_word_of_it(frame, each):
    here, there = estimates(frame), estimates(changed(frame, weight=np.full(len(frame.person), each)))
    same(here, there)
    assert [e.method for e in here] == [e.method for e in there]


@given(frames(), st.data())
@settings(deadline=None, max_examples=60)
def test_every_weighted_figure_is_ordered_and_possible(frame, data):
    for finite in (False, True):
        weight = data.draw(weights(len(frame.person)))
        for e in estimates(changed(frame, weight=weight, finite=finite)):
            assert e.n >= 0
            assert e.missing >= 0
            if e.share is None:
                continue
            assert 0 <= e.low_if_missing_none <= e.low <= e.share + 1e-9, e
            assert e.share - 1e-9 <= e.high <= e.high_if_missing_all <= 1, e
            assert e.n_effective >= 1 - 1e-9
            assert e.design_effect >= 1 - 1e-9


@given(frames(), st.data(), st.sampled_from([0.01, 250.0]))
@settings(deadline=None, max_examples=20)
def test_only_how_unlike_weights_are_matters(frame, data, times):
    weight = data.draw(weights(len(frame.person)))
    here, there = (estimates(changed(frame, weight=w)) for w in (weight, weight * times))
    # numbers are rounded, so that a last digit may make one of them
    same(here, there, ("share", "low", "high", "n_effective", "design_effect"), rel=1e-6)


@given(st.integers(2, 30), st.data())
@settings(deadline=None, max_examples=40)
def test_a_weighted_share_is_that_of_a_log_with_each_conversation_so_many_times(n, data):
    weight = data.draw(hnp.arrays(np.int64, n, elements=st.integers(1, 9)))
    levels = data.draw(hnp.arrays(np.int8, n, elements=st.integers(-1, 3)))
    here = estimates(frame_of(n, levels={REALITY: levels}, weight=weight.astype(float)), ())
    there = estimates(frame_of(int(weight.sum()), levels={REALITY: np.repeat(levels, weight)}), ())
    for level in ("mild+", "severe"):
        a, b = one(here, REALITY, level), one(there, REALITY, level)
        if b.share is None:
            assert a.share is None
            continue
        assert a.share == pytest.approx(b.share)
        assert a.missing / a.n == pytest.approx(b.missing / b.n, abs=1 / a.n + 0.5)


def test_a_weighted_share_with_ratings_sampled_too_is_that_of_the_log_it_stands_for():
    # 40 kept by a screen, 20 of 60 others drawn; the first half of all stands for 3 each
    inside, drawn = np.arange(100) < 40, (np.arange(100) < 40) | (np.arange(100) % 3 == 0)
    weight = np.where(np.arange(100) % 2 == 0, 3.0, 1.0)
    levels = np.where(np.arange(100) % 5 == 0, 3, 0)
    found = one(
        estimates(
            frame_of(
                100,
                levels={REALITY: levels},
                weight=weight,
                screened_in=inside,
                drawn=drawn,
                inclusion=np.where(inside, 1.0, 1 / 3),
            ),
            (),
        ),
        REALITY,
        "severe",
    )
    outside = ~inside & drawn
    share_in = (weight * (levels == 3))[inside].sum() / weight[inside].sum()
    share_out = (weight * (levels == 3))[outside].sum() / weight[outside].sum()
    part = weight[inside].sum() / weight.sum()
    assert found.share == pytest.approx(part * share_in + (1 - part) * share_out)
    assert found.n == 100


def test_none_seen_has_the_exact_limit_of_what_unlike_weights_leave():
    weight = np.where(np.arange(1000) < 500, 1.0, 9.0)
    worth = weight.sum() ** 2 / (weight**2).sum()
    found = one(estimates(frame_of(1000, weight=weight), ()), REALITY, "severe")
    assert found.n_effective == pytest.approx(worth)
    assert (found.low, found.high) == pytest.approx(clopper_pearson(0, worth))
    assert "design effect 1.64 from them" in found.method


def test_a_rare_thing_among_those_that_stand_for_many_is_wide_whatever_kish_says():
    weight = np.where(np.arange(1000) < 900, 1.0, 30.0)
    levels = {REALITY: np.where(np.arange(1000) >= 985, 3, 0)}
    found = one(estimates(frame_of(1000, levels=levels, weight=weight), ()), REALITY, "severe")
    assert found.design_effect > 1000 * (weight**2).sum() / weight.sum() ** 2
    assert found.low < 15 * 30 / weight.sum() * 0.7


def test_the_number_of_a_weighted_group_is_that_of_conversations_rated_in_it():
    weight = np.where(np.arange(60) < 30, 1.0, 100.0)
    found = one(estimates(frame_of(60, weight=weight, rated=np.arange(60) % 3 > 0), ()), REALITY, "severe")
    assert (found.n, found.missing) == (40, 20)
    heavy = one(estimates(frame_of(60, weight=weight, rated=np.arange(60) < 59), ()), REALITY, "severe")
    assert heavy.n == 59
    assert heavy.missing == pytest.approx(59 * 100 / weight[:59].sum(), abs=1)


def test_half_of_a_known_population_leaves_half_of_the_variance():
    levels = {REALITY: np.where(np.arange(1000) < 100, 3, 0)}
    guessed = one(estimates(frame_of(1000, levels=levels, weight=np.full(1000, 2.0)), ()), REALITY, "severe")
    known = one(estimates(frame_of(1000, levels=levels, weight=np.full(1000, 2.0), finite=True), ()), REALITY, "severe")
    assert (guessed.low, guessed.high) == pytest.approx(wilson(100, 1000))
    assert (known.low, known.high) == pytest.approx(wilson(200, 2000))
    assert known.n_effective == guessed.n_effective == 1000  # what others like these may learn from it
    assert "50 % of a known population" in known.method
    assert "not of others like it" in known.method


@pytest.mark.parametrize("each", [1.0, 21.0], ids=["all of it", "less than a twentieth"])
def test_all_of_a_population_or_little_of_it_is_left_as_it_was(each):
    levels = {REALITY: np.where(np.arange(1000) < 100, 3, 0)}
    known = one(
        estimates(frame_of(1000, levels=levels, weight=np.full(1000, each), finite=True), ()), REALITY, "severe"
    )
    assert (known.low, known.high) == pytest.approx(wilson(100, 1000))
    assert "population" not in known.method


def test_what_was_taken_with_certainty_does_not_narrow_what_was_not():
    weight = np.where(np.arange(1000) < 900, 1.0, 50.0)
    none = np.zeros(1000, bool)
    assert left(weight, none) == 1  # less than a twentieth of what matters was drawn
    assert left(np.full(100, 4.0), none[:100]) == 0.75
    assert left(np.where(np.arange(100) < 50, 1.0, 4.0), np.arange(100) >= 50) == 0.75
    assert left(np.array([0.5, 2.0]), none[:2]) == 1  # no probability gives half a conversation


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_weight_that_stands_for_nobody_is_refused(bad):
    with pytest.raises(UsageError, match="'weight' of a frame"):
        frame_of(2, weight=np.array([1.0, bad]))
    with pytest.raises(UsageError, match="shape"):
        frame_of(2, weight=np.ones(3))


def test_a_frame_that_says_nothing_of_weights_has_none():
    assert {f.name: f.default for f in fields(Frame)}["weight"] is None


@pytest.fixture(scope="module")
def simulation():
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "designs.py"
    spec = importlib.util.spec_from_file_location("design_simulation", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize(
    ("design", "likeness"),
    [
        ("random, 3 %", 0.0),
        ("random, 30 %", 0.0),
        ("by month, in proportion, 10 %", 0.0),
        ("by month, as many each, about 10 %", 0.0),
        ("by person, whole, 10 %", 0.1),
        ("by person, at most 3 each, 20 %", 0.1),
        ("weights up to 7.5 times, by a cue", 0.1),
    ],
)
def test_a_design_is_covered_at_the_nominal_rate_or_above(simulation, design, likeness):
    got = simulation.cell(design, 1500 if likeness else 5000, 1 / 20, likeness, 500, 11)
    assert got.covered >= 0.925  # 500 replicates: two and a half standard errors below 95 %


def test_weights_ignored_and_persons_ignored_do_not_cover(simulation):
    assert simulation.cell("by month, as many each, about 10 %", 5000, 1 / 10, 0.0, 100, 5).ignoring < 0.75
    assert simulation.cell("by person, whole, 10 %", 2000, 1 / 10, 0.1, 100, 5).ignoring < 0.85


def test_a_few_conversations_that_stand_for_many_are_still_few_at_the_release_gate():
    weight = np.where(np.arange(100) < 3, 500.0, 1.0)
    model = Attribute((np.arange(100) >= 3).astype(np.int64), ("seldom", "often"))
    found = estimates(frame_of(100, weight=weight, model=model, person=np.full(100, -1)), ("model",))
    assert one(found, REALITY, "severe", model="seldom").n == 3
    shown = release(found, 10).estimates
    assert not [e for e in shown if e.group == {"model": "seldom"}]
