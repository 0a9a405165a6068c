"""Names and claims at the gate: each as a text, and each as a number of members who show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from selfrule import rubric
from selfrule.patterns.gate_cells import Cell
from selfrule.patterns.records import Claim, Pattern
from selfrule.patterns.traits import Trait
from selfrule.privacy.cells import ALL, COMPLEMENTARY, SHOWN, SMALL, Rows, Sizes, rounded, shown_share, smallest
from selfrule.rubric.codes import codes

_NAMED_BY = 2


@dataclass(frozen=True)
class Words:
    """The name and the claims that may be shown, and why others may not, a reason each."""

    name: str
    claims: list[Claim]
    withheld: list[str] = field(default_factory=list)


def words_of(
    one: Pattern,
    traits: Sequence[Trait],
    rows: Rows,
    cells: Mapping[tuple[str, str], Cell],
    sizes: Sizes,
    whole: int,
    text_gate: Callable[[str], str | None],
    chance: np.random.Generator,
) -> Words:
    """What may be said of a pattern.

    A claim must have been checked, shown by at least k of its members, and pass the text gate. How many show it is told as
    shares are, of the shown size of the pattern; the count of a claim that is one of its shares is that share's, and goes
    where it goes, so that one number is not told twice with different noise.

    Args:
        one: The pattern.
        traits: What names are made of, of all conversations: a name says of each that is in it that members show it.
        rows: Its members.
        cells: Its cells.
        sizes: How large groups are.
        whole: Its shown size.
        text_gate: What looks at each text.
        chance: Draws the rounding.
    """
    claims: list[Claim] = []
    withheld: list[str] = []
    for claim in one.claims:
        why = text_gate(claim.text) or ("unchecked" if not claim.checked else None)
        share = None if why else _told(claim, cells, whole, len(rows), sizes.k, chance)
        if share is None:
            withheld.append(why or SMALL)
        else:
            claims.append(Claim(text=claim.text, shown=round(share * whole), checked=whole))
    why = text_gate(one.name)
    if why:
        withheld.append(why)
    spoken = why or _names_few(one.name, traits, rows, sizes)
    return Words(by_codes(cells) if spoken else one.name, claims, withheld)


def _names_few(name: str, traits: Sequence[Trait], rows: Rows, sizes: Sizes) -> bool:
    """Whether a name has a trait in it that fewer than k of the members show."""
    low = name.lower()
    return any(
        sizes.of(rows[trait.has[rows] & trait.asked[rows]]) < sizes.k for trait in traits if trait.name.lower() in low
    )


def _told(claim: Claim, cells: Mapping[tuple[str, str], Cell], whole: int, n: int, k: int,
          chance: np.random.Generator) -> float | None:  # fmt: skip
    """The share of members said to show a claim; None where it may not be told."""
    counts = (claim.shown, claim.checked)
    same = [cell for cell in cells.values() if (cell.has, cell.asked) == counts]
    other = [
        cell for cell in cells.values() if (cell.asked - cell.has, cell.asked) == counts
    ]  # "moderate and not severe"
    if any(cell.state == COMPLEMENTARY for cell in same + other) or any(cell.state == SMALL for cell in same):
        return None
    if same:
        return same[0].share
    least = k + int(chance.integers(5))
    about = claim.shown / claim.checked * n  # of a claim checked by some of the members
    state = SMALL if min(claim.shown, about) < least else ALL if claim.checked - claim.shown < least else SHOWN
    if state == ALL and claim.checked < n - least:
        # of a part of the members: all but a few of those checked may be all but many of the rest
        low = rounded((claim.checked - least) / claim.checked * whole, chance)
        return None if 2 * low < whole else min(low, whole - smallest(k)) / whole
    return shown_share(claim.shown, claim.checked, whole, state, k, chance)


def by_codes(cells: Mapping[tuple[str, str], Cell]) -> str:
    """A name of the commonest codes, domains and constructs that may be shown."""
    there = sorted(
        ((cell.share, of, name) for (of, name), cell in cells.items() if cell.share and of.startswith("codes:")),
        key=lambda one: (-one[0], one[1:]),
    )
    known = {f"codes:{dimension.id}": dimension.codes for dimension in codes()}
    words = [known[of][name] for _, of, name in there if of in known and name in known[of]]
    if not words:
        wording = rubric.load()
        shares = [(c.share, name) for (of, name), c in cells.items() if of == "constructs" and c.share]
        words = [wording.name(name).lower() for _, name in sorted(shares, reverse=True)]
    text = "; ".join(words[:_NAMED_BY]) or "mixed"
    return text[:1].upper() + text[1:]
