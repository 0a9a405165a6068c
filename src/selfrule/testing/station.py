"""From the bytes of a request to the bytes of a reply, without network or clock: what requests and rows of batches share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import msgspec

from selfrule.clients.types import Usage
from selfrule.errors import UsageError
from selfrule.testing.answering import Answerer, Answers
from selfrule.testing.anthropic_api import Anthropic
from selfrule.testing.caches import BYTES_PER_TOKEN, Prefixes, tokens
from selfrule.testing.counts import Counts, Shelf
from selfrule.testing.faults import CONTENT, ERRORS, RETRY_AFTER_S, WORDS, Plan, checked
from selfrule.testing.ollama_api import Ollama
from selfrule.testing.openai_api import OpenAI
from selfrule.testing.questions import Api, Question, Trouble, TroubleError


class Settings(msgspec.Struct):
    """How the stand-in behaves; may be changed while it runs.

    `latency` and `slow` are seconds from request to reply, ordinary and under the fault "slow". `rate` is requests a
    second before real 429s, None for no limit, with `burst` at once. `context` is tokens of input that fit a model.
    A batch ends once it was asked after `batch_polls` times and `batch_seconds` have passed.
    """

    latency: float = 0.0
    slow: float = 30.0
    rate: float | None = None
    burst: float | None = None
    context: int | None = None
    batch_polls: int = 1
    batch_seconds: float = 0.0


class Outcome(msgspec.Struct):
    """A reply ready to be sent; `usage` is what it costs, None where it costs nothing."""

    status: int
    body: bytes
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    key: str = ""
    usage: Usage | None = None
    marks: list[int] = msgspec.field(default_factory=list)
    kind: str = "application/json"


class Station:
    """The stand-in without its HTTP: answers, faults, caches, counts."""

    def __init__(self, answers: Answers, plan: Plan, settings: Settings, state: Path | None = None) -> None:
        self.plan = plan
        self.settings = settings
        self.counts = Counts()
        self.shelf = Shelf(state)
        self.shelf.load(self.counts)
        self.answerer = Answerer(answers)
        self.prefixes = Prefixes()
        self.openai = OpenAI()
        self.anthropic = Anthropic()
        self.ollama = Ollama()
        self._number = 0

    def number(self) -> int:
        """The next number, for ids."""
        self._number += 1
        return self._number

    def draw(self, key: str, told: str | None, among: Iterable[str] | None = None) -> str | None:
        """The fault of the next try of a request: as told by the request, else by script, else by lot.

        Raises:
            TroubleError: what the request tells is no fault.
        """
        try:
            fault = checked(told) if told is not None else self.plan.next_scripted()
        except UsageError as error:
            raise TroubleError("invalid", str(error)) from None
        if fault is None and self.plan.shares:
            attempt = self.counts.attempts[key]
            self.counts.attempts[key] += 1
            fault = self.plan.draw(key, attempt, among)
        if fault:
            self.counts.faults[fault] += 1
        return fault or None

    def answer(self, api: Api, body: bytes, key: str, fault: str | None) -> Outcome:
        """The reply to a request. Nothing is counted as paid yet: that is for whoever sends it."""
        try:
            if fault in ERRORS:
                raise provoked(api.name, fault)
            question = api.read(body)
            question = self._fitted(api, question)
            said = self.answerer.say(question, fault if fault in CONTENT else None)
            usage, marks = self.prefixes.usage(question, said)
            return Outcome(200, api.reply(question, said, usage, self.number()), {}, key, usage, marks)
        except TroubleError as error:
            return self.refused(api, error, key)

    def _fitted(self, api: Api, question: Question) -> Question:
        """The question, if it fits the context. Ollama has no error for that: it drops the beginning."""
        context = self.settings.context
        if question.room is not None:
            room = min(question.room, context or question.room)
            over = tokens(question.prompt) - room
            if over <= 0:
                return question
            self.counts.over_long += 1
            kept = question.prompt[-room * BYTES_PER_TOKEN :]
            return msgspec.structs.replace(question, system="", texts=(kept,), rest="")
        if context is not None and (size := tokens(question.prompt)) > context:
            self.counts.over_long += 1
            if api.name == "anthropic":
                raise TroubleError("over_long", f"prompt is too long: {size} tokens > {context} maximum")
            raise TroubleError(
                "over_long",
                f"This model's maximum context length is {context} tokens. However, your messages resulted in {size} "
                "tokens. Please reduce the length of the messages.",
            )
        return question

    def refused(self, api: Api, error: TroubleError, key: str = "") -> Outcome:
        """An error as a reply."""
        status, body = api.trouble(error)
        headers = {}
        if error.retry_after is not None:
            headers["retry-after"] = str(max(1, math.ceil(error.retry_after)))
            if api.name == "openai":
                headers["retry-after-ms"] = str(math.ceil(error.retry_after * 1000))
        return Outcome(status, body, headers, key)

    def settle(self, outcome: Outcome) -> None:
        """Count a reply as sent and, where it costs something, as paid."""
        if outcome.usage is not None:
            self.shelf.pay(outcome.key, outcome.usage)
            self.counts.pay(outcome.key, outcome.usage)
            self.prefixes.keep(outcome.marks)

    def reset(self) -> None:
        """Forget counts, caches and what was kept; settings and faults stay."""
        flying = self.counts.in_flight
        for name, value in msgspec.structs.asdict(Counts()).items():
            setattr(self.counts, name, value)
        self.counts.in_flight = flying
        self.prefixes.clear()
        self.shelf.clear()


def provoked(provider: str, fault: str) -> TroubleError:
    """The error of a fault of `faults.ERRORS`."""
    trouble: Trouble = ERRORS[fault]
    words = WORDS[trouble]
    if provider == "anthropic" and trouble == "broke":
        words = "Your credit balance is too low to access the Anthropic API."
    if provider == "anthropic" and trouble == "filtered":
        words = "Output blocked by content filtering policy"
    return TroubleError(trouble, words, retry_after=RETRY_AFTER_S if fault == "429-after" else None)
