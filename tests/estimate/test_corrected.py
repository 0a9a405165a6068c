"""Corrected totals: by strata, with limits that know why the figure was made, and Rogan-Gladen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.errors import UsageError
from selfrule.estimate.confirmed import confirmed, missed
from selfrule.estimate.corrected import (
    Calibration,
    limit_when_above,
    limit_when_seen,
    missed_events,
    rogan_gladen,
    stratified,
)
from selfrule.estimate.labelled import sides
from selfrule.estimate.midp import share_limits

from .studies import SEVERE, study

RIGHT = Calibration(200, 160, 800, 790, "a test")


def test_the_total_is_what_is_confirmed_plus_what_was_missed():
    s = sides(study((200, 60, 33), (9800, 490, 20)), SEVERE)
    figure = stratified(s)
    first, second = confirmed(s), missed(s, exact=False)
    assert figure.share == pytest.approx(first.share + second.share) == pytest.approx(0.011 + 0.98 * 20 / 490)
    assert figure.interval.low >= first.interval.low + second.interval.low
    assert figure.interval.high <= first.interval.high + second.interval.high
    assert (figure.events, figure.labels) == (53, 550)


def test_a_side_without_labels_has_no_total():
    assert stratified(sides(study((200, 0, 0), (9800, 490, 20)), SEVERE)) is None
    assert stratified(sides(study((200, 60, 33), (9800, 0, 0)), SEVERE)) is None


def test_missed_events_are_effective_ones():
    alone = sides(study((10, 5, 5), (990, 200, 12)), SEVERE)
    person = np.concatenate([np.arange(10), 10 + np.arange(990) // 50])
    several = sides(study((10, 5, 5), (990, 200, 12), person=person), SEVERE)
    assert missed_events(alone) == pytest.approx(12)
    assert missed_events(several) < 8


@given(st.floats(10, 200))
def test_a_limit_that_knows_of_its_threshold_is_lower_and_forgets_it_far_above(count):
    ratio = limit_when_seen(count, 10.0)
    assert 0 <= ratio <= 1
    assert limit_when_seen(10.0, 10.0) == 0
    assert ratio <= limit_when_seen(count + 5, 10.0) + 1e-9
    assert limit_when_seen(60.0, 10.0) > 0.999


def test_below_the_threshold_there_is_no_such_limit():
    with pytest.raises(UsageError, match="must be at least 10"):
        limit_when_seen(9.0, 10.0)


@pytest.mark.parametrize("mean", [4, 6, 8, 10, 14, 20])
def test_among_samples_with_ten_or_more_it_covers_where_the_plain_limit_fails(mean):
    rng = np.random.default_rng(mean)
    seen = rng.poisson(mean, 200_000)
    seen = seen[seen >= 10]
    plain, knowing = {}, {}
    for x in np.unique(seen).tolist():
        low = share_limits(x, 1e6, x).low * 1e6
        plain[x], knowing[x] = low, low * limit_when_seen(float(x), 10.0)
    above = np.mean([knowing[x] > mean for x in seen.tolist()])
    assert above <= 0.04
    if mean <= 6:
        assert np.mean([plain[x] > mean for x in seen.tolist()]) > 0.1


def test_a_share_admitted_for_its_lower_limit_covers_among_those_admitted():
    rng = np.random.default_rng(5)
    truth, error, threshold = 0.02, 0.2, 0.0195
    share = truth * np.exp(error * rng.standard_normal(200_000))
    low = share * np.exp(-1.959964 * error)
    admitted = low >= threshold
    assert 0.02 < admitted.mean() < 0.05
    assert (low[admitted] > truth).mean() > 0.5, "the plain limit is wrong in most of what is admitted"
    limits = [limit_when_above(s, bottom, threshold) for s, bottom in zip(share[admitted], low[admitted], strict=True)]
    assert (np.array(limits) > truth).mean() <= 0.04


def test_far_above_the_threshold_the_plain_limit_stays():
    assert limit_when_above(0.5, 0.4, 0.001) == pytest.approx(0.4, rel=1e-6)
    assert limit_when_above(0.5, 0.4, 0.4) == 0
    with pytest.raises(UsageError, match="must ascend"):
        limit_when_above(0.5, 0.3, 0.4)


def test_rogan_gladen_by_hand():
    share, (low, high) = rogan_gladen(0.1, 2000, RIGHT)
    assert share == pytest.approx((0.1 + 790 / 800 - 1) / (0.8 + 790 / 800 - 1))
    # Lang and Reiczigel 2014, equations 14 to 16, worked once with a calculator's precision
    z2 = 1.959963984540054**2
    q, se, sp = (200 + z2 / 2) / (2000 + z2), 161 / 202, 791 / 802
    p = (q + sp - 1) / (se + sp - 1)
    v_se, v_sp = se * (1 - se) / 202, sp * (1 - sp) / 802
    shift = 2 * z2 * (p * v_se - (1 - p) * v_sp)
    half = (z2 * (q * (1 - q) / (2000 + z2) + p**2 * v_se + (1 - p) ** 2 * v_sp)) ** 0.5 / (se + sp - 1)
    assert (low, high) == pytest.approx((p + shift - half, p + shift + half))


@given(st.floats(0, 1), st.integers(10, 100_000))
def test_rogan_gladen_never_leaves_zero_and_one(share, n):
    estimate, (low, high) = rogan_gladen(share, n, RIGHT)
    assert 0 <= low <= estimate <= high <= 1


def test_a_judge_no_better_than_chance_corrects_nothing():
    with pytest.raises(UsageError, match="sum to more than 1"):
        rogan_gladen(0.1, 1000, Calibration(100, 30, 100, 60, "a test"))


def test_a_calibration_of_impossible_counts_is_refused():
    with pytest.raises(UsageError, match="'found' of a calibration"):
        Calibration(10, 11, 10, 5, "a test")
