"""What conversations have in common or not, in words: their constructs, codes and domains, as names and claims speak of them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule import rubric
from selfrule.patterns.members import Mask, Members
from selfrule.rubric import PRIMITIVES
from selfrule.rubric.codes import codes

_DOMAINS = {
    "personal_relationships_social": "personal relationships and social life",
    "science_ai_technology": "science, AI and technology",
}
"""Where the rubric's name of a domain would not stand well in a sentence."""

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
class Trait:
    """Something that a conversation has or has not.

    Attributes:
        of: The dimension, "construct", "domain" or "level": what it is one answer of several to.
        part: Its place in a name.
        name: As it stands in a name.
        claim: As it stands behind "In most, ".
        has: Which conversations have it; shape (n,).
        asked: Of which it could be told; elsewhere `has` is not "no"; shape (n,).
    """

    of: str
    part: Part
    name: str
    claim: str
    has: Mask
    asked: Mask

    @cached_property
    def overall(self) -> float:
        """Share of all conversations of which it could be told that have it; never quite 0 or 1."""
        has = np.count_nonzero(self.has & self.asked)
        return (has + 1) / (np.count_nonzero(self.asked) + 2)


def traits(members: Members) -> list[Trait]:
    """Every trait that names and claims are made of: constructs, severity, codes, domains."""
    wording = rubric.load()
    everyone = np.ones(len(members), np.bool_)

    def sure(of: str, part: Part, name: str, claim: str, has: NDArray[np.bool_]) -> Trait:
        return Trait(of, part, name, claim, has, everyone)

    found = []
    for i, primitive in enumerate(PRIMITIVES):
        name = wording.name(primitive)
        claim = f"{name.lower()} was rated moderate or severe"
        found.append(sure("construct", "construct", name, claim, members.reached[:, i]))
    found.append(sure("level", "level", "severe", "the rating was severe", members.severe))
    found.append(sure("level", "level", "moderate", "the rating was moderate and not severe", ~members.severe))
    for dimension in codes():
        coded = members.codes.get(dimension.id)
        if coded is None:
            continue
        spoken = phrases()[dimension.id]
        for i, code in enumerate(coded.names):
            # "unknown" and "other" say what could not be told
            if code in spoken.codes and code not in {"unknown", "other"}:
                words = spoken.codes[code]
                found.append(Trait(dimension.id, spoken.part, words.name, words.claim, coded.has[:, i], coded.answered))
    for i, domain in enumerate(members.domain_names):
        if domain != "other":
            name = _DOMAINS.get(domain) or wording.domains.get(domain, domain).lower().replace(" & ", " and ")
            found.append(sure("domain", "domain", f"in {name}", f"the topic was {name}", members.domains[:, i]))
    return found
