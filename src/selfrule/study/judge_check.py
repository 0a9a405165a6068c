"""Checking a judge: run it on attacks, their clean twins, labelled conversations and again, and fill its scorecard.

Takes any judge: one with `async rate_one(conversation, *, sample=...)`, as language models have, or one with
`rate(conversations)`. What may not be asked twice over a network is the judge's own concern: its answers are stored.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from selfrule.clients.types import Request
from selfrule.errors import UsageError
from selfrule.judges.check import corpora, sent
from selfrule.judges.check.corpora import Attack, Labelled
from selfrule.judges.check.scorecard import Scorecard, Sent, Spent
from selfrule.records import Conversation, Rating
from selfrule.rubric import load

AT_ONCE = 32
_CHUNK = 16

Progress = Callable[[int], None]
"""Told how many more ratings are done."""


class Sets(msgspec.Struct, frozen=True):
    """What a judge is checked with. Each clean twin is rated `times` times."""

    attacks: tuple[Attack, ...]
    labelled: tuple[Labelled, ...]
    times: int
    quick: bool = False

    @property
    def conversations(self) -> list[Conversation]:
        """Every conversation that would be sent, once for each time it is rated."""
        return [job.conversation for job in _jobs(self)]

    @property
    def size(self) -> int:
        """Ratings in all."""
        return len(self.attacks) * (1 + self.times) + len(self.labelled)


class Checked(NamedTuple):
    """A judge opened for a check, how many conversations it may have in flight, and who says what it took."""

    judge: Any
    at_once: int = AT_ONCE
    spent: Callable[[], Spent] | None = None


class Job(NamedTuple):
    """One rating to be made: `sample` 0, or 1, 2, ... for the very same again."""

    conversation: Conversation
    sample: int = 0


class Done(NamedTuple):
    """One rating made, and the seconds it took."""

    rating: Rating
    seconds: float


class Results(NamedTuple):
    """All ratings of a check, in the order of its sets. `clean` holds for each attack the ratings of its twin."""

    attacked: list[Rating]
    clean: list[list[Rating]]
    labelled: list[Rating]
    seconds: list[float]
    elapsed: float


def sets(*, quick: bool = False, repeats: int = 3) -> Sets:
    """The sets of a check: all of them, or for a quick one 30 attacks and 40 labelled conversations.

    Args:
        quick: Whether to take a part only.
        repeats: How often each clean twin is rated; at least 1, which measures no repeatability.

    Raises:
        UsageError: `repeats` is not in 1..20.
    """
    if not 1 <= repeats <= 20:
        raise UsageError(f"The 'repeats' of a check must be in 1 to 20. Got {repeats!r} instead.")
    if quick:
        return Sets(corpora.few_attacks(), corpora.few_labelled(), min(repeats, 2), quick=True)
    return Sets(corpora.attacks(), corpora.labelled(), repeats)


async def check(
    judge: Any,
    wanted: Sets,
    *,
    at_once: int = AT_ONCE,
    progress: Progress | None = None,
    spent: Callable[[], Spent] | None = None,
) -> Scorecard:
    """Run a check and score it.

    Args:
        judge: Has `label`, and `async rate_one` or `rate`. With `planned(conversation)` what it would send is looked at
            too. One whose `rate_one` takes no `sample` is rated once: the same question would get its stored answer.
        wanted: From `sets`.
        at_once: Conversations in flight with `rate_one`.
        progress: Told as ratings are done.
        spent: Asked at the end what the check took.

    Raises:
        BudgetError: the budget is spent; what was answered is kept, and the next check goes on from there.
        ClientError: the model cannot be used.
        UsageError: `judge` is no judge.
    """
    from selfrule.study.judge_score import score

    if not can_repeat(judge):
        wanted = msgspec.structs.replace(wanted, times=1)
    begun = time.perf_counter()
    done = await rate_all(judge, _jobs(wanted), at_once=at_once, progress=progress)
    elapsed = time.perf_counter() - begun
    ratings = [one.rating for one in done]
    attacks, times = len(wanted.attacks), wanted.times
    clean, rest = ratings[attacks : attacks * (1 + times)], ratings[attacks * (1 + times) :]
    results = Results(
        attacked=ratings[:attacks],
        clean=[[clean[attacks * sample + n] for sample in range(times)] for n in range(attacks)],
        labelled=rest,
        seconds=[one.seconds for one in done],
        elapsed=elapsed,
    )
    return score(
        str(judge.label), load().label, wanted, results, sent=looked_at(judge, wanted), spent=spent() if spent else None
    )


def looked_at(judge: Any, wanted: Sets) -> Sent | None:
    """What the judge would send about the attacks, held against a harmless conversation; None where it cannot say."""
    planned: Callable[[Conversation], Sequence[Request]] | None = getattr(judge, "planned", None)
    if planned is None:
        return None
    reference = planned(sent.REFERENCE)
    pairs = [(attack.conversation, planned(attack.conversation)) for attack in wanted.attacks]
    requests = sum(len(requests) for _, requests in pairs)
    return Sent(len(pairs), requests, tuple(sent.all_findings(pairs, reference)))


def can_repeat(judge: Any) -> bool:
    """Whether the very same question can be put to a judge again."""
    ask = getattr(judge, "rate_one", None)
    return ask is None or "sample" in inspect.signature(ask).parameters


async def rate_all(
    judge: Any, jobs: Sequence[Job], *, at_once: int = AT_ONCE, progress: Progress | None = None
) -> list[Done]:
    """Ratings of all jobs, in order, with at most `at_once` in flight. The first error ends all.

    Raises:
        UsageError: `judge` has neither `rate_one` nor `rate`, or gives back fewer ratings than conversations.
    """
    tell = progress or (lambda _: None)
    if not hasattr(judge, "label") or not (hasattr(judge, "rate_one") or hasattr(judge, "rate")):
        raise UsageError(f"A judge has a 'label', and 'rate_one' or 'rate'. Got {type(judge).__name__} instead.")
    if not hasattr(judge, "rate_one"):
        return _in_chunks(judge, jobs, tell)
    done: list[Done | None] = [None] * len(jobs)
    left = iter(range(len(jobs)))

    async def work() -> None:
        for place in left:
            job = jobs[place]
            begun = time.perf_counter()
            again = {"sample": job.sample} if job.sample else {}
            rating = await judge.rate_one(job.conversation, **again)
            done[place] = Done(rating, time.perf_counter() - begun)
            tell(1)

    workers = [asyncio.create_task(work()) for _ in range(min(at_once, len(jobs)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return [one for one in done if one is not None]


def _in_chunks(judge: Any, jobs: Sequence[Job], tell: Progress) -> list[Done]:
    done: list[Done] = []
    for start in range(0, len(jobs), _CHUNK):
        chunk = jobs[start : start + _CHUNK]
        begun = time.perf_counter()
        ratings = judge.rate([job.conversation for job in chunk])
        if len(ratings) != len(chunk):
            raise UsageError(f"The judge {judge.label!r} gave {len(ratings)} ratings for {len(chunk)} conversations.")
        each = (time.perf_counter() - begun) / len(chunk)
        done += [Done(rating, each) for rating in ratings]
        tell(len(chunk))
    return done


def _jobs(wanted: Sets) -> list[Job]:
    twins = [attack.clean for attack in wanted.attacks]
    return [
        *(Job(attack.conversation) for attack in wanted.attacks),
        *(Job(twin, sample) for sample in range(wanted.times) for twin in twins),
        *(Job(item.conversation) for item in wanted.labelled),
    ]
