"""OpenAI's chat completions, as OpenAI and the servers that are compatible with it speak them."""

from __future__ import annotations

from typing import Any

import msgspec

from selfrule.clients.types import Token, Usage
from selfrule.testing.questions import Question, Said, Schemas, Trouble, TroubleError

CREATED = 1_790_000_000
_TROUBLES: dict[Trouble, tuple[int, str, str | None]] = {
    "invalid": (400, "invalid_request_error", None),
    "over_long": (400, "invalid_request_error", "context_length_exceeded"),
    "filtered": (400, "invalid_request_error", "content_filter"),
    "denied": (401, "invalid_request_error", "invalid_api_key"),
    "broke": (429, "insufficient_quota", "insufficient_quota"),
    "missing": (404, "invalid_request_error", "model_not_found"),
    "too_large": (413, "invalid_request_error", "request_too_large"),
    "rate_limited": (429, "requests", "rate_limit_exceeded"),
    "server": (500, "server_error", None),
    "unavailable": (503, "server_error", None),
    "overloaded": (529, "server_error", "overloaded"),
}


class Part(msgspec.Struct):
    """A part of a message."""

    type: str = "text"
    text: str = ""


class Message(msgspec.Struct):
    """One message of a chat."""

    role: str
    content: str | list[Part] | None = None


class JsonSchema(msgspec.Struct):
    """A schema and its name."""

    name: str = "answer"
    schema: msgspec.Raw = msgspec.Raw(b"{}")
    strict: bool | None = None


class Format(msgspec.Struct):
    """The form an answer must have."""

    type: str = "text"
    json_schema: JsonSchema | None = None


class Function(msgspec.Struct):
    """A function that the model may call."""

    name: str
    parameters: msgspec.Raw = msgspec.Raw(b"{}")


class Tool(msgspec.Struct):
    """A tool."""

    function: Function


class Chat(msgspec.Struct):
    """A request for a chat completion: the fields that matter here."""

    model: str
    messages: list[Message]
    response_format: Format | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    stream: bool | None = None
    n: int | None = None
    tools: list[Tool] | None = None
    tool_choice: Any = None


_CHAT = msgspec.json.Decoder(Chat)


def texts(content: str | list[Part] | None) -> tuple[str, ...]:
    """The texts of a message, one a part."""
    if content is None or isinstance(content, str):
        return (content or "",)
    return tuple(part.text for part in content)


def after_container(parts: tuple[str, ...]) -> str:
    """What is asked below the conversation: the text after the last container, else the end of the message."""
    last = parts[-1] if parts else ""
    _, found, below = last.rpartition(" end>")
    return below if found else last[-4000:]


class OpenAI:
    """Chat completions. Schemas are checked as strictly as OpenAI checks them, once for each schema."""

    name = "openai"

    def __init__(self) -> None:
        self._schemas = Schemas()

    def read(self, body: bytes) -> Question:
        """See `questions.Api`."""
        try:
            chat = _CHAT.decode(body)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise TroubleError("invalid", f"We could not parse the JSON body of your request. ({error})") from None
        if chat.stream or (chat.n or 1) != 1:
            raise TroubleError("invalid", "The stand-in serves neither 'stream' nor 'n' above 1.")
        if chat.model.startswith("no-such"):
            raise TroubleError("missing", f"The model `{chat.model}` does not exist or you do not have access to it.")
        if chat.top_logprobs and not chat.logprobs:
            raise TroubleError("invalid", "'logprobs' must be true where 'top_logprobs' is given.")
        if (chat.top_logprobs or 0) > 20:
            raise TroubleError("invalid", "Invalid value for 'top_logprobs': must be less than or equal to 20.")
        system, user, rest = _parted(chat.messages)
        schema, name, key = self._schema(chat.response_format)
        tool = None
        if schema is None and chat.tools and chat.tool_choice not in (None, "auto", "none"):
            tool = chat.tools[0].function.name
            key = bytes(chat.tools[0].function.parameters)
            schema = self._schemas.get(key, check=False)
        return Question(
            model=chat.model,
            system=system,
            texts=user,
            ask=after_container(user),
            rest=rest,
            schema=schema,
            schema_name=name,
            schema_key=key,
            tool=tool,
            most=chat.max_completion_tokens or chat.max_tokens,
            top=chat.top_logprobs or (1 if chat.logprobs else 0),
        )

    def _schema(self, form: Format | None) -> tuple[dict[str, Any] | None, str, bytes]:
        if form is None or form.type != "json_schema" or form.json_schema is None:
            return None, "", b""
        key = bytes(form.json_schema.schema)
        return self._schemas.get(key, check=bool(form.json_schema.strict)), form.json_schema.name, key

    def reply(self, question: Question, said: Said, usage: Usage, number: int) -> bytes:
        """See `questions.Api`."""
        finish = {"refusal": "stop", "filter": "content_filter"}.get(said.finish, said.finish)
        refused = said.finish == "refusal"
        message: dict[str, Any] = {
            "role": "assistant",
            "content": None if refused else said.text,
            "refusal": "I'm sorry, but I can't assist with that request." if refused else None,
        }
        if question.tool is not None and finish == "stop" and not refused:
            call = {"name": question.tool, "arguments": said.text}
            message |= {"content": None, "tool_calls": [{"id": f"call_{number}", "type": "function", "function": call}]}
            finish = "tool_calls"
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": _logprobs(said.first)}
        return msgspec.json.encode(
            {
                "id": f"chatcmpl-{number:012d}",
                "object": "chat.completion",
                "created": CREATED,
                "model": question.model,
                "choices": [choice],
                "usage": {
                    "prompt_tokens": usage.input,
                    "completion_tokens": usage.output,
                    "total_tokens": usage.input + usage.output,
                    "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
                    "completion_tokens_details": {"reasoning_tokens": 0},
                },
                "system_fingerprint": "stand-in",
            }
        )

    def trouble(self, error: TroubleError) -> tuple[int, bytes]:
        """See `questions.Api`."""
        status, kind, code = _TROUBLES[error.trouble]
        body = {"message": error.message, "type": kind, "param": None, "code": code}
        return status, msgspec.json.encode({"error": body})


def _parted(messages: list[Message]) -> tuple[str, tuple[str, ...], str]:
    """System text, the texts of the first user message, and everything after it as one text."""
    system: list[str] = []
    user: tuple[str, ...] | None = None
    rest: list[str] = []
    for message in messages:
        if message.role in ("system", "developer"):
            system += texts(message.content)
        elif user is None and message.role == "user":
            user = texts(message.content)
        else:
            rest += texts(message.content)
    if user is None:
        raise TroubleError("invalid", "Invalid 'messages': a message from the user is needed.")
    return "".join(system), user, "".join(rest)


def _logprobs(first: tuple[Token, ...]) -> dict[str, Any] | None:
    if not first:
        return None
    listed = [{"token": t.text, "logprob": t.logprob, "bytes": list(t.text.encode())} for t in first]
    return {"content": [{**listed[0], "top_logprobs": listed}], "refusal": None}
