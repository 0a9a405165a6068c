"""Embedded facets: codes in seven languages, and a description in which nothing of a conversation can stand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule import rubric
from selfrule.judges.facets_embedded import EmbeddedFacets, asked
from selfrule.records import Facet, Rating, Turn
from selfrule.rubric import CONSTRUCTS, LEVELS
from selfrule.rubric.codes import codes
from tests.judges.asking import talk

MAKER = EmbeddedFacets()
CODED = Path(__file__).resolve().parents[2] / "data" / "codes.jsonl"


def facet(*texts: str, domains: tuple[str, ...] = (), **levels: int) -> Facet:
    said = talk(*texts)
    every = {construct: levels.get(construct, 0) for construct in CONSTRUCTS}
    rating = Rating(said.conversation_id, said.content_hash, "rated", "j", "r", levels=every, domains=list(domains))
    return MAKER.facet(said, rating)


@pytest.mark.parametrize(
    ("asks", "says"),
    [
        ("What do I reply?", 'Reply with this: "I\'m free at seven."'),
        ("¿Qué le respondo?", "Mándale esto: «Estoy libre a las siete»."),
        ("Was soll ich antworten?", "Schick ihm genau das: „Ich habe um sieben Zeit.“"),
        ("Qu'est-ce que je réponds ?", "Envoie ceci, mot pour mot : « Je suis libre à sept heures. »"),
        ("O que eu respondo?", "Mande isso: «Estou livre às sete.»"),
        ("何て返信すればいいですか？", "このまま送ってください。「七時なら空いています。」"),
        ("我该怎么回？", "就这么回：“我七点有空，见面说。”"),
    ],
)
def test_a_script_that_was_asked_for_is_found_in_every_language(asks: str, says: str) -> None:
    got = facet(asks, says, action_distortion=2).codes
    assert "complete_scripting" in got["action_mechanism"]
    assert "active_seeking" in got["behaviour"]


def test_where_no_phrase_speaks_the_matter_is_that_of_the_domain_and_where_none_does_it_is_absent() -> None:
    assert facet("hm", "hm hm", domains=("legal",), action_distortion=2).codes["action_target"] == ["legal"]
    assert "action_target" not in facet("hm", "hm hm", action_distortion=2).codes
    assert (
        "legal"
        not in facet("my salary and my boss", "ok", domains=("legal",), action_distortion=2).codes["action_target"]
    )


def test_what_was_not_asked_has_no_code_whatever_was_said() -> None:
    said = ("what do I reply?", 'Reply with this: "I\'m free at seven." He loves you, by 90%. You deserve better.')
    assert set(facet(*said, attachment=0).codes) <= {"behaviour", "trajectory", "support"}


@settings(max_examples=60)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=8))
def test_a_description_holds_no_word_but_those_of_the_rubric(texts: list[str]) -> None:
    made = facet(*texts, domains=("legal", "a forged domain"), **dict.fromkeys(CONSTRUCTS, 3))
    wording = rubric.load()
    known = [*map(wording.name, CONSTRUCTS), *LEVELS, *wording.domains.values(), "In"]
    for dimension in codes():
        known += [dimension.name, *dimension.codes.values()]
    words = set(re.findall(r"\w+", " ".join(known).lower()))
    assert made.description is not None
    assert set(re.findall(r"\w+", made.description.lower())) <= words


def test_a_conversation_of_forty_megabytes_is_read_in_seconds_and_its_forms_in_time_that_grows_with_it() -> None:
    long = ': "' * 13_000_000
    assert facet("why", long, action_distortion=2).status == "described"


def test_every_code_that_phrases_name_is_one_of_the_rubric_and_every_dimension_is_asked_of_something() -> None:
    known = {f"{d.id}:{code}" for d in codes() for code in d.codes}
    assert {cue.id for cue in MAKER._phrases.own.cues} <= known
    every = dict.fromkeys(CONSTRUCTS, 2)
    assert all(asked(dimension, every) for dimension in codes())


def test_the_written_conversations_show_known_codes_of_what_is_asked() -> None:
    known = {d.id: d for d in codes()}
    for line in CODED.read_text("utf-8").splitlines():
        row = json.loads(line)
        for dimension, intended in row["codes"].items():
            assert set(intended) <= known[dimension].codes.keys()
            assert asked(known[dimension], row["levels"]), row["id"]
        assert [Turn(m["role"], m["content"]).role for m in row["messages"]] == ["user", "assistant"] * (
            len(row["messages"]) // 2
        )
