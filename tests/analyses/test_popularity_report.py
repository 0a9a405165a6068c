"""The section on popularity, its chart and its command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import selfrule
from selfrule.analyses.popularity import popularity_of, public
from selfrule.cli.main import app
from selfrule.errors import UsageError
from selfrule.report.analyses import section
from selfrule.report.charts.correlations import Correlated, correlations_chart
from tests.report.test_report_charts import SVG, check, marks

from .test_approval_report import words
from .test_popularity import months_of

EXAMPLE = Path(selfrule.__file__).parent / "example" / "conversations.jsonl"
R = st.floats(-1, 1, allow_nan=False)
SHARE = [0.2, 0.5, 0.6, 0.3, 0.2, 0.4, 0.6, 0.5, 0.2, 0.3, 0.5, 0.6]


def chart_of(rows):
    return correlations_chart(rows, name="r", title="t", describe=lambda: "d")


@given(st.lists(st.tuples(R, R, R), min_size=1, max_size=8))
@settings(deadline=None, max_examples=60)
def test_any_correlations_can_be_drawn_and_a_smaller_one_is_never_further_right(values):
    rows = [
        Correlated(label="<b>", value=v, low=min(v, w), high=max(v, w), beside=w, published=p)
        for v, w, p in sorted(values)
    ]
    chart = chart_of(rows)
    check(chart)
    places = [float(e.get("cx")) for e in marks(chart.page, "flag") if e.tag == f"{SVG}circle"]
    assert places == sorted(places)
    assert "&lt;b&gt;" in str(chart.page)


def test_a_row_without_a_figure_says_why_and_draws_no_mark():
    drawing = chart_of([Correlated(label="Legal", text="withheld: few")]).page
    assert "withheld: few" in str(drawing)
    assert not [e for e in marks(drawing, "flag") if e.tag == f"{SVG}circle"]


def test_r_its_interval_and_the_studys_stand_beside_each_other_under_the_warning():
    made = popularity_of(months_of(SHARE, [s / 2 for s in SHARE]))
    said = words(made)
    assert "It cannot say that one makes the other" in said
    assert "Over 12 complete months, 2025-01 to 2025-12" in said
    assert "Study's r" in said
    assert "0.19" in said
    table = next(p.figure.table for p in section(made).parts if p.figure is not None)
    assert all(len(row) == len(table.columns) for body in table.bodies for row in body.rows)


def test_by_week_there_is_no_column_of_the_studys_months():
    made = popularity_of(months_of(SHARE, [s / 2 for s in SHARE]), every="week")
    said = words(made)
    assert "Study's r" not in said
    assert "The study's r" not in said
    assert "weeks" in said


def test_domains_without_an_r_are_named_with_the_reason():
    said = words(popularity_of(months_of([0.3] * 8, [0.0] * 8, n=50, other=0.0)))
    assert "No r (fewer than 20 flagged): Legal; Other." in said


def test_fewer_than_six_months_are_one_sentence_and_no_chart():
    made = popularity_of(months_of([0.3, 0.4], [0.2, 0.3]))
    assert "An r needs at least 6 complete months; these conversations have 2." in words(made)
    assert all(part.figure is None for part in section(made).parts)


def test_a_withheld_domain_shows_no_r_and_no_share():
    sample = months_of([0.02] * 8, [0.2] * 8, n=40)
    made = public(popularity_of(sample), 10)
    (legal,) = [d for d in made.domains if d.domain == "legal"]
    assert legal.r.reason == "small"
    assert "No r (withheld: few): Legal." in words(made)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return selfrule.audit(EXAMPLE, tmp_path_factory.mktemp("popularity") / "study", workers=1)


@pytest.mark.parametrize(
    "more", [[], ["--every", "week"], ["--shareable"], ["--construct", "vulnerability", "--level", "mild+"]]
)
def test_the_command_prints_a_table_or_json(study, more):
    ran = CliRunner().invoke(app, ["popularity", str(study.path), *more])
    assert ran.exit_code == 0, ran.output
    assert "Popularity: share of a domain and its rate" in ran.output
    ran = CliRunner().invoke(app, ["popularity", str(study.path), "--json", *more])
    made = json.loads(ran.stdout)
    assert made["analysis"] == "popularity"
    assert made["every"] == ("week" if "week" in more else "month")


def test_a_period_that_is_not_there_is_refused(study):
    with pytest.raises(UsageError, match="'month' or 'week'"):
        study.popularity("year")
    assert CliRunner().invoke(app, ["popularity", str(study.path), "--every", "year"]).exit_code == 2
