"""The embedded judge and screen: rates one conversation with arrays read from the artefact, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.embedded import artefact
from selfrule.embedded.features import TURN_SIDES, Extract, Extractor
from selfrule.embedded.language import SUPPORTED, LanguageEvidence, LanguageTable
from selfrule.embedded.lexicon import Lexicon
from selfrule.embedded.scoring import Scorer, Scores
from selfrule.embedded.text import MAX_WORDS_KEPT
from selfrule.errors import ModelError, UsageError
from selfrule.records import RatingStatus, Turn
from selfrule.rubric import CONSTRUCTS, FLAGGED_FROM, MARKERS, PRIMITIVES

Floats = NDArray[np.float64]

MAX_RATED_CHARS = 2_000_000
MAX_RATED_TURNS = 20_000
DEFAULT_RECALL = 0.98
_MOST_CITED = 8
_MOST_DOMAINS = 3
_N = len(CONSTRUCTS)


class Analysis(msgspec.Struct, frozen=True):
    """What the embedded judge says of one conversation.

    Where `status` is not "rated", `reason` says why, the scores are None and the dictionaries are empty. Otherwise
    `levels` has seven entries in 0..3, `probabilities` four numbers each that sum to 1, `evidence` positions in the
    turns given (never empty where the level is above 0), and `screen_score` (the probability that the conversation is
    worth rating) and `flagged_probability` lie in [0, 1]. `actualized` has the markers that the model can say
    (`Model.markers`); another is not measured, which is no "unknown".
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


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0))), dtype=np.float64)


class Model:
    """A loaded artefact. Use `selfrule.embedded.load()`.

    `label` is version and hash ("embedded-1.0@0123abcd"), `card` the figures of agreement (see MODEL_CARD.md),
    `markers` those it learnt to say: one with too few labels has no threshold and is never measured.
    """

    def __init__(self, source: artefact.Artefact) -> None:
        self.label = source.label
        self.card: dict[str, Any] = source.card
        arrays, tables = source.arrays, source.tables
        self._a: dict[str, Floats] = {
            k: v.astype(np.float64) for k, v in arrays.items() if k.startswith(("level_", "flag_", "keep_", "screen_"))
        }
        self._actual = arrays["actual_threshold"].astype(np.float64)
        self.markers = tuple(m for m, from_ in zip(MARKERS, self._actual, strict=True) if np.isfinite(from_))
        self._domain_from = float(arrays["domain_threshold"][0])
        self._domains: list[str] = tables["domains"]
        self._extractor = Extractor(Lexicon(*source.lexicons))
        self._scorer = Scorer(arrays)
        if len(arrays["dense_mean"]) != len(self._extractor.names) or len(arrays["turn_cues"]) != len(
            self._extractor.lexicon.cues
        ):
            raise ModelError(
                "The embedded judge's artefact was made for other features than this code's; run `make model`."
            )
        language = tables["language"]
        logp = arrays["language_logp"].astype(np.float32)
        self._language = LanguageEvidence(
            LanguageTable(language["languages"], language["trigrams"], logp, language["common"], language["bonus"])
        )

    def threshold(self, recall: float = DEFAULT_RECALL) -> float:
        """The `screen_score` from which to keep, for a wanted recall of flagged conversations in (0, 1].

        From scores of conversations that the model had not seen, lowered by a margin because those were few. At recall
        1.0 everything is kept.

        Raises:
            UsageError: recall is not in (0, 1].
        """
        if not 0.0 < recall <= 1.0:
            raise UsageError(f"The 'recall' parameter of the screen must be in (0, 1]. Got {recall!r} instead.")
        if recall == 1.0:
            return 0.0
        return float(np.interp(recall, self._a["screen_recall"], self._a["screen_threshold"]))

    def analyse(self, turns: Sequence[Turn]) -> Analysis:
        """Rate one conversation. Raises on no text at all; takes bounded time however long the turns are."""
        rated = [turn for turn in turns if turn.role in ("user", "assistant")]
        if len(rated) > MAX_RATED_TURNS:
            return Analysis("over_long", f"{len(rated)} turns; at most {MAX_RATED_TURNS} are rated")
        chars = sum(len(turn.text) for turn in rated)
        if chars > MAX_RATED_CHARS:
            return Analysis("over_long", f"{chars} characters; at most {MAX_RATED_CHARS} are rated")
        tokens = self._extractor.tokens(turns)
        wordy = tokens.words_of > 0
        for side, who in ((0, "the person"), (1, "the assistant")):
            if not (wordy & (tokens.side == side)).any():
                return Analysis("empty", f"no words from {who}")
        vocabulary = self._extractor.vocabulary
        language = self._language.identify(tokens.words, tokens.side[tokens.turn], vocabulary.spelled)
        if language not in SUPPORTED:
            return Analysis("unsupported_language", f"language {language}; served are {', '.join(SUPPORTED)}", language)
        extract = self._extractor.extract(tokens)
        analysis = self._rate(extract, self._scorer.score(extract, vocabulary, language == "en"), language)
        if len(vocabulary) > MAX_WORDS_KEPT:
            self.forget()
        return analysis

    def forget(self) -> None:
        """Empty the cache of words, which otherwise grows to `MAX_WORDS_KEPT`; changes no result."""
        self._extractor.forget()
        self._language.clear()
        self._scorer.clear()

    def _rate(self, extract: Extract, scores: Scores, language: str) -> Analysis:
        a, s = self._a, scores.outputs
        above = _sigmoid(a["level_slope"][:, None] * s[:_N, None] + a["level_cut"])
        edges = np.concatenate([np.ones((_N, 1)), above, np.zeros((_N, 1))], axis=1)
        spread = np.maximum(edges[:, :-1] - edges[:, 1:], 0.0)
        spread /= spread.sum(axis=1, keepdims=True)
        both = s[_N : _N + 2]
        flagged = float(_sigmoid(a["flag_slope"] @ both + a["flag_cut"])[0])
        rated = (s[:_N, None] >= a["level_threshold"]).sum(axis=1)
        if flagged < a["flag_cap"][0]:  # the whole speaks against what a single score says
            rated[: len(PRIMITIVES)] = np.minimum(rated[: len(PRIMITIVES)], FLAGGED_FROM - 1)
        levels = {c: int(rated[k]) for k, c in enumerate(CONSTRUCTS)}
        evidence = {c: self._evidence(extract, scores.turns, k) for k, c in enumerate(CONSTRUCTS) if rated[k]}
        actualized = {}
        for i, marker in enumerate(MARKERS):
            if marker not in self.markers:
                continue
            yes = s[_N + 2 + i] >= self._actual[i] and levels[PRIMITIVES[i]] > 0
            actualized[marker] = "yes" if yes else "unknown"
        domain = s[_N + 2 + len(MARKERS) :]
        order = np.argsort(-domain, kind="stable")[:_MOST_DOMAINS]
        return Analysis(
            status="rated",
            language=language,
            screen_score=float(_sigmoid(a["keep_slope"] @ both + a["keep_cut"])[0]),
            levels=levels,
            probabilities={c: spread[k].tolist() for k, c in enumerate(CONSTRUCTS)},
            flagged_probability=flagged,
            evidence=evidence,
            actualized=actualized,
            domains=[self._domains[int(i)] for n, i in enumerate(order) if n == 0 or domain[i] >= self._domain_from],
        )

    @staticmethod
    def _evidence(extract: Extract, turns: Floats, k: int) -> list[int]:
        """The turns that speak most for construct `k` on the side that it is about; at least one."""
        tokens = extract.tokens
        mine = np.flatnonzero((tokens.side == TURN_SIDES[k]) & (tokens.words_of > 0))
        ordered = mine[np.argsort(-turns[mine, k], kind="stable")][:_MOST_CITED]
        top = float(turns[ordered[0], k])
        cited = [int(i) for n, i in enumerate(ordered) if n == 0 or turns[i, k] >= max(0.5 * top, 0.0) > 0]
        return sorted(int(tokens.position[i]) for i in cited)


@lru_cache(maxsize=1)
def load() -> Model:
    """The model shipped with the package, read once per process."""
    return Model(artefact.read())
