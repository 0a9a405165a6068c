"""Stand-ins for tests, yours and ours: a model that answers from a script, and a clock that does not make you wait."""

from __future__ import annotations

import asyncio
import selectors
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from selfrule.clients.types import BatchState, CallError, Reply, Request, Usage

Step = str | Reply | CallError | Exception
"""What a fake model does when asked: say this text, give this reply, or fail so."""


class Simulation(asyncio.SelectorEventLoop):
    """An event loop whose time is simulated: where all wait for a timer, time jumps to it. For `asyncio.Runner`.

    >>> async def nap():
    ...     await asyncio.sleep(3600)
    ...     return asyncio.get_running_loop().time()
    >>> with asyncio.Runner(loop_factory=Simulation) as runner:
    ...     runner.run(nap())
    3600.0

    Args:
        busy: Whether another thread (a store that writes) is at work, for which time stands still.
    """

    def __init__(self, busy: Callable[[], bool] = lambda: False) -> None:
        self._passed = 0.0
        self.busy = busy
        super().__init__(_Jump(self))

    def time(self) -> float:
        """Simulated seconds since the loop was made."""
        return self._passed

    def jump(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds


class _Jump(selectors.DefaultSelector):
    def __init__(self, loop: Simulation) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        ready = super().select(0)
        while not ready and timeout > 0 and self._loop.busy():
            ready = super().select(0.01)
        if not ready and timeout > 0:
            self._loop.jump(timeout)
        return ready


class FakeClient:
    """A model that answers from a script and counts what it was paid. Implements `types.Client`.

    Args:
        script: What to do, request by request; then `answer` for all others.
        answer: A text, or what makes a step of a request.
        latency: Seconds before each answer.
        batches: A `FakeBatches`, where there is to be a batch interface.
    """

    provider = "fake"

    def __init__(
        self,
        script: Iterable[Step] = (),
        *,
        answer: Step | Callable[[Request], Step] = "yes",
        model: str = "model",
        parameters: dict[str, Any] | None = None,
        latency: float = 0.0,
        batches: FakeBatches | None = None,
    ) -> None:
        self.model = model
        self.parameters = parameters or {}
        self.batches = batches
        self._script = iter(script)
        self.answer = answer
        self.latency = latency
        self.calls: list[Request] = []
        self.paid: Counter[str] = Counter()
        self.in_flight = 0
        self.most_in_flight = 0
        self.closed = False

    async def call(self, request: Request, *, timeout: float) -> Reply:
        """Do what the script says; time out where `latency` is above `timeout`."""
        self.calls.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(min(self.latency, timeout))
            if self.latency > timeout:
                raise CallError("timeout", "no answer in time")
            step = next(self._script, None)
            if step is None:
                step = self.answer(request) if callable(self.answer) else self.answer
            if isinstance(step, Exception):
                raise step
            self.paid[request.shared + request.ask] += 1
            return step if isinstance(step, Reply) else reply(step)
        finally:
            self.in_flight -= 1

    async def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


class FakeBatches:
    """A batch interface in memory. Implements `types.Batches`.

    Args:
        answer: A text, or what makes a step of a request; a `CallError` is a row that failed.
        polls: How many times `state` says that a batch has not ended.
    """

    def __init__(
        self, answer: Step | Callable[[Request], Step] = "yes", *, polls: int = 0, most: int = 100_000
    ) -> None:
        self.most_requests = most
        self.most_bytes = 200_000_000
        self._answer = answer
        self._polls = polls
        self.batches: dict[str, list[tuple[str, Request]]] = {}
        self.tags: dict[str, str] = {}
        self._asked: Counter[str] = Counter()
        self.dies_after_submission = False
        self.problem = ""
        self.forgotten: list[str] = []

    async def submit(self, requests: list[tuple[str, Request]], tag: str) -> str:
        """Take a batch; with `dies_after_submission` take it and fail, as a connection that breaks then."""
        batch = f"batch-{len(self.batches)}"
        self.batches[batch] = list(requests)
        self.tags[tag] = batch
        if self.dies_after_submission:
            raise CallError("connection", "cut")
        return batch

    async def find(self, tag: str) -> str | None:
        """The batch that carries a tag."""
        return self.tags.get(tag)

    async def state(self, batch: str) -> BatchState:
        """Ended after as many polls as told."""
        self._asked[batch] += 1
        waiting = len(self.batches[batch])
        if self._asked[batch] <= self._polls:
            return BatchState(batch, ended=False, waiting=waiting)
        return BatchState(batch, ended=True, succeeded=waiting, problem=self.problem)

    async def results(self, batch: str) -> list[tuple[str, Reply | CallError]]:
        """What the model makes of each request, last first."""
        found: list[tuple[str, Reply | CallError]] = []
        if self.problem:
            return found
        for name, request in reversed(self.batches[batch]):
            step = self._answer(request) if callable(self._answer) else self._answer
            if isinstance(step, (Reply, CallError)):
                found.append((name, step))
            elif isinstance(step, str):
                found.append((name, reply(step)))
        return found

    async def forget(self, batch: str) -> None:
        """Remember that a batch may be deleted."""
        self.forgotten.append(batch)


def reply(text: str, *, usage: Usage | None = None) -> Reply:
    """A reply with this text that ended by itself; 100 tokens in and 10 out unless told otherwise."""
    return Reply(text, "stop", usage or Usage(fresh=100, output=10), "fake-model")
