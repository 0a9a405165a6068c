"""Confirmed among flagged, confirmed, and missed at most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.estimate.confirmed import Term, among_flagged, confirmed, missed, missed_at_most, product, summed
from selfrule.estimate.intervals import clopper_pearson, wilson
from selfrule.estimate.labelled import sides
from selfrule.estimate.midp import share_limits

from .studies import SEVERE, study

PART = st.integers(1, 60).flatmap(
    lambda size: st.integers(0, size).flatmap(
        lambda labelled: st.tuples(st.just(size), st.just(labelled), st.integers(0, labelled))
    )
)


@given(PART, PART, PART)
@settings(max_examples=150, deadline=None)
def test_every_limit_is_a_share_and_holds_its_estimate_and_is_held_by_the_outer_one(flagged, below, unrated):
    s = sides(study(flagged, below, unrated=unrated), SEVERE)
    for figure in (among_flagged(s), confirmed(s), missed(s), missed_at_most(s)):
        if figure is None:
            continue
        low, high = figure.interval
        assert 0 <= figure.outer.low <= low <= high <= figure.outer.high <= 1
        if figure.share is not None:
            assert low <= figure.share <= high


def test_labels_of_one_stratum_are_one_proportion():
    figure = among_flagged(sides(study((200, 60, 33), (9800, 100, 0)), SEVERE))
    assert figure.interval == pytest.approx(wilson(33, 60))
    figure = among_flagged(sides(study((200, 60, 4), (9800, 100, 0)), SEVERE))
    assert figure.interval == pytest.approx(share_limits(4, 60, 4))


def test_confirmed_is_the_share_flagged_times_the_share_confirmed():
    s = sides(study((200, 60, 33), (9800, 100, 0)), SEVERE)
    figure = confirmed(s)
    assert figure.share == pytest.approx(0.02 * 33 / 60)
    among = among_flagged(s)
    assert figure.interval.low < 0.02 * among.interval.low, "the share flagged is a sample's too"
    assert figure.interval.high > 0.02 * among.interval.high


def test_with_everything_flagged_labelled_it_is_nearly_wilsons_interval_of_the_whole():
    figure = confirmed(sides(study((400, 400, 300), (99_600, 100, 0)), SEVERE))
    assert figure.interval == pytest.approx(wilson(300, 100_000), rel=0.02)


def test_nothing_confirmed_among_three_has_about_the_limit_of_nothing_seen_of_all():
    figure = confirmed(sides(study((3, 3, 0), (99_997, 100, 0)), SEVERE))
    assert figure.share == 0
    assert 2.4e-5 <= figure.interval.high <= 6e-5  # nothing seen of 100,000: 3.0 by mid-P, 3.7 exact


def test_nothing_flagged_is_zero_with_a_limit_and_not_undefined():
    s = sides(study((0, 0, 0), (10_000, 100, 0)), SEVERE)
    assert among_flagged(s) is None
    figure = confirmed(s)
    assert (figure.share, figure.interval.low) == (0, 0)
    assert figure.interval.high == pytest.approx(clopper_pearson(0, 10_000).high)


def test_flagged_and_not_yet_labelled_is_unknown():
    s = sides(study((50, 0, 0), (950, 100, 0)), SEVERE)
    assert among_flagged(s) is None
    assert confirmed(s) is None


def test_none_missed_among_n_is_bounded_by_the_rule_of_three_times_the_stratum():
    figure = missed_at_most(sides(study((50, 20, 15), (950, 200, 0)), SEVERE))
    assert figure.share is None
    assert figure.interval.high == pytest.approx(0.95 * clopper_pearson(0, 200, 0.9).high)
    assert figure.interval.high == pytest.approx(0.95 * 3 / 200, rel=0.01)


def test_a_stratum_in_which_nobody_was_asked_may_all_be_missed():
    asked = missed_at_most(sides(study((50, 20, 15), (900, 200, 0)), SEVERE))
    unasked = missed_at_most(sides(study((50, 20, 15), (900, 200, 0), unrated=(50, 0, 0)), SEVERE))
    assert unasked.interval.high == pytest.approx(asked.interval.high * 950 / 1000 + 0.05, rel=0.01)
    assert missed_at_most(sides(study((50, 20, 15), (950, 0, 0)), SEVERE)).interval.high == pytest.approx(0.95)


def test_skipped_labels_widen_the_outer_limits_both_ways():
    plain = among_flagged(sides(study((200, 60, 33), (9800, 100, 0)), SEVERE))
    lost = among_flagged(sides(study((200, 70, 33), (9800, 100, 0), skipped=10), SEVERE))
    assert lost.interval == pytest.approx(plain.interval)
    assert lost.outer.low == pytest.approx(wilson(33, 70).low)
    assert lost.outer.high == pytest.approx(wilson(43, 70).high)
    assert lost.missing == 10


def test_people_with_many_conversations_widen_every_limit():
    alone = study((200, 100, 50), (9800, 400, 12))
    person = np.concatenate([np.arange(200) // 20, 10 + np.arange(9800) // 20])
    several = study((200, 100, 50), (9800, 400, 12), person=person)
    for figure in (among_flagged, confirmed, missed, missed_at_most):
        one, many = figure(sides(alone, SEVERE)).interval, figure(sides(several, SEVERE)).interval
        assert many.high > one.high
        assert many.low <= one.low


def test_more_labels_never_widen_the_bound_on_missed():
    bounds = [
        missed_at_most(sides(study((50, 20, 15), (9950, n, 0)), SEVERE)).interval.high for n in (50, 100, 400, 2000)
    ]
    assert bounds == sorted(bounds, reverse=True)


def test_a_sum_of_one_term_is_that_term_and_a_product_with_a_certainty_too():
    term = Term(1.0, 0.2, 0.1, 0.4)
    assert summed([term])[1:] == pytest.approx(term[1:])
    assert product(Term(1.0, 1.0, 1.0, 1.0), term) == pytest.approx((0.1, 0.4))
