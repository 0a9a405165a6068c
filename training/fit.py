"""Fitting: turn scorers, and one linear model over four views of a conversation, solved in its kernel form.

The model is a ridge regression of 33 outputs (seven levels, flagged, keep, three markers, domains) on hashed word
n-grams of each side, the dense features, English word vectors averaged per side, and summaries of the turn scorers.
With about two thousand conversations and a quarter of a million features the kernel form takes seconds and is exact,
hence the same on every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from selfrule.embedded import lexicon
from selfrule.embedded.features import BUCKETS, TURN_OUTPUTS, TURN_SIDES, Extract, Extractor, turn_summary
from selfrule.rubric import CONSTRUCTS, MARKERS
from selfrule.rubric import load as load_rubric
from training import data, data_extra

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Chosen on grouped folds of seeds 0 and 3; figures are reported on folds of another seed (train.FOLD_SEEDS).
RIDGE = 0.4
GRAM_WEIGHT = (
    0.4,
    2.5,
)  # of the person's words, which tell the topic, and of the assistant's, which tell what it does with it
DENSE_WEIGHT, WORDS_WEIGHT, TURNS_WEIGHT = 0.5, 0.3, 0.4
DENSE_CLIP, TURNS_CLIP = 3.0, 4.0
TURN_RIDGE, TURN_STEPS = 2.0, 20
CUE_WEIGHT, BEFORE_WEIGHT = 0.25, 0.5
SIF = 1e-3
INNER = 4
DOMAINS = tuple(sorted(load_rubric().domains))
OUTPUTS = (*CONSTRUCTS, "flagged", "keep", *(f"actualized:{m}" for m in MARKERS), *(f"domain:{d}" for d in DOMAINS))


@dataclass
class Corpus:
    """All conversations, labelled ones first, as features and targets.

    `target` (n, n_outputs) with NaN where unknown (markers and domains of extra conversations); `weight` (n,).
    """

    examples: list[data.Example]
    extracts: list[Extract]
    target: Floats
    weight: Floats
    groups: list[str]
    english: NDArray[np.bool_]
    turn_matrix: sp.csr_matrix  # (n_turns, 2 BUCKETS + cues), this turn
    turn_columns: Ints
    turn_idf: Floats
    cue_scale: Floats
    turn_target: Floats  # (n_turns, n_turn_outputs), NaN where unknown
    start: Ints  # (n + 1,)
    grams: sp.csr_matrix  # (n, 2 BUCKETS) counts damped, before idf
    word_ids: list[Ints]
    word_rows: Ints
    word_vectors: Floats
    word_weight: Floats

    @property
    def n_labelled(self) -> int:
        """How many conversations carry labels."""
        return len(self.examples)


def _turn_targets(
    examples: list[data.Example], extras: list[data_extra.Extra], extracts: list[Extract], start: Ints
) -> Floats:
    out = np.full((int(start[-1]), len(TURN_OUTPUTS)), np.nan)
    for i, example in enumerate(examples):
        tokens = extracts[i].tokens
        for k, construct in enumerate(CONSTRUCTS):
            mine = tokens.side == TURN_SIDES[k]
            cited = np.isin(tokens.position, sorted(example.evidence[construct])) & mine
            if example.levels[k] > 0 and not cited.any():
                continue
            out[start[i] : start[i + 1], k] = np.where(mine, np.where(cited, float(example.levels[k]), 0.0), np.nan)
    marks = data_extra.spiral_marks([e for e in examples if e.source == "spiral-bench"])
    conversations = [e.turns for e in examples] + [x.turns for x in extras]
    for i, turns in enumerate(conversations):
        for j, place in enumerate(extracts[i].tokens.position):
            found = marks.get(turns[place].text)
            if found is not None:
                out[start[i] + j, len(CONSTRUCTS) :] = found
    return out


def corpus(extractor: Extractor | None = None) -> Corpus:
    """Read everything and compute all features that do not depend on labels."""
    extractor = extractor or Extractor(lexicon.packaged())
    examples = data.everything()
    extras = data_extra.everything([e for e in examples if e.corpus == "real"])
    conversations = [e.turns for e in examples] + [x.turns for x in extras]
    extracts = [extractor.extract(extractor.tokens(turns)) for turns in conversations]
    n, m = len(examples), len(conversations)
    target = np.full((m, len(OUTPUTS)), np.nan)
    for i, e in enumerate(examples):
        markers = [e.actualized[marker] == "yes" for marker in MARKERS]
        target[i] = [*e.levels, e.flagged, e.keep, *markers, *(d in e.domains for d in DOMAINS)]
    for i, x in enumerate(extras):
        target[n + i, :9] = [*x.target, x.keep]
    start = np.concatenate([[0], np.cumsum([len(e.tokens.position) for e in extracts])]).astype(np.int64)
    matrix, columns, idf, cue_scale = _turn_matrix(extracts, start)
    rows, vectors, weight = _words(extractor, extracts)
    return Corpus(
        examples=examples, extracts=extracts, target=target,
        weight=np.array([1.0] * n + [data_extra.WEIGHT[x.kind] for x in extras]),
        groups=[e.group for e in examples] + [x.group for x in extras],
        english=np.array([e.language == "en" for e in examples] + [x.language == "en" for x in extras]),
        turn_matrix=matrix, turn_columns=columns, turn_idf=idf, cue_scale=cue_scale,
        turn_target=_turn_targets(examples, extras, extracts, start), start=start,
        grams=_gram_counts(extracts), word_ids=[e.tokens.words for e in extracts],
        word_rows=rows, word_vectors=vectors, word_weight=weight,
    )  # fmt: skip


def _gram_counts(extracts: Sequence[Extract]) -> sp.csr_matrix:
    pointers = np.concatenate([[0], np.cumsum([len(e.buckets) for e in extracts])])
    values = np.concatenate([1.0 + np.log(e.counts) for e in extracts])
    return sp.csr_matrix(
        (values, np.concatenate([e.buckets for e in extracts]), pointers), shape=(len(extracts), 2 * BUCKETS)
    )


def _turn_matrix(extracts: list[Extract], start: Ints) -> tuple[sp.csr_matrix, Ints, Floats, Floats]:
    rows = np.concatenate([e.pair_turn + start[i] for i, e in enumerate(extracts)])
    columns = np.concatenate([e.pair_bucket for e in extracts])
    total = int(start[-1])
    df = np.bincount(columns, minlength=2 * BUCKETS)
    kept = np.flatnonzero((df >= 3) & (df < 0.5 * total))
    place = np.full(2 * BUCKETS, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    idf = np.log(total / df[kept]) + 1.0
    inside = place[columns] >= 0
    values = idf[place[columns[inside]]]
    grams = sp.csr_matrix((values, (rows[inside], place[columns[inside]])), shape=(total, len(kept)))
    norm = np.sqrt(np.asarray(grams.multiply(grams).sum(axis=1)).ravel())
    grams = sp.diags(1.0 / np.maximum(norm, 1e-9)) @ grams
    cues = np.concatenate([e.cues for e in extracts])
    scale = CUE_WEIGHT / (cues.std(axis=0) + 0.1)
    return sp.hstack([grams, sp.csr_matrix(cues * scale)]).tocsr(), kept, idf, scale


def _words(extractor: Extractor, extracts: list[Extract]) -> tuple[Ints, Floats, Floats]:
    with np.load(data.ROOT / "training" / "inputs" / "word_vectors.npz", allow_pickle=False) as table:
        listed, vectors = [str(w) for w in table["words"]], table["vectors"].astype(np.float64)
    place = {w: i for i, w in enumerate(listed)}
    spelled = extractor.vocabulary.spelled
    rows = np.array([place.get(w, -1) for w in spelled], dtype=np.int64)
    counts = np.zeros(len(spelled))
    for e in extracts:
        counts += np.bincount(e.tokens.words, minlength=len(spelled))
    share = np.zeros(len(listed))
    share[rows[rows >= 0]] = counts[rows >= 0] / counts.sum()
    return rows, vectors / np.sqrt((vectors**2).sum(axis=1).mean()), SIF / (SIF + share)


def word_means(c: Corpus) -> Floats:
    """Weighted mean word vector of each side, shape (n, 2 dimensions); zero where the conversation is not in English."""
    size = c.word_vectors.shape[1]
    out = np.zeros((len(c.extracts), 2 * size))
    for i, e in enumerate(c.extracts):
        if not c.english[i]:
            continue
        rows = c.word_rows[c.word_ids[i]]
        side_of = e.tokens.side[e.tokens.turn]
        for side in (0, 1):
            mine = rows[(rows >= 0) & (side_of == side)]
            weight = c.word_weight[mine]
            out[i, side * size : (side + 1) * size] = weight @ c.word_vectors[mine] / (weight.sum() + 0.5)
    return out


def _before(c: Corpus) -> sp.csr_matrix:
    """Selects the turn read before each turn of the same conversation, times its weight."""
    total = int(c.start[-1])
    first = np.zeros(total, dtype=bool)
    first[c.start[:-1][c.start[:-1] < total]] = True
    rows = np.flatnonzero(~first)
    return sp.csr_matrix((np.full(len(rows), BEFORE_WEIGHT), (rows, rows - 1)), shape=(total, total))


def fit_turns(c: Corpus, both: sp.csr_matrix, inside: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Ridge of every turn output on this turn and the one before, by conjugate gradients: (weights, bias).

    `inside` (n_turns,) says which turns may be learnt from.
    """
    known = ~np.isnan(c.turn_target) & inside[:, None]
    count = np.maximum(known.sum(axis=0), 1)
    target = np.where(known, c.turn_target, 0.0)
    bias = target.sum(axis=0) / count
    residual = np.where(known, target - bias, 0.0)
    rows = known.any(axis=1)
    a, mask = both[rows], known[rows]
    transposed = a.T.tocsr()
    gradient = np.asarray(transposed @ residual[rows])
    weights = np.zeros_like(gradient)
    step, size = gradient.copy(), (gradient**2).sum(axis=0)
    for _ in range(TURN_STEPS):
        image = np.asarray(transposed @ np.where(mask, a @ step, 0.0)) + TURN_RIDGE * step
        length = size / np.maximum((step * image).sum(axis=0), 1e-12)
        weights += length * step
        gradient = gradient - length * image
        grown = (gradient**2).sum(axis=0)
        step = gradient + grown / np.maximum(size, 1e-12) * step
        size = grown
    return weights, bias


@dataclass
class Fitted:
    """Weights of one fit; `dense`, `words` and `turns` act on features after centring, scaling and clipping."""

    idf: Floats
    bias: Floats
    gram_weights: Floats
    dense_mean: Floats
    dense_scale: Floats
    dense_weights: Floats
    words_mean: Floats
    words_weights: Floats
    turn_weights: Floats
    turn_bias: Floats
    turns_mean: Floats
    turns_scale: Floats
    turns_weights: Floats


class Fitter:
    """Fits and predicts on rows of one corpus."""

    def __init__(self, c: Corpus) -> None:
        self.c = c
        self.both = sp.hstack([c.turn_matrix, _before(c) @ c.turn_matrix]).tocsr()
        self.conversation = np.repeat(np.arange(len(c.extracts)), np.diff(c.start))
        self.dense = np.array([e.dense for e in c.extracts])
        self.words = word_means(c)

    def _summaries(self, scores: Floats, rows: Ints) -> Floats:
        c = self.c
        return np.array([turn_summary(scores[c.start[i] : c.start[i + 1]], c.extracts[i].tokens) for i in rows])

    def _turn_scores(self, weights: tuple[Floats, Floats]) -> Floats:
        return np.asarray(self.both @ weights[0]) + weights[1]

    def _grams(self, idf: Floats, rows: Ints) -> sp.csr_matrix:
        weighted = (self.c.grams[rows] @ sp.diags(idf)).tocsr()
        square = weighted.multiply(weighted).tocsr()
        out = []
        for share, side in zip(GRAM_WEIGHT, (slice(0, BUCKETS), slice(BUCKETS, 2 * BUCKETS)), strict=True):
            norm = np.sqrt(np.asarray(square[:, side].sum(axis=1)).ravel())
            out.append(sp.diags(np.sqrt(share) / np.maximum(norm, 1e-9)) @ weighted[:, side])
        return sp.hstack(out).tocsr()

    def fit(self, rows: Ints, seed: int) -> Fitted:
        """Fit on conversations `rows`; the turn summaries they see come from scorers that had not seen their group."""
        c = self.c
        inner = data.folds([c.groups[i] for i in rows], INNER, seed)
        summary = np.zeros((len(rows), 4 * len(TURN_OUTPUTS)))
        for k in range(INNER):
            learn = np.isin(self.conversation, rows[inner != k])
            summary[inner == k] = self._summaries(self._turn_scores(fit_turns(c, self.both, learn)), rows[inner == k])
        turn = fit_turns(c, self.both, np.isin(self.conversation, rows))
        labelled = rows[rows < c.n_labelled]
        df = np.asarray((c.grams[labelled] > 0).sum(axis=0)).ravel()
        idf = np.where(df >= 2, np.log((1 + len(labelled)) / (1 + df)) + 1.0, 0.0)
        dense_mean, dense_scale = self.dense[labelled].mean(axis=0), self.dense[labelled].std(axis=0) + 0.05
        english = labelled[c.english[labelled]]
        words_mean = self.words[english].mean(axis=0)
        spread = np.sqrt(((self.words[english] - words_mean) ** 2).sum(axis=1).mean() / 2)
        turns_mean, turns_scale = summary.mean(axis=0), summary.std(axis=0) + 1e-3
        grams = self._grams(idf, rows)
        dense = np.clip((self.dense[rows] - dense_mean) / dense_scale, -DENSE_CLIP, DENSE_CLIP)
        words = (self.words[rows] - words_mean) * c.english[rows][:, None]
        turns = np.clip((summary - turns_mean) / turns_scale, -TURNS_CLIP, TURNS_CLIP)
        share = DENSE_WEIGHT / dense.shape[1], WORDS_WEIGHT / spread**2, TURNS_WEIGHT / turns.shape[1]
        kernel = (
            (grams @ grams.T).toarray()
            + share[0] * dense @ dense.T
            + share[1] * words @ words.T
            + share[2] * turns @ turns.T
        )
        bias, alpha = np.zeros(len(OUTPUTS)), np.zeros((len(rows), len(OUTPUTS)))
        target = c.target[rows]
        for known in {tuple(k) for k in (~np.isnan(target)).T.tolist()}:
            columns = np.flatnonzero([tuple(k) == known for k in (~np.isnan(target)).T.tolist()])
            here = np.flatnonzero(known)
            weight = c.weight[rows][here]
            bias[columns] = np.average(target[np.ix_(here, columns)], axis=0, weights=weight)
            system = kernel[np.ix_(here, here)] + RIDGE * np.diag(1.0 / weight)
            alpha[np.ix_(here, columns)] = np.linalg.solve(system, target[np.ix_(here, columns)] - bias[columns])
        return Fitted(
            idf=idf, bias=bias, gram_weights=np.asarray(grams.T @ alpha), dense_mean=dense_mean, dense_scale=dense_scale,
            dense_weights=share[0] * dense.T @ alpha, words_mean=words_mean, words_weights=share[1] * words.T @ alpha,
            turn_weights=turn[0], turn_bias=turn[1], turns_mean=turns_mean, turns_scale=turns_scale,
            turns_weights=share[2] * turns.T @ alpha,
        )  # fmt: skip

    def predict(self, m: Fitted, rows: Ints) -> Floats:
        """Scores of all outputs, shape (n_rows, n_outputs)."""
        summary = self._summaries(self._turn_scores((m.turn_weights, m.turn_bias)), rows)
        dense = np.clip((self.dense[rows] - m.dense_mean) / m.dense_scale, -DENSE_CLIP, DENSE_CLIP)
        turns = np.clip((summary - m.turns_mean) / m.turns_scale, -TURNS_CLIP, TURNS_CLIP)
        words = (self.words[rows] - m.words_mean) * self.c.english[rows][:, None]
        scores = m.bias + np.asarray(self._grams(m.idf, rows) @ m.gram_weights) + dense @ m.dense_weights
        return np.asarray(scores + words @ m.words_weights + turns @ m.turns_weights)

    def out_of_fold(self, labelled: Ints, parts: int, seed: int) -> Floats:
        """Scores of `labelled` conversations from models that saw no conversation of their group, shape (n, n_outputs)."""
        c = self.c
        allowed = {c.groups[i] for i in labelled}
        known = {c.groups[i] for i in range(c.n_labelled)}
        usable = np.array(
            [i for i in range(len(c.groups)) if c.groups[i] in allowed or c.groups[i] not in known], dtype=np.int64
        )
        usable = usable[(usable >= c.n_labelled) | np.isin(usable, labelled)]
        names = sorted({c.groups[i] for i in usable})
        place = dict(zip(names, data.folds(names, parts, seed), strict=True))
        fold = np.array([place[c.groups[i]] for i in usable])
        out = np.zeros((len(c.groups), len(OUTPUTS)))
        for k in range(parts):
            rows = usable[(fold == k) & np.isin(usable, labelled)]
            out[rows] = self.predict(self.fit(usable[fold != k], seed + 1), rows)
        return out[labelled]


def describe(fitted: Fitted) -> dict[str, Any]:
    """Sizes, for the log."""
    return {
        "grams": int((fitted.idf > 0).sum()),
        "turn features": len(fitted.turn_weights),
        "outputs": len(fitted.bias),
    }
