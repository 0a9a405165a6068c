"""The language identifier's table, from letter-trigram counts (langdetect's profiles, Apache-2.0) and common short words."""

from __future__ import annotations

import gzip
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfrule.embedded.language import LanguageTable
from selfrule.embedded.text import word_hash

INPUTS = Path(__file__).parent / "inputs"
_FLOOR = 8.0  # occurrences in a million given to a trigram that a language's profile does not list
_BONUS = 2.5  # nats a common short word adds to its languages


def table() -> dict[str, Any]:
    """The pieces of a `LanguageTable`, as arrays and plain lists."""
    with gzip.open(INPUTS / "trigrams.json.gz", "rt", encoding="utf-8") as file:
        profiles: dict[str, dict[str, float]] = json.load(file)
    words = {
        k: v.split() for k, v in tomllib.loads((INPUTS / "function_words.toml").read_text(encoding="utf-8")).items()
    }
    languages = list(profiles) + [name for name in words if name not in profiles]
    trigrams = sorted({g for profile in profiles.values() for g in profile})
    row = {g: i for i, g in enumerate(trigrams)}
    per_million = np.full((len(trigrams), len(languages)), _FLOOR)
    for column, name in enumerate(languages):
        for gram, rate in profiles.get(name, {}).items():
            per_million[row[gram], column] = max(rate, _FLOOR)
    logp = np.log(per_million)
    for column, name in enumerate(languages):
        if name not in profiles:  # known by its common words alone: neutral letters
            logp[:, column] = logp[:, : len(profiles)].mean(axis=1)
    common: dict[str, list[int]] = {}
    for name, listed in words.items():
        for word in listed:
            common.setdefault(word, [])
            if languages.index(name) not in common[word]:
                common[word].append(languages.index(name))
    logp -= logp.mean(axis=1, keepdims=True)
    return {
        "languages": languages,
        "trigrams": trigrams,
        "logp": logp.astype(np.float16),
        "common": common,
        "bonus": _BONUS,
    }


def word_hashes(path: Path) -> NDArray[np.uint64]:
    """Hashes of the words of a table of word vectors, in its order."""
    with np.load(path, allow_pickle=False) as vectors:
        return np.array([word_hash(str(w)) for w in vectors["words"]], dtype=np.uint64)


def build() -> LanguageTable:
    """The table as the package uses it."""
    made = table()
    return LanguageTable(
        made["languages"], made["trigrams"], made["logp"].astype(np.float32), made["common"], made["bonus"]
    )
