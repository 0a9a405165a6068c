"""Any judge, asked for one rating at a time: a language model's `rate_one` is awaited, a plain `rate` runs in a thread."""

from __future__ import annotations

import asyncio
import threading
from typing import Protocol, cast

from selfrule.clients.types import Kind
from selfrule.judges.embedded import EmbeddedJudge
from selfrule.records import Conversation, Rating


class Labelled(Protocol):
    """What every judge has, whether it rates one by one (`rate_one`) or many (`rate`)."""

    @property
    def label(self) -> str:
        """Name and version, as every rating carries it."""
        ...


class RatesOne(Labelled, Protocol):
    """A judge that rates one conversation while others wait for theirs."""

    async def rate_one(
        self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset(), sample: int = 0
    ) -> Rating:
        """The rating of one conversation."""
        ...


class OneByOne:
    """A judge that has only `rate`. Nothing says that it may be called twice at once, so it never is."""

    def __init__(self, judge: Labelled) -> None:
        self._judge = judge
        self._lock = threading.Lock()
        self.label = judge.label

    async def rate_one(
        self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset(), sample: int = 0
    ) -> Rating:
        """The rating of one conversation; `retry` and `sample` mean nothing to such a judge."""
        if isinstance(self._judge, EmbeddedJudge):  # a millisecond: a thread would cost more
            return self._rate(conversation)
        return await asyncio.to_thread(self._rate, conversation)

    def _rate(self, conversation: Conversation) -> Rating:
        with self._lock:
            rating: Rating = self._judge.rate([conversation])[0]  # type: ignore[attr-defined]
            return rating


def one_by_one(judge: Labelled) -> RatesOne:
    """The judge itself where it has `rate_one`, else wrapped."""
    return cast("RatesOne", judge) if hasattr(judge, "rate_one") else OneByOne(judge)
