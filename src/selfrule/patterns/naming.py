"""Names and summaries without a language model: from what members have in common and others have not, by their codes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule import rubric
from selfrule.patterns.assemble import Named, Node
from selfrule.patterns.members import Members
from selfrule.patterns.records import Claim
from selfrule.rubric import PRIMITIVES
from selfrule.rubric.codes import codes

BY = "terms"
VERSION = 2  # of names and claims: a change makes them anew
MOST_CLAIMS = 5
_NAMED_BY = 3
WORDS: tuple[tuple[float, str], ...] = ((0.9, "Nearly all"), (0.5, "Most"), (0.3, "Many"))
"""The share from which a claim may use a word; below the last nothing is claimed."""


@dataclass(frozen=True)
class Trait:
    """Something that a conversation has or has not, with words for it."""

    short: str
    said: str
    has: NDArray[np.bool_]
    asked: NDArray[np.bool_]


def traits(members: Members) -> list[Trait]:
    """Every trait that names and claims are made of: constructs, codes, domains."""
    wording = rubric.load()
    n = len(members)
    everyone = np.ones(n, np.bool_)
    found = [
        Trait(
            wording.name(p).lower(),
            f"were rated moderate or above on {wording.name(p).lower()}",
            members.reached[:, i],
            everyone,
        )
        for i, p in enumerate(PRIMITIVES)
    ]
    for dimension in codes():
        coded = members.codes.get(dimension.id)
        for i, code in enumerate(coded.names if coded else ()):
            assert coded is not None
            if code not in {"unknown", "other"} and code in dimension.codes:
                name = dimension.codes[code]
                found.append(
                    Trait(name, f"were coded: {dimension.name.lower()}: {name}", coded.has[:, i], coded.answered)
                )
    for i, domain in enumerate(members.domain_names):
        name = wording.domains.get(domain, domain)
        found.append(Trait(name, f"were about {name}", members.domains[:, i], everyone))
    return found


def by_traits(node: Node, known: list[Trait]) -> Named:
    """A name of up to three traits that set the members apart, and claims of what many of them show."""
    rows = node.rows
    scored = []
    for trait in known:
        asked = trait.asked[rows]
        n = int(np.count_nonzero(asked))
        shown = int(np.count_nonzero(trait.has[rows] & asked))
        if 2 * n < len(rows) or not shown:
            continue  # what was asked of few says little of all
        inside = shown / n
        overall = (np.count_nonzero(trait.has & trait.asked) + 1) / (np.count_nonzero(trait.asked) + 2)
        scored.append((inside * math.log(max(inside / overall, 1e-9)), inside, shown, n, trait))
    scored.sort(key=lambda one: (-one[0], -one[1], one[4].short))
    best = [one for one in scored if one[1] >= WORDS[-1][0]]
    named = [one[4].short for one in best[:_NAMED_BY]]
    claims = [
        Claim(text=f"{_word(inside)} {trait.said}.", shown=shown, checked=n)
        for _, inside, shown, n, trait in best[:MOST_CLAIMS]
    ]
    name = "; ".join(named) if named else "mixed"
    return Named(name[:1].upper() + name[1:], claims, BY)


def _word(share: float) -> str:
    return next(word for least, word in WORDS if share >= least)
