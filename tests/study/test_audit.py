"""The main job, end to end."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

import selfrule
from selfrule.errors import InputError, StudyError
from tests.study.material import ANSWERS, ASKS, conversation, write_lines

SELFRULE = [sys.executable, "-m", "selfrule"]


def rows(study: selfrule.Study) -> list[dict]:
    return study.ratings().to_pylist()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    log = write_lines(folder / "log.jsonl", [conversation(i) for i in range(60)])
    return selfrule.audit(log, folder / "study", workers=1)


def test_every_conversation_read_has_one_row_with_its_own_id_in_order(small):
    assert [r["source_id"] for r in rows(small)] == [f"c{i}" for i in range(60)]


def test_a_rated_row_has_all_levels_probabilities_that_sum_to_one_and_evidence_in_range(small):
    for row in rows(small):
        assert row["status"] == "rated"
        for construct, level in row["levels"].items():
            assert level in (0, 1, 2, 3)
            assert sum(row["probabilities"][construct]) == pytest.approx(1, abs=1e-4)
            assert bool(row["evidence"][construct]) or level == 0
            assert all(0 <= turn < row["turn_count"] for turn in row["evidence"][construct])


def test_the_study_holds_no_raw_person(small):
    for path in small.path.rglob("*"):
        if path.is_file():
            assert b"example.org" not in path.read_bytes()
    assert len({r["person"] for r in rows(small)}) == 7


def test_the_shareable_report_holds_no_conversation_text_and_no_ids(small):
    page = (small.path / "report.html").read_text("utf-8")
    assert "neighbour sends signals" not in page
    assert "log.jsonl" not in page
    for row in rows(small):
        assert row["conversation_id"] not in page
        assert row["person"] not in page


def test_the_private_report_is_for_the_owner_alone(small):
    path = small.report(private=True)
    assert path.stat().st_mode & 0o077 == 0


def test_estimates_cover_every_construct_and_their_bounds_hold_the_interval(small):
    found = small.estimate_list()
    assert {e.construct for e in found} >= {*selfrule_constructs(), "flagged"}
    for e in found:
        if e.share is not None:
            assert 0 <= e.low_if_missing_none <= e.low <= e.share <= e.high <= e.high_if_missing_all <= 1


def selfrule_constructs() -> tuple[str, ...]:
    from selfrule.rubric import CONSTRUCTS

    return CONSTRUCTS


def test_a_second_run_does_nothing_again_and_changes_nothing(small, tmp_path):
    before = {p: p.stat().st_mtime_ns for p in small.path.rglob("*.parquet") if p.parent.name != "duplicates"}
    log = write_lines(tmp_path / "log.jsonl", [conversation(i) for i in range(60)])
    again = selfrule.audit(log, small.path, workers=1)
    after = {p: p.stat().st_mtime_ns for p in small.path.rglob("*.parquet") if p.parent.name != "duplicates"}
    assert after == before
    assert len(rows(again)) == 60


def test_a_log_that_has_grown_gives_only_what_is_new(tmp_path):
    log = write_lines(tmp_path / "log.jsonl", [conversation(i) for i in range(20)])
    selfrule.audit(log, tmp_path / "study", workers=1)
    write_lines(log, [conversation(i) for i in range(30)])
    study = selfrule.audit(log, tmp_path / "study", workers=1)
    unique = [r for r in rows(study) if r["status"] != "duplicate"]
    assert sorted(r["source_id"] for r in unique) == sorted(f"c{i}" for i in range(30))
    flagged = next(e for e in study.estimate_list() if e.construct == "flagged" and not e.group)
    assert flagged.n + flagged.missing == 30


def test_a_copy_is_kept_once_and_marked(tmp_path):
    first, other = conversation(1), conversation(2)
    copy = {**first, "id": "copy"}
    shouted = {
        **other,
        "id": "shouted",
        "messages": [{**m, "content": m["content"].upper()} for m in other["messages"]],
    }
    study = selfrule.audit(
        write_lines(tmp_path / "log.jsonl", [first, other, copy, shouted]), tmp_path / "study", workers=1
    )
    assert [r["status"] for r in rows(study)] == ["rated", "rated", "duplicate", "duplicate"]
    assert rows(study)[2]["duplicate_of"] == rows(study)[0]["conversation_id"]


def test_the_same_words_from_two_people_are_two_conversations(tmp_path):
    first = conversation(1)
    other = {**first, "id": "other", "user_id": "someone else"}
    study = selfrule.audit(write_lines(tmp_path / "log.jsonl", [first, other]), tmp_path / "study", workers=1)
    assert [r["status"] for r in rows(study)] == ["rated", "rated"]


def test_a_conversation_that_went_on_replaces_its_earlier_state(tmp_path):
    early, late = conversation(1, turns=4), conversation(1, turns=8)
    selfrule.audit(write_lines(tmp_path / "monday.jsonl", [early]), tmp_path / "study", workers=1)
    study = selfrule.audit(write_lines(tmp_path / "friday.jsonl", [late]), tmp_path / "study", workers=1)
    assert [r["status"] for r in rows(study)] == ["duplicate", "rated"]


def test_many_small_files_make_few_parts(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(120):
        (folder / f"{i:03d}.json").write_text(json.dumps(conversation(i)), "utf-8")
    study = selfrule.audit(folder, tmp_path / "study", workers=1)
    assert len(list((study.path / "conversations").iterdir())) == 1
    assert [r["source_id"] for r in rows(study)] == [f"c{i}" for i in range(120)]


def test_a_table_with_one_turn_a_row_is_read_by_conversation(tmp_path):
    lines = ["conversation_id,role,text"]
    for turn in range(4):
        for talk in "ab":
            role = "user" if turn % 2 == 0 else "assistant"
            lines.append(f'{talk},{role},"Line {turn} of talk {talk}, said with enough words to read."')
    table = tmp_path / "turns.csv"
    table.write_text("\n".join(lines), "utf-8")
    study = selfrule.audit(table, tmp_path / "study", workers=1)
    assert [(r["source_id"], r["turn_count"]) for r in rows(study)] == [("a", 4), ("b", 4)]


def test_a_mapping_reads_a_format_of_ones_own(tmp_path):
    record = {
        "talk": [{"who": "me", "said": "Should I go back to her?"}, {"who": "it", "said": "You must. Do it today."}]
    }
    log = write_lines(tmp_path / "own.jsonl", [record])
    mapping = {"turns": "talk", "text": "said", "role": "who", "roles.me": "user", "roles.it": "assistant"}
    study = selfrule.audit(log, tmp_path / "study", map=mapping, workers=1)
    assert rows(study)[0]["status"] == "rated"


def test_choices_of_the_screen_make_tables_of_their_own_and_say_what_was_screened_out(tmp_path):
    log = write_lines(tmp_path / "log.jsonl", [conversation(i) for i in range(40)])
    study = selfrule.audit(log, tmp_path / "study", screen_recall=0.5, check=0.0, workers=1)
    out = [r for r in rows(study) if r["status"] == "screened_out"]
    assert out
    assert all(r["levels"] is None or all(v is None for v in r["levels"].values()) for r in out)
    study.rate(workers=1)
    assert all(r["status"] == "rated" for r in rows(study))


def test_a_folder_with_other_things_in_it_is_not_made_a_study(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    log = write_lines(tmp_path / "log.jsonl", [conversation(1)])
    with pytest.raises(StudyError, match="is not empty"):
        selfrule.audit(log, tmp_path)


def test_an_input_that_is_not_there_makes_no_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"gone\.zip: no such file"):
        selfrule.audit("gone.zip")
    assert list(tmp_path.iterdir()) == []


def test_two_runs_at_once_on_one_study_are_refused(tmp_path):
    study = selfrule.create(tmp_path / "study")
    log = write_lines(tmp_path / "log.jsonl", [conversation(1)])
    with study._folder.lock(), pytest.raises(StudyError, match="Another selfrule run"):
        study.import_(log)


def run(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([*SELFRULE, *arguments], capture_output=True, text=True, check=False, **options)


def answer(study: Path) -> tuple[str, str]:
    """What a study says, without the name of the folder it stands in."""
    lines = [json.loads(line) for line in run("ratings", str(study)).stdout.splitlines()]
    estimates = run("estimates", str(study), "--format", "json").stdout
    assert len(lines) == FILES
    return json.dumps(lines), estimates


FILES = 1100


@pytest.mark.parametrize("seconds", [1.0, 1.8, 2.8])
def test_a_run_killed_at_any_moment_goes_on_and_ends_as_an_uninterrupted_one(tmp_path, seconds, killed_reference):
    log, reference = killed_reference
    study = tmp_path / "study"
    selfrule.create(study)
    # every study has a key of its own for pseudonyms; these two are to be compared to the letter
    shutil.copy(log.parent / "study" / "secret.key", study / "secret.key")
    process = subprocess.Popen(
        [*SELFRULE, "audit", str(log), "-o", str(study), "--workers", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = run("audit", str(log), "-o", str(study), "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert answer(study) == reference


@pytest.fixture(scope="module")
def killed_reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    log = folder / "log"
    log.mkdir()
    for i in range(FILES):
        (log / f"{i:04d}.json").write_text(json.dumps(conversation(i, turns=2)), "utf-8")
    assert run("audit", str(log), "-o", str(folder / "study"), "--workers", "1").returncode == 0
    return log, answer(folder / "study")


def test_a_zip_is_read_and_what_is_in_it_beside_conversations_is_told(tmp_path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.jsonl", json.dumps(conversation(1)) + "\n")
        archive.writestr("user.json", "{}")
        archive.writestr("../escape.json", "{}")
    (tmp_path / "export.zip").write_bytes(data.getvalue())
    study = selfrule.audit(tmp_path / "export.zip", tmp_path / "study", workers=1)
    kinds = {(r["kind"], r["severity"]) for r in study.problems().to_pylist()}
    assert kinds == {("companion", "note"), ("path_traversal", "skipped")}
    assert len(rows(study)) == 1


def test_a_chatgpt_export_brings_its_thumbs_and_its_owner_from_the_files_beside_it(tmp_path):
    def node(name: str, parent: str | None, role: str, text: str) -> dict:
        content = {"content_type": "text", "parts": [text]}
        return {"id": name, "parent": parent, "message": {"id": name, "author": {"role": role}, "content": content}}

    talks = [
        {
            "conversation_id": f"talk-{i}",
            "current_node": "b",
            "mapping": {"a": node("a", None, "user", f"{ASKS[i]}"), "b": node("b", "a", "assistant", ANSWERS[i])},
        }
        for i in range(3)
    ]
    feedback = [
        {"conversation_id": "talk-1", "rating": "thumbs_down"},
        {"conversation_id": "talk-2", "rating": "thumbs_up"},
    ]
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("conversations.json", json.dumps(talks))
        archive.writestr("user.json", json.dumps({"id": "user-42", "email": "someone@example.org"}))
        archive.writestr("message_feedback.json", json.dumps(feedback))
    study = selfrule.audit(tmp_path / "export.zip", tmp_path / "study", workers=1)
    assert [r["thumb"] for r in rows(study)] == [None, "down", "up"]
    assert len({r["person"] for r in rows(study)}) == 1
    assert rows(study)[0]["person"].startswith("p")
    assert all(e.persons == 1 for e in study.estimate_list() if not e.group and e.n)
