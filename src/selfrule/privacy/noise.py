"""Differentially private counts: noise from OpenDP, one person's part in them bounded, the budget split and told.

A release is epsilon-differentially private for people (Dwork, McSherry, Nissim, Smith 2006) where it would be as likely,
within a factor exp(epsilon), had any one person's conversations not been there. OpenDP draws the noise, by a sampler that
is exact in floating point; nothing here draws noise itself.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError

Counts = NDArray[np.int64]
Mechanism = Callable[[Counts, int, float], Counts]
"""Counts, the most that one person can change them by in sum (L1), and epsilon, to noisy counts of the same shape."""

INSTALL = "pip install 'selfrule[dp]'"
MOST = 2
"""Conversations of one person that are counted, at most."""


@dataclass(frozen=True)
class Spent:
    """What of the budget one table has spent: its share of epsilon, the most a person can change it by, the noise's scale."""

    table: str
    epsilon: float
    sensitivity: int

    @property
    def scale(self) -> float:
        """Of the discrete Laplace noise: its standard deviation is about 1.41 times this."""
        return self.sensitivity / self.epsilon


def laplace(counts: Counts, sensitivity: int, epsilon: float) -> Counts:
    """Counts with discrete Laplace noise from OpenDP.

    Raises:
        UsageError: OpenDP is not installed.
    """
    try:
        import opendp.prelude as dp
    except ImportError as error:
        raise UsageError(f"Differentially private counts need OpenDP. Install it with: {INSTALL}") from error

    dp.enable_features("contrib")  # OpenDP's word for what its proof review has not passed yet
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
    # one hair above, so that rounding of the division cannot spend more than epsilon
    measurement = dp.m.make_laplace(*space, scale=sensitivity / epsilon * (1 + 1e-9))
    if measurement.map(sensitivity) > epsilon:
        raise UsageError(f"OpenDP cannot keep to an 'epsilon' of {epsilon}.")
    return np.array(measurement([int(one) for one in counts.ravel()]), np.int64).reshape(counts.shape)


def bounded(person: NDArray[np.int64], ids: Sequence[str], most: int = MOST) -> NDArray[np.bool_]:
    """At most so many conversations of each person, chosen by a hash of their ids: nobody else has a say in it.

    Unknown people (-1) count as one person where any is known, as they do at the gate, and as one each where none is.

    Args:
        person: Code of the person of each; shape (n,).
        ids: Of each conversation; n of them.
        most: Conversations of one person, at least 1.

    Returns:
        Whether each counts; shape (n,).
    """
    if not (person >= 0).any():
        return np.ones(len(person), np.bool_)
    ranks = [hashlib.blake2b(one.encode("utf-8", "surrogatepass"), digest_size=8).digest() for one in ids]
    order = sorted(range(len(person)), key=lambda i: (person[i], ranks[i], ids[i]))
    counts = np.zeros(len(person), np.bool_)
    taken = 0
    for at, i in enumerate(order):
        taken = 0 if at == 0 or person[order[at - 1]] != person[i] else taken + 1
        counts[i] = taken < most
    return counts


def split(epsilon: float, shares: Mapping[str, float], sensitivities: Mapping[str, int]) -> dict[str, Spent]:
    """The budget over tables: their epsilons sum to `epsilon` (basic composition).

    Raises:
        UsageError: `epsilon` is not a finite number above 0.
    """
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise UsageError(f"The budget 'epsilon' must be a number above 0. Got {epsilon} instead.")
    whole = sum(shares.values())
    return {name: Spent(name, epsilon * share / whole, sensitivities[name]) for name, share in shares.items()}
