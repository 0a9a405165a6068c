"""How flagged conversations were coded: share per mechanism, target, behaviour and trajectory, per construct."""

from __future__ import annotations

import msgspec
import numpy as np

from selfrule import rubric
from selfrule.analyses.figures import Analysis, Figure
from selfrule.estimate.clusters import clustering, persons_of
from selfrule.estimate.multiplicity import together
from selfrule.patterns.members import Mask, Members
from selfrule.privacy import hidden
from selfrule.rubric import CONSTRUCTS, FACTORS, FLAGGED_FROM, PRIMITIVES
from selfrule.rubric.codes import Dimension, codes

ALL = "flagged"
BY_LEVEL = ("moderate", "severe")


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """One code: the share of those asked who have it, and of those at each level of the construct (primitives alone)."""

    code: str
    name: str
    share: Figure
    by_level: dict[str, Figure] = {}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One dimension about the flagged conversations of one construct ("flagged": of any).

    `asked` of them; `answered` is how many have an answer: the others are missing, never "none of these". Where `one` is set,
    exactly one code holds, so shares sum to 1; else several may.
    """

    construct: str
    dimension: str
    name: str
    one: bool
    asked: int | None
    answered: int | None
    codes: list[Code]
    reason: str | None = None


class Coding(Analysis, frozen=True, kw_only=True, tag="coding"):
    """The codes of flagged conversations.

    `by` is who coded; `templated` whether by phrases rather than by a language model that read the conversation.
    """

    by: str
    templated: bool
    blocks: list[Asked]


def blocks() -> list[tuple[str, Dimension]]:
    """Which dimension is asked of which construct's conversations: its own, and those of all for each primitive and for any."""
    found: list[tuple[str, Dimension]] = []
    shared = [d for d in codes() if d.of == "all" and d.id != "support"]
    for primitive in PRIMITIVES:
        found += [(primitive, d) for d in codes() if d.of == primitive] + [(primitive, d) for d in shared]
    found += [(ALL, d) for d in codes() if d.of == "all"]
    return found + [(d.of, d) for d in codes() if d.of in FACTORS]


def coding_of(members: Members, *, by: str, judge: str, rubric_label: str, undescribed: int = 0) -> Coding:
    """The share of each code among the conversations that its dimension was asked of.

    Wilson's interval on the effective number of conversations, exact below ten events (`estimate.clusters`), weighted where
    conversations stand for several.

    Args:
        members: The flagged conversations with their codes and levels.
        by: Who coded.
        judge: Label of the judge whose ratings say what is flagged.
        rubric_label: Of the rubric.
        undescribed: Flagged conversations that could not be coded.
    """
    made = [_block(members, construct, dimension) for construct, dimension in blocks()]
    known = members.person[members.person >= 0]
    figures = sum(len(block.codes) for block in made)
    return Coding(
        shows="This shows what happened in flagged conversations: how, about what, what the person did, which way it went.",
        cannot="It cannot say how common any of it is in conversations that are not flagged, nor that the one led to the other.",
        method=(
            "Shares are of those asked that have an answer. Intervals are 95 % ones by Wilson on the effective number of "
            f"conversations, exact below ten. {together(figures)}"
        ),
        conversations=len(members),
        persons=len(np.unique(known)) or None,
        unrated=undescribed,
        judge=judge,
        rubric=rubric_label,
        notes=_notes(members.templated, by),
        by=by,
        templated=members.templated,
        blocks=[block for block in made if block.asked],
    )


def _notes(templated: bool, by: str) -> list[str]:
    if not templated:
        return [f"Coded by {by}, which read each conversation; no person has checked its codes here."]
    return [
        "Coded by phrases, not by reading: a first sorting that misses much and is wrong at times (docs/patterns.md says how "
        "often). Where no phrase was found there is no answer, so shares are of those in which one was found."
    ]


def _block(members: Members, construct: str, dimension: Dimension) -> Asked:
    asked = _asked(members, construct)
    coded = members.codes.get(dimension.id)
    answered = np.zeros(len(members), np.bool_) if coded is None else asked & coded.answered
    made = []
    for i, code in enumerate(coded.names if coded is not None else ()):
        assert coded is not None
        has = coded.has[:, i]
        by_level = {}
        if construct in PRIMITIVES and members.levels is not None:
            column = members.levels[:, CONSTRUCTS.index(construct)]
            by_level = {
                name: _figure(members, answered & (column == level), has)
                for level, name in enumerate(BY_LEVEL, start=FLAGGED_FROM)
            }
        figure = _figure(members, answered, has, int(np.count_nonzero(asked & ~answered)))
        made.append(Code(code=code, name=dimension.codes[code], share=figure, by_level=by_level))
    return Asked(
        construct=construct,
        dimension=dimension.id,
        name=dimension.name,
        one=dimension.one,
        asked=int(np.count_nonzero(asked)),
        answered=int(np.count_nonzero(answered)),
        codes=made,
        reason=None if answered.any() else "no answer",
    )


def _asked(members: Members, construct: str) -> Mask:
    """Which conversations a construct's dimensions are asked of."""
    if construct == ALL:
        return np.ones(len(members), np.bool_)
    if construct in PRIMITIVES:
        return np.asarray(members.reached[:, PRIMITIVES.index(construct)])
    if members.levels is None:
        return np.zeros(len(members), np.bool_)
    return np.asarray(members.levels[:, CONSTRUCTS.index(construct)] >= 1)


def _figure(members: Members, rows: Mask, has: Mask, missing: int = 0) -> Figure:
    n = int(np.count_nonzero(rows))
    if not n:
        return Figure(n=0, events=0, missing=missing, reason="no answer")
    weight, person = members.weight[rows], members.person[rows]
    varied = bool(np.any(np.abs(weight - weight[0]) > 1e-9 * weight[0]))
    order = np.argsort(person, kind="stable")
    got = clustering(persons_of(person[order], weight[order] if varied else None), has[rows][order])
    low, high = got.exact_if_few()
    known = None if not (members.person >= 0).any() else len(np.unique(person[person >= 0]))
    return Figure(value=got.share, low=low, high=high, n=n, persons=known, events=got.events, missing=missing)


def public(result: Coding, k: int) -> Coding:
    """The codes without anything that few conversations or people have, or that few of those asked have not.

    A block of fewer than k is withheld whole. Of a code neither those who have it nor those who have not may be some and fewer
    than k, for either could be counted from share and n; nor may they be so among those flagged on other constructs, which are
    the difference from all flagged. Where exactly one code holds, another is withheld beside a lone one.
    """
    people = (result.persons or 0) >= k
    whole = {block.dimension: block for block in result.blocks if block.construct == ALL}
    made, withheld = [], 0
    for block in result.blocks:
        beyond = whole.get(block.dimension) if block.construct != ALL else None
        out, gone = _gated(block, beyond, k, people)
        made.append(out)
        withheld += gone
    notes = [*result.notes]
    return msgspec.structs.replace(result, blocks=made, withheld=result.withheld + withheld, notes=notes)


def _gated(block: Asked, whole: Asked | None, k: int, people: bool) -> tuple[Asked, int]:
    sizes = [block.asked or 0, block.answered or 0, (block.asked or 0) - (block.answered or 0)]
    if whole is not None:
        sizes += [(whole.asked or 0) - (block.asked or 0), (whole.answered or 0) - (block.answered or 0)]
    one = next((c.share for c in block.codes), Figure())
    sizes.append(one.persons if people and one.persons is not None and one.n else k)
    if any(0 < size < k for size in sizes) or (people and one.n and one.persons == 0):
        gone = len(block.codes)
        return msgspec.structs.replace(block, asked=None, answered=None, codes=[], reason="small"), gone
    above = {c.code: c.share for c in whole.codes} if whole is not None else {}
    why = [_why(code.share, above.get(code.code), k) for code in block.codes]
    if block.one:
        sizes = [(c.share.events or 0) if w is None else min(c.share.events or 1, k - 1) or 1
                 for c, w in zip(block.codes, why, strict=True)]  # fmt: skip
        why = [w or h for w, h in zip(why, hidden(sizes, k), strict=True)]
    kept = []
    for code, reason in zip(block.codes, why, strict=True):
        levels = code.by_level
        if reason or any(f.n and (f.n < k or _why(f, None, k)) for f in levels.values()):
            levels = {name: Figure(reason="small") for name in levels}
        share = code.share if reason is None else Figure(reason=reason)
        kept.append(
            msgspec.structs.replace(code, share=_sizeless(share), by_level={n: _sizeless(f) for n, f in levels.items()})
        )
    return msgspec.structs.replace(block, codes=kept), sum(w is not None for w in why)


def _why(share: Figure, whole: Figure | None, k: int) -> str | None:
    """Why a code is withheld: few have it, few have not, or few others of all flagged have it."""
    events = share.events or 0
    counts = [events, share.n - events]
    if whole is not None and whole.events is not None:
        counts += [whole.events - events, (whole.n - whole.events) - (share.n - events)]
    return "small" if any(0 < count < k for count in counts) else None


def _sizeless(figure: Figure) -> Figure:
    """Without the number of people: of two figures with the same conversations it could tell who is in one alone."""
    return msgspec.structs.replace(figure, persons=None)


def named(construct: str) -> str:
    """What a block is about, for people to read."""
    return "All flagged" if construct == ALL else rubric.load().name(construct)
