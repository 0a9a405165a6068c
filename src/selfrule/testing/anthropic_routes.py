"""Anthropic's paths: messages, counts of tokens, batches of messages."""

from __future__ import annotations

import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from selfrule.testing.batches import Batch, Batches, Result
from selfrule.testing.caches import tokens
from selfrule.testing.door import Door
from selfrule.testing.openai_files import done, limit
from selfrule.testing.questions import TroubleError
from selfrule.testing.station import Outcome, Station

MOST_ROWS = 100_000
MOST_BATCH_BYTES = 256 * 1024 * 1024
_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Row(msgspec.Struct):
    """One request of a batch."""

    custom_id: str
    params: msgspec.Raw


class Order(msgspec.Struct):
    """A request for a batch."""

    requests: list[Row]


class AnthropicRoutes:
    """Anthropic's paths over one station."""

    def __init__(self, station: Station, door: Door, batches: Batches) -> None:
        self.station = station
        self.batches = batches
        api = station.anthropic
        self.routes = [web.post("/v1/messages", door.chat(api))]
        for method, path, action in (
            ("POST", "/v1/messages/count_tokens", self.count),
            ("POST", "/v1/messages/batches", self.create),
            ("GET", "/v1/messages/batches", self.list_batches),
            ("GET", "/v1/messages/batches/{id}", self.batch),
            ("GET", "/v1/messages/batches/{id}/results", self.results),
            ("POST", "/v1/messages/batches/{id}/cancel", self.cancel),
            ("DELETE", "/v1/messages/batches/{id}", self.delete),
        ):
            self.routes.append(web.route(method, path, door.served(api, action)))

    async def count(self, request: web.Request, _: str | None) -> Outcome:
        """Tokens of a request."""
        question = self.station.anthropic.read(await request.read(), counting=True)
        return done({"input_tokens": tokens(question.prompt)})

    async def create(self, request: web.Request, fault: str | None) -> Outcome:
        """Take a batch."""
        body = await request.read()
        if len(body) > MOST_BATCH_BYTES:
            raise TroubleError("too_large", "Request exceeds the maximum size")
        try:
            order = msgspec.json.decode(body, type=Order)
        except msgspec.DecodeError as error:
            raise TroubleError("invalid", f"requests: {error}") from None
        rows = {row.custom_id: bytes(row.params) for row in order.requests}
        if not 0 < len(order.requests) <= MOST_ROWS:
            raise TroubleError("invalid", f"requests: must hold 1 to {MOST_ROWS} items")
        for number, row in enumerate(order.requests):
            if not _CUSTOM_ID.fullmatch(row.custom_id):
                raise TroubleError(
                    "invalid", f"requests.{number}.custom_id: String should match '^[a-zA-Z0-9_-]{{1,64}}$'"
                )
        if len(rows) < len(order.requests):
            raise TroubleError("invalid", "requests: custom_id must be unique")
        batch = Batch(
            id=f"msgbatch_{uuid.uuid4().hex[:24]}",
            provider="anthropic",
            rows=list(rows.items()),
            created=time.time(),
            fault=fault,
        )
        self.batches.add(batch)
        return done(_batch(batch, request))

    async def list_batches(self, request: web.Request, _: str | None) -> Outcome:
        """Batches, newest first, a page at a time."""
        found = self.batches.newest("anthropic")
        ids = [batch.id for batch in found]
        most = limit(request, 1000)
        after, before = request.query.get("after_id"), request.query.get("before_id")
        if before in ids:
            end = ids.index(before)
            start = max(0, end - most)
        else:
            start = ids.index(after) + 1 if after in ids else 0
            end = min(start + most, len(found))
        page = found[start:end]
        return done(
            {
                "data": [_batch(batch, request) for batch in page],
                "first_id": page[0].id if page else None,
                "last_id": page[-1].id if page else None,
                "has_more": start > 0 if before in ids else end < len(found),
            }
        )

    def _found(self, request: web.Request) -> Batch:
        batch = self.batches.kept.get(request.match_info["id"])
        if batch is None or batch.provider != "anthropic":
            raise TroubleError("missing", f"Message Batch {request.match_info['id']} not found.")
        return batch

    async def batch(self, request: web.Request, _: str | None) -> Outcome:
        """Where a batch stands."""
        batch = self._found(request)
        self.batches.poll(batch)
        return done(_batch(batch, request))

    async def results(self, request: web.Request, _: str | None) -> Outcome:
        """The results of a batch that has ended, a line each, in no order."""
        batch = self._found(request)
        if batch.ended_at is None:
            raise TroubleError("invalid", f"Message Batch {batch.id} has not ended; its results are not available yet.")
        lines = b"".join(msgspec.json.encode(_row(result)) + b"\n" for result in batch.results)
        return Outcome(200, lines, kind="application/x-jsonl")

    async def cancel(self, request: web.Request, _: str | None) -> Outcome:
        """Cancel a batch that has not ended."""
        batch = self._found(request)
        if batch.ended_at is not None:
            raise TroubleError("invalid", f"Message Batch {batch.id} has already ended.")
        batch.cancelled = True
        return done(_batch(batch, request))

    async def delete(self, request: web.Request, _: str | None) -> Outcome:
        """Drop a batch that has ended."""
        batch = self._found(request)
        if batch.ended_at is None:
            raise TroubleError("invalid", f"Message Batch {batch.id} cannot be deleted while it is in progress.")
        self.batches.drop(batch)
        return done({"id": batch.id, "type": "message_batch_deleted"})


def _row(result: Result) -> dict[str, Any]:
    come: dict[str, Any] = {"type": result.state}
    if result.state == "succeeded":
        come["message"] = msgspec.Raw(result.body)
    elif result.state == "errored":
        come["error"] = msgspec.Raw(result.body)
    return {"custom_id": result.custom_id, "result": come}


def _batch(batch: Batch, request: web.Request) -> dict[str, Any]:
    ended = batch.ended_at is not None
    running = "canceling" if batch.cancelled else "in_progress"
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": "ended" if ended else running,
        "request_counts": {
            "processing": 0 if ended else len(batch.rows),
            "succeeded": batch.count("succeeded"),
            "errored": batch.count("errored"),
            "canceled": batch.count("canceled"),
            "expired": batch.count("expired"),
        },
        "created_at": _time(batch.created),
        "expires_at": _time(batch.created + 86_400),
        "ended_at": None if batch.ended_at is None else _time(batch.ended_at),
        "cancel_initiated_at": None,
        "archived_at": None,
        "results_url": f"{request.url.origin()}/v1/messages/batches/{batch.id}/results" if ended else None,
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
