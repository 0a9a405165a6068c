"""The section of a change, its waterfall, and its command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import selfrule
from selfrule.analyses.change import Side, change_of, for_report, public
from selfrule.analyses.change_sides import sides
from selfrule.cli.main import app
from selfrule.estimate.frame import Attribute
from selfrule.report.analyses import section
from selfrule.report.analyses.change import span
from selfrule.report.charts.waterfall import Level, Step, step_scale, waterfall_chart
from tests.report.test_report_charts import SVG, check, marks

from .samples import DAY, START, sample_from

EXAMPLE = Path(selfrule.__file__).parent / "example" / "conversations.jsonl"
PARTS = st.floats(-0.2, 0.2, allow_nan=False)


def drifted(count=1500, seed=0, **fields):
    """Four months in which a domain with a high rate becomes commoner."""
    rng = np.random.default_rng(seed)
    month = rng.integers(0, 4, count)
    domain = (rng.random(count) < np.array([0.2, 0.2, 0.5, 0.5])[month]).astype(int)
    flagged = rng.random(count) < np.array([0.05, 0.3])[domain]
    at = START + month * 31 * DAY + rng.integers(0, 27, count) * DAY
    turns = rng.integers(1, 30, count).astype(np.int32)
    return sample_from(person=rng.integers(0, 400, count), flagged=flagged.astype(int), at=at,
                       domains=np.eye(3, dtype=bool)[domain], turns=turns, **fields)  # fmt: skip


def chart_of(changes, start=0.3):
    steps = [Step(label=f"step {i}", value=v, low=v - w, high=v + w, text=str(v)) for i, (v, w) in enumerate(changes)]
    end = min(max(start + sum(s.value for s in steps), 0.0), 1.0)
    levels = [Level(label=name, value=v, low=v * 0.8, high=min(v * 1.2, 1.0)) for name, v in (("a", start), ("b", end))]
    return waterfall_chart(levels[0], steps, levels[1], name="w", title="t", describe=lambda: "d"), levels, steps


@given(st.lists(st.tuples(PARTS, st.floats(0, 0.3)), max_size=5), st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_steps_of_any_size_can_be_drawn(changes, start):
    check(chart_of(changes, start)[0])


@given(st.lists(st.tuples(st.floats(-0.05, 0.05), st.floats(0, 0.3)), max_size=5))
@settings(deadline=None, max_examples=60)
def test_both_levels_and_every_step_are_on_the_scale(changes):
    _, levels, steps = chart_of(changes)
    scale = step_scale(levels[0], steps, levels[1], 0, 100, 7)
    places = levels[0].value + np.cumsum([0.0, *(s.value for s in steps)])
    assert scale.lo - 1e-12 <= min(places) and max(places) <= scale.hi + 1e-12
    assert 0 <= scale.lo < scale.hi


def test_a_step_up_points_right_and_one_down_points_left_from_where_the_last_one_ended():
    drawing, *_ = chart_of([(0.05, 0.01), (-0.02, 0.01)])
    (up,), (down,) = marks(drawing.page, "more"), marks(drawing.page, "less")
    points = [[float(xy.split(",")[0]) for xy in e.get("points").split()] for e in (up, down)]
    assert points[0][2] > points[0][0]
    assert points[1][2] < points[1][0]
    assert points[1][0] == pytest.approx(points[0][2], abs=0.2)
    assert len([e for e in marks(drawing.page, "flag") if e.tag == f"{SVG}circle"]) == 2


def test_the_section_opens_with_what_it_shows_and_cannot_and_never_says_because():
    made = section(for_report(drifted()))
    said = repr(made)
    assert made.anchor == "change" and made.title == "What goes with the change"
    assert "It cannot say why" in made.parts[0].paragraphs[0]
    assert "goes with a different mix of domains" in said
    assert not [word for word in ("because", "due to", "caused", "explains") if word in said.lower()]


def test_the_steps_of_the_table_are_seen_to_sum_to_the_difference():
    made = section(for_report(drifted()))
    rows = made.parts[1].figure.table.bodies[0].rows
    texts = [
        row[1].text.removesuffix(" points").replace("\N{MINUS SIGN}", "-") for row in rows if "points" in row[1].text
    ]
    *steps, difference = (float(text) for text in texts)
    assert len(steps) >= 3
    assert sum(steps) == pytest.approx(difference, abs=0.051 * len(steps))
    assert [row[0].text for row in rows][:2] == ["January to February 2025", "Mix of domains"]


def test_a_difference_whose_interval_holds_zero_is_said_to_show_nothing():
    sample = drifted(400, seed=1)
    month = np.arange(400) % 2 == 0
    still = change_of(sample, Side("a", month), Side("b", ~month), draws=100)
    assert still.difference.low < 0 < still.difference.high
    assert "do not show that there is any" in repr(section(still))
    assert "hold zero" not in repr(section(for_report(drifted())))


def test_parts_that_cancel_out_are_said_to():
    rng = np.random.default_rng(2)
    side = np.arange(6000) % 2
    domain = (rng.random(6000) < np.array([0.2, 0.6])[side]).astype(int)
    flagged = rng.random(6000) < np.array([[0.1, 0.4], [0.02, 0.24]])[side, domain]
    sample = sample_from(person=np.arange(6000), flagged=flagged.astype(int), domains=np.eye(3, dtype=bool)[domain])
    got = change_of(sample, Side("a", side == 0), Side("b", side == 1), draws=100)
    assert got.mix.low > 0 > got.rate.high
    assert "cancel each other out" in repr(section(got))


def test_too_few_people_with_the_outcome_show_no_split():
    sample = drifted()
    flagged = np.zeros(len(sample), np.int8)
    flagged[:4] = 1
    result = for_report(replace(sample, column={**sample.column, "flagged": flagged}))
    made = section(result)
    assert "no split is shown" in repr(made)
    assert made.parts[1].figure.chart is None


def test_names_from_logs_are_escaped_and_cut():
    names = ('<script>alert("x")</script>', "m" * 300)
    sample = drifted(model=Attribute(np.arange(1500) % 2, names))
    made = section(change_of(sample, *sides(sample, "model", *names), by="model", draws=100))
    drawn = str(made.parts[1].figure.chart.page) + str(made.parts[1].figure.chart.phone)
    assert "<script" not in drawn and "&lt;script" in drawn
    assert "m" * 100 not in repr(made)


def test_a_withheld_side_has_a_section_that_says_so_and_names_nobody():
    model = np.where(np.arange(1500) < 6, 1, 0)
    sample = drifted(model=Attribute(model, ("large", "SECRET")))
    result = public(change_of(sample, *sides(sample, "model", "large", "SECRET"), by="model", draws=50), 10)
    said = repr(section(result))
    assert "withheld: few" in said and "SECRET" not in said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("2026-01..2026-03", "January to March 2026"),
        ("2025-12..2026-01", "December 2025 to January 2026"),
        ("2026-01", "January 2026"),
        ("2026-01-05..2026-01-18", "5 January to 18 January 2026"),
        ("model <b>", "model <b>"),
    ],
)
def test_spans_are_said_in_words(name, words):
    assert span(name) == words


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("change") / "study"
    selfrule.audit(EXAMPLE, path, workers=1)
    return path


def run(*args):
    return CliRunner().invoke(app, ["change", *map(str, args)])


def test_the_command_prints_the_halves_unless_told(study):
    got = run(study)
    assert got.exit_code == 0, got.output
    assert "January to March 2026" in got.output and "April to June 2026" in got.output
    assert "Rates in like conversations" in got.output


def test_the_command_gives_the_record_as_json(study):
    got = run(
        study, "--between", "2026-01..2026-02", "--and", "2026-05..2026-06", "--json", "--construct", "attachment"
    )
    record = json.loads(got.stdout)
    assert record["analysis"] == "change"
    assert (record["first"], record["second"]) == ("2026-01..2026-02", "2026-05..2026-06")
    assert record["construct"] == "attachment" and record["level"] == "moderate+"
    parts = sum(d["part"]["value"] for d in record["dimensions"]) + record["rate"]["value"]
    assert parts == pytest.approx(record["difference"]["value"])


def test_the_command_compares_two_models_and_shares_no_slice(study):
    got = run(study, "--models", "assistant-small", "assistant-large", "--shareable", "--format", "json")
    record = json.loads(got.stdout)
    assert record["by"] == "model" and record["slices"] == [] and record["known"] is None


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--between", "2026-01"), "Two sides are needed"),
        (("--between", "2025-01", "--and", "2026-01"), "No conversation of this study began in 2025-01"),
        (("--models", "a", "b"), "There is no model 'a'"),
        (("--models", "a", "b", "--between", "2026-01"), "not several of these"),
        (("--level", "awful", "--construct", "attachment"), "There is no level"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(study, args, words):
    got = run(study, *args)
    assert got.exit_code == 2
    assert words in got.output


def test_the_report_holds_the_section_and_the_shareable_record_no_private_field(study):
    page = (study / "report.html").read_text()
    assert 'id="change"' in page
    result = selfrule.study.study.Study.open(study).change(shareable=True)
    assert result.slices == []
    assert msgspec.json.decode(msgspec.json.encode(result), type=type(result)) == result
