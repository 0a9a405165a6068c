"""The release gate and pseudonyms."""

from __future__ import annotations

from collections import defaultdict

import msgspec
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


@pytest.mark.parametrize(("n", "shown"), [(3, False), (9, False), (10, True), (400, True)])
def test_a_group_of_which_nobody_is_known_counts_by_its_conversations(n, shown):
    groups = [cell({"model": name}, 500, persons=100) for name in "ab"]
    cells = [cell({}, 1000 + n, persons=200), *groups, cell({"model": "c"}, n, persons=0)]
    assert ({"model": "c"} in [e.group for e in release(cells, 10).estimates]) is shown


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


def of_labels(kind: str, labels: int, share: float | None = 0.5, note: str | None = None, **group: str) -> Estimate:
    """A figure made of so many labels."""
    return Estimate(
        construct="flagged", level="moderate+", group=group, count=1.0, n=labels if "among" in kind else 1_000, share=share,
        low=None, high=0.7, method="of some (4); by (40)", missing=0, low_if_missing_none=None, high_if_missing_all=None,
        n_effective=labels / 1.25, design_effect=1.25, kind=kind, note=note,  # type: ignore[arg-type]
    )  # fmt: skip


def rated(count: float, n: int = 1_000, **group: str) -> Estimate:
    return msgspec.structs.replace(cell(group, n), construct="flagged", level="moderate+", count=count)


KINDS = ["confirmed_among_flagged", "confirmed", "missed_at_most", "corrected"]


@pytest.mark.parametrize("kind", KINDS)
@given(labels=st.integers(0, 30), k=st.integers(2, 20))
def test_a_figure_made_of_labels_is_released_only_if_none_or_k_of_them_made_it(kind, labels, k):
    got = release([rated(400), of_labels(kind, labels)], k)
    kept = [e for e in got.estimates if e.kind == kind]
    assert bool(kept) == (labels == 0 or labels >= k)
    if not kept:
        assert got.suppressed == [
            {"group": {}, "construct": "flagged", "level": "moderate+", "reason": "small", "kind": kind}
        ]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_confirmed_of_fewer_flagged_conversations_than_k_is_not_released(kind):
    kept = {e.kind for e in release([rated(9), of_labels(kind, 500)]).estimates}
    assert (kind in kept) == (kind in {"missed_at_most", "corrected"})


def test_figures_made_of_labels_share_the_fate_of_their_group():
    small = [rated(3, 5, month="2026-01"), of_labels("missed_at_most", 50, month="2026-01")]
    got = release([rated(400), *small, of_labels("missed_at_most", 50)])
    assert [(e.kind, e.group) for e in got.estimates] == [("rated", {}), ("missed_at_most", {})]


def test_a_figure_made_of_labels_does_not_make_a_group_small():
    got = release([rated(400), of_labels("confirmed_among_flagged", 3)])
    assert [e.kind for e in got.estimates] == ["rated"]


def test_words_of_a_released_figure_give_no_size_under_k():
    note = "It would take labels of all 4 of them. It would take labels of all 40 of them."
    (kept,) = (e for e in release([rated(400), of_labels("missed_at_most", 50, note=note)]).estimates if e.note)
    assert kept.note == "It would take labels of all of them. It would take labels of all 40 of them."
    assert kept.method == "of some; by (40)"
