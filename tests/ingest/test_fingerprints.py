"""Fingerprints that find copies."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from selfrule.study.fingerprints import WIDTH, fingerprints


def sketches(texts: list[bytes]) -> np.ndarray:
    _, found = fingerprints(texts)
    assert found.null_count == 0
    return np.frombuffer(found.buffers()[1], np.uint32)[: len(texts) * WIDTH].reshape(-1, WIDTH)


def words(n: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices("abcdefghijklmnop", k=rng.randint(2, 9))) for _ in range(n)]


@example(["0", "00", "𝖆𝖐𝖋\U0001c0281砀㾹𝖙𝖒𝖉À"])
@given(st.lists(st.text(max_size=400), max_size=12))
def test_a_fingerprint_does_not_depend_on_the_texts_beside_it(texts):
    data = [t.encode() for t in texts]
    folded, together = fingerprints(data)
    for index, text in enumerate(data):
        alone = fingerprints([text])
        assert alone[0][0] == folded[index]
        assert alone[1][0] == together[index]


@given(st.text(alphabet="abcXYZ .,!?\n-", max_size=200))
def test_case_spaces_and_punctuation_do_not_change_the_folded_hash(text):
    changed = "  " + text.upper().replace(" ", " -- ") + "!"
    assert fingerprints([text.encode()])[0][0] == fingerprints([changed.encode()])[0][0]


def test_the_share_of_equal_values_falls_as_words_are_changed():
    base = words(400, 1)
    rng = random.Random(2)
    shares = []
    for changed in (0, 2, 20, 100, 400):
        other = list(base)
        for place in rng.sample(range(400), changed):
            other[place] = "zzzq" + str(place)
        a, b = sketches([" ".join(base).encode(), " ".join(other).encode()])
        shares.append(float((a == b).mean()))
    assert shares[0] == 1
    assert shares[1] > 0.85
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < 0.1


def test_a_text_too_short_to_sketch_has_no_sketch():
    assert fingerprints([b"hello", b""])[1].null_count == 2
