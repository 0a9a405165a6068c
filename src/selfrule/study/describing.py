"""Describing flagged conversations with a language model: what is missing alone, each part written when its last is back.

Personal data go out of the text before the judge sees it and out of what it writes. Every answer is kept, so that a run that
was killed, or stopped at its budget, goes on without paying twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from selfrule import rubric
from selfrule.clients.about import about
from selfrule.clients.running import run
from selfrule.clients.types import Kind, PendingError
from selfrule.errors import BudgetError, ClientError, SelfruleError, UsageError
from selfrule.judges import prompts
from selfrule.judges.facets import FacetJudge, identity
from selfrule.privacy.personal import replace
from selfrule.privacy.personal_presidio import where_installed
from selfrule.privacy.quotation import Quotations
from selfrule.records import Conversation, Facet, Rating, RatingStatus
from selfrule.store.folder import Folder, write_part
from selfrule.store.sealing import box_of
from selfrule.study import facets
from selfrule.study.asking import AGAIN, Tally
from selfrule.study.costs import SAMPLED, Proposal, share_of
from selfrule.study.judged import ANSWERS, Summary, Watch, asked, confirmed
from selfrule.study.judging import Fare, Reached, Terms, reach
from selfrule.study.rating import EMBEDDED, Plan

_MOST_BYTES = 64 << 20  # text of conversations in flight
_AT_ONCE = 2


class Wanted(msgspec.Struct, frozen=True):
    """What of a study is to be described, and where to: `again` are statuses of earlier facets that are tried again."""

    folder: Folder
    plan: Plan
    table: str
    again: frozenset[str] = frozenset(AGAIN)

    def parts(self) -> Iterator[tuple[str, dict[str, Facet | None]]]:
        """The parts with something to be done, each with its facets in order: None where there is none that stands."""
        for path in self.folder.parts("conversations"):
            flagged = facets.flagged_ids(self.folder, self.plan, path.stem)
            known = facets.known(self.folder, self.table, path.stem)
            settled = {i: f for i in flagged if (f := known.get(i)) is not None and f.status not in self.again}
            if list(known) != flagged or len(settled) < len(flagged):
                yield path.stem, {identity: settled.get(identity) for identity in flagged}

    def open(self) -> dict[str, int]:
        """How many conversations are to be asked about, by part."""
        return {part: sum(facet is None for facet in want.values()) for part, want in self.parts()}


def table_of(plan: Plan, judge: str, parameters: Mapping[str, Any]) -> str:
    """Where a model's facets of these ratings stand."""
    label = f"{judge.rpartition('/')[2]}/{prompts.facets().label}"
    return facets.table_name(plan, f"{label}@{judge} {identity(parameters)}")


def describe(
    folder: Folder,
    plan: Plan,
    judge: str,
    parameters: Mapping[str, Any],
    terms: Terms,
    watch: Watch,
) -> tuple[str, Summary | None]:
    """Describe with the judge of that name what has no facet yet.

    Args:
        folder: The study; hold its lock.
        plan: Whose ratings say what is flagged.
        judge: "embedded", or a language model's name as for rating.
        parameters: Sent in the body of every request.
        terms: Budget, batches, confirmation.
        watch: Told of progress.

    Returns:
        The name of the table, and what the model did (None: nothing was to be asked of one).

    Raises:
        UsageError: no such judge, or sending conversations away was not confirmed.
        ClientError: the model cannot be used; what was answered before is kept.
    """
    if judge == EMBEDDED:
        watch.begun(0)
        table = facets.describe(folder, plan, watch.moved)
        facets.record(folder, facets.Latest(plan.judge, judge, table))
        return table, None
    from selfrule.clients.names import parse

    if "," in judge:
        raise UsageError(f"The 'judge' of facets is one model, not a cascade. Got {judge!r} instead.")
    parse(judge)
    table = table_of(plan, judge, parameters)
    quoted = ("quoted",) if "unparseable" in terms.retry else ()
    want = Wanted(folder, plan, table, frozenset((*AGAIN, *terms.retry, *quoted)))
    try:
        return table, _by_model(want, judge, parameters, terms, watch)
    finally:
        if folder.parts("facets", table):
            facets.record(folder, facets.Latest(plan.judge, judge, table, dict(parameters)))


def _by_model(want: Wanted, judge: str, parameters: Mapping[str, Any], terms: Terms, watch: Watch) -> Summary | None:
    from selfrule.clients.answers import Answers

    counts = want.open()
    if not sum(counts.values()):  # no key and no server is needed to find everything there
        for part, there in want.parts():
            _write(want, part, there)
        return None

    async def all_of_it() -> Summary:
        with Answers(want.folder.root.joinpath(*ANSWERS), box=box_of(want.folder.root)) as answers:
            async with reach(judge, parameters, answers, terms) as reached:
                describer = FacetJudge(reached.caller, clean=cleaned, quoting=quoting, context=reached.context)
                proposal = propose(want, counts, describer, reached, terms)
                confirmed(proposal, terms)
                watch.begun(proposal.conversations)

                async def once() -> Tally:
                    at_once = _AT_ONCE * reached.caller.limits.concurrency
                    return await _Run(want, describer, at_once, terms.retry, watch.moved).over()

                return await asked(once, describer.label, [reached.caller], terms)

    return run(all_of_it)


def cleaned(text: str) -> tuple[str, dict[str, int]]:
    """A text without the personal data that were found in it, and their counts by kind."""
    found = replace(text, where_installed())
    return found.text, found.counts


def quoting(texts: Sequence[str]) -> Callable[[str], bool]:
    """What tells whether a description shares a run of more than eight words with one of the texts."""
    index = Quotations(texts)
    return lambda description: index.runs(description) > 0


def propose(want: Wanted, counts: Mapping[str, int], describer: FacetJudge, reached: Reached, terms: Terms) -> Proposal:
    """What describing would take, sized from the first few hundred conversations, spread over the parts."""
    total = sum(counts.values())
    some = {part: count for part, count in counts.items() if count}
    each = -(-SAMPLED // max(1, len(some)))
    fare = Fare(describer.label, describer.expected_output, reached.spec, reached.model, terms.batch)
    requests, sampled = [], 0
    for part, there in want.parts():
        if sampled >= SAMPLED:
            break
        if part not in some:
            continue
        open_ = [
            pair for pair in facets.flagged_of(want.folder, want.plan, part) if there[pair[0].conversation_id] is None
        ]
        for conversation, rating in open_[:each]:
            requests += [fare.tokens(request) for request in describer.planned(conversation, rating)]
            sampled += 1
    return Proposal((share_of(fare, requests, total, sampled),), total, sampled, terms.budget, terms.batch)


def _write(want: Wanted, part: str, there: Mapping[str, Facet | None]) -> None:
    complete = [facet for facet in there.values() if facet is not None]
    assert len(complete) == len(there)
    write_part(want.folder.part("facets", want.table, part), facets.made_table(want.folder, complete))


class _Run:
    """One run of a describer over a study; see `asking.Run`, which does the same for ratings."""

    def __init__(
        self, want: Wanted, describer: FacetJudge, at_once: int, retry: frozenset[Kind], moved: Callable[[int], None]
    ) -> None:
        self._want, self._describer, self._retry, self._moved = want, describer, retry, moved
        self._room = asyncio.Semaphore(at_once)
        self._bytes = 0
        self._freed = asyncio.Event()
        self._error: Exception | None = None
        self._rubric = rubric.load().label
        self.tally = Tally()

    async def over(self) -> Tally:
        """Describe everything that is wanted and write each part; what was not asked about is written as "waiting".

        Raises:
            ClientError: the model cannot be used at all; after everything answered has been written.
            TextError: the words of conversations were left out of the study, or cannot be decrypted.
        """
        async with asyncio.TaskGroup() as group:
            for part, there in self._want.parts():
                try:
                    flagged = facets.flagged_of(self._want.folder, self._want.plan, part)
                except SelfruleError as error:  # such as words that were left out of the study
                    self._error = error
                    break
                missing = [pair for pair in flagged if there[pair[0].conversation_id] is None]
                if not missing:
                    _write(self._want, part, there)
                for conversation, rating in missing:
                    await self._admit(size := sum(len(turn.text) for turn in conversation.turns))
                    group.create_task(self._one(part, there, conversation, rating, size))
        if isinstance(self._error, BudgetError):
            self.tally.ended = str(self._error)
        elif self._error is not None:
            raise self._error
        return self.tally

    async def _admit(self, size: int) -> None:
        await self._room.acquire()
        while self._bytes and self._bytes + size > _MOST_BYTES:
            self._freed.clear()
            await self._freed.wait()
        self._bytes += size

    async def _one(
        self, part: str, there: dict[str, Facet | None], conversation: Conversation, rating: Rating, size: int
    ) -> None:
        try:
            facet = await self._described(conversation, rating)
        finally:
            self._room.release()
            self._bytes -= size
            self._freed.set()
        there[conversation.conversation_id] = facet
        self.tally.statuses[facet.status] += 1
        self._moved(1)
        if None not in there.values():
            _write(self._want, part, there)

    async def _described(self, conversation: Conversation, rating: Rating) -> Facet:
        if self._error is not None:
            return self._blank(conversation, "waiting", "the run was stopped")
        try:
            with about(conversation.conversation_id):
                return await self._describer.describe_one(conversation, rating, retry=self._retry)
        except PendingError:
            return self._blank(conversation, "waiting", "its batch has not come back yet")
        except (BudgetError, ClientError) as error:
            self._error = self._error or error
            budget = isinstance(error, BudgetError)
            reason = "the budget was reached" if budget else "the model could not be used"
            return self._blank(conversation, "waiting", reason)
        except Exception as error:  # one conversation never costs another its description
            return self._blank(
                conversation, "failed", f"the judge failed on this conversation ({type(error).__name__})"
            )

    def _blank(self, conversation: Conversation, status: RatingStatus, reason: str) -> Facet:
        identity, content = conversation.conversation_id, conversation.content_hash
        return Facet(identity, content, status, self._describer.label, self._rubric, reason=reason)
