"""What conversations are made of besides their rating: domain and length, by which groups are made alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.sample import Sample
from selfrule.estimate.frame import Attribute

UNKNOWN_DOMAIN = "unknown"
LENGTHS: tuple[tuple[str, int], ...] = (("1-2 turns", 1), ("3-6 turns", 3), ("7-20 turns", 7), ("over 20 turns", 21))
"""Classes of length: name, and the fewest turns."""


def lengths(sample: Sample) -> Attribute:
    """The class of length of each conversation by its turns, -1 where unknown."""
    edges = np.array([least for _, least in LENGTHS])
    return Attribute(np.searchsorted(edges, sample.turns, side="right") - 1, tuple(name for name, _ in LENGTHS))


def domain_parts(sample: Sample) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """How much of each conversation is of each domain: one over the number of its domains, so that rows sum to 1.

    Returns:
        Parts of shape (n, d + 1), the last column for unknown domain; and the d + 1 names, "unknown" last.
    """
    of = sample.domains.sum(axis=1)
    parts = np.zeros((len(sample), len(sample.domain_names) + 1))
    np.divide(sample.domains, np.maximum(of, 1)[:, None], out=parts[:, :-1])
    parts[of == 0, -1] = 1.0
    return parts, (*sample.domain_names, UNKNOWN_DOMAIN)
