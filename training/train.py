"""Make the embedded judge: `make model`, which is `python -m training.train`. The same inputs give the same bytes."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfrule.embedded.artefact import LEXICONS, VERSION, digest
from training import card, data, language, model_card
from training.calibrate import Calibration
from training.fit import DOMAINS, Fitter, corpus
from training.judge import (
    PARTS,
    Rated,
    arrays,
    calibrated,
    calibration_weight,
    cross_rated,
    labels_of,
    rate,
    screen_curve,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PACKAGE = data.ROOT / "src" / "selfrule" / "embedded"
ARTEFACT = PACKAGE / "artefact"
FOLD_SEEDS, HELD_SEED = (11, 12), 99


def main() -> None:
    """Train, measure and write the artefact, its card and MODEL_CARD.md."""
    began = time.perf_counter()
    made = build()
    write(made)
    print(f"{made['label']}: {made['bytes']:,} bytes, {time.perf_counter() - began:.0f} s")


def build() -> dict[str, Any]:
    """Everything the artefact holds: arrays, tables, card."""
    c = corpus()
    fitter = Fitter(c)
    everyone = np.arange(c.n_labelled)
    held = data.folds(c.groups[: c.n_labelled], 5, HELD_SEED) == 0
    held_rated = held_out(fitter, everyone[~held], everyone[held])
    patterns, cal, curve = calibrate_on(fitter, everyone)
    fitted = fitter.fit(np.arange(len(c.groups)), FOLD_SEEDS[0] + 1)
    made = arrays(fitter, fitted, cal, np.concatenate(patterns), np.tile(everyone, len(patterns)), curve)
    table = language.table()
    made["language_logp"] = table.pop("logp")
    made["word_hash"] = language.word_hashes(data.ROOT / "training" / "inputs" / "word_vectors.npz")
    crossed = cross_rated(c, everyone, patterns, data.folds(c.groups[: c.n_labelled], PARTS, FOLD_SEEDS[0] + 7))
    figures = card.figures(c, crossed, made, everyone[held], held_rated)
    return {"arrays": made, "tables": {"domains": list(DOMAINS), "language": table}, "card": figures}


def calibrate_on(fitter: Fitter, rows: Ints) -> tuple[list[Floats], Calibration, Floats]:
    """Out-of-fold scores of `rows` in each pattern of folds; calibration and screen thresholds from all of them."""
    c = fitter.c
    patterns = [fitter.out_of_fold(rows, PARTS, seed) for seed in FOLD_SEEDS]
    levels, flagged, keep = (np.concatenate([part] * len(patterns)) for part in labels_of(c, rows))
    scores = np.concatenate(patterns)
    cal = calibrated(scores, levels, flagged, keep, np.tile(calibration_weight(c, rows), len(patterns)))
    return patterns, cal, screen_curve(rate(scores, cal).keep, flagged)


def held_out(fitter: Fitter, learn: Ints, test: Ints) -> tuple[Rated, Floats]:
    """Ratings of `test`, and screen thresholds, by a judge fitted and calibrated on `learn` alone."""
    c = fitter.c
    known = {c.groups[i] for i in test}
    usable = np.array([i for i in range(len(c.groups)) if c.groups[i] not in known])
    _, cal, curve = calibrate_on(fitter, learn)
    return rate(fitter.predict(fitter.fit(usable, FOLD_SEEDS[0] + 1), test), cal), curve


def write(made: dict[str, Any]) -> None:
    """Write the files and add label and size to `made`."""
    ARTEFACT.mkdir(exist_ok=True)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: made["arrays"][name] for name in sorted(made["arrays"])})
    tables = json.dumps(made["tables"], ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    parts = {"model.npz": buffer.getvalue(), "tables.json": tables}
    for name, content in parts.items():
        (ARTEFACT / name).write_bytes(content)
    label = f"embedded-{VERSION}@{digest(parts | {name: (PACKAGE / name).read_bytes() for name in LEXICONS})[:8]}"
    made["card"]["label"] = label
    (ARTEFACT / "card.json").write_text(
        json.dumps(made["card"], indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8"
    )
    (PACKAGE / "MODEL_CARD.md").write_text(model_card.markdown(made["card"]), encoding="utf-8")
    made["label"], made["bytes"] = label, sum(p.stat().st_size for p in ARTEFACT.iterdir())


if __name__ == "__main__":
    main()
