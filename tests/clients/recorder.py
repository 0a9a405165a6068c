"""A server that writes down what it is sent and answers what it is told: for tests of what goes over the wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]


class Recorder:
    """Answers each request by `answer(method, path, body)`: a status, a body (bytes, or anything for JSON), headers."""

    def __init__(self, answer: Callable[[str, str, Any], Answer]) -> None:
        self.answer = answer
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self.server = TestServer(app)

    async def _handle(self, request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            body = json.loads(raw)
        except ValueError:
            body = raw
        self.seen.append((request.method, request.path_qs, dict(request.headers), body))
        status, content, *headers = self.answer(request.method, request.path, body)
        return web.Response(
            status=status,
            body=content if isinstance(content, bytes) else json.dumps(content).encode(),
            headers=headers[0] if headers else None,
            content_type=None if headers and "Content-Type" in headers[0] else "application/json",
        )

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    @property
    def body(self) -> Any:
        return self.seen[-1][3]

    @property
    def headers(self) -> dict[str, str]:
        return self.seen[-1][2]

    async def __aenter__(self) -> Recorder:
        await self.server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.server.close()


def chat(text: str | None = "{}", **more: Any) -> dict[str, Any]:
    """A chat completion as OpenAI and servers like it send one."""
    message = {"role": "assistant", "content": text, "refusal": more.pop("refusal", None)}
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": more.pop("finish_reason", "stop"),
        "logprobs": more.pop("logprobs", None),
    }
    return {"id": "c", "object": "chat.completion", "model": "served-1", "choices": [choice], **more}


def message(text: str = "{}", **more: Any) -> dict[str, Any]:
    """A message as Anthropic sends one."""
    return {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "served-1",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
        **more,
    }
