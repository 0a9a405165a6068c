"""Through a provider's batches: what died in between is found again, what failed alone is asked again, nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.clients.answers import Answers
from selfrule.clients.batching import Progress, collect, collect_and_submit, submit
from selfrule.clients.caller import Caller
from selfrule.clients.fake import FakeBatches, FakeClient
from selfrule.clients.prices import Price
from selfrule.clients.types import CallError, Failure, Kind, PendingError, Reply, Request
from selfrule.errors import BudgetError, ClientError

PRICE = Price(1000.0, 1000.0, 1000.0, 1000.0, batch_discount=0.5)


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    with Answers(tmp_path / "answers.sqlite") as opened:
        yield opened


def question(text: str) -> Request:
    return Request("the rubric", text, max_tokens=100)


def as_answer(reply: Reply) -> Kind:
    return "refused" if reply.text == "no" else "answer"


def opened(batches: FakeBatches, answers: Answers, **more: Any) -> Caller:
    return Caller(FakeClient(batches=batches), answers, batch=True, **more)


async def asked(caller: Caller, *texts: str) -> dict[str, str]:
    """What is had for each text: an answer, a failure, or "pending"."""
    found = {}
    for text in texts:
        try:
            outcome = await caller.ask(question(text), as_answer)
            found[text] = outcome.text if isinstance(outcome, Reply) else outcome.status
        except PendingError:
            found[text] = "pending"
    return found


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    async def all_of_it() -> Any:
        return await work()

    return asyncio.run(all_of_it())


def sent(batches: FakeBatches) -> Counter[str]:
    return Counter(request.shared for batch in batches.batches.values() for _, request in batch)


def test_submit_leave_and_come_back_tomorrow(answers: Answers) -> None:
    batches = FakeBatches(lambda request: f"about {request.shared}", polls=1)

    async def today() -> Progress:
        caller = opened(batches, answers)
        assert await asked(caller, "a", "b") == {"a": "pending", "b": "pending"}
        return await collect_and_submit(caller)

    async def tomorrow() -> tuple[dict[str, str], Progress]:
        caller = opened(batches, answers)
        progress = await collect_and_submit(caller)
        return await asked(caller, "a", "b"), progress

    first = run(today)
    assert (first.submitted, first.questions, first.in_flight, first.waiting) == (1, 2, 1, 2)
    assert run(tomorrow) == ({"a": "pending", "b": "pending"}, Progress(in_flight=1, waiting=2))
    outcomes, progress = run(tomorrow)
    assert outcomes == {"a": "about a", "b": "about b"}
    assert (progress.ended, progress.replies, progress.in_flight) == (1, 2, 0)
    assert max(sent(batches).values()) == 1
    assert batches.forgotten == ["batch-0"]


def test_a_batch_whose_process_died_before_it_learnt_the_id_is_found_by_its_tag(answers: Answers) -> None:
    batches = FakeBatches()
    batches.dies_after_submission = True

    async def dies() -> Progress:
        caller = opened(batches, answers)
        await asked(caller, "a", "b")
        return await submit(caller)

    async def lives() -> dict[str, str]:
        caller = opened(batches, answers)
        assert await asked(caller, "a") == {"a": "pending"}
        assert not caller.wanted
        await collect(caller)
        return await asked(caller, "a", "b")

    assert "could not be sent" in run(dies).problems[0]
    assert run(lives) == {"a": "yes", "b": "yes"}
    assert sent(batches) == {"a": 1, "b": 1}


def test_a_batch_that_never_arrived_is_let_go_after_a_while_and_asked_again(answers: Answers) -> None:
    class Cut(FakeBatches):
        async def submit(self, requests: list[tuple[str, Request]], tag: str) -> str:
            raise CallError("connection", "cut")

    async def work() -> list[object]:
        caller = opened(Cut(), answers, price=PRICE, budget=10.0)
        await asked(caller, "a")
        await submit(caller)
        found: list[object] = [len(caller.submissions.in_flight())]
        await collect(caller)
        found.append(len(caller.submissions.in_flight()))
        await collect(caller, settled_after=0.0)
        found.append(len(caller.submissions.in_flight()))
        await asked(caller, "a")
        return [*found, list(caller.wanted) != []]

    assert run(work) == [1, 1, 0, True]


def test_a_batch_that_was_refused_is_let_go_at_once_and_its_money_freed(answers: Answers) -> None:
    class Refuses(FakeBatches):
        async def submit(self, requests: list[tuple[str, Request]], tag: str) -> str:
            raise CallError("rate_limited", "too many batches")

    async def work() -> tuple[Progress, float]:
        caller = opened(Refuses(), answers, price=PRICE, budget=10.0)
        await asked(caller, "a")
        return await submit(caller), answers.purse.committed

    progress, committed = run(work)
    assert "too many batches" in progress.problems[0]
    assert (progress.in_flight, committed) == (0, 0.0)


def test_an_account_without_credit_ends_the_run(answers: Answers) -> None:
    class Broke(FakeBatches):
        async def submit(self, requests: list[tuple[str, Request]], tag: str) -> str:
            raise CallError("broke", "no credit")

    async def work() -> None:
        caller = opened(Broke(), answers)
        await asked(caller, "a")
        await submit(caller)

    with pytest.raises(ClientError, match="top it up"):
        run(work)


def test_rows_that_expired_or_failed_are_asked_again_alone(answers: Answers) -> None:
    rounds: Counter[str] = Counter()

    def answer(request: Request) -> str | CallError:
        rounds[request.shared] += 1
        first = rounds[request.shared] == 1
        if request.shared == "expires" and first:
            return CallError("timeout", "expired")
        if request.shared == "errs" and first:
            return CallError("overloaded", "internal")
        if request.shared == "long":
            return CallError("over_long", "too long")
        if request.shared == "filtered":
            return CallError("filtered", "policy")
        if request.shared == "never":
            return CallError("rejected", "no such thing")
        return "yes"

    batches = FakeBatches(answer)
    texts = ("good", "expires", "errs", "long", "filtered", "never")

    async def one_run() -> dict[str, str]:
        caller = opened(batches, answers)
        found = await asked(caller, *texts)
        await collect_and_submit(caller)
        return found

    outcomes = [run(one_run) for _ in range(7)]
    assert outcomes[-1] == {
        "good": "yes", "expires": "yes", "errs": "yes", "long": "over_long", "filtered": "filtered", "never": "failed",
    }  # fmt: skip
    assert sent(batches) == {"good": 1, "expires": 2, "errs": 2, "long": 1, "filtered": 1, "never": 3}


def test_a_batch_that_failed_as_a_whole_is_told_and_not_tried_for_ever(answers: Answers) -> None:
    batches = FakeBatches()
    batches.problem = "the file is malformed"

    async def one_run() -> tuple[dict[str, str], Progress]:
        caller = opened(batches, answers)
        found = await asked(caller, "a")
        return found, await collect_and_submit(caller)

    seen = [run(one_run) for _ in range(8)]
    assert any("malformed" in problem for _, progress in seen for problem in progress.problems)
    assert seen[-1][0] == {"a": "failed"}
    assert sent(batches) == {"a": 3}

    async def forgiven() -> dict[str, str]:
        caller = opened(batches, answers)
        await caller.submissions.forgive()
        return await asked(caller, "a")

    assert run(forgiven) == {"a": "pending"}


def test_a_reply_is_read_when_it_is_asked_for_and_its_kind_kept(answers: Answers) -> None:
    async def work() -> list[object]:
        caller = opened(FakeBatches("no"), answers)
        await asked(caller, "a")
        await collect_and_submit(caller)
        await collect_and_submit(caller)
        (row,) = answers.select("select kind from answers")
        await asked(caller, "a")
        return [row[0], answers.select("select kind from answers")[0][0]]

    assert run(work) == ["unread", "refused"]


def test_a_death_while_results_are_stored_books_none_twice(answers: Answers) -> None:
    class Dies(FakeBatches):
        async def each_result(self, batch: str) -> Any:
            for number, result in enumerate(await self.results(batch)):
                if number == 700 and not self.forgotten:
                    self.forgotten.append("died")
                    raise CallError("connection", "cut in the middle")
                yield result

    batches = Dies()

    async def work() -> tuple[dict[str, str], int]:
        caller = opened(batches, answers, price=PRICE)
        texts = [str(number) for number in range(1200)]
        await asked(caller, *texts)
        await submit(caller)
        first = await collect(caller)
        assert "cut in the middle" in first.problems[0]
        await collect(opened(batches, answers, price=PRICE))
        return await asked(caller, *texts), len(answers)

    outcomes, replies = run(work)
    assert set(outcomes.values()) == {"yes"}
    assert replies == 1200
    assert answers.spent() == pytest.approx(1200 * 0.11 / 2)


def test_a_question_in_a_batch_is_not_asked_by_any_other_way(answers: Answers) -> None:
    batches = FakeBatches()

    async def work() -> list[str]:
        caller = opened(batches, answers)
        await asked(caller, "a")
        await submit(caller)
        live = Caller(FakeClient(batches=batches), answers)
        before = await asked(live, "a", "b")
        await collect(caller)
        after = await asked(live, "a")
        return [before["a"], before["b"], after["a"]]

    assert run(work) == ["pending", "yes", "yes"]


def test_a_budget_holds_back_batches_too(answers: Answers) -> None:
    async def work() -> int:
        caller = opened(FakeBatches(), answers, price=PRICE, budget=0.5)
        with pytest.raises(BudgetError):
            await asked(caller, *(str(number) for number in range(100)))
        await submit(caller)
        return len(caller.submissions.keys(caller.submissions.in_flight()[0].tag))

    assert 3 <= run(work) <= 9
    with Answers(answers.path) as again:
        assert 0.3 < again.purse.committed <= 0.5, "what is in flight is remembered by the next run"


def test_much_that_is_wanted_is_sent_before_all_is_asked(answers: Answers) -> None:
    batches = FakeBatches()

    async def work() -> int:
        caller = opened(batches, answers)
        caller.most_wanted_bytes = 1000
        await asked(caller, *(f"{number}: " + "x" * 90 for number in range(50)))
        return len(caller.wanted)

    assert run(work) < 11
    assert 4 <= len(batches.batches) <= 6


def test_a_question_larger_than_a_batch_takes_is_over_long_and_stops_nothing(answers: Answers) -> None:
    batches = FakeBatches()
    batches.most_bytes = 10_000

    async def work() -> dict[str, str]:
        caller = opened(batches, answers)
        texts = ("x" * 20_000, "small")
        await asked(caller, *texts)
        await submit(caller)
        await collect(caller)
        return {text[0]: outcome for text, outcome in (await asked(caller, *texts)).items()}

    assert run(work) == {"x": "over_long", "s": "yes"}


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["run", "die", "cut", "expire"]), max_size=12), st.integers(1, 4))
def test_whatever_dies_when_nothing_is_in_two_batches_at_once_nor_answered_twice(
    tmp_path_factory: pytest.TempPathFactory, events: list[str], most: int
) -> None:
    now = {"event": "run"}
    paid: Counter[str] = Counter()

    def answer(request: Request) -> str | CallError:
        if now["event"] == "expire" and request.shared in "ab":
            return CallError("timeout", "expired")
        paid[request.shared] += 1
        return "yes"

    batches = FakeBatches(answer, most=most)
    path = tmp_path_factory.mktemp("study") / "answers.sqlite"

    async def one_run(event: str) -> dict[str, str]:
        with Answers(path) as answers:
            caller = opened(batches, answers)
            batches.dies_after_submission = event in ("die", "cut")
            found = await asked(caller, *"abcdef")
            if event == "die":
                await submit(caller)
            else:
                await collect(caller, settled_after=1e9)
                await submit(caller)
            return found

    for event in events:
        now["event"] = event
        run(lambda: one_run(event))  # noqa: B023
        with Answers(path, reading=True) as answers:
            rows = answers.select("select count(*), count(distinct key) from waiting")
            assert rows[0][0] == rows[0][1]
    now["event"] = "run"
    outcomes = [run(lambda: one_run("run")) for _ in range(14)]
    assert set(outcomes[-1].values()) == {"yes"}
    assert set(paid.values()) == {1}


def test_a_failure_says_what_was_wrong(answers: Answers) -> None:
    async def work() -> Reply | Failure:
        caller = opened(FakeBatches(CallError("over_long", "200001 tokens > 200000")), answers)
        await asked(caller, "a")
        await collect_and_submit(caller)
        await collect_and_submit(caller)
        return await caller.ask(question("a"), as_answer)

    assert run(work) == Failure("over_long", "200001 tokens > 200000")
