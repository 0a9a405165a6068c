"""ChatGPT and Claude.ai exports: what the person saw, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from selfrule.records import Draft
from selfrule.sources import RecordError, by_name

from .fixtures import ROOT_UUID, chatgpt, chatgpt_full, claude_full, claude_message, node


def read(name: str, record: dict[str, Any]) -> Draft:
    (draft,) = by_name(name).read(record, "conversations.json")
    return draft


def texts(draft: Draft) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in draft.turns]


def test_a_chatgpt_conversation_is_the_path_to_the_current_node_as_the_person_saw_it() -> None:
    draft = read("chatgpt", chatgpt_full())
    assert texts(draft) == [
        ("user", "How far is the lake?"),
        ("assistant", "Twelve kilometres."),
        ("user", "[image]\nIs this it?\n[attachment: application/pdf]"),
        ("assistant", "Yes, that is the lake."),
        ("user", "And by bike?"),
        ("assistant", "[image]"),
        ("assistant", "Here is a bike."),
    ]
    assert draft.source_id == "67ce-chat"
    assert draft.product == "ChatGPT"
    assert draft.model == "gpt-4o"  # said two of three answers
    assert draft.tags == ["voice"]


def test_edited_questions_and_regenerated_answers_are_left_out_and_counted() -> None:
    assert read("chatgpt", chatgpt_full()).branches == 2


def test_times_are_those_of_the_log_and_a_missing_one_stays_missing() -> None:
    draft = read("chatgpt", chatgpt_full())
    assert draft.started_at == 1741600000250
    assert [turn.at for turn in draft.turns][:3] == [1741600001500, None, 1741600050000]


@pytest.mark.parametrize(
    "hidden",
    [
        node("x", "u", "system", "internal"),
        node("x", "u", "tool", "internal"),
        node("x", "u", "assistant", "internal", content_type="thoughts"),
        node("x", "u", "assistant", "internal", content_type="reasoning_recap"),
        node("x", "u", "user", "internal", content_type="user_editable_context"),
        node("x", "u", "user", "internal", metadata={"is_visually_hidden_from_conversation": True}),
        node("x", "u", "user", "internal", metadata={"is_user_system_message": True}),
        node("x", "u", "assistant", "internal", recipient="python", content_type="code"),
        node("x", "u", "assistant", "internal", channel="analysis"),
        node("x", "u", "assistant", ""),
    ],
    ids=lambda n: str(n["message"]["author"]["role"]) + "-" + str(n["message"]["content"]["content_type"]),
)
def test_what_the_interface_hides_is_no_turn(hidden: dict[str, Any]) -> None:
    record = chatgpt([node("u", None, "user", "Hi"), hidden, node("a", "x", "assistant", "Hello")], "a")
    draft = read("chatgpt", record)
    assert texts(draft) == [("user", "Hi"), ("assistant", "Hello")]
    assert draft.branches == 0
    assert draft.notes == []


def test_code_shown_to_the_person_is_read() -> None:
    code = node("a", "u", "assistant", [], content_type="code", content={"text": "print(1)", "parts": None})
    assert texts(read("chatgpt", chatgpt([node("u", None, "user", "Hi"), code], "a")))[1] == ("assistant", "print(1)")


def test_two_answers_with_only_hidden_work_between_them_are_no_irregularity() -> None:
    nodes = [
        node("u", None, "user", "Hi"),
        node("a", "u", "assistant", "Let me see."),
        node("t", "a", "tool", "..."),
        node("b", "t", "assistant", "Done."),
    ]
    assert read("chatgpt", chatgpt(nodes, "b")).notes == []
    nodes[3]["parent"] = "a"
    assert read("chatgpt", chatgpt(nodes, "b")).notes == ["consecutive"]


@pytest.mark.parametrize("current", [None, "gone", 7, ["a"]])
def test_without_a_usable_current_node_the_latest_branch_is_read_and_told(current: Any) -> None:
    nodes = [
        node("u", None, "user", "Hi", 1741600000.0),
        node("late", "u", "assistant", "late", 1741600900.0),
        node("early", "u", "assistant", "early", 1741600100.0),
    ]
    draft = read("chatgpt", chatgpt(nodes, current))
    assert texts(draft)[1] == ("assistant", "late")
    assert draft.notes == ["branch_guessed"]
    assert draft.branches == 1


def test_a_missing_parent_ends_the_path_and_is_told() -> None:
    draft = read("chatgpt", chatgpt([node("u", "gone", "user", "Hi"), node("a", "u", "assistant", "Hello")], "a"))
    assert len(draft.turns) == 2
    assert draft.notes == ["parent_missing"]


def test_parents_in_a_circle_do_not_hang() -> None:
    draft = read("chatgpt", chatgpt([node("u", "a", "user", "Hi"), node("a", "u", "assistant", "Hello")], "a"))
    assert texts(draft) == [("user", "Hi"), ("assistant", "Hello")]
    assert draft.notes == ["cycle"]


def test_a_circle_without_a_current_node_is_refused_as_empty() -> None:
    with pytest.raises(RecordError) as caught:
        read("chatgpt", chatgpt([node("u", "a", "user", "Hi"), node("a", "u", "assistant", "Hello")], None))
    assert caught.value.kind == "empty"


def test_a_conversation_of_pictures_alone_is_empty() -> None:
    picture = {"content_type": "image_asset_pointer"}
    with pytest.raises(RecordError) as caught:
        read("chatgpt", chatgpt([node("u", None, "user", [picture], content_type="multimodal_text")], "u"))
    assert caught.value.kind == "empty"


def test_a_claude_conversation_holds_text_blocks_alone() -> None:
    draft = read("claude_ai", claude_full())
    assert texts(draft) == [
        ("user", "How do I bake bread?\n[attachment: text/plain]\n[image]\n[attachment: file]"),
        ("assistant", "Let me look.\nBake it at 230 degrees."),
        ("user", "And rolls?"),
        ("assistant", "Rolls take 15 minutes."),
    ]
    assert draft.person == "acc-77"
    assert draft.product == "Claude.ai"
    assert draft.started_at == 1740823199000


def test_the_claude_branch_written_last_is_read_and_the_other_counted() -> None:
    draft = read("claude_ai", claude_full())
    assert draft.branches == 1
    assert draft.notes == ["branch_guessed"]


def test_the_current_leaf_of_a_claude_conversation_decides_where_it_is_given() -> None:
    draft = read("claude_ai", {**claude_full(), "current_leaf_message_uuid": "m3-left"})
    assert draft.turns[-1].text == "And cake?"
    assert draft.branches == 1
    assert draft.notes == []


def test_older_claude_exports_without_parents_are_read_in_order() -> None:
    record = claude_full()
    for message in record["chat_messages"]:
        message.pop("parent_message_uuid", None)
    draft = read("claude_ai", record)
    assert len(draft.turns) == 5
    assert draft.branches == 0
    assert draft.notes == ["consecutive"]


def test_claude_text_is_used_where_there_is_no_content() -> None:
    record = {"uuid": "c", "chat_messages": [claude_message("m", None, "human", "Hello", content=[])]}
    assert texts(read("claude_ai", record)) == [("user", "Hello")]


def test_a_claude_message_of_thinking_alone_stays_as_an_empty_turn() -> None:
    thinking = [{"type": "thinking", "thinking": "private"}]
    messages = [
        claude_message("m1", ROOT_UUID, "human", "Hi"),
        claude_message("m2", "m1", "assistant", "not read", content=thinking),
    ]
    assert texts(read("claude_ai", {"uuid": "c", "chat_messages": messages})) == [("user", "Hi"), ("assistant", "")]


def test_claude_messages_in_a_circle_do_not_hang() -> None:
    messages = [claude_message("m1", "m2", "human", "Hi"), claude_message("m2", "m1", "assistant", "Hello")]
    draft = read("claude_ai", {"uuid": "c", "chat_messages": messages})
    assert draft.notes == ["cycle"]
    assert len(draft.turns) == 2


def test_claude_messages_that_share_an_id_are_all_kept() -> None:
    messages = [
        claude_message("m", ROOT_UUID, "human", "one"),
        claude_message("m", "m", "assistant", "two"),
    ]
    assert {turn.text for turn in read("claude_ai", {"uuid": "c", "chat_messages": messages}).turns} == {"one", "two"}
