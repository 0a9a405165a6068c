"""The paid answers about those who are forgotten. The file is written anew, so that no free page of it remembers them."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from selfrule.clients import about
from selfrule.store.folder import Folder
from selfrule.study.judged import ANSWERS

_BOUND = 500  # values in one statement
_KINDS = {"answers": "answers", "waiting": "questions in batches", "failures": "questions that failed"}
_THEIRS = {name: f"from {name} where key not in (select key from about)" for name in _KINDS}  # noqa: S608 - tables of ours


def count(folder: Folder, gone: set[str]) -> dict[str, int]:
    """How many answers `apply` will remove, by kind; nothing is changed."""
    path = folder.root.joinpath(*ANSWERS)
    if not path.exists():
        return {}
    with closing(_opened(path)) as found:
        counts = _strike(found, gone)
        found.execute("rollback")
    return counts


def apply(folder: Folder, gone: set[str]) -> None:
    """Remove their answers, and those of which nobody knows whom they are about (asked before that was noted).

    The bill stays: it was paid. An answer to the same words that another conversation shares stays too.
    """
    path = folder.root.joinpath(*ANSWERS)
    if not path.exists():
        return
    fresh = path.with_name("answers.sqlite.tmp")
    fresh.unlink(missing_ok=True)
    with closing(_opened(path)) as found:
        _strike(found, gone)
        found.execute("commit")
        found.execute("pragma wal_checkpoint(truncate)")
        found.execute("vacuum into ?", (str(fresh),))
    fresh.chmod(0o600)
    descriptor = os.open(fresh, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    for side in ("-wal", "-shm"):  # of the old file, empty by now: SQLite would play them into the new one
        path.with_name(path.name + side).unlink(missing_ok=True)
    fresh.replace(path)


def _opened(path: Path) -> sqlite3.Connection:
    found = sqlite3.connect(path, isolation_level=None)
    found.execute("pragma secure_delete=on")
    found.execute("pragma temp_store=memory")  # nothing of it in the machine's folder for temporary files
    found.execute(about.TABLE)
    return found


def _strike(found: sqlite3.Connection, gone: set[str]) -> dict[str, int]:
    """Delete within a transaction that it begins."""
    found.execute("begin immediate")
    names = sorted(gone)
    for start in range(0, len(names), _BOUND):
        some = names[start : start + _BOUND]
        marks = ",".join("?" * len(some))
        found.execute(f"delete from about where conversation in ({marks})", some)  # noqa: S608 - marks alone
    counts = {}
    for name, kind in _KINDS.items():
        counts[kind] = found.execute(f"delete {_THEIRS[name]}").rowcount
    return counts
