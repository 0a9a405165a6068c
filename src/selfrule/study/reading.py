"""The worker's side of an import: one part from its pieces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from selfrule.privacy.pseudonyms import Pseudonyms
from selfrule.records import Problem
from selfrule.sources import NOTES, Reader, RecordError, by_name, detect
from selfrule.sources.decode import NotJSON, decode, unwrap
from selfrule.sources.entries import Entry
from selfrule.sources.mapped import MappedReader
from selfrule.sources.mapping import Mapping
from selfrule.sources.units import DAMAGE, Unit, raw_records
from selfrule.store.folder import Folder, write_part
from selfrule.store.schemas import problem_table
from selfrule.study.columns import Columns
from selfrule.study.grouping import Rows
from selfrule.study.problems import ProblemList


class Piece(msgspec.Struct):
    """One unit of one entry, and how to read it. `key` names it within the study: entry, place, content and reader."""

    key: str
    number: int
    entry: Entry
    unit: Unit
    reader: str
    mapping: Mapping | None


class Job(msgspec.Struct):
    """What makes one part: a unit, or several small ones (a folder of many small files)."""

    study: str
    part: str
    pieces: list[Piece]


class Outcome(msgspec.Struct):
    """What a worker did with a unit: counts alone travel back."""

    records: int = 0
    conversations: int = 0
    skipped: int = 0
    size: int = 0


class Done(msgspec.Struct):
    """What a part's own metadata says of a piece in it."""

    key: str
    number: int
    conversations: int


_keys: dict[str, Pseudonyms] = {}


def _pseudonyms(study: str) -> Pseudonyms:
    if study not in _keys:
        _keys[study] = Pseudonyms(Folder(Path(study)).secret())
    return _keys[study]


def import_part(job: Job) -> Outcome:
    """Read the pieces of one part and write it. Idempotent: the same pieces give the same part."""
    columns = Columns(_pseudonyms(job.study))
    outcome = Outcome()
    listed: list[Problem] = []
    done: list[Done] = []
    for piece in job.pieces:
        before = len(columns.rows)
        problems = ProblemList(piece.entry.label)
        outcome.records += _piece(piece, columns, problems)
        outcome.skipped += problems.count("skipped")
        outcome.size += piece.unit.size
        listed.extend(problems.all())
        done.append(Done(piece.key, piece.number, len(columns.rows) - before))
    outcome.conversations = len(columns.rows)
    folder = Folder(Path(job.study))
    if listed:
        write_part(folder.part("problems", job.part), problem_table(listed))
    # last: its presence says that all of the part is done
    write_part(folder.part("conversations", job.part), columns.table(), {"pieces": msgspec.json.encode(done)})
    return outcome


def _piece(piece: Piece, columns: Columns, problems: ProblemList) -> int:
    """Read one unit into the columns. Returns how many records it held."""
    entry, unit, mapping = piece.entry, piece.unit, piece.mapping
    reader: Reader = MappedReader(mapping) if mapping else by_name(piece.reader)
    for problem in unit.problems:
        problems.add(problem.place, problem.kind, problem.reason, problem.remedy, problem.severity)
    records = 0
    for number, raw in _safely(entry, unit, problems):
        records += 1
        place = f"{unit.word} {number}"
        if mapping and mapping.conversation:
            assert isinstance(raw, bytes)
            _group(msgspec.json.decode(raw, type=Rows), MappedReader(mapping), columns, problems)
            continue
        notes: list[str] = []
        value: Any = raw
        if isinstance(raw, bytes):
            try:
                value, notes = decode(raw)
            except NotJSON as error:
                problems.add(place, "not_json", str(error), "repair or remove this record")
                continue
        _one(value, notes, place, reader, entry, columns, problems, mapping is None)
    return records


def _safely(entry: Entry, unit: Unit, problems: ProblemList) -> Iterator[tuple[int, bytes | dict[str, Any]]]:
    """The unit's records; damage met while reading ends the unit with a problem, not the run."""
    try:
        yield from raw_records(entry, unit)
    except DAMAGE as error:
        problems.add(f"{unit.word} {unit.first}", "damaged", f"reading stopped here: {error}", "restore the file")


def _group(group: Rows, reader: MappedReader, columns: Columns, problems: ProblemList) -> None:
    try:
        draft = reader.group_rows(group.rows)
    except RecordError as error:
        problems.add(group.place, error.kind, error.reason, error.remedy)
        return
    for note in draft.notes:
        problems.add(group.place, note, NOTES.get(note, note), severity="repaired")
    columns.add(draft, reader.name, problems.label, group.place, "")


def _one(
    value: Any,
    notes: list[str],
    place: str,
    reader: Reader,
    entry: Entry,
    columns: Columns,
    problems: ProblemList,
    mixed: bool,
) -> None:
    found = 0
    for inner, record in enumerate(unwrap(value)):
        where = place if inner == 0 else f"{place}.{inner}"
        found += 1
        this = reader
        try:
            try:
                drafts = reader.read(record, entry.label)
            except RecordError:
                # a record of another format in the same file is read as what it is
                other = detect([record], entry.label) if mixed else None
                if other is None or other[0].name == reader.name:
                    raise
                this = other[0]
                drafts = this.read(record, entry.label)
        except RecordError as error:
            problems.add(where, error.kind, error.reason, error.remedy)
            continue
        except Exception as error:
            # a reader's own fault must cost one record, not the run; the message may quote the record, so it stays out
            reason = f"the reader {this.name} failed on this record ({type(error).__name__})"
            problems.add(where, "reader_failed", reason, "please report this, with the record's shape")
            continue
        for index, draft in enumerate(drafts):
            suffix = "" if len(drafts) == 1 else "/" + (draft.tags[0] if draft.tags else str(index))
            for note in dict.fromkeys((*notes, *draft.notes)):
                problems.add(where, note, NOTES.get(note, note), severity="repaired")
            columns.add(draft, this.name, entry.label, where, suffix)
    if not found:
        problems.add(
            place, "not_a_record", "a JSON value that is no object", "one JSON object a conversation is expected"
        )
