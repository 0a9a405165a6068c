"""Groups and cells at the gate, as laws: nothing under k, nothing by subtraction, rounding that is right in the mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.privacy.cells import (
    ALL,
    BASE,
    SHOWN,
    Sizes,
    Table,
    generator,
    rounded,
    rounded_parts,
    shown_share,
    smallest,
    states,
)
from selfrule.privacy.tree import Branch, distinct_people, shown

seeds = st.integers(0, 2**32)
ks = st.integers(2, 25)


@given(st.lists(st.integers(0, 80), min_size=1, max_size=12), seeds)
def test_rounded_parts_sum_to_the_whole_and_stay_beside_their_share(counts, seed):
    chance = np.random.default_rng(seed)
    total = rounded(sum(counts), chance)
    parts = rounded_parts(counts, total, chance)
    whole = sum(counts)
    assert sum(parts) == (total if whole else 0)
    for part, count in zip(parts, counts, strict=True):
        assert part % BASE == 0
        assert part >= 0
        assert abs(part - (count * total / whole if whole else 0)) < BASE + 1e-6


@pytest.mark.parametrize("count", [1, 7, 10, 23])
def test_rounding_is_right_in_the_mean(count):
    chance = np.random.default_rng(0)
    drawn = [rounded(count, chance) for _ in range(20_000)]
    assert np.mean(drawn) == pytest.approx(count, abs=0.1)
    assert set(drawn) <= {count // BASE * BASE, -(-count // BASE) * BASE}
    parts = np.array([rounded_parts([count, 50 - count], 50, chance)[0] for _ in range(20_000)])
    assert parts.mean() == pytest.approx(count, abs=0.1)


def test_the_same_conversations_draw_the_same_and_one_more_draws_all_anew():
    ids = [f"c{i}" for i in range(50)]
    same = generator(b"key", ids).random(5), generator(b"key", reversed(ids)).random(5)
    assert (same[0] == same[1]).all()
    for other in (generator(b"key", ids[1:]), generator(b"other", ids)):
        assert (other.random(5) != same[0]).all()


def test_conversations_of_unknown_people_count_as_one_persons_where_people_are_known():
    sizes = Sizes(np.array([-1] * 50 + list(range(20))), 10, True)
    assert sizes.of(np.arange(50)) == 1
    assert sizes.of(np.arange(50, 70)) == 20
    assert Sizes(np.full(50, -1), 10, False).of(np.arange(50)) == 50


def test_a_group_most_of_which_is_one_persons_counts_as_that_person_alone():
    person = np.array([0] * 21 + list(range(1, 21)))
    assert Sizes(person, 10, True).of(np.arange(41)) == 1
    assert Sizes(person, 10, True).of(np.arange(1, 41)) == 21


@st.composite
def trees(draw):
    """Rows in leaves of groups, and who is whose."""
    n = draw(st.integers(0, 400))
    chance = np.random.default_rng(draw(seeds))
    groups = draw(st.integers(1, 4))
    leaf = chance.choice(groups * 3, n, p=chance.dirichlet(np.full(groups * 3, 0.7)))
    person = chance.integers(-1, draw(st.integers(0, 150)) + 1, n)
    branches = []
    for group in range(groups):
        rows = np.flatnonzero(leaf // 3 == group)
        if len(rows):
            branches.append(Branch(f"p{group}", None, rows))
            for one in range(3):
                inside = np.flatnonzero(leaf == group * 3 + one)
                if len(inside):
                    branches.append(Branch(f"p{group}.{one}", f"p{group}", inside))
    return branches, np.arange(n), person


@given(trees(), ks, seeds)
@settings(max_examples=150)
def test_no_shown_group_of_a_tree_is_few_and_none_hidden_can_be_had_by_subtraction(made, k, seed):
    branches, everything, person = made
    chance = np.random.default_rng(seed)
    sizes = Sizes(person, k, bool((person >= 0).any()))
    tree = shown(branches, everything, sizes, chance)
    rows = {"": everything} | {one.id: one.rows for one in branches}
    assert tree.size.keys() | tree.why.keys() == {one.id for one in branches}
    for parent in {one.parent or "" for one in branches}:
        family = [one for one in branches if (one.parent or "") == parent]
        there = [one for one in family if one.id in tree.size]
        for one in there:
            assert sizes.of(one.rows) >= k
            assert tree.size[one.id] >= smallest(k)
            assert not parent or parent in tree.size
        hidden = [one.rows for one in family if one.id not in tree.size]
        if there and hidden:
            assert len(hidden) >= 2
            assert sizes.of(np.concatenate(hidden)) >= k
            whole = tree.size[parent] if parent else tree.total
            left = whole - sum(tree.size[one.id] for one in there)
            assert left == tree.left[parent]
            assert left == 0 or left >= smallest(k)
    people = distinct_people(branches, everything, tree, sizes, chance)
    for name, count in people.items():
        assert smallest(k) <= count <= tree.size[name]
        around = name.rpartition(".")[0]
        if around in people:
            assert people[around] - count == 0 or people[around] - count >= smallest(k)
            others = sizes.distinct(rows[around]) - sizes.distinct(rows[name])
            assert others == 0 or others >= k


@given(trees(), ks, seeds, st.integers(1, 5), st.booleans())
@settings(max_examples=150)
def test_no_shown_cell_is_few_nor_what_it_leaves_nor_what_subtraction_gives(made, k, seed, cells, partition):
    branches, everything, person = made
    chance = np.random.default_rng(seed)
    n = len(everything)
    sizes = Sizes(person, k, bool((person >= 0).any()))
    has = chance.random((n, cells)) < 0.3
    if partition:
        has = np.eye(cells, dtype=bool)[chance.choice(cells, n, p=chance.dirichlet(np.full(cells, 0.6)))]
    table = Table(tuple("abcde"[:cells]), has.reshape(n, cells), chance.random(n) < 0.9)
    tree = shown(branches, everything, sizes, chance)
    found: dict[str, list[str]] = {}
    rows = {"": everything} | {one.id: one.rows for one in branches}
    for parent in sorted({one.parent or "" for one in branches}):
        there = [one for one in branches if (one.parent or "") == parent and one.id in tree.size]
        if not there:
            continue
        got = states(table, [one.rows for one in there], rows[parent], found.get(parent), sizes, chance)
        found |= dict(zip([one.id for one in there], got, strict=True))
        for one, line in zip(there, got, strict=True):
            asked = one.rows[table.asked[one.rows]]
            for c, state in enumerate(line):
                inside, outside = asked[table.has[asked, c]], asked[~table.has[asked, c]]
                if state == SHOWN:
                    assert sizes.of(inside) >= k
                    assert sizes.of(outside) >= k
                if state == ALL:
                    assert sizes.of(inside) >= k
            hidden = [c for c, state in enumerate(line) if state not in (SHOWN, ALL)]
            open_ = [c for c in range(cells) if c not in hidden]
            alone = asked[table.has[asked][:, hidden].any(axis=1) & ~table.has[asked][:, open_].any(axis=1)]
            assert not open_ or not sizes.few(alone)
        above = rows[parent][table.asked[rows[parent]]]
        for c in range(cells):
            if parent and found[parent][c] != SHOWN:
                continue
            shown_ = [one for one, line in zip(there, got, strict=True) if line[c] == SHOWN]
            open_ = [one.rows for one, line in zip(there, got, strict=True) if line[c] in (SHOWN, ALL)]
            if shown_:
                left = np.setdiff1d(above, np.concatenate(open_))
                rest = np.setdiff1d(above, np.concatenate([one.rows for one in shown_]))
                assert not sizes.few(left[table.has[left, c]])
                assert not sizes.few(rest[~table.has[rest, c]])


@given(st.integers(1, 300), st.integers(0, 300), ks, seeds)
def test_a_shown_share_is_a_count_of_at_least_k_over_the_shown_size_and_leaves_as_many(asked, has, k, seed):
    has = min(has, asked)
    chance = np.random.default_rng(seed)
    whole = max(rounded(asked, chance), BASE)
    share = shown_share(has, asked, whole, SHOWN, k, chance)
    if share is not None:
        assert smallest(k) - 1e-9 <= share * whole <= whole - smallest(k) + 1e-9
        assert share * whole / BASE == pytest.approx(round(share * whole / BASE))
    most = shown_share(has, asked, whole, ALL, k, chance)
    assert most is None if whole < 2 * smallest(k) else most == (whole - smallest(k)) / whole
