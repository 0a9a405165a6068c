from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

from selfrule.errors import UsageError
from selfrule.estimate.intervals import clopper_pearson, one_in, upper_at_zero, wilson

COUNTS = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
FRACTIONS = st.floats(0.5, 1e6).flatmap(lambda n: st.tuples(st.floats(0, n), st.just(n)))


@given(COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_equals_scipy_and_statsmodels(case, confidence):
    count, n = case
    ours = wilson(count, n, confidence)
    scipy = binomtest(count, n).proportion_ci(confidence, method="wilson")
    assert ours == pytest.approx((scipy.low, scipy.high), abs=1e-12)
    assert ours == pytest.approx(proportion_confint(count, n, 1 - confidence, method="wilson"), abs=1e-12)


@given(COUNTS)
def test_clopper_pearson_equals_statsmodels(case):
    count, n = case
    assert clopper_pearson(count, n) == pytest.approx(proportion_confint(count, n, method="beta"), abs=1e-9)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
@given(case=FRACTIONS)
def test_limits_are_shares_that_hold_the_estimate(interval, case):
    count, n = case
    low, high = interval(count, n)
    assert 0 <= low <= count / n <= high <= 1


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
@given(case=COUNTS)
def test_one_more_event_never_lowers_a_limit(interval, case):
    count, n = case
    if count < n:
        before, after = interval(count, n), interval(count + 1, n)
        assert after.low >= before.low
        assert after.high >= before.high


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
@given(case=COUNTS)
def test_counting_the_others_mirrors_the_interval(interval, case):
    count, n = case
    here, there = interval(count, n), interval(n - count, n)
    assert (1 - here.high, 1 - here.low) == pytest.approx(there, abs=1e-9)


@given(COUNTS, st.floats(1.01, 50))
def test_a_larger_design_effect_never_narrows(case, effect):
    count, n = case
    narrow, wide = wilson(count, n), wilson(count / effect, n / effect)
    assert wide.high - wide.low >= narrow.high - narrow.low


@pytest.mark.parametrize("n", [1, 10, 1_000, 1_499_397])
def test_nothing_seen_is_an_upper_limit_not_zero(n):
    assert clopper_pearson(0, n) == (0.0, upper_at_zero(n))
    assert upper_at_zero(n) == pytest.approx(1 - 0.025 ** (1 / n), rel=1e-9)
    assert wilson(0, n).low == 0 < wilson(0, n).high


def test_all_seen_still_has_a_lower_limit():
    assert wilson(20, 20).high == 1
    assert 0.8 < wilson(20, 20).low < 1


@pytest.mark.parametrize(
    ("count", "n", "confidence"),
    [(1, 0, 0.95), (-1, 10, 0.95), (11, 10, 0.95), (float("nan"), 10, 0.95), (1, float("inf"), 0.95), (1, 10, 1.0)],
    ids=["no trials", "negative", "more than n", "nan", "endless", "certain"],
)
def test_a_count_that_makes_no_sense_is_refused(count, n, confidence):
    with pytest.raises(UsageError, match="interval must be"):
        wilson(count, n, confidence)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.00076, 1300), (0.5, 2), (0.74, 1.4), (0.0, None), (None, None), (1 / 6000, 6000)]
)
def test_one_in_n_has_two_significant_digits(share, expected):
    assert one_in(share) == expected


def test_wilson_takes_numpy_numbers():
    assert wilson(np.int64(3), np.float64(10)) == wilson(3, 10)
