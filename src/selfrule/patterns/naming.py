"""Names and summaries without a language model: from what members have in common and others have not, by their codes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from selfrule.patterns.assemble import Named, Node, Rows
from selfrule.patterns.records import Claim, Pattern
from selfrule.patterns.traits import Saying, Trait, sayings
from selfrule.patterns.words import KEPT_FROM, sentence

BY = "terms"
VERSION = 7
"""Of names and claims: a change makes a study's anew."""

UNTOLD = "Kind not shown"
"""A name where no share that a name could be made of was released."""

MOST_CLAIMS = 5
_OF_ONE = 2  # claims that are answers to one question, at most
_ENOUGH, _APART = 2, 1.05  # claims after which only what is more common among them than among all is claimed
_OF_MEMBERS = 0.3  # members that must have a trait for it to stand in a name, where it could be told of few
_LIFT = 1.2  # how many times as common as in all flagged conversations a trait must be to say how it went


@dataclass(frozen=True)
class Shown:
    """How many of some members show something, of how many it could be told, and how much that sets them apart."""

    saying: Saying
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


def _sorted(found: Iterable[Shown]) -> list[Shown]:
    """What sets them apart first."""
    return sorted(found, key=lambda one: (-one.score, -one.share, one.saying.name))


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
        if has:
            overall = trait.overall if beside is None else _overall(trait, beside)
            found.append(Shown(trait, has, asked, len(rows), has / asked / overall))
    return _sorted(found)


def _overall(trait: Trait, rows: Rows) -> float:
    has = np.count_nonzero(trait.has[rows] & trait.asked[rows])
    return (has + 1) / (np.count_nonzero(trait.asked[rows]) + 2)


def by_traits(node: Node, known: Sequence[Trait]) -> Named:
    """A name of what sets the members apart, and claims of what at least half of them show."""
    found = shown(node.rows, known)
    return Named(name_of(found), claims(found), BY)


def claims(found: Sequence[Shown]) -> list[Claim]:
    """Up to five sentences on what at least half of the members show, what sets them apart first; counts are exact."""
    made: list[Claim] = []
    used: dict[str, int] = {}
    for one in found:
        # what could be told of few says little of all, and what is as common everywhere little of these
        if 2 * one.asked < one.members or used.get(one.saying.of, 0) >= _OF_ONE:
            continue
        if len(made) >= _ENOUGH and one.lift < _APART:
            break
        text = sentence(one.saying.claim, one.shown, one.asked, one.members)
        if text is not None:
            used[one.saying.of] = used.get(one.saying.of, 0) + 1
            made.append(Claim(text=text, shown=one.shown, checked=one.asked))
    return made[:MOST_CLAIMS]


def name_of(found: Sequence[Shown]) -> str:
    """What happens, then about or in what, then how it goes; never only how it goes."""

    def best(part: str, of: str = "") -> Shown | None:
        return next((s for s in found if s.saying.part == part and s.fits_name and s.saying.of.startswith(of)), None)

    lead = best("lead") or best("construct")
    if lead is None:  # no construct of half of them: the commonest, for every flagged conversation has one
        lead = max((s for s in found if s.saying.part == "construct"), key=lambda s: s.shown, default=None)
    family = "" if lead is None else lead.saying.of.partition("_")[0]
    matter = (best("matter", of=family) if family else None) or best("domain") or best("matter")
    more = best("more")
    words = [lead.saying.name if lead else UNTOLD, *([matter.saying.name] if matter else [])]
    name = " ".join(words)
    return f"{name}, {more.saying.name}" if more is not None and more.lift >= _LIFT else name


def told_apart(
    ids: Sequence[str], names: Sequence[str], beside: Callable[[int, list[int]], Iterable[Shown]]
) -> list[str]:
    """The same names, where no two are one: what sets those of one name apart from each other is added, then numbers.

    Args:
        ids: Of the patterns, in the order of the tree.
        names: Of each.
        beside: What a pattern shows beside those of the same name, what sets it apart first.
    """
    made = list(names)
    for _ in range(2):
        for same in _alike(made):
            for i in same:
                if any(ids[j].startswith(f"{ids[i]}.") for j in same):
                    continue  # a group keeps the name that a part of it is told apart from
                extra = next(
                    (
                        one.saying.name
                        for one in beside(i, same)
                        if one.fits_name and one.lift > 1 and one.saying.name.lower() not in made[i].lower()
                    ),
                    None,
                )
                if extra is not None:
                    made[i] = f"{made[i]}, {extra[:1].lower()}{extra[1:]}"
    taken = set(made)
    for same in _alike(made):
        number = 1
        for i in same[1:]:
            while (name := f"{made[i]} ({number + 1})") in taken:
                number += 1
            taken.add(name)
            made[i] = name
    return made


def _alike(names: Sequence[str]) -> list[list[int]]:
    found: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        found.setdefault(name, []).append(i)
    return [same for same in found.values() if len(same) > 1]


def named_apart(tree: Sequence[Node], named: Sequence[Named], known: Sequence[Trait]) -> list[Named]:
    """Names and claims of a tree, where no two names are one."""

    def beside(i: int, same: list[int]) -> list[Shown]:
        together = np.unique(np.concatenate([tree[j].rows for j in same]))
        return shown(tree[i].rows, known, together)

    names = told_apart([node.id for node in tree], [one.name for one in named], beside)
    return [Named(name, one.claims, one.by) for name, one in zip(names, named, strict=True)]


def numbered(tree: Sequence[Node], named: Sequence[Named]) -> list[Named]:
    """Names and claims of a tree, where those of one name are numbered: for names that are not made of codes."""
    names = told_apart([node.id for node in tree], [one.name for one in named], lambda i, same: [])
    return [Named(name, one.claims, one.by) for name, one in zip(names, named, strict=True)]


def renamed(patterns: Sequence[Pattern]) -> list[Pattern]:
    """Released patterns whose names were made of codes, named again from what was released of each alone.

    A name says what at least half of a pattern's members have in common, which may be a share that the gate withheld.
    """
    whole = [one for one in patterns if one.parent is None]

    def overall(key: tuple[str, str], among: Sequence[Pattern]) -> float:
        shares = [(_shares(one).get(key, 0.0), one.conversations) for one in among]
        total = sum(n for _, n in shares)
        return (sum(share * n for share, n in shares) + 1) / (total + 2)

    def shown_of(one: Pattern, among: Sequence[Pattern]) -> list[Shown]:
        n = one.conversations
        return _sorted(
            Shown(sayings()[key], round(share * n), n, n, share / overall(key, among))
            for key, share in _shares(one).items()
            if n and round(share * n)
        )

    names = [name_of(shown_of(one, whole)) if one.by == BY else one.name for one in patterns]
    ids = [one.id for one in patterns]
    names = told_apart(ids, names, lambda i, same: shown_of(patterns[i], [patterns[j] for j in same]))
    return [msgspec.structs.replace(one, name=name) for one, name in zip(patterns, names, strict=True)]


def _shares(one: Pattern) -> dict[tuple[str, str], float]:
    """The shares of a pattern by what they are of, of what there are words for."""
    found = {("constructs", name): share for name, share in one.constructs.items()}
    found |= {("domains", name): share for name, share in one.domains.items()}
    found |= {(dimension, code): share for dimension, got in one.codes.items() for code, share in got.items()}
    if one.severe is not None:
        found["level", "severe"] = one.severe
    return {key: share for key, share in found.items() if key in sayings()}
