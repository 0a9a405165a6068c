"""Small labelled studies for tests: one construct, strata by the judge's level, one person each, unless told."""

from __future__ import annotations

from typing import Any

import numpy as np

from selfrule.estimate.cells import Outcome
from selfrule.estimate.labelled import Labelled
from selfrule.rubric import CONSTRUCTS

SEVERE = Outcome("reality_distortion", "severe", 3, 3)
STRATA = ("severe", "moderate", "mild", "none", "unrated")


def study(
    flagged: tuple[int, int, int],
    below: tuple[int, int, int],
    *,
    unrated: tuple[int, int, int] = (0, 0, 0),
    skipped: int = 0,
    **fields: Any,
) -> Labelled:
    """Each part is (conversations, labelled, of those severe); of the flagged labels `skipped` are missing."""
    level, stratum, row, given, inclusion = [], [], [], [], []
    start = 0
    for code, rated, (size, labelled, events) in ((0, 3, flagged), (3, 0, below), (4, -1, unrated)):
        level += [rated] * size
        stratum += [code] * size
        row += list(range(start, start + labelled))
        given += [3] * events + [0] * (labelled - events)
        inclusion += [labelled / size if size else 1.0] * labelled
        start += size
    labels = np.zeros((len(row), len(CONSTRUCTS)), dtype=np.int8)
    labels[:, 0] = given
    if skipped:
        labels[flagged[1] - skipped : flagged[1]] = -1
    levels = np.zeros((start, len(CONSTRUCTS)), dtype=np.int8)
    levels[:, 0] = level
    levels[np.array(level) < 0] = -1
    made: dict[str, Any] = {
        "person": np.arange(start),
        "weight": np.ones(start),
        "levels": levels,
        "stratum": np.array(stratum),
        "strata": STRATA,
        "row": np.array(row, dtype=np.int64),
        "given": labels,
        "inclusion": np.array(inclusion),
        **fields,
    }
    return Labelled(**made)
