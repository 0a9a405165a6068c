"""A question is paid for once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from selfrule.clients.answers import Answers
from selfrule.clients.caller import Caller
from selfrule.clients.fake import FakeBatches, FakeClient, Simulation, reply
from selfrule.clients.limits import Limits
from selfrule.clients.prices import Price
from selfrule.clients.types import CallError, Failure, Fault, Kind, PendingError, Reply, Request, Usage
from selfrule.errors import BudgetError, ClientError, UsageError

PRICE = Price(1000.0, 1000.0, 1000.0, 1000.0)  # a thousandth of a dollar a token


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    with Watched(tmp_path / "answers.sqlite") as opened:
        yield opened


class Watched(Answers):
    """A store that says whether it is writing: simulated time stands still for it."""

    writing = 0

    async def write(self, *statements: tuple[str, tuple[object, ...]]) -> None:
        Watched.writing += 1
        try:
            await super().write(*statements)
        finally:
            Watched.writing -= 1


def question(text: str, **more: Any) -> Request:
    return Request("the rubric", text, max_tokens=more.pop("max_tokens", 100), **more)


def as_answer(reply: Reply) -> Kind:
    return "refused" if reply.text == "no" else "answer"


def simulated(work: Callable[[], Awaitable[Any]]) -> Any:
    async def all_of_it() -> Any:
        return await work()

    with asyncio.Runner(loop_factory=lambda: Simulation(busy=lambda: Watched.writing > 0)) as runner:
        return runner.run(all_of_it())


def opened(client: FakeClient, answers: Answers, **more: Any) -> Caller:
    return Caller(client, answers, chance=random.Random(1).random, **more)


def text_of(outcome: Reply | Failure) -> str:
    return outcome.text if isinstance(outcome, Reply) else f"{outcome.status}: {outcome.reason}"


def test_a_question_is_asked_once_in_this_run_and_all_later_ones(answers: Answers) -> None:
    client = FakeClient(answer=lambda request: f"about {request.shared}")
    for _ in range(3):
        caller = opened(client, answers)
        assert text_of(simulated(lambda: caller.ask(question("a"), as_answer))) == "about a"  # noqa: B023
    assert len(client.calls) == 1
    assert (caller.tally.requests, caller.tally.kept) == (0, 1)


def test_another_sample_model_or_wording_is_another_question(answers: Answers) -> None:
    client, other = FakeClient(), FakeClient(model="other")

    async def work() -> None:
        caller = opened(client, answers)
        await caller.ask(question("a"), as_answer)
        await caller.ask(question("a"), as_answer, sample=1)
        await caller.ask(question("a", ask="?"), as_answer)
        await opened(other, answers).ask(question("a"), as_answer)

    simulated(work)
    assert (len(client.calls), len(other.calls)) == (3, 1)


def test_the_same_question_asked_at_once_is_sent_once(answers: Answers) -> None:
    client = FakeClient(latency=1)
    caller = opened(client, answers)
    outcomes = simulated(lambda: asyncio.gather(*(caller.ask(question("a"), as_answer) for _ in range(50))))
    assert {text_of(outcome) for outcome in outcomes} == {"yes"}
    assert (len(client.calls), caller.tally.joined) == (1, 49)


def test_a_refusal_is_kept_as_one_and_asked_anew_only_when_told_and_then_once_a_run(answers: Answers) -> None:
    client = FakeClient(["no", "no", "yes"])

    async def asked(*retry: Kind) -> str:
        caller = opened(client, answers)
        first = await caller.ask(question("a"), as_answer, retry=frozenset(retry))
        again = await caller.ask(question("a"), as_answer, retry=frozenset(retry))
        assert first == again
        return text_of(first)

    assert [simulated(asked), simulated(asked)] == ["no", "no"]
    assert len(client.calls) == 1
    assert simulated(lambda: asked("unparseable")) == "no"
    assert len(client.calls) == 1
    assert answers._read.execute("update answers set at = 0")  # as if from an earlier day
    assert simulated(lambda: asked("refused")) == "no"
    assert answers._read.execute("update answers set at = 0")
    assert simulated(lambda: asked("refused")) == "yes"
    assert simulated(lambda: asked("refused")) == "yes"
    assert len(client.calls) == 3


@pytest.mark.parametrize("fault", ["overloaded", "timeout", "connection", "rate_limited", "garbled"])
def test_a_passing_fault_is_got_over(answers: Answers, fault: Fault) -> None:
    client = FakeClient([CallError(fault, "trouble")])
    caller = opened(client, answers)
    assert text_of(simulated(lambda: caller.ask(question("a"), as_answer))) == "yes"
    assert (caller.tally.faults, caller.tally.requests, sum(client.paid.values())) == ({fault: 1}, 2, 1)


@pytest.mark.parametrize(
    ("fault", "status", "calls"),
    [
        ("overloaded", "failed", 6),
        ("timeout", "failed", 6),
        ("garbled", "failed", 2),
        ("rejected", "failed", 1),
        ("over_long", "over_long", 1),
        ("filtered", "filtered", 1),
    ],
)
def test_a_lasting_fault_costs_its_own_question_alone(answers: Answers, fault: Fault, status: str, calls: int) -> None:
    client = FakeClient(answer=lambda r: CallError(fault, "trouble") if r.shared == "bad" else "yes")
    caller = opened(client, answers)

    async def work() -> list[Reply | Failure]:
        return list(await asyncio.gather(*(caller.ask(question(text), as_answer) for text in ("good", "bad", "fine"))))

    good, bad, fine = simulated(work)
    assert (text_of(good), text_of(fine)) == ("yes", "yes")
    assert isinstance(bad, Failure)
    assert bad.status == status
    assert "trouble" in bad.reason
    assert sum(request.shared == "bad" for request in client.calls) == calls


def test_a_filtered_request_is_not_sent_again_unless_told(answers: Answers) -> None:
    client = FakeClient([CallError("filtered", "policy")])
    first = simulated(lambda: opened(client, answers).ask(question("a"), as_answer))
    again = simulated(lambda: opened(client, answers).ask(question("a"), as_answer))
    assert first == again == Failure("filtered", "policy")
    assert (len(client.calls), answers.spent()) == (1, 0.0)
    answers._read.execute("update answers set at = 0")
    outcome = simulated(lambda: opened(client, answers).ask(question("a"), as_answer, retry=frozenset(["filtered"])))
    assert text_of(outcome) == "yes"


@pytest.mark.parametrize("fault", ["denied", "unknown_model", "broke"])
def test_what_nothing_can_help_ends_the_run_at_once_with_a_remedy(answers: Answers, fault: Fault) -> None:
    client = FakeClient(["yes"], answer=CallError(fault, "trouble"), latency=1)
    caller = opened(client, answers, limits=Limits(concurrency=2))

    async def work() -> list[object]:
        questions = (caller.ask(question(str(n)), as_answer) for n in range(30))
        return await asyncio.gather(*questions, return_exceptions=True)

    outcomes = simulated(work)
    errors = [outcome for outcome in outcomes if isinstance(outcome, ClientError)]
    assert len(errors) == 29
    assert ";" in str(errors[0])
    assert len(client.calls) <= 3
    with pytest.raises(ClientError):
        simulated(lambda: caller.ask(question("more"), as_answer))


def test_what_was_answered_is_still_given_when_the_model_cannot_be_used_any_more(answers: Answers) -> None:
    client = FakeClient(["yes"], answer=CallError("broke", "no credit"))
    caller = opened(client, answers)
    simulated(lambda: caller.ask(question("a"), as_answer))
    with pytest.raises(ClientError):
        simulated(lambda: caller.ask(question("b"), as_answer))
    assert text_of(simulated(lambda: caller.ask(question("a"), as_answer))) == "yes"


def test_a_server_that_is_not_there_ends_the_run(answers: Answers) -> None:
    client = FakeClient(answer=CallError("connection", "refused"))
    with pytest.raises(ClientError, match="the server runs"):
        simulated(lambda: opened(client, answers).ask(question("a"), as_answer))
    assert len(client.calls) == 6


def test_a_server_that_asks_to_wait_for_hours_ends_the_run_and_holds_nobody(answers: Answers) -> None:
    client = FakeClient(["yes"], answer=CallError("rate_limited", "daily limit", retry_after=40_000))
    caller = opened(client, answers, limits=Limits(concurrency=1))

    async def work() -> tuple[list[object], float]:
        questions = (caller.ask(question(str(n)), as_answer) for n in range(5))
        return await asyncio.gather(*questions, return_exceptions=True), asyncio.get_running_loop().time()

    outcomes, seconds = simulated(work)
    assert sum(isinstance(outcome, ClientError) for outcome in outcomes) == 4
    assert seconds < 10


def test_429s_are_waited_out_for_so_long_and_no_longer(answers: Answers) -> None:
    client = FakeClient(answer=CallError("rate_limited", "slow down", retry_after=50))
    caller = opened(client, answers, patience=600)

    async def work() -> tuple[Reply | Failure, float]:
        return await caller.ask(question("a"), as_answer), asyncio.get_running_loop().time()

    outcome, seconds = simulated(work)
    assert isinstance(outcome, Failure)
    assert outcome.status == "failed"
    assert 600 <= seconds < 700


def test_a_bug_in_a_client_costs_one_question(answers: Answers) -> None:
    client = FakeClient(answer=lambda r: KeyError("choices") if r.shared == "bad" else "yes")
    caller = opened(client, answers)
    outcome = simulated(lambda: caller.ask(question("bad"), as_answer))
    assert text_of(outcome).startswith("failed: garbled: KeyError")
    assert text_of(simulated(lambda: caller.ask(question("good"), as_answer))) == "yes"


def test_a_client_that_never_returns_is_given_up(answers: Answers) -> None:
    class Stuck(FakeClient):
        async def call(self, request: Request, *, timeout: float) -> Reply:
            await asyncio.Event().wait()
            raise AssertionError

    outcome = simulated(lambda: opened(Stuck(), answers, timeout=10.0, attempts=2).ask(question("a"), as_answer))
    assert text_of(outcome).startswith("failed: timeout")


def test_a_budget_is_never_passed_and_what_was_answered_is_kept(answers: Answers) -> None:
    """Each answer costs 0.11; before it is had it may cost 0.1 for the answer and some for the question."""
    client = FakeClient(latency=1)
    caller = opened(client, answers, price=PRICE, budget=2.0, limits=Limits(concurrency=8))

    async def work() -> list[object]:
        questions = (caller.ask(question(str(n)), as_answer) for n in range(100))
        return await asyncio.gather(*questions, return_exceptions=True)

    outcomes = simulated(work)
    answered = sum(isinstance(outcome, Reply) for outcome in outcomes)
    spent = answers.spent()
    assert spent is not None
    assert spent == pytest.approx(0.11 * answered) == caller.tally.cost
    assert 1.7 < spent <= 2.0
    assert all(isinstance(outcome, (Reply, BudgetError)) for outcome in outcomes)
    assert len(answers) == answered == len(client.calls)
    richer = opened(client, answers, price=PRICE, budget=3.0)
    assert text_of(simulated(lambda: richer.ask(question("99"), as_answer))) == "yes"


def test_two_models_share_the_budget_of_their_study(answers: Answers) -> None:
    callers = [opened(FakeClient(model=name), answers, price=PRICE, budget=1.0) for name in ("a", "b")]

    async def work() -> None:
        questions = (caller.ask(question(str(n)), as_answer) for n in range(20) for caller in callers)
        await asyncio.gather(*questions, return_exceptions=True)

    simulated(work)
    spent = answers.spent()
    assert spent is not None
    assert 0.6 < spent <= 1.0


def test_a_budget_without_a_price_is_refused_with_a_remedy(answers: Answers) -> None:
    with pytest.raises(UsageError, match="--prices"):
        opened(FakeClient(), answers, budget=1.0)


def test_the_first_with_a_new_prefix_goes_alone(answers: Answers) -> None:
    client = FakeClient(latency=1)
    caller = opened(client, answers)
    sent: dict[str, int] = {}

    def noted(request: Request) -> str:
        sent[request.shared + request.ask] = round(asyncio.get_running_loop().time()) - 1
        return "yes"

    client.answer = noted
    simulated(
        lambda: asyncio.gather(
            *(caller.ask(question(t, ask=a, shared_again=True), as_answer) for t in "ab" for a in "123")
        )
    )
    # the very first is alone with the rubric; "b" has its own first; then all that share a conversation
    assert sent == {"a1": 0, "a2": 1, "a3": 1, "b1": 1, "b2": 2, "b3": 2}


def test_a_failing_first_holds_nobody_up_twice(answers: Answers) -> None:
    client = FakeClient([CallError("rejected", "no")], latency=1)
    caller = opened(client, answers)

    async def work() -> float:
        await asyncio.gather(*(caller.ask(question(str(n)), as_answer) for n in range(6)))
        return asyncio.get_running_loop().time()

    assert simulated(work) == pytest.approx(2, abs=0.1)


def test_a_cancelled_asker_loses_no_reply_that_was_paid_for(answers: Answers) -> None:
    client = FakeClient(latency=1)
    caller = opened(client, answers)

    async def work() -> None:
        task = asyncio.create_task(caller.ask(question("a"), as_answer))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await caller.drain()

    simulated(work)
    assert len(answers) == 1
    assert text_of(simulated(lambda: caller.ask(question("a"), as_answer))) == "yes"
    assert len(client.calls) == 1


def test_cancelled_askers_whose_turn_had_not_come_cost_nothing(answers: Answers) -> None:
    client = FakeClient(latency=1)
    caller = opened(client, answers, limits=Limits(concurrency=2))

    async def work() -> None:
        tasks = [asyncio.create_task(caller.ask(question(str(n)), as_answer)) for n in range(40)]
        await asyncio.sleep(1.5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await caller.drain()
        assert caller.limiter.in_flight == 0

    simulated(work)
    assert len(client.calls) == 3
    assert len(answers) == 3, "the first alone, then two in flight, which are kept"


def test_a_reader_that_fails_loses_no_reply(answers: Answers) -> None:
    def fails(reply: Reply) -> Kind:
        raise ValueError

    client = FakeClient()
    assert text_of(simulated(lambda: opened(client, answers).ask(question("a"), fails))) == "yes"
    assert text_of(simulated(lambda: opened(client, answers).ask(question("a"), as_answer))) == "yes"
    assert len(client.calls) == 1


def test_tokens_and_dollars_are_tallied(answers: Answers) -> None:
    client = FakeClient([reply("yes", usage=Usage(10, 20, 30, 40))])
    caller = opened(client, answers, price=PRICE, judge="me")
    simulated(lambda: caller.ask(question("a"), as_answer))
    assert (caller.tally.usage, caller.tally.cost) == (Usage(10, 20, 30, 40), pytest.approx(0.1))
    (line,) = answers.bill().lines
    assert (line.judge, line.model, line.cost) == ("me", "fake:model", pytest.approx(0.1))


def test_in_batch_mode_a_question_waits_among_those_wanted(answers: Answers) -> None:
    caller = opened(FakeClient(batches=FakeBatches()), answers, batch=True)

    async def work() -> None:
        for text in ("a", "b", "a"):
            with pytest.raises(PendingError):
                await caller.ask(question(text), as_answer)

    simulated(work)
    assert [request.shared for request in caller.wanted.values()] == ["a", "b"]
    with pytest.raises(UsageError, match="no batch interface"):
        opened(FakeClient(), answers, batch=True)


def test_fifteen_hundred_questions_with_many_faults_each_have_one_outcome_and_none_is_paid_twice(
    answers: Answers,
) -> None:
    chance = random.Random(3)
    faults: list[Fault] = ["rate_limited", "overloaded", "timeout", "connection", "garbled", "filtered", "over_long"]

    def answer(request: Request) -> str | CallError:
        if chance.random() >= 0.2:
            return "yes"
        fault = chance.choice(faults)
        return CallError(fault, "x", retry_after=1.0 if fault == "rate_limited" and chance.random() < 0.5 else None)

    client = FakeClient(answer=answer, latency=0.2)
    caller = opened(client, answers, limits=Limits(concurrency=128), price=PRICE)

    async def work() -> list[Reply | Failure]:
        room = asyncio.Semaphore(256)

        async def one(number: int) -> Reply | Failure:
            async with room:
                return await caller.ask(question(str(number)), as_answer)

        return await asyncio.gather(*(one(number) for number in range(1500)))

    outcomes = simulated(work)
    assert len(outcomes) == 1500
    assert max(client.paid.values()) == 1
    assert sum(isinstance(outcome, Reply) for outcome in outcomes) == sum(client.paid.values())
    assert sum(isinstance(outcome, Reply) for outcome in outcomes) > 1300


_ASKS_UNTIL_KILLED = """
    import asyncio, os, sys
    from pathlib import Path
    from selfrule.clients.answers import Answers
    from selfrule.clients.caller import Caller
    from selfrule.clients.fake import FakeClient
    from selfrule.clients.limits import Limits
    from selfrule.clients.types import Request

    paid = os.open(sys.argv[2], os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def answer(request):
        os.write(paid, f"{request.shared}\\n".encode())  # from here on the provider will charge for it
        return "yes"

    async def main():
        with Answers(Path(sys.argv[1])) as answers:
            caller = Caller(FakeClient(answer=answer, latency=0.005), answers, limits=Limits(concurrency=32))
            async def one(worker):
                for number in range(worker, 1500, 64):
                    await caller.ask(Request("rubric", str(number)), lambda reply: "answer")
            await asyncio.gather(*(one(worker) for worker in range(64)))

    asyncio.run(main())
"""


def test_after_kill_9_nothing_that_was_kept_is_paid_again_and_little_else(tmp_path: Path) -> None:
    store, log = tmp_path / "answers.sqlite", tmp_path / "paid"
    command = [sys.executable, "-c", textwrap.dedent(_ASKS_UNTIL_KILLED), str(store), str(log)]
    again = 0
    for _ in range(4):
        process = subprocess.Popen(command)
        size = log.stat().st_size if log.exists() else 0
        while not log.exists() or log.stat().st_size < size + 400:
            assert process.poll() is None or process.returncode == 0
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with Answers(store, reading=True) as answers:
            lost = len(log.read_text().split()) - again - len(answers)
        assert 0 <= lost <= 32, "at most what was in flight"
        again += lost
    assert subprocess.run(command, check=False).returncode == 0
    paid = Counter(log.read_text().split())
    assert len(paid) == 1500
    assert sum(paid.values()) == 1500 + again
