"""One trained judge: weights and calibration, as arrays; and its ratings of conversations it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfrule.embedded.features import BUCKETS, TURN_OUTPUTS
from selfrule.rubric import CONSTRUCTS, MARKERS
from training import calibrate
from training.fit import BEFORE_WEIGHT, GRAM_WEIGHT, Corpus, Fitted, Fitter

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PARTS = 5
OWN_WEIGHT = 0.5  # in calibration: conversations written for the project are harder than what came with the task
YES_BETA = 0.5  # a marker is said yes only where it is likelier right than wrong
FLAG_CAP = 0.35  # below this probability of being flagged, no primitive is rated above mild
RECALLS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
N = len(CONSTRUCTS)
FLAGGED, KEEP = N, N + 1
PAIR = slice(N, N + 2)


@dataclass
class Rated:
    """What a judge says: `levels` (n, 7), `probabilities` (n, 7, 4), `flagged` and `keep` (n,), `scores` (n, outputs)."""

    levels: Ints
    probabilities: Floats
    flagged: Floats
    keep: Floats
    scores: Floats


def labels_of(c: Corpus, rows: Ints) -> tuple[Ints, NDArray[np.bool_], NDArray[np.bool_]]:
    """Levels (n, 7), flagged and keep (n,) of labelled rows."""
    chosen = [c.examples[i] for i in rows]
    return (
        np.array([e.levels for e in chosen]),
        np.array([e.flagged for e in chosen]),
        np.array([e.keep for e in chosen]),
    )


def calibration_weight(c: Corpus, rows: Ints) -> Floats:
    """Weight of each labelled row in calibration."""
    like_gold = ("shared-written",)
    return np.array(
        [1.0 if c.examples[i].corpus == "real" or c.examples[i].source in like_gold else OWN_WEIGHT for i in rows]
    )


def calibrated(
    scores: Floats, levels: Ints, flagged: NDArray[np.bool_], keep: NDArray[np.bool_], weight: Floats
) -> calibrate.Calibration:
    """Calibration from out-of-fold scores and labels."""
    slopes, cuts, thresholds = [], [], []
    for k in range(N):
        slope, cut = calibrate.ordinal(scores[:, k], levels[:, k], weight)
        slopes.append(slope)
        cuts.append(cut)
        thresholds.append(calibrate.level_thresholds(scores[:, k], levels[:, k], weight))
    flag = calibrate.platt(scores[:, PAIR], flagged, weight)
    spread = 1.0 / scores[:, PAIR].std(axis=0)
    along, at = calibrate.platt((scores[:, PAIR] @ spread)[:, None], keep, weight)
    kept = (
        along[0] * spread,
        at,
    )  # both scores count alike: keep finds the topic, flagged finds what hides in a plain one
    return calibrate.Calibration(np.array(slopes), np.array(cuts), np.array(thresholds), *flag, *kept)


def rate(scores: Floats, cal: calibrate.Calibration) -> Rated:
    """Levels and probabilities from scores."""
    levels = np.stack([(scores[:, k, None] >= cal.threshold[k]).sum(axis=1) for k in range(N)], axis=1)
    spread = np.stack([calibrate.level_probabilities(scores[:, k], cal.slope[k], cal.cut[k]) for k in range(N)], axis=1)
    flagged = calibrate.sigmoid(scores[:, PAIR] @ cal.flag_slope + cal.flag_cut)
    keep = calibrate.sigmoid(scores[:, PAIR] @ cal.keep_slope + cal.keep_cut)
    levels[:, :3] = np.where(flagged[:, None] < FLAG_CAP, np.minimum(levels[:, :3], 1), levels[:, :3])
    return Rated(levels, spread, flagged, keep, scores)


def cross_rated(c: Corpus, rows: Ints, patterns: list[Floats], fold: Ints) -> Rated:
    """Ratings of the first pattern's scores, with calibration, too, learnt on other folds than the one rated."""
    levels, flagged, keep = labels_of(c, rows)
    weight, times = calibration_weight(c, rows), len(patterns)
    parts: list[tuple[Ints, Rated]] = []
    for k in np.unique(fold):
        learn, test = fold != k, np.flatnonzero(fold == k)
        scores = np.concatenate([p[learn] for p in patterns])
        labels = (np.concatenate([part[learn]] * times) for part in (levels, flagged, keep, weight))
        parts.append((test, rate(patterns[0][test], calibrated(scores, *labels))))
    order = np.argsort(np.concatenate([p[0] for p in parts]))
    names = ("levels", "probabilities", "flagged", "keep", "scores")
    return Rated(*(np.concatenate([getattr(p[1], name) for p in parts])[order] for name in names))


def screen_curve(keep: Floats, flagged: NDArray[np.bool_]) -> Floats:
    """Thresholds on the keep probability for each of `RECALLS`, lowered for the smallness of the sample.

    For recall r the threshold is the largest that keeps ceil(r' n) of the n flagged ones, where r' = r + (1 - r) / 2: half of the
    allowed loss is left as margin; then the logit is lowered by a tenth.
    """
    ordered = np.sort(keep[flagged])
    out = []
    for recall in RECALLS:
        lost = int(np.floor((1.0 - recall) / 2 * len(ordered)))
        at = ordered[lost]
        out.append(1.0 / (1.0 + np.exp(-(np.log(at / (1 - at)) - 0.1))))
    return np.minimum.accumulate(np.array(out))


def _quantised(weights: Floats) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-12) / 127
    return np.round(weights / scale).astype(np.int8), scale.astype(np.float32)


def arrays(
    fitter: Fitter, m: Fitted, cal: calibrate.Calibration, oof: Floats, rows: Ints, curve: Floats
) -> dict[str, NDArray[Any]]:
    """The artefact's arrays; `oof` are the out-of-fold scores of labelled `rows`, from which the remaining thresholds come."""
    c = fitter.c
    out: dict[str, NDArray[Any]] = {}
    bucket = np.flatnonzero(m.idf > 0)
    out["gram_bucket"], out["gram_idf"] = bucket.astype(np.int32), m.idf[bucket].astype(np.float16)
    side = np.sqrt(np.array(GRAM_WEIGHT))[(bucket >= BUCKETS).astype(np.int64)]
    out["gram_weights"], out["gram_scale"] = _quantised(m.gram_weights[bucket] * side[:, None])
    n_grams, n_cues, n_out = len(c.turn_columns), len(c.cue_scale), len(TURN_OUTPUTS)
    size = n_grams + n_cues
    now, before = m.turn_weights[:size], m.turn_weights[size:] * BEFORE_WEIGHT
    both = np.concatenate([now, before], axis=1)
    out["turn_bucket"], out["turn_idf"] = c.turn_columns.astype(np.int32), c.turn_idf.astype(np.float16)
    out["turn_weights"], out["turn_scale"] = _quantised(both[:n_grams])
    out["turn_cues"] = (both[n_grams:] * c.cue_scale[:, None]).astype(np.float32)
    out["turn_bias"] = m.turn_bias.astype(np.float32)
    assert both.shape[1] == 2 * n_out
    dimensions = c.word_vectors.shape[1]
    tables = [c.word_vectors @ m.words_weights[s * dimensions : (s + 1) * dimensions] for s in (0, 1)]
    scale = np.maximum(np.abs(np.concatenate(tables)).max(axis=0), 1e-12) / 127
    out["word_user"], out["word_assistant"] = (np.round(t / scale).astype(np.int8) for t in tables)
    out["word_scale"], out["word_weight"] = scale.astype(np.float32), c.word_weight.astype(np.float16)
    out["words_mean"] = (m.words_mean @ m.words_weights).astype(np.float32)
    for name in ("bias", "dense_mean", "dense_scale", "dense_weights", "turns_mean", "turns_scale", "turns_weights"):
        out[name] = getattr(m, name).astype(np.float32)
    out["level_slope"], out["level_cut"], out["level_threshold"] = cal.slope, cal.cut, cal.threshold
    out["flag_slope"], out["flag_cut"] = cal.flag_slope, np.array([cal.flag_cut])
    out["flag_cap"] = np.array([FLAG_CAP])
    out["keep_slope"], out["keep_cut"] = cal.keep_slope, np.array([cal.keep_cut])
    out["screen_recall"], out["screen_threshold"] = np.array(RECALLS), curve
    truth = c.target[rows]
    said = [best_cut(oof[:, N + 2 + i], truth[:, N + 2 + i] > 0, YES_BETA) for i in range(len(MARKERS))]
    out["actual_threshold"] = np.array(said)
    domains = slice(N + 2 + len(MARKERS), None)
    out["domain_threshold"] = np.array([best_cut(oof[:, domains].ravel(), truth[:, domains].ravel() > 0, 1.0)])
    return out


def best_cut(score: Floats, truth: NDArray[np.bool_], beta: float) -> float:
    """The threshold with the best F-beta (below 1 for few false ones).

    Infinity with under 30 positives (each stands once a fold pattern): too few to learn from.
    """
    if truth.sum() < 30:
        return float("inf")
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    f = (1 + beta**2) * hits / (np.arange(1, len(score) + 1) + beta**2 * truth.sum())
    return float(score[order[int(np.argmax(f))]])
