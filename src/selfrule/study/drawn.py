"""Which conversations of a log were drawn, as a file that every worker of an import can ask."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

from selfrule.records import Draft
from selfrule.study.columns import content_hash


def person_key(person: str | None) -> int:
    """64 bits of a person's raw id; 0 where unknown. For the draw alone: it is the same in every study, so never stored."""
    return 0 if person is None else xxhash.xxh3_64_intdigest(person.encode("utf-8", "surrogatepass")) or 1


def conversation_key(draft: Draft) -> int:
    """64 bits of what a conversation is: its turns and its person. Copies have one key, so they are drawn together."""
    words = "".join(turn.text for turn in draft.turns).encode("utf-8", "replace")
    named = f"{content_hash(draft.turns, words)} {person_key(draft.person)}"
    return xxhash.xxh3_64_intdigest(named.encode())


class Drawn:
    """The conversations drawn, by key, and what each stands for."""

    def __init__(self, keys: npt.NDArray[np.uint64], weights: npt.NDArray[np.float64]) -> None:
        self._weights = dict(zip(keys.tolist(), weights.tolist(), strict=True))

    def weight_of(self, draft: Draft) -> float | None:
        """How many conversations one stands for; None where it was not drawn."""
        return self._weights.get(conversation_key(draft))

    @staticmethod
    @lru_cache(maxsize=1)
    def read(path: str) -> Drawn:
        """The draw in a file; read once a worker."""
        with np.load(path) as stored:
            return Drawn(stored["keys"], stored["weights"])

    @staticmethod
    def write(path: Path, keys: npt.NDArray[np.uint64], weights: npt.NDArray[np.float64]) -> None:
        """Keep a draw where only its owner may read it."""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
            np.savez(handle, keys=keys, weights=weights)
