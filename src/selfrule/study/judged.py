"""One run of a language-model judge, or of an object of the user's, over a study: from what is wanted to what it came to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from selfrule.clients.running import run as run_async
from selfrule.clients.types import Usage
from selfrule.errors import UsageError
from selfrule.store.sealing import box_of
from selfrule.study.asking import Run, Tally, Work
from selfrule.study.costs import Proposal, allowed, propose
from selfrule.study.judging import Opened, Terms, open_judge

if TYPE_CHECKING:
    from selfrule.clients.caller import Caller
    from selfrule.judges import Judge
    from selfrule.judges.calling import RatesOne

ANSWERS = ("answers", "answers.sqlite")
"""Where a study keeps what its judges were paid for."""


class Model(msgspec.Struct, frozen=True):
    """What one model did in a run: requests sent, answers that were there already, tokens, dollars, faults got over."""

    name: str
    requests: int
    kept: int
    usage: Usage
    cost: float | None
    faults: dict[str, int]


class Summary(msgspec.Struct, frozen=True):
    """What a judge did in a run. `statuses` counts the conversations it came to; `ended` says what ended it early,
    `in_batches` how many questions are with a provider, `problems` what batches could not be sent or had just now.
    """

    judge: str
    statuses: dict[str, int]
    models: tuple[Model, ...] = ()
    in_batches: int = 0
    ended: str | None = None
    problems: tuple[str, ...] = ()


class Watch(msgspec.Struct, frozen=True):
    """Whom a run tells how far it is: `begun` with the number of conversations, `moved` for each that is done with."""

    begun: Callable[[int], None]
    moved: Callable[[int], None]


def by_name(work: Work, terms: Terms, watch: Watch) -> Summary:
    """Rate what is wanted with the judge that the choices name.

    Raises:
        UsageError: no such judge, or sending conversations away was not confirmed.
        ClientError: the model cannot be used; what was answered before is kept.
    """
    from selfrule.clients.answers import Answers

    async def all_of_it() -> Summary:
        with Answers(work.folder.root.joinpath(*ANSWERS), box=box_of(work.folder.root)) as answers:
            async with open_judge(work.choices, answers, terms) as opened:
                proposal = propose(work, opened.paid, budget=terms.budget, batch=terms.batch)
                confirmed(proposal, terms)
                watch.begun(proposal.conversations)
                return await asked(
                    lambda: one_pass(work, opened, terms, watch), opened.rater.label, opened.callers, terms
                )

    return run_async(all_of_it)


async def one_pass(work: Work, opened: Opened, terms: Terms, watch: Watch) -> Tally:
    """Ask about everything that is wanted, once."""
    return await Run(work, opened.rater, at_once=opened.at_once, retry=terms.retry, moved=watch.moved).over()


async def asked(once: Callable[[], Awaitable[Tally]], label: str, callers: Sequence[Caller], terms: Terms) -> Summary:
    """Ask about everything that is wanted, at once or through batches as the terms say.

    In batches: collect what has come back, go on with it, submit what is still to be asked; with `terms.wait` until all is
    back. An answer that is sent back for repair, and rows that expired or failed, go into the next batch by themselves.

    Args:
        once: Asks about everything once; what waits for a batch is left waiting.
        label: Of who asks.
        callers: Of its models.
        terms: How models are used.
    """
    if not terms.batch:
        return summary(label, callers, await once())
    from selfrule.clients import batching

    while True:
        collected = [await batching.collect(caller) for caller in callers]
        tally = await once()
        sent = [await batching.submit(caller) for caller in callers]
        waiting = sum(progress.waiting for progress in sent)
        problems = tuple(problem for progress in (*collected, *sent) for problem in progress.problems)
        if not terms.wait or not waiting or tally.ended:
            break
        before = sum(progress.in_flight for progress in sent)
        while sum(progress.in_flight for progress in sent) >= before:
            await asyncio.sleep(terms.poll)
            sent = [await batching.collect(caller) for caller in callers]
    found = summary(label, callers, tally)
    return msgspec.structs.replace(found, in_batches=waiting, problems=problems)


def by_object(work: Work, judge: Judge | RatesOne, watch: Watch) -> Summary:
    """Rate what is wanted with any object that has `label` and `rate` (or an async `rate_one`)."""
    from selfrule.judges.calling import one_by_one

    watch.begun(sum(work.of(part).open for part in work.parts()))
    rater = one_by_one(judge)
    tally = run_async(lambda: Run(work, rater, at_once=64, moved=watch.moved).over())
    return Summary(judge.label, dict(tally.statuses), ended=tally.ended)


def confirmed(proposal: Proposal, terms: Terms) -> None:
    """Nothing where what is proposed may be begun.

    Raises:
        UsageError: sending conversations away was not confirmed.
    """
    if not proposal.conversations:
        return
    if not allowed(proposal, terms.confirm):
        where = ", ".join(proposal.remote) or "the judge"
        raise UsageError(
            f"Not confirmed: {proposal.conversations:,} conversations would have been sent to {where}, and none was. "
            "Confirm when asked, or say so beforehand: --yes, or confirm=True."
        )


def _did(caller: Caller) -> Model:
    tally = caller.tally
    return Model(caller.name, tally.requests, tally.kept, tally.usage, tally.cost, dict(tally.faults))


def summary(label: str, callers: Sequence[Caller], tally: Tally) -> Summary:
    """What an opened judge did."""
    return Summary(
        label,
        dict(tally.statuses),
        tuple(_did(caller) for caller in callers),
        ended=tally.ended,
    )
