"""Differences of shares: between two sets of conversations, and between two judges' differences on the same ones."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.estimate.bootstrap import DRAWS, resampled_sums
from selfrule.estimate.clusters import FEW_EVENTS, clustering, persons_of
from selfrule.estimate.measure import Measure, group_codes, measured

_EMPTY = "undefined: one of the two has no conversation"


def difference(
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    first_person: NDArray[np.integer],
    second_person: NDArray[np.integer],
) -> Measure:
    """The share of hits among some conversations, less that among others.

    Each share has Wilson's interval on its effective number of conversations, exact below ten events; the limits of the
    difference are theirs by square-and-add: d - sqrt((p1 - l1)^2 + (u2 - p2)^2) and d + sqrt((u1 - p1)^2 + (p2 -
    l2)^2), which holds at no event too. People with conversations in both make the two alike; that is left out, and
    the interval is then too wide rather than too narrow.

    Args:
        first: Whether each conversation is a hit; shape (n,).
        second: The same of the others; shape (m,).
        first_person: Code of the person of each, below 0 where unknown; shape (n,).
        second_person: Shape (m,).

    Returns:
        The difference in [-1, 1] with its 95 % interval.

    References:
        Newcombe RG (1998). Interval estimation for the difference between independent proportions: comparison of eleven
        methods. Statistics in Medicine 17:873-890 (method 10).
    """
    if not len(first) or not len(second):
        return Measure(None, None, None, _EMPTY)
    one, two = clustering(persons_of(first_person), first), clustering(persons_of(second_person), second)
    (l1, u1), (l2, u2) = one.exact_if_few(), two.exact_if_few()
    value = one.share - two.share
    low = value - math.hypot(one.share - l1, u2 - two.share)
    return Measure(value, max(low, -1.0), min(value + math.hypot(u1 - one.share, two.share - l2), 1.0))


def excess(
    one: NDArray[np.bool_],
    other: NDArray[np.bool_],
    marked: NDArray[np.bool_],
    group: NDArray[np.integer] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Measure:
    """How much further two judges' shares lie apart on marked conversations than on the others.

    The mean of (one - other) over marked conversations less its mean over the others; groups are resampled whole.

    Args:
        one: Whether the first judge says yes to each conversation; shape (n,).
        other: The same of the second judge on the same conversations; shape (n,).
        marked: Which conversations are marked; shape (n,).
        group: Code of the group each is resampled with; its own where None.
        draws: Resamples.
        seed: Of the resampling.

    Returns:
        In [-2, 2]; below 0 where the first judge says yes less often to marked ones than the second judge's difference
        would lead one to expect. No interval where the judges differ on fewer than ten conversations.
    """
    one, other, marked = (np.asarray(a, dtype=bool) for a in (one, other, marked))
    if not one.shape == other.shape == marked.shape:
        raise UsageError(
            f"'one', 'other', 'marked' must have one shape. Got {one.shape}, {other.shape}, {marked.shape}."
        )
    if not marked.any() or marked.all():
        return Measure(None, None, None, _EMPTY)
    apart = one.astype(float) - other.astype(float)
    columns = np.stack([marked, ~marked, apart * marked, apart * ~marked], axis=1).astype(float)
    codes, groups = group_codes(group, np.ones(len(one), dtype=bool))
    rows = np.zeros((groups, 4))
    np.add.at(rows, codes, columns)
    value = _excess(rows.sum(axis=0))
    if int(np.count_nonzero(apart)) < FEW_EVENTS:
        return Measure(float(value), None, None, f"the judges differ on fewer than {FEW_EVENTS}: no interval")
    return measured(value, _excess(resampled_sums(rows, draws, seed)), groups)


def _excess(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    size = np.where(sums[..., :2] > 0, sums[..., :2], math.nan)
    means = sums[..., 2:] / size
    return np.asarray(means[..., 0] - means[..., 1])
