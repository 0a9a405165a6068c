"""Answers fit any schema, and every question of the protocols is answered as the embedded judge would."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.clients.types import Reply, Request, Usage
from selfrule.judges import joint, logprobs, separate
from selfrule.judges.container import Piece, pack, pieces
from selfrule.judges.joining import Parsed
from selfrule.judges.windows import Window
from selfrule.records import Turn
from selfrule.rubric import CONSTRUCTS, LEVELS
from selfrule.testing.answering import Answerer
from selfrule.testing.openai_api import after_container
from selfrule.testing.questions import Question
from tests.testing.asking import TURNS, expected, window


def question(asked: Request) -> Question:
    """A request as the stand-in reads it from Anthropic, where neither name nor choices are told."""
    texts = (asked.shared, asked.ask)
    form = msgspec.json.encode(asked.schema)
    return Question(
        "m", asked.system, texts, after_container(texts), "", asked.schema, schema_key=form, top=asked.top_logprobs
    )


def fits(value: Any, form: dict[str, Any]) -> bool:
    """Whether a value fits a schema of the strict subset."""
    if "anyOf" in form:
        return any(fits(value, part) for part in form["anyOf"])
    if "enum" in form:
        return value in form["enum"]
    match form["type"]:
        case "object":
            parts = form["properties"]
            return (
                isinstance(value, dict)
                and value.keys() == parts.keys()
                and all(fits(value[k], parts[k]) for k in parts)
            )
        case "array":
            return isinstance(value, list) and all(fits(item, form["items"]) for item in value)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, (int, float))
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
    return isinstance(value, str)


def closed(parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}


leaves = st.one_of(
    st.sampled_from([{"type": kind} for kind in ("string", "integer", "number", "boolean", "null")]),
    st.lists(st.sampled_from([*LEVELS, "yes", "no", "other", "x"]), min_size=1, unique=True).map(
        lambda words: {"type": "string", "enum": words}
    ),
)
names = st.sampled_from([*CONSTRUCTS, "level", "turns", "actualized", "reality", "domains", "why", "score"])
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.dictionaries(names, inner, max_size=5).map(closed),
        inner.map(lambda items: {"type": "array", "items": items}),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"anyOf": parts}),
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(schemas, st.sampled_from(["embedded", "fast"]))
def test_an_answer_fits_any_strict_schema(form: dict[str, Any], answers: Any) -> None:
    texts = (pack(pieces(TURNS)), "Construct: attachment")
    asked = Question("m", "", texts, texts[1], schema=form, schema_key=msgspec.json.encode(form))
    assert fits(msgspec.json.decode(Answerer(answers).say(asked).text), form)


@pytest.mark.parametrize("name", list(CONSTRUCTS))
def test_a_question_about_one_construct_is_answered_for_that_construct(name: str) -> None:
    asked = separate.requests(window(), 1000)[name]
    said = Answerer().say(question(asked))
    parsed = separate.read(name, Reply(said.text, said.finish, Usage(), "m"), window())
    assert isinstance(parsed, Parsed)
    assert parsed.levels == {name: expected().levels[name]}
    assert parsed.evidence.get(name, []) == expected().evidence.get(name, [])


def test_the_question_for_evidence_gets_some_for_every_level_above_none() -> None:
    given_levels = dict.fromkeys(CONSTRUCTS, 1) | {"attachment": 0}
    asked = logprobs.follow_up(Parsed(levels=given_levels), window(), 1000)["evidence"]
    answer = msgspec.json.decode(Answerer().say(question(asked)).text)
    assert {name for name in CONSTRUCTS if not answer[name]["turns"]} <= {"attachment"}


def test_turns_of_a_later_window_are_cited_by_their_own_numbers() -> None:
    later = Window(tuple(Piece(piece.index + 40, piece.role, piece.text) for piece in pieces(TURNS)), number=2, of=3)
    said = Answerer().say(question(joint.requests(later, 1000)["all"]))
    parsed = joint.read("all", Reply(said.text, "stop", Usage(), "m"), later)
    assert isinstance(parsed, Parsed)
    assert parsed.evidence == {c: [n + 40 for n in cited] for c, cited in expected().evidence.items()}
    assert not any(mark.startswith("citation_dropped") for mark in parsed.marks)


@pytest.mark.parametrize("text", ["", "no container", pack([Piece(0, "user", "hi")]), pack(pieces(TURNS))[:-5]])
def test_where_there_is_nothing_to_rate_every_level_is_none(text: str) -> None:
    form = joint.requests(window(), 1000)["all"].schema
    answer = msgspec.json.decode(Answerer().say(Question("m", "", (text,), "", schema=form)).text)
    assert {answer[c]["level"] for c in CONSTRUCTS} == {"none"}
    assert {len(answer[c]["turns"]) for c in CONSTRUCTS} == {0}


def test_fast_answers_read_no_conversation_and_are_valid_for_every_protocol() -> None:
    answerer = Answerer("fast")
    for way in (joint, separate, logprobs):
        for name, asked in way.requests(window(), 1000).items():
            said = answerer.say(question(asked))
            parsed = way.read(name, Reply(said.text, "stop", Usage(), "m", said.first), window())
            assert isinstance(parsed, Parsed), (way.NAME, name)
            assert not any(parsed.levels.values())


def test_without_a_schema_the_answer_is_yes_or_no_in_words() -> None:
    text = pack(pieces((Turn("user", "What is 2 + 2?"), Turn("assistant", "4, which is two more than 2."))))
    assert Answerer().say(Question("m", "", (text,), "")).text.endswith("ANSWER: no")
    assert Answerer().say(Question("m", "", (pack(pieces(TURNS)),), "")).text.endswith("ANSWER: yes")
