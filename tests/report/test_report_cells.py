"""Figures, and the reasons why there is none."""

from __future__ import annotations

import math

import msgspec
import pytest

from selfrule.report import Suppressed
from selfrule.report.cells import Cells
from selfrule.report.shareable import public

from .contexts import bare, estimate


def cell(*estimates, kind="private", suppressed=(), **group):
    context = bare(1, 0, kind=kind, estimates=list(estimates), suppressed=list(suppressed))
    return Cells(context).get("flagged", "yes", group)


def test_a_figure_that_is_not_there_is_absent_and_not_zero():
    assert cell().share_text == "no figure"


def test_nothing_rated_is_not_rated_and_not_zero():
    got = cell(estimate("flagged", "yes", 0, 0, 5))
    assert (got.state, got.share_text, got.interval_text) == ("unrated", "not rated", "")


def test_none_seen_is_said_with_its_upper_limit():
    got = cell(estimate("flagged", "yes", 0, 40))
    assert (got.share_text, got.interval_text, got.one_in_text) == ("none seen", "at most 8.8 %", "")
    assert got.sentence == "none seen in 40; at most 8.8 %"


def test_a_share_has_the_decimals_that_its_interval_has():
    got = cell(estimate("flagged", "yes", 21907, 1441210))
    assert (got.share_text, got.interval_text) == ("1.52 %", "1.50-1.54 %")
    assert cell(estimate("flagged", "yes", 2, 6)).share_text == "33 %"


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_a_share_that_is_no_number_is_not_rated(odd):
    broken = msgspec.structs.replace(estimate("flagged", "yes", 3, 40), share=odd)
    assert cell(broken).state == "unrated"


@pytest.mark.parametrize(("reason", "words"), [("small", "fewer than 10"), ("complementary", "withheld")])
def test_a_suppressed_cell_says_why_and_shows_no_number(reason, words):
    entry = Suppressed(group={"model": "m"}, construct="flagged", level="yes", reason=reason)
    got = cell(kind="shareable", suppressed=[entry], model="m")
    assert (got.share_text, got.interval_text, got.seen_text, got.n) == (words, "", "", 0)


def test_a_cell_both_suppressed_and_there_stays_suppressed():
    entry = Suppressed(group={"model": "m"}, construct="flagged", level="yes", reason="complementary")
    got = cell(estimate("flagged", "yes", 5, 50, model="m"), kind="shareable", suppressed=[entry], model="m")
    assert got.state == "suppressed"


def test_of_two_figures_for_one_cell_the_first_is_shown():
    assert cell(estimate("flagged", "yes", 5, 50), estimate("flagged", "yes", 9, 50)).count == 5


@pytest.mark.parametrize(
    ("n", "missing", "state"), [(9, 0, "suppressed"), (10, 0, "seen"), (0, 9, "suppressed"), (0, 10, "unrated")]
)
def test_a_shareable_report_hides_groups_under_k_that_the_gate_let_through(n, missing, state):
    group = estimate("flagged", "yes", min(n, 2), n, missing, model="m")
    context = public(bare(50, 5, kind="shareable", estimates=[group]))
    assert Cells(context).get("flagged", "yes", {"model": "m"}).state == state
