"""How fast a model is asked, in simulated time: near what the server takes, few refusals, in order of arrival."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.clients.fake import Simulation
from selfrule.clients.limits import START, Limiter, Limits

T = TypeVar("T")


def simulated(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=Simulation) as runner:
        return runner.run(work)


class Server(msgspec.Struct):
    """A server with a token bucket (`rate` a second, `burst` at once), a limit of its own, or random refusals."""

    rate: float = 1e9
    burst: float = 1e9
    latency: float = 0.2
    at_once: int = 10**9
    refused_at_random: float = 0.0
    troubled: float = 0.0
    tells: bool = True


class Seen(msgspec.Struct):
    answered: float
    refused: float
    most: int


def run(server: Server, most: int = 256, seconds: float = 240.0, warm: float = 60.0) -> Seen:
    """Answers a second and share of refusals after `warm` seconds, with more callers than may go."""
    chance = random.Random(7)

    async def work() -> Seen:
        loop = asyncio.get_running_loop()
        limiter = Limiter(Limits(concurrency=most), chance=chance.random)
        level, at, inside, highest = server.burst, 0.0, 0, 0
        answered = refused = 0

        async def one() -> None:
            nonlocal level, at, inside, highest, answered, refused
            ticket = limiter.ticket()
            while True:
                entered = await limiter.enter(ticket)
                now = loop.time()
                level, at = min(server.burst, level + (now - at) * server.rate), now
                inside += 1
                highest = max(highest, inside)
                if level < 1 or inside > server.at_once or chance.random() < server.refused_at_random:
                    await asyncio.sleep(0.03)
                    inside -= 1
                    refused += now > warm
                    wait = max(1, math.ceil((1 - level) / server.rate)) if server.tells else None
                    if not limiter.leave(entered, "limited", retry_after=wait) and wait is not None:
                        await asyncio.sleep(wait)
                    continue
                level -= 1
                await asyncio.sleep(server.latency * chance.uniform(0.7, 1.3))
                inside -= 1
                if chance.random() < server.troubled:
                    limiter.leave(entered, "troubled")
                    continue
                answered += now > warm
                limiter.leave(entered, "ok")
                return

        async def caller() -> None:
            while loop.time() < seconds:
                await one()

        await asyncio.gather(*(caller() for _ in range(2 * most)))
        return Seen(answered / (loop.time() - warm), refused / max(1, answered + refused), highest)

    return simulated(work())


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(Server(rate=100, burst=100), id="100 a second"),
        pytest.param(Server(rate=100, burst=10), id="100 a second, small bucket"),
        pytest.param(Server(rate=100, burst=10, latency=2), id="100 a second, slow"),
        pytest.param(Server(rate=10, burst=10, latency=2), id="10 a second, slow"),
        pytest.param(Server(rate=1, burst=1, latency=0.5), id="one a second"),
        pytest.param(Server(rate=50, burst=3000, latency=3), id="a minute saved up"),
        pytest.param(Server(rate=100, burst=100, tells=False), id="no Retry-After"),
        pytest.param(Server(rate=20, burst=20, latency=1, tells=False), id="20 a second, no Retry-After"),
    ],
)
def test_a_server_with_a_rate_limit_is_used_to_the_full_and_seldom_refuses(server: Server) -> None:
    seen = run(server)
    assert seen.answered >= 0.85 * server.rate
    assert seen.refused < 0.03
    assert seen.most <= 256


@pytest.mark.parametrize("tells", [True, False], ids=["Retry-After", "none"])
def test_a_server_that_takes_so_many_at_once_is_used_to_the_full(tells: bool) -> None:
    seen = run(Server(latency=1, at_once=32, tells=tells))
    assert seen.answered >= (0.8 if tells else 0.85) * 32  # a second's pause is a whole window lost here
    assert seen.refused < 0.03


def test_a_server_without_limits_is_asked_as_much_as_allowed_and_no_more() -> None:
    seen = run(Server(), most=64, seconds=30, warm=5)
    assert seen.most == 64
    assert seen.answered >= 0.95 * 64 / 0.2


def test_single_server_errors_slow_nobody_down() -> None:
    seen = run(Server(troubled=0.05), most=64, seconds=30, warm=5)
    assert seen.answered >= 0.95 * 0.95 * 64 / 0.2


def test_many_server_errors_do() -> None:
    assert run(Server(troubled=0.6), most=64, seconds=60, warm=20).answered < 0.5 * 0.4 * 64 / 0.2


def test_refusals_at_random_do_not_starve_a_run() -> None:
    """Each Retry-After of a second stops all 64: at most one window in 1.2 s, 53 answers a second, can be had."""
    assert run(Server(refused_at_random=0.05), most=64, warm=100).answered >= 0.7 * 53


@pytest.mark.parametrize(("tells", "least"), [(True, 150), (False, 560)])
def test_one_refusal_among_many_answers_holds_back_its_own_request_alone(tells: bool, least: float) -> None:
    server = Server(refused_at_random=0.01, tells=tells, latency=0.1)
    assert run(server, most=64, seconds=60, warm=20).answered >= least


def test_a_retry_after_holds_back_every_request_for_as_long_as_told() -> None:
    async def work() -> list[float]:
        loop = asyncio.get_running_loop()
        limiter = Limiter(Limits(concurrency=4))
        went: list[float] = []

        async def one(outcome: str) -> None:
            entered = await limiter.enter(limiter.ticket())
            went.append(loop.time())
            await asyncio.sleep(0.1)
            limiter.leave(entered, "ok" if outcome == "ok" else "limited", retry_after=7.0 if outcome != "ok" else None)

        await asyncio.gather(one("limited"), *(one("ok") for _ in range(9)))
        return went

    went = simulated(work())
    assert went[:4] == [0.0] * 4
    assert all(7.1 <= at < 20 for at in went[4:])


def test_the_first_to_come_is_the_first_to_go_and_keeps_its_place_when_it_tries_again() -> None:
    async def work() -> list[str]:
        limiter = Limiter(Limits(concurrency=1))
        order: list[str] = []

        async def one(name: str, fails: int = 0) -> None:
            ticket = limiter.ticket()
            for attempt in range(fails + 1):
                entered = await limiter.enter(ticket)
                order.append(name)
                await asyncio.sleep(1)
                limiter.leave(entered, "troubled" if attempt < fails else "ok")

        await asyncio.gather(one("a"), one("b", fails=2), one("c"), one("d"))
        return order

    assert simulated(work()) == ["a", "b", "c", "b", "d", "b"], "b comes back when c has gone, and goes before d"


def test_stated_rates_are_kept() -> None:
    async def work() -> float:
        loop = asyncio.get_running_loop()
        limiter = Limiter(Limits(concurrency=64, requests_per_minute=600, tokens_per_minute=60_000))

        async def one() -> None:
            entered = await limiter.enter(limiter.ticket(), tokens=500)
            await asyncio.sleep(0.1)
            limiter.leave(entered, "ok", tokens=500, used=1000)

        await asyncio.gather(*(one() for _ in range(600)))
        return loop.time()

    # 600,000 tokens at 60,000 a minute take ten minutes, less the five seconds that may go at once; requests alone, one
    assert 540 < simulated(work()) < 610


def test_who_waits_and_who_comes_learns_that_all_is_over() -> None:
    async def work() -> list[object]:
        limiter = Limiter(Limits(concurrency=1))
        entered = await limiter.enter(limiter.ticket())
        waits = [asyncio.create_task(limiter.enter(limiter.ticket())) for _ in range(3)]
        await asyncio.sleep(0)
        limiter.stop(RuntimeError("over"))
        limiter.leave(entered, "neither")
        waits.append(asyncio.create_task(limiter.enter(limiter.ticket())))
        return await asyncio.gather(*waits, return_exceptions=True)

    assert [str(result) for result in simulated(work())] == ["over"] * 4


@settings(max_examples=30)
@given(
    most=st.integers(1, 20),
    requests=st.lists(
        st.tuples(
            st.sampled_from(["ok", "limited", "troubled", "neither"]),
            st.floats(0, 3),
            st.none() | st.floats(0, 5),
            st.booleans(),
        ),
        max_size=60,
    ),
)
def test_every_request_gets_its_turn_and_never_more_are_out_than_allowed(
    most: int, requests: list[tuple[Any, float, float | None, bool]]
) -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=most))
        out = served = dropped = 0

        async def one(outcome: Any, seconds: float, retry_after: float | None) -> None:
            nonlocal out, served
            entered = await limiter.enter(limiter.ticket())
            out += 1
            assert out <= most
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                outcome = "neither"
                raise
            finally:
                out -= 1
                limiter.leave(entered, outcome, retry_after=retry_after if outcome == "limited" else None)
            served += 1

        tasks = [(asyncio.create_task(one(*request[:3])), request[3]) for request in requests]
        await asyncio.sleep(0.01)
        for task, drops in tasks:
            dropped += drops and task.cancel()
        await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
        assert (served, limiter.in_flight) == (len(tasks) - dropped, 0)

    simulated(work())


def test_it_starts_low_and_doubles() -> None:
    async def work() -> list[int]:
        limiter = Limiter(Limits(concurrency=1000))

        async def one() -> None:
            entered = await limiter.enter(limiter.ticket())
            await asyncio.sleep(1)
            limiter.leave(entered, "ok")

        tasks = [asyncio.create_task(one()) for _ in range(500)]
        seen = []
        for _ in range(4):
            await asyncio.sleep(1.01 if not seen else 1.0)
            seen.append(limiter.in_flight)
        await asyncio.gather(*tasks)
        return [START, *seen]

    assert simulated(work()) == [8, 16, 32, 64, 128]
