"""The attacks succeed where they must, on exact counts, and fail on what the gate lets through."""

from __future__ import annotations

import numpy as np
import pytest

from selfrule.testing.attacks.crowd import cells, crowd, exact, noised_by, private, rounded, truth
from selfrule.testing.attacks.membership import knowing_all_others, knowing_the_population, membership
from selfrule.testing.attacks.reconstruct import of_exact, of_noisy, of_rounded, reconstruct
from selfrule.testing.attacks.scores import auc


def test_exact_counts_give_away_everything_of_the_one_person_that_two_releases_differ_by():
    got = reconstruct(crowd(seed=1), exact, 15, bounds=of_exact)
    assert got.told_apart.value > 0.99
    assert got.proved == got.right > 0.8 * got.cells


def test_two_rounded_releases_prove_nothing_of_the_person_they_differ_by():
    got = reconstruct(crowd(seed=1), rounded, 30, bounds=of_rounded)
    assert got.cells > 100
    assert got.proved == 0
    assert got.told_apart.value < 0.65
    assert got.first < got.by_chance + 0.3


def test_two_noisy_releases_tell_nothing_of_the_person_they_differ_by():
    got = reconstruct(crowd(300, seed=1), noised_by(1.0), 15, bounds=of_noisy)
    assert got.told_apart.low <= 0.5 <= got.told_apart.high + 0.05


def test_membership_is_certain_from_exact_counts_for_who_knows_all_others():
    of = crowd(100, patterns=6, seed=2)
    assert membership(knowing_all_others(of, 4, exact), 6).value == 1.0


def test_membership_is_a_coin_for_who_knows_the_population_and_the_person():
    of = crowd(100, patterns=6, seed=2)
    world = knowing_the_population(of, 4, rounded, people=100)
    got = membership(world, 15)
    assert got.low <= 0.5 <= got.high


def test_a_budget_bounds_what_even_who_knows_all_others_learns():
    of = crowd(200, patterns=6, seed=2)
    got = membership(knowing_all_others(of, 4, noised_by(1.0)), 15)
    # epsilon 1 allows an area of at most e / (1 + e)
    assert got.low < np.e / (1 + np.e)


def test_leaving_takes_away_what_the_truth_says_and_nothing_else():
    of = crowd(80, patterns=6, seed=3)
    after, before, mine = cells(private(of)[0]), cells(private(of.only(~of.of(7)))[0]), truth(of, 7)
    for name in after:
        if "codes" not in name:
            assert after[name] - before.get(name, 0.0) == pytest.approx(mine.get(name, 0.0))


def test_the_area_is_half_for_equal_scores_and_one_for_parted_ones():
    assert auc([1, 1], [1, 1, 1]).value == 0.5
    assert auc([2, 3], [0, 1, 1]).value == 1.0
    assert auc([], [1]).value == 0.5
