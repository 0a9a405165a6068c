"""The embedded judge and screen: analyse one conversation with arrays read from the artefact, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.embedded import lexicon as lexicons
from selfrule.embedded.features import BUCKETS, Extract, Extractor
from selfrule.embedded.language import SUPPORTED, LanguageEvidence, LanguageTable
from selfrule.embedded.text import MAX_WORDS_KEPT
from selfrule.errors import ModelError
from selfrule.records import RatingStatus, Turn
from selfrule.rubric import CONSTRUCTS, MARKERS, PRIMITIVES

VERSION = "1.0"
MAX_RATED_CHARS = 2_000_000
MAX_RATED_TURNS = 20_000
_FACTOR_SIDE = 0  # factors are about the person: their turns are cited


class Analysis(msgspec.Struct, frozen=True):
    """What the embedded judge says of one conversation.

    Where `status` is not "rated", `reason` says why, `screen_score` is None and the dictionaries are empty. Otherwise
    `levels` has seven entries in 0..3, `probabilities` four numbers each that sum to 1, `evidence` positions in the
    turns given (never empty where the level is above 0), and `screen_score` and `flagged_probability` lie in [0, 1].
    """

    status: RatingStatus
    reason: str | None = None
    language: str | None = None
    screen_score: float | None = None
    levels: dict[str, int] = {}
    probabilities: dict[str, list[float]] = {}
    flagged_probability: float | None = None
    evidence: dict[str, list[int]] = {}
    actualized: dict[str, str] = {}
    domains: list[str] = []


def _sigmoid(x: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0))), dtype=np.float64)


class Model:
    """A loaded artefact. Use `selfrule.embedded.load()`."""

    def __init__(
        self, arrays: dict[str, NDArray[Any]], card: dict[str, Any], words: dict[str, Any], label: str
    ) -> None:
        self.label = label
        self.card = card
        self._a = arrays
        self._domains: list[str] = list(words["domains"])
        table = words["language"]
        self._extractor = Extractor(lexicons.packaged())
        self._language = LanguageEvidence(
            LanguageTable(
                table["languages"],
                table["trigrams"],
                arrays["language_logp"].astype(np.float32),
                table["common"],
                table["bonus"],
            )
        )
        self._outputs: list[str] = list(words["outputs"])
        self._weights = (arrays["grams"].astype(np.float32) * arrays["grams_scale"]).astype(np.float32)

    def threshold(self, recall: float = 0.98) -> float:
        """The `screen_score` from which to keep, for a wanted recall of flagged conversations in (0, 1].

        From scores of conversations that the model had not seen, with a margin for the uncertainty of so few.
        """
        if not 0.0 < recall <= 1.0:
            raise ModelError(f"The 'recall' of the screen must be in (0, 1]. Got {recall!r} instead.")
        if recall == 1.0:
            return 0.0
        return float(np.interp(recall, self._a["screen_recall"], self._a["screen_threshold"]))

    def analyse(self, turns: Sequence[Turn]) -> Analysis:
        """Rate one conversation. Never raises on any text; bounded time however long the turns are."""
        rated = [turn for turn in turns if turn.role in ("user", "assistant")]
        if len(rated) > MAX_RATED_TURNS:
            return Analysis("over_long", f"{len(rated)} turns; at most {MAX_RATED_TURNS} are rated")
        chars = sum(len(turn.text) for turn in rated)
        if chars > MAX_RATED_CHARS:
            return Analysis("over_long", f"{chars} characters; at most {MAX_RATED_CHARS} are rated")
        tokens = self._extractor.tokens(turns)
        language = self._language.identify(tokens.words, self._extractor.vocabulary.spelled)
        wordy = tokens.words_of > 0
        for side, who in ((0, "the person"), (1, "the assistant")):
            if not (wordy & (tokens.side == side)).any():
                return Analysis("empty", f"no words from {who}", None)
        if language not in SUPPORTED:
            return Analysis("unsupported_language", f"language {language}; served are {', '.join(SUPPORTED)}", language)
        result = self._rate(self._extractor.extract(tokens), language)
        if len(self._extractor.vocabulary) > MAX_WORDS_KEPT:
            self._extractor.forget()
            self._language.clear()
        return result

    def scores(self, extract: Extract) -> NDArray[np.float64]:
        """The linear scores of all outputs, shape (n_outputs,)."""
        a = self._a
        dense = np.clip((extract.dense - a["dense_mean"]) / a["dense_scale"], -3.0, 3.0)
        out = np.asarray(a["bias"] + dense @ a["dense_weights"], dtype=np.float64)
        weight = (1.0 + np.log(extract.counts)) * a["idf"][extract.buckets]
        split = int(np.searchsorted(extract.buckets, BUCKETS))
        for part in (slice(0, split), slice(split, None)):
            value = weight[part]
            norm = float(np.sqrt(value @ value))
            if norm > 0:
                out += (value / norm) @ self._weights[extract.buckets[part]]
        return out

    def _rate(self, extract: Extract, language: str) -> Analysis:
        a = self._a
        scores = self.scores(extract)
        levels, probabilities, evidence = {}, {}, {}
        for k, construct in enumerate(CONSTRUCTS):
            above = _sigmoid(a["ordinal_slope"][k] * scores[k] + a["ordinal_cut"][k])
            above = np.minimum.accumulate(above)
            p = -np.diff(np.concatenate([[1.0], above, [0.0]]))
            probabilities[construct] = [float(v) for v in p / p.sum()]
            levels[construct] = int((scores[k] >= a["level_threshold"][k]).sum())
            if levels[construct]:
                evidence[construct] = self._evidence(extract, k)
        n = len(CONSTRUCTS)
        flagged = float(_sigmoid(a["flag_slope"][0] * scores[n] + a["flag_cut"][0]))
        screen = float(
            _sigmoid(a["flag_slope"][1] * (scores[n] + a["screen_mix"][0] * scores[n + 1]) + a["flag_cut"][1])
        )
        actual = scores[n + 2 : n + 2 + len(MARKERS)]
        actualized = {}
        for i, marker in enumerate(MARKERS):
            yes = actual[i] >= a["actual_threshold"][i] and levels[PRIMITIVES[i]] >= 1
            actualized[marker] = "yes" if yes else "unknown"
        domain = scores[n + 2 + len(MARKERS) :]
        picked = [self._domains[int(i)] for i in np.argsort(-domain, kind="stable")[:3] if domain[int(i)] >= 0.4]
        domains = picked or [self._domains[int(np.argmax(domain))]]
        return Analysis("rated", None, language, screen, levels, probabilities, flagged, evidence, actualized, domains)

    def _evidence(self, extract: Extract, k: int) -> list[int]:
        """The turns that speak most for construct `k`, by the weight of their n-grams; at least one."""
        tokens = extract.tokens
        weight = self._weights[extract.turn_grams, k] * self._a["idf"][extract.turn_grams]
        total = np.bincount(extract.turn_of, weights=weight, minlength=len(tokens.index))
        total /= np.sqrt(np.maximum(tokens.words_of, 8))
        side = _FACTOR_SIDE if k >= len(PRIMITIVES) else 1
        mine = np.flatnonzero((tokens.side == side) & (tokens.words_of > 0))
        best = mine[np.argsort(-total[mine], kind="stable")]
        top = float(total[best[0]])
        cited = [int(i) for i in best[:8] if i == best[0] or (top > 0 and total[i] >= 0.5 * top)]
        return sorted(int(tokens.index[i]) for i in cited)


@lru_cache(maxsize=1)
def load() -> Model:
    """The model shipped with the package, read once per process; plain arrays and JSON, no code is executed."""
    folder = resources.files("selfrule.embedded") / "artefact"
    digest = hashlib.blake2b(digest_size=16)
    try:
        raw = {name: (folder / name).read_bytes() for name in ("model.npz", "words.json")}
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(
            f"The embedded judge's artefact is missing ({error}); run `make model` or reinstall selfrule."
        ) from error
    except (ValueError, OSError) as error:
        raise ModelError(
            f"The embedded judge's artefact is damaged ({error}); run `make model` or reinstall selfrule."
        ) from error
    for name in sorted(raw):
        digest.update(name.encode() + b"\0" + raw[name])
    digest.update((resources.files("selfrule.embedded") / "lexicon.toml").read_bytes())
    import io

    with np.load(io.BytesIO(raw["model.npz"]), allow_pickle=False) as arrays:
        loaded = {name: arrays[name] for name in arrays.files}
    return Model(loaded, card, json.loads(raw["words.json"]), f"embedded-{VERSION}@{digest.hexdigest()[:8]}")
