"""selfrule agreement."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from selfrule.cli import agreement_
from tests.study.judged import add_judge, levels, made, rated

CLAUDE = "anthropic:claude-x/joint-1@0123abcd"
LOCAL = "openai-compatible:http://127.0.0.1:8000/v1#Qwen/Qwen3-8B/joint-1@0123abcd"


def run(study, *options):
    app = typer.Typer()
    app.command()(agreement_.command)
    done = CliRunner().invoke(app, [str(study), *options])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = made(tmp_path_factory.mktemp("agreement"), 80, 40)
    add_judge(folder, CLAUDE, lambda i: rated(i % 4) if i != 5 else {"status": "refused"})
    add_judge(
        folder,
        LOCAL,
        lambda i: {**rated(), "levels": levels(max(i % 4 - (i % 7 == 0), 0), attachment=2 if i < 6 else 0)},
    )
    return folder.root


def test_with_one_judge_it_says_so_and_how_to_add_another(tmp_path):
    said = run(made(tmp_path, 10).root)
    assert said.startswith("One judge\nembedded: rated 10")
    assert "--judge anthropic:MODEL" in said


def test_judges_go_by_the_shortest_names_that_tell_them_apart(two):
    said = run(two)
    assert "claude-x and Qwen/Qwen3-8B\nOn 79 conversations that both rated:" in said
    assert CLAUDE in said


def test_every_pair_shows_each_construct_with_its_interval(two):
    said = run(two).partition("claude-x and Qwen/Qwen3-8B")[2]
    row = next(line for line in said.splitlines() if line.strip().startswith("Reality distortion"))
    cells = row.split()[2:]
    assert cells[:4] == ["88.6", "%", "100", "%"]
    assert float(cells[5]) < float(cells[4]) < float(cells[7])
    assert " ".join(cells[8:]) == "37 of 40 37 of 37"
    assert "Rated by Qwen/Qwen3-8B and not by claude-x: 1 (refused by the judge)." in said


def test_what_a_high_agreement_hides_is_said(two):
    said = " ".join(run(two).split())
    assert (
        "claude-x found none of the conversations that Qwen/Qwen3-8B rated moderate or above on attachment (5)" in said
    )
    assert "kappa is not defined" in said


def test_it_says_what_agreement_does_not_show(two):
    assert "not how often they are right" in run(two)


def test_confusion_tables_are_printed_on_request_alone(two):
    assert "rows claude-x, columns" not in run(two)
    said = run(two, "--confusion").partition("Reality distortion: rows claude-x, columns Qwen/Qwen3-8B")[2]
    table = [line.split() for line in said.splitlines()[1:7]]
    assert table[0] == ["none", "mild", "moderate", "severe"]
    assert table[2][:2] == ["none", "20"]


def test_json_holds_the_same_figures_and_the_warnings(two):
    got = json.loads(run(two, "--json"))
    assert [j["label"].partition("@")[0] for j in got["judges"]][1:] == [
        CLAUDE.partition("@")[0],
        LOCAL.partition("@")[0],
    ]
    pair = got["pairs"][2]
    assert pair["constructs"]["reality_distortion"]["n"] == pair["both"] == 79
    assert set(pair["constructs"]["flagged"]["kappa"]) == {"value", "low", "high", "reason"}
    assert any("attachment" in w for w in got["warnings"])


def test_no_line_is_wider_than_a_plain_log_takes(two):
    assert max(len(line) for line in run(two, "--confusion").splitlines()) <= 100


def test_what_a_folder_without_a_study_gets_is_an_error_with_its_path(tmp_path):
    from selfrule.errors import StudyError

    with pytest.raises(StudyError, match=str(tmp_path)):
        agreement_.command(tmp_path / "nothing")


def test_a_label_with_control_characters_cannot_move_the_cursor(tmp_path):
    folder = made(tmp_path, 10)
    add_judge(folder, "mine\x1b[2J", lambda i: rated(i % 4), spec=None, kind="object")
    assert "\x1b" not in run(folder.root)
