from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.api import GLM
from statsmodels.genmod.families import Binomial
from statsmodels.stats.contingency_tables import Table
from statsmodels.stats.multitest import multipletests

from selfrule.errors import UsageError
from selfrule.estimate.intervals import wilson
from selfrule.estimate.table import estimates
from selfrule.estimate.trend import benjamini_hochberg, cochran_armitage, independent, trend_over_levels

from .frames import frame_of

COUNTS, NS = [20, 15, 18, 12], [4000, 600, 200, 40]
LEVELS = st.lists(st.integers(20, 2000).flatmap(lambda n: st.tuples(st.integers(5, n - 5), st.just(n))), min_size=2)


def test_the_test_is_that_of_statsmodels():
    table = np.array([[n - x for x, n in zip(COUNTS, NS, strict=True)], COUNTS])
    theirs = Table(table).test_ordinal_association()
    ours = cochran_armitage(COUNTS, NS)
    from scipy.stats import norm

    z = norm.isf(ours.p_value / 2) * np.sqrt((sum(NS) - 1) / sum(NS))  # theirs conditions on both margins
    assert z == pytest.approx(abs(theirs.zscore), rel=1e-6)


def test_the_odds_ratio_is_that_of_logistic_regression():
    design = np.column_stack([np.ones(4), np.arange(4)])
    response = np.column_stack([COUNTS, np.subtract(NS, COUNTS)])
    fit = GLM(response, design, family=Binomial()).fit()
    ours = cochran_armitage(COUNTS, NS)
    assert ours.odds_ratio == pytest.approx(np.exp(fit.params[1]), rel=1e-6)
    assert ours.odds_interval == pytest.approx(np.exp(fit.conf_int()[1]), rel=1e-5)


@given(LEVELS)
def test_the_effect_lies_in_its_interval_and_has_the_direction_of_the_test(cells):
    found = cochran_armitage([x for x, _ in cells], [n for _, n in cells])
    assert found.slope_interval.low <= found.slope <= found.slope_interval.high
    assert 0 <= found.p_value <= 1
    if found.odds_ratio is not None:
        assert found.odds_interval.low <= found.odds_ratio <= found.odds_interval.high
        assert (found.odds_ratio > 1 + 1e-9) <= (found.slope > -1e-12)


@given(LEVELS)
def test_turning_the_levels_round_turns_the_slope_round(cells):
    counts, ns = [x for x, _ in cells], [n for _, n in cells]
    here, there = cochran_armitage(counts, ns), cochran_armitage(counts[::-1], ns[::-1])
    assert here.slope == pytest.approx(-there.slope, abs=1e-12)
    assert here.p_value == pytest.approx(there.p_value, abs=1e-9)


def test_equal_shares_have_no_slope():
    found = cochran_armitage([10, 20, 30], [100, 200, 300])
    assert found.slope == pytest.approx(0, abs=1e-12)
    assert found.p_value == pytest.approx(1)
    assert found.rising


def test_a_dip_is_not_rising():
    assert not cochran_armitage([10, 5, 30], [100, 100, 100]).rising


def test_few_events_have_a_slope_and_no_test():
    found = cochran_armitage([0, 1, 2], [100, 100, 100])
    assert found.slope == pytest.approx(0.01)
    assert (found.p_value, found.slope_interval, found.odds_ratio) == (None, None, None)
    assert "fewer than 10" in found.reason


def test_separated_levels_have_no_odds_ratio():
    found = cochran_armitage([0, 50], [50, 50])
    assert found.odds_ratio is None
    assert found.p_value < 1e-6
    assert "separate" in found.reason


@pytest.mark.parametrize(("counts", "ns"), [([1], [2]), ([1, 3], [2, 2]), ([1, 1], [2, 0]), ([1, 1], [2])])
def test_levels_that_make_no_sense_are_refused(counts, ns):
    with pytest.raises(UsageError):
        cochran_armitage(counts, ns)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(1, 20))
def test_the_effective_number_is_found_again_from_a_wilson_interval(case, effect):
    count, n = case
    assert independent(count / n, wilson(count / effect, n / effect)) == pytest.approx(n / effect, rel=1e-5)


def test_a_trend_is_read_off_the_estimates_of_a_factor():
    rng = np.random.default_rng(1)
    factor = rng.integers(0, 4, 8000)
    reality = np.where(rng.random(8000) < 0.01 + 0.03 * factor, 2, 0)
    found = estimates(
        frame_of(8000, levels={"vulnerability": factor, "reality_distortion": reality}), ("vulnerability",)
    )
    trend = trend_over_levels(found, "flagged", "moderate+", "vulnerability")
    direct = cochran_armitage(
        [int((reality[factor == k] > 0).sum()) for k in range(4)], [int((factor == k).sum()) for k in range(4)]
    )
    assert trend.slope == pytest.approx(direct.slope, rel=1e-4)
    assert trend.p_value == pytest.approx(direct.p_value, rel=1e-2)
    assert trend.slope_interval.low < 0.03 < trend.slope_interval.high


def test_people_with_many_conversations_weaken_a_trend():
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(200), 40)
    factor = (person % 4).astype(int)
    own = rng.beta(0.5, 9.5, 200)
    levels = {"vulnerability": factor, "reality_distortion": np.where(rng.random(8000) < own[person], 2, 0)}
    alike = trend_over_levels(
        estimates(frame_of(8000, levels=levels, person=person)), "flagged", "moderate+", "vulnerability"
    )
    apart = trend_over_levels(estimates(frame_of(8000, levels=levels)), "flagged", "moderate+", "vulnerability")
    assert alike.p_value > apart.p_value


def test_a_factor_that_nobody_has_gives_no_trend_and_says_why():
    trend = trend_over_levels(estimates(frame_of(50), ("attachment",)), "flagged", "moderate+", "attachment")
    assert trend.slope is None
    assert "fewer than two levels" in trend.reason


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_those_of_statsmodels(p_values):
    assert benjamini_hochberg(p_values) == pytest.approx(multipletests(p_values, method="fdr_bh")[1])


def test_cells_without_a_test_stay_without_and_are_not_counted():
    assert benjamini_hochberg([None, 0.01, None, 0.04]) == [None, 0.02, None, 0.04]
    assert benjamini_hochberg([None]) == [None]
