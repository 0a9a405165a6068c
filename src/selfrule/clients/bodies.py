"""What the adaptors share: parameters over a body, the parts of a question as text, the provider's name in addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from selfrule.clients import faults
from selfrule.clients.names import Spec, loopback
from selfrule.clients.types import CallError, Reply, Request
from selfrule.clients.wire import Wire, encode

_THOUGHT = re.compile(r"\A\s*<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)


def over(body: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """A body with parameters laid over it: objects are merged, None takes a field away, anything else replaces."""
    merged = dict(body)
    for name, value in parameters.items():
        mine = merged.get(name)
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(mine, dict):
            merged[name] = over(mine, value)
        else:
            merged[name] = value
    return merged


def provider_name(spec: Spec) -> str:
    """The provider's part of a question's address: the vendor, "VENDOR@loopback" for a stand-in, or a server's address."""
    if spec.provider == "openai-compatible":
        assert spec.url is not None
        return spec.url
    if spec.provider in ("anthropic", "openai") and spec.url is not None and loopback(spec.url):
        return f"{spec.provider}@loopback"
    return spec.provider


def question(request: Request) -> str:
    """The part of a question that comes after the system text, as one text: what is shared comes first."""
    return f"{request.shared}\n\n{request.ask}" if request.shared and request.ask else request.shared or request.ask


def messages(request: Request) -> list[dict[str, Any]]:
    """A question as messages with plain text, system text first, as OpenAI's interface and Ollama's take it."""
    sent: list[dict[str, Any]] = [{"role": "system", "content": request.system}] if request.system else []
    sent.append({"role": "user", "content": question(request)})
    for answer, correction in request.turns:
        # an empty message is refused by some servers and unseen by some templates
        sent.append({"role": "assistant", "content": answer or "(no answer)"})
        sent.append({"role": "user", "content": correction})
    return sent


def thoughtless(text: str) -> str:
    """An answer without the thoughts that some servers leave in front of it, whether or not they were brought to an end."""
    return _THOUGHT.sub("", text, count=1).lstrip() if "<think" in text[:64] else text


def from_strangers(request: Request) -> list[str]:
    """What of a question is not ours, so that no error repeats it: the conversation, and answers about it."""
    return [request.shared, *(answer for answer, _ in request.turns)]


async def exchange(
    wire: Wire, path: str, body: dict[str, Any], request: Request, read: Callable[[bytes], Reply], *, timeout: float
) -> Reply:
    """Send a question's body and read the reply.

    Args:
        wire: The server.
        path: Path below its address.
        body: The body of the question.
        request: The question, so that no error repeats what strangers wrote in it.
        read: Makes a reply of the answer's bytes.
        timeout: Seconds for all of it.

    Raises:
        CallError: no reply.
    """
    try:
        return read(await wire.send(path, encode(body), timeout=timeout))
    except CallError as error:
        raise faults.unechoed(error, *from_strangers(request)) from None


def too_long(what: str) -> CallError:
    """A request that does not fit, as this side knows."""
    return CallError("over_long", what)
