"""People: what the section, the charts and the command say, and what the shareable ones keep to themselves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from typer.testing import CliRunner

import selfrule
from selfrule.analyses.people import People, people_of, public
from selfrule.analyses.sample import Sample, outcome_of
from selfrule.cli.main import app
from selfrule.report.analyses import section
from selfrule.report.charts.curves import Across, Curve, curves_chart
from selfrule.report.layout import Section
from selfrule.study.study import Study
from tests.report.test_report_charts import check

from .samples import sample_from, samples
from .test_people import all_read, population


@pytest.fixture(scope="module")
def whole() -> People:
    return people_of(population(700, 3, rate=0.08))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    logs = Path(selfrule.__file__).parent / "example" / "conversations.jsonl"
    path = tmp_path_factory.mktemp("people") / "study"
    selfrule.audit([logs], path, workers=1)
    return path


def texts(made: Section) -> str:
    """Everything a section says, charts too."""
    found: list[str] = []
    for part in made.parts:
        found += [part.title, *part.paragraphs, *part.items]
        if part.figure is not None:
            found += [part.figure.caption, *(key.text for key in part.figure.legend)]
            if part.figure.chart is not None:
                found += [part.figure.chart.page, part.figure.chart.phone]
            if part.figure.table is not None:
                table = part.figure.table
                found += [table.caption, table.note, *table.columns]
                found += [cell.text for body in table.bodies for row in body.rows for cell in row]
    return "\n".join(str(text) for text in found)


def test_the_section_says_what_it_shows_and_what_it_cannot_and_has_all_its_parts(whole: People) -> None:
    made = section(whole)
    assert made.anchor == "people"
    assert made.parts[0].paragraphs == [f"{whole.shows} {whole.cannot}"]
    assert [part.title for part in made.parts if part.title] == [
        "People affected",
        "How few carry how much",
        "From one conversation to the next",
        "Onset, escalation and recovery",
        "Within people and between them",
        "Until the first: by conversations",
        "Until the first: by days",
    ]
    assert "about" in made.parts[-2].paragraphs[0]  # how many of so many intervals miss


def test_every_chart_has_the_table_of_its_figures_under_it(whole: People) -> None:
    figures = [part.figure for part in section(whole).parts if part.figure is not None]
    charts = [figure for figure in figures if figure.chart is not None]
    assert len(charts) == 4
    for figure in charts:
        assert figure.table is not None
        assert figure.chart is not None
        check(figure.chart)
        assert "<title" in figure.chart.page
        assert "<desc" in figure.chart.phone


def test_nobody_is_called_sick(whole: People) -> None:
    assert not re.search(r"\b(sick|ill|patient|victim|user|addict|diagnos)", texts(section(whole)).lower())


@pytest.mark.parametrize(
    ("construct", "level", "words"),
    [
        ("flagged", None, "flagged conversation"),
        ("attachment", "severe", "conversation with attachment, severe"),
        ("actualized_action_distortion", None, "conversation with actualized: action"),
    ],
)
def test_each_outcome_is_named_as_it_is(construct: str, level: str | None, words: str) -> None:
    made = section(people_of(population(60, 1), outcome_of(construct, level)))
    assert words in texts(made)


def test_a_refusal_stands_in_place_of_the_figures() -> None:
    made = section(people_of(sample_from(person=[0, 0])))
    assert "All conversations are of one person" in made.parts[1].paragraphs[0]
    assert all(part.figure is None for part in made.parts)


def test_what_is_withheld_is_in_no_text_table_or_chart(whole: People) -> None:
    assert whole.course is not None
    assert whole.course.runs is not None
    marked = replace(whole, course=replace(whole.course, runs=replace(whole.course.runs, longest=987_654)))
    assert "987,654" in texts(section(marked))
    assert "987,654" not in texts(section(public(marked, 10)))
    shown = public(whole, 10)
    small = [one.name for one in shown.affected.exposure if one.affected.value is None] if shown.affected else []
    for part in section(shown).parts:
        if part.title == "People affected":
            assert part.figure is not None
            assert part.figure.chart is not None
            assert all(name not in part.figure.chart.page for name in small)


@settings(max_examples=15)
@given(samples(most=120, people=30), st.booleans())
def test_any_record_can_be_laid_out_and_every_chart_be_drawn(sample: Sample, shareable: bool) -> None:
    result = people_of(all_read(sample), outcome_of("attachment", "mild"))
    for part in section(public(result, 3) if shareable else result).parts:
        if part.figure is not None and part.figure.chart is not None:
            check(part.figure.chart)


def test_a_curve_escapes_what_it_is_given() -> None:
    chart = curves_chart(
        [Curve(points=[(0.0, 0.1), (1.0, 0.2)], marks=[(1.0, 0.2, "<script>")], steps=True)],
        Across(0.0, 1.0, [(0.0, "<b>")], "x"),
        name="c",
        title="t & u",
        up="<i>",
        describe=lambda: "d",
    )
    for drawn in (chart.page, chart.phone):
        assert "<script>" not in drawn
        assert "<b>" not in drawn
        assert "<i>" not in drawn


def test_a_curve_of_one_point_is_drawn() -> None:
    chart = curves_chart(
        [Curve(points=[(1.0, 0.5)], band=[(0.4, 0.6)])],
        Across(1.0, 2.0, [(1.0, "1")], "x", log=True),
        name="c",
        title="t",
        up="share",
        describe=lambda: "d",
    )
    assert "<path" in chart.page


def test_the_command_prints_the_section_and_the_record(study: Path) -> None:
    printed = CliRunner().invoke(app, ["people", str(study)])
    assert printed.exit_code == 0, printed.output
    assert "Onset, escalation and recovery" in printed.output
    made = json.loads(CliRunner().invoke(app, ["people", str(study), "--json", "--after", "2", "--at", "5"]).output)
    assert made["analysis"] == "people"
    assert made["course"]["after"] == 2
    assert made["affected"]["at"] == 5


def test_the_shareable_command_withholds_and_a_large_k_shows_nothing(study: Path) -> None:
    made = json.loads(CliRunner().invoke(app, ["people", str(study), "--shareable", "--format", "json"]).output)
    assert made["withheld"] > 0
    none = json.loads(CliRunner().invoke(app, ["people", str(study), "--shareable", "--k", "500", "--json"]).output)
    assert none["affected"] is None
    assert none["survival"] == []


def test_the_report_of_a_study_has_the_section(study: Path) -> None:
    context = Study.open(study).context(private=True)
    assert any(isinstance(one, People) for one in context.analyses)
    for one in Study.open(study).context().analyses:
        if isinstance(one, People):
            assert one.course is None or one.course.runs is None or one.course.runs.longest is None


def test_an_unknown_construct_is_refused_in_one_line(study: Path) -> None:
    got = CliRunner().invoke(app, ["people", str(study), "--construct", "mood"])
    assert got.exit_code == 2
