"""The method sentence that stands beside every figure: what was done, and what the interval cannot say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.clusters import FEW_EVENTS, PRIOR_ICC, Clustering

STUDY_WAY = "screened-out counted as none, the study's way"
LUMPY_CARRIERS = 80
LUMPY_EFFECT = 1.5
LOOSE_COUNT = 3
WORTH_SAYING = 1.05


def interval_clause(parts: Sequence[Clustering], *, plain: bool) -> str:
    """How the interval was made: one proportion, or several combined."""
    if plain:
        return "Wilson 95 % interval"
    exact = any(min(p.events, p.n - p.events) < FEW_EVENTS for p in parts)
    limits = "exact limits below 10 events, else Wilson" if exact else "Wilson limits"
    if len(parts) == 1:
        return f"95 % interval of a sample ({limits})"
    return f"two-phase 95 % interval ({limits}, weighted by stratum and combined by square-and-add)"


def weight_clause(weight: NDArray[np.float64]) -> str:
    """That conversations stand for unlike numbers, how unlike they are, and what that alone costs (Kish)."""
    kish = len(weight) * float((weight * weight).sum()) / float(weight.sum()) ** 2
    unlike = float(weight.max()) / float(weight.min())
    return (
        f"weighted, as conversations were drawn with unlike probabilities (weights up to {unlike:.3g} times the least, "
        f"design effect {kish:.3g} from them); count and missing are weighted too"
    )


def finite_clause(remains: float) -> str:
    """That a good part of a known population was drawn, and whom the interval then speaks of."""
    return (
        f"{100 * (1 - remains):.2g} % of a known population drawn without replacement (finite population correction): the "
        "interval speaks of that population, not of others like it"
    )


def person_clauses(parts: Sequence[Clustering], persons: int, n: int, clusters: int, effect: float) -> list[str]:
    """What is known of who said it, and what that does to the interval.

    Args:
        parts: The share of each stratum.
        persons: Persons known among the n conversations.
        n: Conversations used.
        clusters: Persons, plus conversations of unknown person.
        effect: Design effect.

    Returns:
        Clauses, none where each conversation has its own person.
    """
    if not persons:
        return ["persons unknown, each conversation taken as another person: too narrow where people have many"]
    if clusters == 1:
        return ["one person: it speaks of this person's conversations, not of people"] if n > 1 else []
    if clusters == n and persons == n:
        return []
    said = [f"{persons:,} persons, design effect {effect:.3g}"]
    if clusters > persons:
        said.append(f"{clusters - persons:,} of unknown person taken as one person each")
    if effect >= WORTH_SAYING and all(p.carriers < FEW_EVENTS for p in parts):
        said.append(f"few events, so largely from an assumed likeness of {PRIOR_ICC:g} within a person")
    elif any(p.carriers < LUMPY_CARRIERS and (p.estimated or 1) > LUMPY_EFFECT for p in parts):
        said.append("few people carry most of it, so it may still be too narrow")
    return said


def count_clauses(parts: Sequence[Clustering], *, plain: bool) -> list[str]:
    """What few events do to the limits."""
    if plain and 1 <= parts[0].events <= LOOSE_COUNT:
        return ["fewer than 4 seen, so the lower limit alone may be too high"]
    return []


def drawn_clause(name: str, rated: int, of: int, seen: int) -> str:
    """How much of a stratum was rated, and that nothing seen in it is not zero."""
    nothing = ", none of them at this level (exact upper limit, not zero)" if not seen else ""
    return f"{rated:,} of {of:,} {name} rated{nothing}"
