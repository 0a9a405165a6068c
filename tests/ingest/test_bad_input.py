"""Bad input: each thing gets a record in the problem list, and the good ones are rated."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import zipfile

import pytest

import selfrule
from tests.study.material import conversation, write_lines

GOOD = [json.dumps(conversation(i)).encode() for i in range(3)]


def said(*texts: str, **fields) -> bytes:
    roles = ("user", "assistant")
    return json.dumps(
        {"messages": [{"role": roles[i % 2], "content": t} for i, t in enumerate(texts)], **fields}
    ).encode()


def study_of(tmp_path, *lines: bytes, name: str = "log.jsonl") -> selfrule.Study:
    log = tmp_path / name
    log.write_bytes(b"\n".join([GOOD[0], *lines, GOOD[1]]) + b"\n")
    return selfrule.audit(log, tmp_path / "study", workers=1)


ENOUGH = "Words enough to be read as a message in a language that is known to the judge."

CASES = {
    "truncated JSON": (b'{"messages": [{"role": "user", "content": "hal', "not_json", "skipped"),
    "no object": (b"42", "not_a_record", "skipped"),
    "an object that is no conversation": (b'{"a": 1}', "shape", "skipped"),
    "an empty conversation": (b'{"messages": []}', "empty", "skipped"),
    "a conversation of blanks": (said(" ", "\n"), "empty", "skipped"),
    "NUL": (said(ENOUGH + "\0", ENOUGH), "nul", "repaired"),
    "a lone surrogate": (said(ENOUGH + "X", ENOUGH).replace(b"X", b"\\ud800"), "surrogate", "repaired"),
    "a wrong encoding": (said(ENOUGH + "X", ENOUGH).replace(b"X", b"caf\xe9"), "encoding", "repaired"),
    "a time that is nonsense": (said(ENOUGH, ENOUGH, created_at="the day after"), "time", "repaired"),
    "an unknown role": (
        json.dumps({"messages": [{"role": "user", "content": ENOUGH}, {"role": "wizard", "content": ENOUGH}]}).encode(),
        "role",
        "repaired",
    ),
    "two turns in a row by one speaker": (
        json.dumps({"messages": [{"role": r, "content": ENOUGH} for r in ("user", "user", "assistant")]}).encode(),
        "consecutive",
        "repaired",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_bad_record_is_listed_with_its_place_and_the_good_ones_are_rated(tmp_path, case):
    line, kind, severity = CASES[case]
    study = study_of(tmp_path, line)
    found = [(r["kind"], r["severity"], r["place"]) for r in study.problems().to_pylist()]
    assert (kind, severity, "line 2") in found
    rated = [r for r in study.ratings().to_pylist() if r["source_id"] in ("c0", "c1")]
    assert [r["status"] for r in rated] == ["rated", "rated"]
    listed = (study.path / "problems.jsonl").read_text("utf-8").splitlines()
    assert len(listed) == len(found)


@pytest.mark.parametrize(
    "time", [1_735_700_000, 1_735_700_000_000, "2025-01-01T02:53:20Z", "2025-01-01T02:53:20+00:00", "1735700000"]
)
def test_times_in_seconds_milliseconds_and_iso_are_the_same_moment(tmp_path, time):
    study = study_of(tmp_path, said(ENOUGH, ENOUGH, id="x", created_at=time))
    row = next(r for r in study.ratings().to_pylist() if r["source_id"] == "x")
    assert row["started_at"].isoformat() == "2025-01-01T02:53:20+00:00"


def test_a_message_of_40_mb_is_kept_with_a_status_and_costs_nobody_else(tmp_path):
    study = study_of(tmp_path, said("word " * 8_000_000, ENOUGH, id="huge"))
    status = {r["source_id"]: r["status"] for r in study.ratings().to_pylist()}
    assert status == {"c0": "rated", "huge": "over_long", "c1": "rated"}


def test_a_conversation_of_100_000_turns_is_kept_with_a_status(tmp_path):
    study = study_of(tmp_path, said(*(["yes", "no"] * 50_000), id="long"))
    row = next(r for r in study.ratings().to_pylist() if r["source_id"] == "long")
    assert row["turn_count"] == 100_000
    assert row["status"] in ("over_long", "rated")


def test_a_truncated_export_gives_its_whole_conversations_and_says_that_it_was_cut(tmp_path):
    export = tmp_path / "conversations.json"
    export.write_bytes(b"[" + b",".join(GOOD) + b"," + GOOD[0][:200])
    study = selfrule.audit(export, tmp_path / "study", workers=1)
    assert [r["kind"] for r in study.problems().to_pylist()] == ["truncated"]
    assert study.count() == 3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_utf_16_and_byte_order_marks_are_read(tmp_path, encoding):
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"\n".join(GOOD).decode().encode(encoding))
    study = selfrule.audit(log, tmp_path / "study", workers=1)
    assert study.count() == 3
    assert study.problems().num_rows == 0


def test_a_zip_bomb_is_left_alone_and_the_rest_of_the_archive_is_read(tmp_path):
    bomb = tmp_path / "export.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.jsonl", b"\n".join(GOOD))
        with archive.open("bomb.json", "w") as member:
            for _ in range(100):
                member.write(b"[" * 1_000_000)
    study = selfrule.audit(bomb, tmp_path / "study", workers=1)
    assert [(r["kind"], r["place"]) for r in study.problems().to_pylist()] == [("zip_bomb", "member 'bomb.json'")]
    assert study.count() == 3


def test_a_gzip_bomb_is_stopped_while_it_unpacks(tmp_path):
    bomb = tmp_path / "log.jsonl.gz"
    data = io.BytesIO()
    with gzip.GzipFile(fileobj=data, mode="wb", compresslevel=9) as packed:
        packed.write(GOOD[0] + b"\n")
        for _ in range(120):
            packed.write(b" " * 1_000_000)
    bomb.write_bytes(data.getvalue())
    study = selfrule.audit(bomb, tmp_path / "study", workers=1)
    assert study.count() == 1
    (problem,) = study.problems().to_pylist()
    assert "compression bomb" in problem["reason"]


def test_a_path_traversal_in_a_zip_is_told_and_writes_nothing_outside(tmp_path):
    evil = tmp_path / "in" / "evil.zip"
    evil.parent.mkdir()
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../../outside.json", GOOD[0])
        archive.writestr("/etc/outside.json", GOOD[0])
        archive.writestr("good.jsonl", b"\n".join(GOOD))
    study = selfrule.audit(evil, tmp_path / "study", workers=1)
    assert [r["kind"] for r in study.problems().to_pylist()] == ["path_traversal"] * 2
    assert {p.name for p in tmp_path.iterdir()} == {"in", "study"}


def test_a_damaged_archive_and_a_file_of_another_kind_are_told_and_the_folder_is_read(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 and then nothing of use")
    (folder / "broken.parquet").write_bytes(b"PAR1 nothing PAR1")
    (folder / "broken.jsonl.gz").write_bytes(gzip.compress(GOOD[0] + b"\n")[:-12])
    (folder / "empty.json").write_bytes(b"")
    write_lines(folder / "good.jsonl", [conversation(7)])
    study = selfrule.audit(folder, tmp_path / "study", workers=1)
    told = {r["input"].split("/")[-1] for r in study.problems().to_pylist()}
    assert told == {"broken.zip", "broken.parquet", "broken.jsonl.gz", "empty.json"}
    assert study.count() >= 1


def test_a_csv_row_with_too_many_fields_is_listed_and_the_others_are_read(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text(f'prompt,response\n"{ENOUGH}","{ENOUGH}"\na,b,c\n"{ENOUGH} 2","{ENOUGH}"\n')
    study = selfrule.audit(table, tmp_path / "study", workers=1)
    assert [(r["kind"], r["place"]) for r in study.problems().to_pylist()] == [("table", "row 3")]
    assert study.count() == 2


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("nothing.json", b"{}", "no conversation of a known format"),
        ("prose.txt", b"dear diary", "not a kind of file that holds conversations"),
        ("empty.jsonl", b"", "empty"),
        ("broken.json", b'[{"messages": [', "ends in the middle"),
        ("bad.jsonl", b"not json\nnor this\n", "no JSON object"),
    ],
)
def test_a_file_with_nothing_usable_ends_in_one_clear_line_and_exit_code_2(tmp_path, name, content, expected):
    path = tmp_path / name
    path.write_bytes(content)
    command = [sys.executable, "-m", "selfrule", "audit", str(path), "-o", str(tmp_path / "study")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1
    assert expected in lines[0]
    assert name in lines[0]
