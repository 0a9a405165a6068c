"""Few conversations of which something is not known, left out of all that is shared: the total would give them away."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from selfrule.study.frames import codes_of

ATTRIBUTES = {"model": "model", "started_at": "month", "language": "language", "product": "product"}
"""Columns of the narrow table by which tables part the whole, with the name of the group that they make."""


def placed(narrow: pa.Table, k: int) -> tuple[NDArray[np.bool_], list[str]]:
    """Which conversations figures that are shared are made of, and by which attributes others are left out.

    Those of which a time, model, product or language is not known are a group like any other: everything less the groups
    that are shown. Where they are some and fewer than k conversations (or people, where the study knows at least k), no
    other group is hidden for their sake; they are in no shared figure, so that no difference is theirs.

    Args:
        narrow: As `tables.narrow` makes it; n rows.
        k: The smallest group to show.

    Returns:
        Whether each stays, shape (n,), and the names of the groups.
    """
    n = narrow.num_rows
    stays = np.ones(n, np.bool_)
    left: list[str] = []
    if not n:
        return stays, left
    person, names = codes_of(narrow["person"])
    unknown = {of: np.asarray(narrow[column].is_null()) for column, of in ATTRIBUTES.items()}
    changed = True
    while changed:  # leaving out a few of one kind may leave few of another
        changed = False
        for of, mask in unknown.items():
            mine = mask & stays
            if mine.any() and not (mine == stays).all() and _few(person[mine], k, len(names) >= k):
                stays &= ~mask
                left.append(of)
                changed = True
    return stays, left


def said(left: list[str], k: int) -> str | None:
    """In a sentence, what is left out by `placed`; None where nothing is.

    >>> said(["model"], 10)
    'Left out of every shared figure: conversations of unknown model, fewer than 10 or of fewer than 10 people.'
    """
    if not left:
        return None
    names = left[0] if len(left) == 1 else f"{', '.join(left[:-1])} or {left[-1]}"
    each = " of each" if len(left) > 1 else ""
    return f"Left out of every shared figure: conversations of unknown {names}, fewer than {k}{each} or of fewer than {k} people."


def _few(person: NDArray[np.int64], k: int, people: bool) -> bool:
    known = len(np.unique(person[person >= 0]))
    return len(person) < k or (people and 0 < known < k)
