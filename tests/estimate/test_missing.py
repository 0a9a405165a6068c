from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.estimate.intervals import Interval, wilson
from selfrule.estimate.missing import bounds, bounds_around
from selfrule.estimate.table import estimates

from .frames import frame_of, one

COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS, st.integers(0, 500), st.floats(1, 20))
def test_bounds_contain_the_interval(case, missing, effect):
    count, n = case
    inner = wilson(count / effect, n / effect)
    outer = bounds(count, n, missing, effect)
    assert outer.low <= inner.low + 1e-12
    assert outer.high >= inner.high - 1e-12


@given(COUNTS, st.integers(0, 500))
def test_bounds_are_wilson_with_the_missing_rated_worst_and_best(case, missing):
    count, n = case
    assert bounds(count, n, missing) == (
        wilson(count, n + missing).low,
        wilson(count + missing, n + missing).high,
    )


@given(st.floats(0, 1), st.floats(0, 0.1), st.floats(1, 1e6), st.floats(0, 1e6), st.floats(2, 1e4))
def test_bounds_around_any_estimate_contain_it_and_what_is_missing(share, off, n, missing, worth):
    inner = Interval(max(share - off, 0), min(share + off, 1))
    outer = bounds_around(share, inner, n, missing, worth)
    assert 0 <= outer.low <= inner.low
    assert inner.high <= outer.high <= 1
    assert outer.high >= missing / (n + missing) - 1e-9


def test_with_nothing_missing_the_bounds_are_the_interval():
    assert bounds(3, 50, 0) == wilson(3, 50)
    assert bounds_around(0.1, Interval(0.05, 0.2), 50, 0, 50) == (0.05, 0.2)


def test_a_conversation_that_could_not_be_rated_is_missing_and_never_none():
    rated = np.arange(100) < 90
    found = one(estimates(frame_of(100, rated=rated), ()), "attachment", "severe")
    assert (found.count, found.n, found.missing) == (0, 90, 10)
    assert found.high == pytest.approx(wilson(0, 90).high)
    assert found.high_if_missing_all == pytest.approx(wilson(10, 100).high)
    assert one(estimates(frame_of(100, rated=rated), ()), "attachment", "none").n == 90


def test_a_construct_left_unrated_is_missing_for_that_construct_alone():
    frame = frame_of(50, levels={"attachment": [-1] * 20 + [2] * 5 + [0] * 25})
    found = estimates(frame, ())
    assert (one(found, "attachment", "moderate+").n, one(found, "attachment", "moderate+").missing) == (30, 20)
    assert one(found, "vulnerability", "moderate+").missing == 0


def test_nothing_rated_is_no_share_and_bounds_of_everything():
    found = one(estimates(frame_of(7, rated=np.zeros(7, dtype=bool)), ()), "attachment", "severe")
    assert (found.share, found.low, found.high, found.n, found.missing) == (None, None, None, 0, 7)
    assert (found.low_if_missing_none, found.high_if_missing_all) == (0, 1)


def test_nothing_there_at_all_is_no_share_and_no_bounds():
    found = one(estimates(frame_of(0), ()), "attachment", "severe")
    assert (found.share, found.n, found.missing, found.high_if_missing_all) == (None, 0, 0, None)
