"""The reference study's own figures, from its published counts."""

from __future__ import annotations

import tomllib
from importlib import resources

import numpy as np
import pytest

from selfrule.estimate.cells import ACTUALIZED
from selfrule.estimate.difference import difference
from selfrule.estimate.intervals import clopper_pearson, one_in, wilson
from selfrule.estimate.reference import published, reference_for
from selfrule.estimate.table import estimates
from selfrule.rubric import CONSTRUCTS, PRIMITIVES

from .frames import frame_of, one

FIGURES = published()
N = FIGURES["sample"]["conversations"]


def test_the_screen_kept_7_35_percent():
    kept = FIGURES["sample"]["screened_in"]
    low, high = wilson(kept, N)
    assert round(100 * kept / N, 2) == FIGURES["sample"]["screened_in_percent"] == 7.35
    assert (round(100 * low, 2), round(100 * high, 2)) == (7.31, 7.39)


def test_the_months_with_a_thumb_add_up():
    months = FIGURES["thumbs_month"]
    total = sum(m["n"] for m in months)
    assert total == FIGURES["thumbs_total"]["n"] == 563_612
    weighted = sum(m["n"] * m["positive_percent"] for m in months) / total
    assert weighted == pytest.approx(FIGURES["thumbs_total"]["positive_percent"], abs=0.05)


@pytest.mark.parametrize(
    ("construct", "low", "high"),
    [
        ("reality_distortion", 0.0717, 0.0806),
        ("value_judgment_distortion", 0.0446, 0.0517),
        ("action_distortion", 0.0151, 0.0192),
    ],
)
def test_severe_rates_have_wilson_intervals_that_hold_the_published_one_in_n(construct, low, high):
    percent, n_of = FIGURES["severe_percent"][construct], FIGURES["severe_one_in"][construct]
    count = round(N * percent / 100)
    got = wilson(count, N)
    assert (100 * got.low, 100 * got.high) == pytest.approx((low, high), abs=6e-5)
    assert got.low < 1 / n_of < got.high
    assert one_in(percent / 100) == pytest.approx(n_of, rel=0.02)


@pytest.mark.parametrize(
    ("construct", "low", "high"),
    [
        ("vulnerability", 0.3242, 0.3427),
        ("attachment", 0.0788, 0.0880),
        ("reliance_dependency", 0.0369, 0.0433),
        ("authority_projection", 0.0232, 0.0283),
    ],
)
def test_severe_factors_published_only_as_one_in_n_have_intervals_too(construct, low, high):
    n_of = FIGURES["severe_one_in"][construct]
    got = wilson(round(N / n_of), N)
    assert (100 * got.low, 100 * got.high) == pytest.approx((low, high), abs=6e-5)
    assert one_in(round(N / n_of) / N) == n_of


@pytest.mark.parametrize(
    ("construct", "one_in_n", "low", "high"),
    [
        ("reality_distortion", 210, 0.4693, 0.4914),
        ("value_judgment_distortion", 190, 0.5143, 0.5374),
        ("action_distortion", 110, 0.8637, 0.8935),
    ],
)
def test_moderate_or_severe_follows_from_the_conversations_that_were_clustered(construct, one_in_n, low, high):
    count = FIGURES["flagged_clusters"][construct]["conversations"]
    got = wilson(count, N)
    assert (100 * got.low, 100 * got.high) == pytest.approx((low, high), abs=6e-5)
    assert one_in(count / N) == one_in_n
    severe = N * FIGURES["severe_percent"][construct] / 100
    mild = N / FIGURES["mild_one_in"]["low"]
    assert severe < count < mild, "moderate lies between what was published of severe and of mild"


def test_the_months_with_a_thumb_have_intervals_and_the_total_has_the_narrowest():
    widths = []
    for month in FIGURES["thumbs_month"]:
        got = wilson(round(month["n"] * month["positive_percent"] / 100), month["n"])
        assert 100 * got.low < month["positive_percent"] < 100 * got.high
        widths.append(got.high - got.low)
    total = FIGURES["thumbs_total"]
    whole = wilson(round(total["n"] * total["positive_percent"] / 100), total["n"])
    assert (100 * whole.low, 100 * whole.high) == pytest.approx((79.70, 79.90), abs=0.006)
    assert whole.high - whole.low < min(widths)
    first, last = FIGURES["thumbs_month"][0], FIGURES["thumbs_month"][-2]
    assert last["positive_percent"] - first["positive_percent"] == pytest.approx(8.0)


def test_the_studys_way_gives_the_studys_interval_from_its_screened_conversations():
    scale = 20  # a twentieth of the study, in proportion
    n, kept = N // scale, FIGURES["sample"]["screened_in"] // scale
    severe = round(n * FIGURES["severe_percent"]["reality_distortion"] / 100)
    inside = np.arange(n) < kept
    levels = {"reality_distortion": np.where(np.arange(n) < severe, 3, 0)}
    found = one(
        estimates(frame_of(n, levels=levels, screened_in=inside, drawn=inside), ()), "reality_distortion", "severe"
    )
    assert (found.low, found.high) == pytest.approx(wilson(severe, n))
    assert one_in(found.share) == FIGURES["severe_one_in"]["reality_distortion"]
    assert found.high_if_missing_all > 0.92, "what the screen dropped was never looked at"


@pytest.mark.parametrize(
    ("measure", "judge", "count", "low", "high"),
    [
        ("exact_percent", "claude-opus-4.5", 260, 69.5, 78.6),
        ("exact_percent", "claude-sonnet-4.5", 265, 71.0, 79.9),
        ("within_one_percent", "claude-opus-4.5", 337, 93.8, 97.8),
        ("within_one_percent", "claude-sonnet-4.5", 316, 86.7, 93.0),
    ],
)
def test_the_accuracies_on_350_labels_are_counts_and_have_intervals(measure, judge, count, low, high):
    n = FIGURES["judge_validation"]["n"]
    assert round(100 * count / n, 2) == FIGURES["judge_validation"][measure][judge]
    got = wilson(count, n)
    assert (100 * got.low, 100 * got.high) == pytest.approx((low, high), abs=0.06)


def test_between_the_two_judges_350_labels_tell_within_one_apart_and_exact_not():
    """The paper gives neither interval; the same items were labelled, so this is the wider, unpaired one."""
    n = FIGURES["judge_validation"]["n"]
    for measure, apart in (("exact_percent", False), ("within_one_percent", True)):
        first, second = FIGURES["judge_validation"][measure].values()
        one, other = (np.arange(n) < round(n * value / 100) for value in (first, second))
        got = difference(one, other, np.arange(n), n + np.arange(n))
        assert (got.low > 0 or got.high < 0) is apart


def test_the_studys_labels_do_not_bound_what_its_judge_missed():
    """350 labels of flagged and other conversations say how often a judge is right, not how much of a rare thing it misses.

    Had all 350 been screened-out ones with nothing severe among them, severe could still be ten times the published rate.
    """
    n, kept = FIGURES["judge_validation"]["n"], FIGURES["sample"]["screened_in"]
    bound = (1 - kept / N) * clopper_pearson(0, n, 0.9).high
    published_share = FIGURES["severe_percent"]["reality_distortion"] / 100
    assert bound / published_share == pytest.approx(10.4, abs=0.1)


def test_none_seen_among_a_million_and_a_half_is_at_most_1_in_400_000():
    assert reference_for("actualized_value_judgment_distortion", "yes").share == 0
    assert one_in(clopper_pearson(0, N).high) == 410_000


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_every_construct_has_a_severe_reference_marked_as_another_population(construct):
    found = reference_for(construct, "severe")
    assert found.one_in == FIGURES["severe_one_in"][construct]
    assert 1 / found.share == pytest.approx(found.one_in, rel=0.02)
    assert found.population.startswith("Another population: 1,499,397 random consumer conversations")
    assert "12 to 19 December 2025" in found.population
    assert "arXiv:2601.19062" in found.source


@pytest.mark.parametrize("construct", PRIMITIVES)
def test_mild_is_a_range_and_not_one_figure(construct):
    found = reference_for(construct, "mild")
    assert (found.share, found.one_in) == (None, None)
    assert (found.low, found.high) == (1 / 70, 1 / 50)


@pytest.mark.parametrize("construct", ACTUALIZED)
def test_markers_have_the_published_percent(construct):
    percent = FIGURES["actualized_percent"][construct.removeprefix("actualized_")]
    assert reference_for(construct, "yes").share == percent / 100


@pytest.mark.parametrize(
    ("construct", "level"),
    [("attachment", "mild"), ("flagged", "moderate+"), ("vulnerability", "none"), ("x", "severe")],
)
def test_what_was_not_published_has_no_reference(construct, level):
    assert reference_for(construct, level) is None


def test_the_figures_shipped_are_the_figures_specified(shared_data):
    specified = shared_data.parent / "spec" / "reference.toml"
    if not specified.is_file():
        pytest.skip("no ../shared/spec beside this checkout")
    shipped = (resources.files("selfrule.estimate") / "reference.toml").read_text(encoding="utf-8")
    assert tomllib.loads(shipped) == tomllib.loads(specified.read_text(encoding="utf-8"))
