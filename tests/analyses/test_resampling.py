"""Resampling whole people: sums that vary as people do, the same resamples for every sum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.analyses.resampling import Resampler
from selfrule.analyses.sample import Sample
from selfrule.estimate.bootstrap import HEAPS
from tests.analyses.samples import sample_from, samples


@given(samples())
def test_every_resample_holds_as_many_clusters_as_there_are(sample: Sample) -> None:
    size = np.bincount(sample.cluster, minlength=sample.clusters)
    counted = Resampler(sample, draws=20).sums(1.0 / size[sample.cluster] if len(sample) else np.zeros(0))
    assert counted[:, 0] == pytest.approx(np.full(20, sample.clusters))


@given(samples(), st.integers(2, 5))
def test_sums_by_key_add_up_to_the_sum_of_all_in_every_resample(sample: Sample, keys: int) -> None:
    resampler = Resampler(sample, draws=20)
    key = np.arange(len(sample)) % keys
    by_key = resampler.sums(sample.weight, key, keys)
    assert by_key.shape == (20, keys)
    assert by_key.sum(axis=1) == pytest.approx(resampler.sums(sample.weight)[:, 0])


@given(samples())
def test_what_has_no_key_is_in_no_sum(sample: Sample) -> None:
    nowhere = np.full(len(sample), -1)
    assert not Resampler(sample, draws=5).sums(sample.weight, nowhere, 3).any()


@given(samples())
def test_parts_of_conversations_are_summed_as_the_conversations_are(sample: Sample) -> None:
    resampler = Resampler(sample, draws=10)
    twice = np.repeat(np.arange(len(sample)), 2)
    halves = resampler.sums(sample.weight[twice] / 2, rows=twice)
    assert halves == pytest.approx(resampler.sums(sample.weight))


@given(samples())
def test_the_same_seed_draws_the_same_and_another_draws_anew(sample: Sample) -> None:
    first = Resampler(sample, draws=30, seed=4).sums(sample.weight)
    assert (Resampler(sample, draws=30, seed=4).sums(sample.weight) == first).all()
    if sample.clusters > 5:
        assert (Resampler(sample, draws=30, seed=5).sums(np.arange(len(sample)) + 0.5) != first).any()


def test_conversations_of_one_person_come_and_go_together() -> None:
    sample = sample_from(person=[0, 0, 0, 1, 1, 1])
    weight = np.array([1.0, 1, 1, 0, 0, 0])
    sums = Resampler(sample, draws=50).sums(weight)[:, 0]
    assert set(sums) == {0.0, 3.0, 6.0}


def test_conversations_of_nobody_known_are_drawn_one_by_one() -> None:
    sample = sample_from(person=[-1] * 6)
    sums = Resampler(sample, draws=200).sums(np.array([1.0, 1, 1, 0, 0, 0]))[:, 0]
    assert {1.0, 2.0, 4.0, 5.0} <= set(sums)


@pytest.mark.parametrize("people", [400, 3 * HEAPS + 7])
def test_a_mean_varies_as_theory_says_with_heaps_and_without(people: int) -> None:
    rng = np.random.default_rng(5)
    size = rng.integers(1, 6, people)
    sample = sample_from(person=np.repeat(np.arange(people), size))
    value = rng.random(people)[sample.person]
    resampler = Resampler(sample, draws=1000, seed=1)
    sums, counts = resampler.sums(value)[:, 0], resampler.sums(np.ones(len(sample)))[:, 0]
    mean = value.mean()
    residual = np.bincount(sample.person, weights=value - mean)
    expected = np.sqrt(people / (people - 1) * (residual**2).sum()) / len(sample)
    assert (sums / counts).std() == pytest.approx(expected, rel=0.1)
    assert resampler.groups == min(people, HEAPS)
