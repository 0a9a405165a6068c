"""The labelling page over HTTP: one page, and the few questions that it asks."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from selfrule.errors import SelfruleError
from selfrule.serve.asked import Give, Open, Save
from selfrule.serve.desk import Desk, RefusalError
from selfrule.serve.guard import Guard, policy
from selfrule.serve.layout import page

MOST_BYTES = 1 << 20  # of what the page may send: a state is a few kilobytes
T = TypeVar("T")


def _json(value: object, status: int = 200) -> web.Response:
    # ASCII alone: texts may hold halves of surrogate pairs, which UTF-8 cannot
    text = json.dumps(msgspec.to_builtins(value), ensure_ascii=True, allow_nan=False)
    return web.Response(text=text, status=status, content_type="application/json")


class Pages:
    """The handlers. Work on the study happens in one thread: in order, and beside the loop that answers."""

    def __init__(self, desk: Desk, labeller: str | None = None) -> None:
        self.desk, self.labeller = desk, labeller
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="desk")

    def application(self, guard: Guard) -> web.Application:
        """The application behind its guard."""
        app = web.Application(client_max_size=MOST_BYTES, middlewares=[guard.middleware()])
        app.add_routes(
            [
                web.get("/", self.page, allow_head=False),
                web.get("/turns", self.turns, allow_head=False),
                web.get("/piece", self.piece, allow_head=False),
                web.post("/open", self._asked(Open, self.desk.open)),
                web.post("/save", self._asked(Save, self.desk.save)),
                web.post("/give", self._asked(Give, self.desk.give)),
            ]
        )
        app.on_cleanup.append(self._close)
        return app

    async def _close(self, _: web.Application) -> None:
        self._thread.shutdown(wait=True)

    async def _work(self, work: Callable[[], object]) -> web.Response:
        try:
            done = await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except RefusalError as refusal:
            return _json({"error": refusal.reason}, refusal.status)
        except SelfruleError as error:
            return _json({"error": str(error)}, 422)
        except OSError as error:
            # a full disk, say: the page keeps what it has and tries again
            return _json({"error": f"The study's folder cannot be written to: {error.strerror}."}, 503)
        return _json(done)

    def _asked(self, type_: type[T], work: Callable[[T], object]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            try:
                asked = msgspec.json.decode(await request.read(), type=type_)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                return _json({"error": f"This is not what the page would send: {error}"}, 400)
            return await self._work(lambda: work(asked))

        return handle

    async def page(self, _: web.Request) -> web.Response:
        """The page itself."""
        nonce = secrets.token_urlsafe(16)
        reply = web.Response(text=page(nonce, self.labeller), content_type="text/html")
        reply.headers["Content-Security-Policy"] = policy(nonce)
        return reply

    async def turns(self, request: web.Request) -> web.Response:
        """Some turns of a conversation."""
        first = _number(request, "from")
        return await self._work(
            lambda: self.desk.turns(request.query.get("id", ""), first, request.query.get("way") == "back")
        )

    async def piece(self, request: web.Request) -> web.Response:
        """A piece of a long turn."""
        turn, piece = _number(request, "turn"), _number(request, "piece")
        return await self._work(lambda: self.desk.piece(request.query.get("id", ""), turn, piece))


def _number(request: web.Request, name: str) -> int:
    given = request.query.get(name, "0")
    if not (given.isascii() and given.isdigit() and len(given) <= 12):
        raise web.HTTPBadRequest
    return int(given)
