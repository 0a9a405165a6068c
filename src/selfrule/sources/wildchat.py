"""WildChat: conversations of volunteers with ChatGPT models, with hashed addresses, countries and times per turn."""

from __future__ import annotations

from typing import Any

from selfrule.records import Draft, Turn
from selfrule.sources.blocks import text_of
from selfrule.sources.normalise import ROLE_NAMES, as_list, check_words, clean_text, is_true, label, note, role_of
from selfrule.sources.reader import RecordError
from selfrule.sources.values import parse_language, parse_time


class WildChat:
    """Reads a row of WildChat: the nested variant (address and country inside the turns) and the flat one."""

    name = "wildchat"
    title = "WildChat"

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """Has a conversation and the marks of this data set."""
        items = as_list(record.get("conversation"))
        if items is None:
            return None
        for key in ("conversation_hash", "hashed_ip", "detoxify_moderation"):
            if record.get(key) is not None:
                return f"has 'conversation' and {key!r}"
        first = items[0] if items else None
        if isinstance(first, dict) and ("turn_identifier" in first or "hashed_ip" in first):
            return "has 'conversation' whose turns have 'turn_identifier' or 'hashed_ip'"
        return None

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """One conversation per row; it starts at its first turn's time, since the row's own time is its last turn's."""
        items = as_list(record.get("conversation"))
        if items is None:
            raise RecordError("shape", "no list 'conversation'")
        notes: list[str] = []
        turns: list[Turn] = []
        started = person = country = previous = None
        for item in items:
            if type(item) is not dict:
                note(notes, "content")
                turns.append(Turn("other", ""))
                continue
            raw = item.get("role")
            role = (ROLE_NAMES.get(raw) if type(raw) is str else None) or role_of(raw, notes)
            content = item.get("content")
            if type(content) is str:
                text = content if content.isascii() and "\0" not in content else clean_text(content, notes)
            else:
                text = text_of(content, notes)
            at = item.get("timestamp")
            if at is not None:
                at = parse_time(at, notes)
                if at is not None and (started is None or at < started):
                    started = at
            if person is None:
                person = item.get("hashed_ip")
            if country is None:
                country = item.get("country")
            if role == previous and role in ("user", "assistant"):
                note(notes, "consecutive")
            previous = role
            turns.append(Turn(role, text, at))
        check_words(turns)
        if started is None:
            started = parse_time(record.get("timestamp"), notes)
        draft = Draft(
            turns=turns,
            source_id=label(record.get("conversation_hash") or record.get("conversation_id"), notes),
            person=label(record.get("hashed_ip") or person, notes),
            started_at=started,
            model=label(record.get("model"), notes),
            language=parse_language(record.get("language"), notes),
            country=label(record.get("country") or country, notes),
            tags=[tag for tag in ("toxic", "redacted") if is_true(record.get(tag))],
            notes=notes,
        )
        return [draft]
