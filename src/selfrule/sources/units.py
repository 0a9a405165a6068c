"""Units of work: an entry cut into pieces of a few megabytes, each decoded on its own, in any order, by any process.

A unit's key is a hash of its bytes, so a study knows which units it already holds, also when a log has grown since.
"""

from __future__ import annotations

import csv
import io
import lzma
import zipfile
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import xxhash

from selfrule.errors import InputError
from selfrule.records import Problem
from selfrule.sources.entries import Entry, open_entry
from selfrule.sources.scan import LARGEST_RECORD, Cut, json_values, lines

# what reading damaged data raises; pyarrow's own errors are kinds of OSError, ValueError and NotImplementedError
DAMAGE = (
    *(OSError, ValueError, EOFError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, csv.Error),
)
UNIT_BYTES = 6 << 20
UNIT_ROWS = 5000


class Unit(msgspec.Struct):
    """A piece of an entry. Exactly one of `span` (byte range of a plain file), `blob` (whole lines), `values` (raw JSON),
    `rows` (decoded rows) or `row_group` (of a Parquet file) says where its records are.

    `first` is the place of the first record, counted from 1; `word` is what a place is called ("line", "element", ...).
    """

    number: int
    key: str
    word: str
    first: int
    size: int
    span: tuple[int, int] | None = None
    blob: bytes | None = None
    values: list[bytes] | None = None
    rows: list[dict[str, Any]] | None = None
    row_group: int | None = None
    names: list[str] | None = None
    header: dict[str, Any] | None = None
    problems: list[Problem] = msgspec.field(default_factory=list)


def _hash(*pieces: bytes | memoryview) -> str:
    digest = xxhash.xxh3_128()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()[:16]


def _problem(entry: Entry, place: str, cut: Cut) -> Problem:
    remedy = "" if cut.kind == "malformed" else "export or download the file again"
    return Problem(input=entry.label, place=place, kind=cut.kind, reason=cut.reason, remedy=remedy)


def units(entry: Entry) -> Generator[Unit, None, None]:
    """Cut an entry into units, in order. Damaged data ends the entry with a problem on the last unit, never with an error."""
    made = 0
    try:
        for unit in _units(entry):
            made += 1
            yield unit
    except InputError as error:
        cut = Cut("archive", str(error))
    except DAMAGE as error:
        cut = Cut("damaged", f"reading stopped here: {error}")
    else:
        return
    last = Unit(made, _hash(cut.reason.encode()), "file", 1, 0, values=[])
    last.problems.append(_problem(entry, "file", cut))
    yield last


def _units(entry: Entry) -> Iterator[Unit]:
    if entry.kind == "parquet":
        yield from _parquet(entry)
    elif entry.kind == "eval":
        yield from _inspect(entry)
    elif entry.kind == "table":
        yield from _table(entry)
    else:
        with open_entry(entry) as stream:
            head = stream.peek(1 << 16)[: 1 << 16]
            if _is_lines(head, entry.label):
                # neither unpacked nor recoded on the way
                plain = isinstance(stream.raw, io.FileIO)
                yield from _spans(entry) if plain else _lines(entry, stream)
            else:
                yield from _values(entry, stream)


def _is_lines(head: bytes, label: str) -> bool:
    """Whether a JSON file holds one object a line: at least one of the first lines is a whole object."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[":
        return False
    named = ".jsonl" in label or ".ndjson" in label
    whole = 0
    for line in head.split(b"\n")[:20]:
        try:
            whole += isinstance(msgspec.json.decode(line), dict)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    if whole == 1 and not named:
        return b"\n" in head.strip()
    # a first line too long to see whole in the head: trust the name
    return whole > 0 or (named and b"\n" not in head)


def _spans(entry: Entry) -> Iterator[Unit]:
    """Byte ranges of whole lines of a plain file: the bytes are looked at here, and read again by the worker alone."""
    start, line, number = 0, 1, 0
    with Path(entry.path).open("rb", buffering=0) as file:
        block = bytearray(UNIT_BYTES)
        while size := _fill(file, block):
            # the last line of the file may lack its newline
            end = size if size < len(block) else block.rfind(b"\n") + 1
            if not end:
                if len(block) > LARGEST_RECORD:
                    cut = Cut("too_large", f"a line of more than {LARGEST_RECORD >> 20} MB")
                    problem = _problem(entry, f"line {line}", cut)
                    yield Unit(number, _hash(cut.reason.encode()), "line", line, 0, values=[], problems=[problem])
                    return
                block = bytearray(2 * len(block))
            else:
                with memoryview(block) as view:
                    yield Unit(number, _hash(view[:end]), "line", line, end, span=(start, start + end))
                # twice as fast as bytes.count, on the one path that no worker shares
                line += int(np.count_nonzero(np.frombuffer(block, np.uint8, end) == ord("\n")))
                start, number = start + end, number + 1
            file.seek(start)


def _fill(file: io.FileIO, block: bytearray) -> int:
    """Read until the block is full or the file ends; returns how many bytes were read."""
    size = 0
    with memoryview(block) as view:
        while size < len(block) and (more := file.readinto(view[size:])):
            size += more
    return size


def _lines(entry: Entry, stream: io.BufferedReader[Any]) -> Iterator[Unit]:
    """Blocks of whole lines of a stream that cannot be read twice."""
    line = 1
    for number, block in enumerate(lines(stream, UNIT_BYTES)):
        if isinstance(block, Cut):
            problem = _problem(entry, f"line {line}", block)
            yield Unit(number, _hash(block.reason.encode()), "line", line, 0, values=[], problems=[problem])
            return
        yield Unit(number, _hash(block), "line", line, len(block), blob=block)
        line += block.count(b"\n")


def _values(entry: Entry, stream: io.BufferedReader[Any]) -> Iterator[Unit]:
    number, first, size = 0, 1, 0
    batch: list[bytes] = []
    problems: list[Problem] = []

    def unit() -> Unit:
        return Unit(number, _hash(*batch), "element", first, size, values=batch, problems=problems)

    for value in json_values(stream):
        if isinstance(value, Cut):
            problems.append(_problem(entry, f"element {first + len(batch)}", value))
            # a place is counted for what could not be read, so that later ones keep their number
            batch.append(b"")
            continue
        batch.append(value)
        size += len(value)
        if size >= UNIT_BYTES:
            yield unit()
            first += len(batch)
            number, size, batch, problems = number + 1, 0, [], []
    if batch or problems:
        yield unit()


def _table(entry: Entry) -> Iterator[Unit]:
    """Rows of a CSV or TSV file, as dicts keyed by the header."""
    csv.field_size_limit(LARGEST_RECORD)
    with open_entry(entry) as stream:
        head = stream.peek(1 << 16)[: 1 << 16].decode("utf-8", "replace")
        text = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="")
        delimiter = "\t" if ".tsv" in entry.label.lower() else _delimiter(head)
        reader = csv.reader(text, delimiter=delimiter)
        header = [name.strip() for name in next(reader, [])]
        number, first, size = 0, 2, 0
        rows: list[dict[str, Any]] = []
        problems: list[Problem] = []
        for row_number, row in enumerate(reader, 2):
            if len(row) != len(header):
                if row:
                    reason = f"the row has {len(row)} fields, the header has {len(header)}"
                    problems.append(
                        Problem(entry.label, f"row {row_number}", "table", reason, "check quotes and delimiters here")
                    )
                rows.append({})
                continue
            rows.append(dict(zip(header, row, strict=True)))
            size += sum(map(len, row))
            if size >= UNIT_BYTES or len(rows) >= UNIT_ROWS:
                yield _rows_unit(number, "row", first, size, rows, problems)
                first += len(rows)
                number, size, rows, problems = number + 1, 0, [], []
        if rows or problems:
            yield _rows_unit(number, "row", first, size, rows, problems)


def _rows_unit(
    number: int, word: str, first: int, size: int, rows: list[dict[str, Any]], problems: list[Problem]
) -> Unit:
    key = _hash(msgspec.msgpack.encode(rows))
    return Unit(number, key, word, first, size, rows=rows, problems=problems)


def _delimiter(head: str) -> str:
    line = head.partition("\n")[0]
    return max((",", "\t", ";", "|"), key=line.count)


def _parquet(entry: Entry) -> Iterator[Unit]:
    import pyarrow.parquet as pq

    if entry.member is not None:
        with open_entry(entry) as stream:
            file = pq.ParquetFile(io.BytesIO(stream.read()))
            rows = file.read().to_pylist()
        yield _rows_unit(0, "row", 1, entry.size, rows, [])
        return
    file = pq.ParquetFile(entry.path)
    first = 1
    stamp = Path(entry.path).stat()
    for index in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(index)
        key = _hash(f"{stamp.st_size} {index} {group.num_rows} {group.total_byte_size} {file.schema_arrow}".encode())
        yield Unit(index, key, "row", first, group.total_byte_size, row_group=index)
        first += group.num_rows


def _inspect(entry: Entry) -> Iterator[Unit]:
    """The samples of an Inspect log: a zip of JSON files. Sample files are read by the worker."""
    with zipfile.ZipFile(entry.path) as archive:
        header: dict[str, Any] = {}
        names = archive.namelist()
        if "header.json" in names:
            header = msgspec.json.decode(archive.read("header.json"))
        keep = {"eval": {name: header.get("eval", {}).get(name) for name in ("model", "created", "task")}}
        samples = sorted(n for n in names if n.startswith("samples/") and n.endswith(".json"))
        if not samples:
            raise InputError("an Inspect log without samples")
        batch: list[str] = []
        size, first, number = 0, 1, 0
        for name in samples:
            info = archive.getinfo(name)
            batch.append(name)
            size += info.file_size
            if size >= UNIT_BYTES or name is samples[-1]:
                key = _hash(*(f"{n} {archive.getinfo(n).CRC} {archive.getinfo(n).file_size}".encode() for n in batch))
                yield Unit(number, key, "sample", first, size, names=batch, header=keep)
                first += len(batch)
                number, size, batch = number + 1, 0, []


def raw_records(entry: Entry, unit: Unit) -> Iterator[tuple[int, bytes | dict[str, Any]]]:
    """The unit's records with their place: raw JSON bytes, or rows already decoded. Blank lines are passed over."""
    if unit.span is not None or unit.blob is not None:
        blob = unit.blob
        if blob is None:
            assert unit.span is not None
            with Path(entry.path).open("rb") as handle:
                handle.seek(unit.span[0])
                blob = handle.read(unit.span[1] - unit.span[0])
        for place, line in enumerate(blob.split(b"\n"), unit.first):
            if line and not line.isspace():
                yield place, line
    elif unit.values is not None:
        for place, value in enumerate(unit.values, unit.first):
            if value:
                yield place, value
    elif unit.rows is not None:
        for place, row in enumerate(unit.rows, unit.first):
            if row:
                yield place, row
    elif unit.row_group is not None:
        import pyarrow.parquet as pq

        place = unit.first
        for batch in pq.ParquetFile(entry.path).iter_batches(1000, row_groups=[unit.row_group], use_threads=False):
            for row in batch.to_pylist():
                yield place, row
                place += 1
    elif unit.names is not None:
        with zipfile.ZipFile(entry.path) as archive:
            for place, name in enumerate(unit.names, unit.first):
                record = msgspec.json.decode(archive.read(name))
                if isinstance(record, dict):
                    record.update(unit.header or {})
                yield place, record
