"""OpenAI, and every server that speaks its chat completions: vLLM, SGLang, llama.cpp, LM Studio, TGI, gateways."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Any

import msgspec

from selfrule.clients import faults
from selfrule.clients.bodies import exchange, messages, over, provider_name, thoughtless
from selfrule.clients.names import Spec
from selfrule.clients.openai_batches import OpenAIBatches
from selfrule.clients.types import Batches, CallError, Finish, Reply, Request, Token, Usage
from selfrule.clients.wire import Wire, proxy_for

VENDOR_URL = "https://api.openai.com/v1"


class _Alternative(msgspec.Struct):
    token: str
    logprob: float | None = None
    top_logprobs: list[_Alternative] | None = None


class _Logprobs(msgspec.Struct):
    content: list[_Alternative] | None = None


class _Message(msgspec.Struct):
    content: Any = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    model: str | None = None
    usage: _Usage | None = None


_completion = msgspec.json.Decoder(_Completion, strict=False)
_anything = msgspec.json.Decoder()


class OpenAIClient:
    """One model behind OpenAI's chat completions, or behind a server that is compatible with them.

    Args:
        spec: The model.
        key: The key, or None for a server that wants none.
        parameters: Laid over the body of every request.
        environ: Where proxies are looked up.
    """

    gives_logprobs = True

    def __init__(
        self, spec: Spec, key: str | None, parameters: Mapping[str, Any], environ: Mapping[str, str] = os.environ
    ) -> None:
        self.spec = spec
        self.provider = provider_name(spec)
        self.model = spec.model
        self.vendor = spec.provider == "openai"
        self._laid_over = {**({} if self.vendor else {"temperature": 0, "seed": 0}), **parameters}
        self.parameters = {name: value for name, value in self._laid_over.items() if value is not None}
        url = spec.url or VENDOR_URL
        proxy = proxy_for(url, environ)
        batches = OpenAIBatches(url, key or "", self.body, read, proxy) if self.vendor else None
        self.batches: Batches | None = batches
        self._batches = batches
        # nothing of OPENAI_* (key, organisation, custom headers) goes to a server that is not OpenAI's
        own = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._wire = Wire(url, batches.headers if batches is not None else lambda: own, proxy)
        self._vendor_cache_keys: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"OpenAIClient({self.spec.text!r})"

    def body(self, request: Request) -> dict[str, Any]:
        """The JSON body of a question."""
        body: dict[str, Any] = {"model": self.model, "messages": messages(request)}
        limit = 1 if request.top_logprobs else request.max_tokens
        if self.vendor:
            body["max_completion_tokens"] = limit
            body["store"] = False
            body["prompt_cache_key"] = self._cache_key(request.system)
        else:
            body["max_tokens"] = limit
        if request.top_logprobs:
            body["logprobs"] = True
            body["top_logprobs"] = request.top_logprobs
        elif request.schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": request.schema_name, "schema": request.schema, "strict": True},
            }
        return over(body, self._laid_over) if self._laid_over else body

    def _cache_key(self, system: str) -> str:
        """A short name of the system text, which leads requests that share it to one cache."""
        known = self._vendor_cache_keys.get(system)
        if known is None:
            if len(self._vendor_cache_keys) > 64:
                self._vendor_cache_keys.clear()
            known = hashlib.blake2b(system.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
            self._vendor_cache_keys[system] = known
        return known

    async def call(self, request: Request, *, timeout: float) -> Reply:
        """Ask once, without trying again.

        Args:
            request: The question.
            timeout: Seconds for all of it.

        Raises:
            CallError: no reply.
        """
        reply = await exchange(self._wire, "/chat/completions", self.body(request), request, read, timeout=timeout)
        if request.top_logprobs and not reply.first and reply.detail is None:
            return msgspec.structs.replace(reply, detail="the server gave no log-probabilities")
        return reply

    async def context(self) -> int | None:
        """The tokens that fit into the model's context, where the server tells; OpenAI does not, most local servers do."""
        if self.vendor:
            return None
        listed = await self._look("/models")
        models = listed.get("data") if isinstance(listed, dict) else None
        entry: dict[str, Any] = {}
        if isinstance(models, list):
            entries = [m for m in models if isinstance(m, dict)]
            named = [m for m in entries if m.get("id") == self.model]
            entry = named[0] if named else entries[0] if len(entries) == 1 else {}
        if found := _size(
            entry, "max_model_len", "context_length", "context_window", "max_context_length"
        ):  # vLLM, gateways
            return found
        props = await self._look("/props", root=True)  # llama.cpp: what was set aside, per slot
        settings = props.get("default_generation_settings") if isinstance(props, dict) else None
        if isinstance(settings, dict) and (found := _size(settings, "n_ctx")):
            return found
        meta = entry.get("meta")
        if isinstance(meta, dict) and (found := _size(meta, "n_ctx", "n_ctx_train")):
            return found
        studio = await self._look(f"/api/v0/models/{self.model}", root=True)  # LM Studio
        return _size(studio, "loaded_context_length", "max_context_length") if isinstance(studio, dict) else None

    async def _look(self, path: str, *, root: bool = False) -> Any:
        """What a server says about itself at a path, None where it says nothing."""
        try:
            return _anything.decode(await self._wire.send(path, timeout=15, method="GET", root=root))
        except CallError as error:
            if error.fault in ("connection", "timeout", "denied"):
                raise
            return None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    async def close(self) -> None:
        """Close connections."""
        await self._wire.close()
        if self._batches is not None:
            await self._batches.close()


def _size(entry: dict[str, Any], *names: str) -> int | None:
    """The first of these fields that is a number of tokens."""
    for name in names:
        value = entry.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None


def read(content: bytes | msgspec.Raw) -> Reply:
    """A chat completion as a reply.

    Raises:
        CallError: "garbled" where it is no chat completion; what an error in the body of a 2xx says, where it holds one.
    """
    try:
        done = _completion.decode(content)
        choice = done.choices[0]
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, IndexError):
        raise _error_in(content) from None
    text = choice.message.content
    if isinstance(text, list):  # parts, as some gateways give them
        text = "".join(p["text"] for p in text if isinstance(p, dict) and isinstance(p.get("text"), str))
    text = thoughtless(text) if isinstance(text, str) else ""
    finish: Finish = "stop"
    detail = None
    if choice.message.refusal:
        finish, text, detail = "refusal", choice.message.refusal, "refusal"
    elif choice.finish_reason == "content_filter":
        finish, detail = "filter", "content_filter"
    elif choice.finish_reason == "length":
        finish = "length"
    first = _first(choice.logprobs)
    if first and finish == "length":
        finish = "stop"  # the one token that was asked for
    return Reply(text, finish, _usage(done.usage), done.model or "", first, detail)


def _first(logprobs: _Logprobs | None) -> tuple[Token, ...]:
    """The alternatives for the first token, likeliest first; the one that was said is among them."""
    if logprobs is None or not logprobs.content:
        return ()
    said = logprobs.content[0]
    alternatives = [*(said.top_logprobs or ())]
    if all(a.token != said.token for a in alternatives):
        alternatives.append(said)
    tokens = [Token(a.token, min(a.logprob, 0.0)) for a in alternatives if a.logprob is not None]
    return tuple(sorted(tokens, key=lambda t: -t.logprob))


def _usage(usage: _Usage | None) -> Usage:
    """OpenAI counts what was read from a cache, and written to one, among the prompt's tokens."""
    if usage is None:
        return Usage()
    details = usage.prompt_tokens_details or _PromptDetails()
    cached, written = details.cached_tokens or 0, details.cache_write_tokens or 0
    return Usage(max(0, (usage.prompt_tokens or 0) - cached - written), cached, written, usage.completion_tokens or 0)


def _error_in(content: bytes | msgspec.Raw) -> CallError:
    """What a 2xx that is no completion amounts to: gateways put errors of the server behind them into one."""
    try:
        body = _anything.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return CallError("garbled", "the answer is no JSON", status=200)
    error = body.get("error") if isinstance(body, dict) else None
    if not error:
        return CallError("garbled", "the answer is no chat completion", status=200)
    code = error.get("code") if isinstance(error, dict) else None
    return faults.from_error(body, code if isinstance(code, int) and 400 <= code < 600 else 502)
