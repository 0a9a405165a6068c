"""Ollama's own chat, as a local Ollama speaks it: a prompt longer than its window loses its beginning without a word."""

from __future__ import annotations

from typing import Any

import msgspec

from selfrule.clients.types import Usage
from selfrule.testing.openai_api import after_container
from selfrule.testing.questions import Question, Said, Schemas, Trouble, TroubleError

DEFAULT_ROOM = 4096
_STATUSES: dict[Trouble, int] = {
    "invalid": 400,
    "over_long": 400,
    "filtered": 400,
    "denied": 401,
    "broke": 402,
    "missing": 404,
    "too_large": 413,
    "rate_limited": 429,
    "server": 500,
    "unavailable": 503,
    "overloaded": 503,
}


class Message(msgspec.Struct):
    """One message."""

    role: str
    content: str = ""


class Options(msgspec.Struct):
    """The options that matter here: `num_ctx` is the window in tokens, `num_predict` the most tokens of output."""

    num_ctx: int = DEFAULT_ROOM
    num_predict: int = -1


class Body(msgspec.Struct):
    """A request for a chat."""

    model: str
    messages: list[Message]
    format: msgspec.Raw = msgspec.Raw(b"null")
    options: Options = msgspec.field(default_factory=Options)
    stream: bool = True
    logprobs: bool = False
    top_logprobs: int = 0


_BODY = msgspec.json.Decoder(Body)


class Ollama:
    """Ollama's `/api/chat`."""

    name = "ollama"

    def __init__(self) -> None:
        self._schemas = Schemas()

    def read(self, body: bytes) -> Question:
        """See `questions.Api`."""
        try:
            got = _BODY.decode(body)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise TroubleError("invalid", f"invalid request: {error}") from None
        if got.model.startswith("no-such"):
            raise TroubleError("missing", f"model '{got.model}' not found")
        system = "".join(message.content for message in got.messages if message.role == "system")
        rest = [message.content for message in got.messages if message.role != "system"]
        if not rest:
            raise TroubleError("invalid", "messages: a message from the user is needed")
        key = bytes(got.format)
        return Question(
            model=got.model,
            system=system,
            texts=(rest[0],),
            ask=after_container((rest[0],)),
            rest="".join(rest[1:]),
            schema=self._schemas.get(key, check=False) if key.startswith(b"{") else None,
            schema_key=key,
            most=got.options.num_predict if got.options.num_predict > 0 else None,
            top=got.top_logprobs if got.logprobs else 0,
            room=got.options.num_ctx,
        )

    def reply(self, question: Question, said: Said, usage: Usage, number: int) -> bytes:
        """See `questions.Api`. A refusal or a filter has no form of its own here: they come as words, or as nothing."""
        text = "I'm sorry, but I can't help with that." if said.finish == "refusal" else said.text
        body: dict[str, Any] = {
            "model": question.model,
            "created_at": "2026-11-23T12:00:00Z",
            "message": {"role": "assistant", "content": text},
            "done": True,
            "done_reason": "length" if said.finish == "length" else "stop",
            "total_duration": 1_000_000 + number,
            "load_duration": 1000,
            "prompt_eval_count": usage.input,
            "prompt_eval_duration": 1000,
            "eval_count": usage.output,
            "eval_duration": 1000,
        }
        if said.first:
            listed = [{"token": t.text, "logprob": t.logprob, "bytes": list(t.text.encode())} for t in said.first]
            body["logprobs"] = [{**listed[0], "top_logprobs": listed}]
        return msgspec.json.encode(body) + b"\n"

    def trouble(self, error: TroubleError) -> tuple[int, bytes]:
        """See `questions.Api`."""
        return _STATUSES[error.trouble], msgspec.json.encode({"error": error.message})
