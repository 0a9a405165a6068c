"""Many cells at once: which differ from the rest after adjustment, and what so many 95 % intervals promise together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr
from scipy.stats import fisher_exact

from selfrule.errors import UsageError
from selfrule.estimate.intervals import CONFIDENCE
from selfrule.estimate.trend import benjamini_hochberg
from selfrule.records import Estimate

LEAST_EXPECTED = 5.0
"""Expected counts below which the exact test is taken (Cochran 1954, Biometrics 10:417)."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One group of a table against all its other groups.

    Attributes:
        group: As in `Estimate.group`.
        difference: Its share less that of the others; None where either has none.
        p: Two-sided p-value of no difference; None where there is none.
        adjusted: The same, adjusted for the false discovery rate over the table.
        stands_out: Whether `adjusted` is at most 0.05: of those that do, one in twenty is expected to do so by chance.
    """

    group: dict[str, str]
    difference: float | None
    p: float | None
    adjusted: float | None
    stands_out: bool


def against_the_rest(table: Sequence[Estimate]) -> list[Compared]:
    """Test each group of a table against all its others, adjusted for their number.

    Counts are effective ones (people with many conversations, weights). The score test of two proportions, or Fisher's
    exact one where a count below 5 is expected. Groups that overlap (domains) are taken as they are.

    Args:
        table: One construct and level, one estimate a group.

    Returns:
        One comparison a group, in their order.

    Raises:
        UsageError: The estimates are of several constructs, levels or kinds.

    References:
        Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. JRSS B 57:289-300.
    """
    kinds = {(e.construct, e.level, e.kind) for e in table}
    if len(kinds) > 1:
        raise UsageError(f"A 'table' must be of one construct, level and kind. Got {sorted(kinds)} instead.")
    there = [e.share is not None and bool(e.n_effective) for e in table]
    n = np.array([e.n_effective or 0.0 if ok else 0.0 for e, ok in zip(table, there, strict=True)])
    x = np.array([e.share or 0.0 for e in table]) * n
    found: list[tuple[float | None, float | None]] = []
    for at, ok in enumerate(there):
        others = float(n.sum() - n[at])
        if not ok or others <= 0:
            found.append((None, None))
            continue
        rest = float(x.sum() - x[at])
        found.append((float(x[at] / n[at]) - rest / others, _p(float(x[at]), float(n[at]), rest, others)))
    adjusted = benjamini_hochberg([p for _, p in found])
    return [
        Compared(e.group, d, p, q, q is not None and q <= 1 - CONFIDENCE)
        for e, (d, p), q in zip(table, found, adjusted, strict=True)
    ]


def confidence_for_all(cells: int, confidence: float = CONFIDENCE) -> float:
    """The confidence of each of so many intervals with which all of them hold at once (Bonferroni).

    Example:
        >>> round(confidence_for_all(22), 4)
        0.9977
    """
    if cells < 1:
        raise UsageError(f"The 'cells' of a family must be at least 1. Got {cells!r} instead.")
    return 1 - (1 - confidence) / cells


def together(cells: int, confidence: float = CONFIDENCE) -> str:
    """What so many intervals promise together, one sentence.

    Example:
        >>> together(22)
        '22 intervals, each right 95 times in 100: about 1 of them is expected to miss, and which is not known.'
    """
    missed = cells * (1 - confidence)
    about = "fewer than 1" if missed < 0.95 else f"about {missed:.0f}"
    return (
        f"{cells:,} intervals, each right {100 * confidence:g} times in 100: {about} of them is expected to miss, "
        "and which is not known."
    )


def _p(x: float, n: float, rest: float, others: float) -> float:
    share = (x + rest) / (n + others)
    if not 0 < share < 1:
        return 1.0
    if min(n, others) * min(share, 1 - share) < LEAST_EXPECTED:
        counts = np.array([[round(x), max(round(n - x), 0)], [round(rest), max(round(others - rest), 0)]])
        return float(fisher_exact(counts).pvalue)
    z = (x / n - rest / others) / math.sqrt(share * (1 - share) * (1 / n + 1 / others))
    return float(2 * ndtr(-abs(z)))
