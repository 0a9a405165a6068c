"""`selfrule patterns` as a user sees it."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

import selfrule
from selfrule.cli.main import app
from selfrule.patterns.records import Patterns
from selfrule.study import patterns_files
from tests.study.material import conversation, write_lines

EXAMPLE = str(resources.files("selfrule") / "example" / "conversations.jsonl")


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return selfrule.audit(EXAMPLE, tmp_path_factory.mktemp("rated") / "study").path


@pytest.fixture
def study(rated: Path, tmp_path: Path) -> Path:
    shutil.copytree(rated, tmp_path / "study")
    return tmp_path / "study"


def said(*arguments: str, code: int = 0) -> tuple[str, str]:
    got = CliRunner().invoke(app, ["patterns", *arguments])
    assert got.exit_code == code, got.output
    return got.stdout, got.stderr


def test_the_table_has_every_pattern_with_its_size_and_every_claim_with_its_count(study):
    out, err = said(str(study), "--per", "12")
    made = patterns_files.read(study / patterns_files.PRIVATE)
    flat = " ".join(out.split())
    for one in made.patterns:
        assert one.name in flat
        assert f"{one.id}: {one.conversations:,} conversations" in flat
        for claim in one.claims:
            assert f"{claim.text} ({claim.shown} of {claim.checked})" in flat
    assert "Stability" in out
    assert str(study / patterns_files.PRIVATE) in "".join(err.split("\n"))


def test_json_is_the_record_and_shareable_json_the_released_one(study):
    private = msgspec.json.decode(said(str(study), "--per", "12", "--json")[0], type=Patterns)
    assert private.kind == "private"
    released = msgspec.json.decode(said(str(study), "--shareable", "--format", "json")[0], type=Patterns)
    assert released == patterns_files.read(study / patterns_files.RELEASED)
    assert {one.id for one in released.patterns} <= {one.id for one in private.patterns}


def test_what_is_printed_to_be_shared_has_no_count_below_k(study):
    out, _ = said(str(study), "--per", "12", "--shareable", "--k", "10")
    for one in patterns_files.read(study / patterns_files.RELEASED).patterns:
        assert one.conversations >= 10
    assert "patterns.json" not in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--judge", "nobody"], "nobody"),
        (["--facets", "../x"], "facets"),
        (["--embedding", "/nowhere"], "embedding model"),
        (["--judge", "embedded,ollama:x"], "judge"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_exit_code_2(study, options, words):
    _, err = said(str(study), *options, code=2)
    assert err.startswith("selfrule: ")
    assert words in err


def test_a_folder_that_is_no_study_is_told_so(tmp_path):
    _, err = said(str(tmp_path), code=2)
    assert "is no study" in err.replace("\n", " ")


def test_a_report_says_that_stale_patterns_were_left_out(study, tmp_path):
    opened = selfrule.Study.open(study)
    opened.patterns()
    got = CliRunner().invoke(app, ["report", str(study)])
    assert "earlier ratings" not in got.stdout
    opened.import_(write_lines(tmp_path / "more.jsonl", [conversation(seed) for seed in range(12)]))
    got = CliRunner().invoke(app, ["rate", str(study)])
    assert "Patterns are of earlier ratings and left out." in got.stdout
    got = CliRunner().invoke(app, ["report", str(study)])
    assert "Patterns are of earlier ratings and left out." in got.stdout
