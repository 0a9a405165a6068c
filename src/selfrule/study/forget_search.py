"""Proof that somebody is gone: every byte of a study's folder is searched for their ids and for runs of their words.

Words are compared as letters and digits alone, lower-cased (ASCII), so that quotation marks, HTML and line breaks hide nothing.
Every 8th window of 32 bytes of what was said is looked for at every place: any run of 39 bytes or more that is kept anywhere,
about eight words of English, holds one. Windows that other people's conversations hold too are no trace of anybody and are left
out, counted.
"""

from __future__ import annotations

import html
import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

WINDOW = 32
STRIDE = 8
_CHUNK = 8 << 20  # bytes hashed at once
_LOWER = bytes(range(256)).lower()
_DROPPED = bytes(b for b in range(128) if not chr(b).isalnum())
_ODD = (
    np.random.default_rng(20261123).integers(1, 1 << 63, WINDOW // 8 + 1, dtype=np.uint64) << np.uint64(1)
) | np.uint64(1)
_GAP = bytes(8)  # between texts: a byte that no folded text holds
_HEX = re.compile(rb"(?<![0-9a-f])(?:[0-9a-f]{32}|p[0-9a-f]{16})(?![0-9a-f])")


class Traces(msgspec.Struct, frozen=True):
    """What is searched for: `ids` of 32 hex digits or pseudonyms, `names` as they are, `windows` of words, sorted, unique."""

    ids: frozenset[str]
    names: tuple[str, ...]
    windows: bytes

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """The windows as numbers; shape (n,)."""
        return np.frombuffer(self.windows, np.uint64)


class Searched(msgspec.Struct):
    """What a search went through, and the files in which it found something."""

    files: int = 0
    bytes: int = 0
    found: list[str] = []


def folded(text: str | bytes) -> bytes:
    """Letters and digits alone, lower case."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    return data.translate(_LOWER, _DROPPED)


def _hashed(data: bytes) -> NDArray[np.uint64]:
    """The hash of the window at every place of folded bytes; shape (max(0, n - WINDOW + 1),)."""
    count = len(data) - WINDOW + 1
    if count <= 0:
        return np.zeros(0, np.uint64)
    rows = len(data) // 8 + 1
    flat = data + bytes(24)
    words = np.empty((rows, 8), np.uint64)
    for offset in range(8):
        words[:, offset] = np.frombuffer(flat[offset : offset + 8 * rows], "<u8")
    word = words.reshape(-1)
    mixed: NDArray[np.uint64] = word[:count] * _ODD[0]
    for k in range(1, WINDOW // 8):
        mixed ^= mixed >> np.uint64(31)
        mixed += word[8 * k : 8 * k + count]
        mixed *= _ODD[k]
    mixed ^= mixed >> np.uint64(29)
    mixed *= _ODD[-1]
    return mixed


def windows(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Every `STRIDE`th window of some texts, sorted, each once."""
    found = [_hashed(folded(text))[::STRIDE] for text in texts]
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *found]))


class Sieve:
    """Says which of some windows occur in texts, at any place."""

    def __init__(self, wanted: NDArray[np.uint64]) -> None:
        self.wanted = wanted
        self._table = np.zeros(1 << 22, np.bool_)
        self._table[wanted >> np.uint64(42)] = True
        self._waiting: list[bytes] = []
        self._size = 0
        self.seen = np.zeros(len(wanted), np.bool_)

    def take(self, text: str | bytes) -> None:
        """Look through one text, of any length."""
        data = folded(text)
        if len(data) >= WINDOW and len(self.wanted):
            self._waiting.append(data)
            self._size += len(data)
            if self._size >= _CHUNK:
                self.flush()

    def flush(self) -> NDArray[np.bool_]:
        """Which windows were seen so far; shape (n,)."""
        data = _GAP.join(self._waiting)
        self._waiting, self._size = [], 0
        for start in range(0, len(data), _CHUNK):
            hashes = _hashed(data[start : start + _CHUNK + WINDOW - 1])
            maybe = hashes[self._table[hashes >> np.uint64(42)]]
            if len(maybe):
                place = np.searchsorted(self.wanted, maybe)
                place[place == len(self.wanted)] = 0
                self.seen[place[self.wanted[place] == maybe]] = True
        return self.seen


def strings(array: pa.Array) -> Iterator[pa.Array]:
    """Every text or binary leaf of an Arrow array, however nested."""
    kind = array.type
    if isinstance(array, pa.ChunkedArray):
        for chunk in array.chunks:
            yield from strings(chunk)
    elif pa.types.is_dictionary(kind):
        yield from strings(array.dictionary)
    elif pa.types.is_struct(kind):
        for field in array.flatten():
            yield from strings(field)
    elif pa.types.is_map(kind):
        yield from strings(array.keys)
        yield from strings(array.items)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from strings(array.flatten())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
        yield array


def search(
    root: Path,
    traces: Traces,
    *,
    passed: Iterable[str] = (),
    opened: Callable[[bytes], bytes] = lambda data: data,
    moved: Callable[[int], None] = lambda size: None,
) -> Searched:
    """Search every file of a folder, raw and decoded.

    Args:
        root: The study.
        traces: What to look for.
        passed: Names of files at the root that hold the traces on purpose while this runs.
        opened: Turns kept bytes that may be encrypted into what they say.
        moved: Told of the bytes of each file that is done.
    """
    done = Searched()
    leave = set(passed)
    for path in sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink()):
        name = path.relative_to(root).as_posix()
        if name in leave:
            continue
        size = path.stat().st_size
        if _Look(traces, opened).file(path):
            done.found.append(name)
        done.files += 1
        done.bytes += size
        moved(size)
    return done


class _Look:
    """One file."""

    def __init__(self, traces: Traces, opened: Callable[[bytes], bytes]) -> None:
        self._traces, self._opened = traces, opened
        self._sieve = Sieve(traces.hashes)
        self._names = [name.encode("utf-8", "surrogatepass") for name in traces.names]
        self._hit = False

    def file(self, path: Path) -> bool:
        with path.open("rb") as handle:
            before = b""
            while data := handle.read(_CHUNK):
                self._bytes(before + data)
                before = data[-4096:]  # what a border cuts is looked at whole once
        if path.suffix == ".parquet":
            self._parquet(path)
        elif path.suffix in (".html", ".json", ".jsonl", ".csv", ".txt", ".md", ".keys"):
            self._text(path)
        elif path.suffix in (".sqlite", ".db"):
            self._database(path)
        return self._hit or bool(self._sieve.flush().any())

    def _bytes(self, data: bytes) -> None:
        if any(found.decode() in self._traces.ids for found in _HEX.findall(data)):
            self._hit = True
        if any(name in data for name in self._names):
            self._hit = True
        self._sieve.take(data)

    def _parquet(self, path: Path) -> None:
        try:
            file = pq.ParquetFile(path)
        except (OSError, pa.ArrowException):
            return
        with file:
            for batch in file.iter_batches(1024):
                for column in batch.columns:
                    for leaf in strings(column):
                        values = [value for value in leaf.to_pylist() if value is not None]
                        self._bytes(b"\n".join(self._plain(value) for value in values))

    def _plain(self, value: str | bytes) -> bytes:
        return value.encode("utf-8", "replace") if isinstance(value, str) else self._opened(value)

    def _text(self, path: Path) -> None:
        text = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".html":
            self._bytes(html.unescape(text).encode("utf-8", "replace"))
        for line in [text] if path.suffix == ".json" else text.splitlines() if path.suffix == ".jsonl" else []:
            try:
                plain = json.dumps(json.loads(line), ensure_ascii=False)
            except (ValueError, RecursionError):
                continue
            self._bytes(plain.encode("utf-8", "replace"))

    def _database(self, path: Path) -> None:
        with sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True) as found:
            try:
                names = [name for (name,) in found.execute("select name from sqlite_master where type = 'table'")]
                for name in names:
                    for row in found.execute(f'select * from "{name}"'):  # noqa: S608 - a table's own name
                        self._bytes(b"\n".join(self._plain(v) for v in row if isinstance(v, str | bytes)))
            except sqlite3.DatabaseError:
                pass
        found.close()
