"""Reads a description and codes out of a model's answer. Strict: an unknown code or a missing dimension is no answer.

Forgiven is what cannot change the meaning: a code by its name in place of its id, capital letters, one code without its list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from selfrule.judges.container import fit
from selfrule.judges.parse import WrongError, key_of
from selfrule.rubric.codes import Dimension, codes

LEAST_WORDS, MOST_CHARS = 5, 1200
"""Of a description. Two or three sentences are asked for."""

_MOST_CODES = 40
_SPACES = re.compile(r"[\s\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]+")
_WORD = re.compile(r"[^\W_]+")


class Said(msgspec.Struct, frozen=True):
    """A description, and code ids by dimension id; an empty list says that none of the dimension's codes fits."""

    description: str
    codes: dict[str, list[str]]


Reader = Callable[[dict[str, Any], frozenset[int]], Said]


def reader(asked: Sequence[Dimension]) -> Reader:
    """What makes sense of an answer's object; what it says of dimensions that were not asked is passed over.

    Args:
        asked: The dimensions that must be there.

    Returns:
        A function as `parse.read` takes it; it raises `WrongError`.
    """

    def read(found: dict[str, Any], turns: frozenset[int]) -> Said:
        return Said(_description(found), {dimension.id: _given(dimension, found) for dimension in asked})

    return read


def _description(found: dict[str, Any]) -> str:
    given = found.get("description")
    if not isinstance(given, str):
        raise WrongError("it has no text under 'description'")
    text = _SPACES.sub(" ", fit(given)).strip()
    if len(_WORD.findall(text)) < LEAST_WORDS:
        raise WrongError("its description is empty, or a few words")
    if len(text) > MOST_CHARS:
        raise WrongError(f"its description is longer than {MOST_CHARS} characters")
    return text


def _given(dimension: Dimension, found: dict[str, Any]) -> list[str]:
    if found.get(dimension.id) is None:
        raise WrongError(f"it gives nothing for {dimension.id}")
    given = found[dimension.id]
    entries = given[:_MOST_CODES] if isinstance(given, list) else [given]
    known = _known()[dimension.id]
    got: dict[str, None] = {}
    for entry in entries:
        code = known.get(key_of(entry)) if isinstance(entry, str) else None
        if code is None:
            raise WrongError(f"it gives a code for {dimension.id} that is none of {', '.join(dimension.codes)}")
        got[code] = None
    if dimension.one and len(got) != 1:
        raise WrongError(f"it must give exactly one code for {dimension.id}")
    return [code for code in dimension.codes if code in got]


@lru_cache(maxsize=1)
def _known() -> dict[str, dict[str, str]]:
    """Codes of each dimension by what they may be called."""
    return {
        d.id: {key_of(name): code for code, name in d.codes.items()} | {code: code for code in d.codes} for d in codes()
    }
