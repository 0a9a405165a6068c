"""Facets without a language model: codes by phrases, and a description put together from them, marked as such.

Phrases know no irony and no context. What they find is a first sorting of flagged conversations, no reading of them;
docs/patterns.md shows how often a code is right.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfrule import rubric
from selfrule.embedded import Model, load
from selfrule.embedded.lexicon import Lexicon, packaged
from selfrule.embedded.text import Vocabulary, ngram_hashes, read
from selfrule.records import Conversation, Facet, Rating, Turn
from selfrule.rubric import FACTORS, FLAGGED_FROM, LEVELS, PRIMITIVES
from selfrule.rubric.codes import Dimension, codes

VERSION = "1.1"
_SHARE_OF_TOP = 0.34  # of the commonest code's phrases: a code with fewer beside it is chance
_SHIFT = 0.35  # summed expected levels by which two halves must differ to be a course
_LEAST_TURNS = 6
_MOST_WORDS_KEPT = 200_000
_FORM_CHARS = 20_000  # of a turn
# what shows in any language: words put ready between quotation marks, numbered steps, figures in percent
_FORMS = {
    "action_mechanism:complete_scripting": re.compile(r"[:：,。]\s*[\"“„«「『][^\"”“»」』\n]{8}"),
    "action_mechanism:action_planning": re.compile(r"^\s*[1１][.)、．][^\n]*\n\s*[2２][.)、．]", re.MULTILINE),
    "reality_mechanism:false_precision": re.compile(r"\d\s*[%％]"),
}


class EmbeddedFacets:
    """Codes and a templated description of flagged conversations: no network, no language model.

    `label` is version and hash of the phrases ("embedded-facets-1.0@0123abcd").
    """

    def __init__(self, model: Model | None = None) -> None:
        self._model = model if model is not None else load()
        self._phrases = _phrases()
        self._vocabulary = Vocabulary()
        self._rubric = rubric.load().label
        self._place = {cue.id: i for i, cue in enumerate(self._phrases.own.cues)}
        self.label = f"embedded-facets-{VERSION}@{self._phrases.digest}"

    def facet(self, conversation: Conversation, rating: Rating) -> Facet:
        """The codes and the description of one flagged conversation.

        Args:
            conversation: With its turns.
            rating: Its rating, by any judge: it says about which constructs to ask.

        Returns:
            A facet of status "described". A dimension in which no phrase was found is absent, for that is not "none".
        """
        found = self._codes(conversation.turns, rating)
        return Facet(
            conversation_id=conversation.conversation_id,
            content_hash=conversation.content_hash,
            status="described",
            judge=self.label,
            rubric=self._rubric,
            description=templated(found, rating.levels, rating.domains),
            codes=found,
            templated=True,
        )

    def _codes(self, turns: Sequence[Turn], rating: Rating) -> dict[str, list[str]]:
        counts = self._counts(turns)
        about = set(rating.domains)
        found: dict[str, list[str]] = {}
        for dimension in codes():
            if dimension.id == "trajectory" or not asked(dimension, rating.levels):
                continue
            got = {c: counts[self._place[f"{dimension.id}:{c}"]] for c in dimension.codes
                   if f"{dimension.id}:{c}" in self._place}  # fmt: skip
            top = max(got.values())
            by_domain = [c for c in got if not top and about & self._phrases.domains.get(f"{dimension.id}:{c}", set())]
            if by_domain:
                found[dimension.id] = by_domain
            elif top > 0:
                kept = sorted((c for c, n in got.items() if n >= max(1.0, _SHARE_OF_TOP * top)), key=lambda c: -got[c])
                found[dimension.id] = kept[:1] if dimension.one else kept
            elif dimension.id == "support":
                found[dimension.id] = ["unknown"]
        course = self._course(turns)
        if course is not None:
            found["trajectory"] = [course]
        return found

    def _counts(self, turns: Sequence[Turn]) -> NDArray[np.float64]:
        """In how many turns each code's phrases, or forms, stand; shape (cues,)."""
        if len(self._vocabulary) > _MOST_WORDS_KEPT:
            self._vocabulary = Vocabulary()
        known = self._phrases
        tokens = read(turns, self._vocabulary)
        if not len(tokens.words):
            return np.zeros(len(known.own.cues))
        longest = max(known.own.longest, known.shared.longest)
        runs = ngram_hashes(self._vocabulary.hashes[tokens.words], tokens.turn, longest)
        there = known.own.counts(runs, tokens.turn, tokens.side) > 0
        shared = known.shared.counts(runs, tokens.turn, tokens.side) > 0
        for place, others in known.also.items():
            there[:, place] |= shared[:, others].any(axis=1)
        counts = np.asarray(there.sum(axis=0), np.float64)
        for identity, form in _FORMS.items():
            seen = sum(turn.role == "assistant" and form.search(turn.text[:_FORM_CHARS]) is not None for turn in turns)
            counts[self._place[identity]] = max(counts[self._place[identity]], seen)
        return counts

    def _course(self, turns: Sequence[Turn]) -> str | None:
        """Whether the primitives are rated higher in the second half than in the first; None for what is too short to tell."""
        said = [turn for turn in turns if turn.role in ("user", "assistant") and turn.text.strip()]
        if len(said) < _LEAST_TURNS:
            return None
        half = len(said) // 2
        first, second = (self._expected(part) for part in (said[:half], said[half:]))
        if first is None or second is None:
            return None
        return "escalating" if second - first > _SHIFT else "de_escalating" if first - second > _SHIFT else "stable"

    def _expected(self, turns: Sequence[Turn]) -> float | None:
        """Expected levels of the primitives, summed."""
        made = self._model.analyse(turns)
        if made.status != "rated":
            return None
        return float(sum(level * p for c in PRIMITIVES for level, p in enumerate(made.probabilities[c])))


def asked(dimension: Dimension, levels: dict[str, int | None]) -> bool:
    """Whether a dimension is asked about a conversation: its primitive is flagged, its factor present, or it is of all."""
    if dimension.of == "all":
        return True
    least = 1 if dimension.of in FACTORS else FLAGGED_FROM
    return (levels.get(dimension.of) or 0) >= least


def templated(found: dict[str, list[str]], levels: dict[str, int | None], domains: Sequence[str]) -> str:
    """A description made of the names of codes, levels and domains alone, so that it can hold nothing of a conversation.

    Example:
        >>> templated({"behaviour": ["push_back"]}, {"action_distortion": 2}, ["legal"])
        'Action distortion, moderate. What the person did: push-back. In: Legal.'
    """
    wording = rubric.load()
    said = [
        f"{wording.name(c)}, {LEVELS[level]}."
        for c in rubric.CONSTRUCTS
        if (level := levels.get(c) or 0) >= FLAGGED_FROM
    ]
    for dimension in codes():
        names = [dimension.codes[code] for code in found.get(dimension.id, []) if code in dimension.codes]
        if names and names != ["unknown"]:
            said.append(f"{dimension.name}: {', '.join(names)}.")
    named = [wording.domains[d] for d in domains if d in wording.domains]
    if named:
        said.append(f"In: {', '.join(named)}.")
    return " ".join(said)


class _Phrases(NamedTuple):
    """The codes' own phrases; the embedded judge's cues, and which of them show a code too; domains that stand for a code."""

    own: Lexicon
    shared: Lexicon
    also: dict[int, list[int]]
    domains: dict[str, set[str]]
    digest: str


@lru_cache(maxsize=1)
def _phrases() -> _Phrases:
    folder = resources.files("selfrule.judges")
    source, more = ((folder / name).read_bytes() for name in ("facets.toml", "facets_more.toml"))
    own, shared = Lexicon(source, more), packaged()
    cues = tomllib.loads(source.decode("utf-8"))["cue"]
    place = {cue.id: number for number, cue in enumerate(shared.cues)}
    also = {number: [place[one] for one in cue["also"]] for number, cue in enumerate(cues) if "also" in cue}
    domains = {cue["id"]: set(cue["domains"]) for cue in cues if "domains" in cue}
    return _Phrases(own, shared, also, domains, hashlib.blake2b(source + more, digest_size=4).hexdigest())
