"""What patterns are: a tree of clusters of flagged conversations, with names, claims and shares, before and after the gate."""

from __future__ import annotations

from typing import Literal

import msgspec


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence of a summary, and of how many members it was checked that they show it.

    `shown` of `checked` members; a claim that was not checked has `checked` 0 and is not released.
    """

    text: str
    shown: int = 0
    checked: int = 0


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster of flagged conversations, or a group of such clusters.

    Attributes:
        id: "p0", "p0.3": the parent's id is what stands before the last dot; stable within one run.
        parent: Id of the group that it is in; None at the top.
        depth: 0 at the top.
        name: A few words; from the codes and terms of its members, or by a language model.
        claims: Its summary, a sentence each, each checked.
        by: Who named it: "terms" or a judge's label.
        conversations, persons: Members, after near copies were collapsed, and the known people among them (None: unknown).
        collapsed: Near copies that were left out of clustering and belong here.
        share: Of all flagged conversations, in [0, 1].
        severe: Share of its members that are severe on a primitive.
        actualized: Share of its members with a yes on any marker.
        constructs: By primitive, the share of its members that are moderate or above on it.
        domains: By domain id, the share of its members in it.
        codes: By dimension id, by code id, the share of its members with the code (of those of whom it was asked).
        months: By month, how many of its members began in it.
        faithful: Share of held-out members that were assigned back to it from its name and summary; None: not measured.
        held_out: Of how many.
        place: Where it stands on the map, both in [-1, 1].
    """

    id: str
    parent: str | None
    depth: int
    name: str
    claims: list[Claim] = []
    by: str = "terms"
    conversations: int = 0
    persons: int | None = None
    collapsed: int = 0
    share: float | None = None
    severe: float | None = None
    actualized: float | None = None
    constructs: dict[str, float] = {}
    domains: dict[str, float] = {}
    codes: dict[str, dict[str, float]] = {}
    months: dict[str, int] = {}
    faithful: float | None = None
    held_out: int = 0
    place: tuple[float, float] | None = None


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How good a clustering is. Each in its own range; None: not measured.

    `silhouette` in [-1, 1] on a seeded sample; `stability` the mean adjusted Rand index over pairs of seeds, in [-1, 1] (1:
    every seed gives the same clusters), `seeds` how many; `faithful` the share of held-out members assigned back rightly,
    of `held_out`, with what chance alone would give.
    """

    silhouette: float | None = None
    stability: float | None = None
    seeds: int = 0
    faithful: float | None = None
    held_out: int = 0
    chance: float | None = None


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate kept back, in counts, and what that does to the picture.

    `reasons` counts patterns by reason ("small", "complementary", "quotation", "personal", "auditor", "unchecked").
    `conversations` are the members of patterns that were not released. `severe_released` and `severe_withheld` are the shares
    severe among those released and those withheld: the bias of what is shown (None where that itself would be small).
    """

    patterns: int = 0
    conversations: int = 0
    reasons: dict[str, int] = {}
    severe_released: float | None = None
    severe_withheld: float | None = None


class Patterns(msgspec.Struct, frozen=True, kw_only=True):
    """Every pattern of a study.

    `flagged` conversations, `described` of them, `collapsed` near copies; `embedding` and `facets` name what made vectors and
    descriptions; `kind` says whether it passed the gate; `seed` makes it again; `k` the smallest group of a released one;
    `epsilon` what of a differential privacy budget its counts have spent (None: exact counts).
    """

    kind: Literal["private", "released"]
    patterns: list[Pattern]
    flagged: int
    described: int
    collapsed: int
    embedding: str
    facets: str
    quality: Quality
    seed: int = 0
    k: int | None = None
    epsilon: float | None = None
    withheld: Withheld | None = None
    notes: list[str] = []
