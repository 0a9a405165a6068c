"""Tables with one turn a row: the rows of one conversation are brought together, on disk when they are many.

Rows are dealt into buckets by a hash of their conversation, so that each bucket fits in memory; nothing is sorted as a whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import msgspec
import xxhash

from selfrule.records import Problem
from selfrule.sources.decode import NotJSON, decode, unwrap
from selfrule.sources.entries import Entry
from selfrule.sources.mapped import MappedReader
from selfrule.sources.mapping import Mapping
from selfrule.sources.units import Unit, raw_records, units
from selfrule.store.folder import Folder

BUCKET_BYTES = 128 << 20


class Rows(msgspec.Struct):
    """The rows of one conversation, and the place of the first."""

    place: str
    rows: list[dict[str, object]]


class _Row(msgspec.Struct, array_like=True):
    conversation: str
    place: str
    row: dict[str, object]


def _rows(entry: Entry, reader: MappedReader, problems: list[Problem]) -> Iterator[_Row]:
    for unit in units(entry):
        problems.extend(unit.problems)
        for number, raw in raw_records(entry, unit):
            place = f"{unit.word} {number}"
            try:
                value = decode(raw)[0] if isinstance(raw, bytes) else raw
            except NotJSON as error:
                problems.append(Problem(entry.label, place, "not_json", str(error), "repair or remove this record"))
                continue
            for record in unwrap(value):
                conversation = reader.conversation_of(record)
                if conversation is None:
                    reason = f"no conversation id at {reader.mapping.conversation!r}"
                    problems.append(Problem(entry.label, place, "shape", reason, "give each row its conversation's id"))
                else:
                    yield _Row(conversation, place, record)


def grouped(entry: Entry, mapping: Mapping, folder: Folder) -> Iterator[Unit]:
    """Units whose values are `Rows`, as JSON: one a conversation."""
    reader = MappedReader(mapping)
    problems: list[Problem] = []
    buckets = max(1, entry.size // BUCKET_BYTES)
    spill = folder.root / ".grouping"
    shutil.rmtree(spill, ignore_errors=True)
    spill.mkdir()
    encode = msgspec.msgpack.Encoder().encode
    try:
        files = [(spill / str(n)).open("wb") for n in range(buckets)]
        for row in _rows(entry, reader, problems):
            data = encode(row)
            handle = files[xxhash.xxh3_64_intdigest(row.conversation.encode()) % buckets]
            handle.write(len(data).to_bytes(8, "little") + data)
        for handle in files:
            handle.close()
        for number in range(buckets):
            groups: dict[str, Rows] = {}
            with (spill / str(number)).open("rb") as stored:
                while size := stored.read(8):
                    row = msgspec.msgpack.decode(stored.read(int.from_bytes(size, "little")), type=_Row)
                    groups.setdefault(row.conversation, Rows(row.place, [])).rows.append(row.row)
            values = [msgspec.json.encode(group) for group in groups.values()]
            key = xxhash.xxh3_64_hexdigest(b"".join(values))
            yield Unit(number, key, "conversation", 1, entry.size // buckets, values=values, problems=problems)
            problems = []
    finally:
        shutil.rmtree(spill, ignore_errors=True)
