"""Encrypting a study's words at rest, and decrypting them: part by part, each whole, so that a killed run is gone on with.

Sealed are the words of turns, the descriptions of facets and what models answered. Everything else (ids, times, levels, labels,
the key of pseudonyms) stays as it is.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from selfrule.errors import TextError, UsageError
from selfrule.store import sealing
from selfrule.store.folder import Folder, write_part
from selfrule.store.sealing import Seal
from selfrule.store.text import plain_column, plain_words, sealed_column, sealed_words, words_type
from selfrule.study.judged import ANSWERS


def begin(folder: Folder) -> Seal:
    """The seal of a study; a new key where it had none, in the manifest before anything is sealed by it.

    Raises:
        UsageError: there is no passphrase in the environment, or too short a one.
        TextError: the passphrase is another than the study's.
    """
    if sealing.entry_of(folder.root) is None:
        entry = sealing.made()
        manifest = folder.manifest()
        manifest[sealing.ENTRY] = entry
        folder.write_manifest(manifest)
        folder.sync()
    seal = sealing.seal_of(folder.root)
    assert seal is not None
    return seal


def encrypt(folder: Folder) -> int:
    """Seal everything that is not sealed yet, and what is added later too. How many parts were written anew.

    Raises:
        UsageError: there is no passphrase in the environment, or too short a one.
        TextError: the study is encrypted by another passphrase.
    """
    seal = begin(folder)
    count = 0
    for path in _words(folder):
        count += _rewritten(path, lambda table: sealed_words(table, seal))
    for path in _facets(folder):
        count += _rewritten(path, lambda table: sealed_column(table, "description", seal))
    _answers(folder, seal.seal, sealed=False)
    (folder.root / "report-private.html").unlink(missing_ok=True)  # it quotes them
    folder.sync()
    return count


def decrypt(folder: Folder) -> int:
    """Write everything plain again; the key goes last. How many parts were written anew.

    Raises:
        UsageError: the study is not encrypted.
        TextError: the passphrase is not there, or another.
    """
    seal = sealing.seal_of(folder.root)
    if seal is None:
        raise UsageError(f"{folder.root} is not encrypted.")
    count = 0
    for path in _words(folder):
        count += _rewritten(path, plain_words)
    for path in _facets(folder):
        count += _rewritten(path, lambda table: plain_column(table, "description"))
    _answers(folder, seal.open, sealed=True)
    folder.sync()
    manifest = folder.manifest()
    del manifest[sealing.ENTRY]
    folder.write_manifest(manifest)
    folder.sync()
    return count


def opened(folder: Folder) -> Callable[[bytes], bytes]:
    """What turns kept bytes into what they say, sealed or not, for whoever searches the study.

    Raises:
        TextError: the study is encrypted, and its passphrase is not there or another.
    """
    box = sealing.box_of(folder.root)
    return (lambda data: data) if box is None else box.open


def check(folder: Folder) -> list[str]:
    """What of an encrypted study is not sealed, a sentence with its remedy; and that its passphrase is at hand."""
    if sealing.entry_of(folder.root) is None:
        return []
    try:
        sealing.seal_of(folder.root)
    except TextError as error:
        return [str(error)]
    plain = sum(not pa.types.is_binary(words_type(pq.read_schema(path).empty_table())) for path in _words(folder))
    plain += sum(not pa.types.is_binary(pq.read_schema(path).field("description").type) for path in _facets(folder))
    if not plain:
        return []
    return [f"{plain} parts of this encrypted study are not encrypted. Run: selfrule encrypt {folder.root}"]


def _words(folder: Folder) -> list[Path]:
    return folder.parts("conversations")


def _facets(folder: Folder) -> Iterator[Path]:
    yield from sorted((folder.root / "facets").glob("*/*.parquet"))


def _rewritten(path: Path, change: Callable[[pa.Table], pa.Table]) -> bool:
    """Write a part anew where the change is one."""
    with pq.ParquetFile(path) as file:
        metadata = {k: v for k, v in (file.metadata.metadata or {}).items() if k != b"ARROW:schema"}
        table = file.read()
    made = change(table)
    if made is table:
        return False
    mode = path.stat().st_mode & 0o777
    write_part(path, made, metadata, durable=True)
    path.chmod(mode)
    return True


def _answers(folder: Folder, change: Callable[[bytes], bytes], *, sealed: bool) -> None:
    """Change every reply that is, or is not, sealed; the file is written anew, so that no free page holds what it was."""
    path = folder.root.joinpath(*ANSWERS)
    if not path.exists():
        return
    fresh = path.with_name("answers.sqlite.tmp")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as found:
        found.execute("pragma secure_delete=on")
        found.execute("pragma temp_store=memory")
        found.execute("begin immediate")
        for (row,) in found.execute("select id from answers").fetchall():
            ((reply,),) = found.execute("select reply from answers where id = ?", (row,))
            if sealing.is_sealed(reply) == sealed:
                found.execute("update answers set reply = ? where id = ?", (change(reply), row))
        found.execute("commit")
        found.execute("pragma wal_checkpoint(truncate)")
        found.execute("vacuum into ?", (str(fresh),))
    fresh.chmod(0o600)
    descriptor = os.open(fresh, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    for side in ("-wal", "-shm"):
        path.with_name(path.name + side).unlink(missing_ok=True)
    fresh.replace(path)
