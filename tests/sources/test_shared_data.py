"""Every file of the shared data is recognised and read. The data is read in place; none of it is in the project."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selfrule.sources import NOTES, RecordError, detect, generic_reader, parse_mapping

pytestmark = pytest.mark.shared


def records(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))
    if path.suffix == ".eval":
        with zipfile.ZipFile(path) as archive:
            header = json.loads(archive.read("header.json"))
            names = [name for name in archive.namelist() if name.startswith("samples/")]
            return [{**json.loads(archive.read(name)), "eval": header["eval"]} for name in names]
    return [json.loads(path.read_text("utf-8"))]


def files(folder: Path, pattern: str) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    found = sorted(folder.glob(pattern))
    assert found, f"no {pattern} in {folder}"
    for path in found:
        yield path, records(path)


@pytest.mark.parametrize(
    ("pattern", "name", "per_record"),
    [
        ("gold/real_dev.jsonl", "openai_messages", 1),
        ("written/written_dev.jsonl", "openai_messages", 1),
        ("raw/hh-rlhf/*.jsonl", "hh_rlhf", 2),
        ("raw/spiral-bench/*.jsonl", "openai_messages", 1),
        ("raw/oasst/*.jsonl", "oasst", 1),
        ("raw/syco-bench/*.csv", "generic", 1),
        ("raw/llms-as-therapists/*.csv", "generic", 1),
        ("raw/smile/*.jsonl", "openai_messages", 1),
        ("raw/inspect-logs/*.eval", "inspect_eval", 1),
    ],
)
def test_every_record_of_a_set_is_recognised_and_read(
    shared_data: Path, pattern: str, name: str, per_record: int
) -> None:
    for path, items in files(shared_data, pattern):
        found = detect(items[:25], path.name)
        assert found is not None, path
        assert found[0].name == name
        for item in items:
            drafts = found[0].read(item, path.name)
            assert len(drafts) == per_record
            assert all(set(draft.notes) <= set(NOTES) for draft in drafts)


def test_turn_indexes_of_the_labelled_sets_are_message_indexes(shared_data: Path) -> None:
    for pattern in ("gold/*.jsonl", "written/*.jsonl"):
        for path, items in files(shared_data, pattern):
            for item in items:
                found = detect([item], path.name)
                assert found is not None
                (draft,) = found[0].read(item, path.name)
                assert draft.source_id == item["id"]
                assert [(t.role, t.text) for t in draft.turns] == [(m["role"], m["content"]) for m in item["messages"]]


def test_trees_leave_out_as_many_branches_as_they_have_other_leaves(shared_data: Path) -> None:
    def leaves(message: dict[str, Any]) -> int:
        return sum(map(leaves, message["replies"])) if message["replies"] else 1

    for path, items in files(shared_data, "raw/oasst/*.jsonl"):
        for item in items:
            found = detect([item], path.name)
            assert found is not None
            assert found[0].read(item, path.name)[0].branches == leaves(item["prompt"]) - 1


def test_counselling_talks_are_guessed_and_a_mapping_adds_person_and_score(shared_data: Path) -> None:
    pairs = "turns=dialogue,text=utterance,role=role,time=time,"
    mapped = generic_reader(
        parse_mapping(pairs + "person=review_by_client_en.client_id,score=review_by_client_en.score")
    )
    people = set()
    for path, items in files(shared_data, "raw/kokorochat/kokorochat_dialogues/1*.json"):
        found = detect(items, path.name)
        assert found is not None
        assert found[0].name == "generic"
        try:
            (guessed,), (draft,) = found[0].read(items[0], path.name), mapped.read(items[0], path.name)
        except RecordError as error:  # pragma: no cover - tells which file
            raise AssertionError(f"{path.name}: {error}") from error
        assert guessed.turns == draft.turns
        assert len(draft.turns) == len(items[0]["dialogue"])
        assert {turn.role for turn in draft.turns} == {"user", "assistant"}
        assert draft.score is not None
        people.add(draft.person)
    assert None not in people
    assert len(people) > 10
