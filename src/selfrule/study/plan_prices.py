"""What one rating costs, before any: the requests that a judge would send, their tokens, a model's price."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from selfrule.clients.prices import lookup
from selfrule.clients.types import Failure, Kind, Reply, Request, Usage
from selfrule.errors import UsageError
from selfrule.records import Conversation, Turn
from selfrule.study.costs import costs_of
from selfrule.study.judging import Paid
from selfrule.study.plan_records import Price

TOKENS = 1500
"""Tokens of a conversation where no study says otherwise."""


class Priced(NamedTuple):
    """The price of a rating, the tokens it takes (mean), and whether text would leave this machine, to where."""

    price: Price
    requests: float
    usage: tuple[float, float, float]
    host: str | None


class _Nobody:
    """An asker that is only asked what it would send; needs no key."""

    def __init__(self, provider: str, model: str) -> None:
        self.provider, self.model = provider, model
        self.parameters: dict[str, Any] = {}

    async def ask(
        self,
        request: Request,
        classify: Callable[[Reply], Kind],
        *,
        sample: int = 0,
        retry: frozenset[Kind] = frozenset(),
    ) -> Reply | Failure:
        """Never: a plan sends nothing."""
        raise UsageError("A plan asks no model.")


def price_of(
    judge: str,
    protocol: str,
    sample: Sequence[Conversation],
    *,
    tokens: float | None = None,
    prices: Path | None = None,
    batch: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Priced:
    """Size and price ratings by a language model.

    Args:
        judge: Its name, "anthropic:MODEL" and so on.
        protocol: How it is asked.
        sample: Conversations to size from; empty for none.
        tokens: Tokens of a conversation, over what the sample says; `TOKENS` where neither is there.
        prices: A file of prices.
        batch: Through the provider's batches.
        environ: Where addresses and files of prices are looked up.

    Raises:
        UsageError: no such judge, protocol or file.
    """
    from selfrule.clients.names import parse
    from selfrule.judges import ModelJudge

    spec = parse(judge, environ)
    terms = lookup(spec, file=prices, environ=environ)
    model = ModelJudge(_Nobody(spec.provider, spec.model), protocol=protocol, context=terms.context)
    paid = Paid(model, spec, terms, batch)
    texts = [_words(1)] if tokens is not None or not sample else list(sample)
    more = (TOKENS if tokens is None else tokens) if len(texts) == 1 and texts[0].source == "plan" else 0.0
    usages = []
    for conversation in texts:
        for request in paid.planned(conversation):
            one = paid.tokens(request)
            usages.append(Usage(one.fresh + round(more), one.cached, one.written, one.output))
    n = len(texts)
    dear, cheap = (None if cost is None else cost / n for cost in costs_of(paid, usages))
    total = sum(usages, Usage())
    price = Price(dear, cheap)
    used = (total.fresh / n, total.cached / n, total.output / n)
    return Priced(price, len(usages) / n, used, spec.host if spec.remote else None)


def _words(count: int) -> Conversation:
    turns = (Turn("user", "word " * count), Turn("assistant", "word " * count))
    return Conversation("0" * 32, "0" * 32, "plan", "plan", "plan", turns)
