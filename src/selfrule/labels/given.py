"""The labels given, on disk: one file a labeller, one label a line, appended and flushed before it is acknowledged.

A line that a crash left torn is passed over and reported, and the next label begins on a line of its own. The last label of
a labeller on a conversation stands.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from selfrule.labels.names import file_of
from selfrule.records import Label

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Label).decode


def append_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Append lines to a private file (mode 0600), and return once they are on the disk."""
    fresh = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        end = os.fstat(descriptor).st_size
        torn = bool(end) and os.pread(descriptor, 1, end - 1) != b"\n"
        data = (b"\n" if torn else b"") + b"".join(line + b"\n" for line in lines)
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if fresh:
        sync(path.parent)


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, waiting for whoever holds it: other threads and processes of the same study."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Lines:
    """A file of lines that others append to: each read gives what is new and whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at = 0
        self._line = 0
        self._file = 0

    def new(self) -> list[tuple[int, bytes]]:
        """Lines not read before, with their numbers from 1; an unfinished last one is left for later."""
        if not self.path.exists():
            return []
        known = self.path.stat()
        if known.st_ino != self._file:  # written anew, as when somebody was forgotten
            self._at = self._line = 0
            self._file = known.st_ino
        if known.st_size <= self._at:
            return []
        with self.path.open("rb") as handle:
            handle.seek(self._at)
            data = handle.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        found = list(enumerate(whole.split(b"\n")[:-1], self._line + 1))
        self._line += len(found)
        return [(number, line) for number, line in found if line.strip()]

    @property
    def rewritten(self) -> bool:
        """Whether the file is another than the one that was read, as when somebody was forgotten."""
        return bool(self._file) and self.path.exists() and self.path.stat().st_ino != self._file

    @property
    def torn(self) -> bool:
        """Whether the file ends in a line that is not finished."""
        return self.path.exists() and self.path.stat().st_size > self._at


class Store:
    """All labels of a study. Reads are incremental, so that asking again is cheap.

    Attributes:
        standing: The label that stands, by labeller and conversation, in the order of the first word on it.
        count: Labels read, those replaced since included.
        problems: Lines that could not be read, a sentence each; no text of theirs is repeated.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.standing: dict[tuple[str, str], Label] = {}
        self.count = 0
        self.problems: list[str] = []
        self._files: dict[Path, Lines] = {}

    def append(self, labels: Iterable[Label]) -> None:
        """Write labels; they are on the disk when this returns."""
        by_file: dict[str, list[bytes]] = {}
        for label in labels:
            by_file.setdefault(file_of(label.labeller), []).append(_encode(label))
        for name, lines in by_file.items():
            append_lines(self.folder / name, lines)

    def refresh(self) -> Store:
        """Read what has been added since; all of it again where a file was written anew."""
        if any(lines.rewritten for lines in self._files.values()):
            self.standing, self.count, self.problems, self._files = {}, 0, [], {}
        for path in sorted(self.folder.glob("*.jsonl")):
            lines = self._files.setdefault(path, Lines(path))
            for number, line in lines.new():
                self._take(path, number, line)
        return self

    def _take(self, path: Path, number: int, line: bytes) -> None:
        try:
            label = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.problems.append(
                f"{path.name}, line {number}: not a label (cut off by a crash, or edited by hand); passed over. "
                "The label before it stands; give it again where it is missed."
            )
            return
        self.count += 1
        self.standing[label.labeller, label.conversation_id] = label  # the last line, whatever its clock said

    def torn(self) -> list[str]:
        """Files whose last line is not finished: one is being written, or a crash cut it off."""
        return [path.name for path, lines in self._files.items() if lines.torn]

    def by_conversation(self) -> dict[str, list[Label]]:
        """The labels that stand, by conversation."""
        found: dict[str, list[Label]] = {}
        for label in self.standing.values():
            found.setdefault(label.conversation_id, []).append(label)
        return found
