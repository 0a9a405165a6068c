"""Tokens, hashes and cues: the same on every machine, and found where they stand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.embedded.lexicon import Lexicon, expand
from selfrule.embedded.text import (
    MAX_CHARS,
    MAX_TURNS,
    Vocabulary,
    chosen_turns,
    ngram_hashes,
    normal,
    phrase_hash,
    read,
    shorten,
    tokenise,
    word_hash,
)
from selfrule.records import Turn

LEXICON = b'[[cue]]\nid = "tell"\nside = "assistant"\nphrases = "(tell|text) (him|her)\\n# percent"\n'
MORE = '[tell]\nphrases = "告诉他"\n'.encode()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("You’re RIGHT!!", ["you're", "right", "!!"]),
        ("at 3.30, 80%", ["at", "3.30", "80", "%"]),
        ("我爱你ok", ["我", "爱", "你", "ok"]),
        ("カレー・うどん", ["カ", "レ", "ー", "う", "ど", "ん"]),
        ("a_b-c", ["a", "b", "c"]),
        ("\x00\ud800", []),
        ("", []),
    ],
)
def test_text_becomes_these_tokens(text: str, tokens: list[str]) -> None:
    assert tokenise(text) == tokens


@given(st.text())
def test_any_text_can_be_tokenised_and_hashed(text: str) -> None:
    vocabulary = Vocabulary()
    for token in tokenise(text):
        assert int(vocabulary.hashes[vocabulary[token]]) == word_hash(normal(token))


@given(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=12), st.integers(1, 5))
def test_a_run_in_a_text_hashes_like_the_phrase(words: list[str], length: int) -> None:
    hashes = np.array([word_hash(w) for w in words], dtype=np.uint64)
    runs = ngram_hashes(hashes, np.zeros(len(words), dtype=np.int64), 5)
    for start in range(len(words) - length + 1):
        assert int(runs[length - 1][start]) == phrase_hash(words[start : start + length])


def test_a_run_never_crosses_from_one_turn_into_the_next() -> None:
    hashes = np.array([word_hash(w) for w in ("tell", "him")], dtype=np.uint64)
    runs = ngram_hashes(hashes, np.array([0, 1]), 2)
    assert runs[1].tolist() == [0, 0]


def test_cues_are_counted_per_turn_and_on_their_side_alone() -> None:
    lexicon, vocabulary = Lexicon(LEXICON, MORE), Vocabulary()
    turns = [Turn("user", "tell him"), Turn("assistant", "Tell him. Text her. 80 percent"), Turn("assistant", "告诉他")]
    tokens = read(turns, vocabulary)
    runs = ngram_hashes(vocabulary.hashes[tokens.words], tokens.turn, lexicon.longest)
    assert lexicon.counts(runs, tokens.turn, tokens.side).ravel().tolist() == [0.0, 3.0, 1.0]


def test_a_language_file_cannot_name_an_unknown_cue() -> None:
    with pytest.raises(ValueError, match="unheard"):
        Lexicon(LEXICON, b'[unheard]\nphrases = "x"\n')


def test_brackets_expand_nested_and_must_balance() -> None:
    assert expand("a (b|c (d|e)) f") == ["a b f", "a c d f", "a c e f"]
    with pytest.raises(ValueError, match="unbalanced"):
        expand("a (b|c")


@given(st.text(min_size=1, max_size=400), st.integers(10, 100))
def test_a_shortened_turn_keeps_both_ends(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= max(limit + 1, 0) or short == text
    assert short[0] == text[0] and short[-1] == text[-1]


@given(st.integers(1, 5000))
def test_the_turns_read_are_in_order_and_hold_both_ends(count: int) -> None:
    chosen = chosen_turns(range(count))
    assert chosen == sorted(set(chosen)) and len(chosen) <= MAX_TURNS
    assert chosen[0] == 0 and chosen[-1] == count - 1


def test_a_long_talk_is_read_within_its_budget() -> None:
    tokens = read([Turn("user", "ab " * 60_000), Turn("assistant", "cd " * 60_000)] * 40, Vocabulary())
    assert len(tokens.words) * 3 <= MAX_CHARS * 1.1
    assert (tokens.words_of > 0).all()
