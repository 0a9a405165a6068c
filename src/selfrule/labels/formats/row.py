"""What a file says of one conversation by one labeller, and how its words are understood."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from selfrule.errors import InputError
from selfrule.records import Label, Turn
from selfrule.rubric import CONSTRUCTS, LEVELS, MARKERS, load

ANSWERS = ("yes", "no", "unknown")
STATUSES = ("labelled", "unsure", "skipped")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_WORDS = {word: level for level, word in enumerate(LEVELS)}


class Entry(msgspec.Struct, frozen=True):
    """One conversation to be written: its turns (None: without them), and the labels it has."""

    conversation_id: str
    content_hash: str
    source_id: str
    language: str | None
    draw: str | None
    turns: list[Turn] | None
    labels: list[Label]


class Row(msgspec.Struct):
    """One label as a file has it. `place` is where ("row 7"); what the file does not say is None or empty."""

    place: str
    conversation_id: str | None = None
    source_id: str | None = None
    content_hash: str | None = None
    labeller: str | None = None
    at: int | None = None
    status: str | None = None
    levels: dict[str, int | None] = msgspec.field(default_factory=dict)
    evidence: dict[str, list[int]] = msgspec.field(default_factory=dict)
    actualized: dict[str, str] = msgspec.field(default_factory=dict)
    draw: str | None = None
    inclusion: float | None = None
    seconds: float | None = None
    rubric: str | None = None


class ValueUnreadError(InputError):
    """A value in a file that cannot be understood. The message names field and rule, and holds no text of the file."""


class Read(msgspec.Struct):
    """What was read of a file: rows, and a sentence for each that could not be used."""

    rows: list[Row] = msgspec.field(default_factory=list)
    problems: list[str] = msgspec.field(default_factory=list)


def field_of(text: str) -> str:
    """A column's or question's name as a field's: ids as they are, names of constructs as ids.

    Example:
        >>> field_of(" Reality distortion "), field_of("Conversation-ID")
        ('reality_distortion', 'conversation_id')
    """
    return re.sub(r"[\s\-]+", "_", text.strip().lower())


def level_of(value: Any, construct: str) -> int | None:
    """A level from a number or a word; None where nothing is said.

    Raises:
        ValueUnreadError: it is neither 0 to 3 nor one of the four words.

    Example:
        >>> level_of("Moderate", "attachment"), level_of(2.0, "attachment"), level_of("", "attachment")
        (2, 2, None)
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _WORDS:
            return _WORDS[word]
        try:
            value = float(word)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in (0, 1, 2, 3):
        raise ValueUnreadError(f"the level of {construct} is none of 0 to 3 or {', '.join(LEVELS)}")
    return int(value)


def turns_of(value: Any, construct: str) -> list[int]:
    """Turn indexes from a list, or from text such as "0, 3 5"."""
    parts = re.split(r"[\s,;]+", value.strip()) if isinstance(value, str) else value
    found = []
    for part in parts if isinstance(parts, list) else []:
        if part == "":
            continue
        if isinstance(part, bool) or not re.fullmatch(r"\d{1,9}", str(part)):
            raise ValueUnreadError(f"the turns of {construct} are no numbers from 0")
        found.append(int(part))
    return found


def answer_of(value: Any, marker: str) -> str | None:
    """A marker's answer, or None where nothing is said."""
    word = str(value).strip().lower() if value is not None else ""
    if word and word not in ANSWERS:
        raise ValueUnreadError(f"the marker {marker} is none of {', '.join(ANSWERS)}")
    return word or None


def moment(value: Any) -> int | None:
    """Milliseconds since 1970 from such a number, or from ISO 8601; None where nothing is said."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and not re.fullmatch(r"\d{1,16}", value.strip()):
        try:
            when = datetime.datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueUnreadError("the time 'at' is neither milliseconds since 1970 nor ISO 8601") from None
        return ((when if when.tzinfo else when.replace(tzinfo=datetime.UTC)) - _EPOCH) // datetime.timedelta(
            milliseconds=1
        )
    number_ = number(value, "at")
    return None if number_ is None else int(number_)


def number(value: Any, field: str) -> float | None:
    """A number of 0 or more; None where nothing is said."""
    if value is None or value == "":
        return None
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not 0 <= found < 1e16:
        raise ValueUnreadError(f"'{field}' is no number of 0 or more")
    return found


def text(value: Any) -> str | None:
    """A value as text; None where nothing is said."""
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).strip() or None


def from_flat(place: str, values: Mapping[str, Any]) -> Row:
    """A row from fields by name: a construct's id its level, `actualized_MARKER`, `evidence_CONSTRUCT` (or `turns_...`).

    Raises:
        ValueUnreadError: a value cannot be understood.
    """
    by = {field_of(name): value for name, value in values.items() if name is not None}
    names = {field_of(c.name): c.id for c in load().constructs}
    by = {names.get(name, name): value for name, value in by.items()}
    row = Row(
        place,
        conversation_id=text(by.get("conversation_id")),
        source_id=text(by.get("source_id")),
        content_hash=text(by.get("content_hash")),
        labeller=text(by.get("labeller")) or text(by.get("annotator")),
        at=moment(by.get("at")),
        draw=text(by.get("draw")),
        inclusion=number(by.get("inclusion"), "inclusion"),
        seconds=number(by.get("seconds"), "seconds"),
        rubric=text(by.get("rubric")),
    )
    for construct in CONSTRUCTS:
        level = level_of(by.get(construct), construct)
        if level is not None:
            row.levels[construct] = level
        cited = turns_of(by.get(f"evidence_{construct}") or by.get(f"turns_{construct}") or [], construct)
        if cited:
            row.evidence[construct] = cited
    for marker in MARKERS:
        answer = answer_of(by.get(f"actualized_{marker}"), marker)
        if answer is not None:
            row.actualized[marker] = answer
    row.status = status_of(text(by.get("status")), row)
    return row


def status_of(said: str | None, row: Row) -> str:
    """The status of a label: as the file says, else by its levels: all, or some."""
    word = (said or "").lower()
    if word and word not in STATUSES:
        raise ValueUnreadError(f"the status is none of {', '.join(STATUSES)}")
    if not word and not row.levels:
        raise ValueUnreadError("no level of any construct, and no status that says why")
    whole = all(construct in row.levels for construct in CONSTRUCTS)
    if word == "labelled" and not whole:
        raise ValueUnreadError("a status of labelled, and not a level for every construct")
    return word or ("labelled" if whole else "unsure")


def flat(label: Label) -> dict[str, Any]:
    """A label as fields by name; what `from_flat` reads."""
    row: dict[str, Any] = {
        "labeller": label.labeller,
        "status": label.status,
        "at": iso(label.at),
        "seconds": "" if label.seconds is None else label.seconds,
        "rubric": label.rubric,
        "draw": label.draw or "",
        "inclusion": "" if label.inclusion is None else label.inclusion,
    }
    for construct in CONSTRUCTS:
        level = label.levels.get(construct)
        row[construct] = "" if level is None else LEVELS[level]
    row |= {f"actualized_{marker}": label.actualized.get(marker, "") for marker in MARKERS}
    return row | {f"evidence_{c}": " ".join(map(str, label.evidence.get(c, []))) for c in CONSTRUCTS}


def iso(at: int) -> str:
    """Milliseconds since 1970 as ISO 8601, UTC, to the millisecond."""
    when = _EPOCH + datetime.timedelta(milliseconds=min(at, 10**14))
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
