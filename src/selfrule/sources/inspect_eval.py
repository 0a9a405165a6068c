"""Inspect logs: one sample of an `.eval` file (or of a JSON log), with its messages or its input and output."""

from __future__ import annotations

import re
from typing import Any

from selfrule.records import Draft
from selfrule.sources.messages import read_turns
from selfrule.sources.normalise import as_dict, as_list, check_words, clean_text, label, note
from selfrule.sources.reader import RecordError
from selfrule.sources.values import parse_time

_REFERENCE = re.compile(r"(?:attachment|tc)://([0-9a-f]{32})")
_DEEPEST = 12  # levels of content blocks; messages need three


class InspectEval:
    """Reads a sample. `record["eval"]["model"]`, taken from the log's header, names the model where it is there."""

    name = "inspect_eval"
    title = "Inspect log"

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """Has what every sample has."""
        if "epoch" in record and "target" in record and ("input" in record or "messages" in record):
            return "has 'input', 'target' and 'epoch': a sample of an Inspect log"
        return None

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """The sample's messages; without them its input and the model's first answer."""
        if "messages" not in record and "input" not in record:
            raise RecordError("shape", "no 'messages' and no 'input', as a sample of an Inspect log has")
        notes: list[str] = []
        output = as_dict(record.get("output")) or {}
        items = as_list(record.get("messages")) or _input_and_output(record, output)
        attachments = as_dict(record.get("attachments")) or {}
        turns = read_turns([_resolve(item, attachments, notes) for item in items], notes)
        check_words(turns)
        header = as_dict(record.get("eval")) or {}
        said = (item.get("model") for item in items if isinstance(item, dict) and item.get("role") == "assistant")
        started = record.get("started_at") or _first_event(record) or header.get("created")
        identity, epoch = label(record.get("id"), notes), label(record.get("epoch"), notes)
        draft = Draft(
            turns=turns,
            source_id=f"{identity}_epoch_{epoch}" if identity and epoch else identity,
            started_at=parse_time(started, notes),
            model=label(header.get("model") or output.get("model") or next(filter(None, said), None), notes),
            product=label(header.get("task"), notes),
            notes=notes,
        )
        return [draft]


def _input_and_output(record: dict[str, Any], output: dict[str, Any]) -> list[Any]:
    given = record.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else list(as_list(given) or ())
    choices = as_list(output.get("choices")) or ()
    if choices and isinstance(choices[0], dict) and isinstance(choices[0].get("message"), dict):
        items.append({"role": "assistant", **choices[0]["message"]})
    elif isinstance(output.get("completion"), str) and output["completion"]:
        items.append({"role": "assistant", "content": output["completion"]})
    return items


def _first_event(record: dict[str, Any]) -> object:
    events = as_list(record.get("events")) or ()
    return events[0].get("timestamp") if events and isinstance(events[0], dict) else None


def _resolve(value: Any, attachments: dict[str, Any], notes: list[str], depth: int = 0) -> Any:
    """The value with references to texts kept apart in the log replaced by those texts."""
    if isinstance(value, str):
        if "://" not in value:
            return value
        return _REFERENCE.sub(lambda found: _attached(found, attachments, notes), value)
    if depth < _DEEPEST:
        if isinstance(value, dict):
            return {key: _resolve(inner, attachments, notes, depth + 1) for key, inner in value.items()}
        if isinstance(value, list):
            return [_resolve(inner, attachments, notes, depth + 1) for inner in value]
    return value


def _attached(found: re.Match[str], attachments: dict[str, Any], notes: list[str]) -> str:
    text = attachments.get(found[1])
    if isinstance(text, str):
        return clean_text(text, notes)
    note(notes, "attachment")
    return found[0]
