"""Who is handed which conversation of a queue: in its order, to one labeller each, to two where it is a double."""

from __future__ import annotations

import time
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

import msgspec

from selfrule.labels.draws import Draw, Item

LEASE = 2 * 60 * 60 * 1000
"""Milliseconds after which what somebody was handed and left unfinished goes to somebody else."""


class Handed(msgspec.Struct, frozen=True):
    """One line of a draw's log: who was handed what, and when (milliseconds since 1970-01-01 UTC)."""

    conversation_id: str
    labeller: str
    at: int


def line(conversation_id: str, labeller: str) -> bytes:
    """A line of the log, of now."""
    return msgspec.json.encode(Handed(conversation_id, labeller, int(time.time() * 1000)))


@dataclass(frozen=True)
class Queue:
    """A draw with what has become of it.

    Attributes:
        draw: The draw.
        handed: When each conversation was handed to each labeller, in this draw.
        given: Who has given a word on each conversation, by the draw's rubric, in any draw or none.
        now: Milliseconds since 1970-01-01 UTC.
    """

    draw: Draw
    handed: Mapping[str, Mapping[str, int]]
    given: Mapping[str, Set[str]]
    now: float = field(default_factory=lambda: time.time() * 1000)

    @property
    def known(self) -> set[str]:
        """Conversations that were handed out or labelled, of the queue or not."""
        return {*self.handed, *self.given}

    def choose(self, name: str) -> tuple[int | None, bool]:
        """The place that a labeller gets next, None where nothing is left; and whether it is new to them."""
        for place, item in enumerate(self.draw.items):
            if self._holds(item, name):
                return place, False
        for place, item in enumerate(self.draw.items):
            if self.may(item, name):
                return place, True
        return None, False

    def may(self, item: Item, name: str) -> bool:
        """Whether a conversation is for a labeller: theirs and not finished, or with room for one more."""
        done = self.given.get(item.conversation_id, frozenset())
        if name in done:
            return False
        if self._holds(item, name):
            return True
        since = self.handed.get(item.conversation_id, {})
        others = {who for who, at in since.items() if who in done or self.now - at < LEASE}
        return len(others | done) < (2 if item.double else 1)

    def _holds(self, item: Item, name: str) -> bool:
        return name in self.handed.get(item.conversation_id, {}) and name not in self.given.get(
            item.conversation_id, frozenset()
        )

    def reached(self) -> int:
        """How many places at the front count as reached.

        All up to the first that was neither handed out nor labelled, and up to the last that this draw handed out itself:
        where the queue was left off then does not depend on what anybody saw there. All of them where all are known.
        """
        known = self.known
        front = len(self.draw.items)
        for place, item in enumerate(self.draw.items):
            if item.conversation_id not in known:
                front = place
                break
        if front == len(self.draw.items):
            return front
        return min(
            front,
            max((n for n, item in enumerate(self.draw.items, 1) if item.conversation_id in self.handed), default=0),
        )
