"""Make the embedded judge: `make model`, which is `python -m training.train`. The same inputs give the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfrule.embedded import lexicon
from selfrule.embedded.features import BUCKETS, Extract, Extractor
from selfrule.rubric import CONSTRUCTS, MARKERS
from selfrule.rubric import load as load_rubric
from training import data, language, measure

ARTEFACT = data.ROOT / "src" / "selfrule" / "embedded" / "artefact"
RIDGE = 0.3


def idf_of(extracts: list[Extract]) -> NDArray[np.float64]:
    df = np.zeros(2 * BUCKETS)
    for e in extracts:
        df[e.buckets] += 1
    return np.where(df >= 2, np.log((1 + len(extracts)) / (1 + df)) + 1, 0.0)


def views(extracts: list[Extract], idf, mean, scale):
    import scipy.sparse as sp

    rows = []
    for side in (0, 1):
        ind, val, ptr = [], [], [0]
        for e in extracts:
            m = (e.buckets >= BUCKETS) == bool(side)
            v = (1 + np.log(e.counts[m])) * idf[e.buckets[m]]
            n = np.sqrt(v @ v)
            val.append(v / n if n > 0 else v)
            ind.append(e.buckets[m])
            ptr.append(ptr[-1] + int(m.sum()))
        rows.append(sp.csr_matrix((np.concatenate(val), np.concatenate(ind), ptr), shape=(len(extracts), 2 * BUCKETS)))
    dense = np.clip((np.array([e.dense for e in extracts]) - mean) / scale, -3, 3)
    return rows[0] + rows[1], dense


def fit(extracts, targets):
    idf = idf_of(extracts).astype(np.float32).astype(float)
    raw = np.array([e.dense for e in extracts])
    mean, scale = raw.mean(0), raw.std(0) + 0.05
    grams, dense = views(extracts, idf, mean, scale)
    kernel = (grams @ grams.T).toarray() + dense @ dense.T / dense.shape[1]
    bias = targets.mean(0)
    alpha = np.linalg.solve(kernel + RIDGE * np.eye(len(extracts)), targets - bias)
    return {
        "idf": idf, "dense_mean": mean, "dense_scale": scale, "bias": bias,
        "dense_weights": dense.T @ alpha / dense.shape[1], "gram_weights": np.asarray(grams.T @ alpha),
    }  # fmt: skip


def predict(m, extracts):
    grams, dense = views(extracts, m["idf"], m["dense_mean"], m["dense_scale"])
    return m["bias"] + dense @ m["dense_weights"] + grams @ m["gram_weights"]


def platt(score, truth):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=100.0).fit(score[:, None], truth)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def main() -> None:
    examples = data.everything()
    extractor = Extractor(lexicon.packaged())
    extracts = [extractor.extract(extractor.tokens(e.turns)) for e in examples]
    levels = np.array([e.levels for e in examples])
    domains = sorted(load_rubric().domains)
    targets = np.concatenate(
        [
            levels.astype(float),
            np.array([[e.flagged, e.keep] for e in examples], dtype=float),
            np.array([[e.actualized[m] == "yes" for m in MARKERS] for e in examples], dtype=float),
            np.array([[d in e.domains for d in domains] for e in examples], dtype=float),
        ],
        axis=1,
    )
    groups = [e.group for e in examples]
    fold = data.folds(groups, 5, 0)
    oof = np.zeros_like(targets)
    for k in range(5):
        inside = np.flatnonzero(fold != k)
        m = fit([extracts[i] for i in inside], targets[inside])
        outside = np.flatnonzero(fold == k)
        oof[outside] = predict(m, [extracts[i] for i in outside])
    m = fit(extracts, targets)
    arrays: dict[str, Any] = {k: m[k].astype(np.float32) for k in ("idf", "dense_mean", "dense_scale", "bias", "dense_weights")}
    scale = np.abs(m["gram_weights"]).max(axis=0) / 127
    arrays["grams_scale"] = scale.astype(np.float32)
    arrays["grams"] = np.round(m["gram_weights"] / scale).astype(np.int8)
    slope, cut, level_at = [], [], []
    rated = np.zeros_like(levels)
    for k in range(7):
        s, y = oof[:, k], levels[:, k]
        ordered = np.sort(s)[::-1]
        at = [ordered[max(0, int((y >= v).sum()) - 1)] for v in (1, 2, 3)]
        level_at.append(at)
        rated[:, k] = (s[:, None] >= np.array(at)).sum(1)
        fits = [platt(s, y >= v) for v in (1, 2, 3)]
        slope.append([f[0] for f in fits])
        cut.append([f[1] for f in fits])
    arrays["ordinal_slope"], arrays["ordinal_cut"], arrays["level_threshold"] = (np.array(v) for v in (slope, cut, level_at))
    flagged = np.array([e.flagged for e in examples])
    keep = np.array([e.keep for e in examples])
    f1, f2 = platt(oof[:, 7], flagged), platt(oof[:, 7] + 0.5 * oof[:, 8], keep)
    arrays["flag_slope"], arrays["flag_cut"] = np.array([f1[0], f2[0]]), np.array([f1[1], f2[1]])
    arrays["screen_mix"] = np.array([0.5])
    screen = 1 / (1 + np.exp(-(f2[0] * (oof[:, 7] + 0.5 * oof[:, 8]) + f2[1])))
    recalls = np.array([0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999])
    positive = np.sort(screen[flagged])
    arrays["screen_recall"] = recalls
    arrays["screen_threshold"] = np.array([positive[int((1 - r) * len(positive))] * 0.8 for r in recalls])
    arrays["actual_threshold"] = np.array([np.sort(oof[:, 9 + i])[::-1][max(1, int(targets[:, 9 + i].sum()))] for i in range(3)])
    table = language.table()
    arrays["language_logp"] = table.pop("logp")
    ARTEFACT.mkdir(exist_ok=True)
    with (ARTEFACT / "model.npz").open("wb") as file:
        np.savez_compressed(file, **arrays)
    words = {"domains": domains, "outputs": [], "language": table}
    (ARTEFACT / "words.json").write_text(json.dumps(words, ensure_ascii=False, sort_keys=True), encoding="utf-8")
    probability = 1 / (1 + np.exp(-(f1[0] * oof[:, 7] + f1[1])))
    real = np.array([e.corpus == "real" for e in examples])
    card: dict[str, Any] = {
        "n": len(examples),
        "labels": "Labels by instances of one language model reading the rubric (real: two readings and an adjudication); no person has labelled them.",
        "constructs": {},
        "flagged": {},
    }
    for k, name in enumerate(CONSTRUCTS):
        y, p = levels[:, k], rated[:, k]
        value = measure.by_group(groups, lambda i, y=y, p=p: measure.quadratic_kappa(y[i], p[i]), 200)
        exact = measure.by_group(groups, lambda i, y=y, p=p: float((y[i] == p[i]).mean()), 200)
        one = measure.by_group(groups, lambda i, y=y, p=p: float((abs(y[i] - p[i]) <= 1).mean()), 200)
        card["constructs"][name] = {"kappa": value, "exact": exact, "within_one": one, "n": len(y), "positive": int((y > 0).sum())}
    for part, mask in (("overall", real | ~real), ("real", real), ("written", ~real)):
        rows = np.flatnonzero(mask)
        card["flagged"][part] = {
            "auroc": measure.by_group([groups[i] for i in rows], lambda i, rows=rows: measure.auroc(flagged[rows[i]], probability[rows[i]]), 200),
            "ece": measure.calibration_error(flagged[rows], probability[rows]),
        }
    card["screen"] = [
        {"recall": r, "kept": measure.kept_at_recall(flagged, screen, ~keep, r), "threshold": float(t)}
        for r, t in zip(recalls.tolist(), arrays["screen_threshold"].tolist(), strict=True)
    ]
    card["plain"] = "First version: orders conversations well, single levels are rough."
    (ARTEFACT / "card.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(card, indent=1))
    print({p.name: p.stat().st_size for p in Path(ARTEFACT).iterdir()})


if __name__ == "__main__":
    main()
