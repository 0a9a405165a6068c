"""Which groups of a tree may be shown, so that none that is hidden follows by subtraction, and with which sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from selfrule.privacy.cells import COMPLEMENTARY, SMALL, Rows, Sizes, rounded, rounded_parts, smallest


@dataclass(frozen=True)
class Branch:
    """A group of the tree: its id, its parent's (None at the top), and its rows."""

    id: str
    parent: str | None
    rows: Rows


@dataclass(frozen=True)
class Shown:
    """A tree as it may be shown.

    Attributes:
        size: Shown conversations by id: multiples of five that sum to the parent's, with what is left of it.
        left: By parent's id ("" for everything) the shown conversations that are in none of its shown parts.
        why: By id why a group is hidden.
        total: Shown conversations of everything.
    """

    size: dict[str, int]
    left: dict[str, int]
    why: dict[str, str]
    total: int


def families(branches: list[Branch]) -> dict[str, list[Branch]]:
    """Branches by their parent's id, "" at the top, from the top down."""
    found: dict[str, list[Branch]] = {}
    for one in branches:
        found.setdefault(one.parent or "", []).append(one)
    return found


def shown(branches: list[Branch], everything: Rows, sizes: Sizes, chance: np.random.Generator) -> Shown:
    """The tree from the top down.

    A group is shown where it is at least k, and up to four more, at random. In each family more groups are hidden, the
    smallest first, until those hidden are of at least k together and more than one, in truth and as shown. Nothing below a
    hidden group is shown.

    Args:
        branches: Every group after its parent.
        everything: Rows of all that the tree is of.
        sizes: How large groups are.
        chance: Draws thresholds and rounding.
    """
    least = smallest(sizes.k)
    total = rounded(len(everything), chance)
    if sizes.few(everything) or total < least:
        return Shown({}, {}, {one.id: SMALL for one in branches}, 0)
    made = Shown({}, {}, {}, total)
    rows: dict[str, Rows] = {"": everything} | {one.id: one.rows for one in branches}
    of: dict[str, int] = {"": total}
    for parent, family in families(branches).items():
        if parent and parent not in of:
            for one in family:
                made.why[one.id] = made.why[parent]
            continue
        got, why = _family(family, rows[parent], of[parent], sizes, chance)
        of.update(got)
        made.size.update(got)
        made.why.update(why)
        made.left[parent] = of[parent] - sum(got.values())
    return made


def _family(
    family: list[Branch], parent: Rows, whole: int, sizes: Sizes, chance: np.random.Generator
) -> tuple[dict[str, int], dict[str, str]]:
    least = smallest(sizes.k)
    why: dict[str, str] = {}
    for one in family:
        if sizes.of(one.rows) < sizes.k + int(chance.integers(5)):
            why[one.id] = SMALL
    while True:
        open_ = sorted((one for one in family if one.id not in why), key=lambda one: (len(one.rows), one.id))
        if not open_:
            return {}, why
        left = np.setdiff1d(parent, np.concatenate([one.rows for one in open_]), assume_unique=True)
        if len(left) and (sizes.of(left) < sizes.k or len(why) < 2):
            why[open_[0].id] = COMPLEMENTARY
            continue
        got = rounded_parts([len(one.rows) for one in open_] + [len(left)], whole, chance)
        rest = got.pop()
        low = [one.id for one, size in zip(open_, got, strict=True) if size < least]
        if low:
            why[low[0]] = SMALL if not why else COMPLEMENTARY
        elif 0 < rest < least:
            why[open_[0].id] = COMPLEMENTARY
        else:
            return {one.id: size for one, size in zip(open_, got, strict=True)}, why


def distinct_people(branches: list[Branch], everything: Rows, made: Shown, sizes: Sizes,
                    chance: np.random.Generator) -> Mapping[str, int]:  # fmt: skip
    """People of shown groups, as shown: only where all others of each group around them are none, or at least k, too."""
    least = smallest(sizes.k)
    known = {"": sizes.distinct(everything)}
    printed = {"": rounded(known[""], chance)}
    for one in branches:
        if one.id not in made.size:
            continue
        around = one.parent or ""
        while around not in printed:
            around = around.rpartition(".")[0]
        people = sizes.distinct(one.rows)
        said = min(printed[around] if people == known[around] else rounded(people, chance), made.size[one.id])
        others, told = known[around] - people, printed[around] - said
        if 0 < others < sizes.k or said < least or told < 0 or 0 < told < least:
            continue
        known[one.id], printed[one.id] = people, said
    del printed[""]
    return printed
