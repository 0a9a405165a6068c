"""How many to draw from each stratum."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError

LEAST = 2
"""From each stratum at the least (or all of it): what nothing was drawn from, no weight can stand for."""


def proportional(sizes: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Shares `n` out over strata in proportion to their sizes, at least two from each and never more than there are.

    By the divisor method of Webster and Sainte-Lague: unlike the method of largest remainders it never takes one from a
    stratum because `n` has grown (Balinski and Young 1982, ch. 5), so that larger draws hold smaller ones.

    Args:
        sizes: Conversations of each stratum, at least 1 each; shape (h,).
        n: To be drawn, at least two from each stratum.

    Returns:
        To be drawn from each; shape (h,). Sums to `n`, or to all there are.

    Raises:
        UsageError: `n` is too small for two from each stratum.
    """
    least = np.minimum(sizes, LEAST)
    if n >= int(sizes.sum()):
        return sizes.copy()
    if n < int(least.sum()):
        raise UsageError(
            f"{n:,} are too few for {len(sizes):,} strata: each needs {LEAST} (or all it has), {int(least.sum()):,} "
            "in all. Draw more, or name a field with fewer values."
        )
    low, high = 0.0, 1.0
    for _ in range(200):  # the largest rate that does not draw too many
        rate = (low + high) / 2
        if int(_at(sizes, least, rate).sum()) <= n:
            low = rate
        else:
            high = rate
    given = _at(sizes, least, low)
    # what a tie leaves, the larger quotient first, of equals the earlier stratum
    queue = [(-size / (got + 0.5), at) for at, (size, got) in enumerate(zip(sizes, given, strict=True)) if got < size]
    heapq.heapify(queue)
    for _ in range(n - int(given.sum())):
        _, at = heapq.heappop(queue)
        given[at] += 1
        if given[at] < sizes[at]:
            heapq.heappush(queue, (-sizes[at] / (given[at] + 0.5), at))
    return given


def _at(sizes: NDArray[np.int64], least: NDArray[np.int64], rate: float) -> NDArray[np.int64]:
    return np.asarray(np.clip(np.floor(sizes * rate + 0.5).astype(np.int64), least, sizes), np.int64)


def equal(sizes: NDArray[np.int64], each: int) -> NDArray[np.int64]:
    """`each` from every stratum, or all of it where it has fewer."""
    return np.asarray(np.minimum(sizes, each), np.int64)
