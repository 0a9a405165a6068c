"""The store of what was paid for: every reply of a study, durable before it is acknowledged, found again by its address.

One SQLite file in WAL mode with `synchronous=FULL`: when `put` returns, the reply survives a killed process and a
power cut. Writes of many requests share one flush to disk (group commit); see `writer`. Nothing expires. The file
holds providers' replies and token counts, no key and no conversation, and only its owner may read it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol

import msgspec

from selfrule.clients import about
from selfrule.clients.bill import Bill, bill
from selfrule.clients.purse import Purse
from selfrule.clients.types import Kind, Reply
from selfrule.clients.writer import Statement, Writer, damaged, explained
from selfrule.errors import StudyError

_FORMAT = 1
_APPLICATION = 0x73725041  # "srPA": a selfrule file of paid answers

_TABLES = """
create table answers (
  id integer primary key, key blob not null, attempt integer not null, kind text not null, reply blob not null,
  model text not null, judge text not null, cost real, at integer not null
);
create unique index answers_key on answers (key, attempt);
create table bill (
  judge text not null, model text not null, replies integer not null, fresh integer not null, cached integer not null,
  written integer not null, output integer not null, cost real not null, unpriced integer not null,
  primary key (judge, model)
);
create table batches (
  tag text primary key, id text, provider text not null, model text not null, judge text not null,
  state text not null, submitted_at integer not null, requests integer not null, expected real
);
create table waiting (key blob primary key, tag text not null) without rowid;
create index waiting_tag on waiting (tag);
create table failures (
  key blob primary key, status text not null, reason text not null, times integer not null
) without rowid;
"""


class Stored(msgspec.Struct, frozen=True):
    """A reply as kept. `attempt` counts from 1 per question; `cost` is US dollars or None; `at` is ms since 1970 UTC.

    Its kind is "unread" until whoever asked has read it: a batch's replies come back when nobody is waiting.
    """

    kind: Kind | Literal["unread"]
    reply: Reply
    attempt: int
    cost: float | None
    at: int


class Box(Protocol):
    """Seals what is kept, and opens it; what was never sealed is opened as it is."""

    def seal(self, data: bytes) -> bytes:
        """Encrypted."""
        ...

    def open(self, sealed: bytes) -> bytes:
        """As it was."""
        ...


class Answers:
    """The paid replies of one study.

    Args:
        path: The SQLite file, made with its folder if it is not there (unless `reading`).
        reading: Open without being able to write, as another process may while a run goes on.
        box: Seals replies at rest and opens them, for a study that is encrypted; both tell bytes that are not sealed.

    Raises:
        StudyError: the file is damaged, newer than this selfrule, or not there to be read.
    """

    def __init__(self, path: Path, *, reading: bool = False, box: Box | None = None) -> None:
        self.path = path.absolute()
        self._box = box
        self._reading = reading
        if reading and not self.path.exists():
            raise StudyError(
                f"{self.path}: there is no such store of answers; nothing has been asked in this study yet"
            )
        if not reading:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # made here rather than by SQLite, whose files would be readable by all; its side files copy these rights
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        self._lock = threading.Lock()
        self._read = self._open()
        self._decode = msgspec.msgpack.Decoder(Reply)
        self._encode = msgspec.msgpack.Encoder()
        try:
            self._check()
        except BaseException:
            self._read.close()
            raise
        expected = self.select(
            "select coalesce(sum(expected), 0) from batches where state in ('reserved', 'submitted')"
        )
        self.purse = Purse(self.bill().known, expected[0][0])
        self._writer = None if reading else Writer(self._open, self.path)

    def _open(self) -> sqlite3.Connection:
        mode = "ro" if self._reading else "rw"
        with explained(self.path):
            found = sqlite3.connect(
                f"{self.path.as_uri()}?mode={mode}", uri=True, timeout=60, check_same_thread=False, isolation_level=None
            )
            try:
                if not self._reading:
                    found.execute("pragma journal_mode=wal")
                    found.execute("pragma synchronous=full")
                    found.execute("pragma wal_autocheckpoint=4000")
                    found.execute("pragma journal_size_limit=67108864")
                found.execute("pragma cache_size=-32768")
            except BaseException:
                found.close()
                raise
            return found

    def _check(self) -> None:
        with explained(self.path):
            kind = self._read.execute("pragma application_id").fetchone()[0]
            version = self._read.execute("pragma user_version").fetchone()[0]
            tables = {name for (name,) in self._read.execute("select name from sqlite_master where type = 'table'")}
        if not tables and not self._reading:
            with explained(self.path):
                self._read.executescript(
                    f"begin; {_TABLES} pragma application_id={_APPLICATION}; pragma user_version={_FORMAT}; commit;"
                )
        elif kind != _APPLICATION or not {"answers", "bill", "batches", "waiting", "failures"} <= tables:
            raise StudyError(f"{self.path}: this is no store of answers; move it away and run again")
        elif version > _FORMAT:
            raise StudyError(
                f"{self.path}: made by a newer selfrule (format {version}, this one reads {_FORMAT}); update"
            )
        if not self._reading and "about" not in tables:  # a store of an earlier version has none
            with explained(self.path):
                self._read.execute(about.TABLE)

    def select(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query, as of the last commit. Milliseconds at most for what is indexed."""
        with self._lock, explained(self.path):
            return self._read.execute(query, values).fetchall()

    def get(self, key: str) -> Stored | None:
        """The latest reply to the question with this address, whatever its kind; None where none was ever had."""
        rows = self.select(
            "select kind, reply, attempt, cost, at from answers where key = ? order by attempt desc limit 1",
            bytes.fromhex(key),
        )
        if not rows:
            return None
        kind, reply, attempt, cost, at = rows[0]
        try:
            return Stored(kind, self._decode.decode(self._box.open(reply) if self._box else reply), attempt, cost, at)
        except msgspec.DecodeError:
            raise damaged(self.path, "a stored reply cannot be read") from None

    async def put(
        self,
        key: str,
        kind: Kind | Literal["unread"],
        reply: Reply,
        *,
        model: str,
        cost: float | None,
        judge: str,
        also: Iterable[Statement] = (),
    ) -> None:
        """Keep a reply. Returns when it is durable; is kept even if the caller is cancelled while it waits.

        Args:
            key: The question's address.
            kind: What the reply was worth.
            reply: The reply, of whatever kind: it was paid for.
            model: Provider and model, for the bill.
            cost: US dollars, None where no price is known.
            judge: Who asked, for the bill.
            also: Writes that belong to the same transaction.

        Raises:
            StudyError: the disk is full or the file damaged.
        """
        usage = reply.usage
        unpriced = int(cost is None)
        charge = (judge, model, usage.fresh, usage.cached, usage.written, usage.output, cost or 0.0, unpriced)
        address = bytes.fromhex(key)
        at = time.time_ns() // 1_000_000
        await self.write(
            (_ADD, (address, address, kind, self._packed(reply), model, judge, cost, at)),
            (_CHARGE, charge),
            *about.noted(address),
            *also,
        )

    async def note(self, key: str) -> None:
        """Write down which conversation a question is about, where somebody said and it is not known yet."""
        conversation, address = about.current(), bytes.fromhex(key)
        if conversation is not None and not self.select(
            "select 1 from about where key = ? and conversation = ?", address, conversation
        ):
            await self.write(*about.noted(address))

    async def read(self, key: str, attempt: int, kind: Kind) -> None:
        """Write down what an unread reply is worth."""
        await self.write(
            ("update answers set kind = ? where key = ? and attempt = ?", (kind, bytes.fromhex(key), attempt))
        )

    def _packed(self, reply: Reply) -> bytes:
        packed = self._encoded(reply)
        return packed if self._box is None else self._box.seal(packed)

    def _encoded(self, reply: Reply) -> bytes:
        try:
            return self._encode.encode(reply)
        except UnicodeEncodeError:  # a lone surrogate must not lose a reply that was paid for
            whole = {name: _sound(getattr(reply, name)) for name in ("text", "served", "detail")}
            first = tuple(msgspec.structs.replace(token, text=_sound(token.text)) for token in reply.first)
            return self._encode.encode(msgspec.structs.replace(reply, first=first, **whole))

    async def write(self, *statements: Statement) -> None:
        """Execute statements in one transaction, in order with other writes; returns when they are durable."""
        if self._writer is None:
            raise StudyError(f"{self.path}: opened for reading; open it for writing to keep answers")
        await self._writer.write(statements)

    def bill(self) -> Bill:
        """What this study has paid so far, by judge and model."""
        return bill(self.select("select * from bill order by judge, model"))

    def spent(self) -> float | None:
        """US dollars spent in this study; None where a reply's price is not known (never taken for 0)."""
        return self.bill().cost

    def __len__(self) -> int:
        """How many replies are kept."""
        return int(self.select("select coalesce(sum(replies), 0) from bill")[0][0])

    def close(self) -> None:
        """Wait for what is being written and close the file."""
        if self._writer is not None:
            self._writer.close()
        self._read.close()

    def __enter__(self) -> Answers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_ADD = """insert into answers (key, attempt, kind, reply, model, judge, cost, at)
values (?, (select coalesce(max(attempt), 0) + 1 from answers where key = ?), ?, ?, ?, ?, ?, ?)"""
_CHARGE = """insert into bill values (?, ?, 1, ?, ?, ?, ?, ?, ?) on conflict (judge, model) do update set
replies = replies + 1, fresh = fresh + excluded.fresh, cached = cached + excluded.cached,
written = written + excluded.written, output = output + excluded.output, cost = cost + excluded.cost,
unpriced = unpriced + excluded.unpriced"""


def _sound(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")
