"""Many cells at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, poisson

from selfrule.errors import UsageError
from selfrule.estimate.intervals import wilson
from selfrule.estimate.multiplicity import against_the_rest, confidence_for_all, together
from selfrule.estimate.rare import weighted_events
from selfrule.records import Estimate


def row(name, count, n, **fields):
    low, high = wilson(count, n) if n else (None, None)
    given = {
        "construct": "flagged",
        "level": "moderate+",
        "group": {"domain": name},
        "count": float(count),
        "n": n,
        "share": count / n if n else None,
        "low": low,
        "high": high,
        "method": "a test",
        "missing": 0,
        "low_if_missing_none": low,
        "high_if_missing_all": high,
        "n_effective": float(n),
    }
    return Estimate(**{**given, **fields})


def test_the_group_that_differs_stands_out_and_the_others_do_not():
    found = against_the_rest([row("a", 20, 1000), row("b", 24, 1000), row("c", 90, 1000), row("d", 19, 1000)])
    assert [c.stands_out for c in found][2]
    assert found[2].difference == pytest.approx(0.09 - 63 / 3000)
    assert all(c.adjusted >= c.p for c in found)


def test_of_twenty_groups_alike_hardly_ever_does_one_stand_out():
    rng = np.random.default_rng(3)
    any_out = 0
    for _ in range(200):
        counts = rng.binomial(400, 0.05, 20)
        any_out += any(c.stands_out for c in against_the_rest([row(str(i), int(x), 400) for i, x in enumerate(counts)]))
    assert any_out / 200 <= 0.1


def test_a_group_that_was_not_rated_is_left_out_and_not_zero():
    found = against_the_rest([row("a", 20, 1000), row("b", 0, 0), row("c", 20, 1000)])
    assert (found[1].p, found[1].adjusted, found[1].stands_out) == (None, None, False)
    assert found[0].p == pytest.approx(1)


def test_people_with_many_conversations_make_a_difference_less_sure():
    plain = against_the_rest([row("a", 20, 1000), row("b", 40, 1000)])
    spread = against_the_rest([row("a", 20, 1000, n_effective=200.0), row("b", 40, 1000, n_effective=200.0)])
    assert spread[0].p > plain[0].p


def test_few_events_are_tested_exactly():
    found = against_the_rest([row("a", 0, 30), row("b", 2, 30)])
    assert found[0].p == pytest.approx(0.4915, abs=1e-3)


def test_a_table_of_two_things_is_refused():
    with pytest.raises(UsageError, match="one construct, level and kind"):
        against_the_rest([row("a", 1, 10), row("a", 1, 10, level="severe")])


def test_what_so_many_intervals_promise_together():
    assert "about 1 of them" in together(22)
    assert "fewer than 1" in together(5)
    assert confidence_for_all(1) == pytest.approx(0.95)
    with pytest.raises(UsageError, match="at least 1"):
        confidence_for_all(0)


@pytest.mark.parametrize("count", [0, 1, 7, 30])
def test_events_of_equal_weight_have_the_exact_poisson_limits(count):
    low, high = weighted_events([count, 0], [5.0, 5.0])
    assert low == pytest.approx(0 if count == 0 else 5 * chi2.ppf(0.025, 2 * count) / 2)
    assert high == pytest.approx(5 * chi2.ppf(0.975, 2 * count + 2) / 2)


def test_events_of_unequal_weight_are_covered():
    rng = np.random.default_rng(2)
    means, weights = np.array([30.0, 3.0, 0.4]), np.array([1.0, 4.0, 20.0])
    truth = float(means @ weights)
    found = [weighted_events(x, weights) for x in poisson.rvs(means, size=(2000, 3), random_state=rng)]
    assert np.mean([low <= truth <= high for low, high in found]) >= 0.94


def test_weights_of_nothing_are_refused():
    with pytest.raises(UsageError, match="'weights'"):
        weighted_events([1], [0.0])
