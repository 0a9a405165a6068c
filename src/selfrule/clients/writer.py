"""One thread that writes to the store of answers, so that many requests share one flush to disk (group commit).

While a flush is under way further writes gather; the next transaction takes them all. Callers wait in their event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from selfrule.errors import StudyError

Statement = tuple[str, tuple[object, ...]]

_MOST = 2048  # writes in one transaction: bounds how long the first of them waits for the last


class Writer:
    """Executes writes of one file in order, each durable before its caller goes on.

    Args:
        connect: Opens a connection to the file; called in the writer's own thread.
        path: The file, for error messages.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], path: Path) -> None:
        self._connect = connect
        self._path = path
        self._waiting: list[tuple[Sequence[Statement], asyncio.Future[None]]] = []
        self._changed = threading.Condition()
        self._closed = False
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="selfrule-answers", daemon=True)
        self._thread.start()

    async def write(self, statements: Sequence[Statement]) -> None:
        """Execute statements in one transaction; returns when they are durable.

        They are executed even if the caller is cancelled while it waits.

        Raises:
            StudyError: they could not be written.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._changed:
            if self._closed:
                raise StudyError(f"{self._path}: the store of answers was closed while a run still wrote to it")
            self._waiting.append((statements, done))
            self._changed.notify()
        await done

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        try:
            while True:
                with self._changed:
                    while not self._waiting and not self._closed:
                        self._changed.wait()
                    if not self._waiting:
                        return
                    group, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                error: StudyError | None = None
                try:
                    connection = connection or self._connect()
                    self._commit(connection, [statement for statements, _ in group for statement in statements])
                except StudyError as problem:
                    error = problem
                _tell([done for _, done in group], error)
        finally:
            if connection is not None:
                connection.close()

    def _commit(self, connection: sqlite3.Connection, statements: list[Statement]) -> None:
        with explained(self._path):
            try:
                connection.execute("begin immediate")
                for statement, values in statements:
                    connection.execute(statement, values)
                connection.execute("commit")
            except sqlite3.Error:
                if connection.in_transaction:
                    connection.execute("rollback")
                raise
        self.commits += 1

    def close(self) -> None:
        """Write what waits, then stop."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """What SQLite reports about the store at `path`, as a `StudyError` that says what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StudyError(
            f"{path}: the store of answers cannot be used ({error}); see that the disk has room and the file may be "
            "read and written, then run again: what was acknowledged is kept"
        ) from None
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from None


def damaged(path: Path, what: str) -> StudyError:
    """The error for a store that is no sound SQLite file, with what can be done."""
    return StudyError(
        f"{path}: the store of answers is damaged ({what}); put back a copy, or rescue what can be read with "
        f"`sqlite3 {path.name} .recover | sqlite3 rescued.sqlite`, or move it away: its answers would be paid again"
    )


def _tell(waiting: list[asyncio.Future[None]], error: StudyError | None) -> None:
    """Let the callers go on, with one wake-up an event loop."""

    def settle(these: list[asyncio.Future[None]]) -> None:
        for done in these:
            if not done.done():
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)

    loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for done in waiting:
        loops.setdefault(done.get_loop(), []).append(done)
    for loop, these in loops.items():
        if not loop.is_closed():
            try:
                loop.call_soon_threadsafe(settle, these)
            except RuntimeError:  # closed in between: nobody waits any more, and the write is done
                continue
