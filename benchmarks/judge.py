"""How good and how fast the embedded judge is: `python benchmarks/judge.py [card] [speed] [ordinary] [curve] [holdouts]`.

card      the figures of the packaged card, beside the baselines (no training; default)
speed     conversations a second on one core, on the real sets
ordinary  what the screen keeps of the raw ordinary sets at the default threshold
holdouts  five more held-out fifths, by group: train on four, rate the fifth (about five minutes)
curve     the learning curve: trained on a quarter, a half, three quarters and all of the groups (about five minutes)

All but `card` read ../shared/data in place; `holdouts` and `curve` need the training extras (scikit-learn).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from training import data  # noqa: E402

from selfrule.embedded import load  # noqa: E402
from selfrule.records import Turn  # noqa: E402

RAW = data.SHARED / "raw"


def _show(value: list[float | None]) -> str:
    if value[0] is None:
        return "-"
    return f"{value[0]:.3f}" + (f" ({value[1]:.2f}-{value[2]:.2f})" if value[1] is not None else "")


def card() -> None:
    """The card's table, with the three baselines."""
    model = load()
    made = model.card
    print(
        f"{model.label}, {made['n']} labelled conversations, out of fold by group; 95 % intervals by bootstrap over groups"
    )
    print(f"{'':28}" + "".join(f"{name:>24}" for name in (*made["baselines"], "this judge")))
    tables = [*made["baselines"].values(), made]
    for construct in made["constructs"]:
        for figure in ("kappa", "within_one"):
            print(
                f"{construct + ' ' + figure:40}"[:40]
                + "".join(f"{_show(t['constructs'][construct][figure]):>22}" for t in tables)
            )
    for part in made["flagged"]:
        print(f"{'AUROC ' + part:40}" + "".join(f"{_show(t['flagged'][part]['auroc']):>22}" for t in tables))
        print(f"{'calibration error ' + part:40}" + "".join(f"{t['flagged'][part]['ece']:>22.3f}" for t in tables))
    twins = [f"{t['twins']['right']} of {t['twins']['pairs']}" for t in tables]
    print(f"{'twins ordered rightly':40}" + "".join(f"{t:>22}" for t in twins))
    print("screen: wanted recall, reached, kept of not flagged, kept of what labels drop")
    for point in made["screen"]:
        print(f"  {point['recall']:.3f}  {point['reached']:.3f}  {point['kept']:.2f}  {point['kept_ordinary']:.2f}")
    held = made["held_out"]
    kappa, flagged = held["constructs"]["pooled"]["kappa"], held["flagged"]
    print(f"held-out fifth of {held['constructs']['pooled']['n']}: pooled kappa {_show(kappa)}", end=", ")
    print(f"AUROC {_show(flagged['overall']['auroc'])}, real {_show(flagged['real']['auroc'])}", end=", ")
    print(f"calibration error {flagged['overall']['ece']:.3f}")


def _hh() -> Iterator[tuple[Turn, ...]]:
    from training.data_extra import _hh as turns

    for line in (RAW / "hh-rlhf" / "harmless-base-test.jsonl").read_text(encoding="utf-8").splitlines():
        yield turns(json.loads(line)["chosen"])


def _oasst() -> Iterator[tuple[Turn, ...]]:
    def paths(node: dict[str, Any], before: tuple[Turn, ...]) -> Iterator[tuple[Turn, ...]]:
        here = (*before, Turn("user" if node["role"] == "prompter" else "assistant", node["text"]))
        if not node.get("replies"):
            yield here
        for reply in node.get("replies", ()):
            yield from paths(reply, here)

    for line in (RAW / "oasst" / "en_100_tree.jsonl").read_text(encoding="utf-8").splitlines():
        yield from paths(json.loads(line)["prompt"], ())


def _messages(path: Path) -> Iterator[tuple[Turn, ...]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield tuple(
            Turn("user" if m["role"] == "user" else "assistant", m["content"]) for m in json.loads(line)["messages"]
        )


def speed() -> None:
    """Conversations a second of CPU time, the second time through (words known) and the first."""
    sets = {
        "gold": [e.turns for e in data.shared_real()],
        "hh-rlhf": list(_hh()),
        "oasst": list(_oasst()),
        "smile (zh)": list(_messages(RAW / "smile" / "smilechat_3000.jsonl")),
        "spiral-bench (20 turns)": [t for p in sorted((RAW / "spiral-bench").glob("*.jsonl")) for t in _messages(p)],
    }
    model = load()
    for name, conversations in sets.items():
        seconds = []
        for _ in range(2):
            began = time.process_time()
            for turns in conversations:
                model.analyse(turns)
            seconds.append(time.process_time() - began)
        size = sum(len(t.text) for turns in conversations for t in turns) / len(conversations)
        rates = " and ".join(f"{len(conversations) / s:.0f}" for s in seconds)
        print(
            f"{name:26}{len(conversations):6} conversations of {size / 1000:.1f} thousand characters: {rates} a second"
        )


def ordinary() -> None:
    """Share kept by the screen, and flagged by level, of sets that nobody labelled."""
    model = load()
    threshold = model.threshold()
    for name, conversations in {"oasst": list(_oasst()), "hh-rlhf (red team)": list(_hh())}.items():
        done = [a for a in map(model.analyse, conversations) if a.status == "rated"]
        kept = np.mean([(a.screen_score or 0) >= threshold for a in done])
        flagged = np.mean([max(list(a.levels.values())[:3]) >= 2 for a in done])
        print(f"{name:20}{len(done):6} rated, kept {kept:.2f}, flagged {flagged:.3f}")


def _fitter() -> Any:
    from training.fit import Fitter, corpus

    return Fitter(corpus())


def holdouts() -> None:
    """Held-out fifths: mean and each."""
    from training import card as cards
    from training.judge import labels_of
    from training.train import HELD_SEED, held_out

    fitter = _fitter()
    c = fitter.c
    everyone = np.arange(c.n_labelled)
    fold = data.folds(c.groups[: c.n_labelled], 5, HELD_SEED)
    scored = []
    for k in range(5):
        test = everyone[fold == k]
        rated, curve = held_out(fitter, everyone[fold != k], test)
        levels, flagged, keep = labels_of(c, test)
        made = cards.summary(
            [c.examples[i] for i in test], levels, flagged, rated.levels, rated.flagged, rated.scores[:, :3].sum(axis=1)
        )
        at = next(p for p in cards.screen(rated.keep, flagged, ~keep, curve) if p["recall"] == 0.98)
        pooled, parts = made["constructs"]["pooled"], made["flagged"]
        print(f"fifth {k}: n {len(test)}, pooled kappa {_show(pooled['kappa'])}", end=", ")
        print(f"within one {_show(pooled['within_one'])}, AUROC {_show(parts['overall']['auroc'])}", end=", ")
        print(f"real {_show(parts['real']['auroc'])}, calibration error {parts['overall']['ece']:.3f}", end=", ")
        print(f"screen keeps {at['reached']:.3f} of flagged and {at['kept_ordinary']:.2f} of drop", end=", ")
        print(f"twins {made['twins']['right']} of {made['twins']['pairs']}", flush=True)
        scored.append((test, rated))
    order = np.argsort(np.concatenate([t for t, _ in scored]))
    levels, flagged, _ = labels_of(c, everyone)
    whole = [np.concatenate([getattr(r, name) for _, r in scored])[order] for name in ("levels", "flagged", "scores")]
    made = cards.summary(c.examples, levels, flagged, whole[0], whole[1], whole[2][:, :3].sum(axis=1))
    for part in ("overall", "real", "written", "as given"):
        print(f"all fifths, {part}: pooled kappa {_show(made['pooled'][part]['kappa'])}", end=", ")
        print(f"within one {_show(made['pooled'][part]['within_one'])}", end=", ")
        print(f"AUROC {_show(made['flagged'][part]['auroc'])}, calibration error {made['flagged'][part]['ece']:.3f}")


def curve() -> None:
    """AUROC and pooled kappa (thresholds from the labels' shares) on one fixed fold pattern, by share of groups learnt from."""
    from training import measure
    from training.judge import FLAGGED, labels_of

    fitter = _fitter()
    c = fitter.c
    everyone = np.arange(c.n_labelled)
    fold = data.folds(c.groups[: c.n_labelled], 5, 0)
    thin = data.folds(c.groups, 4, 1)
    levels, flagged, _ = labels_of(c, everyone)
    real = np.array([e.corpus == "real" for e in c.examples])
    names = set(c.groups[: c.n_labelled])
    for quarters in (1, 2, 3, 4):
        score = np.zeros((c.n_labelled, len(fitter.c.target[0])))
        for k in range(5):
            test = {c.groups[i] for i in everyone[fold == k]}
            learn = np.array(
                [i for i, g in enumerate(c.groups) if g not in test and (thin[i] < quarters or g not in names)]
            )
            score[fold == k] = fitter.predict(fitter.fit(learn, 1), everyone[fold == k])
        rated = np.zeros_like(levels)
        for j in range(levels.shape[1]):
            ordered = np.sort(score[:, j])[::-1]
            rated[:, j] = sum(
                (score[:, j] >= ordered[max(0, int((levels[:, j] >= v).sum()) - 1)]).astype(int) for v in (1, 2, 3)
            )
        whole, among = measure.auroc(flagged, score[:, FLAGGED]), measure.auroc(flagged[real], score[real, FLAGGED])
        kappa = measure.quadratic_kappa(levels.ravel(), rated.ravel())
        print(f"{quarters}/4 of groups: AUROC {whole:.3f}, real {among:.3f}, pooled kappa {kappa:.3f}", flush=True)


def main() -> None:
    """Run the parts named."""
    parts = {"card": card, "speed": speed, "ordinary": ordinary, "holdouts": holdouts, "curve": curve}
    for name in sys.argv[1:] or ["card"]:
        if name not in parts:
            raise SystemExit(f"no such part: {name!r}; one of {', '.join(parts)}")
        parts[name]()


if __name__ == "__main__":
    main()
