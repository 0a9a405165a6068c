"""Values beside the words of a conversation: times, thumbs, scores, languages, tags. Nonsense gives None and a note."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Literal

from selfrule.sources.normalise import as_list, label, note

_MOST_TAGS = 100

# 2000-01-01 and 2100-01-01 UTC in seconds. The range spans a factor of 4.4, so units a factor of 1000 apart never mix.
_FIRST, _LAST = 946_684_800, 4_102_444_800
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[0-9]{9,19}(?:\.[0-9]*)?")

Thumb = Literal["up", "down"]
_UP = {
    *("up", "thumbs_up", "thumbsup", "thumb_up", "upvote", "like", "liked", "positive", "good", "+1", "1"),
    *("true", "yes", "👍"),
}
_DOWN = {
    *("down", "thumbs_down", "thumbsdown", "thumb_down", "downvote", "dislike", "disliked", "negative", "bad", "-1"),
    *("false", "no", "👎"),
}

# languages by name, as WildChat and LMSYS-Chat-1M write them
_NAMES = """
arabic ar bulgarian bg catalan ca chinese zh croatian hr czech cs danish da dutch nl english en estonian et finnish fi
french fr german de greek el hebrew he hindi hi hungarian hu indonesian id italian it japanese ja korean ko latvian lv
lithuanian lt malay ms mandarin zh norwegian no persian fa farsi fa polish pl portuguese pt romanian ro russian ru
serbian sr slovak sk slovenian sl spanish es swedish sv tagalog tl thai th turkish tr ukrainian uk urdu ur vietnamese vi
""".split()  # noqa: SIM905 - a table is easier to read than a list of 92 strings
_LANGUAGES: dict[str, str] = dict(zip(_NAMES[::2], _NAMES[1::2], strict=True))
_NO_LANGUAGE = {"unknown", "und", "none", "n/a"}


def parse_time(value: object, notes: list[str]) -> int | None:
    """Milliseconds since 1970-01-01 UTC, or None; never invented.

    Takes seconds, milliseconds, microseconds or nanoseconds (told apart by size), ISO 8601 text (without a zone: UTC),
    and date or datetime objects. What is none of these, or lies outside 2000 to 2100, gives None and a note.
    """
    if value is None or value == "":
        return None
    millis: int | None = None
    if isinstance(value, str):
        millis = _from_text(value)
        if millis is None and not value.strip():
            return None
    elif isinstance(value, bool):
        millis = None
    elif isinstance(value, int | float):
        millis = _from_number(value)
    elif isinstance(value, datetime):
        millis = _from_datetime(value)
    elif isinstance(value, date):
        millis = _from_datetime(datetime(value.year, value.month, value.day, tzinfo=UTC))
    if millis is None:
        note(notes, "time")
    return millis


def _from_text(text: str) -> int | None:
    if text[4:5] != "-":
        text = text.strip()
        if _NUMBER.fullmatch(text):
            return _from_number(float(text) if "." in text else int(text))
    if len(text) > 40:
        return None
    if text.endswith((" UTC", " GMT")):
        text = text[:-4] + "+00:00"
    try:
        return _from_datetime(datetime.fromisoformat(text))
    except ValueError:
        return None


def _from_number(value: float) -> int | None:
    if _FIRST <= value < _LAST:
        return round(value * 1000)
    for unit in (1_000, 1_000_000, 1_000_000_000):
        if _FIRST * unit <= value < _LAST * unit:
            return int(value * 1000 // unit)
    return None


def _from_datetime(value: datetime) -> int | None:
    since = (value if value.utcoffset() is not None else value.replace(tzinfo=UTC)) - _EPOCH
    seconds = since.days * 86_400 + since.seconds
    return seconds * 1000 + since.microseconds // 1000 if _FIRST <= seconds < _LAST else None


def parse_thumb(value: object) -> Thumb | None:
    """A thumb from words, emoji, true/false, 1/-1, or an object that holds one; None where there is none."""
    if isinstance(value, str):
        word = value.strip().lower()[:20].replace(" ", "_").replace("-up", "_up").replace("-down", "_down")
        return "up" if word in _UP else "down" if word in _DOWN else None
    if isinstance(value, int | float):
        return "up" if value is True or value == 1 else "down" if value is False or value == -1 else None
    if isinstance(value, dict):
        for key in ("thumb", "thumbs", "rating", "type", "value", "vote"):
            if not isinstance(value.get(key), dict | None):
                return parse_thumb(value[key])
    return None


def parse_score(value: object, notes: list[str]) -> float | None:
    """A finite number, also from text; else None, with a note where there was something."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float | str) and not isinstance(value, bool) and len(str(value)[:50]) < 50:
        try:
            score = float(value)
        except (ValueError, OverflowError):
            score = math.nan
        if math.isfinite(score):
            return score
    note(notes, "field")
    return None


def parse_language(value: object, notes: list[str]) -> str | None:
    """A language as a two-letter code where its name or tag is known ("English", "en-GB": "en"), else in lower case."""
    text = label(value, notes)
    if text is None:
        return None
    text = text.lower()
    if len(text) > 3 and text[2:3] in "-_":
        text = text[:2]
    return None if text in _NO_LANGUAGE else _LANGUAGES.get(text, text)


def parse_tags(value: object, notes: list[str]) -> list[str]:
    """Tags from a list or from text with commas; at most 100."""
    parts: Sequence[object] | None = as_list(value)
    if parts is None:
        parts = value.split(",", _MOST_TAGS) if isinstance(value, str) else ()
    found = (label(part, notes) for part in parts[:_MOST_TAGS])
    return list(dict.fromkeys(tag for tag in found if tag is not None))
