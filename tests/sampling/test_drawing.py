from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.errors import UsageError
from selfrule.sampling import Design, Index, draw
from selfrule.sampling.allocation import LEAST, equal, proportional
from selfrule.sampling.numbers import numbers

NAMES = ("a", "b", "c")
SIZES = st.lists(st.integers(1, 400), min_size=1, max_size=12).map(lambda sizes: np.array(sizes, np.int64))


def index_of(n: int, seed: int = 0) -> Index:
    rng = np.random.default_rng(seed)
    key = rng.integers(1, 1 << 63, n).astype(np.uint64)
    who = rng.integers(0, max(n // 4, 1), n).astype(np.uint64)  # 0: unknown
    return Index(key, who, np.minimum(rng.integers(0, 6, n), 2), NAMES)


DESIGNS = [
    Design(n=30),
    Design(by="month", n=30),
    Design(by="month", each=12),
    Design(by="stratum:team", each=400),
    Design(by="person", n=12),
    Design(by="person", n=12, each=2),
]


def larger(design: Design) -> Design:
    if design.by == "person":
        return Design(by="person", n=(design.n or 0) + 5, each=design.each and design.each + 1)
    return Design(design.by, design.n and design.n + 7, design.each and design.each + 7)


@given(st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=200), st.integers(-(2**70), 2**70))
def test_no_two_conversations_have_one_number(keys, seed):
    found = numbers(np.array(keys, np.uint64), seed)
    assert len(np.unique(found)) == len(keys)


def test_the_numbers_are_the_same_for_ever_and_on_every_machine():
    assert numbers(np.array([1, 2], np.uint64), 0).tolist() == [16860738450190168606, 13608149317741381227]
    assert numbers(np.array([1], np.uint64), 1).tolist() != numbers(np.array([1], np.uint64), 0).tolist()


def test_the_numbers_are_spread_evenly_also_of_keys_in_a_row():
    counts = np.bincount((numbers(np.arange(64_000, dtype=np.uint64), 5) >> np.uint64(58)).astype(int), minlength=64)
    assert ((counts - 1000) ** 2 / 1000).sum() < 120  # chi-square with 63 degrees of freedom


@given(SIZES, st.integers(0, 4000))
def test_an_allocation_sums_to_what_was_asked_keeps_two_from_each_and_never_takes_more_than_there_is(sizes, n):
    least = np.minimum(sizes, LEAST)
    if n < least.sum():
        with pytest.raises(UsageError, match="too few"):
            proportional(sizes, n)
        return
    given_ = proportional(sizes, n)
    assert given_.sum() == min(n, sizes.sum())
    assert np.all(given_ >= least)
    assert np.all(given_ <= sizes)


@given(SIZES, st.integers(0, 1000))
def test_a_larger_allocation_takes_from_no_stratum(sizes, n):
    n += int(np.minimum(sizes, LEAST).sum())
    assert np.all(proportional(sizes, n + 1) >= proportional(sizes, n))
    assert np.all(equal(sizes, n + 1) >= equal(sizes, n))


def test_an_allocation_is_in_proportion():
    assert proportional(np.array([1000, 3000, 6000]), 100).tolist() == [10, 30, 60]
    assert proportional(np.array([1, 1, 9998]), 100).tolist() == [1, 1, 98]


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_a_larger_draw_of_the_same_seed_holds_the_smaller_one(design):
    index = index_of(200)
    small, large = draw(index, design), draw(index, larger(design))
    assert set(small.key.tolist()) <= set(large.key.tolist())
    assert len(large.key) >= len(small.key)


@pytest.mark.parametrize("design", DESIGNS, ids=str)
@given(random=st.randoms())
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_logs_does_not_matter(design, random):
    index = index_of(150)
    order = np.array(random.sample(range(150), 150))
    shuffled = Index(index.key[order], index.who[order], index.stratum[order], NAMES)
    here, there = draw(index, design), draw(shuffled, design)
    assert here.key.tolist() == there.key.tolist()
    assert here.inclusion.tolist() == there.inclusion.tolist()


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_copies_count_once(design):
    index = index_of(150)
    twice = Index(*(np.concatenate([a, a[:40]]) for a in (index.key, index.who, index.stratum)), NAMES)
    here, there = draw(index, design), draw(twice, design)
    assert here.key.tolist() == there.key.tolist()
    assert here.inclusion.tolist() == there.inclusion.tolist()
    assert (there.copies, there.population) == (40, 150)


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_everyone_is_drawn_as_often_as_their_probability_says(design):
    index = index_of(120, 3)
    times, stated = np.zeros(120), np.full(120, np.nan)
    order = np.argsort(index.key)
    seeds = 1500
    for seed in range(seeds):
        found = draw(index, Design(design.by, design.n, design.each, seed))
        at = order[np.searchsorted(index.key[order], found.key)]
        times[at] += 1
        assert np.all(np.isnan(stated[at]) | np.isclose(stated[at], found.inclusion))
        stated[at] = found.inclusion
    assert not np.isnan(stated).any()  # nobody is out of reach
    z = (times - seeds * stated) / np.sqrt(np.maximum(seeds * stated * (1 - stated), 1e-9))
    z = z[stated < 1]
    assert np.all(times[stated == 1] == seeds)
    if len(z):
        assert np.abs(z).max() < 4.8
        assert np.mean(z**2) < 1.8


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_weights_sum_to_the_log_on_average(design):
    index = index_of(160, 4)
    totals = [float((1 / draw(index, Design(design.by, design.n, design.each, s)).inclusion).sum()) for s in range(800)]
    assert np.mean(totals) == pytest.approx(160, abs=4 * np.std(totals) / np.sqrt(800) + 1e-9)


def test_two_conversations_of_a_log_are_drawn_together_as_often_as_at_random():
    index = Index(np.arange(1, 21).astype(np.uint64), np.zeros(20, np.uint64), np.zeros(20, int), ("",))
    both = np.zeros((20, 20))
    for seed in range(4000):
        key = draw(index, Design(n=5, seed=seed)).key.astype(int) - 1
        both[np.ix_(key, key)] += 1
    pairs = both[np.triu_indices(20, 1)] / 4000
    expected = 5 * 4 / (20 * 19)
    assert np.abs(pairs - expected).max() < 5 * np.sqrt(expected * (1 - expected) / 4000)


def test_a_person_is_drawn_whole_and_of_two_stages_at_most_so_many():
    index = index_of(200)
    whole, some = draw(index, Design(by="person", n=10)), draw(index, Design(by="person", n=10, each=2))
    person = dict(zip(index.key.tolist(), index.who.tolist(), strict=True))
    drawn = {person[key] for key in whole.key.tolist()} - {0}
    assert {key for key, who in person.items() if who in drawn} <= set(whole.key.tolist())
    counts = np.bincount([person[key] for key in some.key.tolist() if person[key]])
    assert counts.max() == 2
    assert set(some.key.tolist()) <= set(whole.key.tolist())


def test_conversations_of_unknown_person_are_persons_of_their_own():
    index = Index(np.arange(1, 101).astype(np.uint64), np.zeros(100, np.uint64), np.zeros(100, int), ("",))
    found = draw(index, Design(by="person", n=10))
    assert len(found.key) == 10
    assert found.strata[0].size == 100


def test_asking_for_more_than_there_is_draws_everything_with_certainty():
    found = draw(index_of(50), Design(n=1000))
    assert len(found.key) == 50
    assert np.all(found.inclusion == 1)


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({}, "--n is needed"),
        ({"n": 5, "each": 2}, "--each goes with"),
        ({"by": "month"}, "not both"),
        ({"by": "month", "n": 5, "each": 5}, "not both"),
        ({"by": "week", "n": 5}, "--by must be"),
        ({"by": "stratum:", "n": 5}, "--by must be"),
        ({"by": "person", "n": 1}, "at least 2"),
        ({"n": 0}, "at least 1"),
    ],
    ids=str,
)
def test_a_design_that_makes_no_sense_says_so(given_, said):
    with pytest.raises(UsageError, match=said):
        Design(**given_)


def test_nothing_to_draw_from_is_said():
    with pytest.raises(UsageError, match="no conversation"):
        draw(index_of(0), Design(n=5))
