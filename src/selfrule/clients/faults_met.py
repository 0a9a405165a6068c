"""What is done about a fault: wait and try again, give the question up, or end the run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from selfrule.clients.limits import Outcome
from selfrule.clients.types import CallError, Failure, Fault
from selfrule.errors import ClientError

_BASE_S = 0.5
_LONGEST_S = 30.0
_IN_A_ROW = 20  # questions given up one after another, with no answer in between, before the run is ended

_OUTCOMES: dict[Fault, Outcome] = {
    "rate_limited": "limited",
    "overloaded": "troubled",
    "timeout": "troubled",
    "connection": "troubled",
    "garbled": "neither",
}

REMEDIES: dict[Fault, str] = {
    "denied": "the key is missing, wrong, or has no access to this model; see that the right key is in the environment",
    "unknown_model": "there is no such model at this address; see how it is spelt",
    "broke": "the account has no credit left, or reached its own limit; top it up, then run again: nothing answered is lost",
}
"""Faults that end the run, and what to do about each."""


def outcome(fault: CallError) -> Outcome:
    """What a fault means for the speed at which the model is asked."""
    return _OUTCOMES.get(fault.fault, "neither")


def failure(fault: CallError) -> Failure:
    """The failure that stays of a fault."""
    if fault.fault in {"over_long", "filtered"}:
        return Failure(fault.fault, fault.message or fault.fault)
    return Failure("failed", str(fault))


class Trials:
    """How often one question was tried, and since when it met 429s."""

    __slots__ = ("garbled", "limited", "limited_since", "tried")

    def __init__(self) -> None:
        self.tried = 0
        self.garbled = 0
        self.limited = 0
        self.limited_since: float | None = None


class Met:
    """Decides for one model.

    Args:
        name: Provider and model, for messages.
        attempts: How often a question is tried that meets time-outs, server errors, broken connections.
        patience: Seconds for which one question waits out 429s.
        chance: Numbers in [0, 1), for jitter.
    """

    def __init__(self, name: str, *, attempts: int, patience: float, chance: Callable[[], float]) -> None:
        self._name = name
        self._attempts = attempts
        self._patience = patience
        self._chance = chance
        self._ended: ClientError | None = None
        self._answered = False
        self._given_up = 0

    def check(self) -> None:
        """Raise what ended the run, if anything did.

        Raises:
            ClientError: nothing more can be had from this model.
        """
        if self._ended is not None:
            raise self._ended

    def success(self) -> None:
        """The model answered."""
        self._answered = True
        self._given_up = 0

    async def again(self, fault: CallError, trials: Trials, together: bool = False) -> bool:
        """Whether to try again; returns when it is time to. `together`: all wait for a 429's Retry-After, not this one alone.

        Raises:
            ClientError: nothing more can be had from this model.
        """
        if fault.fault in REMEDIES:
            self._end(f"{self._name}: {fault}; {REMEDIES[fault.fault]}")
        if fault.fault == "rate_limited":
            return await self._limited(fault, trials, together)
        if fault.fault == "garbled":
            trials.garbled += 1
            return trials.garbled < 2
        if _OUTCOMES.get(fault.fault) != "troubled":
            return False
        trials.tried += 1
        if trials.tried >= self._attempts:
            self._give_up(fault)
            return False
        wait = self._chance() * min(_LONGEST_S, _BASE_S * 2**trials.tried)
        await asyncio.sleep(max(wait, fault.retry_after or 0.0))
        return True

    async def _limited(self, fault: CallError, trials: Trials, together: bool) -> bool:
        now = asyncio.get_running_loop().time()
        if trials.limited_since is None:
            trials.limited_since = now
        if (fault.retry_after or 0.0) > self._patience:
            self._end(
                f"{self._name}: the server asks to wait {fault.retry_after:.0f} s ({fault.message}); run again then: "
                "everything answered is kept"
            )
        if now - trials.limited_since > self._patience:
            return False
        if fault.retry_after is None:
            trials.limited += 1
            await asyncio.sleep(self._chance() * min(_LONGEST_S, _BASE_S * 2**trials.limited))
        elif not together:
            await asyncio.sleep(fault.retry_after)
        return True

    def _give_up(self, fault: CallError) -> None:
        self._given_up += 1
        if fault.fault == "connection" and not self._answered:
            self._end(
                f"{self._name}: no connection could be made in {self._attempts} attempts ({fault.message}); see that the "
                "address is right and the server runs"
            )
        if self._given_up >= _IN_A_ROW:
            self._end(
                f"{self._name}: {self._given_up} questions in a row brought no answer, the last with {fault}; run again "
                "when the server is well: everything answered is kept"
            )

    def _end(self, message: str) -> None:
        self._ended = self._ended or ClientError(message)
        raise self._ended
