"""selfrule labels, and what selfrule agreement says of labels."""

from __future__ import annotations

import csv
import io
import json
import stat

import pytest
import typer
from typer.testing import CliRunner

from selfrule.cli import agreement_, labels_
from selfrule.errors import SelfruleError
from selfrule.rubric import CONSTRUCTS
from selfrule.study.labelling import Labelling
from tests.study.judged import add_judge, identities, made, rated
from tests.study.test_agreement_labels import label_all

CLAUDE = "anthropic:claude-x/joint-1@0123abcd"


def run(module, *arguments):
    app = typer.Typer()
    app.command()(module.command)
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def folder(tmp_path):
    found = made(tmp_path, 60, 30)
    add_judge(found, CLAUDE, lambda i: rated(i % 4), report=True)
    return found


def test_before_a_draw_it_says_how_to_make_one(folder):
    assert f"selfrule labels {folder.root} draw --n 200" in run(labels_, folder.root)
    with pytest.raises(SelfruleError, match="--n 200"):
        run(labels_, folder.root, "draw")


def test_a_draw_shows_its_strata_and_is_made_longer_by_the_same_command(folder):
    said = run(labels_, folder.root, "draw", "--n", "24", "--doubles", "0.25", "--seed", "3")
    assert "Queue of 24 conversations" in said
    assert "for two labellers" in said
    assert f"selfrule label {folder.root}" in said
    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line[:1].isalpha()}
    assert rows["severe"][0] == "15"
    run(labels_, folder.root, "draw", "--n", "40")
    made_ = json.loads(run(labels_, folder.root, "--json"))
    assert made_["of"] == 40
    assert Labelling(folder).draw.seed == 3


def test_status_counts_what_was_reached_and_what_each_label_stands_for(folder):
    label_all(folder, 24, lambda n, _: {"attachment": 1} if n % 5 else None, names=("Ana", "Bo"))
    said = run(labels_, folder.root)
    assert "Ana" in said
    assert "Bo" in said
    found = json.loads(run(labels_, folder.root, "status", "--json"))
    assert sum(s["reached"] for s in found["strata"]) == 24
    assert all(s["labelled"] <= s["reached"] <= s["drawn"] <= s["size"] for s in found["strata"])
    assert {one["name"] for one in found["labellers"]} == {"Ana", "Bo"}
    assert found["notes"] == []


def test_torn_files_and_labels_that_do_not_count_yet_are_said(folder):
    labelling = label_all(folder, 24, lambda n, _: {})
    (path,) = (folder.root / "labels" / "given").iterdir()
    path.write_bytes(b"{broken\n" + path.read_bytes() + b'{"half')
    (folder.root / "labels" / "handed" / f"{labelling.draw.id}.jsonl").unlink()
    run(labels_, folder.root, "draw", "--n", "40")
    notes = json.loads(run(labels_, folder.root, "--json"))["notes"]
    assert any("line 1: not a label" in note for note in notes)
    assert any("not finished" in note for note in notes)
    assert any("24 labelled conversations of the queue lie beyond" in note for note in notes)


def test_an_export_is_private_and_comes_back(folder, tmp_path):
    label_all(folder, 20, lambda n, _: {"attachment": 2})
    out = tmp_path / "queue.csv"
    said = run(labels_, folder.root, "export", "--format", "csv", "-o", out)
    assert "private" in said
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"), newline="")))
    assert len(rows) == 20
    assert {row["attachment"] for row in rows} == {"moderate"}
    said = run(labels_, folder.root, "import", out)
    assert "Read 20 labels as csv: kept 0 of 0 conversations, 20 known already, 0 could not be used." in said
    assert "conversation" not in run(labels_, folder.root, "export", "--format", "csv", "--no-conversations").split(",")


def test_an_export_for_label_studio_comes_with_its_configuration(folder, tmp_path):
    run(labels_, folder.root, "draw", "--n", "10")
    out = tmp_path / "tasks.json"
    said = run(labels_, folder.root, "export", "--format", "label-studio", "-o", out)
    assert (tmp_path / "tasks.xml").read_text("utf-8").startswith("<View>")
    assert "Labeling Interface" in said
    assert len(json.loads(out.read_bytes())) == 10


def test_what_cannot_be_imported_is_listed_and_what_it_would_take_to_count_is_said(folder, tmp_path):
    first = identities(folder)[0]
    path = tmp_path / "x.csv"
    path.write_text(f"conversation_id,attachment\n{first},1\nnone,2\n{first},high\n")
    said = run(labels_, folder.root, "import", path, "--labeller", "Cy")
    assert "kept 1 of 1 conversations" in said
    assert "2 could not be used" in said
    assert "Cy: 1" in said
    assert "--random" in said
    again = json.loads(run(labels_, folder.root, "import", path, "--labeller", "Cy", "--random", "--json"))
    assert (again["kept"], again["random"], len(again["problems"])) == (1, True, 2)


def test_arguments_that_do_not_go_together_are_refused(folder, tmp_path):
    with pytest.raises(SelfruleError, match="needs a file"):
        run(labels_, folder.root, "import")
    with pytest.raises(SelfruleError, match="Only import takes a FILE"):
        run(labels_, folder.root, "draw", tmp_path / "x")


def test_agreement_shows_labellers_judges_and_what_is_always_missed(folder):
    label_all(
        folder,
        60,
        lambda n, name: {"reality_distortion": n % 4, "attachment": int(n % 4 == 1 and name == "Ana")},
        doubles=0.5,
        names=("Ana", "Bo"),
    )
    said = run(agreement_, folder.root)
    assert "Labels by people" in said
    assert "Ana and Bo" in said
    assert "claude-x against labels" in said
    part = said.partition("claude-x against labels")[2]
    row = next(line for line in part.splitlines() if line.startswith("Reality distortion"))
    assert row.split()[2:4] == ["100", "%"]
    assert "weighted sens." in part
    assert "To be careful about with labels" in said
    assert max(map(len, said.splitlines())) <= 100
    wide = run(agreement_, folder.root, "--confusion")
    assert "rows labels, columns claude-x" in wide
    assert max(map(len, wide.splitlines())) <= 120
    found = json.loads(run(agreement_, folder.root, "--json"))
    (judge,) = (j for j in found["labels"]["judges"] if j["judge"] == CLAUDE)
    assert set(judge["constructs"]) == {*CONSTRUCTS, "flagged", "pooled"}
    assert judge["source"] == "draw"


def test_agreement_of_one_judge_and_no_label_says_how_to_get_either(tmp_path):
    said = run(agreement_, made(tmp_path, 10).root)
    assert "selfrule label " in said
    assert "--judge anthropic:MODEL" in said
