"""HTTP in and out: the rate limit, keys, faults of the connection, and what counts as sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from aiohttp import web

from selfrule.testing.faults import CONTENT, ERRORS, LOST, ROWS
from selfrule.testing.questions import Api, TroubleError, key
from selfrule.testing.station import Outcome, Station, provoked

FAULT_HEADER = "x-selfrule-fault"
MOST_BYTES = 300 * 1024 * 1024
CHAT_FAULTS = frozenset({*ERRORS, *LOST, *CONTENT})
OTHER_FAULTS = frozenset({*ERRORS, *LOST})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Action = Callable[[web.Request, str | None], Awaitable[Outcome]]


class Door:
    """Turns what a `Station` does into request handlers."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self._tokens = 0.0
        self._filled: float | None = None

    def chat(self, api: Api) -> Handler:
        """The handler of requests for one answer."""

        async def handle(request: web.Request) -> web.StreamResponse:
            counts = self.station.counts
            counts.in_flight += 1
            counts.most_in_flight = max(counts.most_in_flight, counts.in_flight)
            try:
                return await self._chat(api, request)
            finally:
                counts.in_flight -= 1

        return handle

    async def _chat(self, api: Api, request: web.Request) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        started = loop.time()
        body = await request.read()
        fault = None
        try:
            self._admit(api, request)
            address = key(body)
            fault = self.station.draw(address, request.headers.get(FAULT_HEADER), CHAT_FAULTS)
            outcome = self.station.answer(api, body, address, fault)
        except TroubleError as error:
            outcome = self.station.refused(api, error)
        if outcome.status not in (
            400,
            401,
            404,
            429,
        ):  # these come at once; an answer, or a broken server, takes its time
            wait = self.station.settings.slow if fault == "slow" else self.station.settings.latency
            wait -= loop.time() - started
            if wait > 0:
                await asyncio.sleep(wait)
        return await self._send(request, outcome, fault)

    def served(self, api: Api, action: Action) -> Handler:
        """The handler of anything else at this provider. A reply that is lost was still acted on."""

        async def handle(request: web.Request) -> web.StreamResponse:
            fault = None
            try:
                self._admit(api, request)
                told = request.headers.get(FAULT_HEADER)
                among = (*OTHER_FAULTS, "batch-failed") if request.path.endswith("/batches") else OTHER_FAULTS
                fault = self.station.draw(f"{request.method} {request.path}", told, among)
                if fault is not None and fault in ERRORS:
                    raise provoked(api.name, fault)
                outcome = await action(request, fault if fault in {*ROWS, *CONTENT} else None)
            except TroubleError as error:
                outcome = self.station.refused(api, error)
            if fault == "slow":
                await asyncio.sleep(self.station.settings.slow)
            return await self._send(request, outcome, fault)

        return handle

    def _admit(self, api: Api, request: web.Request) -> None:
        self.station.counts.requests += 1
        given = request.headers.get("x-api-key") or request.headers.get("authorization") or ""
        if "wrong" in given or (api.name == "anthropic" and not given):
            raise TroubleError(
                "denied", "invalid x-api-key" if api.name == "anthropic" else "Incorrect API key provided."
            )
        settings = self.station.settings
        if settings.rate is None:
            return
        now = asyncio.get_running_loop().time()
        room = max(settings.burst or settings.rate, 1.0)
        self._tokens = room if self._filled is None else min(room, self._tokens + (now - self._filled) * settings.rate)
        self._filled = now
        if self._tokens < 1.0:
            self.station.counts.limited += 1
            raise TroubleError(
                "rate_limited",
                "Rate limit reached. Please try again later.",
                retry_after=(1.0 - self._tokens) / settings.rate,
            )
        self._tokens -= 1.0

    async def _send(self, request: web.Request, outcome: Outcome, fault: str | None) -> web.StreamResponse:
        counts = self.station.counts
        counts.statuses[outcome.status] += 1
        gone = request.transport is None or request.transport.is_closing()
        if gone or fault in ("cut", "badjson"):
            counts.lost += outcome.usage is not None
        else:
            self.station.settle(outcome)
        if fault == "cut":
            return await _cut(request, outcome.body)
        body = b'{"id": "' + outcome.body[: len(outcome.body) // 2] if fault == "badjson" else outcome.body
        return web.Response(body=body, status=outcome.status, headers=outcome.headers, content_type=outcome.kind)


async def _cut(request: web.Request, body: bytes) -> web.StreamResponse:
    """Half of a reply, then nothing: the connection ends."""
    response = web.StreamResponse(headers={"content-length": str(len(body)), "content-type": "application/json"})
    with contextlib.suppress(ConnectionResetError):  # the client may have gone before
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
