"""The command line."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from selfrule.cli.main import COMMANDS
from selfrule.cli.reference import page
from selfrule.cli.view import plain
from tests.study.material import conversation, write_lines

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "selfrule", *arguments], capture_output=True, check=False, **options)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    records = [conversation(i) for i in range(30)]
    records[3]["id"] = "=HYPERLINK(1)"
    log = write_lines(folder / "log.jsonl", [*records, {"nothing": 1}])
    done = run("audit", str(log), "-o", str(folder / "study"))
    assert done.returncode == 0, done.stderr
    return folder / "study", done


def test_audit_says_which_format_it_recognised_and_why(study):
    assert b"log.jsonl: openai_messages (has 'messages'" in study[1].stderr


def test_audit_ends_with_the_table_the_problems_and_the_place_of_the_report(study):
    out, told = study[1].stdout.decode(), study[1].stderr.decode()
    assert "Reality distortion" in out
    assert out.strip().splitlines()[-1] == f"Report: {study[0] / 'report.html'}"
    assert "Skipped: 1" in told


def test_a_log_that_is_no_terminal_gets_no_control_characters(study):
    assert b"\x1b" not in study[1].stdout + study[1].stderr


def test_strict_exits_with_1_when_a_record_was_skipped(study, tmp_path):
    log = write_lines(tmp_path / "log.jsonl", [conversation(1), {"nothing": 1}])
    assert run("audit", str(log), "-o", str(tmp_path / "study"), "--strict").returncode == 1


def test_ratings_as_jsonl_csv_and_parquet_agree(study, tmp_path):
    lines = [json.loads(line) for line in run("ratings", str(study[0])).stdout.splitlines()]
    rows = list(csv.DictReader(io.StringIO(run("ratings", str(study[0]), "--format", "csv").stdout.decode())))
    path = tmp_path / "ratings.parquet"
    path.write_bytes(run("ratings", str(study[0]), "--format", "parquet").stdout)
    table = pq.read_table(path)
    assert [r["conversation_id"] for r in lines] == [r["conversation_id"] for r in rows]
    assert table["conversation_id"].to_pylist() == [r["conversation_id"] for r in lines]
    assert [r["levels"]["vulnerability"] for r in lines] == [int(r["levels_vulnerability"]) for r in rows]


def test_a_csv_cell_cannot_become_a_formula(study):
    out = run("ratings", str(study[0]), "--format", "csv").stdout.decode()
    assert "'=HYPERLINK(1)" in out
    assert "\n=HYPERLINK" not in out


def test_estimates_as_json_have_the_fields_of_the_contract(study):
    (first, *_) = json.loads(run("estimates", str(study[0]), "--format", "json").stdout)
    wanted = "construct level group count n share low high method missing low_if_missing_none high_if_missing_all"
    assert set(wanted.split()) <= set(first)


def test_doctor_finds_a_sound_study_sound_and_a_damaged_one_damaged(study, tmp_path):
    assert run("doctor", str(study[0])).returncode == 0
    log = write_lines(tmp_path / "log.jsonl", [conversation(1)])
    run("audit", str(log), "-o", str(tmp_path / "study"))
    (part,) = (tmp_path / "study" / "ratings").rglob("*.parquet")
    part.write_bytes(b"broken")
    done = run("doctor", str(tmp_path / "study"))
    assert done.returncode == 1
    assert b"cannot be read" in done.stdout


def test_standard_input_is_read_and_not_kept(tmp_path):
    data = b"\n".join(json.dumps(conversation(i)).encode() for i in range(3))
    done = run("audit", "-", "-o", str(tmp_path / "study"), input=data)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "study" / ".stdin").exists()


def test_an_unknown_format_name_ends_in_one_line_that_lists_the_formats(tmp_path):
    log = write_lines(tmp_path / "log.jsonl", [conversation(1)])
    done = run("audit", str(log), "-o", str(tmp_path / "study"), "--format", "nosuch")
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"chatgpt" in done.stderr


def test_a_reader_that_leaves_early_is_no_error(study):
    command = f"{sys.executable} -m selfrule ratings {study[0]} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert done.stderr == b""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert b"Example: selfrule " + command.encode() in done.stdout


def test_the_page_on_the_command_line_is_what_the_commands_say():
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == page(), "run: make docs"


def test_control_characters_from_a_file_cannot_move_the_cursor():
    assert plain("a\x1b[2Jb\u202ec") == "a\\x1b[2Jb\\x202ec"


@pytest.mark.parametrize(("code", "limit"), [("import selfrule", 0.3), ("--help", 0.5)])
def test_start_up_is_fast(code, limit):
    command = [sys.executable, "-c", code] if code.startswith("import") else [sys.executable, "-m", "selfrule", code]
    spent = []
    for _ in range(5):
        begun = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        spent.append(time.perf_counter() - begun)
    # the best of five: other work on the machine is not ours
    assert min(spent) < limit
