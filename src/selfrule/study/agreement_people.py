"""Agreement between the labellers of a study."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.agreement import krippendorff
from selfrule.estimate.cells import FLAGGED, FLAGGED_OUTCOME
from selfrule.estimate.labelled import reaches
from selfrule.records import Label
from selfrule.report.judging import Measured
from selfrule.rubric import CONSTRUCTS, LEVELS
from selfrule.study.agreement import POOLED, compared
from selfrule.study.agreement_records import Labellers
from selfrule.study.kin import measure


def matrix(levels: Mapping[str, Mapping[str, int | None]], ids: list[str]) -> NDArray[np.int8]:
    """Levels of some conversations, -1 where there is none; shape (n, 7)."""
    rows = [[-1 if (v := levels.get(one, {}).get(c)) is None else v for c in CONSTRUCTS] for one in ids]
    return np.array(rows, np.int8).reshape(len(ids), len(CONSTRUCTS))


def columns(levels: NDArray[np.int8]) -> dict[str, NDArray[np.int8]]:
    """A column a construct, and flagged as 0 and 1; -1 where there is none."""
    return {c: levels[:, k] for k, c in enumerate(CONSTRUCTS)} | {FLAGGED: reaches(levels, FLAGGED_OUTCOME)}


def many(construct: str) -> int:
    """How many levels a construct has; flagged has two."""
    return 2 if construct == FLAGGED else len(LEVELS)


def between(
    words: Mapping[str, list[Label]], names: list[str], people: Mapping[str, int]
) -> tuple[list[Labellers], dict[str, Measured]]:
    """Every pair of labellers on what both labelled, and Krippendorff's alpha over all of them.

    Args:
        words: Labels by conversation.
        names: The labellers, in order.
        people: What each conversation is resampled with.

    Returns:
        Pairs that share a conversation, and alpha by construct, "flagged" and "pooled"; both empty where nobody does.
    """
    given: dict[str, dict[str, Mapping[str, int | None]]] = {name: {} for name in names}
    for one, labels in words.items():
        for label in labels:
            given[label.labeller][one] = label.levels
    pairs = []
    for first, second in combinations(names, 2):
        ids = [one for one in given[first] if one in given[second]]
        if not ids:
            continue
        mine, other = matrix(given[first], ids), matrix(given[second], ids)
        group = np.array([people[one] for one in ids], np.int64)
        sides = columns(mine), columns(other)
        made = {c: compared(sides[0][c], sides[1][c], group, many(c)) for c in sides[0]}
        made[POOLED] = compared(mine.T.ravel(), other.T.ravel(), np.tile(group, len(CONSTRUCTS)), len(LEVELS))
        pairs.append(Labellers(first, second, len(ids), made))
    if not pairs:
        return [], {}
    ids = [one for one, labels in words.items() if len(labels) > 1]
    group = np.array([people[one] for one in ids], np.int64)
    stacked = [columns(matrix(given[name], ids)) for name in names]
    values = {c: np.stack([each[c] for each in stacked]) for c in (*CONSTRUCTS, FLAGGED)}
    alpha = {c: measure(krippendorff(v, group, levels=many(c))) for c, v in values.items()}
    pooled = np.concatenate([values[c] for c in CONSTRUCTS], axis=1)
    alpha[POOLED] = measure(krippendorff(pooled, np.tile(group, len(CONSTRUCTS))))
    return pairs, alpha
