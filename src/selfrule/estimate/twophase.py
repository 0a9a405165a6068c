"""A share when only a sample of some stratum was rated: p = w_in p_in + w_out p_out.

Phase one: all conversations, each screened in or out. Phase two: those rated. The screened-out part has its own random
sample; nothing seen there gives an exact upper limit, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from selfrule.errors import UsageError
from selfrule.estimate.intervals import Interval


class Part(NamedTuple):
    """One stratum: its weight in the whole (weights sum to 1), the share in it, and that share's limits."""

    weight: float
    share: float
    low: float
    high: float


class Combined(NamedTuple):
    """A share over all strata with its limits."""

    share: float
    low: float
    high: float


def combine(parts: Sequence[Part], weights: Sequence[Interval], stretch: float = 1.0) -> Combined:
    """Combine the shares of one or two strata, and their limits, by square-and-add.

    The variance of a double sample (Cochran 1977, 12.2) is the sum of w_h^2 V(p_h) over strata, plus w_1 w_2
    (p_1 - p_2)^2 over the size of phase one, for the weights are estimated too. Each term's half-width is the distance
    from the estimate to its own Wilson or exact limit instead of a normal one (the method of variance estimates
    recovery, Zou and Donner 2008; square-and-add, Newcombe 1998; weighted proportions, Waller et al. 1994), so limits
    are asymmetric as the parts are, never below 0, and at zero seen the upper one is real. A sum of squares takes the
    terms as independent; where people have conversations in both strata they are not, and `stretch` makes up for it.

    Args:
        parts: One or two strata; weights in [0, 1] that sum to 1.
        weights: Limits of each part's weight, in the same order.
        stretch: Variance over the sum of the terms' variances, at least 1 (`across.variance`).

    Returns:
        The share and limits in [0, 1], low <= share <= high.

    Raises:
        UsageError: The weights do not sum to 1.

    References:
        Zou GY, Donner A (2008). Construction of confidence limits about effect measures: a general approach. Statistics
        in Medicine 27:1693-1702. doi:10.1002/sim.3095. Newcombe RG (1998). Interval estimation for the difference
        between independent proportions: comparison of eleven methods. Statistics in Medicine 17:873-890. Waller JL,
        Addy CL, Jackson KL, Garrison CZ (1994). Confidence intervals for weighted proportions. Statistics in Medicine
        13:1071-1082. doi:10.1002/sim.4780131009
    """
    if not math.isclose(sum(p.weight for p in parts), 1.0, abs_tol=1e-9):
        raise UsageError(f"The weights of the strata must sum to 1. Got {[p.weight for p in parts]} instead.")
    share = min(sum(p.weight * p.share for p in parts), 1.0)
    below = sum((p.weight * (p.share - p.low)) ** 2 for p in parts)
    above = sum((p.weight * (p.high - p.share)) ** 2 for p in parts)
    if len(parts) == 2:
        # The stratum with the higher share, and how far its weight may be off.
        top = 0 if parts[0].share >= parts[1].share else 1
        gap = parts[top].share - parts[1 - top].share
        below += (gap * (parts[top].weight - weights[top].low)) ** 2
        above += (gap * (weights[top].high - parts[top].weight)) ** 2
    low = max(share - math.sqrt(below * stretch), 0.0)
    return Combined(share, low, min(share + math.sqrt(above * stretch), 1.0))
