"""Members held out before naming, put back from names and claims alone; and claims held against members one by one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.patterns import claims, faithful, naming
from selfrule.patterns.assemble import Named, Node, nodes
from selfrule.patterns.members import Members
from selfrule.patterns.traits import traits
from selfrule.study.patterns_checked import by_codes, leaves_of, with_faith
from tests.patterns.test_naming import coded

CODES = ["action_mechanism", "value_mechanism", "reality_mechanism"]


def of_kinds(kinds: int, each: int, told: float = 1.0) -> tuple[Members, np.ndarray]:
    """Members of several kinds, each of which has one code in `told` of its members."""
    n = kinds * each
    member = np.repeat(np.arange(kinds), each)
    known = coded(n, **{d: [0.0] * 4 if d != "reality_mechanism" else [0.0] * 5 for d in CODES})
    rng = np.random.default_rng(3)
    for kind in range(kinds):
        column = known.codes[CODES[kind % 3]].has[:, kind // 3]
        column[(member == kind) & (rng.random(n) < told)] = True
    for name in ("reached", "domains"):
        known = dataclasses.replace(known, **{name: np.zeros_like(getattr(known, name))})
    return dataclasses.replace(known, severe=np.zeros(n, np.bool_)), member


def read(known: Members, member: np.ndarray, seed: int = 0) -> faithful.Faithful:
    tree = nodes(member, np.arange(len(member)), [])
    centres = np.random.default_rng(seed).normal(size=(member.max() + 1, 4))
    return by_codes(tree, traits(known), centres, seed)


def test_patterns_that_their_names_tell_apart_get_all_their_members_back():
    known, member = of_kinds(9, 20)
    got = read(known, member)
    assert got.share == 1.0
    assert got.held_out == 9 * 2
    assert got.chance == pytest.approx(1 / faithful.CHOICES)


def test_patterns_without_any_meaning_get_back_what_chance_gives():
    known, member = of_kinds(6, 300)
    mixed = np.random.default_rng(5).permutation(member)
    got = read(known, mixed)
    assert got.share == pytest.approx(0.2, abs=0.09)


def test_who_has_nothing_to_go_by_is_credited_with_chance_and_no_more():
    known, member = of_kinds(5, 20, told=0.0)
    assert read(known, member).share == pytest.approx(0.2)


def test_one_pattern_alone_is_not_measured():
    known, member = of_kinds(1, 30)
    got = read(known, member)
    assert (got.share, got.held_out, got.chance) == (None, 0, None)


def test_names_are_made_without_those_held_out():
    known, member = of_kinds(2, 10)
    [first, second] = leaves_of(nodes(member, np.arange(20), []))
    out = faithful.held_out([first, second], seed=0)
    alone = known.codes["authority_role"] = known.codes.pop("reality_mechanism")
    alone.has[:] = False
    alone.has[out[0], 0] = True  # a code of nobody else: a name made with it would find them
    words = traits(known)
    rest = [dataclasses.replace(n, rows=np.setdiff1d(n.rows, o)) for n, o in zip([first, second], out, strict=True)]
    named = [naming.by_traits(one, words) for one in rest]
    assert not any("expert" in claim.text for one in named for claim in one.claims)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=60), st.integers(0, 5), st.integers(1, 2_000))
def test_about_a_tenth_is_held_out_and_never_more_than_was_said(sizes, seed, most):
    ends = np.cumsum([0, *sizes])
    leaves = [Node(f"p{i}", None, 0, np.arange(ends[i], ends[i + 1]), 0, (i,)) for i in range(len(sizes))]
    out = faithful.held_out(leaves, seed=seed, most=most)
    assert sum(map(len, out)) <= most
    for leaf, rows in zip(leaves, out, strict=True):
        assert set(rows.tolist()) <= set(leaf.rows.tolist())
        assert len(set(rows.tolist())) == len(rows) <= max(1, round(0.1 * len(leaf.rows)))
        if len(leaf.rows) < faithful.LEAST:
            assert not len(rows)
    again = faithful.held_out(leaves, seed=seed, most=most)
    assert all(np.array_equal(a, b) for a, b in zip(out, again, strict=True))


def test_a_pattern_is_told_from_those_that_lie_nearest_to_it():
    centres = np.array([[0.0], [1.0], [10.0], [11.0], [30.0]])
    near = faithful.choices(centres, 2)
    assert near.tolist() == [[0, 1], [1, 0], [2, 3], [3, 2], [4, 3]]


def test_a_tie_is_shared_out_so_that_the_order_of_choices_says_nothing():
    out = [np.array([0, 1]), np.array([2])]
    near = np.array([[0, 1], [1, 0]])
    got = faithful.put_back(out, near, lambda rows, patterns: np.zeros(patterns.shape))
    assert got.share == 0.5
    assert got.of(0) == (0.5, 2)
    silent = faithful.put_back(out, near, lambda rows, patterns: np.full(patterns.shape, np.nan))
    assert (silent.share, silent.held_out, silent.of(0)) == (None, 0, (None, 0))


def test_only_patterns_at_the_bottom_carry_their_faithfulness():
    known, member = of_kinds(9, 20)
    tree = nodes(member, np.arange(180), [np.arange(9) // 5])
    got = by_codes(tree, traits(known), np.eye(9), 0)
    from selfrule.patterns.assemble import pattern

    made = with_faith([pattern(n, known, Named("x", [], "terms")) for n in tree], tree, got)
    groups = {one.parent for one in made}
    assert all((one.faithful is None) == (one.id in groups) for one in made)
    assert sum(one.held_out for one in made) == got.held_out


@settings(max_examples=60)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.integers(1, 70), st.integers(0, 3))
def test_of_members_that_are_read_none_is_a_persons_second_before_everybodys_first(people, most, seed):
    person = np.array(people)
    rows = np.arange(len(person))
    got = claims.drawn(rows, person, most, seed=seed)
    assert len(got) == len(set(got.tolist())) == min(most, len(rows))
    drawn = np.bincount(person[got], minlength=7)
    there = np.bincount(person, minlength=7)
    fewest = min((d for d, t in zip(drawn, there, strict=True) if d < t), default=None)
    assert fewest is None or max(drawn) <= fewest + 1 or all(d <= fewest + 1 for d in drawn)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ([True] * 19 + [False], "In nearly all, it rained."),
        ([True] * 12 + [False] * 8, "In most, it rained."),
        ([True] * 10 + [False] * 10, "In about half, it rained."),
        ([True] * 9 + [False] * 11, None),
        ([True] * 8 + [None] * 12, None),
        ([True] * 12 + [None] * 8, "In nearly all where it could be told, it rained."),
        ([], None),
    ],
)
def test_a_claim_is_worded_by_what_was_found_of_it_and_dropped_below_half(said, text):
    made = claims.counted(["it rained"], [[one] for one in said])
    assert [one.text for one in made] == ([] if text is None else [text])
    for one in made:
        assert (one.shown, one.checked) == (said.count(True), sum(s is not None for s in said))


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("The assistant wrote messages.", "the assistant wrote messages"),
        ("In these conversations, the person asked.", "the person asked"),
        ("AI was asked", "AI was asked"),
        ("Most people asked", None),
        ("three\n\nlines \x00 of text", "three lines of text"),
        ("in 3 of 5 it rained", None),
        ("", None),
        ("x" * 500, None),
    ],
)
def test_a_clause_is_made_fit_to_stand_behind_a_count_or_left_out(given_, kept):
    assert claims.clause(given_) == kept


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ('"Letters to a landlord."', "Letters to a landlord"),
        ("", None),
        ("\u202eevil\n", "Evil"),
        ("x" * 81, None),
        ("Most of all", None),
    ],
)
def test_a_name_is_one_short_line_or_none(given_, kept):
    assert claims.title(given_) == kept
