"""Through a provider's batches: submit, leave, come back; nothing twice.

A batch is written down before it is sent, with the questions in it. If the process dies before it learns the batch's id,
the batch is found again by its tag; a question in a batch in flight is never sent by any other way. Replies are stored as
they are read; rows that expired or failed have none, so they alone are asked again.
"""

from __future__ import annotations

import asyncio
import inspect
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import msgspec

from selfrule.clients.caller import Caller
from selfrule.clients.faults_met import REMEDIES, failure
from selfrule.clients.sizing import size
from selfrule.clients.submissions import Submission
from selfrule.clients.types import Batches, BatchState, CallError, Failure, Fault, Reply, Request
from selfrule.errors import ClientError

_SPARE = 0.95  # of the bytes that a provider takes
_TOGETHER = 500  # replies that share a flush to disk
_NOT_ITS_OWN: frozenset[Fault] = frozenset(
    ("timeout", "connection", "rate_limited", "denied", "unknown_model", "broke")
)
"""Faults of a row that say nothing about its question: it is asked again as if it had never been sent."""


class Progress(msgspec.Struct, frozen=True):
    """Where a study's batches of one model stand.

    `submitted` batches with `questions` were sent by this call; `ended` were collected, with `replies` stored and
    `unanswered` rows that will be asked again; `in_flight` are left, with `waiting` questions. `problems` are batches that
    could not be sent, found or fetched just now, in words; the next call tries again.
    """

    submitted: int = 0
    questions: int = 0
    ended: int = 0
    replies: int = 0
    unanswered: int = 0
    in_flight: int = 0
    waiting: int = 0
    problems: tuple[str, ...] = ()


Report = Callable[[Progress], None]


async def collect_and_submit(caller: Caller, report: Report = lambda progress: None) -> Progress:
    """Collect what has ended, then submit what is wanted.

    Args:
        caller: A caller in batch mode; its `wanted` is emptied.
        report: Told after each batch.

    Raises:
        ClientError: the provider takes nothing more from this account (no key, no credit).
    """
    found = await collect(caller, report)
    sent = await submit(caller, report)
    return msgspec.structs.replace(
        found,
        submitted=sent.submitted,
        questions=sent.questions,
        in_flight=sent.in_flight,
        waiting=sent.waiting,
        problems=found.problems + sent.problems,
    )


async def submit(caller: Caller, report: Report = lambda progress: None) -> Progress:
    """Send what `caller.wanted` holds, in as few batches as the provider's limits allow.

    Raises:
        ClientError: the provider takes nothing more from this account.
    """
    batches = batches_of(caller)
    progress = Progress()
    while chunk := await _chunk(caller, batches):
        tag = secrets.token_hex(8)
        expected = caller.taken(key for key, _ in chunk)
        await caller.submissions.reserve(
            tag,
            [key for key, _ in chunk],
            provider=caller.provider,
            model=caller.model,
            judge=caller.judge,
            expected=expected,
        )
        try:
            batch = await batches.submit(chunk, tag)
        except CallError as error:
            if not _may_have_arrived(error):
                await _let_go(caller, tag, expected)
                _end_if_hopeless(caller, error)
            problem = f"a batch of {len(chunk)} questions could not be sent: {error}"
            progress = msgspec.structs.replace(progress, problems=(*progress.problems, problem))
            break  # what is left stays wanted
        await caller.submissions.submitted(tag, batch)
        progress = msgspec.structs.replace(
            progress, submitted=progress.submitted + 1, questions=progress.questions + len(chunk)
        )
        report(standing(caller, progress))
    return standing(caller, progress)


async def _let_go(caller: Caller, tag: str, expected: float | None) -> None:
    await caller.submissions.void(tag)
    caller.answers.purse.collect(expected or 0.0, 0.0)


async def _chunk(caller: Caller, batches: Batches) -> list[tuple[str, Request]]:
    """The next questions that fit into one batch."""
    chunk: list[tuple[str, Request]] = []
    room = int(_SPARE * batches.most_bytes)
    for key, request in list(caller.wanted.items()):
        needs = _bytes(batches, key, request)
        if needs > _SPARE * batches.most_bytes:
            caller.taken([key])
            await caller.submissions.failed(key, "over_long", f"{needs} bytes, more than a batch takes")
            continue
        if needs > room or len(chunk) == batches.most_requests:
            break
        room -= needs
        chunk.append((key, request))
    return chunk


def _bytes(batches: Batches, key: str, request: Request) -> int:
    """Bytes of a request on the wire: as the provider's client counts them, or with room for escapes."""
    counted = getattr(batches, "size", None)
    return int(counted(key, request)) if counted is not None else int(1.5 * size(request)) + 4096


async def collect(caller: Caller, report: Report = lambda progress: None, *, settled_after: float = 120.0) -> Progress:
    """Look after every batch of this study and model that is in flight: find it, and keep its replies if it has ended.

    Args:
        caller: A caller of the model.
        report: Told after each batch.
        settled_after: Seconds after which a batch that the provider does not know is taken never to have reached it.

    Raises:
        ClientError: the provider takes nothing more from this account.
    """
    batches = batches_of(caller)
    progress = Progress()
    ours = caller.submissions.in_flight(provider=caller.provider, model=caller.model)
    for submission in ours:
        try:
            batch = submission.batch or await _found(caller, batches, submission, ours)
            if batch is not None:
                state = await batches.state(batch)
                if state.ended:
                    progress = await _gather(caller, batches, submission, state, progress)
            elif time.time() - submission.submitted_at / 1000 >= settled_after:
                await _let_go(caller, submission.tag, submission.expected)
        except CallError as error:
            _end_if_hopeless(caller, error)
            problem = f"the batch {submission.batch or submission.tag} cannot be had now: {error}"
            progress = msgspec.structs.replace(progress, problems=(*progress.problems, problem))
        report(standing(caller, progress))
    return standing(caller, progress)


async def _found(caller: Caller, batches: Batches, submission: Submission, ours: list[Submission]) -> str | None:
    """The id of a batch whose process died before it learnt it; None where the provider knows none."""
    hints: dict[str, Any] = {
        "size": submission.requests,
        "since": submission.submitted_at / 1000,
        "known": [other.batch for other in ours if other.batch],
    }
    takes = inspect.signature(batches.find).parameters  # Anthropic's needs hints, others need none
    batch = await batches.find(submission.tag, **{name: hint for name, hint in hints.items() if name in takes})
    if batch is not None:
        await caller.submissions.submitted(submission.tag, batch)
    return batch


async def _gather(
    caller: Caller, batches: Batches, submission: Submission, state: BatchState, progress: Progress
) -> Progress:
    """Keep an ended batch's replies and let it go. Each is struck off as it is kept, so none is kept twice."""
    pending = set(caller.submissions.keys(submission.tag))
    asked, replies = len(pending), 0
    together: list[tuple[str, Reply]] = []
    try:
        async for key, result in _results(batches, state.batch):
            if key not in pending:
                continue
            pending.discard(key)
            if isinstance(result, Reply):
                replies += 1
                together.append((key, result))
            elif result.fault not in _NOT_ITS_OWN:
                await _note(caller, key, failure(result))
            if len(together) >= _TOGETHER:
                await _keep(caller, together)
    finally:
        await _keep(caller, together)
    problems = progress.problems
    if state.problem:
        problems = (*problems, f"the batch {state.batch} brought nothing: {state.problem}")
        for key in pending:
            await caller.submissions.failed(key, "failed", state.problem)
    await caller.submissions.collected(submission.tag)
    caller.answers.purse.collect(submission.expected or 0.0, 0.0)
    forget = getattr(batches, "forget", None)
    if forget is not None:
        try:
            await forget(state.batch)
        except CallError as error:
            problems = (*problems, f"the batch {state.batch} could not be deleted at the provider: {error}")
    return msgspec.structs.replace(
        progress,
        ended=progress.ended + 1,
        replies=progress.replies + replies,
        unanswered=progress.unanswered + asked - replies,
        problems=problems,
    )


async def _keep(caller: Caller, together: list[tuple[str, Reply]]) -> None:
    """Keep replies with as few flushes to disk as may be, and empty the list."""
    paid = await asyncio.gather(*(caller.keep(key, None, reply, batch=True) for key, reply in together))
    together.clear()
    caller.answers.purse.collect(0.0, sum(cost or 0.0 for cost in paid))


async def _note(caller: Caller, key: str, failed: Failure) -> None:
    if failed.status == "filtered":
        await caller.keep_filtered(key, failed.reason)
    else:
        await caller.submissions.failed(key, failed.status, failed.reason)


async def _results(batches: Batches, batch: str) -> AsyncIterator[tuple[str, Reply | CallError]]:
    each = getattr(batches, "each_result", None)
    if each is not None:
        async with aclosing(each(batch)) as results:
            async for result in results:
                yield result
    else:
        for result in await batches.results(batch):
            yield result


def standing(caller: Caller, progress: Progress) -> Progress:
    """Progress with what is in flight now."""
    left = caller.submissions.in_flight(provider=caller.provider, model=caller.model)
    return msgspec.structs.replace(progress, in_flight=len(left), waiting=sum(s.requests for s in left))


def batches_of(caller: Caller) -> Batches:
    """The batch interface of a caller's model.

    Raises:
        ClientError: it has none.
    """
    if caller.client.batches is None:
        raise ClientError(f"{caller.name} has no batch interface; ask without --batch")
    return caller.client.batches


def _may_have_arrived(error: CallError) -> bool:
    return error.fault in {"connection", "timeout", "overloaded", "garbled"}


def _end_if_hopeless(caller: Caller, error: CallError) -> None:
    if error.fault in REMEDIES:
        raise ClientError(f"{caller.name}: {error}; {REMEDIES[error.fault]}")
