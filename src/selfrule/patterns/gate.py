"""The release gate of patterns: the one way from private patterns to ones that may be shared. It can only withhold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import msgspec
import numpy as np

from selfrule.errors import UsageError
from selfrule.patterns.gate_cells import BOTTOM, Cells, cells_of
from selfrule.patterns.gate_words import Words, words_of
from selfrule.patterns.members import Members
from selfrule.patterns.records import Pattern, Patterns, Quality, Withheld
from selfrule.patterns.traits import traits
from selfrule.privacy import K
from selfrule.privacy.cells import (
    ALL,
    BASE,
    SHOWN,
    SMALL,
    Rows,
    Sizes,
    generator,
    rounded,
    shown_share,
    smallest,
)
from selfrule.privacy.tree import Branch, Shown, distinct_people, shown

TextGate = Callable[[str], str | None]
"""Says why a text may not be shared ("personal", "quotation", "auditor"); None where it found nothing."""

_GRID = 0.05  # places on the map are told no finer


def rows_of(
    private: Patterns, members: Members, pattern: Mapping[str, str], keeper: Mapping[str, str]
) -> dict[str, Rows]:
    """The members of every pattern, near copies left out, as rows of `members`.

    Args:
        private: The tree.
        members: What is known of each conversation.
        pattern: By conversation id, the id of the pattern at the bottom of the tree that it is in.
        keeper: By conversation id, the one that stands for it: itself, where it is no near copy.
    """
    found: dict[str, list[int]] = {one.id: [] for one in private.patterns}
    for row, identity in enumerate(members.conversation_id):
        place = pattern.get(identity)
        if place is None or keeper.get(identity, identity) != identity:
            continue
        while place:
            if place in found:
                found[place].append(row)
            place = place.rpartition(".")[0]
    return {name: np.array(rows, np.int64) for name, rows in found.items()}


def released(
    private: Patterns,
    members: Members,
    rows: Mapping[str, Rows],
    *,
    k: int = K,
    text_gate: TextGate,
    epsilon: float | None = None,
    key: bytes = b"",
) -> Patterns:
    """What may be shared of private patterns.

    A pattern is shown where it holds at least k conversations of at least k people, no one person more than half of it, and
    where it cannot be had from others by subtraction; a share, where both those in it and those outside it are so many; each
    up to four more, at random. Shown counts are rounded at random to multiples of five, and shares are such counts over the
    shown size. No share is shown as more than all but k: one that all but few have is told as that, too low rather than as
    all. A share that is not there is of fewer than k, or withheld.
    Where any person is known, people count, and all conversations of unknown people count as one person's; where none is
    known, conversations count as people, and the notes say so. Names and claims pass `text_gate`; a claim must have been
    checked, by members of whom at least k show it.

    With `epsilon`, sizes, severity, markers and constructs are counts with noise instead, by which nobody's presence changes
    the odds of any release by more than a factor exp(epsilon) (`privacy.noise`); other shares are withheld. Which patterns
    there are, and their names and claims, are not covered by that budget, and the notes say so.

    Args:
        private: As made.
        members: What is known of each conversation.
        rows: Members of every pattern by its id, near copies left out: `rows_of`.
        k: The smallest group to show, at least 2.
        text_gate: What looks at every name and claim.
        epsilon: Budget of differential privacy for the counts; None: rounded ones.
        key: A secret of the study, by which chance is drawn.

    Raises:
        UsageError: `k` is below 2 or `epsilon` is not above 0, or OpenDP is not installed.
    """
    if k < 2:
        raise UsageError(f"The smallest group 'k' must be at least 2. Got {k} instead.")
    chance = generator(key, members.conversation_id)
    sizes = Sizes(members.person, k, bool((members.person >= 0).any()))
    branches = [Branch(one.id, one.parent, rows[one.id]) for one in private.patterns]
    everything = _everything(branches)
    tree = shown(branches, everything, sizes, chance)
    people = distinct_people(branches, everything, tree, sizes, chance) if sizes.people else {}
    cells = cells_of(members, branches, everything, tree, sizes, chance)
    known = traits(members)
    found: list[Pattern] = []
    reasons: Counter[str] = Counter(tree.why.values())
    for one in private.patterns:
        if one.id not in tree.size:
            continue
        words = words_of(one, known, rows[one.id], cells.of(one.id), sizes, tree.size[one.id], text_gate, chance)
        reasons.update(set(words.withheld))
        found.append(_pattern(one, tree, people.get(one.id), cells, words, sizes, chance))
    found = _placed(found)
    collapsed, undescribed = _rounded(private.collapsed, k), _rounded(private.flagged - private.described, k)
    made = Patterns(
        kind="released",
        patterns=found,
        flagged=tree.total + collapsed + undescribed,
        described=tree.total + collapsed,
        collapsed=collapsed,
        embedding=_label(private.embedding),
        facets=_label(private.facets),
        quality=_quality(private.quality, tree.total, k, chance),
        seed=private.seed,
        k=k,
        withheld=_withheld(members, branches, everything, tree, reasons, sizes, chance),
        notes=[*_notes(sizes, smallest(k)), *_weights(members)],
    )
    if epsilon is None:
        return made
    from selfrule.patterns.gate_noise import noised

    return noised(made, members, rows, epsilon=epsilon, k=k)


def _everything(branches: list[Branch]) -> Rows:
    top = [one.rows for one in branches if one.parent is None]
    return np.sort(np.concatenate(top)) if top else np.zeros(0, np.int64)


def _rounded(count: int, k: int) -> int:
    """Of what is beside the patterns, a multiple of five; 0 where it is less than the smallest shown count."""
    return count // BASE * BASE if count >= smallest(k) else 0


def _pattern(one: Pattern, tree: Shown, people: int | None, cells: Cells, words: Words, sizes: Sizes,
             chance: np.random.Generator) -> Pattern:  # fmt: skip
    whole = tree.size[one.id]
    held, faithful = _held_out(one.faithful, one.held_out, whole, sizes.k, chance)
    return Pattern(
        id=one.id,
        parent=one.parent,
        depth=one.depth,
        name=words.name,
        claims=words.claims,
        by=_label(one.by),
        conversations=whole,
        persons=people,
        collapsed=0,
        share=whole / tree.total,
        severe=cells.share(one.id, "severe", BOTTOM),
        actualized=cells.share(one.id, "actualized", BOTTOM),
        constructs=cells.shares(one.id, "constructs"),
        domains=cells.shares(one.id, "domains"),
        codes={dimension: got for dimension in cells.dimensions if (got := cells.shares(one.id, f"codes:{dimension}"))},
        months={month: round(share * whole) for month, share in sorted(cells.shares(one.id, "months").items())},
        faithful=faithful,
        held_out=held,
        place=one.place,
    )


def _held_out(
    faithful: float | None, held: int, whole: int, k: int, chance: np.random.Generator
) -> tuple[int, float | None]:
    """How many were held out and the share assigned back rightly, where right and wrong ones are both at least k."""
    least = smallest(k)
    said = min(rounded(held, chance), whole)
    if faithful is None or said < 2 * least or 0 < whole - said < least:
        return 0, None
    right = round(faithful * held)
    state = SMALL if right < k else ALL if held - right < k else SHOWN
    share = shown_share(right, held, said, state, k, chance)
    return (0, None) if share is None else (said, share)


def _placed(patterns: list[Pattern]) -> list[Pattern]:
    """Patterns on a coarse map: those at the bottom where they are, groups amid those of their parts that are shown.

    A group's own place is its clusters' mean weighted by exact sizes, which it would give away.
    """
    parents = {one.parent for one in patterns}
    place = {}
    for one in patterns:
        if one.place is not None and one.id not in parents:
            place[one.id] = (_coarse(one.place[0]), _coarse(one.place[1]))
    leaves = [one for one in patterns if one.id in place]
    made = []
    for one in patterns:
        inside = [(p.conversations, *place[p.id]) for p in leaves if p.id == one.id or p.id.startswith(f"{one.id}.")]
        weight = sum(w for w, _, _ in inside)
        middle = (
            (_coarse(sum(w * x for w, x, _ in inside) / weight), _coarse(sum(w * y for w, _, y in inside) / weight))
            if weight
            else None
        )
        made.append(msgspec.structs.replace(one, place=middle))
    return made


def _coarse(value: float) -> float:
    return round(round(value / _GRID) * _GRID, 2)


def _quality(quality: Quality, whole: int, k: int, chance: np.random.Generator) -> Quality:
    held, faithful = _held_out(quality.faithful, quality.held_out, whole, k, chance)
    return Quality(
        silhouette=None if quality.silhouette is None else round(quality.silhouette, 2),
        stability=None if quality.stability is None else round(quality.stability, 2),
        seeds=quality.seeds,
        faithful=faithful,
        held_out=held,
        chance=None if quality.chance is None or faithful is None else round(quality.chance, 3),
    )


def _withheld(
    members: Members,
    branches: list[Branch],
    everything: Rows,
    tree: Shown,
    reasons: Mapping[str, int],
    sizes: Sizes,
    chance: np.random.Generator,
) -> Withheld:
    """Counts of what was kept back, and severity there and in what is shown, where neither tells of few."""
    parents = {one.parent for one in branches}
    leaves = [one for one in branches if one.id not in parents]
    seen = [one.rows for one in leaves if one.id in tree.size]
    inside = np.sort(np.concatenate(seen)) if seen else np.zeros(0, np.int64)
    outside = np.setdiff1d(everything, inside, assume_unique=True)
    kept = sum(tree.size[one.id] for one in leaves if one.id in tree.size)
    left = tree.total - kept
    severe: list[float | None] = [None, None]
    groups = [
        (rows[members.severe[rows]], rows[~members.severe[rows]], size)
        for rows, size in ((inside, kept), (outside, left))
    ]
    if all(sizes.of(has) >= sizes.k and sizes.of(rest) >= sizes.k for has, rest, _ in groups):
        severe = [
            shown_share(len(has), len(has) + len(rest), size, SHOWN, sizes.k, chance) for has, rest, size in groups
        ]
    if None in severe:
        severe = [None, None]
    return Withheld(
        patterns=len(tree.why),
        conversations=left,
        reasons=dict(sorted(reasons.items())),
        severe_released=severe[0],
        severe_withheld=severe[1],
    )


def _label(text: str) -> str:
    """A label without the folders of a path: a model's file is often in somebody's home."""
    return text.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _notes(sizes: Sizes, least: int) -> list[str]:
    return [
        f"Counts are rounded at random to multiples of {BASE}; none below {least} is shown.",
        f"The highest share that is shown of a pattern is all but {least} of its conversations, which stands for that and"
        f" more; a share that is not shown is of fewer than {least}, of none, or would tell of so few.",
        f"Fewer than {least} near copies, or flagged conversations without a description, are counted as 0.",
        "Groups are of so many people too; conversations of unknown people count as one person's."
        if sizes.people
        else "The logs name no people: conversations are counted as people.",
    ]


def _weights(members: Members) -> list[str]:
    if not len(members) or float(np.ptp(members.weight)) <= 1e-9 * float(members.weight[0]):
        return []
    return [
        "Conversations stand for unlike numbers of others; what is shown here counts each once, as it is in the study."
    ]
