"""Judges: from conversations to ratings. The protocol, the judge that needs nothing but the package, and language models.

What asks language models is loaded when it is first named, so that an embedded audit pays for none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from selfrule.judges.embedded import EmbeddedJudge
from selfrule.records import Conversation, Rating

if TYPE_CHECKING:
    from selfrule.judges.cascade import Cascade, Decision, EmbeddedStage, HandOver
    from selfrule.judges.model import ModelJudge
    from selfrule.judges.panel import Panel

__all__ = ["Cascade", "Decision", "EmbeddedJudge", "EmbeddedStage", "HandOver", "Judge", "ModelJudge", "Panel"]

_HOMES = {
    "Cascade": "cascade",
    "Decision": "cascade",
    "EmbeddedStage": "cascade",
    "HandOver": "cascade",
    "ModelJudge": "model",
    "Panel": "panel",
}


class Judge(Protocol):
    """Anything that rates conversations."""

    @property
    def label(self) -> str:
        """Name and version, as every rating carries it."""
        ...

    def rate(self, conversations: Sequence[Conversation]) -> list[Rating]:
        """One rating a conversation, in order; what cannot be rated gets a status, never a level."""
        ...


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'selfrule.judges' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"selfrule.judges.{_HOMES[name]}"), name)
