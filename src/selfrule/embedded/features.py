"""Conversations as numbers: cue densities and their course, lengths, and hashed word n-grams per side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfrule.embedded.lexicon import Lexicon
from selfrule.embedded.text import Tokens, Vocabulary, ngram_hashes, read
from selfrule.records import Turn

BUCKET_BITS = 17
BUCKETS = 1 << BUCKET_BITS  # per side
_MARKS = ("?", "!", "%", "#", ".")


class Extract(NamedTuple):
    """What the model sees of one conversation.

    `dense` (n_dense,) cue and length features; `buckets` (n_grams,) sorted distinct n-gram buckets, user's in
    [0, BUCKETS), assistant's in [BUCKETS, 2 BUCKETS), with `counts`; `turn_grams` and `turn_of` (n_all,) the same
    buckets one by one with the turn they stand in; `cues` (n_read, n_cues) counts per turn.
    """

    tokens: Tokens
    dense: NDArray[np.float64]
    buckets: NDArray[np.int64]
    counts: NDArray[np.int64]
    turn_grams: NDArray[np.int64]
    turn_of: NDArray[np.int64]
    cues: NDArray[np.float64]


class Extractor:
    """Turns conversations into `Extract`; keeps a cache of words, so one per process is enough."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.vocabulary = Vocabulary()
        self._slots = [(c, s) for c, cue in enumerate(lexicon.cues) for s in ((0, 1) if cue.side == 2 else (cue.side,))]

    def names(self) -> list[str]:
        """Names of the dense features, in order."""
        side = ("user", "assistant")
        out = []
        for kind in ("density", "turns", "count", "course"):
            out += [f"{kind}:{self.lexicon.cues[c].id}:{side[s]}" for c, s in self._slots]
        out += ["words:user", "words:assistant", "turns:user", "length:user", "length:assistant", "ratio"]
        return out + [f"mark:{m}:{s}" for m in _MARKS for s in side]

    def forget(self) -> None:
        """Empty the cache of words."""
        self.vocabulary = Vocabulary()

    def tokens(self, turns: Sequence[Turn]) -> Tokens:
        """The token arrays of a conversation."""
        return read(turns, self.vocabulary)

    def extract(self, tokens: Tokens) -> Extract:
        """All features of a conversation with at least one turn of each side."""
        runs = ngram_hashes(self.vocabulary.hashes[tokens.words], tokens.turn, max(2, self.lexicon.longest))
        cues = self.lexicon.counts(runs, tokens.turn, tokens.side)
        side_of = tokens.side[tokens.turn]
        grams, where = [], []
        for run in runs[:2]:
            inside = run != 0
            bucket = (run[inside] >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)
            grams.append(bucket + BUCKETS * side_of[inside])
            where.append(tokens.turn[inside])
        turn_grams, turn_of = np.concatenate(grams), np.concatenate(where)
        buckets, counts = np.unique(turn_grams, return_counts=True)
        return Extract(tokens, self._dense(tokens, cues, side_of), buckets, counts, turn_grams, turn_of, cues)

    def _dense(self, tokens: Tokens, cues: NDArray[np.float64], side_of: NDArray[np.int64]) -> NDArray[np.float64]:
        is_side = [tokens.side == 0, tokens.side == 1]
        words = np.array([max(1, tokens.words_of[m].sum()) for m in is_side], dtype=np.float64)
        turns = np.array([max(1, m.sum()) for m in is_side], dtype=np.float64)
        density, share, count, course = [], [], [], []
        per_side = []
        for mask in is_side:
            mine = cues[mask]
            present = mine > 0
            third = max(1, len(mine) // 3)
            if len(mine) > 1:
                drift = present[-third:].mean(axis=0) - present[:third].mean(axis=0)
            else:
                drift = np.zeros(cues.shape[1])
            per_side.append((mine.sum(axis=0), present.sum(axis=0), drift))
        for cue, side in self._slots:
            total, present_turns, drift = (part[cue] for part in per_side[side])
            density.append(np.log1p(total * 100.0 / (words[side] + 50.0)))
            share.append(present_turns / turns[side])
            count.append(np.log1p(total))
            course.append(drift)
        tail = [
            np.log1p(words[0]), np.log1p(words[1]), np.log1p(turns[0]), np.log(words[0] / turns[0]),
            np.log(words[1] / turns[1]), np.log(words[1] / words[0]),
        ]  # fmt: skip
        for mark in _MARKS:
            found = side_of[tokens.words == self.vocabulary[mark]]
            for side in (0, 1):
                tail.append(np.log1p((found == side).sum() * 100.0 / (words[side] + 50.0)))
        return np.array([*density, *share, *count, *course, *tail], dtype=np.float64)
