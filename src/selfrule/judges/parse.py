"""Reads an answer: strict JSON first, then the one object in what a model wrapped around it. Bounded; no level is ever guessed.

What is forgiven cannot change the meaning: fences, prefaces, one wrapper around the object, capital letters, "2" for
"moderate", unknown keys. What could be read in two ways cannot be read: two different objects, one key twice with different
values. Turns that are not in the window are dropped, and marked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Literal, TypeVar

import msgspec

from selfrule import rubric
from selfrule.judges.joining import Parsed
from selfrule.judges.schema import ANSWERS

MOST_CHARS = 200_000  # of an answer; a level takes a few dozen
_MOST_OBJECTS = 40
_MOST_TURNS = 1000
_THINKING = re.compile(r"<(/?)(?:think|thinking|reasoning)>")
_BOUNDS = re.compile(r'["{}\\]')

_KEYS = frozenset((*rubric.CONSTRUCTS, *rubric.MARKERS, "turns", "level", "actualized", "domains"))
_MARKED = tuple((m, f"actualized_{p}") for m, p in zip(rubric.MARKERS, rubric.PRIMITIVES, strict=True))
_LEVELS = {word: level for level, word in enumerate(rubric.LEVELS)}
_LEVELS |= {str(level): level for level in range(len(rubric.LEVELS))}


class Unusable(msgspec.Struct, frozen=True):
    """An answer that gives no rating. `wrong` says what is wrong in our own words, never in the model's or a person's."""

    kind: Literal["refused", "filtered", "truncated", "unparseable"]
    wrong: str


class WrongError(Exception):
    """The object is not of the form asked for; the text says what is wrong, in our own words."""


Reader = Callable[[dict[str, Any], frozenset[int]], Parsed]
"""Makes sense of an answer's object, given the turns that may be cited; raises `WrongError`."""
_Answer = TypeVar("_Answer")


def read(
    text: str, turns: frozenset[int], reader: Callable[[dict[str, Any], frozenset[int]], _Answer]
) -> _Answer | Unusable:
    """What an answer says, or what is wrong with it (kind "unparseable").

    Args:
        text: The answer as it came.
        turns: Numbers of the turns that may be cited.
        reader: One of `joint`, `factor`, `primitive`, `evidence`, `domains` of this module, or of another kind of answer.
    """
    if len(text) > MOST_CHARS:
        return Unusable("unparseable", f"it is longer than {MOST_CHARS} characters")
    text = _without_thinking(text)
    wrong = "it holds no JSON object"
    answers: list[_Answer] = []
    for found in objects(text):
        try:
            answer = reader(_normal(found), turns)
        except WrongError as error:
            wrong = str(error)
            continue
        if answer not in answers:
            answers.append(answer)
    if len(answers) > 1:
        return Unusable("unparseable", "it holds several JSON objects that differ")
    return answers[0] if answers else Unusable("unparseable", wrong)


def _without_thinking(text: str) -> str:
    """What stands behind the last reasoning block; nothing where it was never closed: a draft in it is no answer."""
    found = list(_THINKING.finditer(text))
    if not found:
        return text
    return text[found[-1].end() :] if found[-1].group(1) else text[: found[0].start()]


def objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects at the top level of a text: the text itself where it is one, else each balanced one in it."""
    whole = _decoded(text)
    if isinstance(whole, dict):
        yield whole
        return
    for _, candidate in zip(range(_MOST_OBJECTS), _balanced(text), strict=False):
        value = _decoded(candidate)
        if isinstance(value, dict):
            yield value


def _decoded(text: str) -> object:
    try:
        return json.loads(text.strip().lstrip("\ufeff"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise ValueError("a key stands twice with different values")
        found[key] = value
    return found


def _balanced(text: str) -> Iterator[str]:
    """Each {...} at the outermost level, braces in strings not counted. One pass."""
    depth, start, quoted, skip = 0, 0, False, -1
    for match in _BOUNDS.finditer(text):
        at, mark = match.start(), match.group()
        if at == skip:
            continue
        if mark == "\\":
            skip = at + 1 if quoted else -1
        elif mark == '"':
            quoted = not quoted if depth else False  # quotation marks in a preface mean nothing
        elif not quoted and mark == "{":
            depth += 1
            start = at if depth == 1 else start
        elif not quoted and mark == "}" and depth:
            depth -= 1
            if depth == 0:
                yield text[start : at + 1]


def key_of(text: str) -> str:
    """A key or a code as an id: "Push-back" is "push_back"."""
    if text in _KEYS:
        return text
    return re.sub(r"[\s-]+", "_", text.strip().casefold())


def _normal(found: dict[str, Any]) -> dict[str, Any]:
    """Keys as ids; an object that is nothing but a wrapper around another is taken off."""
    if len(found) == 1:
        (only,) = found.values()
        if isinstance(only, dict) and key_of(next(iter(found))) not in rubric.CONSTRUCTS:
            found = only
    return _keyed({key: _keyed(value) if isinstance(value, dict) else value for key, value in found.items()})


def _keyed(found: dict[str, Any]) -> dict[str, Any]:
    keyed: dict[str, Any] = {}
    for key, value in found.items():
        name = key_of(key)
        if name in keyed and keyed[name] != value:
            raise WrongError("a key stands twice with different values")
        keyed[name] = value
    return keyed


def joint(found: dict[str, Any], turns: frozenset[int]) -> Parsed:
    """All constructs with levels, markers and domains."""
    parts = [_rated(construct, found.get(construct), turns) for construct in rubric.CONSTRUCTS]
    return _together(parts, actualized=_markers(found), domains=_known_domains(found.get("domains")))


def evidence(found: dict[str, Any], turns: frozenset[int]) -> Parsed:
    """Turns of each construct, and markers; no levels, so that every construct without a turn is `lacking`."""
    if not any(construct in found for construct in rubric.CONSTRUCTS):
        raise WrongError("it names no construct")
    parts = []
    for construct in rubric.CONSTRUCTS:
        entry = found.get(construct)
        cited, dropped = _cited(entry.get("turns") if isinstance(entry, dict) else entry, turns)
        marks = (f"citation_dropped:{construct}",) if dropped else ()
        parts.append(Parsed(evidence={construct: cited}, marks=marks, lacking=() if cited else (construct,)))
    return _together(parts, actualized=_markers(found))


def primitive(construct: str) -> Reader:
    """One primitive with its level and its marker."""
    marker = dict(zip(rubric.PRIMITIVES, rubric.MARKERS, strict=True))[construct]

    def reader(found: dict[str, Any], turns: frozenset[int]) -> Parsed:
        entry = _own(construct, found)
        return _together([_rated(construct, entry, turns)], actualized={marker: _answer(entry.get("actualized"))})

    return reader


def factor(construct: str) -> Reader:
    """One amplifying factor with its level."""

    def reader(found: dict[str, Any], turns: frozenset[int]) -> Parsed:
        return _rated(construct, _own(construct, found), turns)

    return reader


def domains(found: dict[str, Any], turns: frozenset[int]) -> Parsed:
    """The domains alone."""
    known = _known_domains(found.get("domains"))
    if not known:
        raise WrongError("it names no domain of the list under 'domains'")
    return Parsed(domains=known)


def _own(construct: str, found: dict[str, Any]) -> dict[str, Any]:
    inner = found.get(construct)
    return {**found, **inner} if isinstance(inner, dict) else found


def _together(parts: list[Parsed], **rest: Any) -> Parsed:
    return Parsed(
        levels={k: v for part in parts for k, v in part.levels.items()},
        evidence={k: v for part in parts for k, v in part.evidence.items()},
        marks=tuple(mark for part in parts for mark in part.marks),
        lacking=tuple(name for part in parts for name in part.lacking),
        **rest,
    )


def _rated(construct: str, entry: object, turns: frozenset[int]) -> Parsed:
    level = _level(entry.get("level") if isinstance(entry, dict) else entry)
    if level is None:
        raise WrongError(f"it gives no level of {construct} out of {', '.join(rubric.LEVELS)}")
    cited, dropped = _cited(entry.get("turns") if isinstance(entry, dict) else None, turns)
    return Parsed(
        levels={construct: level},
        evidence={construct: cited if level else []},
        marks=(f"citation_dropped:{construct}",) if dropped else (),
        lacking=(construct,) if level and not cited else (),
    )


def _level(said: object) -> int | None:
    if isinstance(said, str):
        return _LEVELS.get(said.strip().casefold())
    number = _number(said)
    return number if number in range(len(rubric.LEVELS)) else None


def _cited(given: object, turns: frozenset[int]) -> tuple[list[int], bool]:
    """The cited turns that exist, ascending, and whether something cited does not."""
    if given is None:
        return [], False
    entries = given[:_MOST_TURNS] if isinstance(given, list) else [given]
    kept: set[int] = set()
    dropped = False
    for entry in entries:
        number = _number(entry)
        if number is None or number not in turns:
            dropped = True
        else:
            kept.add(number)
    return sorted(kept), dropped


def _number(entry: object) -> int | None:
    if isinstance(entry, bool):
        return None
    if isinstance(entry, int):
        return entry
    if isinstance(entry, float):
        return int(entry) if entry.is_integer() else None
    text = entry.strip() if isinstance(entry, str) else ""
    return int(text) if len(text) < 10 and text.isascii() and text.isdigit() else None


def _answer(said: object) -> str:
    """A marker's answer. What is not clearly yes or no is unknown, the rubric's default."""
    if isinstance(said, bool):
        return "yes" if said else "no"
    text = str(said).strip().casefold()
    return text if text in ANSWERS else "unknown"


def _markers(found: dict[str, Any]) -> dict[str, str]:
    given = found.get("actualized")
    said = given if isinstance(given, dict) else {}
    return {marker: _answer(said.get(marker, said.get(name))) for marker, name in _MARKED}


@lru_cache(maxsize=1)
def _domain_ids() -> dict[str, str]:
    names = rubric.load().domains
    return {key_of(name): key for key, name in names.items()} | {key: key for key in names}


def _known_domains(given: object) -> tuple[str, ...]:
    entries = given[:_MOST_TURNS] if isinstance(given, list) else [given]
    ids = _domain_ids()
    found = (ids.get(entry) or ids.get(key_of(entry)) for entry in entries if isinstance(entry, str))
    return tuple(dict.fromkeys(domain for domain in found if domain))
