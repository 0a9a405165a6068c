"""Effects between people: the trend of a share over a score, and odds of a logistic model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from statsmodels.api import GLM
from statsmodels.genmod.families import Binomial

from selfrule.errors import UsageError
from selfrule.estimate.regression import odds, trend
from selfrule.estimate.trend import cochran_armitage


def people(seed, who=300, each=4, base=-2.0, effect=0.5, spread=1.0, alone=False):
    rng = np.random.default_rng(seed)
    person = np.arange(who) if alone else np.repeat(np.arange(who), rng.geometric(1 / each, who))
    score = np.minimum(rng.geometric(0.6, len(person)) - 1, 3)
    domain = rng.integers(0, 3, len(person))
    lean = rng.normal(size=who)[person] * spread
    hits = rng.random(len(person)) < expit(base + effect * score + 0.5 * domain + lean)
    return score, hits, np.ones(len(person)), person, domain


def design_of(score, domain):
    cells = np.arange(12)
    terms = [cells % 4, np.ones(12), cells // 4 == 1, cells // 4 == 2]
    return domain * 4 + score, np.column_stack(terms).astype(float)


def test_the_odds_are_those_of_statsmodels_on_the_conversations_one_by_one():
    score, hits, weight, person, domain = people(1)
    cell, design = design_of(score, domain)
    ours = odds(hits, weight, person, cell, design)
    theirs = GLM(hits.astype(float), design[cell], family=Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": person}
    )
    assert ours.value == pytest.approx(theirs.params[0], rel=1e-6)
    assert ours.error == pytest.approx(theirs.bse[0], rel=0.05)
    assert ours.error > theirs.bse[0] * 0.99


def test_where_each_conversation_has_its_own_person_the_trend_is_that_of_cochran_and_armitage():
    score, hits, weight, person, _ = people(2, who=4000, effect=0.1, alone=True)
    n = np.bincount(score)
    theirs = cochran_armitage(np.bincount(score, weights=hits).tolist(), n.tolist())
    ours = trend(score, hits, weight, person)
    assert ours.value == pytest.approx(theirs.slope, rel=1e-9)
    assert ours.interval().low == pytest.approx(theirs.slope_interval.low, abs=0.1 * theirs.slope)
    assert np.log10(ours.p_value) == pytest.approx(np.log10(theirs.p_value), rel=0.2)


def test_saying_everything_ten_times_makes_nothing_more_certain():
    score, hits, weight, person, domain = people(3)
    cell, design = design_of(score, domain)
    once = odds(hits, weight, person, cell, design)
    score, hits, weight, person, cell = (np.repeat(a, 10) for a in (score, hits, weight, person, cell))
    again = odds(hits, weight, person, cell, design)
    assert again.value == pytest.approx(once.value, rel=1e-6)
    assert again.error == pytest.approx(once.error, rel=0.02)
    assert (
        trend(score, hits, weight, person).error
        > 0.9 * trend(score[::10], hits[::10], weight[::10], person[::10]).error
    )


@given(st.integers(0, 1000), st.floats(0.01, 100))
@settings(max_examples=15)
def test_the_unit_of_weights_and_the_names_of_people_change_nothing(seed, unit):
    score, hits, weight, person, domain = people(seed, who=60)
    cell, design = design_of(score, domain)
    renamed = np.random.default_rng(seed).permutation(200)[person]
    for one, other in (
        (odds(hits, weight, person, cell, design), odds(hits, weight * unit, renamed, cell, design)),
        (trend(score, hits, weight, person), trend(score, hits, weight * unit, renamed)),
    ):
        assert one.reason == other.reason
        for a, b in ((one.value, other.value), (one.error, other.error), (one.p_value, other.p_value)):
            assert a == (None if b is None else pytest.approx(b, rel=1e-6))


def test_a_weight_counts_as_so_many_conversations_of_the_same_person():
    score, hits, weight, person, domain = people(4)
    cell, design = design_of(score, domain)
    times = np.random.default_rng(4).integers(1, 4, len(score))
    heavy = odds(hits, weight * times, person, cell, design)
    score, hits, weight, person, cell = (np.repeat(a, times) for a in (score, hits, weight, person, cell))
    assert heavy.value == pytest.approx(odds(hits, weight, person, cell, design).value, rel=1e-6)


def test_what_cannot_be_told_is_not_told():
    score, hits, weight, person, domain = people(5)
    cell, design = design_of(score, domain)
    few = np.zeros_like(hits)
    few[:9] = True
    assert "fewer than 10" in odds(few, weight, person, cell, design).reason
    assert trend(score, few, weight, person).p_value is None
    assert trend(np.zeros_like(score), hits, weight, person).value is None
    assert odds(score >= 2, weight, person, cell, design).reason.startswith("the levels separate")
    alone = np.zeros_like(person)
    assert odds(hits, weight, alone, cell, design).interval() is None
    assert trend(score, hits, weight, alone).interval() is None
    with pytest.raises(UsageError, match="one length"):
        trend(score[1:], hits, weight, person)


@pytest.mark.parametrize(
    ("who", "each", "base", "spread"), [(150, 5, -3.5, 1.0), (800, 1, -3.5, 0.0)], ids=["alike", "alone"]
)
def test_intervals_hold_the_truth_about_as_often_as_they_say(who, each, base, spread):
    score, hits, weight, person, domain = people(99, 120_000, each, base, 0.5, spread, alone=each == 1)
    cell, design = design_of(score, domain)
    truth = odds(hits, weight, person, cell, design).value, trend(score, hits, weight, person).value
    held = np.zeros(2)
    for seed in range(120):
        score, hits, weight, person, domain = people(seed, who, each, base, 0.5, spread, alone=each == 1)
        cell, design = design_of(score, domain)
        for i, effect in enumerate((odds(hits, weight, person, cell, design), trend(score, hits, weight, person))):
            low, high = effect.interval() or (-np.inf, np.inf)
            held[i] += low <= truth[i] <= high
    assert np.all(held >= 107)  # of 120: a coverage of 0.95 gives fewer once in 500
