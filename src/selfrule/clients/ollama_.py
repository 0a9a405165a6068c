"""Ollama, by its own interface: the compatible one cuts what does not fit its context, and says nothing.

Every request says how large a context it needs (`num_ctx`), that nothing may be cut (`truncate`, `shift`), and is checked
against the tokens that the server says it read. Ollama loads a model anew for every other size of context, so there are few
sizes, and the size only grows.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import msgspec

from selfrule.clients import faults
from selfrule.clients.bodies import exchange, messages, over, provider_name, thoughtless, too_long
from selfrule.clients.looped import Looped
from selfrule.clients.names import Spec
from selfrule.clients.types import Batches, CallError, Finish, Reply, Request, Token, Usage
from selfrule.clients.wire import Wire, encode, proxy_for

_OUTSIDE_OPTIONS = {
    "think",
    "keep_alive",
    "format",
    "options",
    "truncate",
    "shift",
    "tools",
    "logprobs",
    "top_logprobs",
}
_SMALLEST = 8192
_BYTES_A_TOKEN = 2.5  # fewer than any common script has, so that the context is rather too large than too small
_TEMPLATE_TOKENS = 256


class _Alternative(msgspec.Struct):
    token: str
    logprob: float | None = None
    top_logprobs: list[_Alternative] | None = None


class _Message(msgspec.Struct):
    content: str = ""


class _Answer(msgspec.Struct):
    message: _Message
    model: str = ""
    done_reason: str | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    logprobs: list[_Alternative] | None = None


_answer = msgspec.json.Decoder(_Answer, strict=False)
_anything = msgspec.json.Decoder()


class OllamaClient:
    """One model behind Ollama.

    Args:
        spec: The model.
        parameters: Options of the model (temperature, top_k...), or fields of the request (think, keep_alive...).
        environ: Where proxies are looked up.
    """

    gives_logprobs = True
    batches: Batches | None = None

    def __init__(self, spec: Spec, parameters: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> None:
        assert spec.url is not None
        self.spec = spec
        self.provider = provider_name(spec)
        self.model = spec.model
        given = {"temperature": 0, "seed": 0, **parameters}
        self.parameters = {name: value for name, value in given.items() if value is not None}
        self._fields = {name: value for name, value in given.items() if name in _OUTSIDE_OPTIONS}
        self._options = {name: value for name, value in given.items() if name not in _OUTSIDE_OPTIONS}
        self._wire = Wire(spec.url, lambda: {"Content-Type": "application/json"}, proxy_for(spec.url, environ))
        self._size = _SMALLEST
        self._most: int | None = None
        self._asked = False
        self._asking = Looped(asyncio.Lock, _nothing_to_close)

    def __repr__(self) -> str:
        return f"OllamaClient({self.spec.text!r})"

    def needed(self, request: Request) -> int:
        """Tokens that a request takes with its answer, on the high side."""
        texts = [request.system, request.shared, request.ask, *(text for turn in request.turns for text in turn)]
        size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
        return int(size / _BYTES_A_TOKEN) + request.max_tokens + _TEMPLATE_TOKENS

    def body(self, request: Request, size: int) -> dict[str, Any]:
        """The JSON body of a question, with a context of `size` tokens."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": messages(request),
            "stream": False,
            "truncate": False,
            "shift": False,
            "options": {
                "num_ctx": size,
                "num_predict": 1 if request.top_logprobs else request.max_tokens,
                **{name: value for name, value in self._options.items() if value is not None},
            },
        }
        if request.top_logprobs:
            body["logprobs"] = True
            body["top_logprobs"] = request.top_logprobs
        elif request.schema is not None:
            body["format"] = request.schema
        return over(body, self._fields) if self._fields else body

    async def call(self, request: Request, *, timeout: float) -> Reply:
        """Ask; where the context set aside proves too small although the model has more, once more with all it has.

        Args:
            request: The question.
            timeout: Seconds for all of it.

        Raises:
            CallError: no reply.
        """
        most = await self.context()
        size = self._grown(self.needed(request), most)
        try:
            return await self._once(request, size, timeout)
        except CallError as error:
            if error.fault != "over_long" or most is None or size >= most:
                raise
            self._size = most
            return await self._once(request, most, timeout)

    async def _once(self, request: Request, size: int, timeout: float) -> Reply:
        told = self._options.get("num_ctx") or size
        body = self.body(request, size)
        return await exchange(
            self._wire, "/api/chat", body, request, lambda content: read(content, told), timeout=timeout
        )

    def _grown(self, needed: int, most: int | None) -> int:
        """The size of context to ask for: a power of two that nothing sent so far needs more than; the model's at most."""
        while self._size < needed:
            self._size *= 2
        if most is not None:
            self._size = min(self._size, most)
        return self._size

    async def context(self) -> int | None:
        """The tokens that fit into the model's context; None where the server does not tell. Asked once."""
        if not self._asked:
            async with await self._asking.get():
                if not self._asked:
                    self._most = await self._context()
                    self._asked = True
        return self._most

    async def _context(self) -> int | None:
        try:
            told = _anything.decode(await self._wire.send("/api/show", encode({"model": self.model}), timeout=15))
        except CallError as error:
            if error.fault in ("connection", "timeout", "unknown_model", "denied"):
                raise
            return None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        info = told.get("model_info") if isinstance(told, dict) else None
        if not isinstance(info, dict):
            return None
        sizes = [v for k, v in info.items() if k.endswith(".context_length") and isinstance(v, int) and v > 0]
        return sizes[0] if sizes else None

    async def close(self) -> None:
        """Close connections."""
        await self._wire.close()
        await self._asking.close()


async def _nothing_to_close(_: object) -> None:
    """For `Looped`."""


def read(content: bytes, size: int) -> Reply:
    """An answer of Ollama's as a reply.

    Args:
        content: What came back.
        size: Tokens of the context that was asked for.

    Raises:
        CallError: "garbled" where it is no answer; "over_long" where the context was full before the answer began, which is
            what a server that cut the text leaves to see.
    """
    try:
        said = _answer.decode(content)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        raise _error_in(content) from None
    read_tokens = said.prompt_eval_count or 0
    if read_tokens >= size:
        raise too_long(f"the text filled the context of {size} tokens")
    first: tuple[Token, ...] = ()
    if said.logprobs:
        token = said.logprobs[0]
        others = [*(token.top_logprobs or ())]
        if all(other.token != token.token for other in others):
            others.append(token)
        known = [Token(o.token, min(o.logprob, 0.0)) for o in others if o.logprob is not None]
        first = tuple(sorted(known, key=lambda t: -t.logprob))
    finish: Finish = "length" if said.done_reason == "length" and not first else "stop"
    return Reply(
        thoughtless(said.message.content),
        finish,
        Usage(fresh=read_tokens, output=said.eval_count or 0),
        said.model,
        first,
    )


def _error_in(content: bytes) -> CallError:
    """What a 2xx that is no answer amounts to."""
    try:
        body = _anything.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return CallError("garbled", "the answer is no JSON", status=200)
    if isinstance(body, dict) and body.get("error"):
        return faults.from_error(body, 502)
    return CallError("garbled", "the answer is no chat", status=200)
