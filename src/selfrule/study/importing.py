"""Import: from the user's files to the study's conversations, in parts that are done whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeVar

import msgspec
import pyarrow.parquet as pq

from selfrule.engine import map_partitions
from selfrule.errors import UsageError
from selfrule.records import Problem
from selfrule.sources.entries import Entry, expand
from selfrule.sources.mapping import Mapping
from selfrule.sources.units import UNIT_BYTES, Unit, units
from selfrule.sources.weighing import Weighing
from selfrule.store.folder import Folder, readable, write_part
from selfrule.store.schemas import problem_table
from selfrule.study.grouping import grouped
from selfrule.study.reading import Done, Job, Outcome, Piece, import_part
from selfrule.study.recognising import recognise

Seen = TypeVar("Seen")

SERIAL_BYTES = 24 << 20  # below this, starting processes costs more than it saves
MOST_PIECES = 500  # small files in one part


class Found(msgspec.Struct):
    """An entry as it was recognised."""

    label: str
    number: int
    size: int
    reader: str
    reason: str
    weighing: Weighing = Weighing()


class Importer:
    """Imports inputs into a study, reporting what it recognises and how far it is."""

    def __init__(
        self,
        folder: Folder,
        *,
        workers: int,
        mapping: Mapping | None = None,
        reader: str | None = None,
        weighing: Weighing | None = None,
        drawn: Path | None = None,
        told: Callable[[Found], None] = lambda found: None,
        begun: Callable[[int], None] = lambda size: None,
        moved: Callable[[int], None] = lambda size: None,
    ) -> None:
        self.folder, self.workers, self.reader = folder, workers, reader
        self.mapping = mapping if mapping is not None and mapping.reads else None
        self.weighing, self.drawn = weighing, drawn
        self.told, self.begun, self.moved = told, begun, moved
        self.found: list[Found] = []
        self._known: dict[str, Found] = {}
        self.total = Outcome()
        self.already = 0

    def scan(self, inputs: Sequence[Path], look: Callable[[Job], Seen]) -> Iterator[Seen]:
        """Have every part looked at, in any order, and nothing of it stored.

        Raises:
            InputError: an input does not exist.
        """
        entries, problems = self._entries(inputs)
        for job, seen in map_partitions(look, self._jobs(entries, problems, again=True), workers=self._begin(entries)):
            self.moved(sum(piece.unit.size for piece in job.pieces))
            yield seen

    def _begin(self, entries: Sequence[Entry]) -> int:
        size = sum(entry.size for entry in entries)
        self.begun(size)
        self.folder.secret()  # made before any worker needs it
        return self.workers if size > SERIAL_BYTES else 1

    def run(self, inputs: Sequence[Path]) -> None:
        """Import what is not in the study yet.

        Raises:
            InputError: an input does not exist.
            UsageError: an input is in the study already, weighted in another way.
        """
        entries, problems = self._entries(inputs)
        workers = self._begin(entries)
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
        """The readable entries, each with its own label and a number that it keeps; and what cannot be read."""
        entries: list[Entry] = []
        problems: list[Problem] = []
        labels: set[str] = set()
        for item in expand(inputs):
            if isinstance(item, Problem):
                problems.append(item)
                continue
            # two files of one name in one run are told apart by their folder
            again = item.label in labels
            entry = (
                msgspec.structs.replace(item, label=f"{Path(item.path).parent.name}/{item.label}") if again else item
            )
            labels.add(entry.label)
            entries.append(entry)
        manifest = self.folder.manifest()
        for known in manifest["inputs"]:
            self._known[known["label"]] = msgspec.convert(known, Found)
        for entry in entries:
            known = self._known.get(entry.label)
            wanted = self.weighing or (Weighing() if known is None else known.weighing)
            if known is not None and known.reader and known.weighing != wanted:
                raise UsageError(
                    f"{entry.label} is in this study already, with {known.weighing.describe()}; it cannot be read again with "
                    f"{wanted.describe()}. Start a new study with -o."
                )
            if known is None or not known.reader:
                number = len(self._known) if known is None else known.number
                self._known[entry.label] = Found(entry.label, number, entry.size, "", "", wanted)
        self._remember()
        return entries, problems

    def _remember(self) -> None:
        manifest = self.folder.manifest()
        manifest["inputs"] = msgspec.to_builtins(sorted(self._known.values(), key=lambda found: found.number))
        self.folder.write_manifest(manifest)

    def _jobs(self, entries: Iterable[Entry], problems: list[Problem], *, again: bool = False) -> Iterator[Job]:
        """What is missing (or, `again`, everything), in parts of about a unit's size, in order of input."""
        have = set() if again else {done.key for done in done_pieces(self.folder)}
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
        drawn = None if self.drawn is None else str(self.drawn)
        return Job(str(self.folder.root), f"{first.number:06d}-{first.unit.number:06d}-{key}", pieces, drawn)

    def _pieces(self, entries: Iterable[Entry], problems: list[Problem]) -> Iterator[Piece]:
        for entry in entries:
            source = units(entry)
            first = next(source, None)
            choice = None if first is None else recognise(entry, first, self.mapping, self.reader)
            if first is None or choice is None:
                problems.extend((first.problems if first else []) or [_unknown(entry)])
                continue
            known = self._known[entry.label]
            number = known.number
            found = Found(entry.label, number, entry.size, choice.reader, choice.reason, known.weighing)
            self._known[entry.label] = found
            self.found.append(found)
            self.told(found)
            if choice.mapping is not None and choice.mapping.conversation is not None:
                source.close()
                some: Iterable[Unit] = grouped(entry, choice.mapping, self.folder)
            else:
                some = chain([first], source)
            made_by = _made_by(choice.reader, choice.mapping)
            for unit in some:
                key = f"{number}-{unit.number}-{unit.key}-{made_by}"
                yield Piece(key, number, entry, unit, choice.reader, choice.mapping, known.weighing)


def _made_by(reader: str, mapping: Mapping | None) -> str:
    """A hash of how records are read. Weights are no part of it: an input weighted in another way is another study."""
    read_by = None if mapping is None else msgspec.to_builtins(mapping)
    if read_by is not None:
        read_by = {key: value for key, value in read_by.items() if key not in ("weight", "inclusion")}
    return hashlib.blake2b(msgspec.json.encode([reader, read_by]), digest_size=4).hexdigest()


def done_pieces(folder: Folder) -> Iterator[Done]:
    """The pieces that the study's parts hold, by the parts' own metadata."""
    for path in filter(readable, folder.parts("conversations")):
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
