"""The judge's figures: card.json for `doctor` and reports, MODEL_CARD.md for readers."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfrule.embedded.language import SUPPORTED
from selfrule.rubric import CONSTRUCTS, MARKERS
from training import baselines, data, measure
from training.fit import Corpus
from training.judge import N, RECALLS, Rated, labels_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Interval = list[float | None]

ROUNDS = 300
LABELS = (
    "Labels come from instances of one language model reading the rubric (real conversations: two readings and an adjudication; written ones: "
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


def summary(examples: list[data.Example], levels: Ints, flagged: NDArray[np.bool_], rated: Ints, probability: Floats, order: Floats) -> dict[str, Any]:
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
            name: discrimination([groups[i] for i in np.flatnonzero(mask)], flagged[mask], probability[mask]) for name, mask in parts.items()
        },
        "twins": {"right": right, "pairs": pairs},
    }  # fmt: skip


def screen(keep: Floats, flagged: NDArray[np.bool_], dropped: NDArray[np.bool_], thresholds: Floats) -> list[dict[str, float]]:
    """What the screen keeps at each threshold: of the flagged, of all not flagged, and of what labels say to drop."""
    out = []
    for recall, threshold in zip(RECALLS, thresholds, strict=True):
        kept = keep >= threshold
        out.append({
            "recall": recall, "threshold": round(float(threshold), 6), "reached": round(float(kept[flagged].mean()), 4),
            "kept": round(float(kept[~flagged].mean()), 4), "kept_ordinary": round(float(kept[dropped].mean()), 4),
        })  # fmt: skip
    return out


def figures(c: Corpus, rated: Rated, arrays: dict[str, Any], held: Ints, held_out: tuple[Rated, Floats]) -> dict[str, Any]:
    """The whole card. `rated` is out of fold over all labelled conversations; `held_out` of a judge that never saw rows `held`."""
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
        f"On {card['n']} labelled conversations it had not seen, it gave the labelled level in {pooled['exact'][0]:.0%} of ratings and came within one level in "
        f"{pooled['within_one'][0]:.0%}. Given one flagged and one other conversation, it scores the flagged one higher {flagged['overall']['auroc'][0]:.0%} "
        f"of the time ({flagged['real']['auroc'][0]:.0%} among real ones). At the default threshold the screen kept {at['reached']:.1%} of flagged "
        f"conversations and {at['kept_ordinary']:.0%} of those that labels say to drop. It orders conversations well and is often wrong about a single one: use it to find, "
        "sort and count, never to judge a person."
    )


def _row(name: str, row: dict[str, Any]) -> str:
    def show(value: Interval) -> str:
        if value[0] is None:
            return "not defined"
        return f"{value[0]:.2f}" + (f" ({value[1]:.2f} to {value[2]:.2f})" if value[1] is not None else "")

    return f"| {name} | {show(row['kappa'])} | {show(row['exact'])} | {show(row['within_one'])} | {row['n']} | {row['positive']} |"


def markdown(card: dict[str, Any]) -> str:
    """MODEL_CARD.md."""
    head = "| | weighted kappa | exact | within one | ratings' conversations | above none |\n| --- | --- | --- | --- | --- | --- |"
    lines = [
        "# Model card of the embedded judge", "",
        f"{card['label']}. Made by `make model`; this page and `artefact/card.json` are written by it.", "", card["plain"], "", card["labels"], "",
        "## Agreement, out of fold", "",
        "Five folds by group (prompt, twin); calibration and level thresholds learnt on other folds than the one rated; 95 % intervals by bootstrap over groups.", "",
        head, *(_row(name, row) for name, row in card["constructs"].items()), "",
        "Pooled over the constructs, by part:", "", head, *(_row(name, row) for name, row in card["pooled"].items()), "",
        "## Flagged against not", "", "| part | AUROC | calibration error | n | flagged |", "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for name, row in card["flagged"].items():
        value, low, high = row["auroc"]
        shown = "not defined" if value is None else f"{value:.3f}" + (f" ({low:.3f} to {high:.3f})" if low is not None else "")
        lines.append(f"| {name} | {shown} | {row['ece']:.3f} | {row['n']} | {row['flagged']} |")
    lines += ["", f"Twins (same person, other assistant) ordered rightly: {card['twins']['right']} of {card['twins']['pairs']}.", ""]
    lines += ["## Screen", "", "| wanted recall | threshold | reached | kept of not flagged | kept of what labels drop |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {p['recall']:.3f} | {p['threshold']:.4f} | {p['reached']:.3f} | {p['kept']:.2f} | {p['kept_ordinary']:.2f} |" for p in card["screen"]]
    held = card["held_out"]
    lines += ["", f"## A fifth held out by group ({held['constructs']['pooled']['n']} conversations)", ""]
    lines += [head, *(_row(name, row) for name, row in held["constructs"].items()), ""]
    real, whole = held["flagged"].get("real"), held["flagged"]["overall"]
    at = next(p for p in held["screen"] if p["recall"] == 0.98)
    lines += [
        f"AUROC {whole['auroc'][0]:.3f} overall" + (f", {real['auroc'][0]:.3f} on real ones" if real and real["auroc"][0] is not None else "")
        + f"; calibration error {whole['ece']:.3f}; twins {held['twins']['right']} of {held['twins']['pairs']}; the screen at 0.98 kept "
        f"{at['reached']:.3f} of flagged and {at['kept_ordinary']:.2f} of what labels drop.", "",
        "## Beside baselines (same folds)", "", "| | pooled kappa | within one | AUROC | AUROC real | calibration error | twins |", "| --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for name, row in {**card["baselines"], "this judge": card}.items():
        pooled, flagged = row["constructs"]["pooled"], row["flagged"]
        lines.append(
            f"| {name} | {pooled['kappa'][0]:.2f} | {pooled['within_one'][0]:.2f} | {flagged['overall']['auroc'][0]:.3f} | "
            f"{flagged['real']['auroc'][0]:.3f} | {flagged['overall']['ece']:.3f} | {row['twins']['right']} of {row['twins']['pairs']} |"
        )
    marks = "; ".join(f"{m}: said yes {v['said_yes']} times, rightly {v['right']}, of {v['labelled_yes']} labelled" for m, v in card["actualized"].items())
    lines += ["", "## Actualized markers", "", f"{marks}. It never says no: absence of words is no evidence.", ""]
    lines += ["## Trained on", ""]
    lines += [f"- {name}: {count}" for name, count in card["sources"].items()]
    lines += ["", "Also, with small weights and in no figure: replies and windows of public sets with neighbouring labels, and 167 readings made for this project"]
    lines += ["(training/data_extra.py). No text of any of them is in the package: weights sit on hashed n-grams and on words of a public vocabulary."]
    lines += ["", "## Limits", ""]
    lines += [
        "- Not a language model: it does not follow an argument, a quotation or irony. Docs: docs/judge.md.",
        "- Talks over 120,000 characters or 400 turns are read in part (both ends of turns and of the talk, and evenly between); over 2,000,000 characters or",
        "  20,000 turns they get the status over_long.",
        f"- Languages: {', '.join(f'{k} {v}' for k, v in card['languages'].items())}; others get the status unsupported_language.",
    ]
    return "\n".join(lines) + "\n"
