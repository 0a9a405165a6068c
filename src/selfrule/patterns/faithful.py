"""Whether names and summaries say what a pattern is: members held out before naming are put back from these alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.patterns.assemble import Named, Node, Rows
from selfrule.patterns.traits import Trait
from selfrule.patterns.words import KEPT_FROM

SHARE = 0.1
"""Of a pattern's members that are held out."""

LEAST = 5
"""Members from which a pattern holds one out."""

MOST = 2_000
"""Held out in all."""

CHOICES = 5
"""Patterns that a held-out member is put into one of: its own and the four that lie nearest to it."""

_NAMED = 0.75  # share taken for a trait that a name speaks of and no claim counts: between half and all

Scores = NDArray[np.float64]
Reader = Callable[[Rows, NDArray[np.int64]], Scores]
"""Given rows (n,) and for each the patterns to choose from (n, c): how well each fits, higher is better; shape (n, c)."""


@dataclass(frozen=True)
class Faithful:
    """What came of it.

    Attributes:
        right: Credit of each held-out member: 1 where its own pattern was chosen alone, a part where several tied; nan where
            nobody chose.
        own: Its own pattern, by number.
        chance: Credit that choosing by chance has, in the mean.
    """

    right: Scores
    own: NDArray[np.int64]
    chance: float | None

    @property
    def held_out(self) -> int:
        """Members that were put back somewhere."""
        return int(np.count_nonzero(~np.isnan(self.right)))

    @property
    def share(self) -> float | None:
        """Share put back rightly, in [0, 1]; None where nobody was held out."""
        return float(np.nanmean(self.right)) if self.held_out else None

    def of(self, pattern: int) -> tuple[float | None, int]:
        """Share put back rightly of one pattern's, and of how many."""
        mine = self.right[(self.own == pattern) & ~np.isnan(self.right)]
        return (float(mine.mean()), len(mine)) if len(mine) else (None, 0)


def held_out(leaves: Sequence[Node], *, seed: int = 0, most: int = MOST) -> list[Rows]:
    """About a tenth of each pattern's members, drawn with the seed; none of a pattern of fewer than five.

    Args:
        leaves: The patterns at the bottom of the tree.
        seed: The same seed holds out the same.
        most: Members in all; each pattern's share is made smaller to stay within it, one at least while it lasts.
    """
    rng = np.random.default_rng([seed, 7])
    wanted = np.array([0 if len(n.rows) < LEAST else max(1, round(SHARE * len(n.rows))) for n in leaves], np.int64)
    if wanted.sum() > most:
        wanted = np.minimum(wanted, np.maximum(1, wanted * most // int(wanted.sum())))
        wanted[np.cumsum(wanted) > most] = 0
    return [np.sort(rng.choice(n.rows, int(w), replace=False)) for n, w in zip(leaves, wanted, strict=True)]


def choices(centres: NDArray[np.floating], many: int = CHOICES) -> NDArray[np.int64]:
    """For each pattern, itself and those that lie nearest to it: the hardest to tell from it; shape (k, min(many, k))."""
    k = len(centres)
    order = np.empty((k, min(many, k)), np.int64)
    rows = np.asarray(centres, np.float64)
    squared = (rows**2).sum(axis=1)
    for i in range(k):
        distance = squared - 2 * rows @ rows[i]
        distance[i] = -np.inf
        order[i] = np.argsort(distance, kind="stable")[: order.shape[1]]
    return order


def put_back(out: Sequence[Rows], near: NDArray[np.int64], reader: Reader) -> Faithful:
    """Let a reader choose a pattern for everyone held out, and see whether it is their own.

    Args:
        out: Held-out rows of each pattern.
        near: As `choices` gives it; the first column is the pattern itself.
        reader: Who chooses. It is not told which is whose, and a tie is shared out, so the order says nothing.
    """
    own = np.repeat(np.arange(len(out)), [len(rows) for rows in out])
    if not len(own) or near.shape[1] < 2:
        return Faithful(np.zeros(0), np.zeros(0, np.int64), None)
    scores = reader(np.concatenate(list(out)), near[own])
    best = scores == scores.max(axis=1, keepdims=True)
    right = np.where(np.isnan(scores).any(axis=1), np.nan, best[:, 0] / np.maximum(best.sum(axis=1), 1))
    return Faithful(right, own, 1 / near.shape[1])


def by_claims(named: Sequence[Named], known: Sequence[Trait]) -> Reader:
    """A reader who knows of each pattern its name and claims alone, and of a conversation its codes, levels and domains.

    It takes a claim's count for the chance that a member shows the trait, and for what a pattern claims nothing about the
    share among all flagged conversations, and chooses the likeliest (naive Bayes, each pattern as likely beforehand). What
    could not be told of a conversation counts for nothing.

    Args:
        named: Names and claims of the patterns, made without those held out.
        known: Traits of all conversations.
    """
    chance = np.tile([trait.overall for trait in known], (len(named), 1))
    spoken = np.zeros(len(known), np.bool_)
    for i, one in enumerate(named):
        for j, trait in enumerate(known):
            counted = next((c for c in one.claims if c.text.endswith(f", {trait.claim}.")), None)
            if counted is not None:
                chance[i, j] = (counted.shown + KEPT_FROM) / (counted.checked + 1)
            elif trait.name.lower() in one.name.lower():
                chance[i, j] = _NAMED
            else:
                continue
            spoken[j] = True
    used = np.flatnonzero(spoken).tolist()
    with np.errstate(divide="ignore"):
        yes, no = np.log(chance[:, used]), np.log1p(-chance[:, used])

    def read(rows: Rows, patterns: NDArray[np.int64]) -> Scores:
        has = np.stack([known[j].has[rows] & known[j].asked[rows] for j in used], axis=1).reshape(len(rows), len(used))
        not_ = np.stack([~known[j].has[rows] & known[j].asked[rows] for j in used], axis=1).reshape(has.shape)
        fits = [(has * yes[patterns[:, c]] + not_ * no[patterns[:, c]]).sum(axis=1) for c in range(patterns.shape[1])]
        return np.round(np.stack(fits, axis=1), 9)

    return read
