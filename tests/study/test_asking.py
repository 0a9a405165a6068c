"""Rating with a judge that takes its time: everything comes out, in order, whatever the order of the answers."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

import selfrule
from selfrule.clients.types import Kind, PendingError
from selfrule.errors import BudgetError, ClientError
from selfrule.records import Conversation, Rating
from selfrule.rubric import CONSTRUCTS
from selfrule.store.schemas import ratings_of
from selfrule.study import duplicates
from selfrule.study.asking import Run, Tally, Work
from selfrule.study.rating import Choices, Plan, plan
from tests.study.material import conversation, write_lines

CHOICES = Choices(judge="openai:x", check=0.5)
HERE = Plan(plan(Choices()).screen, "made-up")


class Slow:
    """A rater that answers in any order, and fails as told."""

    label = "slow"

    def __init__(self, faults: dict[str, Exception] | None = None, after: tuple[int, Exception] | None = None) -> None:
        self.faults, self.after = faults or {}, after
        self.asked: list[str] = []
        self.out = self.most = 0

    async def rate_one(self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset()) -> Rating:
        self.asked.append(conversation.source_id)
        self.out += 1
        self.most = max(self.most, self.out)
        late = self.after is not None and len(self.asked) > self.after[0]
        await asyncio.sleep(random.random() / 500)
        self.out -= 1
        if conversation.source_id in self.faults:
            raise self.faults[conversation.source_id]
        if late and self.after is not None:
            raise self.after[1]
        return Rating(
            conversation.conversation_id, conversation.content_hash, "rated", self.label, "1.1",
            levels=dict.fromkeys(CONSTRUCTS, 1), evidence={c: [0] for c in CONSTRUCTS},
        )  # fmt: skip


@pytest.fixture
def study(tmp_path: Path) -> selfrule.Study:
    lines = [conversation(i) for i in range(60)] + [{**conversation(3), "id": "copy"}]
    return selfrule.audit(write_lines(tmp_path / "log.jsonl", lines), tmp_path / "study", workers=1)


def rated(study: selfrule.Study, rater: Slow, choices: Choices = CHOICES) -> Tally:
    folder = study._folder
    work = Work(folder, HERE, plan(Choices()), choices, duplicates.rows_of(folder))
    return asyncio.run(Run(work, rater, at_once=7).over())


def ratings(study: selfrule.Study) -> list[Rating]:
    import pyarrow.parquet as pq

    return [r for p in study._folder.parts("ratings", HERE.judge) for r in ratings_of(pq.read_table(p))]


def test_every_conversation_but_the_copy_has_one_rating_in_the_order_of_the_input(study: selfrule.Study) -> None:
    rater = Slow()
    rated(study, rater, Choices(judge="openai:x", screen=False))
    unique = [r["conversation_id"] for r in study.ratings().to_pylist() if r["status"] != "duplicate"]
    assert [r.conversation_id for r in ratings(study)] == unique
    assert {r.status for r in ratings(study)} == {"rated"}
    assert 1 < rater.most <= 7


def test_what_the_screen_drops_is_not_asked_about_unless_it_was_drawn(study: selfrule.Study) -> None:
    rater = Slow()
    rated(study, rater)
    kept = {
        r["conversation_id"]: r["screen"]["keep"] for r in study.ratings().to_pylist() if r["status"] != "duplicate"
    }
    for rating in ratings(study):
        if kept[rating.conversation_id]:
            assert (rating.status, rating.inclusion) == ("rated", 1.0)
        elif rating.status == "rated":
            assert rating.inclusion == 0.5
        else:
            assert rating.status == "screened_out"
    assert {r.status for r in ratings(study)} == {"rated", "screened_out"}


def test_one_failure_costs_no_other_conversation_its_rating(study: selfrule.Study) -> None:
    rated(study, Slow({"c7": RuntimeError("private words")}), Choices(judge="openai:x", screen=False))
    failed = [r for r in ratings(study) if r.status == "failed"]
    assert len(failed) == 1
    assert "RuntimeError" in (failed[0].reason or "")
    assert "private words" not in (failed[0].reason or "")


def test_a_failure_is_tried_again_by_the_next_run_and_nothing_else_is(study: selfrule.Study) -> None:
    all_of_it = Choices(judge="openai:x", screen=False)
    rated(study, Slow({"c7": RuntimeError(), "c9": PendingError()}), all_of_it)
    again = Slow()
    rated(study, again, all_of_it)
    assert sorted(again.asked) == ["c7", "c9"]
    assert {r.status for r in ratings(study)} == {"rated"}


def test_a_budget_that_is_reached_ends_the_asking_and_what_was_not_asked_waits(study: selfrule.Study) -> None:
    tally = rated(
        study, Slow(after=(20, BudgetError("the budget is reached"))), Choices(judge="openai:x", screen=False)
    )
    assert tally.ended == "the budget is reached"
    counts = {s: sum(r.status == s for r in ratings(study)) for s in ("rated", "waiting")}
    assert counts["rated"] == 20
    assert counts["waiting"] == 40


def test_a_model_that_cannot_be_used_is_said_after_everything_answered_is_written(study: selfrule.Study) -> None:
    with pytest.raises(ClientError, match="no key"):
        rated(study, Slow(after=(20, ClientError("no key"))), Choices(judge="openai:x", screen=False))
    assert sum(r.status == "rated" for r in ratings(study)) == 20
