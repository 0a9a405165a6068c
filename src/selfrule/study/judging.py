"""Judges by name, opened for a study: their clients, the store of paid answers, limits, prices."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from selfrule.clients.types import Client, Kind, Request, Usage
from selfrule.errors import ClientError, UsageError
from selfrule.judges import EmbeddedJudge
from selfrule.records import Conversation
from selfrule.study.costs import Proposal
from selfrule.study.rating import EMBEDDED, Choices, Plan

if TYPE_CHECKING:
    from selfrule.clients import prices
    from selfrule.clients.answers import Answers
    from selfrule.clients.caller import Caller
    from selfrule.clients.names import Spec
    from selfrule.judges.calling import RatesOne
    from selfrule.judges.model import ModelJudge

RETRY: tuple[Kind, ...] = ("refused", "filtered", "truncated", "unparseable")


class Terms(msgspec.Struct, frozen=True):
    """How models are used.

    `budget` is what the study may cost in all, US dollars; `batch` goes through providers' batches, and `wait` stays until
    they are back, looking every `poll` seconds; `prices` is a file of models; `concurrency` the most requests in flight;
    `retry` what is asked anew; `confirm` says whether conversations may be sent to a remote judge, or is asked.
    """

    budget: float | None = None
    batch: bool = False
    wait: bool = False
    poll: float = 30.0
    prices: Path | None = None
    concurrency: int | None = None
    retry: frozenset[Kind] = frozenset()
    confirm: bool | Callable[[Proposal], bool] = False


def names_of(judge: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    """The judges of a cascade, in order: "embedded,ollama:x" is two.

    Raises:
        UsageError: one is empty, or not a judge's name; the embedded judge stands anywhere but first.
    """
    from selfrule.clients.names import parse

    names = [name.strip() for name in judge.split(",")]
    for place, name in enumerate(names):
        if name == EMBEDDED:
            if place:
                raise UsageError(f"The embedded judge can only come first in a cascade. Got {judge!r} instead.")
        else:
            parse(name, environ)
    return names


def retried(statuses: Sequence[str]) -> frozenset[Kind]:
    """What is to be asked anew.

    Raises:
        UsageError: not a status of a reply.
    """
    for status in statuses:
        if status not in RETRY:
            raise UsageError(f"The 'retry' must be among {', '.join(RETRY)}. Got {status!r} instead.")
    return frozenset(status for status in RETRY if status in statuses)


def entry(choices: Choices, where: Plan, judge: object, label: str | None) -> dict[str, Any]:
    """What the manifest says of a judge that rated: kind, name, protocol, the tables it wrote.

    `label` is the one that its ratings carry, where a run told it.
    """
    shown, kind = choices.judge, "model"
    protocol: str | None = choices.protocol
    if choices.judge == EMBEDDED:
        shown, kind, protocol = EmbeddedJudge().label, "embedded", None
    elif not isinstance(judge, str):
        shown, kind, protocol = str(getattr(judge, "label", "")), "object", None
    else:
        from selfrule.judges import prompts

        kind = "cascade" if "," in choices.judge else "model"
        prompt = prompts.load(choices.protocol)
        shown = f"{choices.judge}/{prompt.label}@{prompt.hash[:8]}" if label is None or kind == "cascade" else label
    return {
        "label": shown,
        "table": where.judge,
        "screen": where.screen,
        "spec": choices.judge,
        "kind": kind,
        "protocol": protocol,
        "choices": msgspec.to_builtins(choices),
    }


class Fare:
    """What requests to a model take and cost. `output`: tokens that one answer takes on average."""

    def __init__(self, label: str, output: int, spec: Spec, model: prices.Terms, batch: bool) -> None:
        self.name = label
        self.host = spec.host if spec.remote else None
        self._output, self._model, self._batch = output, model, batch

    def tokens(self, request: Request) -> Usage:
        """About how many tokens a request takes: the cacheable prefix as `cached`, the rest as `fresh`."""
        from selfrule.clients.tokens import estimate

        return Usage(
            fresh=estimate(request.shared) + estimate(request.ask),
            cached=estimate(request.system),
            output=self._output,
        )

    def cost(self, usage: Usage) -> float | None:
        """Dollars, or None where the price is not known."""
        from selfrule.clients.prices import cost

        return cost(usage, self._model.price, self._batch)


class Paid(Fare):
    """A model judge with its price, as `costs.propose` wants it."""

    def __init__(self, judge: ModelJudge, spec: Spec, model: prices.Terms, batch: bool) -> None:
        super().__init__(judge.label, judge.expected_output, spec, model, batch)
        self._judge = judge

    def planned(self, conversation: Conversation) -> Sequence[Request]:
        """The first requests about a conversation."""
        return self._judge.planned(conversation)


class Opened:
    """A judge opened: what rates, its callers, its prices, and how many conversations it may have in hand."""

    def __init__(self, rater: RatesOne, callers: list[Caller], paid: list[Paid], at_once: int) -> None:
        self.rater, self.callers, self.paid, self.at_once = rater, callers, paid, at_once


class Reached(msgspec.Struct, frozen=True):
    """A model with what it takes to ask it: its client, who asks, its price and limits, and the tokens it holds if known."""

    spec: Spec
    client: Client
    caller: Caller
    model: prices.Terms
    context: int | None


@asynccontextmanager
async def reach(
    name: str,
    parameters: Mapping[str, Any],
    answers: Answers,
    terms: Terms,
    environ: Mapping[str, str] = os.environ,
) -> AsyncIterator[Reached]:
    """Open one model by its name; what it was sent is awaited and its connections are closed at the end.

    Raises:
        UsageError: not a model's name, or a parameter that selfrule sets itself.
        ClientError: no key, or no server where a local one was named.
    """
    from selfrule.clients.names import connect, parse
    from selfrule.clients.prices import open_book

    spec = parse(name, environ)
    model = open_book(terms.prices, environ).terms(spec.provider, spec.model, remote=spec.remote)
    client: Client = connect(spec, parameters, environ)
    try:
        caller = _caller(client, answers, model, terms, name)
        try:
            context = model.context if model.context is not None else await _context(client, spec)
            yield Reached(spec, client, caller, model, context)
        finally:
            await caller.drain()
    finally:
        await client.close()


@asynccontextmanager
async def open_judge(
    choices: Choices, answers: Answers, terms: Terms, environ: Mapping[str, str] = os.environ
) -> AsyncIterator[Opened]:
    """Open the judge that choices name; its connections are closed at the end.

    Raises:
        UsageError: no such judge or protocol.
        ClientError: no key, or no server where a local one was named.
    """
    from selfrule.judges import Cascade, EmbeddedStage, ModelJudge

    judges: list[Any] = []
    callers: list[Caller] = []
    paid: list[Paid] = []
    async with AsyncExitStack() as stack:
        for name in names_of(choices.judge, environ):
            if name == EMBEDDED:
                judges.append(EmbeddedStage(EmbeddedJudge(), choices.recall))
                continue
            got = await stack.enter_async_context(reach(name, choices.parameters, answers, terms, environ))
            if choices.protocol == "logprobs" and not got.client.gives_logprobs:
                raise UsageError(
                    f"{name} gives no log-probabilities, which --protocol logprobs needs. Use joint or separate."
                )
            judge = ModelJudge(got.caller, protocol=choices.protocol, context=got.context)
            judges.append(judge)
            callers.append(got.caller)
            paid.append(Paid(judge, got.spec, got.model, terms.batch))
        rater = judges[0] if len(judges) == 1 else Cascade(judges)
        # more conversations than requests: one that waits for its next question must not leave a place empty
        yield Opened(rater, callers, paid, at_once=2 * max((c.limits.concurrency for c in callers), default=1))


async def _context(client: Client, spec: Spec) -> int | None:
    """What the server says of its context. One that is not there is said now where it is local, or else when it is asked."""
    from selfrule.clients.types import CallError

    try:
        return await client.context()
    except CallError as error:
        if spec.remote and error.fault in ("connection", "timeout"):
            return None
        raise ClientError(
            f"{spec.text} cannot be had: {error}. Is the server running, and the address right?"
        ) from error


def _caller(client: Client, answers: Answers, model: prices.Terms, terms: Terms, name: str) -> Caller:
    from selfrule.clients.caller import Caller

    limits = model.limits
    if terms.concurrency is not None:
        limits = msgspec.structs.replace(limits, concurrency=terms.concurrency)
    return Caller(client, answers, limits=limits, price=model.price, budget=terms.budget, batch=terms.batch, judge=name)
