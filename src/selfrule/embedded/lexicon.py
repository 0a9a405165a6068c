"""The cue phrases of `lexicon.toml` and their lookup in hashed text: one table probe per token and phrase length."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfrule.embedded.text import normal, phrase_hash, tokenise

_FILTER_BITS = 20  # a bit per hash prefix, so that few runs that are no phrase are looked up
LONGEST = 8  # tokens in a phrase
_SIDES = {"user": 0, "assistant": 1, "both": 2}


class Cue(NamedTuple):
    """One kind of phrase; `side` is 0 user, 1 assistant, 2 both."""

    id: str
    side: int


def expand(line: str) -> list[str]:
    """All phrases a line with (a|b) alternatives, which may be nested, stands for.

    >>> expand("say (this|that (to him|to her))")
    ['say this', 'say that to him', 'say that to her']
    """
    phrases, end = _alternatives(line, 0)
    if end != len(line):
        raise ValueError(f"unbalanced brackets in cue line: {line!r}")
    return phrases


def _alternatives(line: str, at: int) -> tuple[list[str], int]:
    """The phrases of `line` from position `at` to the bracket that closes the group, and that bracket's position."""
    done: list[str] = []
    current = [""]
    while at < len(line) and line[at] != ")":
        if line[at] == "(":
            inner, at = _alternatives(line, at + 1)
            current = [left + right for left in current for right in inner]
        elif line[at] == "|":
            done += current
            current = [""]
        else:
            current = [left + line[at] for left in current]
        at += 1
    return done + current, at


class Lexicon:
    """All cues, with their phrases as a sorted table of hashes per phrase length."""

    def __init__(self, source: bytes, more: bytes = b"") -> None:
        raw = tomllib.loads(source.decode("utf-8"))
        added = {name: entry["phrases"] for name, entry in tomllib.loads(more.decode("utf-8")).items()}
        unknown = set(added) - {cue["id"] for cue in raw["cue"]}
        if unknown:
            raise ValueError(f"lexicon_more.toml names cues that lexicon.toml lacks: {sorted(unknown)}")
        self.cues: tuple[Cue, ...] = tuple(Cue(c["id"], _SIDES[c["side"]]) for c in raw["cue"])
        pairs: dict[int, set[tuple[int, int]]] = {}
        for number, cue in enumerate(raw["cue"]):
            for line in f"{cue['phrases']}\n{added.get(cue['id'], '')}".splitlines():
                for phrase in expand(line.strip()):
                    words = [normal(token) for token in tokenise(phrase.replace("#", " 0 "))]
                    if 0 < len(words) <= LONGEST:
                        pairs.setdefault(len(words), set()).add((phrase_hash(words), number))
        self.longest = max(pairs)
        self.side = np.array([cue.side for cue in self.cues], dtype=np.int64)
        self._hash: dict[int, NDArray[np.uint64]] = {}
        self._cue: dict[int, NDArray[np.int64]] = {}
        self._filter: dict[int, NDArray[np.bool_]] = {}
        for length, found in pairs.items():
            ordered = sorted(found)
            self._hash[length] = np.array([h for h, _ in ordered], dtype=np.uint64)
            self._cue[length] = np.array([c for _, c in ordered], dtype=np.int64)
            bits = np.zeros(1 << _FILTER_BITS, dtype=np.bool_)
            bits[self._slot(self._hash[length])] = True
            self._filter[length] = bits

    @staticmethod
    def _slot(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        return (hashes >> np.uint64(64 - _FILTER_BITS)).astype(np.int64)

    def counts(
        self, runs: list[NDArray[np.uint64]], turn: NDArray[np.int64], side: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """How often each cue occurs in each turn of its own side; shape (n_turns, n_cues).

        `runs` comes from `ngram_hashes` with at least `longest` lengths.
        """
        n_cues = len(self.cues)
        rows: list[NDArray[np.int64]] = []
        for length, known in self._hash.items():
            hashes = runs[length - 1]
            maybe = np.flatnonzero(self._filter[length][self._slot(hashes)])
            if not len(maybe):
                continue
            wanted = hashes[maybe]
            low = np.searchsorted(known, wanted, side="left")
            high = np.searchsorted(known, wanted, side="right")
            while len(maybe):
                hit = low < high
                maybe, low, high = maybe[hit], low[hit], high[hit]
                rows.append(turn[maybe] * n_cues + self._cue[length][low])
                low = low + 1
        flat = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
        counts = np.bincount(flat, minlength=len(side) * n_cues).reshape(len(side), n_cues).astype(np.float64)
        fits = (self.side[None, :] == 2) | (self.side[None, :] == side[:, None])
        return np.where(fits, counts, 0.0)


def packaged() -> Lexicon:
    """The lexicon shipped with the package."""
    folder = resources.files("selfrule.embedded")
    return Lexicon((folder / "lexicon.toml").read_bytes(), (folder / "lexicon_more.toml").read_bytes())
