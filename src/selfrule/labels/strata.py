"""The sampling strata of a draw: one stratification for all constructs, by what the reported judge said.

The three primitives decide, for they make what is published first: shares at a level, and flagged. What no judge rated is a
stratum too, so that every conversation of a study has a known probability of being labelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

STRATA: tuple[str, ...] = ("severe", "moderate", "mild", "none", "unrated", "screened_out")
"""The highest level of the three primitives; "unrated" was to be rated and could not be; "screened_out" was not drawn for it."""

FLAGGED_STRATA: tuple[str, ...] = ("severe", "moderate")
NEGATIVES: tuple[str, ...] = ("mild", "none", "unrated", "screened_out")
"""Strata that the judge does not flag: what it missed can only be seen in them."""

GUESSES: Mapping[str, float] = {
    "severe": 0.6,
    "moderate": 0.4,
    "mild": 0.1,
    "none": 0.01,
    "unrated": 0.05,
    "screened_out": 0.003,
}
"""Share of each stratum that labels are expected to flag, before there are any: order-of-magnitude guesses.

A wrong guess costs precision and never coverage: it decides how many are labelled, not what they stand for.
"""


def stratum_codes(levels: NDArray[np.integer], rated: NDArray[np.bool_], drawn: NDArray[Any]) -> NDArray[np.int8]:
    """The stratum of each conversation, as an index into `STRATA`.

    Args:
        levels: The judge's levels of the three primitives, -1 where one was not rated; shape (n, 3).
        rated: The rating's status is "rated"; shape (n,).
        drawn: The rating's status is any other than "screened_out"; shape (n,).

    Returns:
        Codes; shape (n,). A rated conversation with no level on any primitive is "unrated".
    """
    top = levels.max(axis=1, initial=-1) if len(levels) else np.zeros(0, np.int64)
    code = np.where(rated & (top >= 0), 3 - top, STRATA.index("unrated"))
    return np.where(np.asarray(drawn, bool), code, STRATA.index("screened_out")).astype(np.int8)
