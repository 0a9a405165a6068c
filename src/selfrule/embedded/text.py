"""From turns to arrays of token hashes: the only part of the embedded judge that touches characters.

Tokens are lower-case words, numbers (all numbers are one token), sentence marks, and single characters of Chinese and Japanese,
which are written without spaces. Everything after this module is arithmetic on arrays.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfrule.records import Turn

MAX_TURNS = 400  # rated turns read; longer talks are read at the start, the end and evenly between
MAX_CHARS = 120_000  # characters read of one conversation
HEAD_CHARS, TAIL_CHARS = 8_000, 4_000  # of one turn; a longer one is read at both ends
MIN_TURN_CHARS = 300  # what a turn keeps however long the talk is
MAX_WORDS_KEPT = 150_000  # the word cache is emptied beyond this

_UNSPACED = "\u3040-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff"  # kana and Chinese characters
_CJK = re.compile(f"[{_UNSPACED}]")
_REST = r"|\d+(?:[.,:]\d+)*|[?!.%？！。…％]+"
_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*" + _REST)
_TOKEN_CJK = re.compile(rf"[{_UNSPACED}]|[^\W\d_{_UNSPACED}]+(?:'[^\W\d_{_UNSPACED}]+)*" + _REST)
_NUMBER, _LONG = "#", "<long>"
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class Tokens(NamedTuple):
    """A conversation as arrays, over the turns that are read.

    `words` (n_tokens, int64) indexes the vocabulary; `turn` (n_tokens, int64) is the position among the turns read;
    `position` (n_read, int64) the turn's place in the conversation; `side` (n_read, int64) 0 user, 1 assistant;
    `chars` (n_read, float64) the turn's full length in characters; `words_of` (n_read, int64) tokens per turn.
    """

    words: NDArray[np.int64]
    turn: NDArray[np.int64]
    position: NDArray[np.int64]
    side: NDArray[np.int64]
    chars: NDArray[np.float64]
    words_of: NDArray[np.int64]


def word_hash(word: str) -> int:
    """A 64-bit hash of a token, the same on every machine and run."""
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def tokenise(text: str) -> list[str]:
    """Lower-case tokens of `text`, in order. Works on any string, lone surrogates and NUL included."""
    text = text.lower()
    if not text.isascii():
        text = text.replace("’", "'").replace("ʼ", "'")
        if _CJK.search(text):
            return _TOKEN_CJK.findall(text)
    return _TOKEN.findall(text)


def normal(token: str) -> str:
    """The token under which `token` is counted: numbers are one, overlong words are one, runs of marks are their first."""
    first = token[0]
    if first.isdigit():
        return _NUMBER
    if len(token) > 24:
        return _LONG
    if first in "%％":
        return "%"
    if first in "?？":
        return "?"
    if first in "!！":
        return "!"
    if first in ".。…":
        return "."
    return token


def shorten(text: str, limit: int) -> str:
    """`text`, or its first two thirds and last third of `limit` characters."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return text[:head] + "\n" + text[len(text) - (limit - head) :]


def chosen_turns(rated: Sequence[int]) -> list[int]:
    """Which of the rated turns are read: all, or `MAX_TURNS` of them with both ends whole."""
    if len(rated) <= MAX_TURNS:
        return list(rated)
    quarter = MAX_TURNS // 4
    middle = len(rated) - 2 * quarter
    picks = [quarter + i * middle // (2 * quarter) for i in range(2 * quarter)]
    return [*rated[:quarter], *(rated[i] for i in picks), *rated[-quarter:]]


class Vocabulary(dict[str, int]):
    """Numbers words as they come, with a 64-bit hash each: `hashes[vocabulary[word]]`; `spelled` is the way back."""

    def __init__(self) -> None:
        super().__init__()
        self.hashes: NDArray[np.uint64] = np.zeros(4096, dtype=np.uint64)
        self.spelled: list[str] = []

    def __missing__(self, token: str) -> int:
        word = normal(token)
        if word != token:
            index = self[word]
            if len(token) <= 24:
                self[token] = index
            return index
        index = len(self.spelled)
        if index == len(self.hashes):
            self.hashes = np.concatenate([self.hashes, np.zeros_like(self.hashes)])
        self.hashes[index] = word_hash(word)
        self.spelled.append(word)
        self[word] = index
        return index


def read(turns: Sequence[Turn], vocabulary: Vocabulary) -> Tokens:
    """The user's and assistant's turns as token arrays; system, tool and other turns are context and are not read."""
    rated = [i for i, turn in enumerate(turns) if turn.role in ("user", "assistant")]
    picked = chosen_turns(rated)
    limit = HEAD_CHARS + TAIL_CHARS
    if sum(min(limit, len(turns[i].text)) for i in picked) > MAX_CHARS:
        limit = max(MIN_TURN_CHARS, MAX_CHARS // len(picked))
    words: list[int] = []
    counts = np.zeros(len(picked), dtype=np.int64)
    for n, i in enumerate(picked):
        found = [vocabulary[token] for token in tokenise(shorten(turns[i].text, limit))]
        counts[n] = len(found)
        words += found
    return Tokens(
        words=np.array(words, dtype=np.int64),
        turn=np.repeat(np.arange(len(picked), dtype=np.int64), counts),
        position=np.array(picked, dtype=np.int64),
        side=np.array([0 if turns[i].role == "user" else 1 for i in picked], dtype=np.int64),
        chars=np.array([len(turns[i].text) for i in picked], dtype=np.float64),
        words_of=counts,
    )


def ngram_hashes(hashes: NDArray[np.uint64], turn: NDArray[np.int64], longest: int) -> list[NDArray[np.uint64]]:
    """Hashes of the runs of 1 to `longest` tokens that start at each token; 0 where a run would leave its turn.

    The hash of a run is `sum(hash[i + k] * m ** (k + 1))` modulo 2**64, so `phrase_hash` of the same words agrees.
    """
    out: list[NDArray[np.uint64]] = []
    total = len(hashes)
    power = _MULTIPLIER
    current = hashes * power
    out.append(current)
    for n in range(2, longest + 1):
        with np.errstate(over="ignore"):
            power = power * _MULTIPLIER
        longer = np.zeros(total, dtype=np.uint64)
        if total >= n:
            same = turn[n - 1 :] == turn[: total - n + 1]
            longer[: total - n + 1] = np.where(same, current[: total - n + 1] + hashes[n - 1 :] * power, np.uint64(0))
        out.append(longer)
        current = longer
    return out


def phrase_hash(words: Sequence[str]) -> int:
    """The hash that `ngram_hashes` gives this run of tokens."""
    total, power = 0, 1
    for word in words:
        power = (power * int(_MULTIPLIER)) % 2**64
        total = (total + word_hash(word) * power) % 2**64
    return total
