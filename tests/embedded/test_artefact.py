"""The artefact: small, without code, hashed, and with an honest card."""

from __future__ import annotations

import io
import json
import zipfile
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from selfrule.embedded import artefact, load
from selfrule.embedded.artefact import Artefact
from selfrule.embedded.model import Model
from selfrule.errors import ModelError
from selfrule.rubric import CONSTRUCTS

FOLDER = Path(str(resources.files("selfrule.embedded"))) / "artefact"


def test_the_artefact_is_under_ten_megabytes() -> None:
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 10_000_000


def test_no_array_needs_code_to_be_read() -> None:
    with zipfile.ZipFile(FOLDER / "model.npz") as file:
        for name in file.namelist():
            loaded = np.load(io.BytesIO(file.read(name)), allow_pickle=False)
            assert loaded.dtype.kind in "iufU" and loaded.dtype.kind != "O"


def test_the_label_follows_every_byte_of_the_artefact() -> None:
    parts = {name: (FOLDER / name).read_bytes() for name in artefact.FILES}
    changed = {**parts, "tables.json": parts["tables.json"] + b" "}
    assert artefact.digest(parts) != artefact.digest(changed)
    assert artefact.digest(parts) == artefact.digest(dict(reversed(parts.items())))


def test_the_card_is_of_this_artefact() -> None:
    model = load()
    assert model.label.startswith("embedded-1.0@")
    assert model.card["label"] == model.label
    page = (FOLDER.parent / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert model.label in page


def test_the_card_gives_every_figure_with_its_interval() -> None:
    card = load().card
    for name in (*CONSTRUCTS, "pooled"):
        row = card["constructs"][name]
        for figure in ("kappa", "exact", "within_one"):
            value, low, high = row[figure]
            assert low <= value <= high
        assert row["n"] == card["n"]
    for part in ("overall", "real", "written", "language ja", "language zh"):
        assert {"auroc", "ece", "n", "flagged"} <= set(card["flagged"][part])
    assert set(card["baselines"]) == {"majority", "keyword list", "bag of words"}
    assert "language model" in card["labels"]
    assert [p["recall"] for p in card["screen"]] == sorted(p["recall"] for p in card["screen"])


def test_the_judge_beats_every_baseline_on_its_card() -> None:
    card = load().card
    for baseline in card["baselines"].values():
        for part in ("overall", "real", "written"):
            assert card["flagged"][part]["auroc"][0] > baseline["flagged"][part]["auroc"][0]
        assert card["constructs"]["pooled"]["kappa"][0] > baseline["constructs"]["pooled"]["kappa"][0]


def test_the_default_screen_reaches_its_recall_and_drops_most_ordinary_traffic() -> None:
    point = next(p for p in load().card["screen"] if p["recall"] == 0.98)
    assert point["reached"] >= 0.98
    assert point["kept_ordinary"] <= 0.5


def test_no_readable_text_of_a_conversation_is_in_the_tables() -> None:
    tables = json.loads((FOLDER / "tables.json").read_bytes())
    assert set(tables) == {"domains", "language"}
    assert all(len(gram) <= 4 for gram in tables["language"]["trigrams"])


def test_an_artefact_of_other_features_is_refused_with_the_remedy() -> None:
    made = artefact.read()
    arrays = {**made.arrays, "dense_mean": made.arrays["dense_mean"][:-1]}
    with pytest.raises(ModelError, match="make model"):
        Model(Artefact(arrays, made.tables, made.card, made.lexicons, made.label))
