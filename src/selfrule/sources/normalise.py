"""What all readers share: clean text, roles and labels, each with a note where something was mended.

A note is a word of the closed vocabulary `NOTES`; a reader collects each at most once per conversation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from selfrule.records import Role, Turn
from selfrule.sources.reader import RecordError

NOTES: dict[str, str] = {
    "encoding": "Bytes that are not valid UTF-8 were replaced by the replacement character (U+FFFD).",
    "nul": "NUL characters were replaced by the replacement character (U+FFFD).",
    "surrogate": "Halves of broken characters (lone surrogates) were replaced by the replacement character (U+FFFD).",
    "time": "A time could not be understood, or lies outside 2000 to 2100, and was left empty.",
    "role": "A speaker's role was not known; the turn is kept as 'other'.",
    "consecutive": "Two turns in a row are by the same speaker; both are kept, in order.",
    "content": "A message, or a part of one, was no text; it is kept as an empty turn or as a placeholder.",
    "field": "A field beside the conversation (id, model, language, score, ...) could not be used and was left empty.",
    "branch_guessed": "The log does not say which branch the person saw last; the latest one was read.",
    "parent_missing": "An earlier message that the conversation builds on is missing; it is read from there on.",
    "cycle": "Messages name each other as predecessors in a circle; the conversation is read up to there.",
    "attachment": "A text kept elsewhere in the log is missing; its reference was left in place.",
    "pair": "One of the two answers of a pair could not be read; the other one is kept.",
    "reordered": "Turns were not in the order of their times and were put in order.",
}

ROLE_NAMES: dict[str, Role] = {
    **dict.fromkeys(
        ("user", "human", "prompter", "client", "customer", "patient", "seeker", "person", "visitor", "usr"), "user"
    ),
    **dict.fromkeys(
        (
            *(
                "assistant",
                "gpt",
                "bot",
                "model",
                "chatgpt",
                "bing",
                "bard",
                "claude",
                "gemini",
                "ai",
                "chatbot",
                "llm",
            ),
            *("counselor", "counsellor", "therapist", "supporter", "agent", "assistent"),
        ),
        "assistant",
    ),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "function", "function_call", "function_response", "observation", "ipython"), "tool"),
    "other": "other",
}

# what stands for content that is no text; a conversation of nothing else is empty
_ONLY_PLACEHOLDERS = re.compile(
    r"\s*(?:\[(?:image|audio|video|tool call|other content|attachment: [\w.+/-]{1,40})\]\s*)+"
)
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
_LONGEST_LABEL = 1000  # characters; anything longer is no id, name or tag


def note(notes: list[str], kind: str) -> None:
    """Remember a note, once."""
    if kind not in notes:
        notes.append(kind)


def clean_text(text: str, notes: list[str]) -> str:
    """Text that every later stage can store: NUL and lone surrogates become U+FFFD, surrogate pairs their character."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
        note(notes, "nul")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        note(notes, "surrogate")
        return _SURROGATES.sub(_mend, text)
    return text


def _mend(found: re.Match[str]) -> str:
    return found[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def label(value: object, notes: list[str]) -> str | None:
    """An id, name or other short text as a string: trimmed, never blank, at most 1000 characters; else None."""
    if value is None:
        return None
    if type(value) is str:
        text = value.strip()
        if not text:
            return None
        if text[0] == "{" and (found := as_dict(text)) is not None:
            return label(found, notes)
        if len(text) <= _LONGEST_LABEL:
            return text if text.isascii() and "\0" not in text else clean_text(text, notes)
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) < 10**40:
            return str(value)
    elif isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() else str(value)
    elif isinstance(value, dict):
        # a user or account given as an object
        inner = value.get("uuid") if value.get("id") is None else value["id"]
        if isinstance(inner, str | int):
            return label(inner, notes)
    note(notes, "field")
    return None


def role_of(raw: object, notes: list[str]) -> Role:
    """The role that a speaker's name stands for; "other" with a note where it is not known."""
    if isinstance(raw, str):
        role = ROLE_NAMES.get(raw) or ROLE_NAMES.get(raw.strip().lower()[:40])
        if role is not None:
            return role
    note(notes, "role")
    return "other"


def is_true(value: object) -> bool:
    """Whether a flag is set; tables hold it as text."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def as_list(value: object) -> list[Any] | None:
    """The list itself, or the one that a table's cell holds as JSON text; else None."""
    if type(value) is list:
        return value
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        found = _from_json(value)
        return found if isinstance(found, list) else None
    return list(value) if isinstance(value, tuple) else None


def as_dict(value: object) -> dict[str, Any] | None:
    """The object itself, or the one that a table's cell holds as JSON text; else None."""
    if isinstance(value, dict):
        return value
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        found = _from_json(value)
        return found if isinstance(found, dict) else None
    return None


def _from_json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


def check_words(turns: Iterable[Turn]) -> None:
    """Refuse a conversation without words.

    Raises:
        RecordError: no turns, or none with text beyond blanks and placeholders; its kind is "empty".
    """
    seen = False
    for turn in turns:
        seen = True
        text = turn.text
        if (
            text
            and not text.isspace()
            and not ((text[0] == "[" or text[0].isspace()) and _ONLY_PLACEHOLDERS.fullmatch(text))
        ):
            return
    raise RecordError("empty", "no turn holds any words" if seen else "there are no turns")
