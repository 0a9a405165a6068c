"""Names and summaries without a language model: from what members have in common and others have not, by their codes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfrule.patterns.assemble import Named, Node, Rows
from selfrule.patterns.records import Claim
from selfrule.patterns.traits import Part, Trait
from selfrule.patterns.words import KEPT_FROM, sentence

BY = "terms"
VERSION = 3
"""Of names and claims: a change makes a study's anew."""

MOST_CLAIMS = 5
_OF_ONE = 2  # claims that are answers to one question, at most
_OF_MEMBERS = 0.3  # members that must have a trait for it to stand in a name, where it could be told of few
_LIFT = 1.2  # how many times as common as in all flagged conversations a trait must be to say how it went


@dataclass(frozen=True)
class Shown:
    """How many of some members show a trait, of how many it could be told, and how much that sets them apart."""

    trait: Trait
    shown: int
    asked: int
    members: int
    lift: float

    @property
    def share(self) -> float:
        """Of those of whom it could be told."""
        return self.shown / self.asked

    @property
    def score(self) -> float:
        """Share times the logarithm of how many times as common it is among them as among all: what each adds to the
        divergence of Kullback and Leibler.
        """
        return self.share * math.log(max(self.lift, 1e-9))

    @property
    def fits_name(self) -> bool:
        """Whether at least half of those of whom it could be told show it, and they are not few."""
        return self.share >= KEPT_FROM and self.shown >= _OF_MEMBERS * self.members


def shown(rows: Rows, known: Sequence[Trait], beside: Rows | None = None) -> list[Shown]:
    """Every trait that some of the members show, what sets them apart first.

    Args:
        rows: The members.
        known: Traits of all conversations.
        beside: Whom they are set apart from, with themselves; all flagged conversations unless told.
    """
    found = []
    for trait in known:
        asked = int(np.count_nonzero(trait.asked[rows]))
        has = int(np.count_nonzero(trait.has[rows] & trait.asked[rows]))
        if not has:
            continue
        overall = trait.overall if beside is None else _overall(trait, beside)
        found.append(Shown(trait, has, asked, len(rows), has / asked / overall))
    return sorted(found, key=lambda one: (-one.score, -one.share, one.trait.name))


def _overall(trait: Trait, rows: Rows) -> float:
    has = np.count_nonzero(trait.has[rows] & trait.asked[rows])
    return (has + 1) / (np.count_nonzero(trait.asked[rows]) + 2)


def by_traits(node: Node, known: Sequence[Trait]) -> Named:
    """A name of what sets the members apart, and claims of what at least half of them show."""
    found = shown(node.rows, known)
    return Named(_name(found), claims(found), BY)


def claims(found: Sequence[Shown]) -> list[Claim]:
    """Up to five sentences on what at least half of the members show, what sets them apart first; counts are exact."""
    made: list[Claim] = []
    used: dict[str, int] = {}
    for one in found:
        # what could be told of few says little of all
        if 2 * one.asked < one.members or used.get(one.trait.of, 0) >= _OF_ONE:
            continue
        text = sentence(one.trait.claim, one.shown, one.asked, one.members)
        if text is not None:
            used[one.trait.of] = used.get(one.trait.of, 0) + 1
            made.append(Claim(text=text, shown=one.shown, checked=one.asked))
    return made[:MOST_CLAIMS]


def _name(found: Sequence[Shown]) -> str:
    """What happens, then about or in what, then how it goes; never only how it goes."""

    def best(*parts: Part, of: str = "") -> Shown | None:
        return next(
            (s for s in found if s.trait.part in parts and s.fits_name and s.trait.of.startswith(of)),
            None,
        )

    lead = best("lead") or best("construct")
    if lead is None:  # no construct of half of them: the commonest, which every flagged conversation has one of
        common = [s for s in found if s.trait.part == "construct"]
        lead = max(common, key=lambda s: s.shown, default=None)
    family = "" if lead is None else lead.trait.of.partition("_")[0]
    matter = (best("matter", of=family) if family else None) or best("domain") or best("matter")
    more = best("more")
    words = [lead.trait.name if lead else "Of several kinds", *([matter.trait.name] if matter else [])]
    name = " ".join(words)
    return f"{name}, {more.trait.name}" if more is not None and more.lift >= _LIFT else name


def told_apart(tree: Sequence[Node], named: Sequence[Named], known: Sequence[Trait]) -> list[Named]:
    """The same, where no two have one name: what sets those of one name apart from each other is added, then numbers."""
    made = list(named)
    for _ in range(2):
        for same in _alike(made):
            inside = [tree[i] for i in same]
            together = np.unique(np.concatenate([node.rows for node in inside]))
            for i in same:
                if any(other.id.startswith(f"{tree[i].id}.") for other in inside):
                    continue  # a group keeps the name that a part of it is told apart from
                extra = next(
                    (
                        one.trait.name
                        for one in shown(tree[i].rows, known, together)
                        if one.fits_name and one.lift > 1 and one.trait.name.lower() not in made[i].name.lower()
                    ),
                    None,
                )
                if extra is not None:
                    made[i] = _renamed(made[i], f"{made[i].name}, {extra[:1].lower()}{extra[1:]}")
    taken = {one.name for one in made}
    for same in _alike(made):
        number = 1
        for i in same[1:]:
            while (name := f"{made[i].name} ({number + 1})") in taken:
                number += 1
            taken.add(name)
            made[i] = _renamed(made[i], name)
    return made


def _alike(named: Sequence[Named]) -> list[list[int]]:
    found: dict[str, list[int]] = {}
    for i, one in enumerate(named):
        found.setdefault(one.name, []).append(i)
    return [same for same in found.values() if len(same) > 1]


def _renamed(one: Named, name: str) -> Named:
    return Named(name, one.claims, one.by)
