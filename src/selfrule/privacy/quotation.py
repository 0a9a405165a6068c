"""Quotation limits: whether a text shares a run of more than eight words with any conversation of a study."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from selfrule.privacy.personal_view import fold

MOST_WORDS = 8
"""The longest run of words that released text may share with a conversation."""

# scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_MARKS = "\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09cd"
_TOKEN = re.compile(f"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\\W_]|[{_MARKS}])++")
_UNSPACED_ONE = re.compile(f"[{_UNSPACED}]")
_MULTIPLIER = 0x9E3779B97F4A7C15
_INVERSE = pow(_MULTIPLIER, -1, 1 << 64)
_MERGED_FROM = 4_000_000
_MOST_WORDS_KEPT = 500_000

Hashes = NDArray[np.uint64]


class Quotations:
    """Every run of nine words of a study's conversations, as sorted 64-bit hashes: 8 bytes a word, no text kept.

    Words are compared without case, accents, punctuation and characters of no width. In scripts that are written without
    spaces two characters count as a word, so that the shortest run that is too long has seventeen of them. Two different
    runs share a hash with odds of 2**-64 a pair; a collision can only withhold.

    Args:
        texts: Conversations, each as one text (turns joined), any number of them; read once.

    Example:
        >>> index = Quotations(["He said the harbour is closed until the ninth of the month, so we wait."])
        >>> index.runs("They wait: the harbour is closed until the ninth of the month, it was said.")
        10
        >>> index.runs("The harbour is closed.")
        0
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._words: dict[str, int] = {}
        self._sorted: Hashes = np.zeros(0, np.uint64)
        self._new: list[Hashes] = []
        self._waiting = 0
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Index one more conversation."""
        found = self._windows(text)[0]
        if len(found):
            self._new.append(found)
            self._waiting += len(found)
            if self._waiting > max(_MERGED_FROM, len(self._sorted) // 2):
                self._merge()

    def __len__(self) -> int:
        """Different runs indexed."""
        self._merge()
        return len(self._sorted)

    def runs(self, text: str) -> int:
        """The longest run of words, of more than eight, that a text shares with a conversation; 0 where there is none.

        Never less than the true length; more only where two shared runs overlap in the text.
        """
        windows, start, end, weight = self._windows(text)
        self._merge()
        if not len(windows) or not len(self._sorted):
            return 0
        place = np.minimum(np.searchsorted(self._sorted, windows), len(self._sorted) - 1)
        shared = np.flatnonzero(self._sorted[place] == windows)
        if not len(shared):
            return 0
        breaks = np.flatnonzero(np.diff(shared) != 1)
        first = shared[np.concatenate(([0], breaks + 1))]
        last = shared[np.concatenate((breaks, [len(shared) - 1]))]
        return int(np.ceil((weight[end[last]] - weight[start[first]]).max() / 2))

    def _merge(self) -> None:
        if self._new:
            self._sorted = np.concatenate([self._sorted, *self._new])
            self._new, self._waiting = [], 0
            self._sorted.sort()
            kept = np.ones(len(self._sorted), np.bool_)
            np.not_equal(self._sorted[1:], self._sorted[:-1], out=kept[1:])
            self._sorted = self._sorted[kept]

    def _windows(self, text: str) -> tuple[Hashes, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The hash of the shortest run of more than eight words from each token, where it starts and ends, weights so far."""
        tokens = _TOKEN.findall(fold(text).lower())
        value = np.fromiter(map(self._hash, tokens), np.uint64, len(tokens))
        half = np.fromiter(
            (2 if token[0] < "\u0e00" or not _UNSPACED_ONE.match(token) else 1 for token in tokens), np.int64
        )
        weight = np.concatenate(([0], np.cumsum(half)))
        start = np.arange(len(tokens))
        end = np.searchsorted(weight, weight[:-1] + 2 * MOST_WORDS, side="right")
        whole = end <= len(tokens)
        start, end = start[whole], end[whole]
        with np.errstate(over="ignore"):
            power = _powers(_MULTIPLIER, len(tokens))
            summed = np.concatenate((np.zeros(1, np.uint64), np.cumsum(value * power, dtype=np.uint64)))
            windows = (summed[end] - summed[start]) * _powers(_INVERSE, len(tokens))[start]
        return windows, start, end, weight

    def _hash(self, word: str) -> int:
        known = self._words.get(word)
        if known is None:
            digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            known = int.from_bytes(digest, "little")
            if len(self._words) < _MOST_WORDS_KEPT:
                self._words[word] = known
        return known


def _powers(base: int, n: int) -> Hashes:
    powers = np.full(n, base, np.uint64)
    if n:
        powers[0] = 1
    return np.multiply.accumulate(powers)
