"""A queue in memory: for tests of the page, and for trying it with conversations of one's own making."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from selfrule.errors import UsageError
from selfrule.records import Label, Turn


class MemoryItem(msgspec.Struct, frozen=True):
    """A conversation that lives in memory."""

    conversation_id: str
    content_hash: str
    turns: Sequence[Turn]
    position: int
    language: str | None = None


class MemoryLeft(msgspec.Struct, frozen=True):
    """How far a labeller is."""

    left: int


class MemoryQueue:
    """Hands every conversation to every labeller, in order; keeps all labels in `given`.

    Args:
        conversations: Their turns; ids are made from their places.
        languages: One for each, where there are any.
    """

    def __init__(self, conversations: Iterable[Sequence[Turn]], languages: Sequence[str | None] = ()) -> None:
        self.items: dict[str, MemoryItem] = {}
        self.given: list[Label] = []
        for number, turns in enumerate(conversations):
            name = hashlib.blake2b(str(number).encode(), digest_size=16).hexdigest()
            language = languages[number] if number < len(languages) else None
            self.items[name] = MemoryItem(name, name[::-1], turns, number + 1, language)

    def next(self, labeller: str) -> MemoryItem | None:
        """The first conversation that this labeller has not given a word on."""
        done = {label.conversation_id for label in self.previous(labeller)}
        return next((item for name, item in self.items.items() if name not in done), None)

    def task(self, conversation_id: str) -> MemoryItem:
        """A conversation of the queue.

        Raises:
            UsageError: there is none of this id.
        """
        try:
            return self.items[conversation_id]
        except KeyError:
            raise UsageError("This conversation is not in the queue.") from None

    def give(self, label: Label) -> None:
        """Keep a label."""
        self.given.append(label)

    def previous(self, labeller: str) -> list[Label]:
        """The labels of a labeller that stand, the conversation begun last first."""
        standing = {label.conversation_id: label for label in self.given if label.labeller == labeller}
        return list(standing.values())[::-1]

    def progress(self, labeller: str) -> MemoryLeft:
        """How far a labeller is."""
        return MemoryLeft(len(self.items) - len(self.previous(labeller)))
