"""A stand-in for the servers of model providers, on this machine alone.

It speaks as OpenAI (`/v1/chat/completions`, `/v1/models`, `/v1/files`, `/v1/batches`), Anthropic (`/v1/messages`, token
counts, message batches) and Ollama (`/api/chat`, `/api/show`, `/api/tags`) do, and the vendors' own packages talk to it
unchanged. Answers come from the embedded judge and fit the schema that was asked for.

In tests:

    with StandIn(faults="429-after=0.1,cut=0.05", latency=0.01) as server:
        os.environ.update(server.environ())
        ...
        assert server.counts.paid_twice == 0

From a shell: `python -m selfrule.testing.server --port 0 --latency 0.2 --rate 100 --faults "429=0.05,500=0.02"` prints one
line of JSON with its addresses, and serves until it is stopped. `GET /__counts` gives the counts (`?paid=1`: with the paid
requests by content address), `POST /__reset` forgets them. The header `x-selfrule-fault: NAME` asks for a fault, "ok" for none.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from selfrule.errors import UsageError
from selfrule.testing.answering import Answers
from selfrule.testing.anthropic_routes import AnthropicRoutes
from selfrule.testing.batches import Batches
from selfrule.testing.counts import Counts
from selfrule.testing.door import MOST_BYTES, Door
from selfrule.testing.faults import Plan, checked
from selfrule.testing.openai_routes import MODEL, OpenAIRoutes
from selfrule.testing.questions import TroubleError
from selfrule.testing.station import Settings, Station

KEY = "stand-in-key"
_START_S = 30.0


def application(station: Station, batches: Batches) -> web.Application:
    """The paths of all three providers over one station."""
    door = Door(station)
    app = web.Application(client_max_size=MOST_BYTES)
    app.add_routes(OpenAIRoutes(station, door, batches).routes)
    app.add_routes(AnthropicRoutes(station, door, batches).routes)

    async def unknown(request: web.Request) -> web.Response:
        outcome = station.refused(station.openai, TroubleError("missing", f"Unknown request URL: {request.path}"))
        return web.Response(body=outcome.body, status=outcome.status, content_type=outcome.kind)

    async def counts(request: web.Request) -> web.Response:
        summary = station.counts.summary()
        if request.query.get("paid"):
            summary["paid"] = dict(station.counts.paid)
        return web.json_response(summary)

    async def reset(_: web.Request) -> web.Response:
        station.reset()
        return web.json_response({})

    async def tags(_: web.Request) -> web.Response:
        return web.json_response({"models": [{"name": MODEL, "model": MODEL}]})

    async def show(_: web.Request) -> web.Response:
        length = station.settings.context or 131_072
        info = {"general.architecture": "llama", "llama.context_length": length}
        return web.json_response({"model_info": info, "capabilities": ["completion"]})

    app.add_routes(
        [
            web.post("/api/chat", door.chat(station.ollama)),
            web.post("/api/show", show),
            web.get("/api/tags", tags),
            web.get("/__counts", counts),
            web.post("/__reset", reset),
            web.route("*", "/{anything:.*}", unknown),
        ]
    )
    return app


class StandIn:
    """The stand-in in a thread of its own; a context manager.

    Args:
        answers: "embedded": from the embedded judge; "none": level none for everything; "fast": the same, made once for
            each schema, for measurements of throughput.
        faults: Shares of requests in [0, 1] by fault (see `faults`), as a dict or "NAME=SHARE,NAME=SHARE".
        script: Faults for the next requests, one each, in order; "ok" for none.
        seed: Of the draws of faults.
        latency: Seconds from a request to its reply.
        slow: The same under the fault "slow".
        rate: Requests a second beyond which there are 429s; `burst` at once (as many as in a second unless given).
        context: Tokens of input that fit; more is an error (Ollama: loses its beginning). Four bytes are a token.
        batch_polls: How often a batch is asked after before it may end.
        batch_seconds: How long it runs at least.
        state: A file in which what was paid, files and batches outlive the server.
        host: Loopback unless told.
        port: 0 for a free one.

    Raises:
        UsageError: unknown fault, a value out of range, or a port that is taken.
    """

    def __init__(
        self,
        *,
        answers: Answers = "embedded",
        faults: str | dict[str, float] = "",
        script: Iterable[str] = (),
        seed: int = 0,
        latency: float = 0.0,
        slow: float = 30.0,
        rate: float | None = None,
        burst: float | None = None,
        context: int | None = None,
        batch_polls: int = 1,
        batch_seconds: float = 0.0,
        state: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        plan = Plan.parse(faults, seed) if isinstance(faults, str) else Plan(faults, seed)
        plan.script.extend(checked(name) for name in script)
        for name, value, low, high in (
            ("port", port, 0, 65_535),
            ("latency", latency, 0, None),
            ("slow", slow, 0, None),
            ("rate", rate, 0.001, None),
            ("burst", burst, 1, None),
            ("context", context, 1, None),
            ("batch_polls", batch_polls, 0, None),
            ("batch_seconds", batch_seconds, 0, None),
        ):
            if value is not None and not low <= value <= (high or float("inf")):
                limit = f"from {low} to {high}" if high else f"at least {low}"
                raise UsageError(f"The '{name}' parameter of StandIn must be {limit}. Got {value!r} instead.")
        self.settings = Settings(latency, slow, rate, burst, context, batch_polls, batch_seconds)
        self.station = Station(answers, plan, self.settings, state)
        self.host = host
        self.port = port
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.host}:{self.port}"

    @property
    def openai_url(self) -> str:
        """The base URL for OpenAI's client and for compatible ones."""
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        """The base URL for Anthropic's client."""
        return self.url

    @property
    def ollama_url(self) -> str:
        """The host for Ollama's clients."""
        return self.url

    def environ(self) -> dict[str, str]:
        """The environment that sends the vendors' packages here."""
        return {
            "OPENAI_BASE_URL": self.openai_url,
            "OPENAI_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": self.anthropic_url,
            "ANTHROPIC_API_KEY": KEY,
            "OLLAMA_HOST": self.ollama_url,
            "SELFRULE_API_KEY": KEY,
        }

    @property
    def counts(self) -> Counts:
        """What was asked, answered, paid for. Live: read it once requests have ended."""
        return self.station.counts

    def script(self, *faults: str) -> None:
        """Faults for the next requests, one each, in order; "ok" for none."""
        self.station.plan.script.extend(checked(name) for name in faults)

    def reset(self) -> None:
        """Forget counts, caches and kept batches; settings and faults stay."""
        self.station.reset()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="selfrule-stand-in", daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_S) or self._failure is not None:
            self.__exit__(None, None, None)
            raise UsageError(f"The stand-in cannot listen on {self.host}:{self.port}: {self._failure}. Try port 0.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join(_START_S)
        self.station.shelf.close()

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.serve(self._stop, self._ready.set)
        except Exception as error:  # told to whoever waits for the start, in their own thread
            self._failure = error
            self._ready.set()

    async def serve(self, stop: asyncio.Event, ready: Any) -> None:
        """Serve in the running loop until `stop` is set; `ready()` is called once the port is open."""
        batches = Batches(self.station)
        runner = web.AppRunner(application(self.station, batches), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port, backlog=2048).start()
            self.port = int(runner.addresses[0][1])
            batches.resume()
            ready()
            await stop.wait()
        finally:
            await batches.close()
            await runner.cleanup()


if __name__ == "__main__":
    from selfrule.testing.options import main

    raise SystemExit(main())
