"""Mappings that users write, and those that column names suggest."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from selfrule.errors import UsageError
from selfrule.records import Draft
from selfrule.sources import (
    Mapping,
    RecordError,
    by_name,
    detect,
    generic_reader,
    group_rows,
    guess,
    mapping_from_toml,
    parse_mapping,
)

from .fixtures import DIALOGUE, PAIR


def texts(draft: Draft) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in draft.turns]


REVIEWED: dict[str, Any] = {
    "key": 12,
    "talk": {
        "lines": [
            {"who": "Client", "says": {"now": "Tired."}, "when": 1741600000},
            {"who": "Ms B", "says": {"now": "Since when?"}},
        ]
    },
    "review": {"client_id": 41, "points": "66", "kind": "pilot,evening"},
    "happened": "2025-03-09",
}
MAP = (
    "turns=talk.lines,text=says.now,role=who,time=when,roles.Ms B=assistant,"
    "person=review.client_id,score=review.points,id=key,tags=review.kind"
)


def test_a_mapping_reads_nested_records_by_dotted_paths() -> None:
    (draft,) = generic_reader(parse_mapping(MAP)).read(REVIEWED, "f")
    assert texts(draft) == [("user", "Tired."), ("assistant", "Since when?")]
    assert (draft.source_id, draft.person, draft.score, draft.tags) == ("12", "41", 66.0, ["pilot", "evening"])
    assert [turn.at for turn in draft.turns] == [1741600000000, None]
    assert draft.notes == []


def test_a_mapping_written_as_toml_is_the_same_mapping() -> None:
    toml = """
    [map]
    turns = "talk.lines"
    text = "says.now"
    role = "who"
    time = "when"
    person = "review.client_id"
    score = "review.points"
    id = "key"
    tags = "review.kind"
    [map.roles]
    "Ms B" = "assistant"
    """
    assert mapping_from_toml(toml) == parse_mapping(MAP) == parse_mapping(MAP.split(","))
    assert mapping_from_toml(toml.replace("[map]", "").replace("[map.roles]", "[roles]")) == parse_mapping(MAP)


def test_a_mapping_describes_itself_as_one_would_write_it() -> None:
    mapping = parse_mapping(MAP)
    assert parse_mapping(mapping.describe()) == mapping


def test_a_mapping_can_be_sent_to_a_worker() -> None:
    mapping = parse_mapping(MAP)
    assert msgspec.json.decode(msgspec.json.encode(mapping), type=Mapping) == mapping


def test_a_time_of_the_record_says_when_it_started_but_not_when_a_turn_was() -> None:
    (draft,) = generic_reader(parse_mapping("turns=talk.lines,text=says.now,role=who,time=happened")).read(
        REVIEWED, "f"
    )
    assert draft.started_at == 1741478400000
    assert all(turn.at is None for turn in draft.turns)
    assert draft.notes == ["role"]


def test_columns_whose_names_hold_dots_are_found() -> None:
    (draft,) = generic_reader(parse_mapping("prompt=in.text,response=out.0.text")).read(
        {"in.text": "Hi", "out": '[{"text": "Hello"}]'}, "f"
    )
    assert texts(draft) == [("user", "Hi"), ("assistant", "Hello")]


def test_an_exchange_per_row_has_a_system_prompt_and_a_context_where_mapped() -> None:
    row = {"sys": "Be brief.", "q": "Translate", "more": "der Baum", "a": "the tree", "at": "2025-03-10T10:00:00Z"}
    (draft,) = generic_reader(parse_mapping("system=sys,prompt=q,context=more,response=a,time=at")).read(row, "f")
    assert texts(draft) == [("system", "Be brief."), ("user", "Translate\n\nder Baum"), ("assistant", "the tree")]
    assert draft.started_at == 1741600800000


ROWS = [
    {"chat": "c7", "who": "customer", "line": "Where is it?", "at": "2025-03-10T10:00:00Z", "user": "u-1", "mood": ""},
    {
        "chat": "c7",
        "who": "agent",
        "line": "On its way.",
        "at": "2025-03-10T10:00:09Z",
        "user": "",
        "mood": "thumbs_up",
    },
]
BY_ROW = parse_mapping("conversation=chat,text=line,role=who,time=at,person=user,thumb=mood")


def test_rows_of_one_conversation_are_read_together() -> None:
    draft = group_rows(ROWS, BY_ROW)
    assert texts(draft) == [("user", "Where is it?"), ("assistant", "On its way.")]
    assert (draft.source_id, draft.person, draft.thumb) == ("c7", "u-1", "up")
    assert draft.started_at == 1741600800000
    assert generic_reader(BY_ROW).conversation_of(ROWS[0]) == "c7"


def test_rows_out_of_order_are_put_in_the_order_of_their_times_and_told() -> None:
    draft = group_rows(ROWS[::-1], BY_ROW)
    assert texts(draft) == texts(group_rows(ROWS, BY_ROW))
    assert draft.notes == ["reordered"]


def test_rows_without_all_times_stay_as_they_are() -> None:
    draft = group_rows([{**ROWS[1], "at": None}, ROWS[0]], BY_ROW)
    assert draft.turns[0].role == "assistant"
    assert draft.notes == []


def test_exchanges_of_one_conversation_become_its_turns() -> None:
    rows = [{"c": 1, "q": "a", "r": "b"}, {"c": 1, "q": "c", "r": "d"}]
    draft = group_rows(rows, parse_mapping("conversation=c,prompt=q,response=r"))
    assert texts(draft) == [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "key=path"),
        ("text", "key=path"),
        ("text=", "key=path"),
        ("txt=a,role=b", "'txt' is not a key"),
        ("text=a", "either text and role"),
        ("prompt=a", "either text and role"),
        ("text=a,role=b,prompt=c,response=d", "either text and role"),
        ("text=a,role=b,prompt=c", "either text and role"),
        ("turns=t,prompt=a,response=b", "turns"),
        ("turns=t,text=a,role=b,conversation=c", "turns"),
        ("turns=t,text=a,role=b,roles.client=boss", "must be one of user, assistant"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_with_what_is_allowed(given: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_mapping(given)
    assert words in str(caught.value)
    assert "--map" in str(caught.value)


@pytest.mark.parametrize(
    "given", ["text = ", "text = 3\nrole = 'a'", "roles = 'x'\nprompt='a'\nresponse='b'", "[texts]\na = 'b'"]
)
def test_a_mapping_file_that_makes_no_sense_is_refused_by_name(given: str) -> None:
    with pytest.raises(UsageError, match=r"^my\.toml"):
        mapping_from_toml(given, "my.toml")


def test_a_record_without_the_mapped_list_is_refused() -> None:
    with pytest.raises(RecordError) as caught:
        generic_reader(parse_mapping(MAP)).read({"talk": {}}, "f")
    assert caught.value.kind == "shape"


def test_text_and_role_alone_find_the_list_that_holds_them() -> None:
    mapping = parse_mapping("text=body,role=sender")
    record = {"ids": [1, 2], "talk": [{"sender": "human", "body": "Hi"}, {"sender": "bot", "body": "Hello"}]}
    assert generic_reader(mapping).sniff(record, "f")
    assert texts(generic_reader(mapping).read(record, "f")[0]) == [("user", "Hi"), ("assistant", "Hello")]


def test_text_and_role_alone_on_rows_of_one_turn_ask_for_the_conversation() -> None:
    with pytest.raises(RecordError) as caught:
        generic_reader(parse_mapping("text=body,role=sender")).read({"sender": "human", "body": "Hi", "chat": 3}, "f")
    assert caught.value.kind == "turn_row"
    assert "conversation=<column" in caught.value.remedy


def test_a_mapping_says_whether_it_fits_a_record() -> None:
    reader = generic_reader(parse_mapping(MAP))
    assert reader.sniff(REVIEWED, "f") == "has 'talk.lines' as mapped"
    assert reader.sniff({"talk": 3}, "f") is None


@pytest.mark.parametrize(
    ("record", "described"),
    [
        (PAIR, "prompt=Prompt,response=Response,person=User_ID,model=model"),
        (DIALOGUE, "text=utterance,role=speaker,turns=dialogue,time=time"),
        ({"instruction": "a", "input": "b", "output": "c"}, "prompt=instruction,context=input,response=output"),
        ({"question": "a", "answer": "b", "rating": 4}, "prompt=question,response=answer,score=rating"),
        ({"input": "a", "output": "b", "rating": "thumbs_down"}, "prompt=input,response=output,thumb=rating"),
        ({"statement": "a", "response": "b", "id": 3}, "prompt=statement,response=response,id=id"),
        ({"history": [{"from": "a", "text": "b"}]}, "text=text,role=from,turns=history"),
        ({"odd": [{"sender": "a", "message": "b"}], "lang": "en"}, "text=message,role=sender,turns=odd,language=lang"),
        ({"conv_id": "1", "role": "user", "text": "a"}, "text=text,role=role,conversation=conv_id"),
    ],
)
def test_column_names_suggest_a_mapping(record: dict[str, Any], described: str) -> None:
    mapping = guess(record)
    assert mapping is not None
    assert mapping.describe() == described
    assert parse_mapping(described) == mapping


@pytest.mark.parametrize("record", [{}, {"a": 1}, {"prompt": "x"}, {"turns": [1, 2]}, {"prompt": 3, "response": 4}])
def test_column_names_that_say_nothing_suggest_nothing(record: dict[str, Any]) -> None:
    assert guess(record) is None


def test_the_guess_is_told_as_the_text_one_would_give() -> None:
    found = detect([PAIR], "table.csv")
    assert found is not None
    assert found[1] == "column names suggest --map prompt=Prompt,response=Response,person=User_ID,model=model"


def test_a_column_whose_name_is_none_of_ours_is_not_told_for_it_may_be_a_persons() -> None:
    found = detect([{"Zorvane Xhelbunik": [{"role": "user", "text": "a"}]}], "table.jsonl")
    assert found is not None
    assert found[1] == "column names suggest --map text=text,role=role,turns=NAME"


def test_a_row_that_is_one_turn_is_refused_with_the_mapping_that_would_read_it() -> None:
    row = {"conversation_id": "1", "role": "user", "content": "a"}
    with pytest.raises(RecordError) as caught:
        by_name("generic").read(row, "f")
    assert caught.value.kind == "turn_row"
    assert caught.value.remedy == "--map text=content,role=role,conversation=conversation_id"
    assert parse_mapping(caught.value.remedy.removeprefix("--map ")) == guess(row)
