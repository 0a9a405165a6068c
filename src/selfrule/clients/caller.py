"""Asks a model, once for each question: from the store if it was answered before, else over the network, and kept.

A reply is durable before anybody sees it. A request that was sent is never abandoned: if whoever asked is cancelled, it
goes on by itself and its reply is kept, as it is paid for. What a provider charges for a request whose answer never came
is not known here and not on the bill. No text is ever logged or put into an error.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable

from selfrule.clients import faults_met
from selfrule.clients.answers import Answers, Stored
from selfrule.clients.limits import Limiter, Limits
from selfrule.clients.prices import Price, cost
from selfrule.clients.sizing import Sizer, size
from selfrule.clients.submissions import Submissions, struck_off
from selfrule.clients.tally import Tally
from selfrule.clients.types import CallError, Client, Failure, Kind, PendingError, Reply, Request, Usage, address
from selfrule.clients.warming import Warming
from selfrule.errors import ClientError, UsageError

_MOST_TRIES = 3  # rounds of batches in which a question may fail


class _Flight:
    """A request on its way, and how many wait for it."""

    __slots__ = ("key", "sent", "task", "waiters")

    def __init__(self, key: str) -> None:
        self.key = key
        self.sent = False
        self.waiters = 0
        self.task: asyncio.Task[Reply | Failure] | None = None


class Caller:
    """Implements `types.Asker` for one model.

    Args:
        client: The model.
        answers: The study's store.
        limits: What is allowed of requests in flight and a minute.
        price: The model's price; None where not known.
        budget: US dollars that the study may cost in all, whoever asks; None for any. In batches it is held by estimate.
        batch: Questions go into the provider's batches: `ask` raises `PendingError` and `wanted` fills, until `batching`
            sends what it holds; `on_full` (by default `batching.submit`) is called when that is much.
        judge: Who asks, for the bill.
        timeout: Seconds to wait for one answer.
        attempts: How often a request is sent that meets time-outs, server errors and broken connections.
        patience: Seconds for which a request waits out 429s in all.
        limiter: Shared by callers of one model; made from `limits` if None.
        chance: Numbers in [0, 1), for jitter.

    Raises:
        UsageError: a budget for a model of no known price; batches where the provider has none.
    """

    def __init__(
        self,
        client: Client,
        answers: Answers,
        *,
        limits: Limits | None = None,
        price: Price | None = None,
        budget: float | None = None,
        batch: bool = False,
        judge: str = "",
        timeout: float = 300.0,
        attempts: int = 6,
        patience: float = 1800.0,
        limiter: Limiter | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.provider, self.model, self.parameters = client.provider, client.model, client.parameters
        self.name = f"{client.provider}:{client.model}"
        if budget is not None and price is None:
            raise UsageError(
                f"A 'budget' needs a price, and none is known for {self.name}. Write one into a file of prices "
                "(see selfrule's models.toml) and name it with --prices, or leave the budget out."
            )
        if batch and client.batches is None:
            raise UsageError(
                f"{self.name} has no batch interface; leave --batch out, or use anthropic: or openai: models."
            )
        self.client, self.answers, self.price, self.budget = client, answers, price, budget
        self.batch, self.judge = batch, judge or self.name
        self.limits = limits or Limits()
        self.limiter = limiter or Limiter(self.limits, chance=chance)
        self.submissions = Submissions(answers)
        self.tally = Tally()
        self.sizer = Sizer(price)
        self.wanted: dict[str, Request] = {}
        self.most_wanted_bytes = 100_000_000
        self.on_full: Callable[[Caller], Awaitable[object]] | None = None
        self._wanted_bytes = 0
        self._expected: dict[str, float] = {}
        self._timeout = timeout
        self._met = faults_met.Met(self.name, attempts=attempts, patience=patience, chance=chance)
        self._warming = Warming()
        self._flights: dict[str, _Flight] = {}
        self._full = asyncio.Lock()
        self._began = time.time_ns() // 1_000_000

    async def ask(
        self,
        request: Request,
        classify: Callable[[Reply], Kind],
        *,
        sample: int = 0,
        retry: frozenset[Kind] = frozenset(),
    ) -> Reply | Failure:
        """The reply to a question; see `types.Asker`. A kind in `retry` is asked anew once in this caller's life."""
        key = address(self.provider, self.model, self.parameters, request, sample)
        stored = self.answers.get(key)
        if stored is not None:
            kind = stored.kind if stored.kind != "unread" else classified(stored.reply, classify)
            if stored.kind == "unread" and kind is not None:
                await self.answers.read(key, stored.attempt, kind)
            if kind not in retry or stored.at >= self._began:
                await self.answers.note(key)  # the same words may have been asked about for another conversation
                self.tally.kept += 1
                return given(stored)
        if self.submissions.waits(key):
            self.tally.pending += 1
            raise PendingError
        self._met.check()
        if self.batch:
            await self.answers.note(key)
            return await self._want(key, request)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(key)
            flight.task = asyncio.create_task(self._fly(flight, key, request, classify))
            flight.task.add_done_callback(lambda task: self._landed(key, task))
        else:
            self.tally.joined += 1
            outcome = await self._awaited(key, flight)
            await self.answers.note(key)
            return outcome
        return await self._awaited(key, flight)

    async def _awaited(self, key: str, flight: _Flight) -> Reply | Failure:
        assert flight.task is not None
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        except asyncio.CancelledError:
            flight.waiters -= 1
            if not flight.waiters and not flight.sent:
                self._flights.pop(key, None)  # nothing was paid yet: whoever asks next starts afresh
                flight.task.cancel()
            raise

    def _landed(self, key: str, task: asyncio.Task[Reply | Failure]) -> None:
        flight = self._flights.get(key)
        if flight is not None and flight.task is task:
            del self._flights[key]
        if not task.cancelled():
            task.exception()  # seen, though nobody may wait any more

    async def _fly(
        self, flight: _Flight, key: str, request: Request, classify: Callable[[Reply], Kind]
    ) -> Reply | Failure:
        ticket = self.limiter.ticket()
        async with self._warming.turn(request):
            tokens = self.sizer.tokens(request)
            dearest = self.sizer.dearest(tokens, request.max_tokens)
            purse = self.answers.purse
            await purse.reserve(dearest, self.budget)
            paid = 0.0
            try:
                outcome = await self._tried(flight, ticket, tokens, request, classify)
                if isinstance(outcome, Reply):
                    paid = cost(outcome.usage, self.price) or 0.0
            finally:
                purse.settle(dearest, paid)
        if isinstance(outcome, CallError):
            return await self._failed(key, outcome)
        self.sizer.learn(tokens, outcome.usage.input)
        return outcome

    async def _tried(
        self, flight: _Flight, ticket: int, tokens: int, request: Request, classify: Callable[[Reply], Kind]
    ) -> Reply | CallError:
        """Ask until there is a reply, and keep it, or nothing more to try; then the fault.

        A request counts as in flight until its reply is durable: so a kill loses no more than may be in flight at once.
        """
        trials = faults_met.Trials()
        while True:
            expected = self.sizer.corrected(tokens) + request.max_tokens // 4
            entered = await self.limiter.enter(ticket, expected)
            try:
                self._met.check()
                flight.sent = True
                self.tally.requests += 1
                # the client keeps the time; this is for one that does not
                async with asyncio.timeout(self._timeout + 30.0):
                    reply = await self.client.call(request, timeout=self._timeout)
            except CallError as error:
                fault = error
            except TimeoutError:
                fault = CallError("timeout", "the call did not end in time")
            except asyncio.CancelledError:
                self.limiter.leave(entered, "neither")
                raise
            except ClientError:
                self.limiter.leave(entered, "neither")
                raise
            except Exception as error:  # a reply that trips the client costs its own question, not the run
                fault = CallError("garbled", f"{type(error).__name__} while the reply was read")
            else:
                used = reply.usage.fresh + reply.usage.written + reply.usage.output
                try:
                    await self.keep(flight.key, classified(reply, classify), reply)
                finally:
                    self.limiter.leave(entered, "ok", tokens=expected, used=used)
                self._met.success()
                return reply
            flight.sent = False
            together = self.limiter.leave(entered, faults_met.outcome(fault), retry_after=fault.retry_after)
            self.tally.faults[fault.fault] = self.tally.faults.get(fault.fault, 0) + 1
            if not flight.waiters:
                self._flights.pop(flight.key, None)
                return fault
            try:
                if not await self._met.again(fault, trials, together):
                    return fault
            except ClientError as error:
                self.limiter.stop(error)  # those who wait for their turn need not
                raise

    async def keep(self, key: str, kind: Kind | None, reply: Reply, *, batch: bool = False) -> float | None:
        """Keep a reply, durably; what it cost. `kind` None: nobody has read it yet."""
        paid = cost(reply.usage, self.price, batch)
        self.tally.add(reply, paid)
        # struck off its batch in the same transaction, so that no reply is ever booked twice
        also = [struck_off(key)] if batch else []
        await self.answers.put(key, kind or "unread", reply, model=self.name, cost=paid, judge=self.judge, also=also)
        return paid

    async def _failed(self, key: str, fault: CallError) -> Failure:
        failure = faults_met.failure(fault)
        self.tally.failures[failure.status] = self.tally.failures.get(failure.status, 0) + 1
        if failure.status == "filtered":
            await self.keep_filtered(key, failure.reason)
        return failure

    async def keep_filtered(self, key: str, reason: str) -> None:
        """Remember that the provider's filter refused a request, so that it is not sent again: that cost nothing."""
        reply = Reply("", "filter", Usage(), "", detail=reason)
        await self.answers.put(key, "filtered", reply, model=self.name, cost=0.0, judge=self.judge)

    async def _want(self, key: str, request: Request) -> Reply | Failure:
        """Put a question among those for the next batch; a failure if batches could not answer it before."""
        fault = self.submissions.fault(key)
        if fault is not None and (fault.status != "failed" or fault.times >= _MOST_TRIES):
            return Failure(fault.status, fault.reason)
        async with self._full:
            if key not in self.wanted:
                expected = self.expected(request)
                self.answers.purse.commit(expected, self.budget)
                self.wanted[key] = request
                self._expected[key] = expected
                self._wanted_bytes += size(request)
                if self._wanted_bytes >= self.most_wanted_bytes:
                    await (self.on_full or _submit)(self)
        self.tally.pending += 1
        raise PendingError

    def taken(self, keys: Iterable[str]) -> float | None:
        """Strike questions off `wanted`; what they are reckoned to cost in all, None where no price is known."""
        total = 0.0
        for key in keys:
            self._wanted_bytes -= size(self.wanted.pop(key))
            total += self._expected.pop(key)
        return None if self.price is None else total

    def expected(self, request: Request) -> float:
        """US dollars that a request in a batch is reckoned to cost: for an answer twice as long as usual in this study."""
        lines = [line for line in self.answers.bill().lines if line.model == self.name]
        replies, output = sum(line.replies for line in lines), sum(line.usage.output for line in lines)
        said = min(request.max_tokens, 2 * output // replies + 1) if replies >= 20 else request.max_tokens
        return self.sizer.dearest(self.sizer.tokens(request), said, batch=True)

    async def drain(self) -> None:
        """Wait for requests that were sent and let go of those that were not. Call before the client is closed."""
        while self._flights:
            tasks = []
            for flight in list(self._flights.values()):
                assert flight.task is not None
                if not flight.sent and not flight.waiters:
                    flight.task.cancel()
                tasks.append(flight.task)
            await asyncio.wait(tasks)
            await asyncio.sleep(0)


def given(stored: Stored) -> Reply | Failure:
    """A stored reply as its asker gets it: a request that the provider's filter refused is a failure, as it was then."""
    reply = stored.reply
    if stored.kind == "filtered" and not reply.served and not reply.text:
        return Failure("filtered", reply.detail or "")
    return reply


def classified(reply: Reply, classify: Callable[[Reply], Kind]) -> Kind | None:
    """What a reply is worth; None, to be asked again when it is next read, where judging it fails."""
    try:
        return classify(reply)
    except Exception:  # it was paid for: it is kept whatever its reader makes of it
        return None


async def _submit(caller: Caller) -> object:
    from selfrule.clients.batching import submit

    return await submit(caller)
