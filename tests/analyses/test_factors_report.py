"""Amplifying factors on the page and on the command line."""

from __future__ import annotations

import json
import re

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.analyses.factors import factors_of, public
from selfrule.analyses.figures import Figure
from selfrule.analyses.sample import outcome_of
from selfrule.cli.main import app
from selfrule.report import render
from selfrule.report.analyses import section
from selfrule.report.charts.combinations import Together, combinations_chart
from selfrule.report.charts.ratios import Ratio, limits, ratio_scale, ratios_chart
from selfrule.report.context import ReportContext
from selfrule.rubric import FACTORS
from selfrule.study.study import Study, audit
from tests.analyses.samples import sample_from
from tests.report.contexts import large
from tests.report.test_report_charts import SVG, check, marks
from tests.study.material import conversation, write_lines

RELIANCE = FACTORS[2]


def rising(seed=0, n=900):
    rng = np.random.default_rng(seed)
    levels = {f: np.minimum(rng.geometric(0.6, n) - 1, 3) for f in FACTORS}
    flagged = rng.random(n) < 0.05 + 0.1 * levels[RELIANCE]
    marks = np.zeros((n, 3), np.int8)
    marks[:, 0] = flagged & (rng.random(n) < 0.4)
    return sample_from(person=rng.integers(0, 300, n), flagged=flagged, levels=levels, actualized=marks)


@pytest.fixture(scope="module")
def result():
    return factors_of(rising())


def said(result):
    return " ".join(
        text for part in section(result).parts for text in (part.title, *part.paragraphs, *part.items)
    )  # fmt: skip


def tables(result):
    return [part.figure.table for part in section(result).parts if part.figure and part.figure.table]


def test_the_section_opens_with_what_it_shows_and_cannot(result):
    first = section(result).parts[0].paragraphs[0]
    assert result.shows in first
    assert result.cannot in first


def test_the_effect_is_said_with_its_interval_and_whether_it_rises(result):
    line = next(text for part in section(result).parts for text in part.items if text.startswith("Reliance"))
    assert re.search(r"multiplies the odds by \d\.\d+ \(\d\.\d+ to \d\.\d+\)", line)
    assert "The share rises from each to the next." in line


def test_every_chart_stands_over_the_table_of_its_figures(result):
    for part in section(result).parts:
        if part.figure and part.figure.chart:
            assert part.figure.table is not None
            check(part.figure.chart)


def test_so_many_tests_are_counted_and_every_p_is_beside_its_effect(result):
    table = next(t for t in tables(result) if "Change with each level" in t.caption)
    assert "expected to miss" in table.note
    for body in table.bodies:
        for row in body.rows:
            assert not row[3].text or row[1].text


def test_the_words_are_of_the_outcome_that_was_asked_for():
    made = factors_of(rising(), outcome_of("reality_distortion", "mild+"))
    assert "reach mild or above reality distortion" in made.shows
    assert any("Share reality distortion, mild or above at each level" in t.caption for t in tables(made))


def test_one_report_has_one_section_of_factors(result):
    page = render(ReportContext(**{**vars(large()), "analyses": [result]}))
    assert page.count('id="factors"') == 1
    assert "Which factors come together" in page


def test_what_is_withheld_is_in_no_word_and_no_drawing_of_the_section():
    sample = rising(n=240)
    made = factors_of(sample)
    shown = public(made, 10)
    assert shown.withheld
    gone = {
        tuple(c.present) for c in shown.combinations if c.of_all.reason in {"small", "complementary"}
    }  # fmt: skip
    chart = next(
        p.figure.chart for p in section(shown).parts if p.figure and p.figure.table.caption == "Which factors come together"
    )  # fmt: skip
    bars = [] if chart is None else [e for e in marks(chart.page, "step") if e.tag == f"{SVG}rect"]
    assert len(bars) == sum(bool(c.present) and tuple(c.present) not in gone for c in shown.combinations)
    table = next(t for t in tables(shown) if t.caption == "Which factors come together")
    held = [row for row in table.bodies[0].rows if "withheld" in row[1].text]
    assert len(held) == len(gone)
    assert all(not cell.text or "withheld" in cell.text for row in held for cell in row[1:])


def test_too_little_for_a_trend_leaves_the_shares_and_no_empty_chart():
    few = factors_of(sample_from(person=range(30), flagged=[1, 0, 0] * 10))
    titles = [part.title for part in section(few).parts]
    assert "Whether it rises with the level" not in titles
    assert tables(few)


ratios = st.floats(0.002, 900)


@given(st.lists(st.tuples(ratios, st.floats(1, 50), ratios), min_size=1, max_size=6))
@settings(max_examples=40)
def test_ratios_of_any_size_can_be_drawn_with_one_on_the_scale(values):
    rows = [Ratio(label="a<b", value=v, low=v / w, high=v * w, beside=b, text="t") for v, w, b in values]
    check(ratios_chart(rows, name="r", title="t", describe=lambda: "d", ends=("less", "more")))
    scale = ratio_scale(rows, 0, 100)
    assert scale.lo < 1 < scale.hi
    assert all(scale.lo <= r.value <= scale.hi for r in rows)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(0, 15)), min_size=1, max_size=15))
@settings(max_examples=40)
def test_combinations_of_any_shares_can_be_drawn_longer_bars_for_commoner_ones(values):
    rows = [
        Together(present=[bool(c >> i & 1) for i in range(4)], of_all=a, of_all_text="", value=b, low=b / 2, high=b)
        for a, b, c in values
    ]
    chart = combinations_chart(list("abcd"), rows, words=("x", "y"), name="c", title="t", description="d")
    check(chart)
    lengths = [float(e.get("width")) for e in marks(chart.page, "step")]
    order = np.argsort([a for a, _, _ in values], kind="stable")
    assert np.all(np.diff(np.array(lengths)[order]) >= -0.1)


def test_a_ratio_without_an_interval_has_no_limits_in_words():
    assert limits(None, None) == ""
    assert limits(0.912, 1.054) == "0.91 to 1.05"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("factors")
    log = write_lines(folder / "log.jsonl", [conversation(i) for i in range(40)])
    audit(log, folder / "study", workers=1)
    return folder / "study"


def run(*arguments):
    from typer.testing import CliRunner

    return CliRunner().invoke(app, list(arguments))


def test_the_command_prints_the_section(study):
    done = run("factors", str(study))
    assert done.exit_code == 0, done.output
    assert "Amplifying factors" in done.output
    assert "Vulnerability" in done.output


def test_the_command_prints_the_record_as_json(study):
    done = json.loads(run("factors", str(study), "--format", "json").stdout)
    assert done["analysis"] == "factors"
    assert done == msgspec.to_builtins(Study.open(study).factors())
    shared = json.loads(run("factors", str(study), "--json", "--shareable", "--k", "20").stdout)
    assert shared["k"] == 20
    assert shared == msgspec.to_builtins(Study.open(study).factors(shareable=True, k=20))


def test_an_unknown_construct_is_refused_with_those_there_are(study):
    done = run("factors", str(study), "--construct", "wisdom")
    assert done.exit_code == 2
    assert "reality_distortion" in done.output


def test_a_withheld_figure_keeps_no_number(result):
    for figure in public(factors_of(rising(n=240)), 10).figures():
        if figure.reason in {"small", "complementary"}:
            assert figure == Figure(reason=figure.reason)
