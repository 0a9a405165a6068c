"""Text, times, roles and feedback as readers clean them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.sources.blocks import attachment, text_of
from selfrule.sources.fields import read_fields
from selfrule.sources.normalise import clean_text, label, role_of
from selfrule.sources.values import parse_language, parse_score, parse_tags, parse_thumb, parse_time

MARCH = 1741600800000  # 2025-03-10 10:00 UTC
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)  # lone surrogates included


@given(ANY_TEXT)
def test_cleaned_text_can_always_be_stored_and_cleaning_again_changes_nothing(text: str) -> None:
    notes: list[str] = []
    clean = clean_text(text, notes)
    clean.encode()
    assert "\0" not in clean
    assert clean_text(clean, []) == clean
    assert (clean == text) == (not notes)


def test_a_pair_of_surrogates_becomes_its_character_and_a_lone_one_is_replaced() -> None:
    assert clean_text("\ud83d\ude00 and \ude00\ud83d!", []) == "😀 and \ufffd\ufffd!"


@pytest.mark.parametrize(
    "value",
    [
        1741600800,
        1741600800.0,
        1741600800000,
        1741600800_000_000,
        1741600800_000_000_000,
        "1741600800",
        "1741600800.0",
        " 1741600800000 ",
        "2025-03-10T10:00:00Z",
        "2025-03-10T10:00:00",
        "2025-03-10 10:00:00",
        "2025-03-10T11:00:00+01:00",
        "2025-03-10T10:00:00.000000000Z",
        "2025-03-10 10:00:00 UTC",
        datetime(2025, 3, 10, 10),  # noqa: DTZ001 - a table without zones
        datetime(2025, 3, 10, 10, tzinfo=UTC),
        datetime(2025, 3, 10, 15, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
    ids=repr,
)
def test_one_moment_is_the_same_however_it_is_written(value: object) -> None:
    notes: list[str] = []
    assert parse_time(value, notes) == MARCH
    assert notes == []


def test_a_day_without_an_hour_starts_at_midnight_utc() -> None:
    assert parse_time("2025-03-10", []) == parse_time(date(2025, 3, 10), []) == MARCH - 10 * 3_600_000


@pytest.mark.parametrize(
    "value",
    [
        *("yesterday", "12:30", "2025-13-40", "1", "-1", "9" * 30, "20", "2025-03-10" * 9, "0001-01-01", "9999-12-31"),
        *(
            0,
            -5,
            1,
            12345,
            1e300,
            float("nan"),
            float("inf"),
            10**40,
            True,
            False,
            [1],
            {"a": 1},
            "\ud800",
            "946684799",
        ),
    ],
    ids=repr,
)
def test_a_time_that_is_nonsense_is_left_empty_and_told(value: object) -> None:
    notes: list[str] = []
    assert parse_time(value, notes) is None
    assert notes == ["time"]


@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_time_that_is_not_there_is_no_mistake(value: object) -> None:
    notes: list[str] = []
    assert parse_time(value, notes) is None
    assert notes == []


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_moment_of_the_century_survives_each_unit(moment: datetime) -> None:
    micros = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    wanted = micros // 1000
    for value in (wanted, micros, micros * 1000, str(micros), moment, moment.isoformat()):
        assert parse_time(value, []) == wanted
    assert abs((parse_time(micros / 1e6, []) or 0) - wanted) <= 1


@pytest.mark.parametrize(
    ("raw", "role"),
    [
        *[(name, "user") for name in ("user", "human", "prompter", "client", "customer", "User", " HUMAN ")],
        *[(n, "assistant") for n in ("assistant", "gpt", "bot", "model", "chatgpt", "bing", "ai", "counselor", "GPT")],
        *[(name, "system") for name in ("system", "developer")],
        *[(name, "tool") for name in ("tool", "function")],
    ],
)
def test_speakers_under_many_names_have_one_role(raw: str, role: str) -> None:
    notes: list[str] = []
    assert role_of(raw, notes) == role
    assert notes == []


@pytest.mark.parametrize("raw", ["narrator", "", None, 3, ["user"], "user" * 1000])
def test_an_unknown_speaker_is_other_and_told(raw: object) -> None:
    notes: list[str] = []
    assert role_of(raw, notes) == "other"
    assert notes == ["role"]


@pytest.mark.parametrize(
    ("value", "thumb"),
    [
        *[(v, "up") for v in ("up", "thumbs_up", "Thumbs Up", "thumbs-up", "👍", "like", True, 1, 1.0, "positive")],
        *[(v, "down") for v in ("down", "thumbsDown", "👎", False, -1, "-1", {"rating": "thumbs_down"})],
        *[(v, None) for v in (None, "", "it was fine", 5, 0, [], {}, {"rating": {}}, "sideways")],
    ],
)
def test_a_thumb_is_up_down_or_nothing(value: object, thumb: str | None) -> None:
    assert parse_thumb(value) == thumb


def test_one_star_of_five_is_a_score_and_no_thumb() -> None:
    assert read_fields([], {"rating": 1}) == {"score": 1.0}
    assert read_fields([], {"rating": "thumbs_up"}) == {"thumb": "up"}


@pytest.mark.parametrize(("value", "score"), [(3, 3.0), ("4.5", 4.5), (None, None), ("", None)])
def test_a_score_is_a_number(value: object, score: float | None) -> None:
    notes: list[str] = []
    assert parse_score(value, notes) == score
    assert notes == []


@pytest.mark.parametrize("value", ["good", float("nan"), float("inf"), "nan", True, [3], 10**400, "1" * 60])
def test_a_score_that_is_no_number_is_left_empty_and_told(value: object) -> None:
    notes: list[str] = []
    assert parse_score(value, notes) is None
    assert notes == ["field"]


@pytest.mark.parametrize(
    ("value", "code"),
    [("English", "en"), ("en-GB", "en"), ("zh_CN", "zh"), ("de", "de"), ("Klingon", "klingon"), ("unknown", None)],
)
def test_languages_by_name_and_by_tag_have_one_code(value: str, code: str | None) -> None:
    assert parse_language(value, []) == code


@pytest.mark.parametrize(
    ("value", "text"),
    [("  a ", "a"), (7, "7"), (7.0, "7"), ({"id": 5}, "5"), ({"uuid": "u"}, "u"), ("", None), (None, None)],
)
def test_a_label_is_short_text(value: object, text: str | None) -> None:
    notes: list[str] = []
    assert label(value, notes) == text
    assert notes == []


@pytest.mark.parametrize("value", ["x" * 1001, True, float("nan"), [], {}, 10**50, {"id": {"id": 1}}])
def test_what_is_no_label_is_left_empty_and_told(value: object) -> None:
    notes: list[str] = []
    assert label(value, notes) is None
    assert notes == ["field"]


def test_tags_come_from_lists_and_from_text_each_once() -> None:
    assert parse_tags("a, b,,a", []) == parse_tags(["a", "b", None, "a"], []) == ["a", "b"]
    assert parse_tags('["a", "b"]', []) == ["a", "b"]
    assert len(parse_tags([str(i) for i in range(5000)], [])) == 100


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("plain", "plain"),
        (None, ""),
        ([], ""),
        (12, "12"),
        ({"type": "text", "text": "one"}, "one"),
        (["a", {"text": "b"}, None, {"type": "output_text", "text": "c"}], "a\nb\nc"),
        ([{"type": "image_url"}, {"type": "input_audio"}, {"type": "video"}], "[image]\n[audio]\n[video]"),
        ([{"type": "tool_use", "name": "secret", "input": {"q": "x"}}], "[tool call]"),
        ([{"type": "thinking", "thinking": "hm"}, {"type": "redacted_thinking"}], ""),
        ([{"type": "tool_result", "content": "x"}, {"type": "reasoning"}], ""),
        ([{"type": "refusal", "refusal": "I would rather not."}], "I would rather not."),
        ([{"type": "audio", "transcript": "spoken words"}], "spoken words"),
        ([{"type": "document", "title": "my diary"}], "[attachment: document]"),
        ([{"content_type": "audio_transcription", "text": "hi"}, {"content_type": "audio_asset_pointer"}], "hi"),
    ],
)
def test_content_becomes_the_words_the_person_read_and_marked_placeholders(content: Any, text: str) -> None:
    notes: list[str] = []
    assert text_of(content, notes) == text
    assert notes == []


@pytest.mark.parametrize(
    "content", [True, [3], [[]], [{"type": "hologram", "data": "x"}], [{"type": "text", "text": 3}]]
)
def test_content_that_is_no_text_is_told(content: Any) -> None:
    notes: list[str] = []
    assert text_of(content, notes) in ("", "[other content]")
    assert notes == ["content"]


@pytest.mark.parametrize(
    ("kind", "mark"),
    [
        ("application/pdf", "[attachment: application/pdf]"),
        ("TXT", "[attachment: txt]"),
        ("image/png", "[image]"),
        ("my secret file name", "[attachment: file]"),
        ("x" * 50, "[attachment: file]"),
        (None, "[attachment: file]"),
        ("a]\n[b", "[attachment: file]"),
    ],
)
def test_an_attachment_shows_its_type_and_nothing_else(kind: object, mark: str) -> None:
    assert attachment(kind) == mark
