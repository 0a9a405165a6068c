"""The stand-in's names, counts and choices of patterns: by the names of codes that stand in the descriptions it is given."""

from __future__ import annotations

import re
from typing import Any

from selfrule.judges import container
from selfrule.patterns.traits import phrases
from selfrule.rubric.codes import codes
from selfrule.testing.questions import Question

_FIRST_OTHER = re.compile(r"numbered below (\d+) are of one group")
_LISTED = re.compile(r"^(?:\d+|[A-Z])\. (.*)$", re.MULTILINE)
_NAMED = 3
_COPIED = 12  # words
FALSE = "the assistant recited a poem about lighthouses"
"""A claim that no description shows, made of every group."""
COUNTING = "most people asked for it"
"""A claim that says how many, made of every group."""


_KEYS = {"check": {"answers"}, "choose": {"group"}, "name": {"name", "claims"}}


def asked(question: Question) -> str | None:
    """Which question about patterns it is: "name", "check", "choose" or none. By its schema, which not every provider names."""
    keys = set((question.schema or {}).get("properties", {}))
    return next((kind for kind, mine in _KEYS.items() if keys == mine), None)


def said(question: Question, *, copying: bool = False) -> dict[str, Any]:
    """An answer to one of the three questions about patterns; with `copying`, names and claims are words of a description."""
    texts = _texts(question)
    kind = asked(question)
    if kind == "check":
        return {"answers": [_checked(i, text, _listed(question)) for i, text in enumerate(texts)]}
    if kind == "choose":
        fits = [sum(_shows(texts[0], clause) for clause in _clauses(group)) for group in _listed(question)]
        return {"group": "ABCDEFGH"[fits.index(max(fits))] if fits else ""}
    if copying and texts:
        words = " ".join(texts[0].split()[:_COPIED])
        return {"name": words[:70], "claims": [f"the person said {words}"]}
    return _named(texts, question.ask)


def _texts(question: Question) -> list[str]:
    try:
        return [piece.text for piece in container.unpack("\n".join((*question.texts, question.ask)))]
    except ValueError:
        return []


def _listed(question: Question) -> list[str]:
    return _LISTED.findall(question.ask)


def _clauses(group: str) -> list[str]:
    return [
        spoken.claim for dimension in phrases().values() for spoken in dimension.codes.values() if spoken.claim in group
    ]


def _shows(text: str, clause: str) -> bool:
    """Whether a description holds the name of a code that a clause speaks of."""
    return any(
        dimension.codes[code] in text
        for dimension in codes()
        for code, spoken in phrases()[dimension.id].codes.items()
        if spoken.claim == clause
    )


def _checked(number: int, text: str, claims: list[str]) -> dict[str, Any]:
    return {"text": number, "shown": [i for i, c in enumerate(claims, 1) if _shows(text, c)], "unclear": []}


def _named(texts: list[str], ask: str) -> dict[str, Any]:
    found = _FIRST_OTHER.search(ask)
    first = int(found[1]) if found else len(texts)
    mine, others = texts[:first], texts[first:]

    def apart(name: str) -> float:
        inside = sum(name in text for text in mine) / max(1, len(mine))
        return inside - 0.5 * sum(name in text for text in others) / max(1, len(others))

    ranked = sorted(
        ((apart(d.codes[c]), d.codes[c], s.claim) for d in codes() for c, s in phrases()[d.id].codes.items()),
        key=lambda one: (-one[0], one[1]),
    )[:_NAMED]
    return {
        "name": " and ".join(name for _, name, _ in ranked[:2]),
        "claims": [*(c for *_, c in ranked), FALSE, COUNTING],
    }
