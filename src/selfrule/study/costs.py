"""What a rating would take, said before it is begun: conversations, requests, tokens, money."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Protocol

import msgspec

from selfrule.clients.types import Request, Usage
from selfrule.records import Conversation
from selfrule.store.folder import Folder
from selfrule.study.asking import Wanted, conversations

_SAMPLE = 300  # conversations read to size the rest
_PARTS = 30


class Priced(Protocol):
    """A judge whose requests and price are known beforehand."""

    name: str
    host: str | None

    def planned(self, conversation: Conversation) -> Sequence[Request]:
        """The first requests about a conversation."""
        ...

    def tokens(self, request: Request) -> Usage:
        """About how many tokens a request takes: the cacheable prefix as `cached`, the rest as `fresh`."""
        ...

    def cost(self, usage: Usage) -> float | None:
        """Dollars, or None where the price is not known."""
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


def propose(
    folder: Folder, parts: Sequence[Wanted], judges: Sequence[Priced], *, budget: float | None, batch: bool
) -> Proposal:
    """Size a rating from a sample of its conversations, spread over the parts.

    Args:
        folder: The study.
        parts: What is wanted.
        judges: Judges that cost something, in order.
        budget: Dollars that may be spent, or None.
        batch: Whether provider batches are used.
    """
    total = sum(part.open for part in parts)
    some = [part for part in parts if part.open]
    step = max(1, len(some) // _PARTS)
    chosen = some[::step]
    each = max(1, -(-_SAMPLE // max(1, len(chosen))))
    sample = [conversation for part in chosen for _, conversation in islice(conversations(folder, part), each)]
    shares = []
    for judge in judges:
        requests, usage = 0, Usage()
        for conversation in sample:
            for request in judge.planned(conversation):
                requests += 1
                usage += judge.tokens(request)
        scale = total / len(sample) if sample else 0.0
        whole = Usage(*(round(part * scale) for part in (usage.fresh, usage.cached, usage.written, usage.output)))
        uncached = Usage(fresh=whole.input, output=whole.output)
        shares.append(
            Share(
                judge.name, judge.host, total, round(requests * scale), whole, judge.cost(uncached), judge.cost(whole)
            )
        )
    return Proposal(tuple(shares), total, len(sample), budget, batch)
