"""From one judge's scale to another's: what a share rated by one would be if the other had rated it, from anchors.

Anchors are conversations that both judges rated. They say how often the judge whose scale is wanted (A) says yes where the
other (B) does, and where it does not; a share q by B is then q P(A|B) + (1 - q) P(A|not B) on A's scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.figures import Figure
from selfrule.errors import UsageError
from selfrule.estimate.bootstrap import DRAWS, resampled_sums
from selfrule.estimate.clusters import FEW_EVENTS, Clustering, clustering, persons_of

LEAST = 10
"""Anchors of either kind below which there is no bridge."""

ASSUMES = (
    "The bridge assumes that the anchors are like the conversations it is used on: that where the one judge says yes, or no, "
    "the other says yes as often there as among the anchors."
)
_Share = TypeVar("_Share", float, NDArray[np.float64])


@dataclass(frozen=True)
class Bridge:
    """How a share by one judge becomes one on another's scale.

    Attributes:
        of: Label of the judge (B) whose shares are carried over.
        to: Label of the judge (A) on whose scale they then are.
        anchors: Conversations that both rated.
        yes: How often A says yes where B does, with interval and n.
        no: The same where B does not.
        draws: Both in resamples of the anchors' people; shape (draws, 2).
    """

    of: str
    to: str
    anchors: int
    yes: Figure
    no: Figure
    draws: NDArray[np.float64]

    def share(self, q: _Share) -> _Share:
        """A share by B in [0, 1], on A's scale."""
        yes, no = self.yes.value or 0.0, self.no.value or 0.0
        return no + q * (yes - no)

    def shares(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Resamples of a share by B on A's scale, the anchors resampled too; shape (draws, ...)."""
        yes, no = (self.draws[:, i].reshape(-1, *[1] * (q.ndim - 1)) for i in (0, 1))
        return np.asarray(no + q * (yes - no))


def bridge_of(
    to_says: NDArray[np.int8],
    of_says: NDArray[np.int8],
    person: NDArray[np.integer],
    *,
    to: str,
    of: str,
    draws: int = DRAWS,
    seed: int = 0,
) -> Bridge:
    """The bridge from one judge to another, from conversations that both rated. Each anchor counts once.

    People are resampled whole, the same for both shares; a share that fewer than ten anchors tell apart from 0 or 1 is drawn
    from Jeffreys' beta distribution of its effective number instead, for resampling is blind there.

    Args:
        to_says: What the judge whose scale is wanted says of each anchor: 1 the outcome is reached, 0 not, -1 not rated;
            shape (n,).
        of_says: The same of the other judge.
        person: Code of the person of each, below 0 where unknown; shape (n,).
        to: Label of the first.
        of: Label of the second.
        draws: Resamples.
        seed: Of the resampling.

    Raises:
        UsageError: The other judge says yes, or no, of fewer than ten anchors.

    References:
        Brown LD, Cai TT, DasGupta A (2001). Interval estimation for a binomial proportion. Statistical Science 16:101-133
        (Jeffreys' interval). doi:10.1214/ss/1009213286. The law of total probability, for the rest.
    """
    both = (to_says >= 0) & (of_says >= 0)
    yes, hit = both & (of_says == 1), to_says == 1
    no = both & (of_says == 0)
    counts = int(yes.sum()), int(no.sum())
    if min(counts) < LEAST:
        raise UsageError(
            f"The anchors cannot bridge {of} to {to}: {of} says yes of {counts[0]:,} of the {sum(counts):,} conversations that "
            f"both rated and no of {counts[1]:,}, and a bridge needs {LEAST} of either. Let both judges rate more conversations, "
            "or choose a commoner level."
        )
    who = np.unique(
        np.where(person >= 0, person, int(person.max(initial=-1)) + 1 + np.arange(len(person))), return_inverse=True
    )[1]
    columns = np.stack([yes & hit, yes, no & hit, no])
    rows = np.stack([np.bincount(who, weights=c) for c in columns.astype(np.float64)], axis=1).astype(np.float64)
    sums = resampled_sums(rows, draws, seed)
    rng = np.random.default_rng(seed + 1)
    found, drawn = [], []
    for at, part in ((0, yes), (2, no)):
        got = clustering(persons_of(person[part]), hit[part])
        low, high = got.exact_if_few()
        found.append(
            Figure(value=got.share, low=low, high=high, n=got.n, persons=got.persons or None, events=got.events)
        )
        some = sums[:, at] / np.where(sums[:, at + 1] > 0, sums[:, at + 1], np.nan)
        drawn.append(beta_draws(got, draws, rng) if few(got) or np.isnan(some).any() else some)
    return Bridge(of, to, sum(counts), found[0], found[1], np.stack(drawn, axis=1))


def few(got: Clustering) -> bool:
    """Whether resampling a share is blind: fewer than ten conversations, or people who carry them, on either side."""
    events = min(got.events, got.n - got.events)
    return (
        min(events, got.carriers or events, got.clusters) < FEW_EVENTS
    )  # no carriers: each conversation has its own person


def beta_draws(got: Clustering, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draws of a share from Jeffreys' beta distribution of its effective number of conversations; shape (draws,)."""
    worth = got.n_effective
    return rng.beta(got.share * worth + 0.5, (1 - got.share) * worth + 0.5, draws)
