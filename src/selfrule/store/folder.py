"""A study's folder: parts written whole and renamed into place, a manifest, a lock. Nothing outside the folder is touched.

A part file is the unit of work and of durability: it is there complete, or it is not there. So a run that was killed goes
on by doing the parts that are missing.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from selfrule.errors import StudyError
from selfrule.store import sealing

LAYOUT = 1  # raised when a newer layout can no longer be read by older code
MANIFEST = "manifest.json"
FORGETTING = "forgetting.json"
"""There while somebody is being forgotten, readable by the owner alone: what is to be done, so that a kill is finished."""


def write_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file whole: to a temporary name, to disk, then renamed into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def write_part(path: Path, table: pa.Table, metadata: dict[Any, bytes] | None = None, *, durable: bool = False) -> None:
    """Write a table as one Parquet part, whole or not at all, with `metadata` in its header.

    A kill leaves the part whole or absent. It is not forced to disk one by one, which would leave a core idle for a fifth of
    an import: what a power cut takes can be made again from the input, and `readable` finds it. Where it cannot, it is `durable`.
    """
    if metadata:
        table = table.replace_schema_metadata(metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    # texts and hashes hardly repeat: only what is a dictionary in Arrow is worth one in the file
    names = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    # row groups of a few thousand conversations bound what a reader holds at once
    pq.write_table(table, temporary, compression="lz4", row_group_size=4096, use_dictionary=names)
    if durable:
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
    temporary.replace(path)


def readable(path: Path) -> bool:
    """Whether a part is there and whole; one that a power cut left broken is removed, to be made again."""
    if not path.exists():
        return False
    try:
        pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        path.unlink()
        return False
    return True


class Folder:
    """The paths and small files of one study."""

    def __init__(self, root: Path) -> None:
        self.root = root
        sealing.known(root)

    @classmethod
    def create(cls, root: Path) -> Folder:
        """Open a study folder, making it where it is not there yet.

        Raises:
            StudyError: the path is a file, or a folder that holds other things, or a study of a newer selfrule.
        """
        if root.exists() and not root.is_dir():
            raise StudyError(f"{root} is a file; a study is a folder. Name another with -o.")
        if root.is_dir() and any(root.iterdir()) and not (root / MANIFEST).exists():
            left = [p.name for p in root.iterdir() if p.name != ".lock" and not p.name.endswith(".tmp")]
            if left:
                raise StudyError(
                    f"{root} is not empty and holds no study (no {MANIFEST}). Name a new folder, or empty it."
                )
        root.mkdir(parents=True, exist_ok=True)
        folder = cls(root)
        if (root / MANIFEST).exists():
            folder.manifest()
        else:
            folder.write_manifest({"layout": LAYOUT, "inputs": []})
        return folder

    @classmethod
    def open(cls, root: Path, *, unfinished: bool = False) -> Folder:
        """Open an existing study; one in which somebody is still to be forgotten only for whoever finishes that (`unfinished`).

        Raises:
            StudyError: there is no study at this path.
        """
        if not (root / MANIFEST).is_file():
            raise StudyError(f"{root} is no study: it has no {MANIFEST}. Make one with: selfrule audit INPUT -o {root}")
        folder = cls(root)
        folder.manifest()
        if not unfinished and (root / FORGETTING).exists():
            raise StudyError(f"Forgetting somebody was interrupted in {root}. Finish it with: selfrule forget {root}")
        return folder

    def manifest(self) -> dict[str, Any]:
        """What made what: versions, hashes, inputs, times."""
        path = self.root / MANIFEST
        try:
            manifest: dict[str, Any] = json.loads(path.read_bytes())
        except ValueError as error:
            raise StudyError(f"{path} is not readable as JSON ({error}). Restore it, or start a new study.") from error
        if manifest.get("layout", 0) > LAYOUT:
            raise StudyError(
                f"{self.root} was made by a newer selfrule (layout {manifest['layout']}). Update selfrule."
            )
        return manifest

    def write_manifest(self, manifest: dict[str, Any]) -> None:
        """Replace the manifest, whole."""
        text = json.dumps(manifest, indent=2, ensure_ascii=True)
        write_file(self.root / MANIFEST, text.encode() + b"\n")

    def secret(self) -> bytes:
        """The study's own key for pseudonyms (32 random bytes, readable by the owner alone), made at first use."""
        path = self.root / "secret.key"
        if not path.exists():
            write_file(path, secrets.token_bytes(32), mode=0o600)
        key = path.read_bytes()
        if len(key) != 32:
            raise StudyError(
                f"{path} is damaged: it should hold 32 bytes. Without it, people cannot be linked; restore it."
            )
        return key

    def parts(self, *names: str) -> list[Path]:
        """The finished parts of one table, in order. `names` is the table's folder, then e.g. a judge's."""
        return sorted(self.root.joinpath(*names).glob("*.parquet"))

    def part(self, *names: str) -> Path:
        """Where one part belongs: the last name is the part's, without suffix."""
        return self.root.joinpath(*names[:-1]) / f"{names[-1]}.parquet"

    def sync(self) -> None:
        """Make everything written into the study durable, names too."""
        for path in [self.root, *self.root.rglob("*")]:
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                continue
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def sweep(self) -> None:
        """Remove what a killed run left half written. Call only while holding the lock.

        Not among the labels: people may label while a run goes on, and those who write there do not hold this lock.
        """
        for leftover in self.root.rglob("*.tmp"):
            if leftover.relative_to(self.root).parts[0] != "labels":
                leftover.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the study for one writing run; another one at the same time is refused.

        Raises:
            StudyError: another run holds the lock.
        """
        import fcntl

        with (self.root / ".lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StudyError(f"Another selfrule run is writing to {self.root}. Wait for it to end.") from error
            yield
