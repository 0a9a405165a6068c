"""ShareGPT: `conversations` of {"from", "value"}."""

from __future__ import annotations

from typing import Any

from selfrule.records import Draft, Turn
from selfrule.sources.blocks import text_of
from selfrule.sources.fields import read_fields
from selfrule.sources.normalise import as_list, check_words, note, role_of
from selfrule.sources.reader import RecordError
from selfrule.sources.values import parse_time

_LISTS = ("conversations", "conversation", "items")


class ShareGPT:
    """Reads shared conversations, as collected by many data sets."""

    name = "sharegpt"
    title = "ShareGPT"

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """Has turns with 'from' and 'value'."""
        found = _turns_of(record)
        return f"has {found[0]!r}, a list of turns with 'from' and 'value'" if found else None

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """One conversation per record; turn indexes are indexes of its list."""
        found = _turns_of(record)
        if found is None:
            if any(as_list(record.get(name)) == [] for name in _LISTS):
                raise RecordError("empty", "there are no turns")
            raise RecordError("shape", "no list of turns with 'from' and 'value'", "name its columns with --map")
        notes: list[str] = []
        turns: list[Turn] = []
        previous = None
        for item in found[1]:
            if isinstance(item, dict):
                role = role_of(item.get("from"), notes)
                text = text_of(item.get("value"), notes)
                at = parse_time(item.get("timestamp"), notes)
            else:
                note(notes, "content")
                role, text, at = "other", "", None
            if role == previous and role in ("user", "assistant"):
                note(notes, "consecutive")
            previous = role
            turns.append(Turn(role, text, at))
        system = record.get("system")
        if isinstance(system, str) and system.strip() and turns[0].role != "system":
            turns.insert(0, Turn("system", text_of(system, notes)))
        check_words(turns)
        fields = read_fields(notes, record)
        if fields.get("started_at") is None:
            fields["started_at"] = next((turn.at for turn in turns if turn.at is not None), None)
        return [Draft(turns=turns, notes=notes, **fields)]


def _turns_of(record: dict[str, Any]) -> tuple[str, list[Any]] | None:
    for name in _LISTS:
        items = as_list(record.get(name))
        if items and any(isinstance(item, dict) and "from" in item and "value" in item for item in items[:5]):
            return name, items
    return None
