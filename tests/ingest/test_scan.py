"""Cutting JSON values out of a stream."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.sources.scan import Cut, json_values, lines

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
OBJECTS = st.lists(st.dictionaries(st.text(), JSON), max_size=8)


class Dribble(io.RawIOBase):
    """A stream that gives a few bytes at a time, so that every boundary is met."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data, self._step = data, step

    def read(self, size: int = -1) -> bytes:
        piece, self._data = self._data[: self._step], self._data[self._step :]
        return piece


def cut(data: bytes, step: int = 1 << 20) -> list[object]:
    return [v.kind if isinstance(v, Cut) else json.loads(v) for v in json_values(Dribble(data, step))]


@given(OBJECTS, st.integers(1, 40), st.sampled_from([None, 1]))
def test_every_element_of_an_array_is_cut_out_whole_wherever_the_stream_breaks(records, step, indent):
    assert cut(json.dumps(records, indent=indent).encode(), step) == records


@given(OBJECTS, st.integers(1, 40), st.sampled_from(["", "\n", " \r\n ", "\x1e"]))
def test_concatenated_objects_are_cut_apart(records, step, between):
    assert cut(between.join(json.dumps(r, ensure_ascii=False) for r in records).encode(), step) == records


@given(OBJECTS.filter(bool), st.data())
def test_a_truncated_array_gives_what_was_whole_and_says_that_it_was_cut(records, data):
    text = json.dumps(records).encode()
    end = data.draw(st.integers(1, len(text) - 1))
    found = cut(text[:end])
    assert found[-1] == "truncated"
    assert found[:-1] == records[: len(found) - 1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b"[]", []),
        (b"\xef\xbb\xbf[{}]", [{}]),
        (b'[{"a": 1}, 3, null, "word", {"b": 2}]', [{"a": 1}, "malformed", {"b": 2}]),
        (b'{"a": 1} junk {"b": 2}', [{"a": 1}, "malformed", {"b": 2}]),
        (b'[{"a": 1}]]}{"b": 2}', [{"a": 1}, {"b": 2}]),
    ],
)
def test_what_stands_between_records_costs_no_record(text, expected):
    assert cut(text) == expected


def test_a_malformed_element_is_cut_out_alone():
    values = list(json_values(io.BytesIO(b'[{"a": 1}, {"b": nope}, {"c": [}]}, {"d": 4}]')))
    assert values[0] == b'{"a": 1}'
    assert values[1] == b'{"b": nope}'


def test_a_message_of_40_mb_with_many_escapes_is_read_in_linear_time():
    record = {"text": 'x"\\' * 13_000_000}
    assert len(next(json_values(io.BytesIO(b"[" + json.dumps(record).encode() + b"]")))) > 40_000_000


@given(st.lists(st.binary(max_size=30).filter(lambda b: b"\n" not in b), max_size=20), st.integers(1, 50))
def test_blocks_of_lines_hold_every_line_once_and_whole(some, step):
    data = b"\n".join(some)
    blocks = list(lines(Dribble(data, step), 64))
    assert b"".join(blocks) == data
    assert all(block.endswith(b"\n") for block in blocks[:-1])
