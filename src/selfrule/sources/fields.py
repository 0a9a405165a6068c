"""What stands beside a conversation in a log: id, person, model, times, feedback; under the names that logs use."""

from __future__ import annotations

from typing import Any

from selfrule.sources.normalise import as_dict, label
from selfrule.sources.values import parse_language, parse_score, parse_tags, parse_thumb, parse_time

# per field of a Draft, the names it goes by, the best first
NAMES: dict[str, tuple[str, ...]] = {
    "source_id": ("id", "conversation_id", "custom_id", "uuid", "session_id", "thread_id"),
    "person": ("person", "user_id", "user", "account_id", "client_id", "account", "person_id"),
    "started_at": ("started_at", "created_at", "created", "create_time", "timestamp", "time", "date"),
    "model": ("model", "model_name", "model_slug", "model_id"),
    "product": ("product", "app"),
    "language": ("language", "lang"),
    "country": ("country",),
    "thumb": ("thumb", "thumbs", "feedback", "vote"),
    "score": ("score",),
    "rating": ("rating", "stars"),
    "tags": ("tags",),
}
_FIELD: dict[str, tuple[str, int]] = {
    name: (field, rank) for field, names in NAMES.items() for rank, name in enumerate(names)
}


def read_fields(notes: list[str], record: dict[str, Any], *more: object) -> dict[str, Any]:
    """Keyword arguments for a Draft from a record's own fields and, where it lacks them, from objects inside it.

    Args:
        notes: Collects what could not be used.
        record: The record.
        more: Objects to look in next, best first; what is no dict is passed over.
    """
    found = _best(record)
    for other in more:
        inside = None if other is None else as_dict(other)
        if inside is not None:
            for field, value in _best(inside).items():
                found.setdefault(field, value)
    values: dict[str, Any] = {}
    for field, value in found.items():
        if field == "started_at":
            values[field] = parse_time(value, notes)
        elif field == "language":
            values[field] = parse_language(value, notes)
        elif field == "tags":
            values[field] = parse_tags(value, notes)
        elif field == "score":
            values[field] = parse_score(value, notes)
        elif field == "thumb":
            values[field] = parse_thumb(value)
        elif field != "rating":
            values[field] = label(value, notes)
    if "rating" in found:
        _add_rating(found["rating"], values)
    return values


def _add_rating(value: object, values: dict[str, Any]) -> None:
    """A rating in words is a thumb; a number is a score, since 1 of 5 stars is no thumb up."""
    score = parse_score(value, [])
    if score is None:
        values.setdefault("thumb", parse_thumb(value))
    elif values.get("score") is None:
        values["score"] = score


def _best(record: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    for key, value in record.items():
        spec = _FIELD.get(key)
        if spec is None or value is None or value == "":
            continue
        field, rank = spec
        if field not in ranks or rank < ranks[field]:
            found[field], ranks[field] = value, rank
    return found
