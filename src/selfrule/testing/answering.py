"""Answers: the embedded judge reads the conversation in the request, and the answer fits whatever schema was asked for."""

from __future__ import annotations

import hashlib
import math
import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from selfrule import embedded, rubric
from selfrule.clients.types import Token
from selfrule.embedded import Analysis
from selfrule.judges import container, schema
from selfrule.records import Turn
from selfrule.rubric import CONSTRUCTS, LEVELS, MARKERS, PRIMITIVES
from selfrule.testing import describing, naming
from selfrule.testing.questions import Question, Said, TroubleError

Answers = Literal["embedded", "none", "fast"]
"""From the embedded judge; or level none for everything; or the same, made once for each schema, for throughput."""

_KEPT = 4096
_MOST_DEPTH = 16
_NO_TOKENS = (Token("The", -0.1), Token("I", -2.6), Token("0", -6.0))
_LETTERED = re.compile(r"^\W*([A-Z])\b\W{1,3}([a-z_]+|[A-Z][^\n:(]*)", re.MULTILINE)
_ABOVE = re.compile(r"^(\w+): (?:mild|moderate|severe)$", re.MULTILINE)  # levels that a question states as given
_REFUSAL = "I'm sorry, but I can't help with rating this conversation."


class View(msgspec.Struct, frozen=True):
    """What is to be said of one conversation: levels and cited turns, markers, domains, probabilities by construct.

    `some` is a turn that is there, for a level that somebody else gave.
    """

    levels: dict[str, int]
    turns: dict[str, list[int]]
    actualized: dict[str, str]
    domains: list[str]
    probabilities: dict[str, list[float]]
    some: tuple[int, ...] = ()


NOTHING = View(dict.fromkeys(CONSTRUCTS, 0), {}, {}, ["other"], {c: [0.85, 0.1, 0.04, 0.01] for c in CONSTRUCTS})


class Answerer:
    """Says what a model might say. Conversations and schemas seen lately are remembered, so that asking again is cheap."""

    def __init__(self, answers: Answers = "embedded") -> None:
        self.answers = answers
        self._views: OrderedDict[bytes, View] = OrderedDict()
        self._fast: dict[tuple[str, bytes], str] = {}

    def say(self, question: Question, fault: str | None = None) -> Said:
        """The answer to a question, spoilt by a fault of `faults.CONTENT` where one is named."""
        if fault == "refusal":
            return Said("", "refusal")
        if fault == "filter":
            return Said("", "filter")
        if fault == "empty":
            return Said("")
        if fault == "refusal-text":
            return Said(_REFUSAL, first=_NO_TOKENS if question.top else ())
        if question.top:
            return self._token(question, fault)
        if fault == "schema":
            return Said('{"verdict": "fine", "score": 7}')
        text = self._text(question, fault)
        if fault == "truncated":
            return Said(text[: len(text) // 2], "length")
        if fault == "badcontent":
            return Said(text[:-2].replace(":", "=", 1))
        if question.most is not None and len(text) > 4 * question.most:
            return Said(text[: 4 * question.most], "length")
        return Said(text)

    def _text(self, question: Question, fault: str | None) -> str:
        if self.answers == "fast" and fault is None:
            known = (question.schema_name, question.schema_key)
            if known not in self._fast:
                if len(self._fast) >= _KEPT:
                    self._fast.clear()
                self._fast[known] = self._written(question, NOTHING)
            return self._fast[known]
        answer = self._written(question, self._view(question))
        if fault == "quoting" and describing.wanted(question):
            return msgspec.json.encode(describing.quoting(question, msgspec.json.decode(answer))).decode()
        if fault == "quoting" and naming.asked(question):
            return msgspec.json.encode(naming.said(question, copying=True)).decode()
        if question.schema is None or fault not in ("no-evidence", "made-up"):
            return answer
        cited = [] if fault == "no-evidence" else [9_999_991, 9_999_992]
        return msgspec.json.encode(_with_turns(msgspec.json.decode(answer), cited)).decode()

    @staticmethod
    def _written(question: Question, view: View) -> str:
        if question.schema is None:
            flagged = max(view.levels[p] for p in PRIMITIVES) >= rubric.FLAGGED_FROM
            return f"I have read the whole conversation.\n\nANSWER: {'yes' if flagged else 'no'}"
        if describing.wanted(question):
            return msgspec.json.encode(describing.facet(question)).decode()
        if naming.asked(question):
            return msgspec.json.encode(naming.said(question)).decode()
        about = _construct(question.schema_name) or _construct(question.ask)
        above = frozenset(_ABOVE.findall(question.ask))
        try:
            answer = _Filler(view, question.schema, above).fill(question.schema, "", about, 0)
        except (AttributeError, IndexError, KeyError, TypeError):  # a schema that is none: whatever it trips over
            raise TroubleError("invalid", "Invalid schema: it cannot be followed.") from None
        return msgspec.json.encode(answer).decode()

    def _view(self, question: Question) -> View:
        if self.answers != "embedded":
            return NOTHING
        text = "\n".join(question.texts)
        mark = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
        if mark not in self._views:
            self._views[mark] = _read(text)
            if len(self._views) > _KEPT:
                self._views.popitem(last=False)
        return self._views[mark]

    def _token(self, question: Question, fault: str | None) -> Said:
        """One token out of those asked about: a digit for a construct's level, a letter for a domain."""
        if fault is not None:
            return Said("The", "length", _NO_TOKENS[: question.top])
        view = self._view(question)
        about = _construct(question.ask)
        letters = _letters(question.ask) if about is None else {}
        if letters:
            by_domain = {domain: letter for letter, domain in letters.items()}
            likely = [by_domain[domain] for domain in view.domains if domain in by_domain] or [max(letters)]
            chances = {letter: 0.03 / len(letters) for letter in letters}
            for rank, letter in enumerate(likely):
                chances[letter] += (0.6, 0.3, 0.1)[min(rank, 2)]
        else:
            chances = dict(zip("0123", view.probabilities[about or CONSTRUCTS[0]], strict=True))
        total = sum(chances.values()) / 0.98  # a little of the mass lies elsewhere, as it does with real models
        found = [Token(text, math.log(max(p / total, 1e-9))) for text, p in chances.items()]
        found.sort(key=lambda token: -token.logprob)
        return Said(found[0].text, "length", tuple(found[: question.top]))


class _Filler:
    """Fills a JSON schema from a view; what the view knows nothing of gets the least value that is valid."""

    def __init__(self, view: View, root: dict[str, Any], above: frozenset[str]) -> None:
        self.view = view
        self.root = root
        self.above = above

    def fill(self, form: dict[str, Any], key: str, about: str | None, depth: int) -> Any:
        """A value for `form`, which stands under `key`, inside what is about the construct `about`."""
        if depth > _MOST_DEPTH:
            return None
        if "$ref" in form:
            named = form["$ref"].rsplit("/", 1)[-1]
            return self.fill(self.root.get("$defs", {}).get(named, {}), key, about, depth + 1)
        if form.get("anyOf"):
            return self.fill(form["anyOf"][0], key, about, depth + 1)
        if "const" in form:
            return form["const"]
        kind = form.get("type")
        if isinstance(kind, list):
            kind = kind[0]
        if "enum" in form:
            wanted = self._word(key, about)
            return wanted if wanted in form["enum"] else form["enum"][0]
        if kind == "object":
            parts = form.get("properties", {})
            return {name: self.fill(part, name, _construct(name) or about, depth + 1) for name, part in parts.items()}
        if kind == "array":
            return self._list(form.get("items", {}), key, about)
        if kind in ("integer", "number"):
            level = self.view.levels.get(about or "", 0) if key == "level" else 0
            return max(level, form.get("minimum", level))
        return {"string": "", "boolean": False}.get(str(kind))

    def _word(self, key: str, about: str | None) -> str | None:
        if key == "level" or key in CONSTRUCTS:
            return LEVELS[self.view.levels[about]] if about else None
        if key in MARKERS:
            return self.view.actualized.get(key, "unknown")
        if key == "actualized" and about in PRIMITIVES:
            return self.view.actualized.get(MARKERS[PRIMITIVES.index(about)], "unknown")
        return None

    def _list(self, items: dict[str, Any], key: str, about: str | None) -> list[Any]:
        if key == "domains" and items.get("type") == "string":
            return [domain for domain in self.view.domains if domain in items.get("enum", self.view.domains)]
        if items.get("type") == "integer" and about:
            return self.view.turns.get(about) or [*self.view.some[: about in self.above]]
        return []


def _read(text: str) -> View:
    try:
        found = container.unpack(text)
    except ValueError:
        return NOTHING
    analysis: Analysis = embedded.load().analyse([Turn(piece.role, piece.text) for piece in found])
    if analysis.status != "rated":
        return NOTHING
    turns = {c: sorted({found[at].index for at in cited}) for c, cited in analysis.evidence.items()}
    some = (found[0].index,)
    return View(analysis.levels, turns, analysis.actualized, analysis.domains, analysis.probabilities, some)


def _with_turns(value: Any, cited: list[int]) -> Any:
    """The answer with every level above none (made so where none is), and `cited` for the turns it rests on."""
    if not isinstance(value, dict):
        return value
    changed = {name: _with_turns(part, cited) for name, part in value.items()}
    if "turns" in value:
        changed["turns"] = cited
        if value.get("level") == LEVELS[0]:
            changed["level"] = LEVELS[1]
    return changed


def _construct(text: str) -> str | None:
    """The construct that a name or a question is about: as our own questions say it, else the one named first."""
    found = schema.construct_asked(text) or _first(text, CONSTRUCTS)
    if found is None and text:
        names = {entry.name.lower(): entry.id for entry in rubric.load().constructs}
        name = _first(text.lower(), tuple(names))
        found = names[name] if name else None
    return found


def _first(text: str, words: Sequence[str]) -> str | None:
    places = [(text.find(word), word) for word in words]
    return min(((at, word) for at, word in places if at >= 0), default=(0, None))[1]


def _letters(ask: str) -> dict[str, str]:
    """The domains by letter, as a question lists them."""
    domains = rubric.load().domains
    named = {name.lower(): domain for domain, name in domains.items()} | {domain: domain for domain in domains}
    found = {letter: named.get(name.strip().lower()) for letter, name in _LETTERED.findall(ask)}
    return {letter: domain for letter, domain in found.items() if domain is not None}
