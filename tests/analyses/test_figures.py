"""Figures: shares with intervals that know of people and weights, and resampled ones that admit where they know nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.analyses.figures import resampled, share
from selfrule.analyses.sample import FLAGGED_OUTCOME, Sample, outcome_of
from tests.analyses.samples import flagged_of, sample_from, samples


@given(samples(), st.sampled_from([FLAGGED_OUTCOME, outcome_of("attachment", "mild+")]))
def test_a_share_counts_what_was_rated_and_shows_what_was_not(
    sample: Sample, outcome: tuple[str, str, int, int]
) -> None:
    rows = np.arange(len(sample)) % 3 != 0
    figure = share(sample, rows, outcome)  # type: ignore[arg-type]
    known = sample.column[outcome[0]] >= 0
    assert figure.n == int((rows & known).sum())
    assert figure.missing == int((rows & ~known).sum())
    if figure.n:
        hits = rows & known & (sample.column[outcome[0]] >= outcome[2])
        assert figure.events == int(hits.sum())
        assert figure.value == pytest.approx(sample.weight[hits].sum() / sample.weight[rows & known].sum())
        assert figure.value is not None and figure.low is not None and figure.high is not None
        assert 0 <= figure.low <= figure.value <= figure.high <= 1
        assert figure.high > figure.low
    else:
        assert figure.value is None and figure.reason == "nothing was rated"


@given(samples(), st.floats(0.1, 50))
def test_scaling_every_weight_changes_no_share(sample: Sample, factor: float) -> None:
    from dataclasses import replace

    every = np.ones(len(sample), np.bool_)
    one, other = (
        share(sample, every, FLAGGED_OUTCOME),
        share(replace(sample, weight=sample.weight * factor), every, FLAGGED_OUTCOME),
    )
    for mine, others in ((one.value, other.value), (one.low, other.low), (one.high, other.high)):
        assert mine == pytest.approx(others)


@given(samples())
def test_the_shares_of_an_outcome_and_of_its_absence_sum_to_one(sample: Sample) -> None:
    every = np.ones(len(sample), np.bool_)
    none = share(sample, every, outcome_of("attachment", "none"))
    some = share(sample, every, outcome_of("attachment", "mild+"))
    if some.value is not None:
        assert none.value is not None
        assert none.value + some.value == pytest.approx(1)


def test_the_same_conversations_of_fewer_people_say_less() -> None:
    flagged = [1] * 20 + [0] * 180
    many = sample_from(person=range(200), flagged=flagged)
    few = sample_from(person=[i // 20 for i in range(200)], flagged=flagged)
    every = np.ones(200, np.bool_)
    one, other = share(many, every, FLAGGED_OUTCOME), share(few, every, FLAGGED_OUTCOME)
    assert one.value == other.value
    assert one.low is not None and one.high is not None and other.low is not None and other.high is not None
    assert other.high - other.low > 2 * (one.high - one.low)
    assert (one.persons, other.persons) == (200, 10)


def test_none_seen_still_has_an_upper_limit() -> None:
    figure = share(sample_from(person=range(50), flagged=[0] * 50), np.ones(50, np.bool_), FLAGGED_OUTCOME)
    assert figure.value == 0 and figure.low == 0
    assert figure.high is not None and 0.05 < figure.high < 0.1


def test_a_conversation_not_rated_is_never_taken_for_unflagged() -> None:
    sample = sample_from(person=range(4), flagged=[1, -1, -1, -1])
    figure = share(sample, np.ones(4, np.bool_), FLAGGED_OUTCOME)
    assert (figure.value, figure.n, figure.missing) == (1.0, 1, 3)
    assert (flagged_of(sample) < 0).sum() == 3


def test_people_are_not_counted_where_the_logs_name_nobody() -> None:
    figure = share(sample_from(person=[-1] * 5, flagged=[1, 0, 0, 0, 0]), np.ones(5, np.bool_), FLAGGED_OUTCOME)
    assert figure.persons is None


@given(st.floats(-1, 1), st.integers(0, 2**32 - 1))
def test_a_resampled_figure_lies_within_its_interval(value: float, seed: int) -> None:
    figure = resampled(value, np.random.default_rng(seed).normal(0, 1, 500), n=7, persons=3)
    assert figure.low is not None and figure.high is not None
    assert figure.low <= value <= figure.high
    assert (figure.n, figure.persons) == (7, 3)


def test_resamples_that_are_all_alike_give_no_interval() -> None:
    figure = resampled(0.0, np.zeros(100))
    assert figure.value == 0 and figure.low is None
    assert figure.reason is not None and "no interval" in figure.reason


def test_where_too_many_resamples_are_undefined_there_is_no_interval() -> None:
    draws = np.random.default_rng(1).random(100)
    draws[:6] = math.nan
    assert resampled(0.5, draws).low is None
    draws[2:6] = 0.5
    assert resampled(0.5, draws).low is not None


def test_an_undefined_figure_says_so() -> None:
    figure = resampled(math.nan, np.full(10, math.nan), n=3)
    assert figure.value is None and figure.reason == "undefined" and figure.n == 3
