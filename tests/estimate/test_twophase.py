from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.errors import UsageError
from selfrule.estimate.intervals import Interval, clopper_pearson, wilson
from selfrule.estimate.table import estimates
from selfrule.estimate.twophase import Part, combine
from selfrule.estimate.wording import STUDY_WAY

from .frames import frame_of, one

REALITY = "reality_distortion"
SHARES = st.floats(0, 1)
PARTS = st.tuples(SHARES, SHARES, SHARES).map(sorted)


def screened(n, kept, drawn, *, severe=(), **fields):
    """`kept` screened in and all rated; of the rest the first `drawn` are; `severe` are places of severe ones."""
    place = np.arange(n)
    inside = place < kept
    chosen = place < kept + drawn
    levels = np.where(np.isin(place, severe), 3, 0)
    chance = np.where(inside, 1.0, max(drawn, 1) / max(n - kept, 1))
    return frame_of(n, levels={REALITY: levels}, screened_in=inside, drawn=chosen, inclusion=chance, **fields)


@given(PARTS, PARTS, SHARES, st.floats(0, 0.2), st.floats(1, 5))
def test_a_combination_lies_in_its_limits_and_they_are_shares(first, second, weight, off, stretch):
    parts = [Part(w, p, low, high) for w, (low, p, high) in ((weight, first), (1 - weight, second))]
    limits = [Interval(max(p.weight - off, 0), min(p.weight + off, 1)) for p in parts]
    share, low, high = combine(parts, limits, stretch)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1
    assert share == pytest.approx(weight * first[1] + (1 - weight) * second[1])


@given(PARTS, PARTS, SHARES)
def test_the_order_of_strata_does_not_matter(first, second, weight):
    parts = [Part(w, p, low, high) for w, (low, p, high) in ((weight, first), (1 - weight, second))]
    limits = [Interval(p.weight, p.weight) for p in parts]
    assert combine(parts, limits) == pytest.approx(combine(parts[::-1], limits[::-1]))


def test_one_stratum_is_its_own_interval():
    assert combine([Part(1, 0.1, 0.05, 0.2)], [Interval(1, 1)]) == pytest.approx((0.1, 0.05, 0.2))


def test_weights_that_do_not_sum_to_one_are_refused():
    with pytest.raises(UsageError, match="sum to 1"):
        combine([Part(0.5, 0, 0, 0)], [Interval(1, 1)])


def test_the_share_weighs_each_stratum_by_its_size():
    found = one(estimates(screened(1000, 100, 90, severe=[0, 1, 2, 3, 4, 100]), ()), REALITY, "severe")
    assert found.share == pytest.approx((100 * 5 / 100 + 900 * 1 / 90) / 1000)
    assert found.count == pytest.approx(15)
    assert (found.n, found.missing) == (1000, 0)


def test_nothing_seen_in_the_screened_out_sample_is_an_upper_limit_not_zero():
    found = one(estimates(screened(10_000, 500, 300, severe=[0, 1]), ()), REALITY, "severe")
    assert found.share == pytest.approx(2 / 10_000)
    assert found.high > 0.95 * clopper_pearson(0, 300).high
    assert "none of them at this level (exact upper limit, not zero)" in found.method


def test_if_everything_was_drawn_it_is_wilson_on_everything():
    place = np.arange(1000)
    frame = frame_of(1000, levels={REALITY: np.where(place % 91 == 0, 3, 0)}, screened_in=place < 80)
    found = one(estimates(frame, ()), REALITY, "severe")
    assert (found.low, found.high) == pytest.approx(wilson(11, 1000))
    assert found.method == "Wilson 95 % interval"


def test_if_no_screened_out_one_was_rated_the_studys_way_is_named_and_the_bounds_know():
    found = one(estimates(screened(10_000, 735, 0, severe=range(12)), ()), REALITY, "severe")
    assert (found.low, found.high) == pytest.approx(wilson(12, 10_000))
    assert STUDY_WAY in found.method
    assert (found.count, found.n, found.missing) == (12, 10_000, 9265)
    assert found.low_if_missing_none == pytest.approx(wilson(12, 10_000).low)
    assert found.high_if_missing_all == pytest.approx(wilson(12 + 9265, 10_000).high)


def test_screened_out_ones_drawn_but_not_rated_are_missing_not_none():
    frame = screened(1000, 100, 90, rated=np.arange(1000) < 145)
    found = one(estimates(frame, ()), REALITY, "severe")
    assert found.n == 550  # half of the drawn were rated, and they stand for half of the screened-out
    assert found.missing == 450
    assert found.high_if_missing_all > 0.45


def test_a_sample_of_the_screened_in_counts_by_its_weight():
    place = np.arange(2000)
    chosen = place % 4 == 0
    frame = frame_of(
        2000, levels={REALITY: np.where(place < 200, 3, 0)}, drawn=chosen, inclusion=np.where(chosen, 0.25, 1.0)
    )
    found = one(estimates(frame, ()), REALITY, "severe")
    assert found.share == pytest.approx(0.1)
    assert found.count == pytest.approx(200)
    assert (found.low, found.high) == pytest.approx(wilson(50, 500), rel=1e-6)
    assert found.method == "95 % interval of a sample (Wilson limits); 500 of 2,000 screened-in rated"


def test_a_sampled_screened_in_part_with_an_unrated_rest_is_still_named():
    place = np.arange(1000)
    chosen = (place < 200) & (place % 2 == 0)
    frame = frame_of(
        1000,
        levels={REALITY: np.where(place < 20, 3, 0)},
        screened_in=place < 200,
        drawn=chosen,
        inclusion=np.where(chosen, 0.5, 1.0),
    )
    found = one(estimates(frame, ()), REALITY, "severe")
    assert found.share == pytest.approx(20 / 1000)
    assert STUDY_WAY in found.method
    assert "100 of 200 screened-in rated" in found.method
    assert found.missing == 800
    assert found.high_if_missing_all > 0.8


def test_unequal_chances_are_undone_by_their_weights():
    rng = np.random.default_rng(2)
    severe = rng.random(40_000) < 0.05
    chance = np.where(severe, 0.8, 0.2)
    chosen = rng.random(40_000) < chance
    frame = frame_of(40_000, levels={REALITY: np.where(severe, 3, 0)}, drawn=chosen, inclusion=chance)
    found = one(estimates(frame, ()), REALITY, "severe")
    assert found.low < severe.mean() < found.high
    assert found.high - found.low < 0.02


def test_people_in_both_strata_widen_the_interval():
    rng = np.random.default_rng(4)
    own = rng.beta(0.5, 4.5, 200)
    person = np.repeat(np.arange(200), 50)
    severe = rng.random(10_000) < own[person]
    inside = rng.random(10_000) < 0.3
    chosen = inside | (rng.random(10_000) < 0.5)
    fields = {
        "levels": {REALITY: np.where(severe, 3, 0)},
        "screened_in": inside,
        "drawn": chosen,
        "inclusion": np.where(inside, 1.0, 0.5),
    }
    alike = one(estimates(frame_of(10_000, person=person, **fields), ()), REALITY, "severe")
    apart = one(estimates(frame_of(10_000, **fields), ()), REALITY, "severe")
    truth = np.sqrt((own.var(ddof=1)) / 200)  # between persons alone, with everything known about each
    assert alike.high - alike.low > 1.5 * (apart.high - apart.low)
    assert (alike.high - alike.low) / 3.92 > 0.9 * truth
    assert alike.persons == 200
