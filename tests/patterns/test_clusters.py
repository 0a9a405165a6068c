"""Embedding, near copies, clusters, hierarchy, stability and map: from descriptions to places."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from selfrule.errors import UsageError
from selfrule.patterns.clustering import clusters
from selfrule.patterns.embedding import embed, encoded, terms
from selfrule.patterns.hierarchy import levels
from selfrule.patterns.layout import places
from selfrule.patterns.near import collapse
from selfrule.patterns.stability import silhouette, stability

WORDS = [f"word{i}" for i in range(400)]


def themed(themes: int, each: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Descriptions of so many themes, each with words of its own and a few of all."""
    rng = np.random.default_rng(seed)
    own = rng.permutation(400)[: themes * 10].reshape(themes, 10)
    member = np.repeat(np.arange(themes), each)
    texts = [" ".join(WORDS[i] for i in [*rng.choice(own[m], 7), *rng.integers(0, 400, 2)]) for m in member]
    return texts, member


texts = st.lists(st.text(max_size=40), max_size=30)


@settings(max_examples=40)
@given(texts)
def test_every_text_has_one_finite_vector_of_length_one_or_none(got):
    made = embed(got).matrix
    assert len(made) == len(got)
    assert np.isfinite(made).all()
    length = np.linalg.norm(made, axis=1)
    assert np.all((np.abs(length - 1) < 1e-3) | (length == 0))


@pytest.mark.parametrize("text", ["", "\0", "\ud800", "!!!", "  ", "x" * 1_000_000], ids=repr)
def test_a_text_that_holds_nothing_or_too_much_is_embedded_all_the_same(text):
    assert embed([text, "asks what to do", "asks again"]).matrix.shape[0] == 3


def test_scripts_without_spaces_are_read_by_pairs_of_characters():
    assert terms("助言を求め")[:2] == ["助言", "言を"]
    made = embed(["彼の気持ちを断定する", "彼の気持ちを断定する回答", "文章をすべて書かせる"]).matrix
    assert made[0] @ made[1] > made[0] @ made[2]


def test_full_width_and_capital_letters_are_the_same_words():
    assert terms("ＡＳＫＳ Twice") == terms("asks twice")


def test_a_model_that_is_not_there_is_an_error_that_says_nothing_is_downloaded(tmp_path):
    with pytest.raises(UsageError, match="nothing is downloaded"):
        embed(["a"], str(tmp_path / "none"))


class Odd:
    """An encoder that gives what it was given."""

    def __init__(self, made: np.ndarray) -> None:
        self.made = made
        self.asked: list[str] = []

    def encode(self, sentences: list[str]) -> np.ndarray:
        self.asked = sentences
        return self.made


def test_an_encoder_gets_clean_text_and_its_vectors_are_brought_to_length_one():
    odd = Odd(np.array([[3.0, 4.0], [0.0, 0.0]]))
    made = encoded(["a\0\ud800", "b"], odd, "odd")
    assert odd.asked == ["a ?", "b"]
    assert made.matrix.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0.0, 0.0]]


@pytest.mark.parametrize("made", [np.zeros((1, 2)), np.zeros(2), np.full((2, 2), np.nan)], ids=["few", "flat", "nan"])
def test_an_encoder_that_gives_something_else_is_an_error(made):
    with pytest.raises(UsageError, match="one finite vector a text"):
        encoded(["a", "b"], Odd(made), "odd")


def test_clusters_are_the_themes_that_descriptions_were_made_of():
    got, member = themed(12, 55)
    assert adjusted_rand_score(member, clusters(embed(got).matrix).member) > 0.9


@settings(max_examples=25)
@given(st.integers(0, 60), st.integers(1, 60), st.integers(1, 5))
def test_clusters_are_dense_ordered_by_size_and_no_more_than_asked_for(n, per, kinds):
    rng = np.random.default_rng(n)
    rows = np.eye(5, dtype=np.float32)[rng.integers(0, kinds, n)]
    made = clusters(rows, per=per)
    sizes = made.sizes
    assert sizes.sum() == n
    assert len(sizes) <= max(1, round(n / per))
    assert len(sizes) <= max(1, kinds)
    assert np.all(sizes > 0)
    assert np.all(np.diff(sizes) <= 0)


def test_the_same_seed_gives_the_same_clusters_and_map():
    rows = embed(themed(8, 40)[0]).matrix
    first, second = clusters(rows, seed=3), clusters(rows, seed=3)
    assert np.array_equal(first.member, second.member)
    assert np.array_equal(places(first.centres), places(second.centres))


def test_many_descriptions_are_clustered_by_batches_as_well_as_by_whole_rounds():
    got, member = themed(30, 700)  # 21,000: above what is clustered whole
    assert adjusted_rand_score(member, clusters(embed(got).matrix, per=700).member) > 0.85


def test_per_below_one_is_refused():
    with pytest.raises(UsageError, match="at least 1"):
        clusters(np.zeros((3, 2), np.float32), per=0)


def test_stable_themes_have_a_high_stability_and_noise_a_low_one():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(600, 20)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    clear, unclear = stability(embed(themed(10, 60)[0]).matrix), stability(noise)
    assert clear.value is not None
    assert unclear.value is not None
    assert clear.value > 0.85
    assert unclear.value < 0.5
    assert clear.seeds == 5


def test_one_cluster_has_neither_stability_nor_silhouette():
    rows = np.eye(4, dtype=np.float32)
    assert stability(rows).value is None
    assert silhouette(rows, np.zeros(4, np.int64)) is None


def test_a_person_who_repeats_is_one_and_people_who_say_the_same_are_many():
    got = ["asks for a verdict", "asks for a verdict", "asks for a verdict", "has a letter written"]
    rows = embed(got).matrix
    assert collapse(got, rows, np.array([1, 1, 2, 1])).tolist() == [0, 0, 2, 3]


def test_of_unknown_people_equal_wording_alone_is_a_copy():
    got = ["Asks twice.", "asks twice", "asks thrice", "", ""]
    assert collapse(got, embed(got).matrix, np.full(5, -1)).tolist() == [0, 0, 2, 3, 4]


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["a b", "a b c", "d e", ""]), max_size=20), st.data())
def test_a_keeper_keeps_itself_and_is_of_the_same_person(got, data):
    person = np.array([data.draw(st.integers(-1, 2)) for _ in got], np.int64)
    keeper = collapse(got, embed(got).matrix, person)
    assert np.array_equal(keeper[keeper], keeper)
    assert np.array_equal(person[keeper], person)
    assert np.all(keeper <= np.arange(len(got)))


@pytest.mark.parametrize("k", [0, 1, 12, 13, 40, 61, 200])
def test_levels_are_nested_and_small_enough_to_read_from_the_top(k):
    rng = np.random.default_rng(k)
    centres, sizes = rng.normal(size=(k, 6)).astype(np.float32), rng.integers(1, 100, k)
    found = levels(centres, sizes)
    assert len(found) == (0 if k <= 12 else 1 if k <= 60 else 2)
    if found:
        assert len(np.unique(found[0])) <= 10
    for upper, lower in pairwise(found):
        for group in np.unique(lower):
            assert len(np.unique(upper[lower == group])) == 1


@pytest.mark.parametrize("k", [0, 1, 2, 3, 4, 5, 30])
def test_places_lie_in_the_square(k):
    made = places(np.random.default_rng(1).normal(size=(k, 8)).astype(np.float32))
    assert made.shape == (k, 2)
    assert np.all(np.abs(made) <= 1 + 1e-9)


def test_clusters_that_are_all_alike_have_a_place_too():
    assert np.all(np.isfinite(places(np.ones((7, 3), np.float32))))
