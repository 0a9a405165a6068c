"""The release gate and pseudonyms."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.errors import UsageError
from selfrule.privacy import Pseudonyms, release
from selfrule.records import Estimate


def cell(group: dict[str, str], n: int, persons: int | None = None, missing: int = 0) -> Estimate:
    return Estimate(
        construct="flagged", level="moderate+", group=group, count=0, n=n, share=0.0, low=0.0, high=0.1,
        method="", missing=missing, low_if_missing_none=0.0, high_if_missing_all=0.1, persons=persons,
    )  # fmt: skip


months = st.dictionaries(st.sampled_from([f"2025-{m:02d}" for m in range(1, 13)]), st.integers(1, 60), min_size=1)


@given(months, st.integers(2, 20))
def test_no_group_under_k_is_released(sizes, k):
    cells = [cell({}, sum(sizes.values())), *(cell({"month": m}, n) for m, n in sizes.items())]
    assert all(e.n >= k for e in release(cells, k).estimates)


@given(months, st.integers(2, 20))
def test_what_is_hidden_of_a_partition_is_never_one_group_nor_under_k_together(sizes, k):
    cells = [cell({}, sum(sizes.values())), *(cell({"month": m}, n) for m, n in sizes.items())]
    released = release(cells, k)
    whole = [e for e in released.estimates if not e.group]
    hidden = {m: n for m, n in sizes.items() if {"month": m} not in [e.group for e in released.estimates]}
    shown = len(sizes) - len(hidden)
    if whole and hidden and shown:
        assert len(hidden) >= 2
        assert sum(hidden.values()) >= k


@given(months, st.integers(2, 20))
def test_every_cell_is_either_released_or_listed_as_suppressed(sizes, k):
    cells = [cell({"month": m}, n) for m, n in sizes.items()]
    released = release(cells, k)
    seen = defaultdict(int)
    for group in [e.group for e in released.estimates] + [s["group"] for s in released.suppressed]:
        seen[group["month"]] += 1
    assert dict(seen) == dict.fromkeys(sizes, 1)


def test_a_group_of_many_conversations_of_few_people_is_not_released():
    cells = [cell({}, 1000, persons=200), cell({"model": "a"}, 500, persons=190), cell({"model": "b"}, 500, persons=3)]
    assert [e.group for e in release(cells, 10).estimates] == [{}]


def test_one_persons_own_export_is_judged_by_conversations_alone():
    cells = [cell({}, 100, persons=1), cell({"model": "a"}, 60, persons=1), cell({"model": "b"}, 40, persons=1)]
    assert len(release(cells, 10).estimates) == 3


def test_overlapping_groups_need_no_complement():
    cells = [cell({}, 100), cell({"domain": "legal"}, 4), cell({"domain": "other"}, 40)]
    assert [e.group for e in release(cells, 10).estimates] == [{}, {"domain": "other"}]


def test_k_below_two_is_refused():
    with pytest.raises(UsageError, match="at least 2"):
        release([], 1)


@given(st.text(), st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_pseudonym_is_the_same_within_a_study_and_another_in_the_next(person, key, other):
    assert Pseudonyms(key).of(person) == Pseudonyms(key).of(person)
    if key != other:
        assert Pseudonyms(key).of(person) != Pseudonyms(other).of(person)
