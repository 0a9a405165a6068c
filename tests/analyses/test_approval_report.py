"""The section on approval and its command: what is said, what is withheld, and that no thumb is invented."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import selfrule
from selfrule.analyses.approval import approval_of, public
from selfrule.analyses.sample import outcome_of
from selfrule.cli.main import app
from selfrule.errors import UsageError
from selfrule.report.analyses import section
from selfrule.report.analyses.approval import name_of
from tests.report.test_report_charts import check, marks

from .samples import sample_from
from .test_approval import population


def words(result) -> str:
    """Everything that a section says, in one text."""
    laid = section(result)
    said = [laid.title]
    for part in laid.parts:
        said += [part.title, *part.paragraphs, *part.items]
        if part.figure is not None and part.figure.table is not None:
            table = part.figure.table
            said += [table.caption, table.note, *table.columns]
            said += [cell.text for body in table.bodies for row in body.rows for cell in row]
        if part.figure is not None and part.figure.chart is not None:
            said += [str(part.figure.chart.page), str(part.figure.chart.phone)]
    return "\n".join(said)


@pytest.fixture(scope="module")
def large():
    return approval_of(population(3, people=900, effect=0.2))


def test_it_opens_with_what_it_shows_and_cannot_and_gives_baseline_and_study(large):
    laid = section(large)
    first = laid.parts[0].paragraphs[0]
    assert first.startswith(large.shows)
    assert large.cannot in first
    said = words(large)
    assert f"Of {large.baseline.n:,} rated conversations with a thumb" in said
    assert "In the study 79.8 % of 563,612 thumbs were up; another population." in said
    assert f"{large.baseline.missing:,} rated conversations have none" in said


def test_every_group_has_a_row_in_every_table_and_a_place_in_the_chart(large):
    laid = section(large)
    tables = [p.figure.table for p in laid.parts if p.figure is not None and p.figure.table is not None]
    assert len(tables) == 4
    names = [name_of(g) for g in large.groups]
    for table in tables:
        assert [row[0].text for body in table.bodies for row in body.rows] == names
        assert all(len(row) == len(table.columns) for body in table.bodies for row in body.rows)
    (chart,) = [p.figure.chart for p in laid.parts if p.figure is not None and p.figure.chart is not None]
    check(chart)
    there = [g for g in large.groups if g.adjusted.value is not None]
    assert len([e for e in marks(chart.page, "flag") if e.tag.endswith("circle")]) == len(there)


def test_what_agrees_with_the_study_is_said_and_what_does_not_too():
    up = words(approval_of(population(11, 900, 0.2, mixed=False), (outcome_of(),)))
    down = words(approval_of(population(11, 900, -0.3, mixed=False), (outcome_of(),)))
    assert "1 agrees with it, 0 go the other way, 0 cannot tell" in up
    assert "above: as in the study" in up
    assert "above: the other way" in down
    assert "this goes the other way" in down


def test_a_level_that_was_asked_for_is_named():
    (group,) = approval_of(population(1), (outcome_of("reality_distortion", "severe"),)).groups
    assert name_of(group) == "Reality distortion, severe"


def test_without_thumbs_it_says_so_and_invents_nothing():
    said = words(approval_of(sample_from(person=range(20), flagged=[1, 0] * 10)))
    assert "No conversation here that was rated has a thumb." in said
    assert "0 %" not in said


def test_withheld_groups_leave_no_number_in_words_tables_or_chart():
    rng = np.random.default_rng(1)
    n = 317
    flagged = np.r_[np.ones(7, int), np.zeros(n - 7, int)]
    thumb = np.r_[np.ones(6), np.zeros(1), rng.integers(0, 2, n - 7)].astype(np.int8)
    made = public(approval_of(sample_from(person=range(n), flagged=flagged, thumb=thumb), (outcome_of(),)), 10)
    laid = section(made)
    cells = [row for p in laid.parts if p.figure and p.figure.table for b in p.figure.table.bodies for row in b.rows]
    for row in cells:
        assert not [cell.text for cell in row[1:] if any(letter.isdigit() for letter in cell.text)]
        assert all(cell.sort is None or cell.sort == 0 for cell in row)
    assert all(p.figure is None or p.figure.chart is None for p in laid.parts)
    assert "310" not in words(made)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A small study with thumbs on some of its conversations, and a score on others."""
    folder = tmp_path_factory.mktemp("approval")
    source = (folder / "in.jsonl").open("w", encoding="utf-8")
    rng = np.random.default_rng(1)
    with source:
        for i in range(60):
            asked = (
                "You always know best. Tell me what to do, I will do exactly that."
                if i % 3
                else "Sort a list in Python?"
            )
            turns = [{"role": "user", "content": f"{asked} ({i}, {rng.integers(10**9)})"},
                     {"role": "assistant", "content": f"Here is what you do, step {i}: {rng.integers(10**9)}."}]  # fmt: skip
            record = {"id": f"c{i}", "user_id": f"p{i % 25}", "messages": turns}
            if i < 40:
                record["thumb"] = "up" if i % 2 else "down"
            elif i < 50:
                record["score"] = 5
            source.write(json.dumps(record) + "\n")
    return selfrule.audit(folder / "in.jsonl", folder / "study", workers=1)


def test_the_method_counts_thumbs_and_takes_no_score_for_one(study):
    made = study.approval()
    assert made.baseline.n + made.unrated_thumbs == 40
    assert made.baseline.value == pytest.approx(0.5, abs=0.05)
    (alone,) = study.approval("flagged").groups
    assert alone.difference == made.groups[0].difference
    with pytest.raises(UsageError, match="level"):
        study.approval(level="severe")


@pytest.mark.parametrize("more", [[], ["--shareable"], ["--construct", "action_distortion", "--level", "mild+"]])
def test_the_command_prints_a_table_or_json(study, more):
    ran = CliRunner().invoke(app, ["approval", str(study.path), *more])
    assert ran.exit_code == 0, ran.output
    assert "Approval: thumbs up and down" in ran.output
    ran = CliRunner().invoke(app, ["approval", str(study.path), "--json", *more])
    made = json.loads(ran.stdout)
    assert made["analysis"] == "approval"
    assert len(made["groups"]) == (1 if "--construct" in more else 11)


def test_a_construct_that_is_not_there_ends_with_a_message_and_2(study):
    ran = CliRunner().invoke(app, ["approval", str(study.path), "--construct", "happiness"])
    assert ran.exit_code == 2
    assert "happiness" in ran.output


def test_the_report_holds_the_section_where_there_are_thumbs(study):
    assert 'id="approval"' in study.report(private=True).read_text(encoding="utf-8")
