"""Anthropic's messages, as Anthropic speaks them."""

from __future__ import annotations

from typing import Any

import msgspec

from selfrule.clients.types import Usage
from selfrule.testing.openai_api import after_container
from selfrule.testing.questions import Question, Said, Schemas, Trouble, TroubleError

_TROUBLES: dict[Trouble, tuple[int, str]] = {
    "invalid": (400, "invalid_request_error"),
    "over_long": (400, "invalid_request_error"),
    "filtered": (400, "invalid_request_error"),
    "denied": (401, "authentication_error"),
    "broke": (400, "invalid_request_error"),
    "missing": (404, "not_found_error"),
    "too_large": (413, "request_too_large"),
    "rate_limited": (429, "rate_limit_error"),
    "server": (500, "api_error"),
    "unavailable": (503, "api_error"),
    "overloaded": (529, "overloaded_error"),
}
_MOST_BREAKS = 4
MOST_BYTES = 32 * 1024 * 1024


class Block(msgspec.Struct):
    """A block of content."""

    type: str = "text"
    text: str = ""
    cache_control: dict[str, Any] | None = None


class Message(msgspec.Struct):
    """One message."""

    role: str
    content: str | list[Block]


class Format(msgspec.Struct):
    """The form an answer must have."""

    type: str
    schema: msgspec.Raw = msgspec.Raw(b"{}")


class Output(msgspec.Struct):
    """What is asked of the output."""

    format: Format | None = None


class Body(msgspec.Struct):
    """A request for a message: the fields that matter here."""

    model: str
    messages: list[Message]
    max_tokens: int | None = None
    system: str | list[Block] = ""
    output_config: Output | None = None
    stream: bool | None = None


_BODY = msgspec.json.Decoder(Body)


def _blocks(content: str | list[Block]) -> list[Block]:
    return [Block(text=content)] if isinstance(content, str) else content


class Anthropic:
    """Messages. Refuses what Anthropic refuses: no room for output, empty text, more than four cache markers."""

    name = "anthropic"

    def __init__(self) -> None:
        self._schemas = Schemas()

    def read(self, body: bytes, *, counting: bool = False) -> Question:
        """See `questions.Api`. When only tokens are counted, `max_tokens` may be absent."""
        if len(body) > MOST_BYTES:
            raise TroubleError("too_large", "Request exceeds the maximum size")
        try:
            got = _BODY.decode(body)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise TroubleError("invalid", f"The request body is not valid: {error}") from None
        if got.max_tokens is None and not counting:
            raise TroubleError("invalid", "max_tokens: Field required")
        if got.stream:
            raise TroubleError("invalid", "stream: the stand-in serves no streams")
        if got.model.startswith("no-such"):
            raise TroubleError("missing", f"model: {got.model}")
        if not got.messages or got.messages[0].role != "user":
            raise TroubleError("invalid", "messages: first message must use the 'user' role")
        system = _blocks(got.system) if got.system else []
        first = _blocks(got.messages[0].content)
        rest = [block for message in got.messages[1:] for block in _blocks(message.content)]
        if not all(block.text for block in (*system, *first, *rest)):
            raise TroubleError("invalid", "messages: text content blocks must be non-empty")
        schema, key = self._schema(got.output_config)
        texts = tuple(block.text for block in first)
        return Question(
            model=got.model,
            system="".join(block.text for block in system),
            texts=texts,
            ask=after_container(texts),
            rest="".join(block.text for block in rest),
            schema=schema,
            schema_key=key,
            most=got.max_tokens,
            breaks=_breaks([*system, *first, *rest]),
        )

    def _schema(self, output: Output | None) -> tuple[dict[str, Any] | None, bytes]:
        if output is None or output.format is None or output.format.type != "json_schema":
            return None, b""
        key = bytes(output.format.schema)
        return self._schemas.get(key, check=True, where="output_config.format.schema"), key

    def reply(self, question: Question, said: Said, usage: Usage, number: int) -> bytes:
        """See `questions.Api`."""
        if said.finish == "filter":
            raise TroubleError("filtered", "Output blocked by content filtering policy")
        stop = {"refusal": "refusal", "length": "max_tokens"}.get(said.finish, "end_turn")
        return msgspec.json.encode(
            {
                "id": f"msg_{number:012d}",
                "type": "message",
                "role": "assistant",
                "model": question.model,
                "content": [{"type": "text", "text": said.text}] if said.text else [],
                "stop_reason": stop,
                "stop_sequence": None,
                "stop_details": {"type": "refusal", "category": None, "explanation": None}
                if stop == "refusal"
                else None,
                "usage": {
                    "input_tokens": usage.fresh,
                    "cache_read_input_tokens": usage.cached,
                    "cache_creation_input_tokens": usage.written,
                    "output_tokens": usage.output,
                    "service_tier": "standard",
                },
            }
        )

    def trouble(self, error: TroubleError) -> tuple[int, bytes]:
        """See `questions.Api`."""
        status, kind = _TROUBLES[error.trouble]
        return status, msgspec.json.encode(self.error_object(kind, error.message))

    def row_error(self, error: TroubleError) -> dict[str, Any]:
        """An error as it stands in the results of a batch."""
        return self.error_object(_TROUBLES[error.trouble][1], error.message)

    @staticmethod
    def error_object(kind: str, message: str) -> dict[str, Any]:
        """An error as Anthropic writes it."""
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_stand_in"}


def _breaks(blocks: list[Block]) -> tuple[int, ...]:
    ends, at = [], 0
    for block in blocks:
        at += len(block.text)
        if block.cache_control is not None:
            ends.append(at)
    if len(ends) > _MOST_BREAKS:
        raise TroubleError("invalid", f"A maximum of 4 blocks with cache_control may be provided. Found {len(ends)}.")
    return tuple(ends)
