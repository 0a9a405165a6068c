"""The release gate of patterns: what passes is of enough people in numbers and clean in words, and all else is counted."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.errors import UsageError
from selfrule.patterns.gate import released, rows_of
from selfrule.patterns.records import Claim, Patterns
from selfrule.privacy.cells import BASE, smallest
from selfrule.privacy.checker_patterns import shares
from tests.patterns.trees import members, tree


def clean(text: str) -> None:
    return None


def passed(n: int = 800, *, k: int = 10, people: int | None = 300, seed: int = 0, gate=clean, **how) -> Patterns:
    known = members(n, people=people, seed=seed)
    private, rows = tree(known, seed=seed)
    return released(private, known, rows, k=k, text_gate=gate, **how)


@given(st.integers(0, 500), st.sampled_from([None, 5, 60, 400]), st.integers(2, 20), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_every_count_is_a_multiple_of_five_of_at_least_k(n, people, k, seed):
    made = passed(n, k=k, people=people, seed=seed)
    least = smallest(k)
    for one in made.patterns:
        counts = [one.conversations, *one.months.values(), *([one.persons] if one.persons is not None else [])]
        for _, share in shares(msgspec.to_builtins(one)):
            counts += [share * one.conversations, *([(1 - share) * one.conversations] if share < 1 else [])]
        for claim in one.claims:
            assert claim.checked == one.conversations
            counts += [claim.shown, *([claim.checked - claim.shown] if claim.shown < claim.checked else [])]
        for count in counts:
            assert count >= least - 1e-6
            assert count / BASE == pytest.approx(round(count / BASE))


def test_the_same_data_and_key_release_the_same_and_another_key_another():
    assert passed(key=b"a") == passed(key=b"a")
    assert passed(key=b"a") != passed(key=b"b")


def test_patterns_of_few_people_are_not_released_however_many_their_conversations():
    assert passed(people=9).patterns == []
    assert passed(people=9).flagged == 0
    assert len(passed(people=300).patterns) > 10


def test_where_no_person_is_known_conversations_count_as_people_and_this_is_said():
    made = passed(people=None)
    assert len(made.patterns) > 10
    assert all(one.persons is None for one in made.patterns)
    assert any("counted as people" in note for note in made.notes)


def test_shares_are_those_of_the_members_but_for_rounding():
    known = members(3000, people=1500)
    private, rows = tree(known)
    made = released(private, known, rows, text_gate=clean)
    true = {one.id: one for one in private.patterns}
    off = [one.severe - true[one.id].severe for one in made.patterns if one.severe is not None]  # type: ignore[operator]
    assert len(off) > 20
    assert abs(np.mean(off)) < 0.02
    assert sum(one.conversations for one in made.patterns if one.parent is None) == pytest.approx(3000, rel=0.1)


@pytest.mark.parametrize("why", ["personal", "quotation", "auditor"])
def test_a_text_that_the_gate_objects_to_is_withheld_and_counted_and_the_pattern_shows_numbers_alone(why):
    free = passed()
    made = passed(gate=lambda text: why if text == "In some, the rating was severe." else None)
    assert [one.conversations for one in made.patterns] == [one.conversations for one in free.patterns]
    assert all(one.claims == [] for one in made.patterns)
    assert made.withheld.reasons[why] == len(made.patterns)


def test_a_name_that_the_gate_objects_to_is_replaced_by_codes():
    made = passed(gate=lambda text: "personal" if text == "A name" else None)
    assert made.patterns
    assert all(one.name != "A name" and one.name for one in made.patterns)
    assert made.withheld.reasons["personal"] == len(made.patterns)


@pytest.mark.parametrize(
    ("claim", "why"), [(Claim(text="Unchecked."), "unchecked"), (Claim(text="Few.", shown=4, checked=50), "small")]
)
def test_claims_that_were_not_checked_or_that_few_show_are_withheld(claim, why):
    known = members(800, people=300)
    private, rows = tree(known)
    private = msgspec.structs.replace(
        private, patterns=[msgspec.structs.replace(one, claims=[claim]) for one in private.patterns]
    )
    made = released(private, known, rows, text_gate=clean)
    assert made.patterns
    assert all(one.claims == [] for one in made.patterns)
    assert made.withheld.reasons[why] >= len(made.patterns)


def test_a_claim_that_is_a_share_is_told_with_the_number_of_that_share_and_goes_where_it_goes():
    for one in passed().patterns:
        told = [claim.shown for claim in one.claims]
        assert told == ([] if one.severe is None else [round(one.severe * one.conversations)])


def test_what_was_withheld_is_counted_and_its_bias_shown_where_both_sides_are_enough():
    made = passed(2000, people=900)
    known = members(2000, people=900)
    withheld = made.withheld
    assert withheld.patterns == len(tree(known)[0].patterns) - len(made.patterns)
    assert withheld.conversations == 0 or withheld.conversations >= 10
    leaves = {one.id for one in made.patterns} - {one.parent for one in made.patterns}
    top = made.described - made.collapsed
    assert sum(one.conversations for one in made.patterns if one.id in leaves and "." in one.id) <= top
    assert withheld.severe_released == pytest.approx(known.severe.mean(), abs=0.08)


def test_weights_that_differ_are_not_used_and_this_is_said():
    known = members(800, people=300)
    private, rows = tree(known)
    weighted = replace(known, weight=np.linspace(1, 9, len(known)))
    plain, made = (released(private, one, rows, text_gate=clean) for one in (known, weighted))
    assert made.patterns == plain.patterns
    assert made.notes[:-1] == plain.notes
    assert "counts each once" in made.notes[-1]


def test_labels_lose_their_folders_and_groups_their_weighted_places():
    known = members(800, people=300)
    private, rows = tree(known)
    private = msgspec.structs.replace(private, embedding="/home/ana.lopez/models/minilm")
    made = released(private, known, rows, text_gate=clean)
    assert made.embedding == "minilm"
    assert all(round(v / 0.05, 6).is_integer() for one in made.patterns for v in one.place)


def test_near_copies_are_in_no_pattern_and_rows_go_to_every_group_above():
    known = members(6, people=None)
    private, _ = tree(known, per=6)
    ids = known.conversation_id
    got = rows_of(private, known, dict.fromkeys(ids, "p0.0"), {ids[1]: ids[0]})
    assert got["p0"].tolist() == got["p0.0"].tolist() == [0, 2, 3, 4, 5]


def test_a_k_below_two_and_a_budget_that_is_none_are_refused():
    with pytest.raises(UsageError, match="at least 2"):
        passed(k=1)
    for epsilon in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="epsilon"):
            passed(epsilon=epsilon)
