"""LMSYS-Chat-1M: conversations from a demo and an arena of many models. It has no times and no person."""

from __future__ import annotations

from typing import Any

from selfrule.records import Draft
from selfrule.sources.messages import read_turns
from selfrule.sources.normalise import as_list, check_words, is_true, label
from selfrule.sources.reader import RecordError
from selfrule.sources.values import parse_language


class Lmsys:
    """Reads a row of LMSYS-Chat-1M."""

    name = "lmsys"
    title = "LMSYS-Chat-1M"

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """Has a conversation, its id and model, and the moderation marks of this data set."""
        if as_list(record.get("conversation")) is None or "conversation_id" not in record or "model" not in record:
            return None
        for key in ("openai_moderation", "redacted", "turn"):
            if key in record:
                return f"has 'conversation', 'conversation_id', 'model' and {key!r}"
        return None

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """One conversation per row; turn indexes are message indexes."""
        items = as_list(record.get("conversation"))
        if items is None:
            raise RecordError("shape", "no list 'conversation'")
        notes: list[str] = []
        turns = read_turns(items, notes)
        check_words(turns)
        draft = Draft(
            turns=turns,
            source_id=label(record.get("conversation_id"), notes),
            started_at=next((turn.at for turn in turns if turn.at is not None), None),
            model=label(record.get("model"), notes),
            language=parse_language(record.get("language"), notes),
            tags=["redacted"] if is_true(record.get("redacted")) else [],
            notes=notes,
        )
        return [draft]
