"""Conversations as numbers: cue densities and their course, the interplay of both sides, lengths, and hashed n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfrule.embedded.lexicon import Lexicon
from selfrule.embedded.text import Tokens, Vocabulary, ngram_hashes, read
from selfrule.records import Turn

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BUCKET_BITS = 17
BUCKETS = 1 << BUCKET_BITS  # per side
_MARKS = ("?", "!", "%", "#", ".")
CUE_CAP = 3.0  # more of one cue in one turn says nothing new

# what the person does against what the assistant does about it
INTERPLAY = (
    ("u_ask_act", "a_directive"),
    ("u_ask_act", "a_script"),
    ("u_ask_act", "a_handback"),
    ("u_ask_verdict", "a_verdict"),
    ("u_accept", "a_directive"),
    ("u_psychosis", "a_confirm"),
    ("u_psychosis", "a_correct"),
    ("u_grand", "a_praise"),
    ("u_grand", "a_correct"),
    ("u_conspiracy", "a_source"),
    ("u_conspiracy", "a_correct"),
    ("u_wonder", "a_praise"),
    ("u_wonder", "a_correct"),
    ("u_harm", "a_harm"),
    ("u_harm", "a_refuse"),
    ("u_illicit", "a_yes"),
    ("u_crisis", "a_refer"),
    ("u_crisis", "a_directive"),
    ("u_health", "a_medical"),
    ("u_bond", "a_endear"),
    ("u_bond", "a_ai_self"),
    ("u_belief", "a_future"),
    ("u_push", "a_certain"),
    ("u_push", "a_correct"),
    ("b_fiction", "a_confirm"),
    ("b_fiction", "a_mystic"),
    ("b_fiction", "a_directive"),
    ("b_fiction", "a_endear"),
    ("b_tech", "a_directive"),
    ("b_tech", "a_certain"),
    ("u_third", "a_confirm"),
    ("u_own", "a_directive"),
    ("u_regret", "a_script"),
    ("u_held", "a_confirm"),
)


class Extract(NamedTuple):
    """What the model sees of one conversation.

    `dense` (n_dense,) cue and length features; `buckets` (n_grams,) sorted distinct n-gram buckets, the user's in
    [0, BUCKETS), the assistant's in [BUCKETS, 2 BUCKETS), with `counts`, the number of turns each stands in;
    `pair_bucket` and `pair_turn` (n_pairs,) the distinct buckets of each turn, by turn; `cues` (n_read, n_cues) capped
    counts per turn.
    """

    tokens: Tokens
    dense: Floats
    buckets: Ints
    counts: Ints
    pair_bucket: Ints
    pair_turn: Ints
    cues: Floats


class Extractor:
    """Turns conversations into `Extract`; keeps a cache of words, so one per process is enough."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.vocabulary = Vocabulary()
        ids = [cue.id for cue in lexicon.cues]
        slots = [(c, s) for c, cue in enumerate(lexicon.cues) for s in ((0, 1) if cue.side == 2 else (cue.side,))]
        self._slot_cue = np.array([c for c, _ in slots], dtype=np.int64)
        self._slot_side = np.array([s for _, s in slots], dtype=np.int64)
        place = {(ids[c], s): i for i, (c, s) in enumerate(slots)}
        self._pair = np.array([[place[u, 0], place[a, 1]] for u, a in INTERPLAY], dtype=np.int64)
        self.names = self._names(ids, slots)

    @staticmethod
    def _names(ids: list[str], slots: list[tuple[int, int]]) -> list[str]:
        side = ("user", "assistant")
        names = [f"{kind}:{ids[c]}:{side[s]}" for kind in ("density", "turns", "count", "course") for c, s in slots]
        names += [f"both:{u}:{a}" for u, a in INTERPLAY]
        names += ["words:user", "words:assistant", "turns:user", "length:user", "length:assistant", "ratio"]
        return names + [f"mark:{mark}:{s}" for mark in _MARKS for s in side]

    def forget(self) -> None:
        """Empty the cache of words."""
        self.vocabulary = Vocabulary()

    def tokens(self, turns: Sequence[Turn]) -> Tokens:
        """The token arrays of a conversation."""
        return read(turns, self.vocabulary)

    def extract(self, tokens: Tokens) -> Extract:
        """All features of a conversation with at least one turn of each side."""
        runs = ngram_hashes(self.vocabulary.hashes[tokens.words], tokens.turn, self.lexicon.longest)
        cues = self.lexicon.counts(runs, tokens.turn, tokens.side)
        side_of = tokens.side[tokens.turn]
        inside = runs[1] != 0
        shift = np.uint64(64 - BUCKET_BITS)
        hashes = np.concatenate([runs[0], runs[1][inside]])
        where = np.concatenate([tokens.turn, tokens.turn[inside]])
        side = np.concatenate([side_of, side_of[inside]])
        bits = BUCKET_BITS + 1
        keys, _ = _distinct((where << bits) | (side << BUCKET_BITS) | (hashes >> shift).astype(np.int64))
        pair_bucket, pair_turn = keys & ((1 << bits) - 1), keys >> bits
        buckets, counts = _distinct(pair_bucket.copy())
        dense = self._dense(tokens, cues, side_of)
        return Extract(tokens, dense, buckets, counts, pair_bucket, pair_turn, np.minimum(cues, CUE_CAP))

    def _dense(self, tokens: Tokens, cues: Floats, side_of: Ints) -> Floats:
        words, turns = np.empty(2), np.empty(2)
        total, share, drift = np.empty((2, cues.shape[1])), np.empty((2, cues.shape[1])), np.zeros((2, cues.shape[1]))
        for side in (0, 1):
            mask = tokens.side == side
            mine = cues[mask]
            present = mine > 0
            words[side] = max(1, int(tokens.words_of[mask].sum()))
            turns[side] = max(1, len(mine))
            total[side] = mine.sum(axis=0)
            share[side] = present.sum(axis=0) / turns[side]
            if len(mine) > 1:
                third = max(1, len(mine) // 3)
                drift[side] = present[-third:].sum(axis=0) / third - present[:third].sum(axis=0) / third
        sides, slots = self._slot_side, self._slot_cue
        density = np.log1p(total[sides, slots] * 100.0 / (words[sides] + 50.0))
        both = np.sqrt(density[self._pair[:, 0]] * density[self._pair[:, 1]])
        lengths = np.log([words[0], words[1], turns[0], words[0] / turns[0], words[1] / turns[1], words[1] / words[0]])
        marks = np.empty((len(_MARKS), 2))
        for i, mark in enumerate(_MARKS):
            found = side_of[tokens.words == self.vocabulary[mark]]
            second = int(found.sum())
            marks[i] = len(found) - second, second
        marks = np.log1p(marks * 100.0 / (words + 50.0))
        count = np.log1p(total[sides, slots])
        return np.concatenate([density, share[sides, slots], count, drift[sides, slots], both, lengths, marks.ravel()])


def _distinct(values: Ints) -> tuple[Ints, Ints]:
    """Sorted distinct values and how often each occurs; sorts `values` in place (numpy's own is slower on short arrays)."""
    values.sort()
    first = (
        np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
        if len(values)
        else np.zeros(0, dtype=np.int64)
    )
    return values[first], np.diff(first, append=len(values))


# What the turn scorers look for: evidence of the seven constructs, and four behaviours of a published benchmark's judge.
TURN_OUTPUTS = (
    "reality_distortion",
    "value_judgment_distortion",
    "action_distortion",
    "authority_projection",
    "attachment",
    "reliance_dependency",
    "vulnerability",
    "reinforcement",
    "escalation",
    "consciousness",
    "push_back",
)
TURN_SIDES = np.array([1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1], dtype=np.int64)


def turn_summary(scores: Floats, tokens: Tokens) -> Floats:
    """Mean, highest, mean of the three highest and last score of each turn output over its side's turns with words.

    `scores` is (n_read, n_outputs); the result (4 n_outputs,) is ordered statistic by statistic.
    """
    out = np.empty((4, scores.shape[1]))
    wordy = tokens.words_of > 0
    for side in (0, 1):
        columns = np.flatnonzero(side == TURN_SIDES)
        mine = scores[(tokens.side == side) & wordy][:, columns]
        if not len(mine):
            mine = np.zeros((1, len(columns)))
        ordered = np.sort(mine, axis=0)[::-1]
        out[:, columns] = mine.mean(axis=0), ordered[0], ordered[:3].mean(axis=0), mine[-1]
    return out.ravel()
