"""Which language a conversation is in, from word vectors that are computed once per distinct word.

Scripts decide where they can; among Latin scripts, letter statistics and common short words. Text without evidence
(code, numbers, "ok") counts as English only when nothing speaks for another language.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SUPPORTED = ("en", "ja", "zh", "es", "de", "fr", "pt")
_MAX_WORDS = 300  # read per side, spread over its length
_FEW_WORDS = 12  # with fewer from the person, all of the assistant's words count
_MARGIN, _MARGIN_A_WORD = 4.0, 0.35  # by how many nats an unsupported language must lead
_KANA_SHARE = 0.04


class LanguageTable:
    """Letter-trigram log-probabilities per Latin-script language, and common words.

    `trigrams` maps a trigram to its row of `logp` (n_trigrams, n_languages); words in `common` add to their languages.
    """

    def __init__(
        self,
        languages: list[str],
        trigrams: list[str],
        logp: NDArray[np.float32],
        common: dict[str, list[int]],
        bonus: float,
    ) -> None:
        self.languages = languages
        self._row = {t: i for i, t in enumerate(trigrams)}
        self._logp = logp.astype(np.float32)
        self._unseen = self._logp.min(axis=0)
        self._common = common
        self._bonus = bonus
        self._supported = np.array([name in SUPPORTED for name in languages])
        # columns after the Latin languages: kana, han, then one mass per other script
        self.n_latin = len(languages)

    def vector(self, word: str) -> NDArray[np.float32]:
        """Evidence of one word for each Latin language, in nats relative to their mean, shape (n_languages,)."""
        out = np.zeros(self.n_latin, dtype=np.float32)
        padded = f" {word} "
        rows = [self._row[g] for g in (padded[i : i + 3] for i in range(len(padded) - 2)) if g in self._row]
        if rows:
            out += self._logp[rows].sum(axis=0)
            out -= out.mean()
            out *= 0.6  # neighbouring trigrams overlap
            np.clip(out, -4.0, 4.0, out=out)
        for column in self._common.get(word, ()):
            out[column] += self._bonus
        return out

    def decide(self, latin: NDArray[np.float32], n_latin: int) -> str:
        """The language of `n_latin` Latin words whose vectors sum to `latin`; a supported one where evidence is thin."""
        if n_latin == 0:
            return "en"
        score = latin + np.where(self._supported, 0.5, 0.0)
        english = self.languages.index("en")
        score[english] += 1.5
        best = int(np.argmax(score))
        if self._supported[best]:
            return self.languages[best]
        supported = np.where(self._supported, score, -np.inf)
        runner = int(np.argmax(supported))
        lead = float(score[best] - supported[runner])
        if lead > _MARGIN and lead > _MARGIN_A_WORD * n_latin:
            return self.languages[best]
        return self.languages[runner]


@lru_cache(maxsize=8192)
def script_of(character: str) -> str:
    """Coarse script of one character: "latin", "kana", "han", another script's name, or "none" for symbols and digits."""
    code = ord(character)
    if code < 0x250:
        return "latin" if character.isalpha() else "none"
    if 0x3040 <= code <= 0x30FF or 0x31F0 <= code <= 0x31FF or 0xFF66 <= code <= 0xFF9F:
        return "kana"
    if 0x3400 <= code <= 0x4DBF or 0x4E00 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF:
        return "han"
    if not character.isalpha():
        return "none"
    name = unicodedata.name(character, "")
    first = name.split(" ", 1)[0].lower()
    return "latin" if first in ("latin", "fullwidth", "modifier") else (first or "none")


_SCRIPT_LANGUAGE = {
    "hangul": "ko",
    "cyrillic": "ru",
    "arabic": "ar",
    "hebrew": "he",
    "devanagari": "hi",
    "thai": "th",
    "greek": "el",
    "bengali": "bn",
    "tamil": "ta",
}


class LanguageEvidence:
    """Per-word evidence, grown with the vocabulary: `latin` (n_words, n_languages) and `script` (n_words,)."""

    def __init__(self, table: LanguageTable) -> None:
        self.table = table
        self.clear()

    def clear(self) -> None:
        """Forget all words."""
        self._latin = np.zeros((1024, self.table.n_latin), dtype=np.float32)
        self._script = np.zeros(1024, dtype=np.int64)
        self._names: list[str] = ["none", "latin", "kana", "han"]
        self._known = 0

    def _grow(self, spelled: list[str]) -> None:
        while len(self._script) < len(spelled):
            self._latin = np.concatenate([self._latin, np.zeros_like(self._latin)])
            self._script = np.concatenate([self._script, np.zeros_like(self._script)])
        for index in range(self._known, len(spelled)):
            word = spelled[index]
            script = script_of(word[0]) if word[0] != "<" else "none"
            if script not in self._names:
                self._names.append(script)
            self._script[index] = self._names.index(script)
            if script == "latin":
                self._latin[index] = self.table.vector(word)
        self._known = len(spelled)

    def identify(self, words: NDArray[np.int64], side: NDArray[np.int64], spelled: list[str]) -> str:
        """The language of a conversation's tokens: a code such as "en", or a script's name where no code is known.

        `side` (n_tokens,) is 0 where the person speaks. The assistant's words count at most half as many as theirs, so that
        a long translation does not outvote the person who asked for it.
        """
        self._grow(spelled)
        parts = [words[side == 0], words[side == 1]]
        parts = [
            p[np.linspace(0, len(p) - 1, _MAX_WORDS).astype(np.int64)] if len(p) > _MAX_WORDS else p for p in parts
        ]
        if len(parts[0]) >= _FEW_WORDS and len(parts[1]) > len(parts[0]) // 2:
            parts[1] = parts[1][: len(parts[0]) // 2]
        words = np.concatenate(parts)
        counts = np.bincount(self._script[words], minlength=len(self._names)).astype(np.float64)
        latin_words = words[self._script[words] == 1]
        n_latin, kana, han = counts[1], counts[2], counts[3]
        cjk = 0.6 * (kana + han)  # two characters or so to a word
        other = counts[4:]
        if cjk > n_latin and cjk > (other.sum() if len(other) else 0):
            return "ja" if kana >= _KANA_SHARE * (kana + han) else "zh"
        if len(other) and other.sum() > n_latin:
            name = self._names[4 + int(np.argmax(other))]
            return _SCRIPT_LANGUAGE.get(name, name)
        return self.table.decide(self._latin[latin_words].sum(axis=0), len(latin_words))
