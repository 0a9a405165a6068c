"""Differentially private counts: the budget is kept, one person's part is bounded, and without OpenDP nothing is drawn."""

from __future__ import annotations

import importlib.util
import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.errors import UsageError
from selfrule.patterns.gate_noise import noised
from selfrule.privacy import noise
from selfrule.privacy.checker import of_data
from selfrule.testing.attacks.crowd import crowd, noised_by, private, rounded, two_sided_geometric

opendp = pytest.mark.skipif(
    importlib.util.find_spec("opendp") is None, reason="OpenDP (the extra 'dp') is not installed"
)


@given(st.lists(st.integers(-1, 6), max_size=60), st.integers(1, 4))
def test_no_more_than_so_many_conversations_of_a_person_count_and_others_have_no_say_in_which(person, most):
    people, ids = np.array(person, np.int64), [f"c{i}" for i in range(len(person))]
    counted = noise.bounded(people, ids, most)
    if (people < 0).all():
        assert counted.all()
        return
    for one in set(person):
        assert counted[people == one].sum() == min(most, person.count(one))
    stay = people != max(person)
    if (people[stay] >= 0).any():
        left = noise.bounded(people[stay], [i for i, s in zip(ids, stay, strict=True) if s], most)
        assert (left == counted[stay]).all()


@given(st.floats(0.01, 20))
def test_the_budget_is_split_whole(epsilon):
    spent = noise.split(epsilon, {"a": 0.4, "b": 0.6}, {"a": 1, "b": 3})
    assert sum(one.epsilon for one in spent.values()) == pytest.approx(epsilon)
    assert spent["b"].scale == pytest.approx(3 / (0.6 * epsilon))


class Recorder:
    """A mechanism that adds nothing and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[np.ndarray, int, float]] = []

    def __call__(self, counts, sensitivity, epsilon):
        self.asked.append((counts.copy(), sensitivity, epsilon))
        return counts


def exact_counts(of) -> Recorder:
    recorder = Recorder()
    noised(rounded(of, 0), of.members, private(of)[1], epsilon=1.0, k=10, mechanism=recorder)
    return recorder


@pytest.mark.parametrize("person", range(0, 60, 7))
def test_whoever_leaves_changes_the_counts_by_no_more_than_the_sensitivity_and_the_losses_sum_to_the_budget(person):
    of = crowd(60, each=6, patterns=6, seed=3)
    after, before = exact_counts(of), exact_counts(of.only(~of.of(person)))
    loss = 0.0
    for (one, sensitivity, epsilon), (other, *_) in zip(after.asked, before.asked, strict=True):
        moved = int(np.abs(one - other).sum())
        assert moved <= sensitivity
        loss += moved * epsilon / sensitivity
    assert loss <= 1.0 + 1e-9


def test_the_odds_of_every_count_differ_by_no_more_than_the_budget_between_neighbours():
    draws, epsilon = 200_000, 0.5
    mechanism = two_sided_geometric(1)
    with_, without = (mechanism(np.full(draws, n), 2, epsilon) for n in (12, 10))
    for value in range(25):
        seen = [np.count_nonzero(drawn == value) for drawn in (with_, without)]
        if min(seen) > 500:
            assert abs(np.log(seen[0] / seen[1])) <= epsilon + 4 * np.sqrt(1 / seen[0] + 1 / seen[1])


def test_a_noisy_release_adds_up_shows_nothing_small_and_says_what_was_spent():
    for seed in range(5):
        made = noised_by(2.0)(crowd(300, seed=seed), seed)
        assert of_data(json.loads(msgspec.json.encode(made)), 10) == []
        assert made.epsilon == 2.0
        assert "epsilon 2 in all" in made.notes[0]
        assert all(one.persons is None and not one.months and not one.codes and not one.claims for one in made.patterns)
        top = sum(one.conversations for one in made.patterns if one.parent is None)
        assert made.described - top >= 0


@pytest.mark.skipif(importlib.util.find_spec("opendp") is not None, reason="OpenDP is installed")
def test_without_opendp_a_budget_is_refused_with_the_command_that_installs_it():
    with pytest.raises(UsageError, match=r"pip install 'selfrule\[dp\]'"):
        noise.laplace(np.array([3]), 1, 1.0)


@opendp
def test_opendp_draws_the_noise_that_is_told():
    drawn = noise.laplace(np.full(20_000, 100), 2, 0.5) - 100
    assert np.mean(drawn) == pytest.approx(0, abs=0.2)
    assert np.std(drawn) == pytest.approx(np.sqrt(2) * 4, rel=0.05)
    assert noise.laplace(np.zeros((3, 2), np.int64), 1, 1.0).shape == (3, 2)
