"""Names and claims by codes: they say what counts say, in words that agree with the counts."""

from __future__ import annotations

import dataclasses
import re

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule import rubric
from selfrule.patterns import naming
from selfrule.patterns.assemble import Node, nodes
from selfrule.patterns.gate_words import _told
from selfrule.patterns.members import Coded, Members
from selfrule.patterns.records import Claim, Pattern
from selfrule.patterns.traits import phrases, traits, vocabulary
from selfrule.patterns.words import counts_by_itself, quantifier, reworded, sentence
from selfrule.privacy.auditor import audit
from selfrule.privacy.personal import found
from selfrule.rubric import PRIMITIVES
from selfrule.rubric.codes import codes
from tests.patterns.test_assemble import some

ALL = np.arange(60)


def node(rows: np.ndarray, identity: str = "p0") -> Node:
    return Node(identity, None, 0, rows, 0, (0,))


def coded(n: int, **given: list[float]) -> Members:
    """Members whose every code is at random, at the share given for its dimension."""
    rng = np.random.default_rng(1)
    known = {}
    for dimension in codes():
        shares = given.get(dimension.id)
        if shares is not None:
            has = rng.permuted(np.arange(n)[:, None] < np.array(shares) * n, axis=0)
            known[dimension.id] = Coded(tuple(dimension.codes), has, np.ones(n, np.bool_))
    return dataclasses.replace(some(n), codes=known)


def test_every_code_has_words_for_a_name_and_a_claim_that_count_nothing_by_themselves():
    assert set(phrases()) == {d.id for d in codes()}
    for dimension in codes():
        spoken = phrases()[dimension.id]
        assert set(spoken.codes) == set(dimension.codes)
        for code in dimension.codes:
            words = spoken.codes[code]
            assert not words.claim.endswith(".")
            assert words.claim[0].islower()
            if code not in {"unknown", "other", "partial"}:
                assert not counts_by_itself(words.claim), words.claim


@settings(max_examples=60)
@given(st.integers(1, 80), st.integers(0, 80), st.integers(0, 40))
def test_the_word_for_how_many_always_agrees_with_the_count(checked, shown, more):
    shown = min(shown, checked)
    word = quantifier(shown, checked)
    share = shown / checked
    assert word == (None if share < 0.5 else "about half" if share < 0.55 else "most" if share < 0.9 else "nearly all")
    text = sentence("it rained", shown, checked, checked + more)
    assert (text is None) == (word is None)
    if text is not None:
        plain = text == f"In {word}, it rained."
        assert plain or text == f"In {word} where it could be told, it rained."
        # without the reservation, the word holds of all members too
        assert not plain or quantifier(shown, checked + more) == word


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_every_claim_is_an_exact_count_of_members_and_none_is_of_fewer_than_half(seed, n):
    known = some(n, seed)
    traits_ = traits(known)
    named = naming.by_traits(node(np.arange(n)), traits_)
    by_claim = {t.claim: t for t in traits_}
    assert len(named.claims) <= naming.MOST_CLAIMS
    for claim in named.claims:
        match = re.fullmatch(r"In (nearly all|most|about half)( where it could be told)?, (.+)\.", claim.text)
        assert match is not None
        trait = by_claim[match[3]]
        assert claim.shown == np.count_nonzero(trait.has & trait.asked)
        assert claim.checked == np.count_nonzero(trait.asked)
        assert 2 * claim.shown >= claim.checked > 0
        assert match[1] == quantifier(claim.shown, claim.checked)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_no_name_says_only_how_it_went(seed):
    known = some(40, seed)
    name = naming.by_traits(node(np.arange(40)), traits(known)).name
    assert any(name.startswith(start) for start in ("Reality", "Value", "Action"))


def test_a_name_says_what_happened_about_what_and_how_it_went_where_these_set_it_apart():
    n = 60
    known = coded(
        n,
        action_mechanism=[0.0, 0, 0, 0],
        action_target=[0.0, 0, 0, 0, 0, 0],
        trajectory=[0.0, 0, 0],
    )
    for dimension, code in (("action_mechanism", 0), ("action_target", 0), ("trajectory", 0)):
        known.codes[dimension].has[:20, code] = True
    named = naming.by_traits(node(np.arange(20)), traits(known))
    assert named.name == "Whole messages written to send in relationships, escalating"
    texts = [claim.text for claim in named.claims]
    assert "In nearly all, the assistant wrote whole messages for the person to send." in texts


def test_what_could_be_told_of_few_stands_in_no_claim():
    known = coded(60, action_mechanism=[1.0, 0, 0, 0])
    known.codes["action_mechanism"].answered[12:] = False
    named = naming.by_traits(node(ALL), traits(known))
    assert not any("whole messages" in claim.text for claim in named.claims)
    assert "messages" not in named.name


def test_what_could_be_told_of_a_part_is_said_to_be_of_that_part():
    known = coded(60, action_mechanism=[1.0, 0, 0, 0])
    known.codes["action_mechanism"].answered[40:] = False
    [claim] = [c for c in naming.by_traits(node(ALL), traits(known)).claims if "whole messages" in c.text]
    assert claim.text.startswith("In nearly all where it could be told, ")
    assert (claim.shown, claim.checked) == (40, 40)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_no_two_patterns_have_one_name(seed, clusters):
    known = some(90, seed)
    member = np.unique(np.random.default_rng(seed).integers(0, clusters, 90), return_inverse=True)[1]
    tree = nodes(member, np.arange(90), [])
    words = traits(known)
    named = naming.named_apart(tree, [naming.by_traits(one, words) for one in tree], words)
    assert len({one.name for one in named}) == len(named) == len(tree)


def test_a_group_keeps_its_name_and_the_part_of_it_is_told_apart():
    known = some(40)
    known.reached[:, :] = [True, False, False]
    known.severe[:] = np.arange(40) < 20
    group, part = Node("p0", None, 0, np.arange(40), 0, (0, 1)), Node("p0.0", "p0", 1, np.arange(20), 0, (0,))
    words = traits(known)
    plain = [naming.Named("Reality distortion", [], "terms")] * 2
    first, second = naming.named_apart([group, part], plain, words)
    assert first.name == "Reality distortion"
    assert second.name.startswith("Reality distortion, ")


@pytest.mark.parametrize(
    "text", ["often agrees", "in 3 of them", "every one", "The majority", "40 % of it", "none did"]
)
def test_a_text_that_counts_by_itself_is_known(text):
    assert counts_by_itself(text)


def test_every_text_made_of_codes_passes_the_text_gate():
    known = coded(60, **{d.id: [0.5] * len(d.codes) for d in codes()})
    names = rubric.load().domains
    known = dataclasses.replace(known, domains=np.ones((60, len(names)), np.bool_), domain_names=tuple(names))
    for trait in traits(known):
        for text in (trait.name, sentence(trait.claim, 60, 60, 60), sentence(trait.claim, 20, 20, 60)):
            assert text is not None
            assert audit(text, vocabulary()) is None, text
            assert found(text) == [], text


def test_a_claim_whose_count_was_rounded_is_worded_by_what_stands_beside_it():
    assert reworded("In most where it could be told, it rained.", 95, 100).startswith("In nearly all where it")
    assert reworded("In most, it rained.", 45, 100) == "In about half, it rained."
    assert reworded("Something else.", 45, 100) == "Something else."


@given(st.integers(2, 40), st.integers(2, 20))
def test_a_claim_told_as_all_but_the_smallest_count_says_no_less_than_half_or_more(fives, k):
    whole, least = 5 * fives, -(-k // 5) * 5
    shown = max(whole - least, 0)
    text = reworded("In most, it rained.", shown, whole, least)
    assert not text.startswith("In about half")
    if not text.startswith("In half or more"):
        assert text.startswith(f"In {quantifier(shown, whole)}")


def test_a_released_name_is_made_of_released_shares_alone():
    kept = Pattern(
        id="p0",
        parent=None,
        depth=0,
        name="Divination in legal, escalating",
        conversations=40,
        constructs={"reality_distortion": 0.9},
        domains={"legal": 0.2},
    )
    other = msgspec.structs.replace(kept, id="p1", by="a-judge", name="As the judge said")
    first, second = naming.renamed([kept, other])
    assert first.name == "Reality distortion"
    assert second.name == "As the judge said"
    both = naming.renamed([kept, msgspec.structs.replace(kept, id="p1", constructs={}, severe=1.0)])
    assert [one.name for one in both] == ["Reality distortion", naming.UNTOLD]


def test_primitives_have_a_trait_each():
    assert sum(t.of == "constructs" for t in traits(some(5))) == len(PRIMITIVES)


@settings(max_examples=60)
@given(st.integers(25, 50), st.integers(0, 25), st.integers(60, 500), st.integers(0, 9))
def test_a_claim_held_against_a_part_of_the_members_is_never_told_as_much_more_than_was_seen(checked, fewer, n, seed):
    claim = Claim(text="It rained.", shown=checked - fewer, checked=checked)
    whole = n // 5 * 5
    told = _told(claim, {}, whole, n, 10, np.random.default_rng(seed))
    if told is not None:
        assert told <= claim.shown / claim.checked + 5 / whole + 1e-9
