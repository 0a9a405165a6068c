"""A study that leaves words out: everything but the words is as it was, and whatever needs them says so."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

import selfrule
from selfrule.clients.about import about
from selfrule.clients.answers import Answers
from selfrule.clients.types import Reply, Usage
from selfrule.errors import TextError
from selfrule.records import Conversation, Rating
from selfrule.rubric import load
from selfrule.store.folder import Folder
from selfrule.study import no_text
from selfrule.study.label_files import exported
from selfrule.study.labelling import Labelling
from selfrule.study.rating import plan
from tests.study.judged import rated
from tests.study.labelled import Erring, give
from tests.study.material import ANSWERS, ASKS, conversation, write_lines
from tests.study.test_forget import everything

SAID = [*ASKS, *ANSWERS]


def study_of(folder, count=40, **more):
    folder.mkdir(parents=True, exist_ok=True)
    log = write_lines(folder / "log.jsonl", [conversation(i, turns=4) for i in range(count)])
    return selfrule.audit(log, folder / "study", workers=1, **more)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return study_of(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    return study_of(tmp_path_factory.mktemp("bare"), no_text=True)


def no_words(study) -> bool:
    said = everything(study.path)
    return not any(line in said for line in SAID)


def test_no_words_are_left_in_any_file_once_they_are_rated(kept, bare):
    assert not no_words(kept)
    assert no_words(bare)


def test_ids_hashes_roles_times_and_counts_are_as_they_were(kept, bare):
    def plain(study):
        rows = study.conversations().to_pylist()
        for row in rows:
            row.pop("person")
            row["turns"] = [(turn["role"], turn["at"]) for turn in row["turns"]]
        return rows

    assert plain(bare) == plain(kept)


def test_figures_and_ratings_are_the_same_to_the_last_bit(kept, bare):
    shutil.copytree(kept.path, bare.path.parent / "same")
    same = selfrule.Study.open(bare.path.parent / "same")
    before = (same.estimate_list(), same.ratings().to_pylist())
    same.rate(no_text=True)
    assert no_words(same)
    assert (same.estimate_list(), same.ratings().to_pylist()) == before


def test_the_same_audit_again_does_nothing_and_brings_no_words_back(tmp_path):
    study = study_of(tmp_path, no_text=True)
    before = {p: p.read_bytes() for p in study.path.rglob("conversations/*.parquet")}
    again = study_of(tmp_path)
    assert {p: p.read_bytes() for p in study.path.rglob("conversations/*.parquet")} == before
    assert len(again.estimate_list()) > 0


def test_what_is_added_later_is_left_out_too(tmp_path):
    study_of(tmp_path, no_text=True)
    grown = study_of(tmp_path, count=60)
    assert no_words(grown)
    assert sum(r["status"] == "rated" for r in grown.ratings().to_pylist()) == 60


def test_a_conversation_that_has_gone_on_since_takes_the_place_of_its_earlier_state(tmp_path):
    log = tmp_path / "log.jsonl"
    first = [conversation(i, turns=4) for i in range(30)]
    write_lines(log, first)
    selfrule.audit(log, tmp_path / "study", workers=1, no_text=True)
    longer = [{**r, "messages": [*r["messages"], *conversation(i + 500)["messages"]]} for i, r in enumerate(first)]
    write_lines(tmp_path / "later.jsonl", longer)
    study = selfrule.audit(tmp_path / "later.jsonl", tmp_path / "study", workers=1)
    assert no_words(study)
    statuses = [r["status"] for r in study.ratings().to_pylist()]
    assert (statuses.count("rated"), statuses.count("duplicate")) == (30, 30)


def test_another_judge_says_what_is_missing_and_what_to_do(bare):
    with pytest.raises(TextError, match="selfrule audit LOGS -o NEW"):
        bare.rate(judge=Erring())
    with pytest.raises(TextError, match="--no-text"):
        bare.rate(screen_recall=0.9)


def test_labelling_says_what_is_missing_while_labels_alone_still_go_out(bare, tmp_path):
    shutil.copytree(bare.path, tmp_path / "study")
    labelling = Labelling(Folder.open(tmp_path / "study"))
    labelling.open_draw(5)
    with pytest.raises(TextError, match="left out"):
        labelling.next("ana")
    folder = Folder.open(tmp_path / "study")
    with pytest.raises(TextError, match="--no-conversations"):
        list(exported(folder, "jsonl"))
    assert b"".join(exported(folder, "jsonl", conversations=False)).count(b"\n") == 5


def test_labels_given_before_keep_their_worth(tmp_path):
    study = study_of(tmp_path, judge=Erring(), check=1.0)
    give(Folder.open(study.path), budget=20)
    before = study.estimate_list()
    study.rate(judge=Erring(), check=1.0, no_text=True)
    assert no_words(study)
    assert study.estimate_list() == before


def test_the_private_report_quotes_nothing_and_says_why(tmp_path):
    study = study_of(tmp_path, judge=Erring(lambda i: 3), check=1.0, no_text=True, private=True)
    page = (study.path / "report-private.html").read_text("utf-8")
    assert "left out of this study" in page
    assert no_words(study)


class Late:
    """A judge that has no answer on every third conversation yet."""

    label = "late-1"

    def __init__(self) -> None:
        self.read: list[str] = []
        self.done = False

    def rate(self, conversations: list[Conversation]) -> list[Rating]:
        found = []
        for c in conversations:
            self.read.append(c.source_id)
            same = (c.conversation_id, c.content_hash)
            if int(c.source_id[1:]) % 3 == 0 and not self.done:
                found.append(Rating(*same, "waiting", self.label, load().label, reason="in a batch"))
            else:
                found.append(Rating(*same, judge=self.label, rubric=load().label, **rated(0)))
        return found


def test_what_is_still_to_be_rated_keeps_its_words_until_then(tmp_path):
    judge = Late()
    study = study_of(tmp_path, count=30, judge=judge, check=1.0, no_text=True)
    turns = study.conversations().to_pylist()
    assert [r["turns"][0]["text"] is not None for r in turns] == [i % 3 == 0 for i in range(30)]
    assert no_text.check(Folder.open(study.path), plan(study.choices)) == []
    judge.done, judge.read = True, []
    study.rate(judge=judge, check=1.0)
    assert sorted(judge.read) == sorted(f"c{i}" for i in range(0, 30, 3))
    assert no_words(study)


def test_what_models_wrote_about_them_goes_and_the_bill_stays(tmp_path):
    study = study_of(tmp_path)
    path = study.path / "answers" / "answers.sqlite"
    one = study.ratings()["conversation_id"][0].as_py()

    async def put() -> None:
        with Answers(path) as answers, about(one):
            reply = Reply(f"They said: {ASKS[0]}", "stop", Usage(), "m")
            await answers.put("aa" * 32, "answer", reply, model="m", cost=0.5, judge="j")

    asyncio.run(put())
    study.rate(no_text=True)
    assert no_words(study)
    with Answers(path) as answers:
        assert answers.get("aa" * 32) is None
        assert answers.spent() == 0.5


KILLED = """
import os, sys
left = [int(sys.argv[2])]
def dying(old):
    def call(*args, **more):
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
        return old(*args, **more)
    return call
from selfrule.study.study import Study
study = Study.open(sys.argv[1])
os.replace = dying(os.replace)
study.rate(no_text=True)
"""


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_run_that_is_killed_is_gone_on_with(tmp_path, steps):
    for name in ("a", "b", "c"):
        lines = [conversation(i + 100 * ord(name), turns=4) for i in range(12)]
        write_lines(tmp_path / f"{name}.jsonl", lines)
        study = selfrule.audit(tmp_path / f"{name}.jsonl", tmp_path / "study", workers=1)
    before = study.estimate_list()
    died = subprocess.run([sys.executable, "-c", KILLED, str(study.path), str(steps)], check=False)
    assert died.returncode == 9
    assert no_text.check(Folder.open(study.path), plan(study.choices))
    again = selfrule.Study.open(study.path)
    again.rate()
    assert no_words(again)
    assert again.estimate_list() == before
    assert again.check() == []


def test_somebody_can_be_forgotten_in_a_study_without_words(tmp_path):
    study = study_of(tmp_path, no_text=True)
    receipt = study.forget(["person-3@example.org"])
    assert (receipt.texts, receipt.runs, receipt.found) == (False, 0, [])
    assert receipt.conversations > 0
    assert pq.read_table(next(study.path.glob("conversations/*.parquet"))).num_rows == 40 - receipt.conversations


def test_the_first_words_of_conversations_cannot_be_compared_without_them(bare):
    with pytest.raises(TextError):
        bare.sample(openings=True)


def test_the_command_leaves_words_out(tmp_path):
    log = write_lines(tmp_path / "log.jsonl", [conversation(i, turns=4) for i in range(12)])
    run = [sys.executable, "-m", "selfrule", "audit", str(log), "-o", str(tmp_path / "s"), "--no-text", "--private"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert no_words(selfrule.Study.open(tmp_path / "s"))
