from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.errors import UsageError
from selfrule.estimate import bootstrap
from selfrule.estimate.difference import difference, excess

ALONE = np.full(10_000, -1)


def of(first, second):
    first, second = np.asarray(first, bool), np.asarray(second, bool)
    return difference(first, second, ALONE[: len(first)], ALONE[: len(second)])


BITS = st.lists(st.booleans(), min_size=1, max_size=60)


@given(BITS, BITS)
@settings(max_examples=50)
def test_a_difference_lies_within_its_limits_and_turns_its_sign_with_the_order(first, second):
    there, back = of(first, second), of(second, first)
    assert -1 <= there.low <= there.value <= there.high <= 1
    assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low))


def test_without_events_the_difference_still_has_an_interval():
    got = of([False] * 40, [False] * 400)
    assert got.value == 0
    assert got.low < 0 < got.high


def test_newcombes_own_example_is_reproduced():
    # Newcombe (1998), table II, method 10, contrast (a): 56/70 - 48/80 = 0.20, 0.0524 to 0.3339
    got = of([True] * 56 + [False] * 14, [True] * 48 + [False] * 32)
    assert (got.value, got.low, got.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_nothing_to_compare_is_undefined_and_not_zero():
    assert of([], [True]).value is None
    nothing = excess(np.ones(3, bool), np.ones(3, bool), np.ones(3, bool))
    assert nothing.value is None and nothing.reason


@pytest.mark.parametrize(("n", "m", "p", "q"), [(60, 240, 0.1, 0.05), (30, 300, 0.02, 0.02), (200, 200, 0.4, 0.1)])
def test_a_difference_is_covered_by_its_interval_as_often_as_it_says(n, m, p, q):
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        got = of(rng.random(n) < p, rng.random(m) < q)
        held += got.low <= p - q <= got.high
    assert held / 400 > 0.93


def test_an_excess_is_covered_by_its_interval_as_often_as_it_says():
    rng = np.random.default_rng(2)
    held = tried = 0
    for _ in range(250):
        people = rng.integers(0, 120, size=400)
        likely = rng.beta(1, 4, size=120)[people]
        marked = people < 40  # a person keeps to one assistant
        one = rng.random(400) < likely * np.where(marked, 0.5, 1.0)
        other = rng.random(400) < likely
        got = excess(one, other, marked, people, draws=200)
        # E(one - other) is -0.5 * 0.2 where marked and 0 elsewhere
        held += got.low <= -0.1 <= got.high
        tried += 1
    assert held / tried > 0.9


def test_an_excess_is_negative_where_the_first_judge_spares_the_marked():
    marked = np.arange(400) < 100
    other = np.arange(400) % 4 == 0
    got = excess(other & ~marked, other, marked)
    assert got.value == pytest.approx(-0.25)
    assert got.high < 0


def test_judges_that_hardly_differ_get_no_interval_but_a_reason():
    other = np.arange(100) < 30
    one = other.copy()
    one[:3] = False
    got = excess(one, other, np.arange(100) < 50)
    assert got.low is None and "fewer than 10" in got.reason


def test_an_excess_of_unequal_lengths_is_refused():
    with pytest.raises(UsageError, match="one shape"):
        excess(np.ones(3, bool), np.ones(2, bool), np.ones(3, bool))


def test_drawing_kinds_of_groups_is_drawing_groups():
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 3, size=(5000, 3)).astype(float)
    together = bootstrap.resampled_sums(rows, 2000, seed=5)
    alone = bootstrap.resampled_weights(5000, 2000, seed=6) @ rows
    assert together.mean(axis=0) == pytest.approx(alone.mean(axis=0), rel=2e-3)
    assert np.cov(together.T) == pytest.approx(np.cov(alone.T), rel=0.12, abs=200)
    assert np.percentile(together, [2.5, 97.5], axis=0) == pytest.approx(
        np.percentile(alone, [2.5, 97.5], axis=0), rel=3e-3
    )


def test_dealing_groups_of_many_kinds_into_heaps_keeps_the_spread_of_their_sums():
    rng = np.random.default_rng(4)
    rows = np.stack([rng.gamma(2.0, size=30_000), rng.random(30_000)], axis=1)
    sums = bootstrap.resampled_sums(rows, 1000, seed=1)
    assert sums.mean(axis=0) == pytest.approx(rows.sum(axis=0), rel=2e-3)
    assert sums.std(axis=0) == pytest.approx(rows.std(axis=0) * np.sqrt(30_000), rel=0.1)


def test_few_groups_are_drawn_as_ever():
    rows = np.arange(12.0).reshape(6, 2)
    assert (bootstrap.resampled_sums(rows, 10, 4) == bootstrap.resampled_weights(6, 10, 4) @ rows).all()
    assert bootstrap.resampled_sums(np.zeros((0, 2)), 10).shape == (10, 2)
