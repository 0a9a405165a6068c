"""Which questions are in a provider's batch: written down before they are sent, so that none is ever sent twice."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from selfrule.clients.answers import Answers
from selfrule.clients.writer import Statement

State = Literal["reserved", "submitted", "collected", "void"]


class Submission(msgspec.Struct, frozen=True):
    """One batch. `batch` is the provider's id, None until it was learnt; `submitted_at` is ms since 1970 UTC.

    `expected` is what it may cost at most, US dollars, None where no price is known. `state`: "reserved" (about to be
    sent, or sent by a process that died before it learnt the id), "submitted", "collected", or "void" (never sent).
    """

    tag: str
    batch: str | None
    provider: str
    model: str
    judge: str
    state: State
    submitted_at: int
    requests: int
    expected: float | None


class Fault(msgspec.Struct, frozen=True):
    """A question that a batch could not answer: "over_long", "filtered" or "failed", and how many times."""

    status: Literal["over_long", "filtered", "failed"]
    reason: str
    times: int


def struck_off(key: str) -> Statement:
    """The write that takes one question out of the batch it is in."""
    return ("delete from waiting where key = ?", (bytes.fromhex(key),))


class Submissions:
    """The batches of one study, in its store of answers."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._any = bool(self.in_flight())

    async def reserve(
        self, tag: str, keys: Sequence[str], *, provider: str, model: str, judge: str, expected: float | None
    ) -> None:
        """Write down, durably, that these questions are about to be sent as the batch `tag`."""
        self._any = True
        row = (tag, provider, model, judge, time.time_ns() // 1_000_000, len(keys), expected)
        await self._answers.write(
            ("insert into batches values (?, null, ?, ?, ?, 'reserved', ?, ?, ?)", row),
            *(("insert or ignore into waiting values (?, ?)", (bytes.fromhex(key), tag)) for key in keys),
        )

    async def submitted(self, tag: str, batch: str) -> None:
        """Write down the provider's id of a batch."""
        await self._answers.write(("update batches set id = ?, state = 'submitted' where tag = ?", (batch, tag)))

    async def collected(self, tag: str) -> None:
        """What a batch brought is stored: it is no longer in flight. Call after its replies were put."""
        await self._end(tag, "collected")

    async def void(self, tag: str) -> None:
        """A reserved batch never reached the provider: its questions may be asked again."""
        await self._end(tag, "void")

    async def _end(self, tag: str, state: State) -> None:
        await self._answers.write(
            ("update batches set state = ? where tag = ?", (state, tag)),
            ("delete from waiting where tag = ?", (tag,)),
        )
        self._any = bool(self.in_flight())

    def in_flight(self, *, provider: str | None = None, model: str | None = None) -> list[Submission]:
        """Batches that are reserved or submitted and not collected, oldest first; of one model where it is named."""
        rows = self._answers.select(
            "select * from batches where state in ('reserved', 'submitted') "
            "and provider = coalesce(?, provider) and model = coalesce(?, model) order by submitted_at, tag",
            provider,
            model,
        )
        return [Submission(*row) for row in rows]

    def waits(self, key: str) -> bool:
        """Whether a question is in a batch that is in flight."""
        return self._any and bool(self._answers.select("select 1 from waiting where key = ?", bytes.fromhex(key)))

    def keys(self, tag: str) -> list[str]:
        """The addresses of the questions in a batch in flight."""
        return [key.hex() for (key,) in self._answers.select("select key from waiting where tag = ?", tag)]

    def fault(self, key: str) -> Fault | None:
        """What is remembered of a question that batches could not answer."""
        rows: list[tuple[Any, ...]] = self._answers.select(
            "select status, reason, times from failures where key = ?", bytes.fromhex(key)
        )
        return Fault(*rows[0]) if rows else None

    async def failed(self, key: str, status: str, reason: str) -> None:
        """Remember that a batch could not answer a question."""
        await self._answers.write(
            (
                "insert into failures values (?, ?, ?, 1) on conflict (key) do update set "
                "status = excluded.status, reason = excluded.reason, times = times + 1",
                (bytes.fromhex(key), status, reason),
            )
        )

    async def forgive(self) -> None:
        """Forget what batches could not answer, so that all of it is asked again."""
        await self._answers.write(("delete from failures", ()))
