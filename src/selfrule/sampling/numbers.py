"""Permanent random numbers: one for each conversation and seed, the same in every run, on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def numbers(keys: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """A random number of 64 bits for each key; different keys have different numbers, whatever the seed.

    SplitMix64's finaliser of the key and the mixed seed: one-to-one, so that no two conversations ever tie.

    Args:
        keys: Keys of conversations or persons, which are hashes already; any shape.
        seed: Any whole number.

    Returns:
        Numbers of the same shape.

    References:
        Steele GL, Lea D, Flood CH (2014). Fast splittable pseudorandom number generators. OOPSLA 2014, 453-472.
        doi:10.1145/2660193.2660195. Ohlsson E (1995). Coordination of samples using permanent random numbers. In: Business
        Survey Methods, 153-169 (why the lowest of them are a simple random sample, and why samples nest).
    """
    start = np.array([(seed * _GOLDEN + 1) & _MASK], np.uint64)
    return _mixed(np.asarray(keys, np.uint64) ^ _mixed(start))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = values + np.uint64(_GOLDEN)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), np.uint64)
