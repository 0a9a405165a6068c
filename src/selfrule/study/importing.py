"""Import: from the user's files to the study's conversations, in units that are done whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from selfrule.engine import map_partitions
from selfrule.errors import InputError
from selfrule.privacy.pseudonyms import Pseudonyms
from selfrule.records import Draft, Problem
from selfrule.sources import NOTES, Reader, RecordError, by_name, detect
from selfrule.sources.decode import NotJSON, decode, unwrap
from selfrule.sources.entries import Entry, expand
from selfrule.sources.generic import guess
from selfrule.sources.mapped import MappedReader
from selfrule.sources.mapping import Mapping
from selfrule.sources.units import UNIT_BYTES, Unit, raw_records, units
from selfrule.store.folder import Folder, write_part
from selfrule.store.schemas import conversation_table, problem_table
from selfrule.study.fingerprints import fingerprints
from selfrule.study.grouping import Rows, grouped

SERIAL_BYTES = 24 << 20  # below this, starting processes costs more than it saves
MOST_PIECES = 500  # small files in one part
SAMPLE = 25  # records looked at to tell the format
LISTED = 1000  # problems of one kind listed one by one within a unit; the rest is one line with a count


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


class Found(msgspec.Struct):
    """An entry as it was recognised."""

    label: str
    number: int
    size: int
    reader: str
    reason: str


class Columns:
    """Conversations of one unit, column by column, on their way into a part."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self.rows: list[tuple[Any, ...]] = []
        self.turns: list[list[Any]] = []
        self._texts: list[bytes] = []
        self._own: list[bool] = []
        self._opening: list[int] = []

    def add(self, draft: Draft, reader: str, label: str, place: str, suffix: str) -> None:
        """Hash, pseudonymise and keep one conversation."""
        turns = draft.turns
        # the separators cannot be forged: a turn's length stands before its text
        whole = "".join([f"{t.role}\x1f{len(t.text)}\x1f{t.text}" for t in turns]).encode("utf-8", "replace")
        said = [t.text for t in turns if t.role in ("user", "assistant")]
        content = hashlib.blake2b(whole, digest_size=16).hexdigest()
        # a record without an id of its own is known by its place in the file
        name = draft.source_id if draft.source_id is not None else f"{label}:{place}{suffix}"
        identity = hashlib.blake2b(f"{name}\x1f{content}".encode("utf-8", "replace"), digest_size=16).hexdigest()
        started = draft.started_at
        if started is None:
            started = min((t.at for t in turns if t.at is not None), default=None)
        self.rows.append(
            (
                identity,
                content,
                reader,
                name,
                place,
                None if draft.person is None else self._pseudonyms.of(draft.person),
                started,
                draft.model,
                draft.product,
                draft.language,
                draft.country,
                draft.thumb,
                draft.score,
                draft.tags,
                draft.branches,
            )
        )
        self.turns.append(turns)
        self._texts.append("\n".join(said).encode("utf-8", "replace"))
        self._own.append(draft.source_id is not None)
        self._opening.append(xxhash.xxh3_64_intdigest("\n".join(said[:2]).encode("utf-8", "replace")))

    def table(self) -> pa.Table:
        """The part."""
        names = (
            "conversation_id content_hash source source_id place person started_at model product language country "
            "thumb score tags branches"
        ).split()
        columns = dict(zip(names, map(list, zip(*self.rows, strict=True)), strict=True)) if self.rows else {}
        folded, sketches = fingerprints(self._texts)
        found = {
            "own_id": pa.array(self._own, pa.bool_()),
            "opening": pa.array(np.array(self._opening, np.uint64)),
            "folded": pa.array(folded),
            "sketch": sketches,
        }
        return conversation_table(columns or {name: [] for name in names}, self.turns, found)


class _Problems:
    """A unit's problems: each listed, up to a limit, and always counted."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.listed: list[Problem] = []
        self.counts: dict[tuple[str, str], int] = {}

    def add(self, place: str, kind: str, reason: str, remedy: str = "", severity: str = "skipped") -> None:
        key = (kind, severity)
        self.counts[key] = self.counts.get(key, 0) + 1
        if self.counts[key] <= LISTED:
            self.listed.append(Problem(self.label, place, kind, reason, remedy, severity))  # type: ignore[arg-type]

    def all(self) -> list[Problem]:
        """The listed ones, and a line for each kind that had more."""
        more = [
            Problem(self.label, f"{count - LISTED} more", kind, f"{count - LISTED:,} more of this kind", "", severity)  # type: ignore[arg-type]
            for (kind, severity), count in self.counts.items()
            if count > LISTED
        ]
        return self.listed + more

    def count(self, severity: str) -> int:
        return sum(n for (_, s), n in self.counts.items() if s == severity)


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
        problems = _Problems(piece.entry.label)
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


def _piece(piece: Piece, columns: Columns, problems: _Problems) -> int:
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


def _safely(entry: Entry, unit: Unit, problems: _Problems) -> Iterator[tuple[int, bytes | dict[str, Any]]]:
    """The unit's records; damage met while reading ends the unit with a problem, not the run."""
    try:
        yield from raw_records(entry, unit)
    except (OSError, ValueError, EOFError, NotImplementedError, pa.ArrowException) as error:
        problems.add(f"{unit.word} {unit.first}", "damaged", f"reading stopped here: {error}", "restore the file")


def _group(group: Rows, reader: MappedReader, columns: Columns, problems: _Problems) -> None:
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
    problems: _Problems,
    guess: bool,
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
                other = detect([record], entry.label) if guess else None
                if other is None or other[0].name == reader.name:
                    raise
                this = other[0]
                drafts = this.read(record, entry.label)
        except RecordError as error:
            problems.add(where, error.kind, error.reason, error.remedy)
            continue
        for index, draft in enumerate(drafts):
            suffix = "" if len(drafts) == 1 else "/" + (draft.tags[0] if draft.tags else str(index))
            for note in dict.fromkeys((*notes, *draft.notes)):
                problems.add(where, note, NOTES.get(note, note), severity="repaired")
            columns.add(draft, this.name, entry.label, where, suffix)
    if not found:
        problems.add(place, "not_a_record", "a JSON value that is no object", "one JSON object a conversation is expected")


def _sample(entry: Entry, unit: Unit) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    try:
        for _, raw in raw_records(entry, unit):
            try:
                value = decode(raw)[0] if isinstance(raw, bytes) else raw
            except NotJSON:
                continue
            found.extend(record for record, _ in zip(unwrap(value), range(SAMPLE), strict=False))
            if len(found) >= SAMPLE:
                break
    except (OSError, ValueError, EOFError, NotImplementedError, pa.ArrowException):
        pass
    return found[:SAMPLE]


class Recognised(msgspec.Struct):
    """The reader for an entry, the reason, and the mapping it reads by, if it does."""

    reader: str
    reason: str
    mapping: Mapping | None = None


def recognise(entry: Entry, first: Unit, mapping: Mapping | None, name: str | None) -> Recognised | None:
    """The reader for an entry, or None where no reader knows it."""
    if mapping is not None:
        return Recognised("generic", "your mapping", mapping)
    if name is not None:
        return Recognised(by_name(name).name, "you named it")
    sample = _sample(entry, first)
    found = detect(sample, entry.label)
    if found is None:
        return None
    reader, reason = found
    if reader.name == "generic":
        guessed = next((g for g in map(guess, sample) if g is not None), None)
        # a table with one turn a row is read by conversation, not by row
        if guessed is not None and guessed.conversation is not None:
            return Recognised("generic", reason, guessed)
    return Recognised(reader.name, reason)


class Importer:
    """Imports inputs into a study, reporting what it recognises and how far it is."""

    def __init__(
        self,
        folder: Folder,
        *,
        workers: int,
        mapping: Mapping | None = None,
        reader: str | None = None,
        told: Callable[[Found], None] = lambda found: None,
        begun: Callable[[int], None] = lambda size: None,
        moved: Callable[[int], None] = lambda size: None,
    ) -> None:
        self.folder, self.workers, self.mapping, self.reader = folder, workers, mapping, reader
        self.told, self.begun, self.moved = told, begun, moved
        self.found: list[Found] = []
        self._known: dict[str, Found] = {}
        self.total = Outcome()
        self.already = 0

    def run(self, inputs: Sequence[Path]) -> None:
        """Import what is not in the study yet.

        Raises:
            InputError: an input does not exist.
        """
        entries, problems = self._entries(inputs)
        size = sum(entry.size for entry in entries)
        self.begun(size)
        self.folder.secret()  # made before any worker needs it
        workers = self.workers if size > SERIAL_BYTES else 1
        for _, outcome in map_partitions(import_part, self._jobs(entries, problems), workers=workers):
            self.total.records += outcome.records
            self.total.conversations += outcome.conversations
            self.total.skipped += outcome.skipped
            self.moved(outcome.size)
        self._remember()
        if problems:
            key = hashlib.blake2b(msgspec.json.encode(problems), digest_size=8).hexdigest()
            write_part(self.folder.part("problems", f"inputs-{key}"), problem_table(problems))
            self.total.skipped += sum(p.severity == "skipped" for p in problems)

    def _entries(self, inputs: Sequence[Path]) -> tuple[list[Entry], list[Problem]]:
        """The readable entries, each with a label of its own and a number in the study that it keeps; and what is not."""
        entries: list[Entry] = []
        problems: list[Problem] = []
        labels: set[str] = set()
        for item in expand(inputs):
            if isinstance(item, Problem):
                problems.append(item)
                continue
            # two files of one name in one run are told apart by their folder
            again = item.label in labels
            entry = msgspec.structs.replace(item, label=f"{Path(item.path).parent.name}/{item.label}") if again else item
            labels.add(entry.label)
            entries.append(entry)
        manifest = self.folder.manifest()
        for known in manifest["inputs"]:
            self._known[known["label"]] = msgspec.convert(known, Found)
        for entry in entries:
            if entry.label not in self._known:
                self._known[entry.label] = Found(entry.label, len(self._known), entry.size, "", "")
        self._remember()
        return entries, problems

    def _remember(self) -> None:
        manifest = self.folder.manifest()
        manifest["inputs"] = msgspec.to_builtins(sorted(self._known.values(), key=lambda found: found.number))
        self.folder.write_manifest(manifest)

    def _jobs(self, entries: Iterable[Entry], problems: list[Problem]) -> Iterator[Job]:
        """What is missing, in parts of about a unit's size, in order of input."""
        have = {done.key for done in done_pieces(self.folder)}
        pieces: list[Piece] = []
        size = 0
        for piece in self._pieces(entries, problems):
            if piece.key in have:
                self.already += 1
                self.moved(piece.unit.size)
                continue
            pieces.append(piece)
            size += piece.unit.size
            if size >= UNIT_BYTES or len(pieces) >= MOST_PIECES:
                yield self._job(pieces)
                pieces, size = [], 0
        if pieces:
            yield self._job(pieces)

    def _job(self, pieces: list[Piece]) -> Job:
        first = pieces[0]
        key = hashlib.blake2b("".join(p.key for p in pieces).encode(), digest_size=8).hexdigest()
        return Job(str(self.folder.root), f"{first.number:06d}-{first.unit.number:06d}-{key}", pieces)

    def _pieces(self, entries: Iterable[Entry], problems: list[Problem]) -> Iterator[Piece]:
        for entry in entries:
            source = units(entry)
            first = next(source, None)
            choice = None if first is None else recognise(entry, first, self.mapping, self.reader)
            if first is None or choice is None:
                problems.extend((first.problems if first else []) or [_unknown(entry)])
                continue
            number = self._known[entry.label].number
            found = Found(entry.label, number, entry.size, choice.reader, choice.reason)
            self._known[entry.label] = found
            self.found.append(found)
            self.told(found)
            if choice.mapping is not None and choice.mapping.conversation is not None:
                source.close()
                some: Iterable[Unit] = grouped(entry, choice.mapping, self.folder)
            else:
                some = chain([first], source)
            made_by = hashlib.blake2b(msgspec.json.encode([choice.reader, choice.mapping]), digest_size=4).hexdigest()
            for unit in some:
                key = f"{number}-{unit.number}-{unit.key}-{made_by}"
                yield Piece(key, number, entry, unit, choice.reader, choice.mapping)


def done_pieces(folder: Folder) -> Iterator[Done]:
    """The pieces that the study's parts hold, by the parts' own metadata."""
    for path in folder.parts("conversations"):
        stored = pq.read_metadata(path).metadata or {}
        yield from msgspec.json.decode(stored.get(b"pieces", b"[]"), type=list[Done])


def _unknown(entry: Entry) -> Problem:
    return Problem(
        input=entry.label,
        place="file",
        kind="unknown_format",
        reason="no conversation of a known format in it",
        remedy="name the fields: --map text=FIELD,role=FIELD (see docs/formats.md)",
    )
