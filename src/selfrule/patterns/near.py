"""Near copies: of one person's conversations that read alike, one is clustered and the others follow it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selfrule.patterns.embedding import terms

ALIKE = 0.97
"""Cosine from which two descriptions of one person are near copies."""

_AT_ONCE = 2_000


def collapse(
    descriptions: Sequence[str],
    matrix: NDArray[np.float32],
    person: NDArray[np.integer],
    *,
    alike: float = ALIKE,
) -> NDArray[np.int64]:
    """Which conversation stands for each: itself, or an earlier one of the same person that reads alike.

    Alike from different people is no copy: that many people do the same is what a pattern is. Of unknown people only equal
    wording is a copy, for who says the same word for word is likely one.

    Args:
        descriptions: One a conversation.
        matrix: Their vectors, of length 1; shape (n, d).
        person: Code of the person, below 0 where unknown; shape (n,).
        alike: Cosine in (0, 1] from which two are near copies.

    Returns:
        Index of the keeper of each, its own where it is kept; shape (n,). A keeper keeps itself.
    """
    n = len(descriptions)
    keeper = np.arange(n, dtype=np.int64)
    if not n:
        return keeper
    unknown: dict[str, int] = {}
    for row in np.flatnonzero(np.asarray(person) < 0).tolist():
        words = " ".join(terms(descriptions[row]))
        if words:
            keeper[row] = unknown.setdefault(words, row)
    order = np.argsort(person, kind="stable")
    codes = np.asarray(person)[order]
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), n], strict=True):
        if end - start > 1 and codes[start] >= 0:
            rows = order[start:end]
            for first in range(0, len(rows), _AT_ONCE):  # a person of many thousands, in pieces
                _one(rows[first : first + _AT_ONCE], matrix, keeper, alike)
    return keeper


def _one(rows: NDArray[np.intp], matrix: NDArray[np.float32], keeper: NDArray[np.int64], alike: float) -> None:
    """Each row of one person to the first kept row that is alike."""
    mine = matrix[rows]
    near = mine @ mine.T >= alike
    kept = np.ones(len(rows), np.bool_)
    for i in range(1, len(rows)):
        earlier = np.flatnonzero(near[i, :i] & kept[:i])
        if len(earlier):
            kept[i] = False
            keeper[rows[i]] = rows[earlier[0]]
