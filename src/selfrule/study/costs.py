"""What a rating would take, said before it is begun: conversations, requests, tokens, money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Protocol

import msgspec

from selfrule.clients.types import Request, Usage
from selfrule.records import Conversation
from selfrule.study.asking import Work, conversations

SAMPLED = 300
"""Conversations read to size the rest."""
_PARTS = 30


class Sized(Protocol):
    """Who asks, where, and what a request takes."""

    name: str
    host: str | None

    def tokens(self, request: Request) -> Usage:
        """About how many tokens a request takes: the cacheable prefix as `cached`, the rest as `fresh`."""
        ...

    def cost(self, usage: Usage) -> float | None:
        """Dollars, or None where the price is not known."""
        ...


class Priced(Sized, Protocol):
    """A judge whose requests and price are known beforehand."""

    def planned(self, conversation: Conversation) -> Sequence[Request]:
        """The first requests about a conversation."""
        ...


class Share(msgspec.Struct, frozen=True):
    """One judge's part of a proposal.

    `host` is where conversations would go (None: this machine). `cost_cached` assumes that the rubric is read from the
    provider's cache in every request but the first, `cost` that it never is; None where no price is known.
    """

    judge: str
    host: str | None
    conversations: int
    requests: int
    usage: Usage
    cost: float | None
    cost_cached: float | None


class Proposal(msgspec.Struct, frozen=True):
    """What is about to be asked. Later judges of a cascade are counted as if everything were handed on: at most.

    `sampled` conversations were read to size it.
    """

    shares: tuple[Share, ...]
    conversations: int
    sampled: int
    budget: float | None
    batch: bool

    @property
    def remote(self) -> tuple[str, ...]:
        """Where conversations would leave this machine to."""
        return tuple(dict.fromkeys(share.host for share in self.shares if share.host))


def propose(work: Work, judges: Sequence[Priced], *, budget: float | None, batch: bool) -> Proposal:
    """Size a rating from a sample of its conversations, spread over the parts.

    Args:
        work: What is wanted.
        judges: Judges that cost something, in order.
        budget: Dollars that may be spent, or None.
        batch: Whether provider batches are used.
    """
    counts = {part: work.of(part).open for part in work.parts()}
    total = sum(counts.values())
    some = [part for part, count in counts.items() if count]
    chosen = some[:: max(1, len(some) // _PARTS)]
    each = -(-SAMPLED // max(1, len(chosen)))
    sample = [c for part in chosen for _, c in islice(conversations(work.folder, work.of(part)), each)]
    shares = []
    for judge in judges:
        requests = [judge.tokens(request) for conversation in sample for request in judge.planned(conversation)]
        shares.append(share_of(judge, requests, total, len(sample)))
    return Proposal(tuple(shares), total, len(sample), budget, batch)


def share_of(judge: Sized, requests: Sequence[Usage], total: int, sampled: int) -> Share:
    """A judge's part of a proposal of `total` conversations, from the requests about `sampled` of them."""
    scale = total / sampled if sampled else 0.0
    usage = sum(requests, Usage())
    parts = (usage.fresh, usage.cached, usage.written, usage.output)
    dear, cheap = (None if cost is None else cost * scale for cost in costs_of(judge, requests))
    whole = Usage(*(round(part * scale) for part in parts))
    return Share(judge.name, judge.host, total, round(len(requests) * scale), whole, dear, cheap)


def costs_of(judge: Sized, requests: Sequence[Usage]) -> tuple[float | None, float | None]:
    """US dollars of requests: without a cache, and with the prefix read from one in all of them. None: not known.

    Request by request, as some prices depend on a request's length.
    """
    uncached = [Usage(fresh=one.input, output=one.output) for one in requests]
    return _sum([judge.cost(one) for one in uncached]), _sum([judge.cost(one) for one in requests])


def _sum(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return None if len(known) < len(costs) else sum(known)


def allowed(proposal: Proposal, confirm: bool | Callable[[Proposal], bool]) -> bool:
    """Whether a rating may be begun: as `confirm` says or answers; what stays on this machine always may."""
    return confirm(proposal) if callable(confirm) else confirm or not proposal.remote
