"""Batches of requests, the same for every provider: kept, worked through in the background, ended after a while."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Literal

import msgspec

from selfrule.testing.faults import CONTENT, ERRORS
from selfrule.testing.questions import Api, TroubleError, key
from selfrule.testing.station import Outcome, Station

ROW_FAULTS = frozenset({*CONTENT, *ERRORS, "row-errored", "row-expired"})

RowState = Literal["succeeded", "errored", "expired", "canceled"]


class Result(msgspec.Struct):
    """What came of one row: the reply's body, or an error's."""

    custom_id: str
    state: RowState
    status: int = 0
    body: bytes = b""
    outcome: Outcome | None = None


class Batch(msgspec.Struct):
    """A batch. `rows` are (custom id, request body); `errors` are what validation found wrong."""

    id: str
    provider: str
    rows: list[tuple[str, bytes]]
    created: float
    metadata: dict[str, str] = {}
    input_file: str = ""
    endpoint: str = ""
    errors: list[str] = []
    fault: str | None = None
    cancelled: bool = False
    polls: int = 0
    ended_at: float | None = None
    results: list[Result] = []
    files: dict[str, str] = {}

    def count(self, state: RowState) -> int:
        """How many rows came to this."""
        return sum(result.state == state for result in self.results)


class Batches:
    """All batches of a stand-in. `answered` is called once for each that ends."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.kept: dict[str, Batch] = {}
        self._done: dict[str, list[Result]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        for _, blob in station.shelf.kept("batch"):
            batch = msgspec.msgpack.decode(blob, type=Batch)
            self.kept[batch.id] = batch

    def resume(self) -> None:
        """Work on what a server before this one left behind."""
        for batch in self.kept.values():
            if batch.ended_at is None:
                self._start(batch)

    def add(self, batch: Batch) -> None:
        """Take a batch and begin with it."""
        self.kept[batch.id] = batch
        self.station.counts.batches += 1
        self.save(batch)
        self._start(batch)

    def save(self, batch: Batch) -> None:
        """Keep a batch as it is now."""
        self.station.shelf.keep("batch", batch.id, msgspec.msgpack.encode(batch))

    def drop(self, batch: Batch) -> None:
        """Forget a batch."""
        del self.kept[batch.id]
        self.station.shelf.keep("batch", batch.id, None)

    def newest(self, provider: str) -> list[Batch]:
        """A provider's batches, newest first."""
        return [batch for batch in reversed(self.kept.values()) if batch.provider == provider]

    def poll(self, batch: Batch) -> None:
        """Someone asks after a batch: it may have ended by now."""
        batch.polls += 1
        settings = self.station.settings
        waited = time.time() - batch.created >= settings.batch_seconds
        if batch.ended_at is None and (batch.cancelled or (waited and batch.polls > settings.batch_polls)):
            self._end(batch)

    def _end(self, batch: Batch) -> None:
        if batch.cancelled:
            batch.results = [Result(name, "canceled") for name, _ in batch.rows]
        elif batch.errors:
            batch.results = []
        elif batch.id not in self._done:
            return  # still being worked on
        else:
            batch.results = self._done.pop(batch.id)
        for result in batch.results:
            self.station.counts.rows[result.state] += 1
            if result.outcome is not None:
                self.station.settle(result.outcome)
                result.outcome = None
        batch.ended_at = time.time()
        self.save(batch)

    def _start(self, batch: Batch) -> None:
        if not batch.errors:
            self._tasks[batch.id] = asyncio.create_task(self._work(batch))

    async def _work(self, batch: Batch) -> None:
        api: Api = self.station.anthropic if batch.provider == "anthropic" else self.station.openai
        results = []
        for custom_id, body in batch.rows:
            results.append(self._row(api, batch, custom_id, body))
            await asyncio.sleep(0)  # other requests go on meanwhile
        random.Random(f"{self.station.plan.seed} {batch.id}").shuffle(results)  # noqa: S311 (no secret)
        self._done[batch.id] = results
        self._tasks.pop(batch.id, None)

    def _row(self, api: Api, batch: Batch, custom_id: str, body: bytes) -> Result:
        if batch.fault == "batch-failed":
            fault: str | None = "row-errored"
        else:
            fault = self.station.draw(key(body), batch.fault, ROW_FAULTS)
        if fault == "row-expired":
            return Result(custom_id, "expired")
        if fault == "row-errored":
            outcome = self.station.refused(api, TroubleError("server", "Internal server error"))
        else:
            outcome = self.station.answer(api, body, key(body), fault)
        if outcome.status != 200:
            return Result(custom_id, "errored", outcome.status, outcome.body)
        return Result(custom_id, "succeeded", 200, outcome.body, outcome)

    async def close(self) -> None:
        """Stop working."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
