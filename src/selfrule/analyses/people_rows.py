"""Conversations of known people in order: what every figure about people is made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from selfrule.analyses.figures import Figure
from selfrule.analyses.sample import Mask, Sample
from selfrule.estimate.cells import ACTUALIZED, FLAGGED, Outcome
from selfrule.estimate.clusters import FEW_EVENTS
from selfrule.estimate.frame import NO_TIME
from selfrule.estimate.intervals import CONFIDENCE, clopper_pearson, normal_quantile, wilson
from selfrule.rubric import PRIMITIVES

DAY = 86_400_000  # milliseconds


class Chance(msgspec.Struct, frozen=True):
    """What chance alone gives: the mean of its simulations, and the limits between which 95 % of them lie."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Conversations of known people, each person's together and in order of time.

    Attributes:
        person: Dense code from 0, ascending; shape (n,).
        hits: Whether each reaches the outcome; never where not known; shape (n,).
        known: Whether that is known; shape (n,).
        level: Level of the construct (of the highest primitive, for flagged), -1 where not known; shape (n,).
        at: Start, milliseconds since 1970 UTC, `NO_TIME` where unknown; shape (n,).
    """

    person: NDArray[np.int64]
    hits: Mask
    known: Mask
    level: NDArray[np.int8]
    at: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.person)

    @property
    def people(self) -> int:
        """How many people."""
        return int(self.person[-1]) + 1 if len(self) else 0

    @cached_property
    def first(self) -> Mask:
        """Whether each is its person's first; shape (n,)."""
        found = np.ones(len(self), np.bool_)
        found[1:] = self.person[1:] != self.person[:-1]
        return found

    @cached_property
    def number(self) -> NDArray[np.int64]:
        """Which of its person's conversations each is, from 1; shape (n,)."""
        return np.arange(1, len(self) + 1) - np.flatnonzero(self.first)[self.person]

    def per_person(self, rows: Mask) -> NDArray[np.int64]:
        """How many of the rows each person has; shape (people,)."""
        return np.bincount(self.person[rows], minlength=self.people)

    def where(self, rows: Mask) -> Rows:
        """The same with some rows alone, and people counted anew."""
        left = self.person[rows]
        fresh = np.ones(len(left), np.bool_)
        fresh[1:] = left[1:] != left[:-1]
        return Rows(
            person=np.cumsum(fresh) - 1,
            hits=self.hits[rows],
            known=self.known[rows],
            level=self.level[rows],
            at=self.at[rows],
        )

    def timed(self) -> Rows:
        """Those whose time is known: without it nobody knows their order."""
        there = self.at != NO_TIME
        return self if bool(there.all()) else self.where(there)


def rows_of(sample: Sample, outcome: Outcome) -> Rows:
    """The conversations of known people, with the outcome and the level behind it.

    Args:
        sample: Everything; conversations of unknown person are left out.
        outcome: What is looked for.
    """
    hits, known = sample.reaches(outcome)
    if outcome.construct == FLAGGED:
        level = np.max([sample.column[name] for name in PRIMITIVES], axis=0)
    else:
        level = sample.column[outcome.construct]
    every = Rows(
        person=sample.person,
        hits=hits & known,
        known=known,
        level=np.where(known, level, -1).astype(np.int8),
        at=sample.at,
    )
    return every.where(sample.person >= 0)


def stepped(construct: str) -> bool:
    """Whether a construct has levels to rise through; markers of actualization are yes or no."""
    return construct not in ACTUALIZED


def of_people(affected: int, people: int, conversations: int = 0) -> Figure:
    """A share of people, who are independent of each other: Wilson's interval, exact below ten on either side.

    Args:
        affected: How many.
        people: Of how many.
        conversations: That they have.

    Returns:
        A figure whose `events` counts people.
    """
    if not people:
        return Figure(n=conversations, persons=0, events=0, reason="nobody had enough conversations to tell")
    few = min(affected, people - affected) < FEW_EVENTS
    low, high = (clopper_pearson if few else wilson)(affected, people)
    return Figure(value=affected / people, low=low, high=high, n=conversations, persons=people, events=affected)


def mean_of_people(values: NDArray[np.float64], conversations: int) -> Figure:
    """The mean over people of a share or probability in [0, 1], with a share's interval on an effective number of people.

    No variable in [0, 1] varies more than a yes or no of the same mean, so n people tell at least as much as n such answers;
    n is multiplied by p (1 - p) / v, v being their variance, and divided by (t / z)^2 for the noise of v (Satterthwaite,
    as in `estimate.clusters`). Below ten people with a value above 0 the n people count as they are and the interval is
    exact: too wide rather than too narrow.

    Args:
        values: One of each person; shape (people,).
        conversations: That they have.
    """
    n = len(values)
    if not n:
        return Figure(n=conversations, persons=0, events=0, reason="nobody had enough conversations to tell")
    share, above = float(values.mean()), int(np.count_nonzero(values > 0))
    worth, few = float(n), above < FEW_EVENTS or n - above < FEW_EVENTS
    residual = (values - share) ** 2
    square = float(residual.sum())
    if above >= FEW_EVENTS and square > 1e-12 * n and 0 < share < 1:
        t = t_of(values - share) / normal_quantile(CONFIDENCE)
        worth = n * max(share * (1 - share) / (square / (n - 1)) / t**2, 1 / n)
    low, high = (clopper_pearson if few else wilson)(min(share, 1.0) * worth, worth)
    return Figure(value=share, low=min(low, share), high=max(high, share), n=conversations, persons=n, events=above)


def t_of(owed: NDArray[np.float64]) -> float:
    """Student's 95 % quantile on the degrees of freedom of a variance that is a sum of squares over people.

    Satterthwaite's 2 S^2 / (sum r^4 - S^2 / k), S = sum r^2, as in `estimate.clusters`; no fewer than 1.

    Args:
        owed: What the figure owes to each person, r; shape (k,).
    """
    square = float((owed**2).sum())
    spread = float((owed**4).sum()) - square**2 / len(owed)
    freedom = 2 * square**2 / spread if spread > 1e-12 * square**2 else float(len(owed))
    return float(stdtrit(max(freedom, 1.0), (1 + CONFIDENCE) / 2))


def chance_of(values: NDArray[np.float64]) -> Chance | None:
    """Mean and middle 95 % of simulations; None where most are undefined."""
    there = values[np.isfinite(values)]
    if len(there) < 0.5 * len(values) or not len(there):
        return None
    low, high = np.percentile(there, [2.5, 97.5])
    return Chance(float(there.mean()), float(low), float(high))
