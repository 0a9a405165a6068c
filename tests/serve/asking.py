"""Asks a page as a browser would, without one."""

from __future__ import annotations

import http.client
import json
from contextlib import contextmanager
from typing import Any

from selfrule.records import Turn
from selfrule.serve.app import Pages
from selfrule.serve.desk import Desk
from selfrule.serve.drafts import Drafts
from selfrule.serve.guard import Guard
from selfrule.serve.memory import MemoryQueue
from selfrule.serve.running import hosted

NOON = 1_800_000_000.0
TOKEN = "t" * 43


def talk(*texts: str) -> list[Turn]:
    """A conversation of person and assistant by turns."""
    return [Turn("user" if number % 2 == 0 else "assistant", text) for number, text in enumerate(texts)]


class Asker:
    """One client: keeps no cookies of its own, sends what it is told."""

    def __init__(self, guard: Guard, desk: Desk) -> None:
        self.guard, self.desk = guard, desk
        self.cookie: str | None = f"{guard.cookie}={guard.token}"

    def raw(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, body. A header named with underscores; an empty value leaves a header out."""
        sent = {"Host": f"127.0.0.1:{self.guard.port}"}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if method == "POST":
            sent["Origin"] = f"http://127.0.0.1:{self.guard.port}"
            sent["Content-Type"] = "application/json"
        sent |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.guard.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value:
                    connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            reply = connection.getresponse()
            return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """What a question gives, as data; the status must be 200."""
        status, _, body = self.raw("GET", path)
        assert status == 200, body
        return json.loads(body)

    def post(self, path: str, expect: int = 200, **body: Any) -> Any:
        """The same with something sent."""
        status, _, got = self.raw("POST", path, json.dumps(body).encode())
        assert status == expect, (status, got)
        return json.loads(got)


@contextmanager
def page(queue: Any, drafts: Any, labeller: str | None = None, clock: Any = lambda: NOON):
    """A running page over a queue, and a client of it."""
    guard = Guard(TOKEN)
    desk = Desk(queue, Drafts(drafts), clock)
    with hosted(Pages(desk, labeller), guard):
        yield Asker(guard, desk)


@contextmanager
def small(folder: Any, *conversations: Any, **more: Any):
    """The same over a few conversations in memory."""
    queue = MemoryQueue(conversations or [talk("one", "two"), talk("three", "four", "five")])
    with page(queue, folder / "drafts", **more) as asker:
        asker.queue = queue
        yield asker


def said(**more: Any) -> dict[str, Any]:
    """A state with all levels none, changed as told."""
    from selfrule.rubric import CONSTRUCTS

    return {"levels": dict.fromkeys(CONSTRUCTS, 0), "evidence": {}, "actualized": {}} | more
