"""A judge opened for a check: by name, with a store of paid answers of its own, once sending to it is confirmed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from selfrule.clients.types import Usage
from selfrule.errors import UsageError
from selfrule.judges import EmbeddedJudge
from selfrule.judges.check.scorecard import Spent
from selfrule.records import Conversation
from selfrule.study.costs import Priced, Proposal, Share, allowed, costs_of
from selfrule.study.judge_check import Checked
from selfrule.study.judging import Terms, open_judge
from selfrule.study.rating import EMBEDDED, Choices

if TYPE_CHECKING:
    from selfrule.clients.answers import Answers
    from selfrule.clients.bill import Bill


def store(environ: Mapping[str, str] = os.environ) -> Path:
    """Where checks keep what they were paid for, so that none is paid for twice: in the user's cache folder."""
    home = environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return Path(home) / "selfrule" / "judge-check" / "answers.sqlite"


@asynccontextmanager
async def open_for_check(
    choices: Choices,
    terms: Terms,
    conversations: Sequence[Conversation],
    *,
    answers: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> AsyncIterator[Checked]:
    """Open the judge that choices name; its connections are closed at the end.

    Args:
        choices: Judge, protocol, parameters.
        terms: Budget of this check, prices, and `confirm`: whether to send to a remote judge.
        conversations: What will be rated, once for each time; sizes what `confirm` is asked.
        answers: The store of paid answers; `store()` where None.
        environ: Where keys and addresses come from.

    Raises:
        UsageError: no such judge or protocol, or sending was not confirmed.
        ClientError: no key, or no server where a local one was named.
        StudyError: the store of answers is damaged, or in use.
    """
    if choices.judge == EMBEDDED:
        yield Checked(EmbeddedJudge())
        return
    from selfrule.clients.answers import Answers

    with Answers(answers or store(environ)) as paid:
        # a budget is for this check; the store knows what earlier ones cost too
        budget = None if terms.budget is None else terms.budget + paid.bill().known
        async with open_judge(choices, paid, msgspec.structs.replace(terms, budget=budget), environ) as opened:
            _confirm(proposed(opened.paid, conversations, terms.budget), terms)
            yield Checked(opened.rater, opened.at_once, _counter(paid))


def proposed(judges: Sequence[Priced], conversations: Sequence[Conversation], budget: float | None) -> Proposal:
    """What rating conversations would take: every one is looked at. Later judges of a cascade get all, at most."""
    shares = []
    for judge in judges:
        usages = [judge.tokens(request) for conversation in conversations for request in judge.planned(conversation)]
        # the first request writes the cache that others read; that it is cached already is the cheapest case
        dear, cheap = costs_of(judge, usages)
        shares.append(Share(judge.name, judge.host, len(conversations), len(usages), sum(usages, Usage()), dear, cheap))
    return Proposal(tuple(shares), len(conversations), len(conversations), budget, False)


def _confirm(proposal: Proposal, terms: Terms) -> None:
    if not allowed(proposal, terms.confirm):
        raise UsageError(
            f"Not confirmed: {proposal.conversations:,} written conversations would have been sent to "
            f"{', '.join(proposal.remote) or 'the judge'}, and none was. Confirm when asked, or add --yes."
        )


def _counter(paid: Answers) -> Callable[[], Spent]:
    before = paid.bill()
    return lambda: _since(before, paid.bill())


def _since(before: Bill, after: Bill) -> Spent:
    old, new = before.usage, after.usage
    usage = Usage(new.fresh - old.fresh, new.cached - old.cached, new.written - old.written, new.output - old.output)
    known = after.unpriced == before.unpriced
    return Spent(after.replies - before.replies, usage, after.known - before.known if known else None)
