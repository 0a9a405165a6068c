from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from selfrule.errors import UsageError
from selfrule.estimate.bootstrap import cluster_bootstrap
from selfrule.estimate.clusters import PRIOR_ICC, clustering, persons_of
from selfrule.estimate.intervals import wilson

# Weil's litters (1970), pups alive at weaning of pups alive at four days, as analysed by Rao and Scott (1992), table 1.
CONTROL = "13/13 12/12 9/9 9/9 8/8 8/8 12/13 11/12 9/10 9/10 8/9 11/13 4/5 5/7 7/10 7/10"
TREATED = "12/12 11/11 10/10 9/9 10/11 9/10 9/10 8/9 8/9 4/5 7/9 4/7 5/10 3/6 3/10 0/7"


def cells(text):
    pairs = [tuple(map(int, pair.split("/"))) for pair in text.split()]
    person = np.repeat(np.arange(len(pairs)), [n for _, n in pairs])
    return person, np.concatenate([np.arange(n) < x for x, n in pairs])


@st.composite
def people(draw, least=1):
    n = draw(st.integers(least, 60))
    person = draw(hnp.arrays(np.int32, n, elements=st.integers(-1, 8)))
    return person, draw(hnp.arrays(np.bool_, n))


@pytest.mark.parametrize(("text", "published"), [(CONTROL, 1.232495), (TREATED, 3.952861)], ids=["control", "treated"])
def test_the_plain_design_effect_is_the_published_one_of_rao_and_scott(text, published):
    got = clustering(persons_of(cells(text)[0]), cells(text)[1])
    assert got.estimated is not None
    assert got.estimated * got.n / (got.n - 1) == pytest.approx(published, abs=1e-6)  # theirs is over p q / n
    assert got.design_effect > got.estimated


@given(hnp.arrays(np.bool_, st.integers(1, 200)))
def test_one_conversation_each_is_wilson_exactly(hits):
    got = clustering(persons_of(np.arange(len(hits))), hits)
    assert got.design_effect == 1
    assert got.wilson() == pytest.approx(wilson(int(hits.sum()), len(hits)), abs=1e-12)


@given(hnp.arrays(np.bool_, st.integers(1, 100)))
def test_conversations_of_unknown_person_are_one_person_each(hits):
    got = clustering(persons_of(np.full(len(hits), -1)), hits)
    assert (got.persons, got.clusters, got.design_effect) == (0, len(hits), 1)


@given(people())
def test_people_never_narrow_an_interval_and_never_leave_less_than_one_conversation(case):
    person, hits = case
    got = clustering(persons_of(person), hits)
    low, high = got.wilson()
    assert 0 <= low <= got.share <= high <= 1
    alone = wilson(got.events, got.n)
    assert high - low >= alone.high - alone.low - 1e-12
    assert 1 <= got.n_effective <= got.n


@given(people(), st.randoms())
def test_the_order_of_conversations_does_not_matter(case, random):
    person, hits = case
    order = list(range(len(person)))
    random.shuffle(order)
    here = clustering(persons_of(person), hits)
    there = clustering(persons_of(person[order]), hits[order])
    assert there.design_effect == pytest.approx(here.design_effect, rel=1e-9)
    assert (there.events, there.persons, there.clusters) == (here.events, here.persons, here.clusters)


@given(people(least=2))
def test_counting_the_others_gives_the_same_design_effect(case):
    person, hits = case
    assume(2 * hits.sum() != len(hits))  # at exactly half, either side is the rarer one
    here, there = clustering(persons_of(person), hits), clustering(persons_of(person), ~hits)
    assert here.design_effect == pytest.approx(there.design_effect, rel=1e-9)


@given(hnp.arrays(np.int32, st.integers(3, 60), elements=st.integers(0, 8)))
def test_with_no_event_merging_two_people_never_narrows(person):
    assume(len(np.unique(person)) > 2)  # a single person is another question
    codes = np.unique(person)
    merged = np.where(person == codes[0], codes[1], person)
    none = np.zeros(len(person), dtype=bool)
    apart, together = clustering(persons_of(person), none), clustering(persons_of(merged), none)
    assert together.wilson().high >= apart.wilson().high


def test_with_no_event_the_assumed_likeness_stands_alone():
    person = np.repeat(np.arange(20), 50)
    got = clustering(persons_of(person), np.zeros(1000, dtype=bool))
    assert got.design_effect == pytest.approx(1 + 49 * PRIOR_ICC)


def test_many_people_without_likeness_have_a_design_effect_near_one():
    rng = np.random.default_rng(5)
    person = np.repeat(np.arange(5000), 4)
    got = clustering(persons_of(person), rng.random(20_000) < 0.1)
    assert 1 <= got.design_effect < 1.1


def test_people_who_are_all_or_nothing_count_once_each():
    person = np.repeat(np.arange(400), 25)
    got = clustering(persons_of(person), person % 10 == 0)
    assert got.n_effective == pytest.approx(400, rel=0.2)


def test_one_person_alone_is_taken_as_they_are():
    got = clustering(persons_of(np.zeros(100, dtype=int)), np.arange(100) < 7)
    assert got.design_effect == 1
    assert got.wilson() == wilson(7, 100)


def test_equal_weights_change_nothing():
    person, hits = cells(TREATED)
    plain = clustering(persons_of(person), hits)
    weighted = clustering(persons_of(person, np.full(len(person), 7.5)), hits)
    assert weighted.design_effect == pytest.approx(plain.design_effect)
    assert weighted.share == pytest.approx(plain.share)


def test_unequal_weights_cost_what_kish_says():
    weight = np.where(np.arange(1000) < 500, 1.0, 9.0)
    got = clustering(persons_of(np.arange(1000), weight), np.zeros(1000, dtype=bool))
    assert got.design_effect == pytest.approx(1000 * (weight @ weight) / weight.sum() ** 2)


def test_resampling_persons_agrees_with_the_design_effect_where_events_are_many():
    rng = np.random.default_rng(11)
    own = rng.beta(0.9, 8.1, 400)
    person = np.repeat(np.arange(400), 20)
    hits = rng.random(len(person)) < own[person]
    ours, resampled = clustering(persons_of(person), hits).wilson(), cluster_bootstrap(person, hits, seed=3)
    assert ours.high - ours.low == pytest.approx(resampled.high - resampled.low, rel=0.2)
    assert resampled == cluster_bootstrap(person, hits, seed=3)


def test_resampling_is_blind_where_nothing_was_seen_and_the_design_effect_is_not():
    person, none = np.repeat(np.arange(10), 5), np.zeros(50, dtype=bool)
    assert cluster_bootstrap(person, none) == (0, 0)
    assert clustering(persons_of(person), none).wilson().high > 0.07


def test_few_events_inside_a_combination_are_exact():
    few = clustering(persons_of(np.arange(1000)), np.arange(1000) < 3)
    many = clustering(persons_of(np.arange(1000)), np.arange(1000) < 30)
    assert few.exact_if_few().low < few.wilson().low
    assert many.exact_if_few() == many.wilson()


def test_no_conversation_is_refused():
    with pytest.raises(UsageError, match="at least one code"):
        persons_of(np.empty(0, dtype=int))
