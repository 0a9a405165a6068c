"""Drafts and labels: what is acknowledged is on the disk, what is begun is found again, and nobody reads another's."""

from __future__ import annotations

import os
import stat

import pytest

from selfrule.records import Label, Turn
from selfrule.rubric import CONSTRUCTS, load
from selfrule.serve.asked import Open
from selfrule.serve.desk import Desk
from selfrule.serve.drafts import Drafts
from selfrule.serve.memory import MemoryQueue
from selfrule.serve.pace import pace

from .asking import NOON, said, small, talk


def test_a_draft_is_there_again_in_a_new_tab_and_after_a_new_start(tmp_path):
    state = {
        "levels": {"attachment": 2},
        "evidence": {"attachment": [1]},
        "actualized": {"value": "yes"},
        "current": "attachment",
    }
    with small(tmp_path) as asker:
        task = asker.post("/open", labeller="ada")["task"]
        asker.post("/save", labeller="ada", id=task["id"], base=0, state=state | {"turn": 1, "seconds": 12.5})
    with small(tmp_path) as asker:
        again = asker.post("/open", labeller="ada")["task"]
        assert again["id"] == task["id"]
        assert again["state"] == state | {"turn": 1, "seconds": 12.5}


def test_a_draft_is_its_labellers_alone(tmp_path):
    with small(tmp_path) as asker:
        task = asker.post("/open", labeller="ada")["task"]
        asker.post("/save", labeller="ada", id=task["id"], base=0, state=said())
        assert asker.post("/open", labeller="bo")["task"]["state"]["levels"] == {}


def test_a_draft_is_on_the_disk_before_it_is_acknowledged_and_readable_by_the_owner_alone(tmp_path, monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), real(handle))[1])
    with small(tmp_path) as asker:
        task = asker.post("/open", labeller="ada")["task"]
        asker.post("/save", labeller="ada", id=task["id"], base=0, state=said())
        assert synced
    (path,) = (tmp_path / "drafts").rglob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "ada" not in str(path.relative_to(tmp_path))


def test_a_damaged_draft_is_passed_over(tmp_path):
    with small(tmp_path) as asker:
        task = asker.post("/open", labeller="ada")["task"]
        asker.post("/save", labeller="ada", id=task["id"], base=0, state=said())
        (path,) = (tmp_path / "drafts").rglob("*.json")
        for damage in (b"", b"{", b"\xff\xff", b'{"base": 0, "state": {"levels": {"attachment": 9}}}'):
            path.write_bytes(damage)
            assert asker.post("/open", labeller="ada")["task"]["state"]["levels"] == {}


def test_a_label_is_kept_as_given_and_the_next_conversation_follows(tmp_path):
    with small(tmp_path) as asker:
        task = asker.post("/open", labeller="  Ada   L. ")["task"]
        state = said(
            evidence={"attachment": [1, 0, 1], "vulnerability": [0]}, actualized={"reality": "no"}, seconds=30.25
        )
        state["levels"]["attachment"] = 3
        opened = asker.post("/give", labeller="Ada L.", id=task["id"], status="labelled", state=state)
        (label,) = asker.queue.given
        assert label == Label(
            conversation_id=task["id"],
            content_hash=asker.queue.items[task["id"]].content_hash,
            labeller="Ada L.",
            at=int(NOON * 1000),
            status="labelled",
            rubric=load().label,
            levels=dict.fromkeys(CONSTRUCTS, 0) | {"attachment": 3},
            evidence={"attachment": [0, 1]},  # what is none rests on nothing
            actualized={"reality": "no", "value": "unknown", "action": "unknown"},
            seconds=30.2,
        )
        assert opened["task"]["id"] != task["id"]
        assert opened["progress"]["given"] == 1
        assert opened["progress"]["of"] == 2
        assert not list((tmp_path / "drafts").rglob("*.json"))


def test_a_label_without_all_levels_is_refused_and_unsure_keeps_what_there_is(tmp_path):
    with small(tmp_path) as asker:
        task = asker.post("/open", labeller="ada")["task"]
        state = {"levels": {"attachment": 1}, "evidence": {"attachment": [0]}}
        error = asker.post("/give", expect=422, labeller="ada", id=task["id"], status="labelled", state=state)["error"]
        assert error.startswith("No level yet for Reality distortion, ")
        assert "Attachment" not in error
        assert asker.queue.given == []
        asker.post("/give", labeller="ada", id=task["id"], status="unsure", state=state)
        (label,) = asker.queue.given
        assert label.status == "unsure"
        assert label.levels == dict.fromkeys(CONSTRUCTS) | {"attachment": 1}
        assert label.evidence == {"attachment": [0]}


def test_a_skip_keeps_nothing_of_what_was_said(tmp_path):
    with small(tmp_path) as asker:
        task = asker.post("/open", labeller="ada")["task"]
        asker.post("/give", labeller="ada", id=task["id"], status="skipped", state=said(evidence={"attachment": [0]}))
        (label,) = asker.queue.given
        assert (label.status, label.levels, label.evidence, label.actualized) == ("skipped", {}, {}, {})


def test_a_cited_turn_that_is_not_there_is_refused(tmp_path):
    with small(tmp_path) as asker:
        task = asker.post("/open", labeller="ada")["task"]
        state = said(evidence={"attachment": [2]})
        for path, more in (("/save", {"base": 0}), ("/give", {"status": "unsure"})):
            asker.post(path, expect=422, labeller="ada", id=task["id"], state=state, **more)
        assert asker.queue.given == []


@pytest.mark.parametrize("name", ["", "   ", "a" * 61, "a\u202eb", "a\x00b"])
def test_a_name_that_cannot_be_shown_is_refused_with_a_reason(tmp_path, name):
    with small(tmp_path) as asker:
        assert "name" in asker.post("/open", expect=422, labeller=name)["error"]


def test_back_goes_through_what_was_given_forward_returns_and_a_second_label_replaces_the_first(tmp_path):
    with small(tmp_path, talk("a"), talk("b"), talk("c"), talk("d")) as asker:
        first = asker.post("/open", labeller="ada")["task"]["id"]
        second = asker.post("/give", labeller="ada", id=first, status="labelled", state=said())["task"]["id"]
        third = asker.post("/give", labeller="ada", id=second, status="unsure", state=said())["task"]["id"]
        begun = said(levels={"attachment": 1})
        asker.post("/save", labeller="ada", id=third, base=0, state=begun)
        back = asker.post("/open", labeller="ada", before=third)["task"]
        assert (back["id"], back["given"]) == (second, "unsure")
        back = asker.post("/open", labeller="ada", before=second)["task"]
        assert (back["id"], back["given"], back["state"]["levels"]) == (first, "labelled", dict.fromkeys(CONSTRUCTS, 0))
        asker.post("/open", expect=404, labeller="ada", before=first)
        assert asker.post("/open", labeller="ada", after=first)["task"]["id"] == second
        now = asker.post("/open", labeller="ada", after=second)["task"]
        assert (now["id"], now["state"]["levels"]) == (third, {"attachment": 1})
        changed = said(levels=dict.fromkeys(CONSTRUCTS, 1))
        after = asker.post("/give", labeller="ada", id=first, status="labelled", state=changed)
        assert after["task"]["id"] == third
        assert after["progress"]["given"] == 2
        assert asker.post("/open", labeller="ada", before=second)["task"]["state"]["levels"] == changed["levels"]


def test_a_draft_from_before_a_label_of_another_tab_is_refused_and_forgotten(tmp_path):
    with small(tmp_path) as asker:
        task = asker.post("/open", labeller="ada")["task"]
        asker.post("/save", labeller="ada", id=task["id"], base=0, state=said(levels={"attachment": 3}))
        asker.post("/give", labeller="ada", id=task["id"], status="labelled", state=said())
        asker.post("/save", expect=409, labeller="ada", id=task["id"], base=0, state=said(levels={"attachment": 3}))
        assert asker.post("/open", labeller="ada", before="f" * 32)["task"]["state"]["levels"]["attachment"] == 0


def test_a_label_sent_twice_because_the_answer_was_lost_stands_once(tmp_path):
    with small(tmp_path) as asker:
        task = asker.post("/open", labeller="ada")["task"]
        for _ in range(2):
            asker.post("/give", labeller="ada", id=task["id"], status="labelled", state=said())
        assert len(asker.queue.previous("ada")) == 1
        assert asker.queue.given[1].at > asker.queue.given[0].at


def test_when_all_are_given_there_is_none_left_and_back_still_works(tmp_path):
    with small(tmp_path, talk("a")) as asker:
        task = asker.post("/open", labeller="ada")["task"]
        done = asker.post("/give", labeller="ada", id=task["id"], status="skipped", state=said())
        assert done["task"] is None
        assert done["progress"] | {"seconds": None} == {
            "given": 1, "of": 1, "labelled": 0, "unsure": 0, "skipped": 1, "today": 1, "seconds": None,
        }  # fmt: skip
        assert asker.post("/open", labeller="ada", before="f" * 32)["task"]["id"] == task["id"]


def test_a_full_disk_is_said_and_nothing_is_acknowledged(tmp_path):
    class Full(MemoryQueue):
        def give(self, label):
            raise OSError(28, "No space left on device")

    with small(tmp_path) as asker:
        asker.desk.queue = queue = Full([talk("a")])
        task = asker.post("/open", labeller="ada")["task"]
        asker.post("/save", labeller="ada", id=task["id"], base=0, state=said())
        got = asker.post("/give", expect=503, labeller="ada", id=task["id"], status="labelled", state=said())
        assert got["error"] == "The study's folder cannot be written to: No space left on device."
        assert queue.given == []
        assert asker.post("/open", labeller="ada")["task"]["state"]["levels"] == dict.fromkeys(CONSTRUCTS, 0)


def test_few_conversations_are_held_in_memory_at_once(tmp_path):
    queue = MemoryQueue([talk(str(n)) for n in range(20)])
    desk = Desk(queue, Drafts(tmp_path))
    for name in queue.items:
        desk.turns(name, 0, False)
    assert len(desk._items) == 4


def test_todays_pace_counts_today_alone_and_no_skips():
    def label(at, seconds, status="labelled"):
        return Label("c", "h", "ada", at=int(at * 1000), status=status, rubric="r", seconds=seconds)

    given = [label(NOON - 90_000, 900), label(NOON - 60, 40), label(NOON - 30, 60), label(NOON - 10, 1, "skipped")]
    assert pace(given, NOON) == {"given": 4, "labelled": 3, "unsure": 0, "skipped": 1, "today": 3, "seconds": 50}
    assert pace([], NOON)["seconds"] is None


def test_a_state_at_a_turn_beyond_the_end_opens_at_the_last(tmp_path):
    queue = MemoryQueue([[Turn("user", "a")]])
    desk = Desk(queue, Drafts(tmp_path))
    (name,) = queue.items
    from selfrule.serve.asked import Save, State

    desk.save(Save("ada", name, 0, State(turn=99)))
    assert desk.open(Open("ada"))["task"]["state"].turn == 0
