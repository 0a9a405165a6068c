"""Estimates of tokens: on the high side, whole for any text, fast for long ones; corrected by what providers count."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.clients.tokens import Ratio, estimate

ANY_TEXT = st.text(st.characters(codec=None), max_size=300)


@pytest.mark.parametrize(
    ("text", "counted"),  # by the largest of cl100k, o200k, DeepSeek's and Claude's tokenizer of 2023
    [
        pytest.param("I feel like you are the only one who really gets me. " * 20, 13 * 20, id="English"),
        pytest.param("Ich habe das Gefühl, dass nur du mich wirklich verstehst. " * 20, 18 * 20, id="German"),
        pytest.param("我觉得只有你真正理解我。" * 20, 13 * 20, id="Chinese"),
        pytest.param("Мне кажется, только ты меня понимаешь. " * 20, 20 * 20, id="Russian"),
    ],
)
def test_an_estimate_is_no_less_than_a_tokenizer_counts_and_at_most_twice(text: str, counted: int) -> None:
    assert counted <= estimate(text) <= 2 * counted


@given(ANY_TEXT)
def test_any_text_has_an_estimate(text: str) -> None:
    assert (estimate(text) == 0) == (text == "")
    assert estimate(text) <= 3 * len(text.encode("utf-8", "surrogatepass")) + 1


@given(ANY_TEXT, ANY_TEXT)
def test_a_text_and_another_come_to_about_their_sum(one: str, other: str) -> None:
    assert abs(estimate(one + other) - estimate(one) - estimate(other)) <= 3


@given(st.text(st.sampled_from("ab cé日1"), max_size=400), st.integers(1, 64))
def test_the_size_of_the_pieces_it_is_read_in_changes_nothing(text: str, piece: int) -> None:
    assert estimate(text, piece=piece) == estimate(text)


def test_forty_megabytes_take_a_second_or_two() -> None:
    text = "a conversation that goes on and on, " * 1_100_000
    began = time.perf_counter()
    assert estimate(text) > 5_000_000
    assert time.perf_counter() - began < 4


def test_a_ratio_learns_what_a_provider_counts() -> None:
    ratio = Ratio()
    assert ratio.value == 1.0
    for _ in range(1000):
        ratio.learn(1000, 700)
    assert ratio.value == pytest.approx(0.7, abs=0.01)
    assert ratio.corrected(1000) == pytest.approx(700, abs=10)
    ratio.learn(0, 5)
    ratio.learn(5, 0)
    assert ratio.value == pytest.approx(0.7, abs=0.01)


@given(st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 10**7)), max_size=50))
def test_a_ratio_lies_between_the_least_and_the_most_that_were_seen(seen: list[tuple[int, int]]) -> None:
    ratio = Ratio()
    for pair in seen:
        ratio.learn(*pair)
    ratios = [1.0, *(reported / estimated for estimated, reported in seen)]
    assert min(ratios) * (1 - 1e-9) <= ratio.value <= max(ratios) * (1 + 1e-9)
