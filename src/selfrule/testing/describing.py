"""The stand-in's descriptions of conversations: put together from the embedded codes, in the form that was asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from selfrule.judges import container, schema
from selfrule.judges.facets_embedded import EmbeddedFacets
from selfrule.records import Conversation, Facet, Rating, Turn
from selfrule.rubric import CONSTRUCTS
from selfrule.rubric.codes import codes
from selfrule.testing.questions import Question

_NOTHING = "The person asked for something, and the assistant did what it was asked to do."
_QUOTED = 20  # words


def wanted(question: Question) -> bool:
    """Whether a description is asked for. Not every provider's requests carry the name of their schema: its keys tell."""
    return {"description", "trajectory"} <= set((question.schema or {}).get("properties", {}))


def facet(question: Question) -> dict[str, Any]:
    """An answer to a question for a description and codes, of the keys that its schema names."""
    made = _described("\n".join(question.texts))
    answer: dict[str, Any] = {"description": made.description if made and made.description else _NOTHING}
    for dimension in codes():
        given = made.codes.get(dimension.id, []) if made else []
        answer[dimension.id] = given if not dimension.one else (given or [_usual(dimension.id)])[0]
    return {name: answer[name] for name in (question.schema or schema.facets()).get("properties", {}) if name in answer}


def quoting(question: Question, answer: dict[str, Any]) -> dict[str, Any]:
    """The same answer with the conversation's own words for a description."""
    said = " ".join(piece.text for piece in _pieces("\n".join(question.texts)))
    return answer | {"description": " ".join(said.split()[:_QUOTED])}


def _usual(dimension: str) -> str:
    return "unknown" if dimension == "support" else "stable"


def _described(text: str) -> Facet | None:
    found = _pieces(text)
    if not found:
        return None
    turns = tuple(Turn(piece.role, piece.text) for piece in found)
    said = Conversation("0" * 32, "", "", "", "", turns)
    return _maker().facet(said, Rating("0" * 32, "", "rated", "", "", levels=dict.fromkeys(CONSTRUCTS, 2)))


def _pieces(text: str) -> list[container.Piece]:
    try:
        return container.unpack(text)
    except ValueError:
        return []


@lru_cache(maxsize=1)
def _maker() -> EmbeddedFacets:
    return EmbeddedFacets()
