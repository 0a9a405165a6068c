"""Labels as CSV: a row a label, a column a construct; levels as words or 0 to 3."""

from __future__ import annotations

import csv
import io
import re
import sys
import threading
from collections.abc import Iterable, Iterator

from selfrule.labels.formats.row import Entry, Read, ValueUnreadError, flat, from_flat
from selfrule.records import Label

_FORMULA = re.compile(r"'*[=+\-@\t\r]")  # a cell that begins so would be run by a spreadsheet
_READING = threading.Lock()


def _safe(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def _bare(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def write(entries: Iterable[Entry], *, conversations: bool) -> Iterator[bytes]:
    """The file, piece by piece. A conversation without labels has one row with empty cells, to be filled in."""
    empty = flat(Label("", "", "", 0, "skipped", "")) | {"at": "", "status": "", "labeller": ""}
    names = ["conversation_id", "source_id", *empty, *(["conversation"] if conversations else [])]
    held = io.StringIO(newline="")
    writer = csv.DictWriter(held, names, lineterminator="\r\n")
    writer.writeheader()
    for entry in entries:
        shared = {"conversation_id": entry.conversation_id, "source_id": entry.source_id}
        if conversations:
            turns = entry.turns or []
            shared["conversation"] = "\n\n".join(f"[{n}] {turn.role}: {turn.text}" for n, turn in enumerate(turns))
        for values in [flat(label) for label in entry.labels] or [empty | {"draw": entry.draw or ""}]:
            writer.writerow({name: _safe(value) for name, value in (values | shared).items()})
        yield held.getvalue().encode("utf-8", "replace")
        held.seek(0)
        held.truncate()
    yield held.getvalue().encode("utf-8", "replace")


def read(data: bytes) -> Read:
    """The labels of a file. Rows whose label cells are all empty are passed over: nobody has filled them in."""
    found = Read()
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    with _READING:  # the limit on a cell is the module's, and a conversation may be larger
        limit = csv.field_size_limit(min(sys.maxsize, 2**62))
        try:
            for number, row in enumerate(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter), 2):
                _take(
                    found, f"row {number}", {name: _bare(cell) for name, cell in row.items() if isinstance(cell, str)}
                )
        except csv.Error:
            found.problems.append("the file is no CSV from here on: its quotes do not match")
        finally:
            csv.field_size_limit(limit)
    return found


_NOT_A_LABEL = frozenset(
    ("conversation_id", "source_id", "content_hash", "conversation", "draw", "inclusion", "rubric", "at", "labeller")
)


def _take(found: Read, place: str, cells: dict[str, str]) -> None:
    if not any(cell.strip() for name, cell in cells.items() if name not in _NOT_A_LABEL):
        return
    try:
        found.rows.append(from_flat(place, cells))
    except ValueUnreadError as error:
        found.problems.append(f"{place}: {error}")
