"""Labelling a study: draws on disk, tasks handed out blind, labels kept, several people at once."""

from __future__ import annotations

import stat
import threading
import time

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest

import selfrule
from selfrule.errors import StudyError, UsageError
from selfrule.labels.strata import STRATA
from selfrule.records import Label
from selfrule.rubric import CONSTRUCTS, load
from selfrule.store.folder import Folder
from selfrule.study.label_rows import population, reported
from selfrule.study.labelling import Labelling, Progress, Task
from selfrule.study.tables import narrow
from tests.study.judged import add_judge, identities, made, rated
from tests.study.material import conversation, write_lines

LEVELS = dict.fromkeys(CONSTRUCTS, 0)


@pytest.fixture(scope="module")
def rated_study(tmp_path_factory):
    """Eighty conversations; a judge that finds levels 0 to 3 and cannot rate some."""
    folder = made(tmp_path_factory.mktemp("labelling"), 80, people=30)
    add_judge(
        folder,
        "anthropic:claude-x/joint-1@0123abcd",
        lambda i: {"status": "refused"} if i % 10 == 9 else {"status": "screened_out"} if i % 10 > 5 else rated(i % 4),
        report=True,
    )
    return folder


@pytest.fixture
def labelling(rated_study):
    """The same study without any labels."""
    import shutil

    shutil.rmtree(rated_study.root / "labels", ignore_errors=True)
    return Labelling(rated_study)


def a_label(task, labeller="ana", **more):
    fields = {"status": "labelled", "levels": LEVELS} | more
    return Label(
        conversation_id=task.conversation_id,
        content_hash=task.content_hash,
        labeller=labeller,
        at=int(time.time() * 1000),
        rubric=load().label,
        **fields,
    )


def work(labelling, labeller="ana", count=10**6, **more):
    """Label until nothing is left, or so many."""
    seen = []
    while len(seen) < count and (task := labelling.next(labeller)) is not None:
        labelling.give(a_label(task, labeller, **more))
        seen.append(task.conversation_id)
    return seen


def test_the_population_is_that_of_the_estimates_row_by_row(rated_study):
    screen, table = reported(rated_study)
    got = population(rated_study, table)
    other = narrow(rated_study, selfrule.study.rating.Plan(screen, table))
    assert got.ids == identities(rated_study)
    assert len(got.ids) == other.num_rows
    assert [STRATA[c] for c in got.strata[:10]] == [
        *("none", "mild", "moderate", "severe", "none", "mild"),
        *("screened_out", "screened_out", "screened_out", "unrated"),
    ]
    for k, construct in enumerate(CONSTRUCTS):
        expected = [
            -1 if row is None or row[construct] is None else row[construct] for row in other["levels"].to_pylist()
        ]
        assert got.levels[:, k].tolist() == expected
    assert len(np.unique(got.person)) == 30
    assert got.person.min() == 0
    assert set(got.weight.tolist()) == {1.0}


def test_copies_are_not_in_the_population(tmp_path):
    records = [conversation(i, turns=2) for i in range(20)]
    copies = [record | {"id": f"again-{i}"} for i, record in enumerate(records[:5])]
    study = selfrule.audit(write_lines(tmp_path / "log.jsonl", records + copies), tmp_path / "s", workers=1)
    folder = Folder.open(study.path)
    assert len(population(folder, reported(folder)[1]).ids) == 20
    assert len(Labelling(folder).open_draw(100).items) == 20


def test_without_ratings_there_is_nothing_to_draw_by(tmp_path):
    folder = Folder.create(tmp_path / "s")
    with pytest.raises(StudyError, match="no ratings yet"):
        Labelling(folder).open_draw(10)


def test_without_a_draw_everything_says_how_to_make_one(labelling):
    for call in (labelling.next, labelling.previous, labelling.progress, labelling.task):
        with pytest.raises(UsageError, match=r"selfrule labels .* draw"):
            call("ana")
    assert labelling.draw is None


def test_a_draw_is_kept_privately_and_found_again(labelling, rated_study):
    draw = labelling.open_draw(40)
    assert (len(draw.items), draw.budget, draw.rubric) == (40, 40, load().label)
    assert draw.table == reported(rated_study)[1]
    assert {name: size.size for name, size in draw.strata.items()} == {
        "severe": 12, "moderate": 12, "mild": 12, "none": 12, "unrated": 8, "screened_out": 24,
    }  # fmt: skip
    (path,) = (rated_study.root / "labels" / "draws").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(msgspec.json.decode(path.read_bytes())) >= {
        "id",
        "made",
        "seed",
        "table",
        "rubric",
        "budget",
        "doubles",
        "strata",
        "items",
    }
    assert Labelling(rated_study).draw == draw
    assert labelling.open_draw(40) == draw
    assert labelling.open_draw(12) == draw


def test_a_draw_made_longer_keeps_its_id_and_its_beginning(labelling):
    small = labelling.open_draw(30, seed=5, doubles=0.2)
    long = labelling.open_draw(60)
    assert (long.id, long.seed, long.doubles, long.made) == (small.id, 5, 0.2, small.made)
    assert long.items[:30] == small.items
    assert len(long.items) == 60
    assert len(long.extended) == 1


def test_a_budget_beyond_the_study_draws_all_of_it(labelling):
    assert len(labelling.open_draw(10_000).items) == 80


def test_a_damaged_draw_is_named(labelling, rated_study):
    labelling.open_draw(10)
    (path,) = (rated_study.root / "labels" / "draws").iterdir()
    path.write_text("{")
    with pytest.raises(StudyError, match=path.name):
        _ = Labelling(rated_study).draw


def test_a_task_holds_the_conversation_and_nothing_that_any_judge_said(labelling, rated_study):
    labelling.open_draw(80)
    assert set(Task.__struct_fields__) == {"conversation_id", "content_hash", "turns", "position", "of", "language"}
    texts = {}
    for path in rated_study.parts("conversations"):
        for row in pq.read_table(path).to_pylist():
            texts[row["conversation_id"]] = [turn["text"] for turn in row["turns"]]
    for item in labelling.draw.items:
        task = labelling.task(item.conversation_id)
        assert [turn.text for turn in task.turns] == texts[item.conversation_id]
        assert task.of == 80
    assert "stratum" not in msgspec.json.encode(task).decode()


def test_a_conversation_is_handed_out_again_until_a_word_is_given_also_after_a_crash(labelling, rated_study):
    labelling.open_draw(20)
    first = labelling.next("ana")
    assert labelling.next("  ana ") == first
    again = Labelling(rated_study)
    assert again.next("ana") == first
    again.give(a_label(first))
    assert labelling.next("ana").conversation_id != first.conversation_id


def test_two_labellers_share_a_queue_and_both_get_the_doubles(labelling):
    draw = labelling.open_draw(30, doubles=0.2)
    doubles = {i.conversation_id for i in draw.items if i.double}
    seen = {"ana": [], "bo": []}
    while True:
        went = [work(labelling, who, 1) for who in seen]
        for who, got in zip(seen, went, strict=True):
            seen[who] += got
        if not any(went):
            break
    assert set(seen["ana"]) & set(seen["bo"]) == doubles
    assert len(doubles) == 6
    assert set(seen["ana"]) | set(seen["bo"]) == {i.conversation_id for i in draw.items}


def test_many_threads_at_once_lose_nothing_and_share_nothing(labelling, rated_study):
    draw = labelling.open_draw(60, doubles=0)
    seen = {f"n{k}": [] for k in range(4)}

    def one(name):
        mine = Labelling(rated_study) if name != "n0" else labelling
        seen[name] = work(mine, name)

    threads = [threading.Thread(target=one, args=(name,)) for name in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [which for got in seen.values() for which in got]
    assert sorted(everything) == sorted(i.conversation_id for i in draw.items)
    assert len(Labelling(rated_study).store.standing) == 60


def test_progress_counts_ones_own_and_everyones(labelling):
    labelling.open_draw(20, doubles=0)
    work(labelling, "ana", 3, seconds=30.0)
    work(labelling, "ana", 1, status="unsure", levels={"attachment": 2}, seconds=90.0)
    work(labelling, "bo", 2, status="skipped", levels={})
    labelling.next("ana")
    assert labelling.progress("ana") == Progress("ana", 20, 7, 3, 1, 0, 14, 4, 30.0, {"ana": 4, "bo": 2})
    bo = labelling.progress("bo")
    assert (bo.mine, bo.skipped, bo.left, bo.seconds) == (2, 2, 13, None)


def test_going_back_shows_ones_own_labels_last_begun_first_and_the_new_word_stands(labelling):
    labelling.open_draw(20, doubles=0)
    seen = work(labelling, "ana", 3)
    work(labelling, "bo", 1)
    assert [one.conversation_id for one in labelling.previous("ana")] == seen[::-1]
    task = labelling.task(seen[0])
    labelling.give(a_label(task, levels=LEVELS | {"attachment": 3}, evidence={"attachment": [1, 0, 1]}))
    found = labelling.previous("ana")
    assert [one.conversation_id for one in found] == seen[::-1]
    assert found[-1].levels["attachment"] == 3
    assert found[-1].evidence == {"attachment": [0, 1]}
    assert found[-1].draw == labelling.draw.id
    assert all(one.stratum is None and one.inclusion is None for one in found)
    assert labelling.progress("ana").mine == 3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"content_hash": "other"}, "content hash"),
        ({"rubric": "0.9@0000"}, "by rubric"),
        ({"levels": LEVELS | {"attachment": 4}}, "0 to 3"),
        ({"levels": LEVELS | {"attachment": -1}}, "0 to 3"),
        ({"levels": LEVELS | {"attachment": None}}, "Missing: attachment"),
        ({"levels": LEVELS | {"charm": 1}}, "constructs of the rubric"),
        ({"evidence": {"attachment": [2]}}, "0 to 1"),
        ({"evidence": {"charm": [0]}}, "Evidence"),
        ({"actualized": {"value": "perhaps"}}, "marker"),
        ({"actualized": {"charm": "yes"}}, "marker"),
        ({"labeller": " "}, "name"),
        ({"at": 0}, "milliseconds"),
        ({"seconds": -1.0}, "seconds"),
        ({"status": "perhaps"}, "status"),
        ({"conversation_id": "f" * 32}, "not in the queue"),
    ],
)
def test_a_label_that_is_none_is_refused_with_what_is_wrong_and_nothing_is_kept(labelling, change, says):
    labelling.open_draw(20)
    task = labelling.next("ana")
    label = msgspec.structs.replace(a_label(task), **change)
    with pytest.raises(UsageError, match=says):
        labelling.give(label)
    assert labelling.store.standing == {}
    assert labelling.next("ana") == task


def test_what_is_reached_is_what_was_handed_out_and_gives_the_inclusion(labelling):
    draw = labelling.open_draw(40, doubles=0)
    assert labelling.reached() == (0, dict.fromkeys(draw.strata, 0.0))
    work(labelling, "ana", 11)
    work(labelling, "ana", 4, status="skipped", levels={})
    labelling.next("bo")
    count, inclusion = labelling.reached()
    assert count == 16
    for name, size in draw.strata.items():
        got = sum(item.stratum == name for item in draw.items[:16])
        assert inclusion[name] == got / size.size


def test_conversations_added_later_are_drawn_anew_and_labels_given_before_keep_their_worth(tmp_path):
    folder = made(tmp_path, 40)
    labelling = Labelling(folder)
    first = labelling.open_draw(30)
    seen = work(labelling, "ana", 20)
    more = [conversation(1000 + i, turns=2) for i in range(25)]
    selfrule.audit(write_lines(tmp_path / "more.jsonl", more), folder.root, workers=1)
    second = labelling.open_draw(50)
    assert second.id != first.id
    assert sum(size.size for size in second.strata.values()) == 65
    again = work(labelling, "ana")
    assert not set(again) & set(seen)
    assert {i.conversation_id for i in second.items} <= set(seen) | set(again)
    assert labelling.reached()[0] == 50


def test_a_judge_that_is_reported_later_leads_to_another_draw_and_the_first_can_be_asked_for(rated_study, labelling):
    first = labelling.open_draw(30)
    tables = sorted(p.name for p in (rated_study.root / "ratings").iterdir())
    other = next(t for t in tables if t != first.table)
    second = labelling.open_draw(30, table=other)
    assert (second.table, second.id == first.id) == (other, False)
    assert labelling.draw.id == second.id
    assert labelling.open_draw(30, table=first.table).id == first.id
    assert labelling.draw.id == first.id
    with pytest.raises(UsageError, match="no ratings table 'x'"):
        labelling.open_draw(30, table="x")


def test_a_log_of_what_was_handed_out_that_a_crash_cut_off_costs_one_hand_out_alone(labelling, rated_study):
    draw = labelling.open_draw(20, doubles=0)
    work(labelling, "ana", 4)
    path = rated_study.root / "labels" / "handed" / f"{draw.id}.jsonl"
    with path.open("ab") as handle:
        handle.write(b'{"conversation_id": "half')
    again = Labelling(rated_study)
    work(again, "ana", 2)
    assert again.reached()[0] == 6
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_conversation_of_hostile_text_reaches_the_labeller_as_it_is(tmp_path):
    text = "</script>\x00\u202e" + "x" * 2_000_000
    records = [conversation(i, turns=2) for i in range(3)]
    records[1]["messages"] = [{"role": "user", "content": text}] + [{"role": "assistant", "content": "a"}] * 3000
    study = selfrule.audit(write_lines(tmp_path / "log.jsonl", records), tmp_path / "s", workers=1)
    labelling = Labelling(Folder.open(study.path))
    labelling.open_draw(3)
    tasks = {item.conversation_id: labelling.task(item.conversation_id) for item in labelling.draw.items}
    longest = max(tasks.values(), key=lambda task: len(task.turns))
    assert len(longest.turns) > 1000
    assert len(longest.turns[0].text) > 2_000_000
