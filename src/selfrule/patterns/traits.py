"""What conversations have in common or not, in words: their constructs, codes and domains, as names and claims speak of them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Literal

import msgspec
import numpy as np

from selfrule import rubric
from selfrule.patterns.members import Mask, Members
from selfrule.rubric import PRIMITIVES

_DOMAINS = {
    "personal_relationships_social": "personal relationships and social life",
    "science_ai_technology": "science, AI and technology",
}
"""Where the rubric's name of a domain would not stand well in a sentence."""

_OWN = (
    "was rated moderate or severe",
    "and not severe",
    "the rating",
    "the topic was",
    "kind not shown",
    "in nearly all where it could be told",
    "most, about half, half or more",
)

Part = Literal["lead", "matter", "more", "construct", "domain", "level"]


class Phrase(msgspec.Struct, frozen=True):
    """How one code is spoken of: in a name, and behind "In most, "."""

    name: str
    claim: str


class Spoken(msgspec.Struct, frozen=True):
    """How the codes of a dimension are spoken of, and where in a name they stand."""

    part: Literal["lead", "matter", "more"]
    codes: dict[str, Phrase]


@lru_cache(maxsize=1)
def phrases() -> dict[str, Spoken]:
    """The words for every code, by dimension."""
    raw = tomllib.loads((resources.files("selfrule.patterns") / "phrases.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw, dict[str, Spoken])


@dataclass(frozen=True)
class Saying:
    """Something that a conversation has or has not, in words.

    Attributes:
        of: The dimension, "constructs", "domains" or "level": what it is one answer of several to.
        id: Which answer: a code, a construct, a domain, a level.
        part: Its place in a name.
        name: As it stands in a name.
        claim: As it stands behind "In most, ".
    """

    of: str
    id: str
    part: Part
    name: str
    claim: str


@dataclass(frozen=True)
class Trait(Saying):
    """A saying, and of whom it holds.

    Attributes:
        has: Which conversations have it; shape (n,).
        asked: Of which it could be told; elsewhere `has` is not "no"; shape (n,).
    """

    has: Mask
    asked: Mask

    @cached_property
    def overall(self) -> float:
        """Share of all conversations of which it could be told that have it; never quite 0 or 1."""
        has = np.count_nonzero(self.has & self.asked)
        return (has + 1) / (np.count_nonzero(self.asked) + 2)


@lru_cache(maxsize=1)
def vocabulary() -> frozenset[str]:
    """Every word, in lower case, that names and claims by codes are made of: none of them comes from a conversation."""
    wording = rubric.load()
    texts = [text for spoken in phrases().values() for one in spoken.codes.values() for text in (one.name, one.claim)]
    texts += [*_DOMAINS.values(), *wording.domains.values(), *map(wording.name, PRIMITIVES), *_OWN]
    return frozenset(word.lower() for text in texts for word in re.findall(r"[^\W\d_]+", text))


def _topic(domain: str) -> str:
    return _DOMAINS.get(domain) or rubric.load().domains.get(domain, domain).lower().replace(" & ", " and ")


@lru_cache(maxsize=1)
def sayings() -> dict[tuple[str, str], Saying]:
    """Every saying by what it is of and its id: constructs, severity, codes, domains."""
    wording = rubric.load()
    found = []
    for primitive in PRIMITIVES:
        name = wording.name(primitive)
        claim = f"{name.lower()} was rated moderate or severe"
        found.append(Saying("constructs", primitive, "construct", name, claim))
    found.append(Saying("level", "severe", "level", "severe", "the rating was severe"))
    found.append(Saying("level", "moderate", "level", "moderate", "the rating was moderate and not severe"))
    for dimension, spoken in phrases().items():
        for code, words in spoken.codes.items():
            if code not in {"unknown", "other"}:  # these say what could not be told
                found.append(Saying(dimension, code, spoken.part, words.name, words.claim))
    for domain in wording.domains:
        if domain != "other":
            name = _topic(domain)
            found.append(Saying("domains", domain, "domain", f"in {name}", f"the topic was {name}"))
    return {(one.of, one.id): one for one in found}


def traits(members: Members) -> list[Trait]:
    """Every trait that names and claims are made of, in the order of `sayings`."""
    everyone = np.ones(len(members), np.bool_)
    found: dict[tuple[str, str], tuple[Mask, Mask]] = {
        ("level", "severe"): (members.severe, everyone),
        ("level", "moderate"): (~members.severe, everyone),
    }
    for i, primitive in enumerate(PRIMITIVES):
        found["constructs", primitive] = members.reached[:, i], everyone
    for dimension, coded in members.codes.items():
        for i, code in enumerate(coded.names):
            found[dimension, code] = coded.has[:, i], coded.answered
    for i, domain in enumerate(members.domain_names):
        found["domains", domain] = members.domains[:, i], everyone
    return [
        Trait(one.of, one.id, one.part, one.name, one.claim, *found[key])
        for key, one in sayings().items()
        if key in found
    ]
