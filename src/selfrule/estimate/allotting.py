"""How a plan spends ratings: allotted to the strata of the cheap judge, as few as a width needs, as narrow as a budget buys."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from selfrule.estimate.expecting import Seen, Way, groups_of, rate
from selfrule.estimate.planning import Floats, Worlds

BLENDS = (0.1, 0.3, 0.6)
"""Shares of a two-judge sample that are allotted by size and not by Neyman; the best of them is taken."""

_ROUND = (*range(10, 16), *range(16, 26, 2), 25, 28, 30, 32, *range(35, 80, 5), 80, 90)  # numbers that people choose
_BACK = 6  # steps back from a budget that are looked at: what luck makes a plan lose is far less than they do


class Offer(NamedTuple):
    """Conversations to rate in each group of a design, and what is seen then."""

    drawn: Floats
    seen: Seen

    @property
    def total(self) -> int:
        """Conversations to rate."""
        return round(float(self.drawn.sum()))


Score = Callable[[Seen], float]
"""How wide a figure is; less is better."""


def grid(most: int, least: int = 1) -> list[int]:
    """Round numbers about 10 % apart, from `least` to `most`, with `most` itself.

    Example:
        >>> grid(100, 60)
        [60, 65, 70, 75, 80, 90, 100]
    """
    found = {most, *range(1, 10)}
    for power in range(max(len(str(most)) - 1, 0)):
        found.update(n * 10**power for n in _ROUND)
    return sorted(n for n in found if least <= n <= most)


def neyman(w: Worlds, n: int, blend: float) -> Floats:
    """A sample allotted to the cheap judge's strata: in proportion to size times standard deviation, a part by size alone.

    The part by size keeps strata in which nothing is expected from being all but empty: their upper limits, about 3 over
    what was rated of them, would decide the whole.

    Args:
        w: The worlds; the share at the level in each stratum is guessed as the mean over them.
        n: Conversations in all, at least one a stratum (or all of it).
        blend: The part by size, in [0, 1].

    Returns:
        Conversations of each stratum, whole numbers, none above the stratum's size; they sum to min(n, all).

    References:
        Neyman J (1934). On the two different aspects of the representative method. JRSS 97:558-625. Cochran WG (1977).
        Sampling Techniques, 3rd ed., 5.5.
    """
    size = np.maximum(np.floor(w.share * w.n), 1)
    guess = w.judged.mean(axis=0)
    pull = w.share * np.sqrt(guess * (1 - guess))
    pull = (1 - blend) * pull / pull.sum() + blend * w.share
    n = max(min(n, int(size.sum())), len(size))
    got = np.zeros(len(size))
    open_ = np.ones(len(size), dtype=bool)
    while open_.any():
        want = np.maximum((n - got[~open_].sum()) * pull / pull[open_].sum(), 1)
        full = open_ & (want >= size)
        if not full.any():
            got[open_] = np.floor(want[open_])
            break
        got[full] = size[full]
        open_ &= ~full
    while got.sum() > n:  # one a stratum was more than some were due
        got[np.argmax(got)] -= 1
    for k in np.argsort(-pull, kind="stable"):  # what rounding left goes where it teaches most
        got[k] += min(max(n - got.sum(), 0), size[k] - got[k])
    return got


def offers(w: Worlds, way: Way, n: int) -> list[Offer]:
    """The ways of spending `n` ratings in a design. Of a screened one, `n` go to what the screen dropped.

    Args:
        w: The worlds.
        way: The design.
        n: Ratings, at least 1.
    """
    if way == "two judges":
        drawn = [neyman(w, n, blend) for blend in BLENDS] if n < w.n else [w.share * w.n]
    elif way == "random" or len(groups_of(w, way)) == 1:
        drawn = [np.array([float(min(n, w.n))])]
    else:
        inside = float(w.share[: w.kept].sum())
        kept = max(round(inside * w.n), 1)
        drawn = [np.array([kept, 0.0 if way == "study" else min(n, max(w.n - kept, 1))], dtype=np.float64)]
    return [Offer(d, rate(w, way, d.tolist())) for d in drawn]


def best(w: Worlds, way: Way, n: int, score: Score) -> Offer:
    """The offer of `n` ratings with the lowest score."""
    return min(offers(w, way, n), key=lambda offer: score(offer.seen))


def fewest(
    w: Worlds, way: Way, most: int, score: Score, target: float, also: Callable[[Offer], bool] = lambda offer: True
) -> Offer | None:
    """The offer of the fewest ratings that are narrow enough, on the grid.

    Args:
        w: The worlds.
        way: The design.
        most: Ratings at most; of a screened design, of what the screen dropped.
        score: How wide.
        target: Its score is to be at most that.
        also: What else is asked of it; something that more ratings never spoil.

    Returns:
        The offer, or None where `most` are not enough.
    """
    steps = grid(most)

    def enough(offer: Offer) -> bool:
        return score(offer.seen) <= target and also(offer)

    last = best(w, way, steps[-1], score)
    if not enough(last):
        return None
    low, high, found = 0, len(steps) - 1, last
    while low < high:
        middle = (low + high) // 2
        offer = best(w, way, steps[middle], score)
        if enough(offer):
            high, found = middle, offer
        else:
            low = middle + 1
    return found


def narrowest(w: Worlds, way: Way, most: int, score: Score) -> Offer:
    """The offer of at most `most` ratings with the lowest score, on the grid: never worse for having more to spend."""
    within = grid(max(min(most, w.n), 1))[-_BACK:]
    return min((best(w, way, n, score) for n in within), key=lambda offer: (score(offer.seen), offer.total))
