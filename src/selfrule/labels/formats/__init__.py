"""Forms in which labels, and conversations to be labelled, leave a study and come back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from selfrule.errors import UsageError
from selfrule.labels.formats import argilla, csv_, jsonl, label_studio
from selfrule.labels.formats.row import Entry, Read, Row

FORMATS: dict[str, Any] = {"csv": csv_, "jsonl": jsonl, "label-studio": label_studio, "argilla": argilla}


def write(name: str, entries: Iterable[Entry], *, conversations: bool = True) -> Iterator[bytes]:
    """A file in a form, piece by piece.

    Args:
        name: One of `FORMATS`.
        entries: The conversations, with the labels to be written.
        conversations: Whether their turns are written too.

    Raises:
        UsageError: there is no such form.
    """
    made: Iterator[bytes] = _form(name).write(entries, conversations=conversations)
    return made


def read(name: str, data: bytes) -> Read:
    """The labels in a file, and what could not be read of it.

    Raises:
        UsageError: there is no such form.
    """
    found: Read = _form(name).read(data)
    return found


def recognised(data: bytes, suffix: str = "") -> str:
    """The form that a file is in, by its beginning; its suffix decides between CSV and JSON lines."""
    start = data[:65536].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"[":
        return "argilla" if b'"responses"' in start or b'"fields"' in start else "label-studio"
    if start[:1] == b"{" and suffix.lower() != ".csv":
        return "jsonl"
    return "csv"


def _form(name: str) -> Any:
    if name not in FORMATS:
        raise UsageError(f"The format of labels must be one of {', '.join(FORMATS)}. Got {name[:40]!r} instead.")
    return FORMATS[name]


__all__ = ["FORMATS", "Entry", "Read", "Row", "read", "recognised", "write"]
