"""The worker's side of an import: one part from its pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from selfrule.privacy.forgotten import Forgotten
from selfrule.privacy.pseudonyms import Pseudonyms
from selfrule.records import Draft, Problem
from selfrule.sources import NOTES, Reader, RecordError, by_name, detect
from selfrule.sources.companions import COMPANION_READERS, companions
from selfrule.sources.decode import NotJSON, decode, unwrap
from selfrule.sources.entries import Entry
from selfrule.sources.mapped import MappedReader
from selfrule.sources.mapping import Mapping
from selfrule.sources.units import DAMAGE, Unit, raw_records
from selfrule.sources.weighing import Weighing
from selfrule.store.folder import Folder, write_part
from selfrule.store.schemas import problem_table
from selfrule.store.sealing import seal_of
from selfrule.store.text import sealed_words
from selfrule.study.columns import Columns
from selfrule.study.drawn import Drawn
from selfrule.study.grouping import Rows
from selfrule.study.problems import ProblemList


class Piece(msgspec.Struct):
    """One unit of one entry, how to read and to weigh it. `key` names it in the study: entry, place, content and reader."""

    key: str
    number: int
    entry: Entry
    unit: Unit
    reader: str
    mapping: Mapping | None
    weighing: Weighing = Weighing()


class Job(msgspec.Struct):
    """What makes one part: a unit, or several small ones (a folder of many small files).

    `drawn` is the file of a draw (`drawn.Drawn`) that says which conversations are kept; None: all.
    """

    study: str
    part: str
    pieces: list[Piece]
    drawn: str | None = None


class Outcome(msgspec.Struct):
    """What a worker did with a unit: counts alone travel back."""

    records: int = 0
    conversations: int = 0
    skipped: int = 0
    size: int = 0


class Where(NamedTuple):
    """Where a conversation was read: by which reader, in which input, at which place; and the records it was read from."""

    reader: str
    label: str
    place: str
    suffix: str
    rows: Sequence[dict[str, Any]]


Take = Callable[[Draft, Where], bool]
"""What is done with a conversation; says whether it is kept."""


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
    root = Path(job.study)
    columns = Columns(_pseudonyms(job.study), Forgotten.read(root, Folder(root).secret()))
    take = _keeping(columns, None if job.drawn is None else Drawn.read(job.drawn))
    outcome = Outcome()
    listed: list[Problem] = []
    done: list[Done] = []
    for piece in job.pieces:
        before = len(columns.rows)
        problems = ProblemList(piece.entry.label)
        outcome.records += Reading(piece, take, problems).run()
        outcome.skipped += problems.count("skipped")
        outcome.size += piece.unit.size
        listed.extend(problems.all())
        done.append(Done(piece.key, piece.number, len(columns.rows) - before))
    outcome.conversations = len(columns.rows)
    folder = Folder(Path(job.study))
    if listed:
        write_part(folder.part("problems", job.part), problem_table(listed))
    # last: its presence says that all of the part is done
    write_part(
        folder.part("conversations", job.part),
        sealed_words(columns.table(), seal_of(root)),
        {"pieces": msgspec.json.encode(done)},
    )
    return outcome


def _keeping(columns: Columns, drawn: Drawn | None) -> Take:
    """Into the columns: every conversation, or those that were drawn, with what they then stand for."""

    def take(draft: Draft, where: Where) -> bool:
        if drawn is not None:
            found = drawn.weight_of(draft)
            if found is None:
                return False
            draft.weight *= found
        return columns.add(draft, where.reader, where.label, where.place, where.suffix)

    return take


class Reading:
    """One unit on its way to whoever takes its conversations."""

    def __init__(self, piece: Piece, take: Take, problems: ProblemList) -> None:
        self._piece, self._take, self._problems = piece, take, problems
        self._mapped = MappedReader(piece.mapping) if piece.mapping else None
        self._reader: Reader = self._mapped or by_name(piece.reader)
        self._label = piece.entry.label

    def run(self) -> int:
        """Read the unit. Returns how many records it held."""
        for problem in self._piece.unit.problems:
            self._problems.add(problem.place, problem.kind, problem.reason, problem.remedy, problem.severity)
        records = 0
        for number, raw in self._raw():
            records += 1
            place = f"{self._piece.unit.word} {number}"
            if self._mapped is not None and self._mapped.mapping.conversation:
                assert isinstance(raw, bytes)
                self._group(msgspec.json.decode(raw, type=Rows), self._mapped)
                continue
            notes: list[str] = []
            value: Any = raw
            if isinstance(raw, bytes):
                try:
                    value, notes = decode(raw)
                except NotJSON as error:
                    self._problems.add(place, "not_json", str(error), "repair or remove this record")
                    continue
            self._record(value, notes, place)
        return records

    def _raw(self) -> Iterator[tuple[int, bytes | dict[str, Any]]]:
        """The unit's records; damage met while reading ends the unit with a problem, not the run."""
        unit = self._piece.unit
        try:
            yield from raw_records(self._piece.entry, unit)
        except DAMAGE as error:
            place = f"{unit.word} {unit.first}"
            self._problems.add(place, "damaged", f"reading stopped here: {error}", "restore the file")

    def _group(self, group: Rows, reader: MappedReader) -> None:
        try:
            draft = reader.group_rows(group.rows)
        except RecordError as error:
            self._problems.add(group.place, error.kind, error.reason, error.remedy)
            return
        self._keep([draft], [], group.place, reader.name, group.rows)

    def _record(self, value: Any, notes: list[str], place: str) -> None:
        found = 0
        for inner, record in enumerate(unwrap(value)):
            where = place if inner == 0 else f"{place}.{inner}"
            found += 1
            name = self._reader.name
            try:
                name, drafts = self._drafts(record)
            except RecordError as error:
                self._problems.add(where, error.kind, error.reason, error.remedy)
                continue
            except Exception as error:
                # a reader's own fault must cost one record, not the run; its message may quote the record, so it stays out
                reason = f"the reader {name} failed on this record ({type(error).__name__})"
                self._problems.add(where, "reader_failed", reason, "please report this, with the record's shape")
                continue
            self._keep(drafts, notes, where, name, [record])
        if not found:
            remedy = "one JSON object a conversation is expected"
            self._problems.add(place, "not_a_record", "a JSON value that is no object", remedy)

    def _drafts(self, record: dict[str, Any]) -> tuple[str, list[Draft]]:
        """The conversations of a record, and who read it: one of another format in the same file is read as what it is."""
        try:
            return self._reader.name, self._reader.read(record, self._label)
        except RecordError:
            other = detect([record], self._label) if self._mapped is None else None
            if other is None or other[0].name == self._reader.name:
                raise
            return other[0].name, other[0].read(record, self._label)

    def _keep(
        self, drafts: list[Draft], notes: list[str], place: str, reader: str, rows: Sequence[dict[str, Any]]
    ) -> None:
        try:
            weight = self._piece.weighing.of(rows)
        except RecordError as error:
            self._problems.add(place, error.kind, error.reason, error.remedy)
            return
        beside = companions(self._piece.entry) if reader in COMPANION_READERS else None
        for index, draft in enumerate(drafts):
            draft.weight = weight
            if beside is not None:
                beside.complete(draft)
            suffix = "" if len(drafts) == 1 else "/" + (draft.tags[0] if draft.tags else str(index))
            kept = self._take(draft, Where(reader, self._label, place, suffix, rows))
            if kept and (notes or draft.notes):
                for note in dict.fromkeys((*notes, *draft.notes)):
                    self._problems.add(place, note, NOTES.get(note, note), severity="repaired")
