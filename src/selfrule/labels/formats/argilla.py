"""Labels as Argilla 2 has them: a JSON array of records, as `Dataset.records.to_json` and `from_json` write and read.

The field `conversation` is a chat (`role`, `content`); each construct is a label question of that id with the levels in words,
`actualized_MARKER` too, `status` says "labelled", "unsure" or "skipped", `turns_CONSTRUCT` are text. Argilla knows people by
UUID: ours are derived from the name, and `metadata.labellers` says whose they are.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from selfrule.labels.formats.row import Entry, Read, ValueUnreadError, flat, from_flat
from selfrule.rubric import CONSTRUCTS, MARKERS

_SPACE = uuid.UUID("5e1f0a1e-0000-4000-8000-000000000000")
_QUESTIONS = (
    *CONSTRUCTS,
    *(f"actualized_{marker}" for marker in MARKERS),
    *(f"turns_{construct}" for construct in CONSTRUCTS),
    "status",
)
_KEPT = ("at", "seconds", "rubric")  # of each label, in the metadata beside the name


def write(entries: Iterable[Entry], *, conversations: bool) -> Iterator[bytes]:
    """The file, a record at a time."""
    before = b"[\n"
    for entry in entries:
        responses: dict[str, list[dict[str, str]]] = {}
        people: dict[str, dict[str, Any]] = {}
        for label in entry.labels:
            values = flat(label)
            values |= {f"turns_{c}": values[f"evidence_{c}"] for c in CONSTRUCTS}
            user = str(uuid.uuid5(_SPACE, label.labeller))
            people[user] = {"labeller": label.labeller} | {name: values[name] for name in _KEPT}
            for name in _QUESTIONS:
                if values[name] != "":
                    responses.setdefault(name, []).append({"value": values[name], "user_id": user})
        turns = (entry.turns or []) if conversations else []
        chat = [{"role": turn.role, "content": turn.text} for turn in turns]
        metadata = {"source_id": entry.source_id, "content_hash": entry.content_hash, "draw": entry.draw or ""}
        record = {
            "id": entry.conversation_id,
            "fields": {"conversation": chat},
            "metadata": metadata | {"labellers": msgspec.json.encode(people).decode()},
            "suggestions": {},
            "responses": responses,
            "vectors": {},
            "_server_id": None,
        }
        yield before + msgspec.json.encode(record)
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def read(data: bytes) -> Read:
    """The labels of an export. Records without responses are passed over, and so are drafts."""
    found = Read()
    try:
        records = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found.problems.append("the file is not JSON")
        return found
    for number, record in enumerate(records if isinstance(records, list) else [records], 1):
        place = f"record {number}"
        if not isinstance(record, dict):
            found.problems.append(f"{place}: not a JSON object")
            continue
        for values in _labels(record):
            try:
                found.rows.append(from_flat(place, values))
            except ValueUnreadError as error:
                found.problems.append(f"{place}: {error}")
    return found


def _labels(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of each person's label of a record."""
    metadata = record.get("metadata") if isinstance(record.get("metadata"), dict) else {}
    assert isinstance(metadata, dict)
    shared = {name: metadata.get(name) for name in ("source_id", "content_hash", "draw", "inclusion")}
    known = _people(metadata.get("labellers"))
    responses = record.get("responses")
    found: dict[str, dict[str, Any]] = {}
    for question, answers in (responses if isinstance(responses, dict) else {}).items():
        for answer in answers if isinstance(answers, list) else []:
            if not isinstance(answer, dict) or answer.get("status") == "draft":
                continue
            user = str(answer.get("user_id"))
            row = found.setdefault(
                user,
                {"conversation_id": record.get("id"), "labeller": f"argilla {user}"} | shared | known.get(user, {}),
            )
            row[question] = answer.get("value")
            if answer.get("status") == "discarded":
                row["status"] = "skipped"
    return list(found.values())


def _people(text: Any) -> dict[str, dict[str, Any]]:
    try:
        return msgspec.json.decode(text, type=dict[str, dict[str, Any]]) if isinstance(text, str) else {}
    except (msgspec.DecodeError, RecursionError):
        return {}
