"""Several windows become one word on the whole: the highest level, whatever their order and number."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.judges.joining import Parsed, join
from selfrule.rubric import CONSTRUCTS, LEVELS, MARKERS, load

levels = st.integers(0, 3)
spreads = st.lists(st.floats(0.001, 1), min_size=4, max_size=4).map(lambda xs: [x / sum(xs) for x in xs])
parsed = st.builds(
    Parsed,
    levels=st.fixed_dictionaries(dict.fromkeys(CONSTRUCTS, levels)),
    probabilities=st.fixed_dictionaries(dict.fromkeys(CONSTRUCTS, spreads)),
    evidence=st.fixed_dictionaries({c: st.lists(st.integers(0, 30), unique=True).map(sorted) for c in CONSTRUCTS}),
    actualized=st.fixed_dictionaries({m: st.sampled_from(["yes", "no", "unknown"]) for m in MARKERS}),
    domains=st.lists(st.sampled_from(list(load().domains)), max_size=4, unique=True).map(tuple),
    marks=st.lists(st.sampled_from(["repaired", "no_domain"]), unique=True).map(sorted).map(tuple),
    lacking=st.just(()),
)
several = st.lists(parsed, min_size=1, max_size=6)


@given(several, st.randoms(use_true_random=False))
def test_the_order_of_windows_makes_no_difference(parts: list[Parsed], order: random.Random) -> None:
    shuffled = list(parts)
    order.shuffle(shuffled)
    assert join(shuffled) == join(parts)


@given(parsed)
def test_one_window_is_the_whole(part: Parsed) -> None:
    assert join([part]) == part


@given(parsed, st.integers(2, 5))
def test_the_same_window_many_times_says_what_it_says_once(part: Parsed, times: int) -> None:
    joined = join([part] * times)
    assert (joined.levels, joined.evidence, joined.actualized) == (part.levels, part.evidence, part.actualized)
    for construct in CONSTRUCTS:
        assert joined.probabilities[construct] == pytest.approx(part.probabilities[construct])


@given(several)
def test_a_level_is_the_highest_of_the_windows_and_no_evidence_is_lost(parts: list[Parsed]) -> None:
    joined = join(parts)
    for construct in CONSTRUCTS:
        assert joined.levels[construct] == max(part.levels[construct] for part in parts)
        assert set(joined.evidence[construct]) == {t for part in parts for t in part.evidence[construct]}


@given(several)
def test_probabilities_sum_to_one_and_no_window_is_less_sure_of_a_high_level(parts: list[Parsed]) -> None:
    joined = join(parts)
    for construct in CONSTRUCTS:
        spread = joined.probabilities[construct]
        assert sum(spread) == pytest.approx(1)
        assert min(spread) >= -1e-12
        for k in range(1, len(LEVELS)):
            highest = max(sum(part.probabilities[construct][k:]) for part in parts)
            assert sum(spread[k:]) == pytest.approx(highest)


@pytest.mark.parametrize(
    ("answers", "whole"),
    [(["no", "yes"], "yes"), (["no", "no"], "no"), (["no", "unknown"], "unknown"), (["unknown", "yes"], "yes")],
)
def test_a_marker_is_no_only_where_every_window_says_no(answers: list[str], whole: str) -> None:
    assert join([Parsed(actualized={"value": said}) for said in answers]).actualized == {"value": whole}


def test_domains_stand_in_the_order_of_the_windows_that_name_them() -> None:
    parts = [Parsed(domains=("legal", "other")), Parsed(domains=("other",)), Parsed(domains=("cybersecurity",))]
    assert join(parts).domains == ("other", "cybersecurity", "legal")
