"""What is known before a study, and worlds drawn from it.

A world is one thing that may be true: how many conversations reach the level, how often the judge errs, how well the cheap
judge's score tells them apart. `expecting` simulates studies in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.estimate.clusters import PRIOR_ICC

SIMULATIONS = 400
_JEFFREYS = 0.5  # of a conversation in every stratum: where none was seen, some may be

Floats = NDArray[np.float64]


class Rate(NamedTuple):
    """A judge's sensitivity or specificity: a share taken as known, or, with `of`, so many right of so many labelled."""

    right: float
    of: float | None = None


@dataclass(frozen=True, slots=True)
class Cheap:
    """How well a cheap judge that reads everything tells conversations apart: strata by its score, highest first.

    Attributes:
        share: Share of all conversations in each stratum, above 0, sums to 1; shape (h,).
        positives: Labelled conversations at the level that fell into each; shape (h,).
        alike: Labelled ones that are not at the level and might be taken for it, likewise; a judge's false alarms are
            taken to be spread as these are; shape (h,).
        kept: So many of the strata, from the top, pass the screen; in [1, h].

    Raises:
        UsageError: A shape or a range does not fit.
    """

    share: Floats
    positives: Floats
    alike: Floats
    kept: int

    def __post_init__(self) -> None:
        h = len(self.share)
        for name in ("share", "positives", "alike"):
            values = getattr(self, name)
            if np.shape(values) != (h,) or not h or not bool(np.all(np.isfinite(values) & (values >= 0))):
                raise UsageError(
                    f"The '{name}' of a cheap judge must be {h} numbers of 0 or more. Got {values} instead."
                )
        if not bool(np.all(self.share > 0)) or abs(float(self.share.sum()) - 1) > 1e-6:
            raise UsageError(f"The 'share' of a cheap judge must be above 0 and sum to 1. Got {self.share} instead.")
        if not 1 <= self.kept <= h:
            raise UsageError(f"The 'kept' strata of a screen must be in [1, {h}]. Got {self.kept} instead.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is known before the study.

    Attributes:
        conversations: In the population, at least 1.
        prevalence: Range of the share that is truly at the level, within (0, 1); all orders of magnitude between the two
            are taken as equally likely.
        sensitivity: Of the judge that rates, at the level.
        specificity: Likewise.
        cheap: The cheap judge.
        together: Conversations of the person of a random conversation, at least 1: sum m^2 / sum m over persons.

    Raises:
        UsageError: A value is out of its range.
    """

    conversations: int
    prevalence: tuple[float, float]
    sensitivity: Rate
    specificity: Rate
    cheap: Cheap
    together: float = 1.0

    def __post_init__(self) -> None:
        if self.conversations < 1:
            raise UsageError(f"The 'conversations' of a plan must be at least 1. Got {self.conversations!r} instead.")
        low, high = self.prevalence
        if not 0 < low <= high < 1:
            raise UsageError(
                f"The 'prevalence' of a plan must be a range within (0, 1). Got {low!r} to {high!r} instead."
            )
        for name in ("sensitivity", "specificity"):
            right, of = getattr(self, name)
            if not 0 <= right <= (1 if of is None else of) or (of is not None and of <= 0):
                raise UsageError(
                    f"The '{name}' of a plan must be a share in [0, 1], or so many of so many. Got {right!r} of {of!r}."
                )
        if not self.together >= 1:
            raise UsageError(f"The 'together' of a plan must be at least 1. Got {self.together!r} instead.")


@dataclass(frozen=True, slots=True)
class Worlds:
    """What may be true, s times over, and the luck of each study: the same luck for every plan, so plans compare.

    Attributes:
        n: Conversations in the population.
        share: Share of them in each stratum; shape (h,).
        kept: Strata that pass the screen.
        together: As in `Prior`.
        true: Share of each stratum that is at the level; shape (s, h).
        judged: Share of it that the judge puts there; shape (s, h).
        found: Share of it that is both; shape (s, h).
        luck: Uniform numbers in (0, 1); shape (s, 3, h + 4).
    """

    n: int
    share: Floats
    kept: int
    together: float
    true: Floats
    judged: Floats
    found: Floats
    luck: Floats

    def total(self, of: Floats) -> Floats:
        """A share of all from shares of strata, in each world."""
        return np.asarray((of * self.share).sum(axis=1))

    def independent(self, drawn: float, of: float) -> int:
        """Independent conversations that `drawn` of `of` are worth, by Kish's design effect of persons at `PRIOR_ICC`."""
        if drawn < 1:
            return 0
        likeness = (self.together - 1) * min(drawn / of, 1.0) * PRIOR_ICC
        return max(round(drawn / (1 + likeness)), 1)


def worlds(prior: Prior, simulations: int = SIMULATIONS, seed: int = 0) -> Worlds:
    """Draw worlds from what is known.

    Rates measured on labels, and how positives and look-alikes fall on the cheap judge's strata, are drawn from their
    posterior with Jeffreys' prior (beta, Dirichlet with 1/2), so a plan knows how little a few labels say.

    Args:
        prior: What is known.
        simulations: How many worlds, at least 1.
        seed: Of the generator.
    """
    if simulations < 1:
        raise UsageError(f"The 'simulations' of a plan must be at least 1. Got {simulations!r} instead.")
    rng = np.random.default_rng(seed)
    low, high = np.log(prior.prevalence)
    cheap = prior.cheap
    h = len(cheap.share)
    p = np.exp(rng.uniform(low, high, simulations))[:, None]
    se = _drawn(rng, prior.sensitivity, simulations)[:, None]
    sp = _drawn(rng, prior.specificity, simulations)[:, None]
    where = rng.dirichlet(cheap.positives + _JEFFREYS, simulations)
    alike = rng.dirichlet(cheap.alike + _JEFFREYS, simulations)
    true = np.minimum(p * where / cheap.share, 1.0)
    alarms = np.minimum((1 - p) * (1 - sp) * alike / cheap.share, 1 - true)
    found = true * se
    luck = rng.random((simulations, 3, h + 4))
    return Worlds(prior.conversations, cheap.share, cheap.kept, prior.together, true, found + alarms, found, luck)


def _drawn(rng: np.random.Generator, rate: Rate, simulations: int) -> Floats:
    if rate.of is None:
        return np.full(simulations, float(rate.right))
    return rng.beta(rate.right + _JEFFREYS, rate.of - rate.right + _JEFFREYS, simulations)
