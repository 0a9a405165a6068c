"""Codes of flagged conversations: shares of those asked, and what of them may be shared."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.analyses.figures import Figure
from selfrule.patterns.coding import ALL, Coding, coding_of, public
from selfrule.patterns.members import Coded, Members
from selfrule.report.analyses import section
from selfrule.rubric.codes import codes


def some(n: int, seed: int = 0, *, people: int = 40, answered: float = 0.8) -> Members:
    """Flagged conversations with levels and codes drawn at random."""
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 4, (n, 7)).astype(np.int8)
    made = {}
    for dimension in codes():
        names = tuple(dimension.codes)
        has = rng.random((n, len(names))) < rng.random(len(names))
        if dimension.one:
            has = np.eye(len(names), dtype=np.bool_)[rng.integers(0, len(names), n)]
        got = rng.random(n) < answered
        made[dimension.id] = Coded(names, has & got[:, None], got)
    return Members(
        conversation_id=[f"{i:032x}" for i in range(n)],
        description=["a"] * n,
        templated=True,
        codes=made,
        person=rng.integers(-1, people, n),
        weight=np.ones(n),
        reached=levels[:, :3] >= 2,
        severe=(levels[:, :3] == 3).any(axis=1),
        actualized=np.zeros(n, np.bool_),
        domains=np.zeros((n, 1), np.bool_),
        domain_names=("other",),
        month=np.full(n, -1),
        months=(),
        levels=levels,
    )


def coded(members: Members) -> Coding:
    return coding_of(members, by="rules", judge="judge", rubric_label="1.1")


@pytest.mark.parametrize("n", [0, 1, 2, 300])
def test_shares_are_counts_of_those_asked_that_have_an_answer(n):
    members = some(n)
    got = coded(members)
    for block in got.blocks:
        for code in block.codes:
            figure = code.share
            assert figure.n == block.answered
            assert figure.n + figure.missing == block.asked
            if figure.n:
                assert figure.value == pytest.approx(figure.events / figure.n)
                assert figure.low <= figure.value <= figure.high
    assert not n or [b.asked for b in got.blocks if b.construct == ALL] == [n, n, n]


def test_a_dimension_that_nobody_answered_has_no_share_and_is_not_none():
    got = coded(some(50, answered=0.0))
    assert got.blocks
    assert all(c.share.value is None and c.share.reason for b in got.blocks for c in b.codes)


def test_where_one_code_holds_the_shares_sum_to_one():
    got = coded(some(200))
    [course] = [b for b in got.blocks if b.dimension == "trajectory" and b.construct == ALL]
    assert sum(c.share.value for c in course.codes) == pytest.approx(1.0)


def test_a_conversation_that_stands_for_many_counts_for_many():
    members = some(100)
    weight = np.where(members.codes["behaviour"].has[:, 0], 3.0, 1.0)
    heavy = coded(Members(**{**{f: getattr(members, f) for f in Members.__dataclass_fields__}, "weight": weight}))
    plain = coded(members)

    def first(got: Coding) -> Figure:
        return next(b for b in got.blocks if b.dimension == "behaviour" and b.construct == ALL).codes[0].share

    share = first(plain).value
    assert first(heavy).value == pytest.approx(3 * share / (3 * share + 1 - share))


@settings(max_examples=60, deadline=None)
@given(n=st.integers(0, 120), seed=st.integers(0, 30), k=st.integers(2, 15), people=st.sampled_from([1, 5, 60]))
def test_of_what_is_shared_neither_those_with_a_code_nor_those_without_are_some_and_fewer_than_k(n, seed, k, people):
    got = public(coded(some(n, seed, people=people)), k)
    whole = {b.dimension: {c.code: c.share for c in b.codes} for b in got.blocks if b.construct == ALL}
    for block in got.blocks:
        for count in (block.asked, block.answered):
            assert count is None or count == 0 or count >= k
        for code in block.codes:
            for figure in (code.share, *code.by_level.values()):
                if figure.value is None:
                    assert figure == Figure(
                        reason=figure.reason, n=figure.n, events=figure.events, missing=figure.missing
                    )
                    assert figure.n == 0
                    continue
                for count in (figure.n, figure.events, figure.n - figure.events, figure.missing):
                    assert count == 0 or count >= k
            above = whole.get(block.dimension, {}).get(code.code)
            if (
                above is not None
                and above.value is not None
                and code.share.value is not None
                and block.construct != ALL
            ):
                for count in (above.n - code.share.n, above.events - code.share.events):
                    assert count == 0 or count >= k


@settings(max_examples=40, deadline=None)
@given(n=st.integers(20, 120), seed=st.integers(0, 30), k=st.integers(2, 15))
def test_a_lone_withheld_code_of_a_partition_cannot_be_had_by_subtraction(n, seed, k):
    before, after = coded(some(n, seed)), public(coded(some(n, seed)), k)
    for block, shown in zip(before.blocks, after.blocks, strict=True):
        if not block.one or shown.reason or not shown.codes:
            continue
        gone = [b.share.events for b, s in zip(block.codes, shown.codes, strict=True) if s.share.value is None]
        if gone and sum(gone):
            assert len(gone) >= 2
            assert sum(gone) >= k


@pytest.mark.parametrize("n", [0, 3, 200])
def test_the_section_says_who_coded_and_what_is_missing(n):
    for got in (coded(some(n)), public(coded(some(n)), 10)):
        laid = section(got)
        words = " ".join(text for part in laid.parts for text in [*part.paragraphs, *part.items])
        assert "by phrases" in words
        assert laid.anchor == "coding"


def test_the_record_names_itself_in_json():
    assert msgspec.json.decode(msgspec.json.encode(coded(some(30))))["analysis"] == "coding"
