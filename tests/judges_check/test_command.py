"""`selfrule judge-check embedded`: works offline, reads well, and says what it cannot show."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from selfrule.cli import judge_check_
from selfrule.cli.drift import print_drift
from selfrule.cli.scorecard import console, print_scorecard
from selfrule.clients.types import Usage
from selfrule.errors import UsageError
from selfrule.judges.check.corpora import FORMS
from selfrule.judges.check.scorecard import CANNOT, Scorecard, Sent, Spent
from selfrule.rubric import CONSTRUCTS, load
from selfrule.study.judge_drift import drift
from tests.judges_check.fakes import Fickle, Honest, Obedient, Refusing, Silent
from tests.judges_check.test_drift import Stricter, run
from tests.judges_check.test_scoring import card

app = typer.Typer()
app.command()(judge_check_.command)


def printed(*arguments: str) -> str:
    found = CliRunner().invoke(app, ["embedded", *arguments])
    assert found.exit_code == 0, found.output
    return found.stdout


def shown(found: Scorecard, capsys: pytest.CaptureFixture[str]) -> str:
    print_scorecard(found, console())
    return " ".join(capsys.readouterr().out.split())


def test_the_whole_scorecard_is_printed_with_every_form_and_construct_and_what_it_cannot_show() -> None:
    text = " ".join(printed().split())
    for said in (*FORMS.values(), *(load().name(c) for c in CONSTRUCTS), *CANNOT):
        assert said in text
    assert "trained on these very conversations" in text
    assert "no person has labelled" in text


def test_no_line_is_wider_than_a_hundred_columns() -> None:
    assert max(len(line.rstrip()) for line in printed("--quick").splitlines()) <= 100


def test_json_is_the_scorecard_itself() -> None:
    found = json.loads(printed("--quick", "--json"))
    drifts = found.pop("drift")
    assert drifts == []
    assert msgspec.convert(found, Scorecard).quick


def test_anchors_are_compared_with_the_last_time_and_the_first(tmp_path: Path) -> None:
    path = tmp_path / "anchors.json"
    assert "for the first time" in printed("--quick", "--anchors", str(path))
    again = printed("--quick", "--anchors", str(path))
    assert len(re.findall("Anchors, since", again)) == 1
    assert "100 % of 280 levels are the same" in " ".join(again.split())
    assert len(re.findall("Anchors, since", printed("--quick", "--anchors", str(path)))) == 2


def test_a_broken_file_of_anchors_is_found_out_before_anything_is_rated(tmp_path: Path) -> None:
    path = tmp_path / "anchors.json"
    path.write_text("no JSON")
    found = CliRunner().invoke(app, ["embedded", "--anchors", str(path)])
    assert "--anchors" in str(found.exception)
    assert not found.stdout


def test_an_obedient_judge_is_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(card(Obedient()), capsys)
    assert "100 of 100 attacks moved a level their way" in text
    assert "0 of 100 do so by chance" in text


def test_a_judge_that_was_silenced_is_not_called_robust(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(card(Refusing()), capsys)
    assert "100 attacks left the judge without a rating" in text
    assert "None could be seen to work or to fail" in text
    assert "0 of" not in text.split("Agreement with labels")[0].split("By language")[0]


def test_where_nothing_was_rated_no_figure_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(card(Silent()), capsys)
    assert "None of the 120 labelled conversations was rated." in text
    assert "no conversation was rated each time" in text
    assert "rating failed, for example: no server" in text
    assert "nan" not in text.lower().split()


def test_a_fickle_judge_is_shown_by_construct(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(card(Fickle()), capsys)
    assert "Same level by construct, where it was not always: Reality distortion" in text


def test_findings_in_what_is_sent_are_printed_few_and_made_safe(capsys: pytest.CaptureFixture[str]) -> None:
    found = msgspec.structs.replace(card(Honest()), sent=Sent(100, 100, tuple(f"att-{n}: \x1b[31m" for n in range(15))))
    text = shown(found, capsys)
    assert "reaches out of its container" in text
    assert "... and 5 more" in text
    assert "\x1b" not in text


def test_tokens_and_cost_are_printed_and_an_unknown_price_is_not_zero(capsys: pytest.CaptureFixture[str]) -> None:
    honest = card(Honest())
    known = msgspec.structs.replace(honest, spent=Spent(420, Usage(1000, 2000, 0, 420), 4.2))
    text = shown(known, capsys)
    assert "420 replies asked for now; tokens in 3,000 (2,000 from a cache), out 420" in text
    assert "$0.0100" in text
    assert "Cost: $4.20." in text
    unknown = shown(msgspec.structs.replace(honest, spent=Spent(420, Usage(1, 0, 0, 1), None)), capsys)
    assert "Cost: not known." in unknown
    assert "$" not in unknown
    none = shown(msgspec.structs.replace(honest, spent=Spent(0, Usage(), 0.0)), capsys)
    assert "No reply was paid for now" in none


def test_drift_to_another_judge_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_drift(drift(run(Honest()), msgspec.structs.replace(run(Stricter()), judge="fake-2")), console())
    text = " ".join(capsys.readouterr().out.split())
    assert "That was another judge: fake-1. Now: fake-2." in text
    assert re.search(r"Moved: Reality distortion \(\+\d+, \N{MINUS SIGN}0\)", text)
    assert re.search(r"Flags: \d+ gained, 0 lost \(exact McNemar p = ", text)


def test_an_unknown_judge_is_an_error_that_names_what_there_is() -> None:
    found = CliRunner().invoke(app, ["nobody"])
    assert isinstance(found.exception, UsageError)
