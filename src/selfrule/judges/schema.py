"""The forms of answers as JSON schemas, in the strict subset that every provider forces: all keys required, none added.

Strings are enumerated; numbers have no limits, which some providers reject. `turns` stands before `level`: evidence first.
The schemas of all primitives are one and the same, and so are those of all factors: a provider's prefix cache does not outlast
a change of schema, and the conversation stands in that prefix. Each is made once: nobody may change what these functions return.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from selfrule import rubric
from selfrule.rubric.codes import Dimension, codes

ANSWERS = ("yes", "no", "unknown")
Schema = dict[str, Any]

_TURNS: Schema = {"type": "array", "items": {"type": "integer"}}
_LEVEL: Schema = {"type": "string", "enum": list(rubric.LEVELS)}
_ANSWER: Schema = {"type": "string", "enum": list(ANSWERS)}
_ASKED = re.compile(r"^Construct: (\w+)$", re.MULTILINE)


def _form(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _domains() -> Schema:
    return {"type": "array", "items": {"type": "string", "enum": list(rubric.load().domains)}}


def _markers() -> Schema:
    return _form(**dict.fromkeys(rubric.MARKERS, _ANSWER))


@lru_cache(maxsize=1)
def joint() -> Schema:
    """Everything at once: {CONSTRUCT: {turns, level}, ..., actualized: {MARKER: yes|no|unknown}, domains: [...]}."""
    ratings = {construct: _form(turns=_TURNS, level=_LEVEL) for construct in rubric.CONSTRUCTS}
    return _form(**ratings, actualized=_markers(), domains=_domains())


@lru_cache(maxsize=1)
def evidence() -> Schema:
    """What is left to ask once levels are known: {CONSTRUCT: {turns}, ..., actualized: {MARKER: yes|no|unknown}}."""
    return _form(**{construct: _form(turns=_TURNS) for construct in rubric.CONSTRUCTS}, actualized=_markers())


@lru_cache(maxsize=1)
def primitive() -> Schema:
    """One primitive: {turns, level, actualized: yes|no|unknown}."""
    return _form(turns=_TURNS, level=_LEVEL, actualized=_ANSWER)


@lru_cache(maxsize=1)
def factor() -> Schema:
    """One amplifying factor: {turns, level}."""
    return _form(turns=_TURNS, level=_LEVEL)


@lru_cache(maxsize=1)
def domains() -> Schema:
    """The domains alone: {domains: [...]}."""
    return _form(domains=_domains())


@lru_cache(maxsize=1)
def facets() -> Schema:
    """A description and codes: {description, DIMENSION: [codes], ..., trajectory: code, support: code}.

    The same for every conversation, whatever it is asked about: providers' caches do not outlast a change of schema.
    """
    return _form(description={"type": "string"}, **{dimension.id: _coded(dimension) for dimension in codes()})


@lru_cache(maxsize=1)
def facets_joined() -> Schema:
    """What is asked of the whole once its windows are described: {description, trajectory: code, support: code}."""
    return _form(description={"type": "string"}, **{d.id: _coded(d) for d in codes() if d.one})


def _coded(dimension: Dimension) -> Schema:
    one: Schema = {"type": "string", "enum": list(dimension.codes)}
    return one if dimension.one else {"type": "array", "items": one}


def construct_asked(ask: str) -> str | None:
    """The construct that a question of `separate` or `logprobs` is about, from its own "Construct: ID" line; or None."""
    found = _ASKED.search(ask)
    return found.group(1) if found and found.group(1) in rubric.CONSTRUCTS else None
