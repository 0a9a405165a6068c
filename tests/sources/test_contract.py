"""What every reader promises, checked on every reader."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfrule.errors import FormatError
from selfrule.records import ROLES, Draft
from selfrule.sources import NOTES, READERS, RecordError, by_name, detect
from selfrule.sources.reader import Reader

from .fixtures import (
    CASES,
    DIALOGUE,
    HH,
    LMSYS,
    OASST,
    PAIR,
    RECORDS,
    SHAREGPT,
    WILDCHAT_FLAT,
    WILDCHAT_NESTED,
    with_text,
    with_turns,
)

ids = [f"{name}-{index}" for index, (name, _) in enumerate(CASES)]
every_case = pytest.mark.parametrize(("name", "record"), CASES, ids=ids)
every_reader = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)

# keys and words that readers look for, so that random records get past the first check
_NAMES = """
messages mapping current_node chat_messages conversation conversations content role text from value parts message author
parent metadata create_time timestamp prompt replies rank response request choices chosen rejected input output target
epoch dialogue speaker utterance user assistant human gpt tool id uuid sender type image tool_use conversation_hash
conversation_id model turn created_at feedback score tags system language attachments a b
"""
_WORDS = st.sampled_from(_NAMES.split())
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | _WORDS
    | st.text(max_size=8)
    | st.just("\ud800\0 x")
    | st.just('[{"role": "user", "content": "hi"}]')
    | st.just('{"a":')
    | st.just("\n\nHuman: a\n\nAssistant: b")
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS | st.text(max_size=3), inner, max_size=6),
    max_leaves=25,
)
_RECORD = st.dictionaries(_WORDS, _JSON, max_size=8)


def check_draft(draft: Draft) -> None:
    """A draft that every later stage can take: typed, storable, with words, with known notes."""
    msgspec.convert(msgspec.to_builtins(draft), Draft)
    assert draft.turns
    assert any(turn.text.strip() for turn in draft.turns)
    strings = [turn.text for turn in draft.turns] + draft.tags
    strings += [draft.source_id, draft.person, draft.model, draft.product, draft.language, draft.country]
    for text in filter(None, strings):
        text.encode()
        assert "\0" not in text
    assert {turn.role for turn in draft.turns} <= set(ROLES)
    assert set(draft.notes) <= set(NOTES)
    assert len(draft.notes) == len(set(draft.notes))
    assert draft.branches >= 0


@every_case
def test_a_record_is_recognised_as_what_it_is(name: str, record: dict[str, Any]) -> None:
    found = detect([record], "file.json")
    assert found is not None
    assert found[0].name == name
    assert found[1]


@every_case
def test_a_record_gives_conversations_that_later_stages_can_take(name: str, record: dict[str, Any]) -> None:
    for draft in by_name(name).read(record, "file.json"):
        check_draft(draft)


@every_case
def test_reading_is_pure(name: str, record: dict[str, Any]) -> None:
    before = deepcopy(record)
    first, second = (by_name(name).read(record, "file.json") for _ in range(2))
    assert first == second
    assert record == before


@every_case
def test_nested_columns_may_arrive_as_json_text(name: str, record: dict[str, Any]) -> None:
    row = {key: json.dumps(value) if isinstance(value, list | dict) else value for key, value in record.items()}
    found = detect([row], "file.csv")
    assert found is not None
    assert found[0].name == name
    assert found[0].read(row, "file.csv") == by_name(name).read(record, "file.json")


@pytest.mark.parametrize("record", [WILDCHAT_FLAT, WILDCHAT_NESTED, LMSYS, SHAREGPT, HH, OASST, PAIR, DIALOGUE])
def test_rows_of_a_parquet_file_read_as_the_records_they_were_made_from(record: dict[str, Any]) -> None:
    import pyarrow as pa

    (row,) = pa.Table.from_pylist([record]).to_pylist()
    found = detect([row], "train.parquet")
    assert found is not None
    assert found[0].read(row, "train.parquet") == found[0].read(record, "train.jsonl")


@every_case
def test_empty_columns_of_a_table_change_nothing(name: str, record: dict[str, Any]) -> None:
    row = {**dict.fromkeys(("user", "tags", "score", "created_at", "metadata", "feedback"), None), **record}
    assert by_name(name).read(row, "f") == by_name(name).read(record, "f")


@every_case
def test_the_person_and_the_id_stay_out_of_the_text(name: str, record: dict[str, Any]) -> None:
    for draft in by_name(name).read(record, "f"):
        text = "\n".join(turn.text for turn in draft.turns)
        for secret in (draft.person, draft.source_id, "Anna", "anna"):
            if secret is not None and len(secret) > 1:
                assert secret not in text


@every_case
def test_without_times_in_the_log_there_are_none_in_the_conversation(name: str, record: dict[str, Any]) -> None:
    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: timeless(v) for k, v in value.items() if not any(w in k for w in ("time", "created", "date"))}
        return [timeless(inner) for inner in value] if isinstance(value, list) else value

    for draft in by_name(name).read(timeless(record), "f"):
        assert draft.started_at is None
        assert all(turn.at is None for turn in draft.turns)


@every_reader
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(record=_RECORD)
def test_no_record_makes_a_reader_fail_otherwise_than_by_a_record_error(reader: Reader, record: dict[str, Any]) -> None:
    reason = reader.sniff(record, "f.json")
    assert reason is None or reason
    try:
        drafts = reader.read(record, "f.json")
    except RecordError as error:
        assert error.kind in ("empty", "shape", "turn_row")
        assert error.reason
    else:
        assert drafts
        for draft in drafts:
            check_draft(draft)


@every_case
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_damaged_record_is_read_or_refused_but_never_crashes(
    name: str, record: dict[str, Any], data: st.DataObject
) -> None:
    damaged = deepcopy(record)
    at: Any = damaged
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(at[key], dict | list) and at[key] and data.draw(st.booleans()):
            at = at[key]
            continue
        at[key] = data.draw(_SCALARS | st.just([]) | st.just({}) | st.just([[[]]]))
        break
    try:
        for draft in by_name(name).read(damaged, "f"):
            check_draft(draft)
    except RecordError as error:
        assert error.reason


@every_reader
def test_nul_and_lone_surrogates_are_replaced_and_told(reader: Reader) -> None:
    draft = reader.read(with_text(reader.name, "a\0b \ud83d c"), "f")[0]
    assert any(turn.text.endswith("a\ufffdb \ufffd c") for turn in draft.turns)
    assert {"nul", "surrogate"} <= set(draft.notes)


@every_reader
@given(text=st.text(min_size=1).filter(lambda t: t.strip() and "Human:" not in t and "Assistant:" not in t))
@settings(max_examples=30, deadline=None)
def test_ordinary_text_arrives_as_it_was_written(reader: Reader, text: str) -> None:
    draft = reader.read(with_text(reader.name, text), "f")[0]
    said = [turn.text for turn in draft.turns if turn.role == "user"]
    wanted = text.replace("\0", "\ufffd")
    assert said == [wanted.strip() if reader.name == "hh_rlhf" else wanted]


@every_reader
def test_a_message_of_many_megabytes_is_read_quickly_and_whole(reader: Reader) -> None:
    text = "å long word " * 700_000
    started = time.perf_counter()
    draft = reader.read(with_text(reader.name, text), "f")[0]
    assert time.perf_counter() - started < 2
    assert max(len(turn.text) for turn in draft.turns) >= len(text.strip())


@every_reader
def test_a_hundred_thousand_turns_are_read_in_seconds_and_in_order(reader: Reader) -> None:
    record = with_turns(reader.name, 100_000)
    started = time.perf_counter()
    draft = reader.read(record, "f")[0]
    assert time.perf_counter() - started < 5
    assert [turn.text for turn in draft.turns if turn.role != "system"][-2:] == ["turn 99998", "turn 99999"]
    assert sum(turn.role != "system" for turn in draft.turns) == 100_000
    while tree := record.get("prompt"):  # taken apart from the top: freeing 100,000 nested objects at once overflows
        record = {"prompt": tree["replies"][0]} if tree["replies"] else {}


@every_reader
@pytest.mark.parametrize("blank", ["", "  \n\t"])
def test_a_conversation_without_words_is_refused_as_empty(reader: Reader, blank: str) -> None:
    record = with_text(reader.name, blank)
    text = json.dumps(record).replace('"ok"', json.dumps(blank)).replace("Be kind.", " ")
    record = json.loads(text.replace("Assistant: ok", "Assistant: ").replace("Assistant: no", "Assistant: "))
    with pytest.raises(RecordError) as caught:
        reader.read(record, "f")
    assert caught.value.kind == "empty"


@every_reader
def test_an_object_of_no_format_is_refused_with_a_reason(reader: Reader) -> None:
    with pytest.raises(RecordError) as caught:
        reader.read({"hello": "world"}, "f")
    assert caught.value.kind == "shape"
    assert reader.sniff({"hello": "world"}, "f") is None


def test_the_majority_of_a_mixed_file_decides_and_the_reason_says_how_many() -> None:
    records = [*RECORDS["openai_messages"], RECORDS["sharegpt"][0], {"x": 1}]
    found = detect(records, "mixed.jsonl")
    assert found is not None
    assert found[0].name == "openai_messages"
    assert "(2 of 4 records looked at)" in found[1]


def test_an_unknown_file_is_of_no_format() -> None:
    assert detect([{"temperature": 21.5}, {}], "weather.json") is None
    assert detect([], "empty.json") is None


def test_an_unknown_name_of_a_format_lists_the_known_ones() -> None:
    with pytest.raises(FormatError, match=r"'chatgtp'.*chatgpt, claude_ai.*--map"):
        by_name("chatgtp")


def test_names_of_formats_are_unique_and_each_has_a_fixture() -> None:
    names = [reader.name for reader in READERS]
    assert len(set(names)) == len(names)
    assert set(names) == set(RECORDS)
    assert all(reader.title for reader in READERS)
