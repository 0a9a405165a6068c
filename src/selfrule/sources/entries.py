"""From what the user names (files, folders, zips, `-`) to readable entries, and what cannot be read, as problems.

Nothing is ever extracted to disk: archive members are streamed, so a hostile member name can do no harm; it is told all
the same.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import msgspec

from selfrule.errors import InputError
from selfrule.records import Problem

Kind = Literal["json", "table", "parquet", "eval"]

MOST_RATIO = 200  # JSON text deflates 4 to 40 times; beyond this it is a bomb or worth nothing
SMALL = 64 << 20  # under this size the ratio does not matter
_JSON = {".json", ".jsonl", ".ndjson"}
_TABLE = {".csv", ".tsv"}
_PACKED = {".gz", ".bz2", ".xz", ".zst"}
_READABLE = _JSON | _TABLE | {".parquet", ".eval", ".zip"} | _PACKED
# what exports carry beside the conversations
_COMPANIONS = {
    "user.json",
    "users.json",
    "message_feedback.json",
    "model_comparisons.json",
    "shared_conversations.json",
    "projects.json",
    "memories.json",
    "export_manifest.json",
    "group_chats.json",
    "shopping.json",
    "sora.json",
    "user_settings.json",
}


class Entry(msgspec.Struct, frozen=True):
    """One readable file. `label` is what the user sees; `member` its name inside the archive `path`, if it is in one."""

    label: str
    path: str
    kind: Kind
    size: int
    member: str | None = None
    packed: str = ""


def _suffixes(name: str) -> tuple[str, str]:
    """(suffix of the content, suffix of the compression or "")."""
    path = Path(name.lower())
    if path.suffix in _PACKED:
        return Path(path.stem).suffix, path.suffix
    return path.suffix, ""


def _kind(suffix: str, head: bytes) -> Kind | None:
    if head.startswith(b"PAR1") or suffix == ".parquet":
        return "parquet"
    if suffix == ".eval":
        return "eval"
    if suffix in _TABLE:
        return "table"
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")[:1]
    if suffix in _JSON or start in (b"{", b"["):
        return "json"
    return "table" if suffix in ("", ".txt") and (b"," in head or b"\t" in head) and b"\n" in head else None


def _skip(label: str, place: str, kind: str, reason: str, remedy: str = "") -> Problem:
    return Problem(input=label, place=place, kind=kind, reason=reason, remedy=remedy)


def _note(label: str, kind: str, reason: str) -> Problem:
    return Problem(input=label, place="file", kind=kind, reason=reason, severity="note")


def _members(path: Path, label: str) -> Iterator[Entry | Problem]:
    """The readable members of a zip archive."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        yield _skip(label, "file", "archive", f"not a readable zip archive ({error})", "export or download it again")
        return
    with archive:
        for info in sorted(archive.infolist(), key=lambda i: i.filename):
            name = info.filename
            place = f"member {name[:200]!r}"
            suffix, packed = _suffixes(name)
            parts = Path(name.replace("\\", "/")).parts
            if info.is_dir() or any(part.startswith(("__MACOSX", ".")) and part != ".." for part in parts):
                continue
            if name.startswith("/") or ".." in parts or ":" in name[:3]:
                yield _skip(label, place, "path_traversal", "the member's name points outside the archive; left alone")
            elif info.flag_bits & 1:
                yield _skip(label, place, "encrypted", "the member is encrypted", "unpack it with its password first")
            elif suffix in {".zip", ".eval"}:
                yield _skip(
                    label, place, "nested_archive", "an archive inside an archive", "unpack the outer one first"
                )
            elif info.file_size > SMALL and info.file_size > MOST_RATIO * max(info.compress_size, 1):
                reason = f"{info.compress_size:,} bytes claim to unpack to {info.file_size:,}: a zip bomb; left alone"
                yield _skip(
                    label, place, "zip_bomb", reason, "if the file is real, unpack it yourself and name the folder"
                )
            elif parts[-1].lower() in _COMPANIONS:
                yield _note(
                    f"{label}/{name}", "companion", "belongs to the export but holds no conversations; not read"
                )
            elif suffix in _JSON | _TABLE | {".parquet"}:
                kind = _kind(suffix, b"")
                assert kind is not None
                yield Entry(f"{label}/{name}", str(path), kind, info.file_size, name, packed)
            # images, audio, chat.html and the like are not conversations and not worth a line each


def _one(path: Path, label: str, named: bool) -> Iterator[Entry | Problem]:
    """A single file. `named`: the user named it, so that a file of no known kind is worth telling."""
    try:
        size = path.stat().st_size
        with path.open("rb") as handle:
            head = handle.read(4096)
    except OSError as error:
        yield _skip(label, "file", "unreadable", f"cannot be read ({error.strerror})", "check the file's permissions")
        return
    suffix, packed = _suffixes(path.name)
    if not size:
        yield _skip(label, "file", "empty_file", "the file is empty (0 bytes)")
    elif suffix == ".eval":
        yield Entry(label, str(path), "eval", size)
    elif head.startswith(b"PK\x03\x04"):
        yield from _members(path, label)
    elif suffix == ".zip":
        yield _skip(label, "file", "archive", "named .zip but is not a zip archive", "export or download it again")
    elif path.name.lower() in _COMPANIONS and not named:
        yield _note(label, "companion", "belongs to an export but holds no conversations; not read")
    else:
        if not packed and head.startswith(b"\x1f\x8b"):
            packed = ".gz"
        kind = _kind(suffix, b"" if packed else head)
        if kind is not None:
            yield Entry(label, str(path), kind, size, None, packed)
        elif named:
            remedy = "selfrule reads .json, .jsonl, .csv, .tsv, .parquet, .eval and .zip (also .gz, .bz2, .xz)"
            yield _skip(label, "file", "unknown_file", "not a kind of file that holds conversations", remedy)


def expand(inputs: Sequence[Path]) -> Iterator[Entry | Problem]:
    """The readable entries of the inputs, in a fixed order, and a `Problem` for each thing that cannot be read.

    Args:
        inputs: Files or folders (searched recursively, in order of name).

    Raises:
        InputError: an input does not exist.
    """
    for given in inputs:
        if not given.exists():
            raise InputError(f"{given}: no such file or folder.")
        if given.is_dir():
            for path in sorted(p for p in given.rglob("*") if p.is_file()):
                inside = path.relative_to(given)
                readable = path.suffix.lower() in _READABLE
                if readable and not any(part.startswith(".") for part in inside.parts):
                    yield from _one(path, f"{given.name or given.resolve().name}/{inside.as_posix()}", named=False)
        else:
            yield from _one(given, given.name, named=True)


class _Bounded(io.RawIOBase):
    """A decompressed stream that stops a bomb: refuses to unpack more than `MOST_RATIO` times what was packed."""

    def __init__(self, inner: IO[bytes], most: int) -> None:
        self._inner, self._left = inner, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._inner.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise InputError("unpacks to more than 200 times its size: a compression bomb")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._inner.close()
        super().close()


class _Recoded(io.RawIOBase):
    """UTF-16 text as UTF-8 bytes."""

    def __init__(self, inner: IO[bytes], encoding: str) -> None:
        self._text = io.TextIOWrapper(inner, encoding, errors="replace", newline="")
        self._spare = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._spare:
            self._spare = self._text.read(1 << 20).encode("utf-8", "replace")
        data, self._spare = self._spare[: len(buffer)], self._spare[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._text.close()
        super().close()


@contextmanager
def open_entry(entry: Entry) -> Iterator[io.BufferedReader[Any]]:
    """The entry's bytes, unpacked and in UTF-8 where it was UTF-16; a UTF-8 byte order mark is left to the caller.

    Raises:
        InputError: the entry's compression is not one that is read here.
        OSError, zipfile.BadZipFile, EOFError, lzma.LZMAError: while reading damaged data.
    """
    with ExitStack() as stack:
        raw: Any = stack.enter_context(Path(entry.path).open("rb", buffering=0))
        packed_size = entry.size
        if entry.member is not None:
            archive = stack.enter_context(zipfile.ZipFile(raw))
            packed_size = max(archive.getinfo(entry.member).compress_size, 1)
            raw = stack.enter_context(archive.open(entry.member))
        if entry.packed:
            unpacked = stack.enter_context(_unpack(raw, entry))
            raw = stack.enter_context(_Bounded(unpacked, max(MOST_RATIO * packed_size, SMALL)))
        stream: Any = stack.enter_context(io.BufferedReader(raw, 1 << 20))
        head = stream.peek(4)[:4]
        encoding = None
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            encoding = "utf-16"
        elif len(head) == 4 and head[0] and not head[1] and head[2] and not head[3]:
            encoding = "utf-16-le"
        if encoding is not None:
            stream = stack.enter_context(io.BufferedReader(_Recoded(stream, encoding), 1 << 20))
        yield stream


def _unpack(raw: IO[bytes], entry: Entry) -> Any:
    if entry.packed == ".gz":
        import gzip

        return gzip.GzipFile(fileobj=raw)
    if entry.packed == ".bz2":
        import bz2

        return bz2.BZ2File(raw)
    if entry.packed == ".xz":
        import lzma

        return lzma.LZMAFile(raw)
    raise InputError(f"{entry.label}: {entry.packed} is not read here. Unpack it first (zstd -d, say).")
