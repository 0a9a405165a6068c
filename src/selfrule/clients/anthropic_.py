"""Anthropic's Messages."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from selfrule.clients import faults
from selfrule.clients.anthropic_batches import AnthropicBatches
from selfrule.clients.bodies import exchange, over, provider_name
from selfrule.clients.names import Spec
from selfrule.clients.types import Batches, CallError, Finish, Reply, Request, Usage
from selfrule.clients.wire import Wire, proxy_for
from selfrule.errors import UsageError

VENDOR_URL = "https://api.anthropic.com"
_CACHED = {"type": "ephemeral"}


class _Block(msgspec.Struct):
    type: str = ""
    text: Any = None


class _Details(msgspec.Struct):
    category: str | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _Answer(msgspec.Struct):
    content: list[_Block]
    model: str = ""
    stop_reason: str | None = None
    stop_details: _Details | None = None
    usage: _Usage | None = None


_answer = msgspec.json.Decoder(_Answer, strict=False)
_anything = msgspec.json.Decoder()


class AnthropicClient:
    """One model of Anthropic's.

    Args:
        spec: The model.
        key: The key.
        parameters: Laid over the body of every request.
        environ: Where proxies are looked up.
    """

    gives_logprobs = False

    def __init__(
        self, spec: Spec, key: str, parameters: Mapping[str, Any], environ: Mapping[str, str] = os.environ
    ) -> None:
        self.spec = spec
        self.provider = provider_name(spec)
        self.model = spec.model
        self._laid_over = dict(parameters)
        self.parameters = {name: value for name, value in self._laid_over.items() if value is not None}
        url = spec.url or VENDOR_URL
        proxy = proxy_for(url, environ)
        self._batches = AnthropicBatches(url, key, self.body, read, proxy)
        self.batches: Batches | None = self._batches
        self._wire = Wire(url, self._batches.headers, proxy)

    def __repr__(self) -> str:
        return f"AnthropicClient({self.spec.text!r})"

    def body(self, request: Request) -> dict[str, Any]:
        """The JSON body of a question.

        The system text ends in a cache breakpoint, and so does what is shared where other questions share it.

        Raises:
            UsageError: log-probabilities were asked for; there are none here.
        """
        if request.top_logprobs:
            raise UsageError(
                f"{self.spec.text} gives no log-probabilities (Anthropic has none). Take --protocol joint or separate."
            )
        content: list[dict[str, Any]] = []
        if request.shared:
            block: dict[str, Any] = {"type": "text", "text": request.shared}
            content.append({**block, "cache_control": _CACHED} if request.shared_again else block)
        if request.ask:
            content.append({"type": "text", "text": request.ask})
        messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
        for answer, correction in request.turns:
            # an empty text, or one that ends in a space, is refused
            messages.append({"role": "assistant", "content": answer.rstrip() or "(no answer)"})
            messages.append({"role": "user", "content": correction})
        body: dict[str, Any] = {"model": self.model, "max_tokens": request.max_tokens, "messages": messages}
        if request.system:
            body["system"] = [{"type": "text", "text": request.system, "cache_control": _CACHED}]
        if request.schema is not None:
            body["output_config"] = {"format": {"type": "json_schema", "schema": request.schema}}
        return over(body, self._laid_over) if self._laid_over else body

    async def call(self, request: Request, *, timeout: float) -> Reply:
        """Ask once, without trying again.

        Args:
            request: The question.
            timeout: Seconds for all of it.

        Raises:
            CallError: no reply.
            UsageError: log-probabilities were asked for.
        """
        return await exchange(self._wire, "/v1/messages", self.body(request), request, read, timeout=timeout)

    async def context(self) -> int | None:
        """The tokens that fit into the model's context, None where the server does not tell."""
        try:
            told = _anything.decode(await self._wire.send(f"/v1/models/{self.model}", timeout=15, method="GET"))
        except CallError as error:
            if error.fault in ("connection", "timeout", "denied", "broke"):
                raise
            return None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        size = told.get("max_input_tokens") if isinstance(told, dict) else None
        return size if isinstance(size, int) and size > 0 else None

    async def close(self) -> None:
        """Close connections."""
        await self._wire.close()
        await self._batches.close()


def read(content: bytes | msgspec.Raw) -> Reply:
    """A message as a reply; thinking is no part of its text.

    Raises:
        CallError: "garbled" where it is no message; "over_long" where the context ran full while it was written.
    """
    try:
        said = _answer.decode(content)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        raise _error_in(content) from None
    if said.stop_reason == "model_context_window_exceeded":
        raise CallError("over_long", "model_context_window_exceeded", status=200)
    text = "".join(b.text for b in said.content if b.type == "text" and isinstance(b.text, str))
    finish: Finish = "stop"
    detail = None
    if said.stop_reason == "refusal":
        finish = "refusal"
        detail = said.stop_details.category if said.stop_details is not None else None
    elif said.stop_reason == "max_tokens":
        finish = "length"
    usage = said.usage or _Usage()
    counts = Usage(
        usage.input_tokens or 0,
        usage.cache_read_input_tokens or 0,
        usage.cache_creation_input_tokens or 0,
        usage.output_tokens or 0,
    )
    return Reply(text, finish, counts, said.model, (), detail)


def _error_in(content: bytes | msgspec.Raw) -> CallError:
    """What a 2xx that is no message amounts to."""
    try:
        body = _anything.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return CallError("garbled", "the answer is no JSON", status=200)
    if isinstance(body, dict) and body.get("error"):
        return faults.from_error(body, 502)
    return CallError("garbled", "the answer is no message", status=200)
