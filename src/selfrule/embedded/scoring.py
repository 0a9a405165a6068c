"""The arithmetic of the model: from features to the linear scores of all outputs and of every turn."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfrule.embedded.features import BUCKETS, TURN_OUTPUTS, Extract, turn_summary
from selfrule.embedded.text import Vocabulary

Floats = NDArray[np.float64]
DENSE_CLIP, TURNS_CLIP = 3.0, 4.0
WORDS_PRIOR = 0.5  # keeps the mean of very few known words small


class Scores(NamedTuple):
    """`outputs` (n_outputs,) for the conversation, `turns` (n_read, n_turn_outputs)."""

    outputs: Floats
    turns: Floats


class WordRows:
    """Which row of the word table each word of the vocabulary has, -1 for none; grows with the vocabulary."""

    def __init__(self, hashes: NDArray[np.uint64]) -> None:
        self._order = np.argsort(hashes)
        self._sorted = hashes[self._order]
        self._rows = np.zeros(0, dtype=np.int64)

    def clear(self) -> None:
        """Forget all words."""
        self._rows = np.zeros(0, dtype=np.int64)

    def of(self, vocabulary: Vocabulary) -> NDArray[np.int64]:
        """Rows of all words known so far, shape (n_words,)."""
        total = len(vocabulary.spelled)
        if len(self._rows) < total:
            wanted = vocabulary.hashes[len(self._rows) : total]
            at = np.minimum(np.searchsorted(self._sorted, wanted), len(self._sorted) - 1)
            found = np.where(self._sorted[at] == wanted, self._order[at], -1)
            self._rows = np.concatenate([self._rows, found])
        return self._rows


class Scorer:
    """Holds the weights; see training/fit.py for how they were made."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        self._gram_row = np.full(2 * BUCKETS, -1, dtype=np.int32)
        self._gram_row[arrays["gram_bucket"]] = np.arange(len(arrays["gram_bucket"]), dtype=np.int32)
        self._gram_idf = arrays["gram_idf"].astype(np.float32)
        self._gram_weights = arrays["gram_weights"]
        self._gram_scale = arrays["gram_scale"].astype(np.float64)
        self._turn_row = np.full(2 * BUCKETS, -1, dtype=np.int32)
        self._turn_row[arrays["turn_bucket"]] = np.arange(len(arrays["turn_bucket"]), dtype=np.int32)
        self._turn_idf = arrays["turn_idf"].astype(np.float32)
        self._turn_weights = arrays["turn_weights"]
        self._turn_scale = arrays["turn_scale"].astype(np.float64)
        self._a = {name: value.astype(np.float64) for name, value in arrays.items() if name in _FLOATS}
        self._word_weight = arrays["word_weight"].astype(np.float64)
        self._word_tables = (arrays["word_user"], arrays["word_assistant"])
        self._word_rows = WordRows(arrays["word_hash"])

    def clear(self) -> None:
        """Forget the vocabulary."""
        self._word_rows.clear()

    def score(self, extract: Extract, vocabulary: Vocabulary, english: bool) -> Scores:
        """All scores of one conversation; word vectors speak only where it is in English."""
        a = self._a
        turns = self._turns(extract)
        summary = turn_summary(turns, extract.tokens)
        outputs = (
            a["bias"]
            + np.clip((extract.dense - a["dense_mean"]) / a["dense_scale"], -DENSE_CLIP, DENSE_CLIP)
            @ a["dense_weights"]
        )
        outputs += np.clip((summary - a["turns_mean"]) / a["turns_scale"], -TURNS_CLIP, TURNS_CLIP) @ a["turns_weights"]
        outputs += self._grams(extract)
        if english:
            outputs += self._words(extract, vocabulary)
        return Scores(outputs, turns)

    def _grams(self, extract: Extract) -> Floats:
        rows = self._gram_row[extract.buckets]
        known = rows >= 0
        rows, buckets = rows[known], extract.buckets[known]
        weight = (1.0 + np.log(extract.counts[known])) * self._gram_idf[rows]
        split = int(np.searchsorted(buckets, BUCKETS))
        for part in (slice(0, split), slice(split, None)):
            norm = float(np.sqrt(weight[part] @ weight[part]))
            if norm > 0:
                weight[part] /= norm
        return np.asarray((weight.astype(np.float32) @ self._gram_weights[rows].astype(np.float32)) * self._gram_scale)

    def _words(self, extract: Extract, vocabulary: Vocabulary) -> Floats:
        tokens = extract.tokens
        rows = self._word_rows.of(vocabulary)[tokens.words]
        known = rows >= 0
        rows, side_of = rows[known], tokens.side[tokens.turn[known]]
        out = -self._a["words_mean"]
        for side in (0, 1):
            mine = rows[side_of == side]
            weight = self._word_weight[mine]
            total = weight.astype(np.float32) @ self._word_tables[side][mine].astype(np.float32)
            out = out + total * self._a["word_scale"] / (weight.sum() + WORDS_PRIOR)
        return np.asarray(out)

    def _turns(self, extract: Extract) -> Floats:
        n_read, n_outputs = len(extract.tokens.position), len(TURN_OUTPUTS)
        rows = self._turn_row[extract.pair_bucket]
        known = rows >= 0
        rows, turn = rows[known], extract.pair_turn[known]
        idf = self._turn_idf[rows]
        norm = np.sqrt(np.bincount(turn, weights=idf * idf, minlength=n_read))
        weighted = self._turn_weights[rows].astype(np.float32) * (idf / norm[turn].astype(np.float32))[:, None]
        both = np.zeros((n_read, 2 * n_outputs))
        if len(turn):
            first = np.flatnonzero(np.concatenate([[True], turn[1:] != turn[:-1]]))
            both[turn[first]] = np.add.reduceat(weighted, first, axis=0)
        both *= self._turn_scale
        both += extract.cues @ self._a["turn_cues"]
        scores = self._a["turn_bias"] + both[:, :n_outputs]
        scores[1:] += both[:-1, n_outputs:]
        return np.asarray(scores)


_FLOATS = frozenset(
    [
        "bias",
        "dense_mean",
        "dense_scale",
        "dense_weights",
        "turns_mean",
        "turns_scale",
        "turns_weights",
        "words_mean",
        "word_scale",
        "turn_cues",
        "turn_bias",
    ]
)
