"""The record of the analysis `change`: what it says, and what the release gate reads of it."""

from __future__ import annotations

from typing import Literal

import msgspec

from selfrule.analyses.figures import Analysis, Figure

By = Literal["period", "model", "product", "group"]
DimensionName = Literal["domain", "length", "people", "before"]


class GroupPart(msgspec.Struct, frozen=True, kw_only=True):
    """One group of a dimension (a domain, a class of length) on both sides, and what it contributes to the difference.

    `first_traffic` and `second_traffic` are its share of the conversations of each side (a conversation of two domains is
    half of each), `first_rate` and `second_rate` the share of them that reach the outcome. `mix` is what goes with its share
    of the traffic being another, `rate` what goes with the rate in like conversations of it being another; over all groups
    of a dimension they sum to the dimension's part and to the part of rates.
    """

    name: str
    first_traffic: Figure
    second_traffic: Figure
    first_rate: Figure
    second_rate: Figure
    mix: Figure
    rate: Figure


class DimensionPart(msgspec.Struct, frozen=True, kw_only=True):
    """What goes with a different mix along one dimension: domains, length, how much people talk, who was there before."""

    name: DimensionName
    part: Figure
    groups: list[GroupPart]


class SamePeople(msgspec.Struct, frozen=True, kw_only=True):
    """The people who are on both sides: their shares, and the difference within the same people.

    `first_traffic` and `second_traffic` are their share of each side's conversations, `first` and `second` the share of those
    that reach the outcome. Their `difference` is the sum of `within` (each person's own rate is another) and `between` (some
    of them talk more than before, others less).
    """

    first_traffic: Figure
    second_traffic: Figure
    first: Figure
    second: Figure
    difference: Figure
    within: Figure
    between: Figure


class Slice(msgspec.Struct, frozen=True):
    """A month, model or product: on which side it is (1, 2, or 0 for neither), its conversations and known people."""

    side: int
    n: int
    persons: int


class Change(Analysis, frozen=True, kw_only=True, tag="change"):
    """A difference between two sides, split into mix and rate.

    `difference` is `second_share` less `first_share`, and exactly `mix` plus `rate`; `mix` is exactly the sum of the parts of
    `dimensions`. `left_out` names dimensions that could not be used, each with the reason. `undated`
    counts conversations without a time, which are in no period (None: some, and few of them). `known` and `slices` are for the
    release gate, which takes them out.
    """

    construct: str
    level: str
    by: By
    first: str
    second: str
    first_share: Figure
    second_share: Figure
    difference: Figure
    mix: Figure
    rate: Figure
    dimensions: list[DimensionPart]
    left_out: dict[str, str] = msgspec.field(default_factory=dict)
    same: SamePeople | None = None
    undated: int | None = 0
    known: int | None = None
    slices: list[Slice] = msgspec.field(default_factory=list)
