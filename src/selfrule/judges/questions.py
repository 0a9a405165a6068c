"""Asks about one window until it is rated or it is clear that it will not be: answers sent back, follow-up, status.

An answer that cannot be read is sent back once, and so is one with a level above none that cites no turn of the window: at most
two rounds beside the first. Whatever an answer lacks then is marked; a level is never made up and never taken away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from selfrule import rubric
from selfrule.clients.types import Asker, Failure, Kind, PendingError, Reply, Request
from selfrule.errors import BudgetError, ClientError
from selfrule.judges import prompts, protocol
from selfrule.judges.container import escaped
from selfrule.judges.joining import Parsed, join
from selfrule.judges.parse import Unusable
from selfrule.judges.windows import Window

Status = Literal["over_long", "failed", "refused", "filtered", "truncated", "unparseable"]
GRAVEST: tuple[Status, ...] = ("over_long", "failed", "refused", "filtered", "truncated", "unparseable")
"""Where several things went wrong, the status is the first of these."""

_MOST_SENT_BACK = 8000  # characters of a model's own answer
_T = TypeVar("_T")


class Lost(msgspec.Struct, frozen=True):
    """A window, or one question about it, without a rating: why."""

    status: Status
    reason: str


class Round(msgspec.Struct, frozen=True):
    """How everything about a conversation is asked: by whom, by which protocol, at what length, and how anew."""

    asker: Asker
    way: protocol.Way
    most_tokens: int
    retry: frozenset[Kind] = frozenset()
    sample: int = 0


async def together(tasks: Sequence[Coroutine[Any, Any, _T]]) -> list[_T]:
    """All results, in order. Every task runs to its end before the gravest error is raised: what could be asked has been.

    Raises:
        ClientError, BudgetError, PendingError: the first kind of these that any task raised; an unknown error before them.
    """
    if len(tasks) == 1:
        return [await tasks[0]]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    errors = [result for result in results if isinstance(result, BaseException)]
    if errors:
        raise min(errors, key=_gravity)
    return [result for result in results if not isinstance(result, BaseException)]


def _gravity(error: BaseException) -> int:
    kinds = (ClientError, BudgetError, PendingError)
    return next((place for place, kind in enumerate(kinds, 1) if isinstance(error, kind)), 0)


async def ask(window: Window, how: Round) -> Parsed | Lost:
    """What the model says about one window: complete (every construct has a level), or lost.

    Raises:
        ClientError, BudgetError, PendingError: see `together`.
    """
    first = how.way.requests(window, how.most_tokens)
    outcomes = await together([_settled(name, request, window, how) for name, request in first.items()])
    lost = [(name, outcome) for name, outcome in zip(first, outcomes, strict=True) if isinstance(outcome, Lost)]
    if lost:
        name, worst = min(lost, key=lambda pair: GRAVEST.index(pair[1].status))
        return worst if len(first) == 1 else Lost(worst.status, f"{name}: {worst.reason}")
    parsed = join([outcome for outcome in outcomes if isinstance(outcome, Parsed)])
    above = frozenset(construct for construct, level in parsed.levels.items() if level)
    more = how.way.follow_up(parsed, window, how.most_tokens)
    for name, request in more.items():
        answer = await _settled(name, request, window, how, above)
        if isinstance(answer, Parsed):
            evidence = {c: turns if c in above else [] for c, turns in answer.evidence.items()}
            parsed = join([parsed, msgspec.structs.replace(answer, evidence=evidence)])
        elif answer.status in ("failed", "over_long"):  # may well succeed another time, or cut smaller
            return Lost(answer.status, f"{name}: {answer.reason}")
        else:
            parsed = join([parsed, _unproven(sorted(above))])
    missing = [construct for construct in rubric.CONSTRUCTS if construct not in parsed.levels]
    assert not missing, f"the protocol left out {missing}"
    return parsed


async def _settled(
    name: str, request: Request, window: Window, how: Round, above: frozenset[str] | None = None
) -> Parsed | Lost:
    """The answer to one question, sent back where that may help. `above`: constructs that need evidence, if known."""
    prompt = prompts.load(how.way.NAME)
    reading = protocol.Reading(how.way, name, window)
    readable: Parsed | None = None  # an answer that lacks nothing but evidence
    sent_back: set[type] = set()
    while True:
        reply = await how.asker.ask(request, reading, sample=how.sample, retry=how.retry)
        if isinstance(reply, Failure):
            if readable is not None and reply.status != "failed":
                return _marked(readable, sent_back)
            return Lost(reply.status, reply.reason)
        outcome = reading.outcome(reply)
        if isinstance(outcome, Parsed):
            readable = outcome = _needed(outcome, above)
            if not outcome.lacking or Parsed in sent_back:
                return _marked(outcome, sent_back)
        elif outcome.kind != "unparseable" or Unusable in sent_back or not how.way.repairable(name):
            return _marked(readable, sent_back) if readable is not None else Lost(outcome.kind, _reason(outcome))
        sent_back.add(type(outcome))
        request = _again(request, reply, protocol.correction(prompt, outcome))


def _needed(outcome: Parsed, above: frozenset[str] | None) -> Parsed:
    if above is None:
        return outcome
    return msgspec.structs.replace(outcome, lacking=tuple(c for c in outcome.lacking if c in above))


def _marked(outcome: Parsed, sent_back: set[type]) -> Parsed:
    """The answer with what a reader should know of it: what it still lacks, and that it was sent back."""
    marks = Parsed(marks=("repaired",) if sent_back else ())
    return join([outcome, _unproven(outcome.lacking), marks]) if outcome.lacking or sent_back else outcome


def _unproven(constructs: Sequence[str]) -> Parsed:
    return Parsed(marks=tuple(f"no_evidence:{construct}" for construct in constructs))


def _reason(outcome: Unusable) -> str:
    return f"the answer cannot be read: {outcome.wrong}" if outcome.kind == "unparseable" else outcome.wrong


def _again(request: Request, reply: Reply, correction: str) -> Request:
    # a bad answer may quote the conversation, control words and all; and some providers take no empty turn
    answer = escaped(reply.text[:_MOST_SENT_BACK]).strip() or "(nothing)"
    return msgspec.structs.replace(request, turns=(*request.turns, (answer, correction)))
