"""Every way in which a request can bring no reply, as one `CallError`: HTTP answers, error rows of batches, exceptions.

What decides is, in this order: the provider's machine-readable code or type, a phrase at the start of its message, the
HTTP status. A phrase counts only within the first sentence and outside of quotation marks: some servers quote the input in
their errors, and the input is a stranger's text.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from selfrule.clients.fault_words import CODES, EXCEPTIONS, MEANINGS, OPEN, PHRASES, STATUSES
from selfrule.clients.types import CallError, Fault

MOST_MESSAGE = 200
"""Characters of a provider's sentence that are kept; a longer one is dropped whole, as it may quote the input."""

_KEY_LIKE = re.compile(r"\b(?:sk|pk|rk|key|org|proj|Bearer|gsk|xai)[-_ ][\w*.…-]{4,}|\b(?=[\w+/-]*\d)[\w+/-]{32,}")
_QUOTED = re.compile(r"(?P<q>['\"`])(?:(?!(?P=q)).){61,}(?P=q)?")
_INSIDE = re.compile(r"(?<!\w)(['\"`])(?:(?!\1(?!\w)).)*\1(?!\w)")
_ECHO = re.compile(r"['\"]?\binput(?:_value)?['\"]?\s*[:=]", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s")


def safe(message: str) -> str:
    """A provider's own words without what it may have echoed: the first sentence, no keys, no long quotations.

    Returns:
        At most `MOST_MESSAGE` characters; empty where the sentence is longer than that.
    """
    text = _ECHO.split(message[: 10 * MOST_MESSAGE], maxsplit=1)[0]
    text = "".join(c if c.isprintable() else " " for c in text).strip()
    text = _SENTENCE.split(text, maxsplit=1)[0]
    text = _QUOTED.sub("'…'", _KEY_LIKE.sub("…", text))
    return text if len(text) <= MOST_MESSAGE else ""


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds a server asks to wait: `retry-after-ms`, else `retry-after` as seconds or as an HTTP date.

    Args:
        headers: Headers, looked up by lower-case name.
        now: Seconds since 1970, to count a date from; the present by default.

    Returns:
        Seconds in [0, 86400], or None where the server says nothing that can be read.
    """
    seconds: float | None = None
    try:
        if value := headers.get("retry-after-ms"):
            seconds = float(value) / 1000
    except ValueError:
        seconds = None
    if seconds is None and (value := headers.get("retry-after")):
        try:
            seconds = float(value)
        except ValueError:
            try:
                seconds = parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now)
            except (ValueError, OverflowError):
                return None
    if seconds is None or seconds != seconds:  # noqa: PLR0124 a NaN is unequal to itself
        return None
    return min(max(seconds, 0.0), 86400.0)


class _Words(msgspec.Struct):
    """What an error body says: its codes from most to least particular, and its message."""

    codes: list[str]
    message: str


def _words(body: Any) -> _Words:
    """The codes and the message of an error body of any of the shapes in use."""
    if isinstance(body, list):
        body = body[0] if body else None
    if isinstance(body, str):
        return _Words([], body)
    if not isinstance(body, dict):
        return _Words([], "")
    inner = body.get("error", body)
    if isinstance(inner, str):  # ollama, llamafile: {"error": "words"}
        return _Words([], inner)
    if isinstance(inner, dict) and isinstance(inner.get("error"), dict):  # anthropic's rows of a batch nest it twice
        inner = inner["error"]
    if not isinstance(inner, dict):
        inner = body
    details = inner.get("details")
    deeper = inner.get("innererror")
    codes = [
        details.get("error_code") if isinstance(details, dict) else None,
        deeper.get("code") if isinstance(deeper, dict) else None,
        inner.get("code"),
        inner.get("type"),
    ]
    message = inner.get("message") or body.get("detail") or body.get("message") or ""
    return _Words([c for c in codes if isinstance(c, str)], message if isinstance(message, str) else "")


def _fault(status: int | None, words: _Words) -> Fault:
    """The kind of failure that status and words amount to."""
    first = _ECHO.split(_SENTENCE.split(words.message[: 3 * MOST_MESSAGE], maxsplit=1)[0], maxsplit=1)[0]
    first = _INSIDE.sub("", first).lower()
    phrase = next((fault for fault, pattern in PHRASES if status in OPEN and pattern.search(first)), None)
    for code in words.codes:
        fault = CODES.get(code.lower())
        # "rate_limit_exceeded" is also said of a request that is larger than a whole minute's allowance
        if fault == "rate_limited" and phrase == "over_long":
            return phrase
        # billing is told as a permission or as a missing thing; a wrong address is a missing thing as well
        if fault in ("denied", "unknown_model", "overloaded", "rate_limited") and phrase in ("broke", "filtered"):
            return phrase
        if fault is not None:
            return fault
    if phrase is not None:
        return phrase
    if status is None:
        return "rejected"
    if status in STATUSES:
        return STATUSES[status]
    if status >= 500:
        return "overloaded"
    return "garbled" if status < 300 else "rejected"


def from_error(body: Any, status: int | None = None, headers: Mapping[str, str] | None = None) -> CallError:
    """The failure that a decoded error body tells of.

    Args:
        body: What the server sent, decoded: an object, a string or None.
        status: HTTP status; None for the rows of a batch.
        headers: Response headers by lower-case name.
    """
    words = _words(body)
    message = ": ".join(part for part in (safe(words.codes[0]) if words.codes else "", safe(words.message)) if part)
    return CallError(
        _fault(status, words), message, retry_after=retry_after(headers) if headers else None, status=status
    )


def from_response(status: int, headers: Mapping[str, str], body: bytes) -> CallError:
    """The failure that an HTTP answer outside 2xx tells of."""
    low = {name.lower(): value for name, value in headers.items()}
    try:
        content: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        content = None  # a page of HTML from some proxy: the status has to do
    return from_error(content, status, low)


def unechoed(error: CallError, *texts: str) -> CallError:
    """The failure without the provider's words where they repeat 24 characters or more of what a stranger wrote.

    Args:
        error: A failure.
        texts: What of the request is not ours: the conversation, earlier answers about it.
    """
    windows = {error.message[start : start + 12] for start in range(0, len(error.message) - 11, 12)}
    if not any(window in text for text in texts for window in windows):
        return error
    code, colon, _ = error.message.partition(": ")
    kept = code if colon and code.lower() in CODES else ""
    return CallError(error.fault, kept, retry_after=error.retry_after, status=error.status)


def raised_by(vendor: str) -> tuple[type[BaseException], ...]:
    """What a vendor's client ("anthropic" or "openai") lets out when a request fails: its own errors and the transport's."""
    import aiohttp
    import httpx2

    own: type[BaseException]
    if vendor == "anthropic":
        import anthropic

        own = anthropic.AnthropicError
    else:
        import openai

        own = openai.OpenAIError
    return (own, aiohttp.ClientError, httpx2.HTTPError, httpx2.StreamError, TimeoutError, OSError)


def from_exception(error: BaseException) -> CallError:
    """The failure that an exception of a vendor's client or of a transport tells of.

    Exceptions that carry a response are judged by it. The exception's own words are never used: they may hold the
    address or parts of the request.
    """
    if isinstance(error, CallError):
        return error
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None)
    if response is not None and isinstance(status, int) and status >= 300:
        return from_response(status, response.headers, response.content)
    name = type(error).__name__
    fault: Fault = next((EXCEPTIONS[c.__name__] for c in type(error).__mro__ if c.__name__ in EXCEPTIONS), "garbled")
    return CallError(
        fault,
        f"{MEANINGS.get(fault, 'the request failed')} ({name})",
        status=status if isinstance(status, int) else None,
    )
