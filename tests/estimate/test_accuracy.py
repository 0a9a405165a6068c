"""Sensitivity, specificity and agreement of a judge by labels drawn by what it said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from selfrule.estimate.accuracy import accuracy, plain_accuracy, weighted_agreement
from selfrule.estimate.cells import FLAGGED_OUTCOME, Outcome
from selfrule.estimate.labelled import Labelled
from selfrule.rubric import CONSTRUCTS

SERIOUS = Outcome("reality_distortion", "moderate+", 2, 3)
STRATA = ("severe", "moderate", "mild", "none")


def study(judge, truth, counts, rng, person=None):
    """Labels drawn by the judge's level: `counts` of levels 3, 2, 1, 0."""
    n = len(judge)
    levels = np.zeros((n, len(CONSTRUCTS)), np.int8)
    levels[:, 0] = judge
    stratum = (3 - judge).astype(np.int8)
    rows, inclusion = [], []
    for code, count in enumerate(counts):
        of = np.flatnonzero(stratum == code)
        m = min(count, len(of))
        rows.append(rng.choice(of, m, replace=False))
        inclusion += [m / len(of)] * m if m else []
    row = np.concatenate(rows)
    given_ = np.zeros((len(row), len(CONSTRUCTS)), np.int8)
    given_[:, 0] = truth[row]
    return Labelled(
        person=np.full(n, -1) if person is None else person,
        weight=np.ones(n),
        levels=levels,
        stratum=stratum,
        strata=STRATA,
        row=row,
        given=given_,
        inclusion=np.array(inclusion),
    )


def population(rng, n, prevalence, sensitivity, specificity):
    truth = np.where(rng.random(n) < prevalence, 2, 0).astype(np.int8)
    right = np.where(truth == 2, rng.random(n) < sensitivity, rng.random(n) < specificity)
    judge = np.where(right, truth, 2 - truth).astype(np.int8)
    judge[(judge == 0) & (rng.random(n) < np.where(truth == 2, 0.5, 0.1))] = 1
    return judge, truth


@given(st.integers(0, 2**32), st.sampled_from([0.05, 0.3]))
def test_with_every_conversation_labelled_the_weighted_figures_are_the_plain_ones(seed, prevalence):
    rng = np.random.default_rng(seed)
    judge, truth = population(rng, 60, prevalence, 0.7, 0.9)
    made = study(judge, truth, (60, 60, 60, 60), rng)
    weighted = accuracy(made, SERIOUS)
    plain = plain_accuracy(truth[made.row] >= 2, judge[made.row] >= 2, made.person[made.row])
    assert (weighted.positives, weighted.negatives) == (plain.positives, plain.negatives)
    for one, other in ((weighted.sensitivity, plain.sensitivity), (weighted.specificity, plain.specificity)):
        if other.value is None:
            assert one.value is None
        else:
            assert one.value == pytest.approx(other.value)
            assert 0 <= one.low <= one.value <= one.high <= 1


def test_plain_figures_are_those_of_counts_with_wilson_or_exact_limits():
    labelled = np.repeat([True, False], [8, 92])
    judged = np.concatenate([np.repeat([True, False], [6, 2]), np.repeat([True, False], [3, 89])])
    got = plain_accuracy(labelled, judged, np.full(100, -1))
    assert (got.positives, got.negatives) == (8, 92)
    assert got.sensitivity.value == 6 / 8
    assert got.specificity.value == pytest.approx(89 / 92)
    assert (got.sensitivity.low, got.sensitivity.high) == pytest.approx((0.349, 0.968), abs=1e-3)  # Clopper-Pearson


def test_a_class_that_no_label_names_has_a_reason_and_no_figure():
    got = plain_accuracy(np.zeros(9, bool), np.zeros(9, bool), np.full(9, -1))
    assert got.sensitivity.value is None
    assert "no label" in got.sensitivity.reason
    assert got.specificity.value == 1


def test_labels_drawn_by_level_flatter_the_plain_sensitivity_and_not_the_weighted_one():
    rng = np.random.default_rng(0)
    plain, weighted = [], []
    for _ in range(150):
        judge, truth = population(rng, 4000, 0.05, 0.6, 0.99)
        made = study(judge, truth, (0, 150, 100, 100), rng)
        plain.append(plain_accuracy(made.given[:, 0] >= 2, made.levels[made.row, 0] >= 2, made.person[made.row]))
        weighted.append(accuracy(made, SERIOUS))
    assert np.mean([one.sensitivity.value for one in plain]) > 0.8
    assert np.mean([one.sensitivity.value for one in weighted]) == pytest.approx(0.6, abs=0.06)


@pytest.mark.parametrize("prevalence", [1 / 300, 1 / 50, 1 / 10])
@pytest.mark.parametrize("sensitivity", [0.6, 0.9])
def test_weighted_intervals_cover_at_least_as_often_as_they_say(prevalence, sensitivity):
    rng = np.random.default_rng(7)
    covered = [0, 0]
    runs = 0
    for _ in range(120):
        judge, truth = population(rng, 4000, prevalence, sensitivity, 0.99)
        true = truth >= 2
        if not true.any():
            continue
        said = judge >= 2
        got = accuracy(study(judge, truth, (0, 100, 60, 80), rng), SERIOUS)
        if got.sensitivity.value is None:
            continue
        runs += 1
        for k, (one, target) in enumerate(
            ((got.sensitivity, said[true].mean()), (got.specificity, (~said[~true]).mean()))
        ):
            covered[k] += one.low - 1e-9 <= target <= one.high + 1e-9
    assert min(covered) >= 0.95 * runs - 2


def test_that_nothing_was_missed_among_few_labels_is_little_evidence():
    rng = np.random.default_rng(1)
    judge, truth = population(rng, 20_000, 1 / 300, 1.0, 0.99)
    truth[judge < 2] = 0
    got = accuracy(study(judge, truth, (0, 60, 50, 50), rng), SERIOUS)
    assert got.sensitivity.value == 1
    assert got.sensitivity.low < 0.2


def test_a_judge_that_never_says_it_has_a_sensitivity_of_zero_and_an_upper_limit():
    rng = np.random.default_rng(2)
    truth = np.where(rng.random(500) < 0.1, 2, 0).astype(np.int8)
    got = accuracy(study(np.zeros(500, np.int8), truth, (0, 0, 0, 100), rng), SERIOUS)
    assert got.sensitivity.value == 0
    assert 0 < got.sensitivity.high < 1
    assert got.specificity.low < got.specificity.high == 1
    other = accuracy(study(np.zeros(500, np.int8), truth, (0, 0, 0, 100), rng), Outcome("attachment", "none", 0, 0))
    assert other.sensitivity.value == 1
    assert other.sensitivity.low < 1


def test_where_nobody_was_asked_on_one_side_the_limits_reach_as_far_as_they_could():
    rng = np.random.default_rng(3)
    judge, truth = population(rng, 2000, 0.1, 0.8, 0.95)
    got = accuracy(study(judge, truth, (0, 100, 0, 0), rng), SERIOUS)
    assert got.sensitivity.value is None
    half = accuracy(study(judge, truth, (0, 100, 80, 0), rng), SERIOUS)
    assert half.sensitivity.low < 0.2
    none = accuracy(study(judge, truth, (0, 0, 80, 80), rng), SERIOUS)
    assert none.sensitivity.reason


def test_flagged_is_a_class_too():
    rng = np.random.default_rng(4)
    judge, truth = population(rng, 800, 0.2, 0.8, 0.95)
    made = study(judge, truth, (0, 800, 800, 800), rng)
    assert accuracy(made, FLAGGED_OUTCOME).sensitivity == accuracy(made, SERIOUS).sensitivity


def test_weighted_agreement_is_unbiased_and_kappa_that_of_the_whole():
    rng = np.random.default_rng(5)
    n = 3000
    judge = rng.choice(4, n, p=[0.7, 0.2, 0.07, 0.03]).astype(np.int8)
    truth = np.clip(judge + rng.choice([-1, 0, 1], n, p=[0.2, 0.7, 0.1]), 0, 3).astype(np.int8)
    exact, kappas, covered = [], [], 0
    for _ in range(120):
        got = weighted_agreement(study(judge, truth, (60, 60, 60, 60), rng), "reality_distortion", draws=200)
        exact.append(got.exact.value)
        kappas.append(got.kappa.value)
        covered += got.exact.low <= (judge == truth).mean() <= got.exact.high
        assert got.stands_for == pytest.approx(n)
        assert got.kappa.low <= got.kappa.value <= got.kappa.high
    assert np.mean(exact) == pytest.approx((judge == truth).mean(), abs=0.012)
    assert np.mean(kappas) == pytest.approx(cohen_kappa_score(truth, judge, weights="quadratic"), abs=0.015)
    assert covered >= 108


def test_nothing_labelled_gives_reasons_and_no_figures():
    rng = np.random.default_rng(6)
    made = study(np.zeros(20, np.int8), np.zeros(20, np.int8), (0, 0, 0, 5), rng)
    made.given[:] = -1
    got = weighted_agreement(made, "attachment")
    assert (got.n, got.exact.value, got.kappa.value) == (0, None, None)
    assert got.exact.reason
