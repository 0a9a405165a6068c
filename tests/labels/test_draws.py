"""Strata, allocation, draws by permanent random numbers, who is handed what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.errors import UsageError
from selfrule.labels.allocation import FEWEST, allocate, sequence, weights
from selfrule.labels.draws import Draw, inclusion, population, queue, random_numbers
from selfrule.labels.handing import LEASE, Queue
from selfrule.labels.strata import GUESSES, NEGATIVES, STRATA, stratum_codes

SIZES = st.dictionaries(st.sampled_from(STRATA), st.integers(0, 3000), min_size=1)
FLOORS = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8, 1.0])


def ids_of(n):
    return [f"{i:032x}" for i in range(n)]


def drawn(n=300, budget=60, seed=0, **more):
    """A queue over n conversations whose strata go round."""
    rng = np.random.default_rng(1)
    strata = rng.choice(len(STRATA), n, p=[0.03, 0.07, 0.1, 0.3, 0.1, 0.4]).astype(np.int8)
    items, sizes = queue(ids_of(n), ["p"] * n, strata, budget, seed=seed, **more)
    return items, sizes, strata


def a_draw(items, sizes, **more):
    return Draw("d", "2026", 0, "t", "1.1@x", "h", len(items), 0.1, 0.3, sizes, items, **more)


@given(SIZES, st.integers(0, 800), FLOORS)
def test_an_allocation_spends_the_budget_exactly_and_takes_no_more_than_a_stratum_has(sizes, budget, floor):
    got = allocate(sizes, budget, floor=floor)
    assert sum(got.values()) == min(budget, sum(sizes.values()))
    assert all(0 <= got[name] <= sizes[name] for name in sizes)


@given(SIZES, st.integers(0, 500), st.integers(0, 300), FLOORS)
def test_a_larger_budget_takes_no_label_from_any_stratum_and_begins_as_the_smaller_one(sizes, budget, more, floor):
    small, large = sequence(sizes, budget, floor=floor), sequence(sizes, budget + more, floor=floor)
    assert large[: len(small)] == small


@given(SIZES, st.integers(0, 500), FLOORS)
def test_at_every_length_the_negatives_have_their_floor_or_are_all_labelled(sizes, budget, floor):
    negatives = sum(size for name, size in sizes.items() if name in NEGATIVES)
    seen = 0
    for length, name in enumerate(sequence(sizes, budget, floor=floor), 1):
        seen += name in NEGATIVES
        assert seen >= min(floor * length - 1e-9, negatives)


@given(SIZES, st.integers(0, 300))
def test_every_stratum_has_twenty_labels_or_all_of_it_before_any_has_more(sizes, extra):
    # the floor of the negatives may call on them early: it is 0 here
    least = sum(min(size, FEWEST) for size in sizes.values())
    got = allocate(sizes, least + extra, floor=0)
    assert all(got[name] >= min(size, FEWEST) for name, size in sizes.items())


@given(SIZES, FLOORS)
def test_weights_sum_to_one_and_the_negatives_lie_between_their_floor_and_a_half(sizes, floor):
    got = weights(sizes, floor=floor)
    if not got:
        return
    assert sum(got.values()) == pytest.approx(1)
    negative = sum(value for name, value in got.items() if name in NEGATIVES)
    if {name in NEGATIVES for name in got} == {True, False}:
        assert floor - 1e-9 <= negative <= max(floor, 0.5) + 1e-9


def test_within_the_flagged_a_stratum_of_four_times_the_size_has_twice_the_labels():
    got = weights({"severe": 100, "moderate": 400, "none": 10_000}, {"severe": 0.5, "moderate": 0.5})
    assert got["moderate"] == pytest.approx(2 * got["severe"])


def test_of_a_million_and_a_half_conversations_most_labels_do_not_go_to_what_nobody_flagged():
    sizes = {"severe": 1150, "moderate": 12_000, "mild": 30_000, "none": 67_000, "screened_out": 1_389_000}
    got = allocate(sizes, 500)
    assert got["severe"] + got["moderate"] == pytest.approx(250, abs=10)
    assert got["severe"] >= 50
    assert got["screened_out"] >= 100


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: weights({"none": 3}, floor=1.5), "floor"),
        (lambda: weights({"none": -3}), "none"),
        (lambda: weights({"none": 3}, {"none": 1.0}), "guess"),
        (lambda: sequence({"none": 3}, -1), "budget"),
        (lambda: drawn(budget=0), "budget"),
        (lambda: drawn(seed=-1), "seed"),
        (lambda: drawn(doubles=2), "doubles"),
    ],
)
def test_a_value_out_of_its_range_is_refused_by_its_name(call, says):
    with pytest.raises(UsageError, match=says):
        call()


def test_strata_are_the_highest_level_of_the_primitives_and_what_was_not_rated_is_apart():
    levels = np.array([[0, 0, 0], [1, 0, 2], [-1, 3, -1], [0, 1, 0], [-1, -1, -1], [-1, -1, -1], [-1, -1, -1]])
    rated = np.array([1, 1, 1, 1, 0, 1, 0], bool)
    drawn_ = np.array([1, 1, 1, 1, 1, 1, 0], bool)
    got = [STRATA[c] for c in stratum_codes(levels, rated, drawn_)]
    assert got == ["none", "moderate", "severe", "mild", "unrated", "unrated", "screened_out"]


def test_every_stratum_has_a_guess_and_is_flagged_or_negative():
    assert set(GUESSES) == set(STRATA)
    assert {name for name in STRATA if name not in NEGATIVES} == {"severe", "moderate"}


@given(st.integers(1, 200), st.integers(0, 200), st.integers(0, 3))
def test_a_larger_draw_holds_the_smaller_one(budget, more, seed):
    small, _, _ = drawn(budget=budget, seed=seed)
    large, _, _ = drawn(budget=budget + more, seed=seed)
    assert {(i.conversation_id, i.rank, i.double) for i in small} <= {
        (i.conversation_id, i.rank, i.double) for i in large
    }


@given(st.integers(1, 150), st.integers(0, 150))
def test_a_draw_made_longer_keeps_its_beginning_and_is_the_same_set_as_one_drawn_at_once(budget, more):
    small, _, strata = drawn(budget=budget)
    longer, sizes = queue(ids_of(300), ["p"] * 300, strata, budget + more, before=small)
    at_once, sizes_at_once, _ = drawn(budget=budget + more)
    assert longer[: len(small)] == small
    assert {i.conversation_id for i in longer} == {i.conversation_id for i in at_once}
    assert sizes == sizes_at_once


def test_a_draw_of_another_seed_cannot_be_made_longer():
    small, _, strata = drawn(seed=1)
    with pytest.raises(UsageError, match="not of this population"):
        queue(ids_of(300), ["p"] * 300, strata, 100, seed=2, before=small)


@given(st.integers(1, 200), st.permutations(range(60)))
def test_the_order_in_which_a_study_holds_its_conversations_does_not_matter(budget, order):
    rng = np.random.default_rng(5)
    strata = rng.integers(0, len(STRATA), 60).astype(np.int8)
    ids = ids_of(60)
    one = queue(ids, ["p"] * 60, strata, budget)
    moved = np.array(order)
    two = queue([ids[i] for i in order], ["p"] * 60, strata[moved], budget)
    assert one == two
    assert population(ids, strata) == population([ids[i] for i in order], strata[moved])


def test_the_hash_of_a_population_changes_with_any_conversation_and_any_stratum():
    ids, strata = ids_of(50), np.zeros(50, np.int8)
    found = {population(ids, strata), population(ids[:-1], strata[:-1])}
    for row in range(50):
        other = strata.copy()
        other[row] = 3
        found.add(population(ids, other))
    swapped = strata.copy()
    swapped[[0, 1]] = [1, 2]
    again = strata.copy()
    again[[0, 1]] = [2, 1]
    found |= {population(ids, swapped), population(ids, again)}
    assert len(found) == 54


def test_within_a_stratum_the_queue_goes_by_rank_and_rank_by_random_number():
    items, _, strata = drawn(budget=120)
    number = dict(zip(ids_of(300), random_numbers(ids_of(300), 0).tolist(), strict=True))
    for name in STRATA:
        of = [i for i in items if i.stratum == name]
        assert [i.rank for i in of] == list(range(len(of)))
        numbers = [number[i.conversation_id] for i in of]
        assert numbers == sorted(numbers)
        others = [number[x] for x, s in zip(ids_of(300), strata, strict=True) if STRATA[s] == name]
        assert numbers == sorted(others)[: len(numbers)]


def test_over_many_seeds_every_conversation_of_a_stratum_is_labelled_equally_often():
    ids, strata = ids_of(40), np.repeat([0, 3], [10, 30]).astype(np.int8)
    seen = np.zeros(40)
    for seed in range(600):
        items, _ = queue(ids, ["p"] * 40, strata, 18, seed=seed)
        seen[[int(i.conversation_id, 16) for i in items[:9]]] += 1  # left off half way
    for rows in (slice(0, 10), slice(10, 40)):
        expected = seen[rows].mean()
        chi = ((seen[rows] - expected) ** 2 / (expected * (1 - expected / 600))).sum()
        assert chi < 3 * len(seen[rows])  # far beyond the 99.9 % quantile


def test_doubles_are_the_share_asked_for_in_every_stratum_however_far_one_gets():
    items, _, _ = drawn(n=3000, budget=800, doubles=0.25)
    for end in (200, 500, 800):
        for name in STRATA:
            of = [i for i in items[:end] if i.stratum == name]
            assert abs(sum(i.double for i in of) - 0.25 * len(of)) <= 1
    assert not any(i.double for i in drawn(doubles=0)[0])
    assert all(i.double for i in drawn(doubles=1)[0])


def test_the_first_place_of_a_queue_does_not_tell_what_the_judge_said():
    assert len({drawn(seed=seed)[0][0].stratum for seed in range(40)}) >= 4


def test_inclusion_is_reached_over_size_and_a_half_worked_queue_has_less():
    items, sizes, _ = drawn(budget=100)
    draw = a_draw(items, sizes)
    whole, half = inclusion(draw, 100), inclusion(draw, 50)
    for name, size in sizes.items():
        assert whole[name] == pytest.approx(size.drawn / size.size)
        assert half[name] <= whole[name] <= 1
    assert inclusion(draw, 0) == dict.fromkeys(sizes, 0)


def test_horvitz_thompson_by_these_probabilities_is_unbiased_wherever_labelling_stops():
    rng = np.random.default_rng(3)
    strata = rng.choice(len(STRATA), 400, p=[0.03, 0.07, 0.2, 0.3, 0.1, 0.3]).astype(np.int8)
    positive = rng.random(400) < np.array([0.7, 0.5, 0.2, 0.05, 0.2, 0.02])[strata]
    totals = []
    for seed in range(400):
        items, sizes = queue(ids_of(400), ["p"] * 400, strata, 200, seed=seed)
        got = inclusion(a_draw(items, sizes), 150)
        totals.append(sum(positive[int(i.conversation_id, 16)] / got[i.stratum] for i in items[:150]))
    error = np.std(totals) / np.sqrt(len(totals))
    assert abs(np.mean(totals) - positive.sum()) < 4 * error


def given_out(steps, items, sizes, done=None):
    """Walk a queue: each step is a labeller who asks, and (True) gives a word on what they get."""
    draw = a_draw(items, sizes)
    handed, given_ = {}, done or {}
    got = []
    for name, finishes in steps:
        queue_ = Queue(draw, handed, given_, now=0)
        place, _ = queue_.choose(name)
        got.append(place)
        if place is not None:
            identity = items[place].conversation_id
            handed.setdefault(identity, {})[name] = 0
            if finishes:
                given_.setdefault(identity, set()).add(name)
    return got, Queue(draw, handed, given_, now=0)


@given(st.lists(st.tuples(st.sampled_from(["ana", "bo", "cy"]), st.booleans()), max_size=80), st.integers(0, 10))
def test_nobody_shares_a_single_and_a_double_has_at_most_two_and_nobody_sees_one_twice(steps, tenths):
    items, sizes, _ = drawn(budget=30, doubles=tenths / 10)
    _, queue_ = given_out(steps, items, sizes)
    for item in items:
        takers = set(queue_.handed.get(item.conversation_id, {}))
        assert len(takers) <= (2 if item.double else 1)
    assert queue_.reached() == len([i for i in items if i.conversation_id in queue_.handed])


def test_what_was_handed_out_is_handed_again_until_it_is_given():
    items, sizes, _ = drawn(budget=30, doubles=0)
    got, _ = given_out([("ana", False), ("ana", False), ("bo", True), ("ana", True), ("ana", True)], items, sizes)
    assert got == [0, 0, 1, 0, 2]


def test_two_labellers_share_the_doubles_and_work_through_the_rest():
    items, sizes, _ = drawn(budget=40, doubles=0.5)
    got, queue_ = given_out([("ana", True), ("bo", True)] * 60, items, sizes)
    doubles = [i.conversation_id for i in items if i.double]
    assert all(queue_.given[d] == {"ana", "bo"} for d in doubles)
    assert got[-1] is None
    assert queue_.reached() == 40


def test_a_double_has_no_third_labeller_and_a_lone_one_is_not_asked_again():
    items, sizes, _ = drawn(budget=20, doubles=1)
    _, queue_ = given_out([("ana", True)] * 30, items, sizes)
    assert queue_.choose("ana") == (None, False)
    _, queue_ = given_out([("ana", True)] * 30 + [("bo", True)] * 30, items, sizes)
    assert queue_.choose("cy") == (None, False)


def test_what_somebody_left_unfinished_for_hours_goes_to_somebody_else():
    items, sizes, _ = drawn(budget=20, doubles=0)
    handed = {items[0].conversation_id: {"ana": 0}}
    draw = a_draw(items, sizes)
    assert Queue(draw, handed, {}, now=LEASE - 1).choose("bo") == (1, True)
    assert Queue(draw, handed, {}, now=LEASE).choose("bo") == (0, True)
    assert Queue(draw, handed, {}, now=LEASE).choose("ana") == (0, False)


def test_labels_of_elsewhere_are_not_asked_for_again_but_count_only_where_the_queue_has_come():
    items, sizes, _ = drawn(budget=20, doubles=0)
    elsewhere = {items[n].conversation_id: {"stranger"} for n in (0, 1, 4)}
    draw = a_draw(items, sizes)
    assert Queue(draw, {}, elsewhere, now=0).reached() == 0
    assert Queue(draw, {}, elsewhere, now=0).choose("ana") == (2, True)
    got, queue_ = given_out([("ana", True)] * 3, items, sizes, done=dict(elsewhere))
    assert got == [2, 3, 5]
    assert queue_.reached() == 6
    everyone = {i.conversation_id: {"stranger"} for i in items}
    assert Queue(draw, {}, everyone, now=0).reached() == 20
