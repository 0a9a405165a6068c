"""The judge's figures: card.json, which `doctor` and reports show."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfrule.embedded.language import SUPPORTED
from selfrule.rubric import CONSTRUCTS, MARKERS
from training import baselines, data, measure
from training.fit import Corpus
from training.judge import RECALLS, N, Rated, labels_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Interval = list[float | None]

ROUNDS = 300
LABELS = (
    "Labels come from instances of one language model reading the rubric (real conversations: two readings and an "
    "adjudication; written ones: "
    "the writer's levels and blind readings, or the writer's alone), not from people. Agreement with them is agreement with that "
    "reading of the rubric; how far people would agree is not known."
)


def _interval(groups: list[str], figure: Any) -> Interval:
    value, low, high = measure.by_group(groups, figure, ROUNDS)
    return [round(float(v), 4) if np.isfinite(v) else None for v in (value, low, high)]


def agreement(groups: list[str], truth: Ints, rated: Ints) -> dict[str, Any]:
    """Kappa, exact and within-one with intervals; arrays of any shape (n, ...) with one group per row."""
    return {
        "kappa": _interval(groups, lambda i: measure.quadratic_kappa(truth[i].ravel(), rated[i].ravel())),
        "exact": _interval(groups, lambda i: float((truth[i] == rated[i]).mean())),
        "within_one": _interval(groups, lambda i: float((np.abs(truth[i] - rated[i]) <= 1).mean())),
        "n": len(truth),
        "positive": int((truth > 0).sum()),
    }


def discrimination(groups: list[str], flagged: NDArray[np.bool_], probability: Floats) -> dict[str, Any]:
    """AUROC and calibration error of flagged against not."""
    return {
        "auroc": _interval(groups, lambda i: measure.auroc(flagged[i], probability[i])),
        "ece": round(measure.calibration_error(flagged, probability), 4),
        "n": len(flagged),
        "flagged": int(flagged.sum()),
    }


def parts_of(examples: list[data.Example]) -> dict[str, NDArray[np.bool_]]:
    """Named parts of the labelled set; "as given" is what came with the task, the make of its hidden set."""
    real = np.array([e.corpus == "real" for e in examples])
    given = real | np.array([e.source == "shared-written" for e in examples])
    parts = {"overall": np.ones(len(examples), dtype=bool), "real": real, "written": ~real, "as given": given}
    return parts | {f"language {name}": np.array([e.language == name for e in examples]) for name in SUPPORTED}


def summary(
    examples: list[data.Example],
    levels: Ints,
    flagged: NDArray[np.bool_],
    rated: Ints,
    probability: Floats,
    order: Floats,
) -> dict[str, Any]:
    """All figures of one judge or baseline on one set. `order` (n,) is the score by which twins are ordered."""
    groups = [e.group for e in examples]
    constructs = {name: agreement(groups, levels[:, k], rated[:, k]) for k, name in enumerate(CONSTRUCTS)}
    constructs["pooled"] = agreement(groups, levels, rated)
    parts = {name: mask for name, mask in parts_of(examples).items() if mask.any()}
    right, pairs = measure.twins_ordered([e.twin for e in examples], levels[:, :3].sum(axis=1).astype(float), order)
    return {
        "constructs": constructs,
        "pooled": {
            name: agreement([groups[i] for i in np.flatnonzero(mask)], levels[mask], rated[mask])
            for name, mask in parts.items() if not name.startswith("language")
        },
        "flagged": {
            name: discrimination([groups[i] for i in np.flatnonzero(mask)], flagged[mask], probability[mask])
            for name, mask in parts.items()
        },
        "twins": {"right": right, "pairs": pairs},
    }  # fmt: skip


def screen(
    keep: Floats, flagged: NDArray[np.bool_], dropped: NDArray[np.bool_], thresholds: Floats
) -> list[dict[str, float]]:
    """What the screen keeps at each threshold: of the flagged, of all not flagged, and of what labels say to drop."""
    out = []
    for recall, threshold in zip(RECALLS, thresholds, strict=True):
        kept = keep >= threshold
        out.append({
            "recall": recall, "threshold": round(float(threshold), 6), "reached": round(float(kept[flagged].mean()), 4),
            "kept": round(float(kept[~flagged].mean()), 4), "kept_ordinary": round(float(kept[dropped].mean()), 4),
        })  # fmt: skip
    return out


def figures(
    c: Corpus, rated: Rated, arrays: dict[str, Any], held: Ints, held_out: tuple[Rated, Floats]
) -> dict[str, Any]:
    """The whole card: `rated` out of fold over all labelled conversations, `held_out` by a judge that never saw `held`."""
    everyone = np.arange(c.n_labelled)
    levels, flagged, keep = labels_of(c, everyone)
    card = summary(c.examples, levels, flagged, rated.levels, rated.flagged, rated.scores[:, :3].sum(axis=1))
    card["screen"] = screen(rated.keep, flagged, ~keep, arrays["screen_threshold"])
    card["keep_ece"] = round(measure.calibration_error(keep, rated.keep), 4)
    card["actualized"] = _markers(c, rated.scores, rated.levels, arrays["actual_threshold"])
    card["baselines"] = baseline_figures(c.examples, levels, flagged)
    test = [c.examples[i] for i in held]
    h_levels, h_flagged, h_keep = labels_of(c, held)
    other, curve = held_out
    card["held_out"] = summary(test, h_levels, h_flagged, other.levels, other.flagged, other.scores[:, :3].sum(axis=1))
    card["held_out"]["screen"] = screen(other.keep, h_flagged, ~h_keep, curve)
    card["n"] = c.n_labelled
    card["sources"] = dict(sorted(Counter(e.source for e in c.examples).items()))
    card["languages"] = dict(sorted(Counter(e.language for e in c.examples).items()))
    card["labels"] = LABELS
    card["plain"] = _plain(card)
    return card


def _markers(c: Corpus, scores: Floats, levels: Ints, thresholds: Floats) -> dict[str, Any]:
    out = {}
    for i, marker in enumerate(MARKERS):
        truth = c.target[: c.n_labelled, N + 2 + i] > 0
        yes = (scores[:, N + 2 + i] >= thresholds[i]) & (levels[:, i] > 0)
        hits = int((truth & yes).sum())
        out[marker] = {"labelled_yes": int(truth.sum()), "said_yes": int(yes.sum()), "right": hits}
    return out


def baseline_figures(examples: list[data.Example], levels: Ints, flagged: NDArray[np.bool_]) -> dict[str, Any]:
    """The same table for the three baselines, in the same kind of grouped folds."""
    fold = data.folds([e.group for e in examples], 5, 0)
    most = baselines.majority(levels, fold)
    words, hits = baselines.keywords(examples)
    bag, score = baselines.bag_of_words(examples, levels, flagged, fold)
    plain = np.full(len(examples), float(flagged.mean()))
    squashed = hits / (hits + 4.0)
    return {
        "majority": summary(examples, levels, flagged, most, plain, most[:, :3].sum(axis=1).astype(float)),
        "keyword list": summary(examples, levels, flagged, words, squashed, words[:, :3].sum(axis=1).astype(float)),
        "bag of words": summary(examples, levels, flagged, bag, score, score),
    }


def _plain(card: dict[str, Any]) -> str:
    pooled, flagged = card["constructs"]["pooled"], card["flagged"]
    at = next(p for p in card["screen"] if p["recall"] == 0.98)
    return (
        f"On {card['n']} labelled conversations it had not seen, it gave the labelled level in "
        f"{pooled['exact'][0]:.0%} of ratings and came within one level in "
        f"{pooled['within_one'][0]:.0%}. Given one flagged and one other conversation, it scores the flagged one "
        f"higher {flagged['overall']['auroc'][0]:.0%} "
        f"of the time ({flagged['real']['auroc'][0]:.0%} among real ones). At the default threshold the screen kept "
        f"{at['reached']:.1%} of flagged "
        f"conversations and {at['kept_ordinary']:.0%} of those that labels say to drop. It orders conversations well "
        f"and is often wrong about a single one: use it to find, "
        "sort and count, never to judge a person."
    )
