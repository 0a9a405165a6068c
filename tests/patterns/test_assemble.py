"""From members and clusters to a tree of patterns with names."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.patterns import naming
from selfrule.patterns.assemble import nodes, pattern
from selfrule.patterns.hierarchy import levels
from selfrule.patterns.members import Coded, Members
from selfrule.patterns.traits import traits


def some(n: int, seed: int = 0, people: int = 7) -> Members:
    """Members with everything drawn at random."""
    rng = np.random.default_rng(seed)
    return Members(
        conversation_id=[f"{i:032x}" for i in range(n)],
        description=["a"] * n,
        templated=True,
        codes={
            "trajectory": Coded(
                ("escalating", "stable", "de_escalating"), rng.random((n, 3)) < 0.5, rng.random(n) < 0.8
            )
        },
        person=rng.integers(-1, people, n),
        weight=np.ones(n),
        reached=rng.random((n, 3)) < 0.5,
        severe=rng.random(n) < 0.3,
        actualized=rng.random(n) < 0.1,
        domains=rng.random((n, 2)) < 0.5,
        domain_names=("legal", "other"),
        month=rng.integers(-1, 3, n),
        months=("2026-01", "2026-02", "2026-03"),
    )


@settings(max_examples=30)
@given(st.integers(1, 200), st.integers(1, 80), st.integers(0, 5))
def test_children_of_a_group_hold_its_members_and_nobody_else(n, clusters, seed):
    rng = np.random.default_rng(seed)
    member = np.unique(rng.integers(0, clusters, n), return_inverse=True)[1]
    keeper = np.arange(n)
    k = int(member.max()) + 1
    above = levels(rng.normal(size=(k, 3)).astype(np.float32), np.bincount(member))
    tree = nodes(member, keeper, above)
    assert sorted(r for node in tree if node.depth == 0 for r in node.rows) == list(range(n))
    for node in tree:
        children = [c for c in tree if c.parent == node.id]
        if children:
            assert sorted(r for c in children for r in c.rows) == sorted(node.rows)
    assert len({node.id for node in tree}) == len(tree)
    assert [node for node in tree if node.depth == len(above)] == [node for node in tree if len(node.clusters) == 1][
        -k:
    ]


def test_near_copies_are_counted_apart_and_in_no_share():
    known = some(6)
    keeper = np.array([0, 0, 2, 3, 4, 5])
    [node] = nodes(np.zeros(6, np.int64), keeper, [])
    made = pattern(node, known, naming.by_traits(node, traits(known)))
    assert (made.conversations, made.collapsed) == (5, 1)


def test_an_unknown_person_is_a_person_of_their_own():
    known = some(30)
    own = known.own_person
    unknown = known.person < 0
    assert len(np.unique(own[unknown])) == unknown.sum()
    assert not set(own[unknown]) & set(own[~unknown])
