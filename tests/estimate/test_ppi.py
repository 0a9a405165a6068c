"""Prediction-powered means against their reference implementation, and their laws."""

from __future__ import annotations

import numpy as np
import pytest

from selfrule.errors import UsageError
from selfrule.estimate.intervals import wilson
from selfrule.estimate.ppi import Sample, ppi, stratified_ppi

LABEL = np.array([1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0], dtype=float)
JUDGED = np.array([1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0], dtype=float)
REST = np.array([1] * 25 + [0] * 55, dtype=float)


def sample(person=None, rest_person=None):
    return Sample(
        LABEL,
        JUDGED,
        np.arange(20) if person is None else person,
        REST,
        20 + np.arange(80) if rest_person is None else rest_person,
    )


@pytest.mark.parametrize(
    ("power", "share", "low", "high"),
    [(0.0, 0.3, 0.09916346, 0.50083654), (0.5, 0.28125, 0.12004208, 0.44245792), (1.0, 0.2625, 0.06591115, 0.45908885)],
)
def test_share_and_variance_are_those_of_ppi_py(power, share, low, high):
    """ppi_py 0.2.3, ppi_mean_ci(LABEL, JUDGED, REST, alpha=0.05, lam=power); ours has n - 1 where it has n."""
    got = ppi(sample(), power)
    assert got.share == pytest.approx(share)
    assert got.variance * 19 / 20 == pytest.approx(((high - low) / 2 / 1.959964) ** 2, rel=1e-5)


def test_tuned_power_is_within_a_hundredth_of_ppi_py_and_the_variance_is_least_there():
    got = ppi(sample())
    assert got.share == pytest.approx(0.2802091, abs=3e-4)
    assert got.power == pytest.approx(0.5278, abs=0.01)
    assert all(got.variance <= ppi(sample(), power).variance for power in (0.0, 0.3, 0.45, 0.6, 0.8, 1.0))


def test_power_zero_is_the_labels_alone():
    got = ppi(sample(), 0.0)
    assert got.share == LABEL.mean()
    low, high = got.interval()
    assert low < wilson(6, 20).low
    assert high > wilson(6, 20).high, "Student's t for twenty labels"


def test_a_judge_that_says_the_same_of_all_is_not_used():
    got = ppi(Sample(LABEL, np.ones(20), np.arange(20), np.ones(80), 20 + np.arange(80)))
    assert (got.power, got.share) == (0.0, pytest.approx(LABEL.mean()))


def test_one_stratum_of_everything_changes_nothing_and_two_are_weighted():
    assert stratified_ppi([(1.0, sample())]) == ppi(sample())
    both = stratified_ppi([(0.25, sample()), (0.75, sample(100 + np.arange(20), 120 + np.arange(80)))])
    assert both.share == pytest.approx(ppi(sample()).share)
    assert both.variance < ppi(sample()).variance


def test_conversations_of_one_person_are_not_new_evidence():
    several = ppi(sample(np.repeat(np.arange(5), 4), 5 + np.repeat(np.arange(8), 10)))
    assert several.freedom == 4
    low, high = several.interval()
    alone = ppi(sample()).interval()
    assert high - low > alone.high - alone.low


def test_copies_of_each_conversation_under_one_person_leave_the_variance_as_it_was():
    doubled = Sample(
        np.repeat(LABEL, 2),
        np.repeat(JUDGED, 2),
        np.repeat(np.arange(20), 2),
        np.repeat(REST, 2),
        20 + np.repeat(np.arange(80), 2),
    )
    assert ppi(doubled, 0.5).variance == pytest.approx(ppi(sample(), 0.5).variance)


@pytest.mark.parametrize("prevalence", [0.1, 0.3])
def test_it_covers_what_is_not_rare(prevalence):
    rng = np.random.default_rng(1)
    covered, shorter = 0, 0
    for _ in range(400):
        truth = rng.random(4000) < prevalence
        judged = np.where(truth, rng.random(4000) < 0.85, rng.random(4000) < 0.05).astype(float)
        got = ppi(Sample(truth[:500].astype(float), judged[:500], np.arange(500), judged[500:], np.arange(500, 4000)))
        low, high = got.interval()
        covered += low <= prevalence <= high
        plain = wilson(float(truth[:500].sum()), 500)
        shorter += high - low < plain.high - plain.low
    assert 0.92 <= covered / 400 <= 0.98
    assert shorter > 390


def test_fewer_than_two_labels_are_refused():
    with pytest.raises(UsageError, match="at least 2 labels"):
        Sample(np.ones(1), np.ones(1), np.zeros(1, dtype=int), REST, np.arange(80))


def test_weights_of_strata_sum_to_one():
    with pytest.raises(UsageError, match="sum to 1"):
        stratified_ppi([(0.5, sample())])
