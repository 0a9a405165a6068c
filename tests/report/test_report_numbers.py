"""Numbers as people read them."""

from __future__ import annotations

import doctest
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.report import numbers, text
from selfrule.report.numbers import at_most, day, interval, number, one_in, percent, typeset

shares = st.floats(1e-7, 1.0)


def value(said: str) -> float:
    return float(re.sub(r"[^\d.]", "", said)) / 100


@pytest.mark.parametrize("module", [numbers, text], ids=lambda m: m.__name__)
def test_the_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


@given(shares)
def test_a_percentage_is_within_a_twentieth_of_the_share(share):
    assert value(percent(share)) == pytest.approx(share, rel=0.051)


@given(shares)
def test_a_share_above_zero_is_never_said_to_be_zero(share):
    assert value(percent(share)) > 0


@given(shares)
def test_one_in_n_is_within_a_twentieth_of_the_share(share):
    said = one_in(share)
    if share > 0.5:
        assert said == "over 1 in 2"
    else:
        assert float(said.removeprefix("1 in ").replace(",", "")) == pytest.approx(1 / share, rel=0.051)


@given(shares)
def test_an_upper_limit_is_never_rounded_down(high):
    assert value(at_most(high)) >= min(high, 1.0) * (1 - 1e-6)
    assert value(at_most(high)) <= high * 1.12


@given(st.tuples(shares, shares).map(sorted))
def test_an_interval_keeps_its_order_and_never_leaves_what_can_be(limits):
    low, high = (value(part) for part in interval(*limits).split("-"))
    assert 0 <= low <= high <= 1
    assert low == pytest.approx(limits[0], rel=0.11, abs=1e-9)


@given(st.floats(1e-7, 0.99), st.floats(1e-4, 0.5))
def test_an_interval_that_does_not_begin_at_zero_is_not_said_to(low, width):
    assert value(interval(low, low + width).split("-")[0]) > 0


@pytest.mark.parametrize(
    ("share", "low", "high", "said"),
    [(0.00076, 0.0003, 0.002, "0.03-0.20 %"), (0.022, 0.019, 0.025, "1.9-2.5 %"), (1.0, 0.206, 1.0, "21-100 %")],
)
def test_intervals_are_as_fine_as_they_are_wide(share, low, high, said):
    assert interval(low, high) == said


def test_print_has_narrow_spaces_and_dashes_where_a_terminal_has_plain_ones():
    assert typeset("0.03-0.20 %, 1 in 1,300") == "0.03\u20130.20\u202f%, 1\u00a0in\u00a01,300"
    assert typeset("claude-3-5 and 2025-12") == "claude-3-5 and 2025-12"


def test_weighted_counts_keep_a_decimal():
    assert [number(x) for x in (3.0, 3.25, 1234.5)] == ["3", "3.2", "1,234"]


@pytest.mark.parametrize("odd", ["", "2025-13", "2025-02-31", "NaN", "\x00"])
def test_what_is_no_date_is_left_as_it_came(odd):
    assert day(odd) == odd
