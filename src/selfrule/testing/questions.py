"""What one request to a provider asks, the same for every provider, and what the stand-in says to it."""

from __future__ import annotations

import hashlib
from typing import Any, Literal, Protocol

import msgspec

from selfrule.clients.types import Finish, Token, Usage

Trouble = Literal[
    "invalid",  # 400: the request is malformed
    "over_long",  # 400: it does not fit the context
    "filtered",  # 400: the provider's filter refused it
    "denied",  # 401
    "broke",  # the account is out of credit
    "missing",  # 404
    "too_large",  # 413
    "rate_limited",  # 429
    "server",  # 500
    "unavailable",  # 503
    "overloaded",  # 529
]

_NEVER_STRICT = ("minimum", "maximum", "multipleOf", "minLength", "maxLength", "maxItems", "uniqueItems")


_MOST_SCHEMAS = 1000


class Question(msgspec.Struct, frozen=True):
    """One request, read. `system` and `texts` (of the first user message) stand in the order in which they were sent.

    `breaks` are the lengths in characters of the prefixes (system, then texts) that carry a cache marker; None where
    the provider's cache needs no markers. `ask` is the text of the last user message. `room` is the context that the
    request itself asks for (Ollama), in tokens. With `tool` the answer is a call of that function, whose arguments fit `schema`.
    """

    model: str
    system: str
    texts: tuple[str, ...]
    ask: str
    rest: str = ""
    schema: dict[str, Any] | None = None
    schema_name: str = ""
    schema_key: bytes = b""
    tool: str | None = None
    most: int | None = None
    top: int = 0
    breaks: tuple[int, ...] | None = None
    room: int | None = None

    @property
    def prompt(self) -> str:
        """All of the input as one text, in order."""
        return "".join((self.system, *self.texts, self.rest))


class Said(msgspec.Struct, frozen=True):
    """What the model says: text, how it ended, and the alternatives for its first token where they were asked for."""

    text: str
    finish: Finish = "stop"
    first: tuple[Token, ...] = ()


class TroubleError(Exception):
    """A request that gets an error for an answer."""

    def __init__(self, trouble: Trouble, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.trouble: Trouble = trouble
        self.message = message
        self.retry_after = retry_after


class Api(Protocol):
    """How one provider speaks: bodies in, bodies out."""

    name: str

    def read(self, body: bytes) -> Question:
        """A request body, read. Raises `TroubleError` where the provider would refuse it."""
        ...

    def reply(self, question: Question, said: Said, usage: Usage, number: int) -> bytes:
        """The body of a reply; `number` makes its id."""
        ...

    def trouble(self, error: TroubleError) -> tuple[int, bytes]:
        """HTTP status and body of an error."""
        ...


def key(body: bytes) -> str:
    """The content address of a request body: 32 hex digits, the same for the same JSON however it was written.

    Raises:
        TroubleError: it is no JSON.
    """
    try:
        content = msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise TroubleError("invalid", f"We could not parse the JSON body of your request. ({error})") from None
    return hashlib.blake2b(content, digest_size=16).hexdigest()


class Schemas:
    """JSON schemas by the bytes they came as: each is decoded and checked once."""

    def __init__(self) -> None:
        self._known: dict[bytes, dict[str, Any]] = {}

    def get(self, text: bytes, *, check: bool, where: str = "schema") -> dict[str, Any]:
        """The schema; checked by `strict` where wanted.

        Raises:
            TroubleError: it is no schema, or not a strict one.
        """
        found = self._known.get(text)
        if found is None:
            found = msgspec.json.decode(text)
            if not isinstance(found, dict):
                raise TroubleError("invalid", f"Invalid schema: {where} is not an object.")
            if check:
                strict(found, where)
            if len(self._known) >= _MOST_SCHEMAS:
                self._known.clear()
            self._known[text] = found
        return found


def strict(schema: object, where: str = "schema") -> None:
    """Refuse what the providers' strict schemas refuse: open objects, optional keys, limits on numbers and lengths.

    Raises:
        TroubleError: says which part of the schema.
    """
    if not isinstance(schema, dict):
        raise TroubleError("invalid", f"Invalid schema: {where} is not an object.")
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            raise TroubleError("invalid", f"Invalid schema: in {where}, 'additionalProperties' must be false.")
        names = schema.get("properties", {})
        if not isinstance(names, dict) or sorted(map(str, _list(schema.get("required", [])))) != sorted(names):
            raise TroubleError("invalid", f"Invalid schema: in {where}, 'required' must name every property.")
        for name, part in names.items():
            strict(part, f"{where}.{name}")
    for word in _NEVER_STRICT:
        if word in schema:
            raise TroubleError("invalid", f"Invalid schema: in {where}, '{word}' is not supported.")
    if "items" in schema:
        strict(schema["items"], f"{where}[]")
    named = schema.get("$defs", {})
    for part in (*_list(schema.get("anyOf")), *(named.values() if isinstance(named, dict) else ())):
        strict(part, where)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
