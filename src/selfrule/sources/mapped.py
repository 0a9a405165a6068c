"""Reads records of any shape by a mapping that the user gave, or that `generic` guessed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from selfrule.records import Draft, Role, Turn
from selfrule.sources.blocks import text_of
from selfrule.sources.mapping import Mapping
from selfrule.sources.normalise import as_dict, as_list, check_words, label, note, role_of
from selfrule.sources.reader import RecordError
from selfrule.sources.values import parse_language, parse_score, parse_tags, parse_thumb, parse_time


def look_up(record: Any, path: str) -> Any:
    """The value at a dotted path, or None. A key that itself holds dots is found first; JSON in text is opened."""
    if isinstance(record, dict) and path in record:
        return record[path]
    value: Any = record
    for step in path.split("."):
        if step.isascii() and step.isdigit() and (items := as_list(value)) is not None:
            value = items[int(step)] if len(step) < 9 and int(step) < len(items) else None
        else:
            value = (as_dict(value) or {}).get(step)
        if value is None:
            return None
    return value


class MappedReader:
    """Reads records by a mapping. Rows of one conversation are read together by `group_rows`."""

    name = "generic"
    title = "Your mapping"

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self._roles = {name.strip().lower(): role for name, role in mapping.roles.items()}

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """The mapping's turns, or its texts, are there."""
        mapping = self.mapping
        if mapping.text is not None and mapping.conversation is None:
            paths: tuple[str, ...] = (mapping.turns or mapping.text,)
            fits = self._list_of_turns(record) is not None
        else:
            paths = tuple(path for path in (mapping.text, mapping.prompt, mapping.response) if path is not None)
            fits = all(look_up(record, path) is not None for path in paths)
        return f"has {', '.join(map(repr, paths))} as mapped" if fits else None

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """One conversation per record."""
        return [self.group_rows([record])]

    def conversation_of(self, row: dict[str, Any]) -> str | None:
        """Which conversation a row belongs to; None where the mapping or the row does not say."""
        return label(look_up(row, self.mapping.conversation), []) if self.mapping.conversation else None

    def group_rows(self, rows: Sequence[dict[str, Any]]) -> Draft:
        """One conversation from the rows that belong together, in order; by time where all turns have one.

        Raises:
            RecordError: the rows hold no turns, or none with words.
        """
        notes: list[str] = []
        turns: list[Turn] = []
        for row in rows:
            self._add_turns(row, turns, notes)
        times = [turn.at for turn in turns if turn.at is not None]
        if self.mapping.conversation and len(times) == len(turns) and times != sorted(times):
            note(notes, "reordered")
            turns.sort(key=lambda turn: turn.at or 0)
        check_words(turns)
        if any(a.role == b.role and a.role in ("user", "assistant") for a, b in pairwise(turns)):
            note(notes, "consecutive")
        return self._draft(rows, turns, notes)

    def _add_turns(self, row: dict[str, Any], turns: list[Turn], notes: list[str]) -> None:
        mapping = self.mapping
        if mapping.text is None:
            at = self._time(row, notes)
            columns: tuple[tuple[str | None, Role], ...]
            columns = ((mapping.system, "system"), (mapping.prompt, "user"), (mapping.response, "assistant"))
            for path, role in columns:
                value = look_up(row, path) if path else None
                if role != "system" or (value not in (None, "") and not turns):
                    text = text_of(value, notes)
                    if role == "user" and mapping.context and (more := text_of(look_up(row, mapping.context), notes)):
                        text = f"{text}\n\n{more}"
                    turns.append(Turn(role, text, at))
            return
        items = [row] if mapping.conversation is not None else self._list_of_turns(row)
        if items is None:
            if look_up(row, mapping.text) is not None:
                reason = "one turn a row; the rows of a conversation have to be read together"
                raise RecordError("turn_row", reason, "add conversation=<column with the conversation's id> to --map")
            where = repr(mapping.turns) if mapping.turns else f"any column, with {mapping.text!r} and {mapping.role!r}"
            raise RecordError("shape", f"no list of turns at {where}", "name its columns with --map")
        if mapping.system and not turns and (system := text_of(look_up(row, mapping.system), notes)):
            turns.append(Turn("system", system))
        assert mapping.role is not None
        for item in items:
            if not isinstance(item, dict):
                note(notes, "content")
                turns.append(Turn("other", text_of(item, notes)))
                continue
            raw = look_up(item, mapping.role)
            known = self._roles.get(raw.strip().lower()) if isinstance(raw, str) and self._roles else None
            text = text_of(look_up(item, mapping.text), notes)
            turns.append(Turn(known or role_of(raw, notes), text, self._time(item, notes)))

    def _list_of_turns(self, record: dict[str, Any]) -> list[Any] | None:
        """The list at `turns`; without that key the first column whose items hold the mapped text and role."""
        mapping = self.mapping
        if mapping.turns is not None:
            return as_list(look_up(record, mapping.turns))
        assert mapping.text is not None
        assert mapping.role is not None
        for value in record.values():
            items = as_list(value)
            for item in items[:5] if items else ():
                if look_up(item, mapping.role) is not None and look_up(item, mapping.text) is not None:
                    return items
        return None

    def _time(self, item: dict[str, Any], notes: list[str]) -> int | None:
        return parse_time(look_up(item, self.mapping.time), notes) if self.mapping.time else None

    def _draft(self, rows: Sequence[dict[str, Any]], turns: list[Turn], notes: list[str]) -> Draft:
        mapping = self.mapping

        def first(path: str | None) -> Any:
            values = [] if path is None else (look_up(row, path) for row in rows)
            return next((value for value in values if value is not None and value != ""), None)

        times = [turn.at for turn in turns if turn.at is not None]
        return Draft(
            turns=turns,
            source_id=label(first(mapping.id) if mapping.id else first(mapping.conversation), notes),
            person=label(first(mapping.person), notes),
            started_at=min(times) if times else parse_time(first(mapping.time), notes),
            model=label(first(mapping.model), notes),
            product=label(first(mapping.product), notes),
            language=parse_language(first(mapping.language), notes),
            country=label(first(mapping.country), notes),
            thumb=parse_thumb(first(mapping.thumb)),
            score=parse_score(first(mapping.score), notes),
            tags=parse_tags(first(mapping.tags), notes),
            notes=notes,
        )
