"""What a plan is made of: what is asked, and what is proposed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import msgspec

from selfrule.errors import UsageError
from selfrule.estimate.planning import SIMULATIONS, Prior
from selfrule.labels.draws import DOUBLES
from selfrule.study.plan_labels import Levels

SECONDS = 90.0
"""A label takes so long until labels say otherwise."""


class Target(msgspec.Struct, frozen=True):
    """How wide the interval of the share as rated may be: upper less lower limit; or half of it, relative to the share."""

    width: float
    relative: bool = False


class Price(msgspec.Struct, frozen=True):
    """What one rating costs, US dollars: nothing read from a cache, and the rubric read from it. None: not known."""

    each: float | None
    cached: float | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of a plan.

    Attributes:
        prior: What is known of population and judges.
        outcome: Construct and level, for people.
        first: The level counted from: 1 mild, 2 moderate, 3 severe.
        judge: Name of the judge that rates.
        price: Of one rating.
        free: It reads everything at no cost, as the embedded judge does: nothing is to be drawn.
        levels: Shares of all conversations by the judge's highest level of a primitive.
        width: Wanted of the share as rated.
        confirm: Wanted width of the share confirmed among flagged, in (0, 1).
        missed: Wanted upper limit of what was missed, a share of all.
        dollars: What ratings may cost at most.
        ratings: How many there may be at most.
        labels: Conversations that people may label at most, second labels apart.
        hours: Of labelling, second labels included.
        seconds: A label takes.
        doubles: Share of the queue that a second labeller gets too.
        assumptions: What was taken as given, a sentence each.
    """

    prior: Prior
    outcome: str
    first: int
    judge: str
    price: Price
    levels: Levels
    free: bool = False
    width: Target | None = None
    confirm: float | None = None
    missed: float | None = None
    dollars: float | None = None
    ratings: int | None = None
    labels: int | None = None
    hours: float | None = None
    seconds: float = SECONDS
    doubles: float = DOUBLES
    seed: int = 0
    simulations: int = SIMULATIONS
    assumptions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("confirm", "missed", "dollars", "ratings", "labels", "hours", "seconds"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise UsageError(f"The '{name}' of a plan must be above 0. Got {value!r} instead.")
        if self.width is not None and not 0 < self.width.width < 1:
            raise UsageError(f"The 'width' of a plan must be in (0, 1). Got {self.width.width!r} instead.")
        if self.dollars is not None and self.price.each is None:
            raise UsageError(
                f"What a rating by {self.judge} costs is not known, so dollars buy no number of them. Give its price with "
                "--prices, or dollars a rating with --cost."
            )

    @property
    def affordable(self) -> int | None:
        """Ratings that may be made; None for any number."""
        bought = None
        if self.dollars is not None and self.price.each is not None:
            each, whole = self.price.each, self.prior.conversations
            bought = int(min(self.dollars / each * (1 + 1e-12), whole)) if each else whole
        known = [n for n in (bought, self.ratings) if n is not None]
        return min(known) if known else None

    @property
    def labellable(self) -> int | None:
        """Conversations that may be labelled; None for any number."""
        by_time = (
            None if self.hours is None else int(self.hours * 3600 / self.seconds / (1 + self.doubles) * (1 + 1e-12))
        )
        known = [n for n in (by_time, self.labels) if n is not None]
        return min(known) if known else None


class Expected(msgspec.Struct, frozen=True):
    """A figure over all simulated studies: medians of share and limits; of its width 10th percentile, mean, 90th.

    All None where half of the studies or more have no such figure; `had` is the share of them that have it.
    """

    share: float | None
    low: float | None
    high: float | None
    width: tuple[float, float, float]
    had: float


class Draw(msgspec.Struct, frozen=True):
    """Part of the population: its name, its size, how many of it are rated."""

    name: str
    size: int
    rated: int


class Option(msgspec.Struct, frozen=True):
    """One design, and what it is expected to find.

    `honest`: its interval knows of what it did not look at. `dollars` is without a provider's cache, `dollars_cached` with.
    `relative` is half the width of the share as rated, over that share (mean). `reached` is the share of simulated
    studies in which it is as narrow as wanted; `unmet` says of each wish that is not met why, and what would meet it.
    """

    way: str
    honest: bool
    screened: int
    ratings: int
    draws: list[Draw]
    dollars: float | None
    dollars_cached: float | None
    labels: dict[str, int]
    hours: float
    rated: Expected
    relative: float
    confirmed: Expected
    missed: Expected
    reached: float | None
    unmet: list[str]

    @property
    def labelled(self) -> int:
        """Conversations to label."""
        return sum(self.labels.values())


class Plan(msgspec.Struct, frozen=True):
    """What is proposed: `options` in the order they are compared, `chosen` the way of the one to take.

    `cuts` are the scores of the screen between strata, highest first; what has no score is in stratum `unread`.
    """

    outcome: str
    judge: str
    conversations: int
    truth: tuple[float, float]
    as_rated: float
    right: float
    options: list[Option]
    chosen: str
    why: str
    assumptions: list[str]
    simulations: int
    seed: int
    cuts: list[float] = []
    unread: int = 0

    @property
    def best(self) -> Option:
        """The option to take."""
        return next(option for option in self.options if option.way == self.chosen)
