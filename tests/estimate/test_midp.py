"""Mid-P limits: between Wilson's and the exact ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from selfrule.errors import UsageError
from selfrule.estimate.clusters import clustering, persons_of
from selfrule.estimate.intervals import clopper_pearson, wilson
from selfrule.estimate.midp import limits, mid_p, outer_limits, share_limits


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_mid_p_lies_within_the_exact_interval_and_holds_the_share(case):
    count, n = case
    inner, outer = mid_p(count, n), clopper_pearson(count, n)
    assert outer.low - 1e-12 <= inner.low <= count / n <= inner.high <= outer.high + 1e-12


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_failures_are_successes_turned_round(case):
    count, n = case
    low, high = mid_p(count, n)
    back = mid_p(n - count, n)
    assert (1 - back.high, 1 - back.low) == pytest.approx((low, high), abs=1e-9)


def test_its_limits_solve_its_definition():
    low, high = mid_p(4, 60)
    for p, tail in ((low, 0.025), (high, 0.975)):
        assert binom.sf(4, 60, p) + binom.pmf(4, 60, p) / 2 == pytest.approx(tail, abs=1e-9)


def test_nothing_seen_is_at_most_about_three_in_n():
    assert mid_p(0, 1000).high == pytest.approx(3 / 1000, rel=0.01)


@pytest.mark.parametrize("n", [20, 100, 1000])
def test_it_covers_93_percent_and_more_of_every_rare_share_by_enumeration(n):
    counts = np.arange(n + 1)
    found = np.array([mid_p(int(x), n) for x in counts])
    for events in (0.2, 0.5, 1, 2, 4, 8):
        p = events / n
        covered = binom.pmf(counts, n, p)[(found[:, 0] <= p) & (p <= found[:, 1])].sum()
        assert 0.93 <= covered <= 0.998, f"{events} expected of {n}: {covered:.3f}"


@pytest.mark.parametrize("n", [30, 100, 1000])
def test_the_wider_of_both_covers_93_4_percent_of_every_share_and_little_more_on_average(n):
    counts = np.arange(n + 1)
    found = np.array([share_limits(int(x), n, min(x, n - x)) for x in counts])
    shares = np.concatenate([np.linspace(0.01, 0.5, 100), np.linspace(0.02, 12, 100) / n])
    covered = [binom.pmf(counts, n, p)[(found[:, 0] <= p) & (p <= found[:, 1])].sum() for p in shares]
    assert min(covered) >= 0.933
    assert np.mean(covered) <= 0.965


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_no_limit_lies_beyond_the_exact_one_where_events_are_few(case):
    count, n = case
    found, exact = share_limits(count, n, min(count, n - count)), clopper_pearson(count, n)
    if min(count, n - count) < 20:
        assert exact.low <= found.low <= count / n <= found.high <= exact.high
    else:
        assert found == wilson(count, n)


def test_a_bound_is_exact_below_ten_events():
    few = clustering(persons_of(np.arange(300)), np.arange(300) < 9)
    assert outer_limits(few) == pytest.approx(clopper_pearson(9, 300))
    assert limits(few).high < outer_limits(few).high


def test_a_count_above_n_is_refused():
    with pytest.raises(UsageError, match="'count' of an interval"):
        mid_p(11, 10)
