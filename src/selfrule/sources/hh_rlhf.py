"""HH-RLHF: pairs of conversations that differ in the last answer, each one string with `Human:` and `Assistant:`."""

from __future__ import annotations

import re
from typing import Any

from selfrule.records import Draft, Role, Turn
from selfrule.sources.normalise import check_words, clean_text, note
from selfrule.sources.reader import RecordError

_SPEAKER = re.compile(r"(?:\A|\n\n)(Human|Assistant):")
_SIDES = ("chosen", "rejected")


class HHRLHF:
    """Reads a preference pair: two conversations, tagged "chosen" and "rejected"."""

    name = "hh_rlhf"
    title = "HH-RLHF pairs"

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """Has both sides of a pair, written as a dialogue."""
        for side in _SIDES:
            text = record.get(side)
            if not isinstance(text, str) or not _SPEAKER.search(text):
                return None
        return "has 'chosen' and 'rejected' with 'Human:' and 'Assistant:' turns"

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """Two conversations; one where the other side holds no words."""
        if not any(isinstance(record.get(side), str) for side in _SIDES):
            raise RecordError("shape", "no 'chosen' and 'rejected' dialogues")
        drafts: list[Draft] = []
        lost: RecordError | None = None
        for side in _SIDES:
            notes: list[str] = []
            turns = _turns(record.get(side), notes)
            try:
                check_words(turns)
            except RecordError as error:
                lost = error
                continue
            drafts.append(Draft(turns=turns, tags=[side], notes=notes))
        if lost is not None:
            if not drafts:
                raise lost
            note(drafts[0].notes, "pair")
        return drafts


def _turns(value: object, notes: list[str]) -> list[Turn]:
    if not isinstance(value, str):
        return []
    # [what stands before the first speaker, speaker, text, speaker, text, ...]
    pieces = _SPEAKER.split(clean_text(value, notes))
    turns: list[Turn] = []
    if pieces[0].strip():
        note(notes, "role")
        turns.append(Turn("other", pieces[0].strip()))
    for speaker, text in zip(pieces[1::2], pieces[2::2], strict=True):
        role: Role = "user" if speaker == "Human" else "assistant"
        if turns and turns[-1].role == role:
            note(notes, "consecutive")
        turns.append(Turn(role, text.strip()))
    return turns
