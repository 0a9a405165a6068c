"""Labels as JSON lines, this project's own form: a line a conversation with its labels.

Each line: `conversation_id`, `content_hash`, `source_id`, `language`, `draw`, `turns` (`role`, `text`), `labels` (the fields of
`records.Label`). Lines that are one label each, as a study keeps them in `labels/given`, are read too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from selfrule.labels.formats.row import (
    Entry,
    Read,
    Row,
    ValueUnreadError,
    answer_of,
    level_of,
    moment,
    number,
    status_of,
    text,
    turns_of,
)
from selfrule.rubric import CONSTRUCTS, MARKERS

_OWN = ("conversation_id", "content_hash")  # said once of the conversation


def write(entries: Iterable[Entry], *, conversations: bool) -> Iterator[bytes]:
    """The file, a line at a time."""
    for entry in entries:
        made: dict[str, Any] = {
            "conversation_id": entry.conversation_id,
            "content_hash": entry.content_hash,
            "source_id": entry.source_id,
            "language": entry.language,
            "draw": entry.draw,
        }
        if conversations:
            made["turns"] = [{"role": turn.role, "text": turn.text} for turn in entry.turns or []]
        labels = [msgspec.to_builtins(label) for label in entry.labels]
        made["labels"] = [{name: value for name, value in label.items() if name not in _OWN} for label in labels]
        yield msgspec.json.encode(made) + b"\n"


def read(data: bytes) -> Read:
    """The labels of a file."""
    found = Read()
    for number_, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        place = f"line {number_}"
        try:
            made = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found.problems.append(f"{place}: not JSON")
            continue
        if not isinstance(made, dict):
            found.problems.append(f"{place}: not a JSON object")
            continue
        labels = made.get("labels", [made] if "levels" in made else [])
        for one in labels if isinstance(labels, list) else [None]:
            try:
                found.rows.append(row_of(place, made, one))
            except ValueUnreadError as error:
                found.problems.append(f"{place}: {error}")
    return found


def row_of(place: str, conversation: dict[str, Any], label: Any) -> Row:
    """A row from the fields of a label and of its conversation."""
    if not isinstance(label, dict):
        raise ValueUnreadError("a label is no JSON object")
    levels, evidence, actualized = (_dict(label, name) for name in ("levels", "evidence", "actualized"))
    row = Row(
        place,
        conversation_id=text(conversation.get("conversation_id")),
        source_id=text(conversation.get("source_id")),
        content_hash=text(conversation.get("content_hash")),
        labeller=text(label.get("labeller")),
        at=moment(label.get("at")),
        draw=text(label.get("draw")),
        inclusion=number(label.get("inclusion"), "inclusion"),
        seconds=number(label.get("seconds"), "seconds"),
        rubric=text(label.get("rubric")),
    )
    row.levels = {c: level for c in CONSTRUCTS if (level := level_of(levels.get(c), c)) is not None}
    row.evidence = {c: cited for c in CONSTRUCTS if (cited := turns_of(evidence.get(c) or [], c))}
    row.actualized = {m: answer for m in MARKERS if (answer := answer_of(actualized.get(m), m)) is not None}
    row.status = status_of(text(label.get("status")), row)
    return row


def _dict(label: dict[str, Any], name: str) -> dict[str, Any]:
    found = label.get(name) or {}
    if not isinstance(found, dict):
        raise ValueUnreadError(f"'{name}' is no JSON object")
    return found
