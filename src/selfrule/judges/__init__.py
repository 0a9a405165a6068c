"""Judges: from conversations to ratings. The protocol, and the judge that needs nothing but the package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from selfrule.judges.embedded import EmbeddedJudge
from selfrule.records import Conversation, Rating

__all__ = ["EmbeddedJudge", "Judge"]


class Judge(Protocol):
    """Anything that rates conversations."""

    @property
    def label(self) -> str:
        """Name and version, as every rating carries it."""
        ...

    def rate(self, conversations: Sequence[Conversation]) -> list[Rating]:
        """One rating a conversation, in order; what cannot be rated gets a status, never a level."""
        ...
