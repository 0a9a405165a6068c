"""Data sets and chat logs, format by format."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from selfrule.records import Draft, Turn
from selfrule.sources import RecordError, by_name, detect

from .fixtures import (
    ANTHROPIC,
    HH,
    INSPECT,
    LMSYS,
    OASST,
    OPENAI,
    OPENAI_LOG,
    SHAREGPT,
    WILDCHAT_FLAT,
    WILDCHAT_NESTED,
    oasst_message,
)


def read(name: str, record: dict[str, Any]) -> Draft:
    (draft,) = by_name(name).read(record, "f")
    return draft


def texts(draft: Draft) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in draft.turns]


@pytest.mark.parametrize("record", [WILDCHAT_FLAT, WILDCHAT_NESTED], ids=["flat", "nested"])
def test_wildchat_rows_keep_person_country_model_and_tags_in_both_variants(record: dict[str, Any]) -> None:
    draft = read("wildchat", record)
    assert texts(draft) == [("user", "Name a tree."), ("assistant", "Oak.")]
    assert (draft.person, draft.country, draft.language) == ("ab" * 32, "Chile", "en")
    assert (draft.model, draft.tags, draft.source_id) == ("gpt-4-0314", ["toxic"], "9f" * 16)


def test_a_wildchat_conversation_starts_at_its_first_turn_not_at_the_row_s_time() -> None:
    draft = read("wildchat", WILDCHAT_FLAT)
    assert [turn.at for turn in draft.turns] == [None, 1680998573000]
    assert draft.started_at == 1680998573000
    turns = [{**turn, "timestamp": None} for turn in WILDCHAT_FLAT["conversation"]]
    assert read("wildchat", {**WILDCHAT_FLAT, "conversation": turns}).started_at == 1680998700000


def test_a_wildchat_conversation_starts_at_its_earliest_turn() -> None:
    times = ["2023-04-09T00:05:00Z", "2023-04-09T00:01:00Z"]
    turns = [{**turn, "timestamp": at} for turn, at in zip(WILDCHAT_FLAT["conversation"], times, strict=True)]
    assert read("wildchat", {**WILDCHAT_FLAT, "conversation": turns}).started_at == 1680998460000


def test_an_lmsys_row_has_no_person_and_no_time() -> None:
    draft = read("lmsys", LMSYS)
    assert (draft.model, draft.language, draft.tags, draft.source_id) == ("vicuna-13b", "es", ["redacted"], "33f0")
    assert draft.person is None
    assert draft.started_at is None


def test_sharegpt_speakers_become_roles_and_consecutive_turns_are_kept() -> None:
    draft = read("sharegpt", SHAREGPT)
    assert [turn.role for turn in draft.turns] == ["system", "user", "assistant", "assistant"]
    assert draft.notes == ["consecutive"]


def test_an_openai_record_keeps_every_message_at_its_index() -> None:
    draft = read("openai_messages", OPENAI)
    assert texts(draft) == [
        ("system", "Du hilfst."),
        ("user", "Guten Tag"),
        ("assistant", ""),
        ("user", "Was ist das?\n[image]"),
        ("assistant", "[tool call]"),
        ("tool", "42"),
        ("assistant", "Ein Bild."),
    ]
    assert draft.turns[2].at == 1741600800000


def test_an_openai_record_keeps_what_stands_beside_the_messages() -> None:
    draft = read("openai_messages", OPENAI)
    assert (draft.source_id, draft.person, draft.model, draft.product) == ("c-1", "u-17", "gpt-4o", "helpdesk")
    assert (draft.language, draft.country, draft.thumb, draft.score) == ("de", "AT", "down", 3.5)
    assert (draft.started_at, draft.tags) == (1741600000000, ["pilot", "web"])


def test_fields_inside_metadata_count_where_the_record_itself_has_none() -> None:
    record = {"messages": OPENAI["messages"], "model": "m-1", "metadata": {"user_id": "u-5", "model": "m-2"}}
    draft = read("openai_messages", record)
    assert (draft.person, draft.model) == ("u-5", "m-1")


def test_a_logged_request_gets_its_response_and_counts_the_other_choices() -> None:
    draft = read("openai_messages", OPENAI_LOG)
    assert texts(draft) == [("user", "Hi"), ("assistant", "Hello!")]
    assert draft.branches == 1
    assert (draft.source_id, draft.person, draft.model) == ("req-5", "u-18", "gpt-4o")
    assert draft.started_at == 1741600000000


@pytest.mark.parametrize(
    "record",
    [
        {"messages": [{"role": "user", "content": "Hi"}], "response": "Hello!"},
        {"messages": [{"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Hello!"}]},
        {"messages": [{"role": "user", "content": "Hi"}], "response": {"message": {"content": "Hello!"}}},
        {"messages": [{"role": "user", "content": "Hi"}], "choices": [{"text": "Hello!", "finish_reason": "stop"}]},
        {
            "body": {"messages": [{"role": "user", "content": "Hi"}]},
            "response": {"body": {"choices": [{"message": {"content": "Hello!"}}]}},
        },
        {
            "input": [{"role": "user", "content": "Hi"}],
            "output": [
                {"type": "reasoning"},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello!"}]},
            ],
        },
        {
            "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}],
            "output": "a label",
        },
    ],
    ids=["text", "list", "ollama", "completions", "batch", "responses", "answered already"],
)
def test_logs_of_many_shapes_end_with_the_answer(record: dict[str, Any]) -> None:
    found = detect([record], "f")
    assert found is not None
    assert texts(found[0].read(record, "f")[0]) == [("user", "Hi"), ("assistant", "Hello!")]


def test_consecutive_messages_of_one_speaker_are_kept_apart_and_told() -> None:
    draft = read("openai_messages", {"messages": [{"role": "user", "content": text} for text in ("Hi", "there")]})
    assert texts(draft) == [("user", "Hi"), ("user", "there")]
    assert draft.notes == ["consecutive"]


@pytest.mark.parametrize("keys", [("id", "conversation_id"), ("conversation_id", "id")])
def test_of_several_ids_the_record_s_own_comes_first(keys: tuple[str, str]) -> None:
    record = {**{key: f"its {key}" for key in keys}, "messages": [{"role": "user", "content": "Hi"}]}
    assert read("openai_messages", record).source_id == "its id"


def test_a_message_of_blanks_and_a_picture_holds_no_words() -> None:
    record = {"messages": [{"role": "user", "content": [{"type": "text", "text": " "}, {"type": "image_url"}]}]}
    with pytest.raises(RecordError) as caught:
        read("openai_messages", record)
    assert caught.value.kind == "empty"


def test_an_answer_that_is_itself_json_is_an_answer() -> None:
    record = {"messages": [{"role": "user", "content": "As JSON"}], "response": '{"output": 42}'}
    assert texts(read("openai_messages", record))[1] == ("assistant", '{"output": 42}')


def test_a_response_nested_without_end_does_not_overflow() -> None:
    response: Any = {"message": "x"}
    for _ in range(3000):
        response = {"body": response}
    record = {"messages": [{"role": "user", "content": "Hi"}], "response": response}
    assert texts(read("openai_messages", record)) == [("user", "Hi")]


def test_a_message_that_is_no_object_keeps_its_place() -> None:
    record = {
        "messages": [{"role": "user", "content": "Hi"}, None, "loose text", {"role": "assistant", "content": "Yo"}]
    }
    draft = read("openai_messages", record)
    assert texts(draft) == [("user", "Hi"), ("other", ""), ("other", "loose text"), ("assistant", "Yo")]
    assert draft.notes == ["content"]


def test_anthropic_blocks_keep_words_and_mark_the_rest() -> None:
    draft = read("anthropic_messages", ANTHROPIC)
    assert texts(draft) == [
        ("system", "You are kind."),
        ("user", "[image]\nWhat is this?"),
        ("assistant", "I will look closer.\n[tool call]"),
        ("tool", "whiskers"),
        ("assistant", "A cat."),
    ]
    assert (draft.person, draft.model) == ("u-19", "claude-sonnet-4")


def test_the_last_answers_of_a_pair_become_two_conversations() -> None:
    chosen, rejected = by_name("hh_rlhf").read(HH, "f")
    assert texts(chosen) == [("user", "May I pet it?"), ("assistant", "Ask its owner first.")]
    assert (chosen.tags, rejected.tags) == (["chosen"], ["rejected"])
    assert chosen.source_id is rejected.source_id is None


def test_a_pair_with_one_unreadable_side_keeps_the_other_and_says_so() -> None:
    (draft,) = by_name("hh_rlhf").read({**HH, "rejected": ""}, "f")
    assert draft.tags == ["chosen"]
    assert draft.notes == ["pair"]


def test_words_before_the_first_speaker_of_a_pair_are_kept() -> None:
    draft = by_name("hh_rlhf").read({**HH, "chosen": "A note." + HH["chosen"]}, "f")[0]
    assert draft.turns[0] == Turn("other", "A note.")


def test_the_best_ranked_replies_of_a_tree_are_followed_and_the_others_counted() -> None:
    draft = read("oasst", OASST)
    assert texts(draft) == [
        ("user", "What is rain?"),
        ("assistant", "Water that falls."),
        ("user", "And snow?"),
        ("assistant", "Frozen water."),
    ]
    assert draft.branches == 1
    assert (draft.person, draft.language, draft.started_at) == ("person-9", "en", 1675607030983)


def test_unranked_replies_are_taken_in_order() -> None:
    tree = oasst_message("p", "prompter", "Q", [oasst_message(k, "assistant", k) for k in "abc"])
    draft = read("oasst", {"message_tree_id": "t", "prompt": tree})
    assert draft.turns[1].text == "a"
    assert draft.branches == 2


def test_single_messages_of_trees_are_refused_with_the_remedy() -> None:
    row = {"message_id": "m", "parent_id": None, "message_tree_id": "t", "role": "prompter", "text": "Hi", "lang": "en"}
    found = detect([row], "oasst.jsonl")
    assert found is not None
    assert found[0].name == "oasst"
    with pytest.raises(RecordError) as caught:
        found[0].read(row, "oasst.jsonl")
    assert caught.value.kind == "turn_row"
    assert "trees" in caught.value.remedy


def test_an_inspect_sample_resolves_texts_kept_apart_and_takes_its_model_from_the_header() -> None:
    draft = read("inspect_eval", INSPECT)
    assert texts(draft) == [("user", "Is the lake deep?"), ("assistant", "Yes")]
    assert (draft.source_id, draft.model, draft.started_at) == ("4_epoch_2", "openai/gpt-4o-mini", 1758629399035)


def test_an_inspect_reference_that_leads_nowhere_is_told() -> None:
    draft = read("inspect_eval", {**INSPECT, "attachments": {}})
    assert draft.turns[0].text == "attachment://" + "0a" * 16
    assert draft.notes == ["attachment"]


@pytest.mark.parametrize("given", ["Is it so?", [{"role": "user", "content": "Is it so?"}]], ids=["text", "messages"])
def test_an_inspect_sample_without_messages_is_its_input_and_output(given: Any) -> None:
    record = deepcopy(INSPECT)
    record.update(messages=[], input=given)
    assert texts(read("inspect_eval", record)) == [("user", "Is it so?"), ("assistant", "Yes")]
    record["output"] = {"completion": "No"}
    assert texts(read("inspect_eval", record))[1] == ("assistant", "No")
