"""Judges by name, opened for a study: their clients, the store of paid answers, limits, prices."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
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


class Paid:
    """A model judge with its price, as `costs.propose` wants it."""

    def __init__(self, judge: ModelJudge, spec: Spec, model: prices.Terms, batch: bool) -> None:
        self.name = judge.label
        self.host = spec.host if spec.remote else None
        self._judge, self._model, self._batch = judge, model, batch

    def planned(self, conversation: Conversation) -> Sequence[Request]:
        """The first requests about a conversation."""
        return self._judge.planned(conversation)

    def tokens(self, request: Request) -> Usage:
        """About how many tokens a request takes: the cacheable prefix as `cached`, the rest as `fresh`."""
        from selfrule.clients.tokens import estimate

        return Usage(
            fresh=estimate(request.shared) + estimate(request.ask),
            cached=estimate(request.system),
            output=self._judge.expected_output,
        )

    def cost(self, usage: Usage) -> float | None:
        """Dollars, or None where the price is not known."""
        from selfrule.clients.prices import cost

        return cost(usage, self._model.price, self._batch)


class Opened:
    """A judge opened: what rates, its callers, its prices, and how many conversations it may have in hand."""

    def __init__(self, rater: RatesOne, callers: list[Caller], paid: list[Paid], at_once: int) -> None:
        self.rater, self.callers, self.paid, self.at_once = rater, callers, paid, at_once


@asynccontextmanager
async def open_judge(
    choices: Choices, answers: Answers, terms: Terms, environ: Mapping[str, str] = os.environ
) -> AsyncIterator[Opened]:
    """Open the judge that choices name; its connections are closed at the end.

    Raises:
        UsageError: no such judge or protocol.
        ClientError: no key, or no server where a local one was named.
    """
    from selfrule.clients.names import connect, parse
    from selfrule.clients.prices import open_book
    from selfrule.judges import Cascade, EmbeddedStage, ModelJudge

    judges: list[Any] = []
    callers: list[Caller] = []
    paid: list[Paid] = []
    clients: list[Client] = []
    book = open_book(terms.prices, environ)
    try:
        for name in names_of(choices.judge, environ):
            if name == EMBEDDED:
                judges.append(EmbeddedStage(EmbeddedJudge(), choices.recall))
                continue
            spec = parse(name, environ)
            model = book.terms(spec.provider, spec.model, remote=spec.remote)
            client: Client = connect(spec, choices.parameters, environ)
            clients.append(client)
            if choices.protocol == "logprobs" and not client.gives_logprobs:
                raise UsageError(
                    f"{name} gives no log-probabilities, which --protocol logprobs needs. Use joint or separate."
                )
            caller = _caller(client, answers, model, terms, name)
            context = model.context if model.context is not None else await _context(client, spec)
            judge = ModelJudge(caller, protocol=choices.protocol, context=context)
            judges.append(judge)
            callers.append(caller)
            paid.append(Paid(judge, spec, model, terms.batch))
        rater = judges[0] if len(judges) == 1 else Cascade(judges)
        # more conversations than requests: one that waits for its next question must not leave a place empty
        yield Opened(rater, callers, paid, at_once=2 * max((c.limits.concurrency for c in callers), default=1))
    finally:
        for caller in callers:
            await caller.drain()
        for client in clients:
            await client.close()


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
