"""Import: from the user's files to the study's conversations, in units that are done whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import xxhash

from selfrule.engine import map_partitions
from selfrule.errors import InputError
from selfrule.privacy.pseudonyms import Pseudonyms
from selfrule.records import Draft, Problem
from selfrule.sources import NOTES, Mapping, Reader, RecordError, by_name, detect, generic_reader, group_rows
from selfrule.sources.decode import NotJSON, decode, unwrap
from selfrule.sources.entries import Entry, expand
from selfrule.sources.units import Unit, raw_records, units
from selfrule.store.folder import Folder, write_part
from selfrule.store.schemas import conversation_table, problem_table
from selfrule.study.fingerprints import fingerprints

SAMPLE = 25  # records looked at to tell the format
LISTED = 1000  # problems of one kind listed one by one within a unit; the rest is one line with a count


class Job(msgspec.Struct):
    """One unit to import: what a worker needs, and nothing else."""

    study: str
    entry: Entry
    unit: Unit
    reader: str
    mapping: Mapping | None
    part: str


class Outcome(msgspec.Struct):
    """What a worker did with a unit: counts alone travel back."""

    records: int = 0
    conversations: int = 0
    skipped: int = 0
    repaired: int = 0
    size: int = 0


class Found(msgspec.Struct):
    """An entry as it was recognised."""

    label: str
    number: int
    size: int
    reader: str
    reason: str


class Columns:
    """Conversations of one unit, column by column, on their way into a part."""

    def __init__(self, pseudonyms: Pseudonyms, label: str) -> None:
        self._pseudonyms, self._label = pseudonyms, label
        self.rows: list[tuple[Any, ...]] = []
        self.turns: list[list[Any]] = []
        self._texts: list[bytes] = []
        self._own: list[bool] = []
        self._opening: list[int] = []

    def add(self, draft: Draft, reader: str, place: str, suffix: str) -> None:
        """Hash, pseudonymise and keep one conversation."""
        turns = draft.turns
        # the separators cannot be forged: a turn's length stands before its text
        whole = "".join([f"{t.role}\x1f{len(t.text)}\x1f{t.text}" for t in turns]).encode("utf-8", "replace")
        said = [t.text for t in turns if t.role in ("user", "assistant")]
        content = hashlib.blake2b(whole, digest_size=16).hexdigest()
        # a record without an id of its own is known by its place in the file
        name = draft.source_id if draft.source_id is not None else f"{self._label}:{place}{suffix}"
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


def _reader(name: str, mapping: Mapping | None) -> Reader:
    return generic_reader(mapping) if mapping is not None else by_name(name)


def import_unit(job: Job) -> Outcome:
    """Read one unit and write its part. Idempotent: the same unit gives the same part."""
    entry, unit = job.entry, job.unit
    reader = _reader(job.reader, job.mapping)
    columns = Columns(_pseudonyms(job.study), entry.label)
    problems = _Problems(entry.label)
    for problem in unit.problems:
        problems.add(problem.place, problem.kind, problem.reason, problem.remedy, problem.severity)
    records = 0
    for number, raw in _safely(entry, unit, problems):
        records += 1
        place = f"{unit.word} {number}"
        if isinstance(raw, bytes):
            try:
                value, notes = decode(raw)
            except NotJSON as error:
                problems.add(place, "not_json", str(error), "repair or remove this record")
                continue
        else:
            value, notes = raw, []
        _one(value, notes, place, reader, entry, columns, problems, job.mapping is None)
    folder = Folder(Path(job.study))
    listed = problems.all()
    if listed:
        write_part(folder.part("problems", job.part), problem_table(listed))
    write_part(folder.part("conversations", job.part), columns.table())
    return Outcome(records, len(columns.rows), problems.count("skipped"), problems.count("repaired"), unit.size)


def _safely(entry: Entry, unit: Unit, problems: _Problems) -> Iterator[tuple[int, bytes | dict[str, Any]]]:
    """The unit's records; damage met while reading ends the unit with a problem, not the run."""
    try:
        yield from raw_records(entry, unit)
    except (OSError, ValueError, EOFError, NotImplementedError, pa.ArrowException) as error:
        problems.add(f"{unit.word} {unit.first}", "damaged", f"reading stopped here: {error}", "restore the file")


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
            columns.add(draft, this.name, where, suffix)
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


def recognise(entry: Entry, first: Unit, mapping: Mapping | None, name: str | None) -> tuple[str, str] | None:
    """The reader for an entry and the reason, or None where no reader knows it."""
    if mapping is not None:
        return "generic", "your mapping"
    if name is not None:
        return by_name(name).name, "you named it"
    found = detect(_sample(entry, first), entry.label)
    return None if found is None else (found[0].name, found[1])


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
        moved: Callable[[int, int], None] = lambda size, conversations: None,
    ) -> None:
        self.folder, self.workers, self.mapping, self.reader = folder, workers, mapping, reader
        self.told, self.moved = told, moved
        self.found: list[Found] = []
        self.total = Outcome()
        self.already = 0

    def run(self, inputs: Sequence[Path]) -> None:
        """Import what is not in the study yet.

        Raises:
            InputError: an input does not exist, or nothing in any input is usable and the study is empty.
        """
        entries: list[Entry] = []
        problems: list[Problem] = []
        for item in expand(inputs):
            (entries if isinstance(item, Entry) else problems).append(item)  # type: ignore[arg-type]
        self.size = sum(e.size for e in entries)
        workers = self.workers if self.size > 24 << 20 else 1  # starting processes costs more than a small import
        for _, outcome in map_partitions(import_unit, self._jobs(entries, problems), workers=workers):
            self.total.records += outcome.records
            self.total.conversations += outcome.conversations
            self.total.skipped += outcome.skipped
            self.total.repaired += outcome.repaired
            self.moved(outcome.size, outcome.conversations)
        if problems:
            key = hashlib.blake2b(msgspec.json.encode(problems), digest_size=8).hexdigest()
            write_part(self.folder.part("problems", f"inputs-{key}"), problem_table(problems))
            self.total.skipped += sum(p.severity == "skipped" for p in problems)

    def _number(self, label: str) -> int:
        """An entry's number in the study, given once; parts sort by it."""
        manifest = self.folder.manifest()
        for known in manifest["inputs"]:
            if known["label"] == label:
                return int(known["number"])
        return len(manifest["inputs"])

    def _remember(self, found: Found) -> None:
        manifest = self.folder.manifest()
        inputs = [i for i in manifest["inputs"] if i["label"] != found.label]
        manifest["inputs"] = sorted([*inputs, msgspec.to_builtins(found)], key=lambda i: i["number"])
        self.folder.write_manifest(manifest)

    def _jobs(self, entries: Iterable[Entry], problems: list[Problem]) -> Iterator[Job]:
        self.folder.secret()  # made before any worker needs it
        for entry in entries:
            number = self._number(entry.label)
            choice: tuple[str, str] | None = None
            source = grouped(entry, self.mapping, self.folder) if self.mapping and self.mapping.conversation else units(entry)
            for unit in source:
                if choice is None:
                    choice = recognise(entry, unit, self.mapping, self.reader)
                    if choice is None:
                        problems.extend(unit.problems or [_unknown(entry)])
                        break
                    found = Found(entry.label, number, entry.size, *choice)
                    self.found.append(found)
                    self._remember(found)
                    self.told(found)
                made_by = hashlib.blake2b(
                    msgspec.json.encode([choice[0], self.mapping]), digest_size=4
                ).hexdigest()
                part = f"{number:04d}-{unit.number:06d}-{unit.key}{made_by}"
                if self.folder.part("conversations", part).exists():
                    self.already += 1
                    self.moved(unit.size, 0)
                    continue
                yield Job(str(self.folder.root), entry, unit, choice[0], self.mapping, part)
            else:
                if choice is None:
                    problems.append(_unknown(entry))


def _unknown(entry: Entry) -> Problem:
    return Problem(
        input=entry.label,
        place="file",
        kind="unknown_format",
        reason="no conversation of a known format in it",
        remedy="name the fields: --map text=FIELD,role=FIELD (see docs/formats.md)",
    )


def grouped(entry: Entry, mapping: Mapping, folder: Folder) -> Iterator[Unit]:
    """Units for a table whose rows are turns: rows of one conversation are brought together, on disk, by DuckDB."""
    raise InputError("set later")


__all__ = ["Found", "Importer", "Outcome", "group_rows", "import_unit"]
