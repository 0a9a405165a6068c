"""OpenAI's paths: chat completions, models, batches; files are in `openai_files`."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from aiohttp import web

from selfrule.testing.batches import Batch, Batches
from selfrule.testing.door import Door
from selfrule.testing.openai_files import Files, done, limit, unique
from selfrule.testing.questions import TroubleError
from selfrule.testing.station import Outcome, Station

MODEL = "stand-in"
MOST_ROWS = 50_000
MOST_BATCH_BYTES = 200 * 1024 * 1024
ENDPOINT = "/v1/chat/completions"


class Row(msgspec.Struct):
    """A line of a batch's input."""

    custom_id: str
    method: str
    url: str
    body: msgspec.Raw


class Order(msgspec.Struct):
    """A request for a batch."""

    input_file_id: str
    endpoint: str
    completion_window: str = "24h"
    metadata: dict[str, str] | None = None


class OpenAIRoutes:
    """OpenAI's paths over one station."""

    def __init__(self, station: Station, door: Door, batches: Batches) -> None:
        self.station = station
        self.batches = batches
        self.files = Files(station)
        api = station.openai
        self.routes = [web.post(ENDPOINT, door.chat(api))]
        for method, path, action in (
            ("GET", "/v1/models", self.models),
            ("POST", "/v1/files", self.files.upload),
            ("GET", "/v1/files", self.files.list_files),
            ("GET", "/v1/files/{id}", self.files.file),
            ("GET", "/v1/files/{id}/content", self.files.content),
            ("DELETE", "/v1/files/{id}", self.files.delete),
            ("POST", "/v1/batches", self.create),
            ("GET", "/v1/batches", self.list_batches),
            ("GET", "/v1/batches/{id}", self.batch),
            ("POST", "/v1/batches/{id}/cancel", self.cancel),
        ):
            self.routes.append(web.route(method, path, door.served(api, action)))

    async def models(self, _: web.Request, __: str | None) -> Outcome:
        """The one model there is; any name is served."""
        model: dict[str, Any] = {"id": MODEL, "object": "model", "created": 0, "owned_by": "selfrule"}
        if self.station.settings.context is not None:
            model["max_model_len"] = self.station.settings.context
        return done({"object": "list", "data": [model]})

    async def create(self, request: web.Request, fault: str | None) -> Outcome:
        """Take a batch; what is wrong with its input shows later, as it does with OpenAI."""
        try:
            order = msgspec.json.decode(await request.read(), type=Order)
        except msgspec.DecodeError as error:
            raise TroubleError("invalid", f"Invalid batch: {error}") from None
        file = self.files.kept.get(order.input_file_id)
        if file is None or file.purpose != "batch":
            raise TroubleError("invalid", "Invalid 'input_file_id': no file of purpose 'batch' has this id.")
        rows, errors = _rows(file.content, order.endpoint)
        if fault == "batch-failed":
            errors = ["The batch could not be validated."]
        batch = Batch(
            id=f"batch_{unique()}",
            provider="openai",
            rows=rows,
            created=time.time(),
            metadata=order.metadata or {},
            input_file=file.id,
            endpoint=order.endpoint,
            errors=errors,
            fault=None if fault == "batch-failed" else fault,
        )
        self.batches.add(batch)
        return done(self._batch(batch))

    async def list_batches(self, request: web.Request, _: str | None) -> Outcome:
        """Batches, newest first, a page at a time."""
        found = self.batches.newest("openai")
        after = request.query.get("after")
        ids = [batch.id for batch in found]
        start = ids.index(after) + 1 if after in ids else 0
        most = limit(request, 100)
        page = found[start : start + most]
        return done(
            {
                "object": "list",
                "data": [self._batch(batch) for batch in page],
                "first_id": page[0].id if page else None,
                "last_id": page[-1].id if page else None,
                "has_more": start + most < len(found),
            }
        )

    def _found(self, request: web.Request) -> Batch:
        batch = self.batches.kept.get(request.match_info["id"])
        if batch is None or batch.provider != "openai":
            raise TroubleError("missing", f"No batch found with id '{request.match_info['id']}'.")
        return batch

    async def batch(self, request: web.Request, _: str | None) -> Outcome:
        """Where a batch stands; its files are written once it has ended."""
        batch = self._found(request)
        self.batches.poll(batch)
        if batch.ended_at is not None and not batch.files and batch.results and not batch.cancelled:
            good = [
                _line(result.custom_id, 200, result.body) for result in batch.results if result.state == "succeeded"
            ]
            bad = [
                _expired(result.custom_id)
                if result.state == "expired"
                else _line(result.custom_id, result.status, result.body)
                for result in batch.results
                if result.state in ("errored", "expired")
            ]
            for kind, lines in (("output", good), ("error", bad)):
                if lines:
                    content = b"\n".join(lines) + b"\n"
                    batch.files[kind] = self.files.put(f"{batch.id}_{kind}.jsonl", "batch_output", content).id
            self.batches.save(batch)
        return done(self._batch(batch))

    async def cancel(self, request: web.Request, _: str | None) -> Outcome:
        """Cancel a batch that has not ended."""
        batch = self._found(request)
        if batch.ended_at is not None:
            raise TroubleError("invalid", f"Cannot cancel a batch with status '{_status(batch)}'.")
        batch.cancelled = True
        return done(self._batch(batch))

    @staticmethod
    def _batch(batch: Batch) -> dict[str, Any]:
        ended = None if batch.ended_at is None else int(batch.ended_at)
        status = _status(batch)
        bad = batch.count("errored") + batch.count("expired")
        failures = [{"code": "invalid_request", "message": m, "param": None, "line": None} for m in batch.errors]
        return {
            "id": batch.id,
            "object": "batch",
            "endpoint": batch.endpoint,
            "errors": {"object": "list", "data": failures} if failures and ended else None,
            "input_file_id": batch.input_file,
            "completion_window": "24h",
            "status": status,
            "output_file_id": batch.files.get("output"),
            "error_file_id": batch.files.get("error"),
            "created_at": int(batch.created),
            "in_progress_at": int(batch.created),
            "expires_at": int(batch.created) + 86_400,
            "completed_at": ended if status == "completed" else None,
            "failed_at": ended if status == "failed" else None,
            "expired_at": ended if status == "expired" else None,
            "cancelled_at": ended if status == "cancelled" else None,
            "request_counts": {"total": len(batch.rows), "completed": batch.count("succeeded"), "failed": bad},
            "metadata": batch.metadata,
        }


def _status(batch: Batch) -> str:
    if batch.ended_at is None:
        if batch.cancelled:
            return "cancelling"
        return "validating" if batch.polls == 0 else "in_progress"
    if batch.errors:
        return "failed"
    if batch.cancelled:
        return "cancelled"
    return "expired" if batch.count("expired") else "completed"


def _rows(content: bytes, endpoint: str) -> tuple[list[tuple[str, bytes]], list[str]]:
    """The rows of an input file, or what is wrong with it."""
    rows: dict[str, bytes] = {}
    if endpoint != ENDPOINT:
        return [], [f"The endpoint {endpoint} is not served."]
    if len(content) > MOST_BATCH_BYTES:
        return [], ["The file is too large for a batch."]
    for number, line in enumerate(content.splitlines(), 1):
        try:
            row = msgspec.json.decode(line, type=Row)
        except msgspec.DecodeError as error:
            return [], [f"Line {number} is not a request: {error}"]
        if row.url != endpoint or row.method != "POST":
            return [], [f"Line {number} is for another endpoint."]
        if row.custom_id in rows:
            return [], [f"The custom_id of line {number} stands in another line too."]
        rows[row.custom_id] = bytes(row.body)
    if not 0 < len(rows) <= MOST_ROWS:
        return [], [f"A batch holds 1 to {MOST_ROWS} requests; this one has {len(rows)}."]
    return list(rows.items()), []


def _line(custom_id: str, status: int, body: bytes) -> bytes:
    response = {"status_code": status, "request_id": f"req_{unique()}", "body": msgspec.Raw(body)}
    line = {"id": f"batch_req_{unique()}", "custom_id": custom_id, "response": response, "error": None}
    return msgspec.json.encode(line)


def _expired(custom_id: str) -> bytes:
    words = "This request could not be executed before the completion window expired."
    error = {"code": "batch_expired", "message": words}
    return msgspec.json.encode(
        {"id": f"batch_req_{unique()}", "custom_id": custom_id, "response": None, "error": error}
    )
