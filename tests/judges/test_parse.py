"""An answer is read if it can be read in one way only; otherwise it cannot be read, and no level is made up."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.judges import parse, schema
from selfrule.judges.joining import Parsed
from selfrule.judges.parse import Unusable
from selfrule.rubric import CONSTRUCTS, LEVELS, MARKERS, PRIMITIVES, load
from tests.judges.asking import answer, joint

TURNS = frozenset(range(10))
ratings = st.fixed_dictionaries(
    {
        c: st.builds(
            lambda level, turns: {"turns": turns if level else [], "level": LEVELS[level]},
            st.integers(0, 3),
            st.lists(st.integers(0, 9), min_size=1, max_size=5),
        )
        for c in CONSTRUCTS
    }
)
answers = st.builds(
    lambda rated, marks, domains: {**rated, "actualized": marks, "domains": domains},
    ratings,
    st.fixed_dictionaries({m: st.sampled_from(schema.ANSWERS) for m in MARKERS}),
    st.lists(st.sampled_from(list(load().domains)), unique=True, max_size=3),
)


def read(text: str) -> Parsed | Unusable:
    return parse.read(text, TURNS, parse.joint)


def rated(text: str) -> Parsed:
    outcome = read(text)
    assert isinstance(outcome, Parsed), outcome
    return outcome


@given(answers)
def test_an_answer_of_the_schema_is_read_as_it_says(given_answer: dict[str, Any]) -> None:
    said = rated(json.dumps(given_answer))
    for construct in CONSTRUCTS:
        assert LEVELS[said.levels[construct]] == given_answer[construct]["level"]
        assert said.evidence[construct] == sorted(set(given_answer[construct]["turns"]))
    assert said.actualized == given_answer["actualized"]
    assert list(said.domains) == given_answer["domains"]
    assert not said.lacking
    assert not said.marks


WRAPPINGS = [
    "```json\n%s\n```",
    "Here is my rating:\n\n%s",
    "%s\n\nLet me know if you need more.",
    '<think>maybe {"level": "severe"} ...</think>\n%s',
    "reasoning without an opening tag: {} </think>%s",
    '{"answer": %s}',
    "\ufeff  %s  ",
]


@given(answers, st.sampled_from(WRAPPINGS))
def test_what_is_wrapped_around_an_answer_changes_nothing(given_answer: dict[str, Any], wrapping: str) -> None:
    text = json.dumps(given_answer)
    assert read(wrapping.replace("%s", text)) == read(text)


@given(st.text(max_size=300))
def test_text_that_is_no_answer_gives_no_level(text: str) -> None:
    assert isinstance(read(text), Unusable)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda inner:
    st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*CONSTRUCTS, "level", "turns", "x"]), inner, max_size=8),
    max_leaves=20))  # fmt: skip
def test_any_json_is_read_or_not_without_an_error(value: object) -> None:
    for reader in (
        parse.joint,
        parse.evidence,
        parse.domains,
        parse.primitive(PRIMITIVES[0]),
        parse.factor(CONSTRUCTS[4]),
    ):
        outcome = parse.read(json.dumps(value), TURNS, reader)
        if isinstance(outcome, Parsed):
            assert all(level in range(4) for level in outcome.levels.values())
            assert all(set(cited) <= TURNS for cited in outcome.evidence.values())


@given(answers, st.data())
def test_an_answer_cut_anywhere_is_no_answer(given_answer: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(given_answer)
    at = data.draw(st.integers(0, len(text) - 1))
    assert isinstance(read(text[:at]), Unusable)


@given(
    answers, st.sampled_from(CONSTRUCTS), st.sampled_from([None, "", "high", "none or mild", 4, -1, 2.5, True, [], {}])
)
def test_a_level_that_is_none_of_the_four_is_never_guessed(
    given_answer: dict[str, Any], name: str, bad: object
) -> None:
    given_answer[name]["level"] = bad
    outcome = read(json.dumps(given_answer))
    assert isinstance(outcome, Unusable)
    assert name in outcome.wrong


@pytest.mark.parametrize(
    ("said", "level"), [("Moderate", 2), (" SEVERE ", 3), ("2", 2), (2, 2), (2.0, 2), (0, 0), ("none", 0)]
)
def test_capital_letters_and_numbers_are_levels(said: object, level: int) -> None:
    given_answer = answer("mild", (1,))
    given_answer["attachment"] = {"Level": said, "Turns": ["3", 4.0]}
    whole = rated(json.dumps(given_answer))
    assert whole.levels["attachment"] == level
    assert whole.evidence["attachment"] == ([3, 4] if level else [])


def test_names_of_constructs_and_domains_are_read_as_their_ids() -> None:
    given_answer = answer()
    given_answer["Reality Distortion"] = given_answer.pop("reality_distortion")
    given_answer["domains"] = ["Software development", "legal", "cooking"]
    assert rated(json.dumps(given_answer)).domains == ("software_development", "legal")


def test_a_missing_construct_makes_the_answer_unreadable() -> None:
    given_answer = answer()
    del given_answer["vulnerability"]
    outcome = read(json.dumps(given_answer))
    assert isinstance(outcome, Unusable)
    assert "vulnerability" in outcome.wrong


def test_two_answers_that_differ_are_no_answer_and_two_that_agree_are_one() -> None:
    assert isinstance(read(joint("none") + "\n" + joint("severe", (1,))), Unusable)
    assert rated(joint("none") + "\n" + joint("none")).levels["attachment"] == 0


def test_a_key_that_stands_twice_with_different_values_is_no_answer() -> None:
    text = joint("none")
    assert isinstance(read(text[:-1] + ', "attachment": {"turns": [1], "level": "severe"}}'), Unusable)
    assert isinstance(read(text[:-1] + ', "Attachment": {"turns": [1], "level": "severe"}}'), Unusable)


def test_a_draft_in_thinking_that_was_never_finished_is_no_answer() -> None:
    assert isinstance(read(f"<think>perhaps {joint('none')} but"), Unusable)


def test_turns_that_are_not_there_are_dropped_and_marked() -> None:
    whole = rated(joint("none", (3, 99, -1), attachment="mild"))
    assert whole.evidence["attachment"] == [3]
    assert whole.marks == ("citation_dropped:attachment",)
    assert whole.lacking == ()


def test_a_level_above_none_whose_every_turn_is_made_up_lacks_evidence() -> None:
    whole = rated(joint("none", (99,), attachment="mild", vulnerability="severe"))
    assert whole.lacking == ("attachment", "vulnerability")
    assert whole.levels["vulnerability"] == 3


def test_what_is_wrong_is_said_without_a_word_of_the_answer() -> None:
    outcome = read('{"attachment": "SECRET-9817", "reality_distortion": "SECRET-9817"}')
    assert isinstance(outcome, Unusable)
    assert "SECRET" not in outcome.wrong


@pytest.mark.parametrize(
    "hostile",
    ["{" * 150_000, "[" * 150_000, '{"a":' * 30_000, "{}" * 90_000, '{"a": ' + "9" * 100_000 + "}", '"' * 150_000, "\\" * 150_000,
     "{" + '"' + "\\\"" * 60_000, "x" * 10_000_000, "<think>" * 20_000, "{" + "}{" * 70_000],
    ids=["braces", "brackets", "nested", "empty", "digits", "quotes", "slashes", "escapes", "huge", "tags", "zigzag"],
)  # fmt: skip
def test_a_hostile_answer_costs_little(hostile: str) -> None:
    begun = time.perf_counter()
    assert isinstance(read(hostile), Unusable)
    assert time.perf_counter() - begun < 2


def test_schemas_stay_in_the_subset_that_every_provider_forces() -> None:
    def walk(form: dict[str, Any]) -> None:
        assert set(form) <= {"type", "properties", "required", "additionalProperties", "items", "enum"}
        if form["type"] == "object":
            assert form["required"] == list(form["properties"])
            assert form["additionalProperties"] is False
            for inner in form["properties"].values():
                walk(inner)
        elif form["type"] == "array":
            walk(form["items"])
        elif "enum" in form:
            assert form["type"] == "string"

    for form in (schema.joint(), schema.evidence(), schema.primitive(), schema.factor(), schema.domains()):
        walk(form)
    assert list(schema.primitive()["properties"]) == ["turns", "level", "actualized"]
