"""The difference of two shares of the same people's conversations: its laws, and its interval beside resampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from statsmodels.stats.proportion import confint_proportions_2indep

from selfrule.analyses.contrasts import contrast
from selfrule.analyses.resampling import Resampler

from .samples import sample_from, samples


def population(seed: int, people: int = 400, alike: float = 0.3, apart: float = 0.1):
    """People with several conversations each, of which some are marked; what they say depends on the person."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), rng.integers(1, 9, people))
    marked = rng.random(len(person)) < 0.2
    leaning = rng.choice([-alike, alike], people)[person]
    hits = rng.random(len(person)) < 0.6 + leaning * 0.9 + apart * marked
    return sample_from(person=person), hits, marked


@given(samples())
@settings(max_examples=60)
def test_the_difference_lies_in_its_interval_and_turns_its_sign_with_the_groups(sample):
    marked, hits = sample.turns % 3 == 0, sample.thumb == 1
    got, turned = contrast(sample, hits, marked, ~marked), contrast(sample, hits, ~marked, marked)
    if got is None or turned is None:
        assert marked.all() or not marked.any()
        return
    low, high = got.limits()
    assert -1 <= low <= got.difference <= high <= 1
    assert turned.difference == pytest.approx(-got.difference, abs=1e-12)
    assert turned.limits() == pytest.approx((-high, -low), abs=1e-9)
    assert 0 <= got.p <= 1
    assert (got.p < 0.05) == (low > 0 or high < 0) or got.p == pytest.approx(0.05, abs=1e-6)


def test_without_clusters_it_is_newcombes_interval():
    rng = np.random.default_rng(1)
    sample = sample_from(person=np.arange(400))
    marked, hits = rng.random(400) < 0.3, rng.random(400) < 0.5
    got = contrast(sample, hits, marked, ~marked)
    counts = [(int(hits[arm].sum()), int(arm.sum())) for arm in (marked, ~marked)]
    expected = confint_proportions_2indep(*counts[0], *counts[1], method="newcomb", compare="diff")
    assert got.likeness == 0
    assert got.limits() == pytest.approx(expected, abs=1e-9)


def test_people_who_say_the_same_of_both_make_the_interval_narrower_as_resampling_does():
    sample, hits, marked = population(3)
    got = contrast(sample, hits, marked, ~marked)
    assert got.likeness > 0.2
    low, high = got.limits()
    sums = Resampler(sample, draws=1000).sums(sample.weight, marked * 2 + hits, 4)
    drawn = sums[:, 3] / (sums[:, 2] + sums[:, 3]) - sums[:, 1] / (sums[:, 0] + sums[:, 1])
    bottom, top = np.percentile(drawn, [2.5, 97.5])
    assert high - low == pytest.approx(top - bottom, rel=0.12)


def test_it_covers_the_truth_where_people_lean_and_few_say_no():
    inside = sum(low <= 0.1 <= high for low, high in (_limits(seed) for seed in range(150)))
    assert 0.91 <= inside / 150 <= 1.0


def _limits(seed: int):
    sample, hits, marked = population(1000 + seed, people=120, alike=0.15)
    return contrast(sample, hits, marked, ~marked).limits()


def test_a_weight_of_nought_leaves_a_conversation_out():
    sample = sample_from(person=[0, 1, 2, 3])
    hits = np.array([True, False, True, True])
    marked = np.array([True, True, False, False])
    got = contrast(sample, hits, marked, ~marked, np.array([1.0, 0.0, 1.0, 1.0]))
    assert (got.one.n, got.one.share, got.other.share) == (1, 1.0, 1.0)


def test_one_person_alone_and_nothing_to_compare_with_make_no_figure_up():
    sample = sample_from(person=[0, 0, 0])
    hits, marked = np.array([True, False, True]), np.array([True, True, False])
    assert contrast(sample, hits, marked, ~marked).limits()[0] <= -0.5
    assert contrast(sample, hits, np.ones(3, bool), np.zeros(3, bool)) is None
