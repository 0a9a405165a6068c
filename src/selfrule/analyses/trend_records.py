"""What an analysis of shares over time says, as records."""

from __future__ import annotations

from typing import Literal

import msgspec

from selfrule.analyses.changes import Finding
from selfrule.analyses.effect import Effect
from selfrule.analyses.figures import Analysis, Figure
from selfrule.analyses.periods import Every
from selfrule.analyses.series import Kind

By = Literal["domain", "model", "product"]
BYS: tuple[By, ...] = ("domain", "model", "product")
Role = Literal["all", "highest", "rest", "group", "others"]


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A period: its name, its bounds (ISO times, the end not in it), and why it is partial (None: it is whole)."""

    name: str
    start: str
    end: str
    partial: str | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change point: `at` is the first period after it, between `first` and `last` with 95 % confidence.

    `support` is the share of resamples that put it at `at`; `difference` the share after it less that before it, each over the
    periods to the next change point, the place taken as given.
    """

    at: str
    first: str
    last: str
    support: float
    before: float
    after: float
    difference: Figure


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A share over the periods.

    `role` says of what: everything ("all"), the domains of highest share together ("highest") and all other conversations
    ("rest"), a domain, model or product ("group"), or what is in none of those shown ("others"). `points` has a figure a period,
    `intervals` how each interval was made: "resampled", "exact" or "Wilson". `finding` says what the search for change points
    found: "located", "none", "gradual" (a line fits as well), "too few" to look, None where it was not made.
    """

    name: str
    role: Role
    points: list[Figure]
    intervals: list[Kind | None]
    effect: Effect | None = None
    finding: Finding | None = None
    changes: list[Change] = []


class Breakdown(msgspec.Struct, frozen=True, kw_only=True):
    """Series of the groups of a kind, most conversations first; `left` groups are not shown and are in the "others" alone."""

    by: By
    series: list[Series]
    left: int = 0
    unnamed: int = 0


class Bridged(msgspec.Struct, frozen=True, kw_only=True):
    """How shares by one judge were carried over to another's scale."""

    of: str
    to: str
    anchors: int
    yes: Figure
    no: Figure


class Trend(Analysis, frozen=True, kw_only=True, tag="trend"):
    """Shares over time.

    `untimed` counts conversations without a time, which are in no period; `highest` names the domains of highest share, and
    `within` has the series of those and of all other conversations.
    """

    construct: str
    level: str
    every: Every
    periods: list[Stretch]
    untimed: int | None
    overall: Series
    highest: list[str]
    within: list[Series]
    breakdowns: list[Breakdown]
    bridges: list[Bridged]
    studies: list[str]
