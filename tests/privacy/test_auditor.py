"""The auditor: it can only withhold, and says why without saying what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.judges.facets_embedded import templated
from selfrule.privacy import auditor
from selfrule.privacy.auditor import audit
from selfrule.privacy.personal import found
from selfrule.rubric.codes import codes

REASONS = {auditor.RARE, auditor.NUMBER, auditor.DATE, auditor.UNIQUE, auditor.COMBINATION, auditor.MODEL}

WITHHELD = {
    "a name of no list": ("Most were about Zorvath's plans.", auditor.RARE),
    "a name in lower case": ("most were about zorvath", auditor.RARE),
    "a word that is a name": ("Many told Rose everything.", auditor.RARE),
    "at the start": ("Grace was asked for by most.", auditor.RARE),
    "a place": ("Most happened in Poughkeepsie.", auditor.RARE),
    "another script": ("Most were about 王小明.", auditor.RARE),
    "look-alikes": ("Most were about Z\u043erv\u0430th.", auditor.RARE),
    "a number": ("Several sent 47 letters.", auditor.NUMBER),
    "a number in words": ("Several sent forty-seven letters.", auditor.NUMBER),
    "other digits": ("Several sent ٤٧ letters.", auditor.NUMBER),
    "a date": ("It began on 12 June.", auditor.RARE),
    "a year": ("It began in 2019.", auditor.DATE),
    "the only one": ("She is the only pilot among them.", auditor.UNIQUE),
    "a first": ("The first woman to sail alone asked.", auditor.UNIQUE),
    "details together": ("A nurse in a small village who works at night, adopted.", auditor.COMBINATION),
}


@pytest.mark.parametrize(("text", "why"), WITHHELD.values(), ids=WITHHELD.keys())
def test_what_may_name_somebody_is_withheld(text: str, why: str) -> None:
    assert audit(text) == why


@pytest.mark.parametrize(
    "text",
    [
        "Most are about personal relationships.",
        "In most, the assistant wrote whole messages to send.",
        "Many asked whether a partner had hidden motives.",
        "Shown by 45 of 50 members, 90 %.",
        "People were told what to do and did it.",
    ],
)
def test_plain_sentences_about_many_people_pass(text: str) -> None:
    assert audit(text) is None
    assert found(text) == []


def test_every_name_of_a_code_passes_every_check() -> None:
    for dimension in codes():
        for code, name in dimension.codes.items():
            assert audit(name) is None
            assert found(templated({dimension.id: [code]}, {"action_distortion": 2}, ["legal"])) == []


def test_a_model_that_calls_everything_safe_changes_nothing() -> None:
    asked: list[str] = []

    def safe(text: str) -> bool:
        asked.append(text)
        return True

    for text, why in WITHHELD.values():
        assert audit(text, model=safe) == why
    assert asked == []


@pytest.mark.parametrize("answer", [False, None])
def test_a_model_that_objects_or_cannot_tell_withholds(answer: bool | None) -> None:
    assert audit("Most are about work.", model=lambda text: answer) == auditor.MODEL
    assert audit("Most are about work.", model=lambda text: True) is None


@given(st.text(max_size=120))
def test_a_reason_is_one_of_a_closed_list_and_never_holds_the_text(text: str) -> None:
    assert audit(text) in REASONS | {None}


@given(st.text(max_size=80), st.frozensets(st.text(max_size=8), max_size=4))
def test_a_word_allowed_can_only_let_through_what_is_rare(text: str, common: frozenset[str]) -> None:
    before, after = audit(text), audit(text, common)
    assert before in {after, auditor.RARE}
