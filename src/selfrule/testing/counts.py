"""What the stand-in was asked, what it answered, and what it would have charged for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from selfrule.clients.types import Usage


class Counts(msgspec.Struct):
    """Counts since the start, or since `reset`.

    `paid` counts answers that were sent with status 200, by the content address of the request (`questions.key`);
    those of batches count once their batch has ended. A reply that was cut, garbled, or whose client had gone is in
    `lost` instead. `statuses` counts HTTP replies; `faults` faults by name; `limited` real 429s of the rate limit. `attempts` are
    tries by content address, where faults are drawn by lot.
    """

    requests: int = 0
    statuses: Counter[int] = msgspec.field(default_factory=Counter)
    faults: Counter[str] = msgspec.field(default_factory=Counter)
    paid: Counter[str] = msgspec.field(default_factory=Counter)
    attempts: Counter[str] = msgspec.field(default_factory=Counter)
    lost: int = 0
    limited: int = 0
    over_long: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    cache_hits: int = 0
    usage: Usage = Usage()
    batches: int = 0
    rows: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def answered(self) -> int:
        """Answers paid for."""
        return self.paid.total()

    @property
    def paid_twice(self) -> int:
        """Answers paid for beyond the first of the same request."""
        return self.paid.total() - len(self.paid)

    def pay(self, key: str, usage: Usage) -> None:
        """Count an answer that was sent."""
        self.paid[key] += 1
        self.usage += usage
        self.cache_hits += usage.cached > 0

    def summary(self) -> dict[str, Any]:
        """The counts as JSON has them, `paid` as totals alone."""
        return {
            "requests": self.requests,
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "faults": dict(sorted(self.faults.items())),
            "answered": self.answered,
            "distinct": len(self.paid),
            "paid_twice": self.paid_twice,
            "lost": self.lost,
            "limited": self.limited,
            "over_long": self.over_long,
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "cache_hits": self.cache_hits,
            "tokens": msgspec.to_builtins(self.usage),
            "batches": self.batches,
            "rows": dict(sorted(self.rows.items())),
        }


class Shelf:
    """Counts, files and batches that outlive the server, in one SQLite file; does nothing where no file is given.

    What was paid is written before the reply leaves, so that the count holds whoever is killed.
    """

    def __init__(self, path: Path | None) -> None:
        self._db = None
        if path is not None:
            import sqlite3

            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.executescript(
                "pragma journal_mode=wal; pragma synchronous=off;"
                "create table if not exists paid (at integer primary key, key text, usage blob);"
                "create table if not exists kept (kind text, id text, blob blob, primary key (kind, id));"
            )

    def load(self, counts: Counts) -> None:
        """Add what was paid before to `counts`."""
        if self._db is not None:
            for key, usage in self._db.execute("select key, usage from paid"):
                counts.pay(key, msgspec.json.decode(usage, type=Usage))

    def pay(self, key: str, usage: Usage) -> None:
        """Write down an answer that is about to be sent."""
        if self._db is not None:
            self._db.execute("insert into paid (key, usage) values (?, ?)", (key, msgspec.json.encode(usage)))

    def keep(self, kind: str, name: str, blob: bytes | None) -> None:
        """Keep one thing under its name, or drop it (None)."""
        if self._db is None:
            return
        if blob is None:
            self._db.execute("delete from kept where kind = ? and id = ?", (kind, name))
        else:
            self._db.execute("insert or replace into kept values (?, ?, ?)", (kind, name, blob))

    def kept(self, kind: str) -> list[tuple[str, bytes]]:
        """Everything kept of a kind, in the order of the first writing."""
        if self._db is None:
            return []
        return list(self._db.execute("select id, blob from kept where kind = ? order by rowid", (kind,)))

    def clear(self) -> None:
        """Forget all."""
        if self._db is not None:
            self._db.executescript("delete from paid; delete from kept;")

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
