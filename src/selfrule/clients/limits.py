"""How fast one model is asked: as fast as it answers, and no faster than it said.

Three things hold a request back. The number in flight starts low and doubles each window without trouble until the
first 429, then grows by a twentieth a window; a 429 cuts it by a tenth, once per congestion event. From the first 429 on
requests are also paced: the pace is what the server was seen to accept, cut by a twelfth, back at its old value after
20 seconds and then probing on, slowly first (the cubic of RFC 9438, in time rather than in data). Where cuts were seen to
change nothing, refusals are not taken for congestion any more (`_heed`). A `Retry-After` stops all requests to the model for
as long as it says. One or two 429s among the last hundred answers are no congestion: each holds back its own request alone.
Server errors and time-outs concern their own request alone;
only when more than a fifth of the last fifty answers are such does the number in flight shrink, by a tenth.

Callers are served in the order in which they first came: one that tries again keeps its place. The event loop's clock
is the only clock, so that a simulation runs on a loop of its own (`fake.Simulation`).
"""

from __future__ import annotations

import asyncio
import heapq
import math
import random
from collections import deque
from collections.abc import Callable
from typing import Literal

import msgspec

Outcome = Literal["ok", "limited", "troubled", "neither"]
"""How a request ended, as far as its speed goes: answered, 429, server error or time-out, or none of these."""

START = 8
_GROWTH = 0.05  # of the number in flight, a window
_CUT = 0.9  # of the number in flight, at a congestion event
_PACE_CUT = 0.92
_RETURN = 20.0  # seconds after which the pace is back at what was accepted before
_RETURN_REQUESTS = 60.0  # or at least after so many requests, where they are few a second
_PROBE = 1.0  # share by which the pace has grown as long again after its return
_BURST = 5.0  # seconds' worth of a stated rate that may go at once
_TROUBLE = 0.2  # share of answers
_WINDOW = 50  # answers
_LAST = 100  # answers, of which so many 429s are taken to be alone,
_ALONE = 2
_LEAST = 40  # where there are at least so many,
_WITHIN = 5.0  # seconds; fewer a second tell too little
_FEW = 5  # events compared with as many later ones


class Limits(msgspec.Struct, frozen=True):
    """What the user or the provider allows: requests in flight at most, and requests and tokens a minute (None: any)."""

    concurrency: int = 64
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


class _Bucket:
    """A rate with a little slack: `rate` a second, at most `most` at once. May go into debt for one large amount."""

    def __init__(self, rate: float, most: float, now: float) -> None:
        self.rate = rate
        self.most = most
        self._level = most
        self._at = now

    def _fill(self, now: float) -> None:
        self._level = min(self.most, self._level + (now - self._at) * self.rate)
        self._at = now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until `amount` may be taken."""
        self._fill(now)
        lacking = min(amount, self.most) - self._level
        return lacking / self.rate if lacking > 1e-9 else 0.0

    def take(self, amount: float, now: float) -> None:
        self._fill(now)
        self._level -= amount


class Limiter:
    """Lets requests to one model go. Used on one event loop at a time.

    Args:
        limits: What is allowed.
        chance: Numbers in [0, 1), for jitter.
    """

    def __init__(self, limits: Limits | None = None, *, chance: Callable[[], float] = random.random) -> None:
        self.limits = limits or Limits()
        self.in_flight = 0
        self._chance = chance
        self._ticket = 0
        self._limit = float(min(START, self.limits.concurrency))
        self._doubling = True
        self._stopped: Exception | None = None
        self._queue: list[tuple[int, float, asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._resumed_at = -math.inf
        self._event_at = -math.inf  # when the last congestion event was; requests sent before it tell nothing new
        self._events_without_success = 0
        self._accepted = 0
        self._refused = 0
        self._last: deque[tuple[float, bool]] = deque(maxlen=_LAST)  # when the last answers came, and if they were 429s
        self._between: list[int] = []  # how many were taken between refusals, since that last changed
        self._deaf = False
        self._share = 0.0  # of requests refused, while refusals are not heeded
        self._latency = 0.0
        self._pace: _Bucket | None = None
        self._accepted_pace = 1.0
        self._troubles: list[bool] = []
        self._stated: list[tuple[_Bucket, bool]] | None = None

    @property
    def most(self) -> int:
        """How many requests may be in flight now."""
        return max(1, int(self._limit))

    @property
    def pace(self) -> float | None:
        """Requests a second that are let go at most, as learnt from 429s; None before the first."""
        return self._pace.rate if self._pace else None

    def ticket(self) -> int:
        """A place in the queue, for `enter`; a request that tries again enters with the ticket it had."""
        self._ticket += 1
        return self._ticket

    async def enter(self, ticket: int, tokens: float = 0.0) -> float:
        """Wait for one's turn. Every `enter` that returns must be followed by `leave`.

        Args:
            ticket: A place in the queue.
            tokens: How many tokens the request may come to, for a limit on tokens a minute.

        Raises:
            Exception: what `stop` was called with.

        Returns:
            The time of the loop's clock at which the request may go; `leave` wants it back.
        """
        if self._stopped is not None:
            raise self._stopped
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._queue, (ticket, tokens, turn))
        self._go()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # let go and cancelled in the same step: give the place back
                self.in_flight -= 1
                self._go()
            raise
        return loop.time()

    def leave(
        self,
        entered: float,
        outcome: Outcome,
        *,
        retry_after: float | None = None,
        tokens: float = 0.0,
        used: float | None = None,
    ) -> bool:
        """Tell how a request ended.

        Returns:
            Whether all requests now wait for as long as `retry_after` says; if not, this one must wait by itself.

        Args:
            entered: What `enter` returned.
            outcome: How it ended.
            retry_after: Seconds the server asked to wait.
            tokens: What `enter` was told.
            used: Tokens that the provider counted, where it did.
        """
        now = asyncio.get_running_loop().time()
        self.in_flight -= 1
        together = False
        if used is not None and used != tokens:
            for bucket, counts_tokens in self._stated or ():
                if counts_tokens:
                    bucket.take(used - tokens, now)
        if outcome == "ok":
            self._accepted += 1
            self._last.append((now, False))
            self._latency += (0.1 if self._latency else 1.0) * (now - entered - self._latency)
            self._events_without_success = 0
            self._grow()
        elif outcome == "limited":
            self._last.append((now, True))
            if self._alone(now):
                self._refused += 1
            else:
                together = self._congested(entered, retry_after, now)
        if outcome in ("ok", "troubled"):
            self._note(outcome == "troubled")
        self._go()
        return together

    def stop(self, error: Exception) -> None:
        """Let nobody go any more: all who wait, and all who come, get `error`."""
        self._stopped = error
        if self._timer is not None:
            self._timer.cancel()
        queue, self._queue = self._queue, []
        for _, _, turn in queue:
            if not turn.done():
                turn.set_exception(error)

    def _grow(self) -> None:
        if self.in_flight + 1 < self.most:
            return  # the limit held nobody back, so this answer says nothing about a higher one
        step = 1.0 if self._doubling else max(1.0, _GROWTH * self._limit) / self._limit
        self._limit = min(float(self.limits.concurrency), self._limit + step)

    def _congested(self, entered: float, retry_after: float | None, now: float) -> bool:
        """Slow down for a 429 that is not alone; whether all wait for as long as it says."""
        self._refused += 1
        first = entered > self._event_at
        # before the first answer there is nothing to go by but what the server says
        heed = self._latency > 0 and (self._heed(now) if first else not self._deaf)
        if first and heed:
            reached = self._pace.rate if self._pace else math.inf
            self._accepted_pace = max(0.02, min(self._acceptable(now), reached))
            self._limit = max(1.0, self._limit * _CUT)
        told = retry_after is not None
        if retry_after is not None:
            # exactly as long as told, and a little more so that not all clients of the server come back at once
            self._pause(now + retry_after + self._chance() * min(0.25, 0.05 * retry_after + 0.01))
        elif first and self._events_without_success:
            # told nothing, all wait only if nothing was answered since the last event; the request itself waits anyway
            self._pause(now + min(60.0, 0.25 * 2**self._events_without_success) * (0.5 + 0.5 * self._chance()))
        if not first:
            return told
        self._events_without_success += 1
        self._doubling = self._deaf
        self._pace = _Bucket(self._accepted_pace * _PACE_CUT, 1.0, now) if heed else None
        self._event_at = now
        self._accepted, self._refused = 0, 0
        return told

    def _alone(self, now: float) -> bool:
        """Whether this 429 is one of few among many answers, such as a key shared with others brings."""
        lately = len(self._last) >= _LEAST and now - self._last[0][0] <= _WITHIN
        return lately and sum(refused for _, refused in self._last) <= _ALONE

    def _heed(self, now: float) -> bool:
        """Whether to slow down for this 429: not if slowing down was seen to change nothing.

        Where refusals follow from the pace, ever more requests are taken between two of them as it falls. Where it was
        cut ten times and they come as often as ever, they have another cause, such as a server that refuses at
        random; until every fifth request is refused.
        """
        if self._deaf:
            self._share += 0.2 * (self._refused / (self._refused + self._accepted) - self._share)
            self._deaf = self._share <= _TROUBLE
        elif now - self._event_at > 0.4 * self._back:
            del self._between[-1:]
        else:
            self._between.append(self._accepted)
            early, late = self._between[:_FEW], self._between[_FEW:]
            if len(late) == _FEW:
                self._deaf, self._share = sum(late) <= 1.5 * sum(early), 0.0
                self._between = [] if self._deaf else late
        return not self._deaf

    def _acceptable(self, now: float) -> float:
        """Requests a second that the server takes, judged when it has just refused one."""
        if self._pace is None:
            # by Little's law; too high if the server had saved up for a burst, which the next event shows
            return (self.in_flight + 1) / self._latency
        # refused soon after the last event: even the pace after the cut is still too fast
        return self._pace.rate * (_PACE_CUT if now - self._event_at < self._back / 4 else 1.0)

    @property
    def _back(self) -> float:
        return max(_RETURN, min(_RETURN_REQUESTS / self._accepted_pace, 9 * _RETURN))

    def _pause(self, until: float) -> None:
        self._resumed_at = max(self._resumed_at, until)

    def _note(self, trouble: bool) -> None:
        self._troubles.append(trouble)
        if len(self._troubles) >= _WINDOW:
            if sum(self._troubles) > _TROUBLE * len(self._troubles):
                self._limit = max(1.0, self._limit * _CUT)
                self._doubling = False
            self._troubles.clear()

    def _wait(self, tokens: float, now: float) -> float:
        """Seconds until the next request may go, as far as time decides."""
        if self._stated is None:
            rates = [(self.limits.requests_per_minute, False), (self.limits.tokens_per_minute, True)]
            self._stated = [
                (_Bucket(rate / 60, max(1.0, rate / 60 * _BURST), now), counts_tokens)
                for rate, counts_tokens in rates
                if rate is not None
            ]
        wait = max(0.0, self._resumed_at - now)
        for bucket, counts_tokens in self._stated:
            wait = max(wait, bucket.wait(tokens if counts_tokens else 1.0, now))
        if self._pace is not None:
            x = (now - self._event_at - self._back) / self._back
            rate = self._accepted_pace * (1 + (_PROBE if x > 0 else 1 - _PACE_CUT) * x**3)
            # no further than the number in flight lets it come, or a pace that never held anybody back would run away
            self._pace.rate = min(rate, max(self._accepted_pace, 1.25 * (self._limit + 1) / self._latency))
            self._pace.most = max(1.0, 0.02 * self._pace.rate)
            wait = max(wait, self._pace.wait(1.0, now))
        return wait

    def _go(self) -> None:
        """Let go all whose turn it is; if time alone holds the next one back, come again then."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        while self._queue and self.in_flight < self.most:
            _, tokens, turn = self._queue[0]
            if turn.done():  # cancelled while it waited
                heapq.heappop(self._queue)
                continue
            now = loop.time()
            wait = self._wait(tokens, now)
            if wait > 0:
                self._timer = loop.call_later(wait, self._go)
                return
            heapq.heappop(self._queue)
            for bucket, counts_tokens in self._stated or ():
                bucket.take(tokens if counts_tokens else 1.0, now)
            if self._pace is not None:
                self._pace.take(1.0, now)
            self.in_flight += 1
            turn.set_result(None)
