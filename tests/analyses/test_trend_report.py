"""The section of shares over time, its chart, and its command, with one study, with several, and with a bridge."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from selfrule.analyses.partial import END
from selfrule.analyses.trend import for_report, public, trend_of
from selfrule.cli.main import app
from selfrule.estimate.frame import Attribute
from selfrule.report import render
from selfrule.report.analyses import section
from selfrule.report.charts.series import Dot, Panel, Shade, series_chart
from selfrule.study.study import Study, create
from tests.report.contexts import large
from tests.report.test_report_charts import check, marks
from tests.study.labelled import Erring
from tests.study.material import conversation, write_lines

from .samples import DAY, START, sample_from

SHARES = st.floats(0, 1, allow_nan=False)


def jumped(months=10, each=400, seed=0, **fields):
    """A share that doubles half way, of many people."""
    rng = np.random.default_rng(seed)
    month = np.repeat(np.arange(months), each)
    n = len(month)
    at = START + (month * 30 + np.arange(n) * 29 // each % 29 + 1) * DAY
    flagged = rng.random(n) < np.where(month < months // 2, 0.1, 0.25)
    return sample_from(person=rng.integers(0, n // 3, n), flagged=flagged.astype(int), at=at, **fields)


def words(laid):
    """Everything a section says."""
    return " ".join([t for p in laid.parts for t in (*p.paragraphs, *p.items)])


def dots(values):
    return [Dot(value=v, low=v / 2, high=min(1.0, v * 1.5), hollow=i == 0, at_most=v == 0) if i % 3 != 2 else Dot()
            for i, v in enumerate(values)]  # fmt: skip


@given(st.lists(SHARES, min_size=1, max_size=70), st.integers(1, 9), st.sampled_from(["month", "week"]))
@settings(deadline=None, max_examples=60)
def test_lines_of_any_shares_and_number_can_be_drawn(values, lines, every):
    step = "M" if every == "month" else "W"
    names = [str(np.datetime64("2024-11", step) + i) for i in range(len(values))]
    shades = [Shade(0, len(values) - 1, len(values) // 2, "a change")]
    panels = [Panel("A heading & <one> that goes on and on", dots(values), shades) for _ in range(lines)]
    check(series_chart(panels, names, name="s", title="t", description="d"))


def test_partial_periods_are_hollow_and_gaps_hold_no_mark():
    made = series_chart([Panel("", [Dot(value=0.1, low=0.05, high=0.2, hollow=True), Dot(), Dot(value=0.1, low=0.05, high=0.2)])],
                        ["2025-01", "2025-02", "2025-03"], name="s", title="t", description="d")  # fmt: skip
    assert len(marks(made.page, "hollow")) == 1 and len(marks(made.page, "flag")) == 1
    assert not marks(made.page, "over-time")  # nothing is joined over a gap, nor to a partial period


def test_the_section_says_what_it_shows_what_it_cannot_and_that_no_cause_is_known():
    laid = section(for_report(jumped()))
    said = words(laid)
    assert laid.parts[0].paragraphs[0].startswith("Share of conversations that are flagged")
    assert "It cannot say why a share changed" in said
    assert "It changed from 10" in said and "what, the data cannot say" in said
    for word in ("because", "caused", "due to", "led to"):
        assert word not in said


def test_every_chart_has_the_table_of_its_figures():
    result = trend_of(jumped(domains=np.eye(3, dtype=bool)[np.arange(4000) % 3]), by=("domain",))
    figures = [p.figure for p in section(result).parts if p.figure is not None and p.figure.chart is not None]
    assert len(figures) == 3
    assert figures[0].table.size == 10 and figures[2].table.size == 30
    assert figures[0].table.bodies[0].rows[0][1].text.endswith("%")


def test_a_withheld_month_is_a_word_in_the_table_and_no_mark_in_the_chart():
    sample = jumped(months=6, each=60)
    month = np.minimum((sample.at - START) // (30 * DAY), 5)
    few = sample.where((month != 2) | (np.arange(len(sample)) % 9 == 0))
    result = public(for_report(few), 10)
    table = section(result).parts[1].figure.table
    texts = [row[1].text for row in table.bodies[0].rows]
    assert "withheld: few" in texts and "withheld" in texts
    assert all(row[3].text == "" for row in table.bodies[0].rows if row[1].text.startswith("withheld"))
    assert "is withheld" in words(section(result))


def test_names_of_models_cannot_write_into_the_page():
    name = "<script>alert(1)</script>\u202e]]>"
    n = 4000
    sample = jumped(model=Attribute(np.arange(n) % 2, (name, "plain")))
    html = render(replace(large(), analyses=[for_report(sample)]))
    assert "<script>alert" not in html and "\u202e" not in html


def test_the_page_holds_the_months_once():
    html = render(replace(large(), analyses=[for_report(jumped())]))
    assert 'id="trend"' in html and 'id="months"' not in html


def test_a_series_too_short_says_so():
    assert "Too few whole months" in words(section(for_report(jumped(months=2))))


def test_conversations_without_a_time_are_counted():
    sample = jumped(months=4)
    at = np.where(np.arange(len(sample)) < 20, np.iinfo(np.int64).min, sample.at)
    result = for_report(replace(sample, at=at))
    assert "20 conversations have no time and are in no month" in words(section(result))
    assert public(result, 30).untimed is None


class Named(Erring):
    """A judge of a name of its own."""

    def __init__(self, label, says):
        super().__init__(says)
        self.label = label


ONE = Named("a-judge", lambda i: 2 if i % 3 == 0 else 0)
OTHER = Named("b-judge", lambda i: 2 if i % 6 == 0 else 0)


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """Two studies of sixty days, each rated by another judge, and one that both rated."""
    made = {}
    for name, judges, first in (("one", [ONE], 0), ("other", [OTHER], 60), ("anchors", [ONE, OTHER], 120)):
        folder = tmp_path_factory.mktemp(name)
        records = [conversation(i, turns=2) for i in range(first, first + 60)]
        log = write_lines(folder / "log.jsonl", records)
        study = create(folder / name)
        study.import_(log, workers=1)
        study.rate(judge=judges, check=1.0, workers=1)
        made[name] = str(study.path)
    return made


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_the_command_prints_the_months_as_a_table_and_as_json(studies):
    table, plain = run("trend", studies["one"]), run("trend", studies["one"], "--format", "json")
    assert table.exit_code == 0 and "January 2025" in table.stdout and "95 % interval" in table.stdout
    got = json.loads(plain.stdout)
    assert got["analysis"] == "trend" and [p["name"] for p in got["periods"]] == ["2025-01", "2025-02", "2025-03"]
    assert got["overall"]["points"][0]["value"] == pytest.approx(1 / 3, abs=0.05)


def test_the_command_takes_weeks_breakdowns_and_other_constructs(studies):
    got = json.loads(run("trend", studies["one"], "--every", "week", "--by", "model", "--construct", "reality_distortion",
                         "--level", "mild+", "--json").stdout)  # fmt: skip
    assert got["every"] == "week" and got["level"] == "mild+"
    assert {s["name"] for s in got["breakdowns"][0]["series"]} == {"model-0", "model-1", "model-2"}


def test_a_shareable_trend_names_no_folder_and_withholds(studies):
    got = json.loads(run("trend", studies["one"], "--shareable", "--by", "model", "--json").stdout)
    assert all(p["n"] == 0 or p["n"] >= 10 for b in got["breakdowns"] for s in b["series"] for p in s["points"])


def test_studies_of_two_judges_are_refused_by_name_with_the_remedy(studies):
    done = run("trend", studies["one"], studies["other"])
    assert done.exit_code == 2
    for word in ("a-judge", "b-judge", "--bridge ANCHORS", "different judges"):
        assert word in done.stderr


def test_studies_of_two_judges_are_joined_over_a_bridge(studies):
    done = run("trend", studies["one"], studies["other"], "--bridge", studies["anchors"], "--json")
    got = json.loads(done.stdout)
    assert got["judge"] == "a-judge" and got["bridges"][0]["of"] == "b-judge" and got["bridges"][0]["anchors"] == 60
    assert got["conversations"] == 120 and got["persons"] == 14
    # b says yes of ten in sixty and a of twenty, so that on a's scale both studies are the same
    assert got["overall"]["points"][3]["value"] == pytest.approx(1 / 3, abs=0.06)
    assert (
        "bridge between judges" in run("trend", studies["one"], studies["other"], "--bridge", studies["anchors"]).stdout
    )


def test_anchors_without_one_of_the_judges_are_refused(studies):
    done = run("trend", studies["one"], studies["other"], "--bridge", studies["one"])
    assert done.exit_code == 2 and "hold no ratings by b-judge" in done.stderr


def test_a_study_may_be_named_once(studies):
    assert "named once" in run("trend", studies["one"], studies["one"]).stderr


def test_a_study_gives_the_record_and_its_report_holds_it(studies):
    study = Study.open(studies["one"])
    result = study.trend(by="model")
    assert [p.partial for p in result.periods] == [None, None, END]
    tags = [msgspec.to_builtins(one)["analysis"] for one in study.context(private=True).analyses]
    assert "trend" in tags
