"""From raw bytes to decoded records: JSON that is slightly wrong is mended and noted, wrappers are opened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode

# files that are one object around the list of records: Inspect JSON logs, data set viewers, home-made dumps
_WRAPPERS = (
    *("samples", "conversations", "rows", "data", "items", "chats", "results", "dialogues", "records", "threads"),
)
_ANY_WRAPPER = frozenset((*_WRAPPERS, "row_idx"))


class NotJSON(ValueError):  # noqa: N818 - reads as what it says
    """The bytes are no JSON, whatever encoding is tried."""


def decode(raw: bytes) -> tuple[Any, list[str]]:
    """Decode one JSON value, leniently. Returns the value and notes of what was mended ("encoding", "loose_json").

    Raises:
        NotJSON: it cannot be decoded.
    """
    try:
        return _decode(raw), []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    notes = []
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "replace")
        notes.append("encoding")
    try:
        # the standard library takes lone surrogates, NaN and raw control characters, which logs do hold
        value = json.loads(text.lstrip("\ufeff\x1e"), strict=False)
    except (ValueError, RecursionError) as error:
        message = getattr(error, "msg", None) or type(error).__name__
        raise NotJSON(f"not valid JSON ({message} at character {getattr(error, 'pos', 0)})") from error
    return value, notes


def unwrap(record: Any) -> Iterator[dict[str, Any]]:
    """The records inside a decoded value: itself, or those of the list that it wraps."""
    if isinstance(record, list):
        for item in record:
            if isinstance(item, dict):
                yield from unwrap(item)
        return
    if not isinstance(record, dict):
        return
    if _ANY_WRAPPER.isdisjoint(record):
        yield record
        return
    if set(record) >= {"row_idx", "row"} and isinstance(record["row"], dict):
        yield record["row"]
        return
    for name in _WRAPPERS:
        inner = record.get(name)
        if (
            isinstance(inner, list)
            and inner
            and isinstance(inner[0], dict)
            # a conversation's own list of turns is no wrapper
            and not (inner[0].keys() & {"role", "from", "sender", "author", "speaker", "value"})
        ):
            shared = {"eval": record["eval"]} if isinstance(record.get("eval"), dict) else {}
            for item in inner:
                if isinstance(item, dict):
                    yield from unwrap({**item, **shared} if shared else item)
            return
    yield record
