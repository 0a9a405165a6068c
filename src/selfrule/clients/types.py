"""What goes over the network and comes back, the same for every provider: one question, one reply, or one failure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, Protocol

import msgspec

Finish = Literal["stop", "length", "refusal", "filter"]
"""How a reply ended: by itself, cut at its limit, refused by the model, or withheld by the provider's filter."""

Fault = Literal[
    "rate_limited",  # 429: too fast; shrink, and wait as long as told
    "overloaded",  # 5xx, 529: the server is in trouble; back off
    "timeout",  # no answer in time: back off
    "connection",  # refused, reset, cut: back off
    "over_long",  # the request does not fit the model's context: never sent again as it is
    "filtered",  # the provider's filter refused the request itself
    "denied",  # 401, 403: no key, a wrong key, no access: ends the run
    "unknown_model",  # 404: ends the run
    "broke",  # the account is out of credit: ends the run
    "rejected",  # any other 4xx: this request is not one the server takes
    "garbled",  # a 2xx that is no reply of this API
]


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one request. Input is `fresh` (full price) + `cached` (read from a cache) + `written` (into one)."""

    fresh: int = 0
    cached: int = 0
    written: int = 0
    output: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.fresh + other.fresh,
            self.cached + other.cached,
            self.written + other.written,
            self.output + other.output,
        )

    @property
    def input(self) -> int:
        """All input tokens, however they were priced."""
        return self.fresh + self.cached + self.written


class Request(msgspec.Struct, frozen=True):
    """One question to a model.

    The parts stand from what changes least to what changes most, so that prefix caches hit: `system` (instructions and
    rubric, the same for every conversation), `shared` (one conversation as data; the same for every question about it),
    `ask` (the question; may be empty). `turns` are earlier (answer, correction) pairs when an answer is sent back.
    `schema` is the JSON schema an answer must fit, None for plain text. With `top_logprobs` above 0 the answer is one
    token out of `choices`, and the reply gives that many alternatives with their log-probabilities.
    `shared_again` says that other requests share `system` and `shared`.
    """

    system: str
    shared: str
    ask: str = ""
    schema: dict[str, Any] | None = None
    schema_name: str = "answer"
    max_tokens: int = 2048
    top_logprobs: int = 0
    choices: tuple[str, ...] = ()
    turns: tuple[tuple[str, str], ...] = ()
    shared_again: bool = False

    @property
    def prefix(self) -> tuple[str, str]:
        """What this request shares with others, for warming a cache once."""
        return (self.system, self.shared if self.shared_again else "")


def address(provider: str, model: str, parameters: dict[str, Any], request: Request, sample: int = 0) -> str:
    """The content address of a question to a model: 64 hex digits that change with anything that could change the answer.

    Args:
        provider: "anthropic", "openai", "ollama", or the base URL of a compatible server.
        model: The model's name as asked for.
        parameters: Sampling parameters that are sent.
        request: The question. Holds conversation, rubric and prompt, so their wording is part of the address.
        sample: 0; 1, 2, ... to ask the very same again (repeatability).
    """
    rest = [
        *(request.shared, request.ask, request.schema, request.schema_name, request.max_tokens),
        *(request.top_logprobs, request.choices, request.turns),
    ]  # not `shared_again`: a hint for caches, no part of the question
    body = msgspec.json.encode([provider, model, parameters, _digest(request.system), rest, sample], order="sorted")
    return hashlib.blake2b(body, digest_size=32).hexdigest()


@lru_cache(maxsize=64)
def _digest(text: str) -> str:
    """The hash of a text that many questions share."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


class Token(msgspec.Struct, frozen=True, gc=False):
    """One alternative for a token, with its natural log-probability (at most 0)."""

    text: str
    logprob: float


class Reply(msgspec.Struct, frozen=True):
    """What a model said. `first` are the alternatives for the first token, likeliest first, where they were asked for."""

    text: str
    finish: Finish
    usage: Usage
    served: str
    first: tuple[Token, ...] = ()
    detail: str | None = None


class CallError(Exception):
    """A request that brought no reply. Holds no conversation text: `message` is cut to the provider's own words.

    Args:
        fault: What kind of failure.
        message: The provider's words, at most 300 characters.
        retry_after: Seconds the server asked to wait, or None.
        status: HTTP status, or None where there was none.
    """

    def __init__(
        self, fault: Fault, message: str = "", *, retry_after: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(f"{fault}: {message}" if message else fault)
        self.fault: Fault = fault
        self.message = message
        self.retry_after = retry_after
        self.status = status


class BatchState(msgspec.Struct, frozen=True):
    """Where a provider's batch stands. `ended` once its results can be fetched (or it never will have any).

    `problem` says why a batch as a whole brought nothing, in the provider's words; "" where there is nothing to say.
    """

    batch: str
    ended: bool
    waiting: int = 0
    succeeded: int = 0
    errored: int = 0
    expired: int = 0
    problem: str = ""


class Batches(Protocol):
    """A provider's batch interface."""

    most_requests: int
    most_bytes: int

    async def submit(self, requests: list[tuple[str, Request]], tag: str) -> str:
        """Send requests (custom id, request) as one batch that carries `tag`; its id."""
        ...

    async def find(self, tag: str) -> str | None:
        """The id of a batch that carries `tag` and was submitted without our learning its id; None where there is none.

        Raises:
            CallError: it cannot be told now. Nothing of `tag` may be submitted again before it can.
        """
        ...

    async def state(self, batch: str) -> BatchState:
        """Where a batch stands."""
        ...

    async def results(self, batch: str) -> list[tuple[str, Reply | CallError]]:
        """The results of an ended batch by custom id; what expired is a `CallError`. Some ids may be absent."""
        ...


class Client(Protocol):
    """One model behind one provider. The only thing that touches the network."""

    provider: str
    model: str
    parameters: dict[str, Any]
    batches: Batches | None
    gives_logprobs: bool

    async def call(self, request: Request, *, timeout: float) -> Reply:
        """Ask once, without trying again.

        Raises:
            CallError: no reply.
        """
        ...

    async def context(self) -> int | None:
        """Tokens that fit into the model's context, where the server tells."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


Kind = Literal["answer", "refused", "filtered", "truncated", "unparseable"]
"""What a paid reply was worth, as its reader judged it. Only an "answer" is ever given again as an answer."""


class Failure(msgspec.Struct, frozen=True):
    """No reply, after everything was tried. `status` is one of "failed", "over_long", "filtered"."""

    status: Literal["failed", "over_long", "filtered"]
    reason: str


class PendingError(Exception):
    """The question is in a batch, or waits to be put into one: there will be a reply later."""


class Asker(Protocol):
    """Answers questions, from its store or over the network: what judges are given instead of a client."""

    provider: str
    model: str
    parameters: dict[str, Any]

    async def ask(
        self,
        request: Request,
        classify: Callable[[Reply], Kind],
        *,
        sample: int = 0,
        retry: frozenset[Kind] = frozenset(),
    ) -> Reply | Failure:
        """The reply to a question.

        Args:
            request: The question.
            classify: What the reply is worth; stored with it.
            sample: 0; 1, 2, ... to ask the very same again.
            retry: Kinds of stored replies that are not taken as they are but asked for anew.

        Raises:
            PendingError: in batch mode, the reply is not there yet.
            BudgetError: the next question would pass the budget.
            ClientError: nothing more can be had from this model (no key, no such model, no credit).
        """
        ...
