"""Which figures are published: constructs and levels of everything, and of each kind of group."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfrule.rubric import CONSTRUCTS, FACTORS, FLAGGED_FROM, LEVELS, PRIMITIVES

FLAGGED = "flagged"
ACTUALIZED: tuple[str, ...] = tuple(f"actualized_{primitive}" for primitive in PRIMITIVES)


class Outcome(NamedTuple):
    """One row of a table: a construct reaches a level where its column is in [first, last]."""

    construct: str
    level: str
    first: int
    last: int


def _cumulative(construct: str, start: int) -> Outcome:
    top = len(LEVELS) - 1
    return Outcome(construct, LEVELS[start] if start == top else f"{LEVELS[start]}+", start, top)


FLAGGED_OUTCOME = Outcome(FLAGGED, f"{LEVELS[FLAGGED_FROM]}+", 1, 1)
ACTUALIZED_OUTCOMES: tuple[Outcome, ...] = tuple(Outcome(name, "yes", 1, 1) for name in ACTUALIZED)
_SERIOUS: tuple[Outcome, ...] = (
    FLAGGED_OUTCOME,
    *(_cumulative(primitive, start) for primitive in PRIMITIVES for start in (FLAGGED_FROM, 3)),
    *ACTUALIZED_OUTCOMES,
)

OVERALL: tuple[Outcome, ...] = (
    *(Outcome(construct, level, i, i) for construct in CONSTRUCTS for i, level in enumerate(LEVELS)),
    *(_cumulative(construct, start) for construct in CONSTRUCTS for start in (1, 2)),
    FLAGGED_OUTCOME,
    *ACTUALIZED_OUTCOMES,
)
"""Of everything. Severe is both the exact level and the cumulative one, and is there once."""

BY_ATTRIBUTE: tuple[Outcome, ...] = (*_SERIOUS, *(_cumulative(factor, FLAGGED_FROM) for factor in FACTORS))
"""By domain, model, month, language and product."""

BY_FACTOR: tuple[Outcome, ...] = _SERIOUS
"""By level of an amplifying factor."""


def columns(
    levels: NDArray[np.int8], actualized: NDArray[np.int8], rated: NDArray[np.bool_]
) -> dict[str, NDArray[np.int8]]:
    """One column a construct, marker and "flagged": the level, or 1 and 0; -1 where not rated.

    Flagged is known where a primitive reaches moderate, and otherwise only where all of them were rated.

    Args:
        levels: Shape (n, 7), as in `Frame`.
        actualized: Shape (n, 3), as in `Frame`.
        rated: Shape (n,).

    Returns:
        Columns of shape (n,) by construct id.
    """
    found = {name: np.where(rated, levels[:, i], np.int8(-1)).astype(np.int8) for i, name in enumerate(CONSTRUCTS)}
    flagged = np.zeros(len(rated), dtype=np.int8)
    for primitive in PRIMITIVES:
        flagged[found[primitive] < 0] = -1
    for primitive in PRIMITIVES:
        flagged[found[primitive] >= FLAGGED_FROM] = 1
    found[FLAGGED] = flagged
    for i, name in enumerate(ACTUALIZED):
        found[name] = np.where(rated, actualized[:, i], np.int8(-1)).astype(np.int8)
    return found
