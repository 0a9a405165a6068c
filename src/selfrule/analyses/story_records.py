"""The record of a person's story: counts and figures, and nothing that was said."""

from __future__ import annotations

import msgspec

from selfrule.analyses.figures import Analysis, Figure
from selfrule.analyses.periods import Every


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One construct: how many conversations were rated mild on it, and `clear`: moderate or severe, with its share.

    `earlier`, `later` and `change` (later less earlier) are of the two halves; None where one of them is too small, or fewer than
    ten conversations were clear. Their intervals are wider, so that those of all constructs compared hold at once in 95 of 100.
    """

    construct: str
    mild: int
    clear: Figure
    earlier: Figure | None = None
    later: Figure | None = None
    change: Figure | None = None


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A month or a week ("2025-03", "2025-03-03"): conversations begun in it, rated ones, and those that stood out, by kind."""

    name: str
    conversations: int
    rated: int
    stood_out: int
    kinds: dict[str, int]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A domain: rated conversations that have to do with it, and those of them that stood out."""

    domain: str
    rated: int
    stood_out: int


class Halves(msgspec.Struct, frozen=True, kw_only=True):
    """The earlier half of the rated conversations of known time, and the later: ISO days from and to, and what stood out."""

    earlier_from: str
    earlier_to: str
    later_from: str
    later_to: str
    earlier: Figure
    later: Figure
    change: Figure


class Story(Analysis, frozen=True, kw_only=True, tag="story"):
    """What one person's conversations say, in figures.

    `read` counts conversations without copies, `set_aside` those that the screen dropped and nobody rated. `plain` were rated
    on all six of `KINDS` and are none on each. `stretches` leaves empty ones out; `undated` conversations are in none.
    `unplaced` rated conversations have no domain. `actualized` counts markers that say yes, by primitive.
    """

    read: int
    set_aside: int
    rated: int
    stood_out: Figure
    plain: int
    vulnerable: int
    severely_vulnerable: int
    every: Every
    stretches: list[Stretch]
    undated: int
    subjects: list[Subject]
    unplaced: int
    kinds: list[Kind]
    halves: Halves | None
    actualized: dict[str, int]
    first: str | None = None
    last: str | None = None
