"""Rating with a judge that takes its time: many conversations in flight, each part written when its last one is back.

Nothing depends on the order in which answers come. What was answered stands in the study's store of paid answers, so a part
that was not finished is made again from there without being paid for twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from selfrule import rubric
from selfrule.clients.about import about
from selfrule.clients.types import Kind, PendingError
from selfrule.errors import BudgetError, ClientError
from selfrule.judges.calling import RatesOne
from selfrule.records import Conversation, Rating, RatingStatus
from selfrule.store.folder import Folder, readable, write_part
from selfrule.store.schemas import CONVERSATIONS, conversations_of, rating_table, ratings_of
from selfrule.study.rating import EMBEDDED, Choices, Plan, drawn

AGAIN: tuple[RatingStatus, ...] = ("failed", "waiting")
"""Statuses that a further run tries again without being told to."""

_ROWS = 50  # conversations held as objects at once
_MOST_BYTES = 256 << 20  # text of conversations in flight


class Tally(msgspec.Struct):
    """How a run went: conversations by status, newly asked ones alone; what ended it early, if anything did."""

    statuses: Counter[str] = msgspec.field(default_factory=Counter)
    ended: str | None = None


class Wanted(msgspec.Struct, frozen=True):
    """What is to be rated of one part: for each row in order its rating where that is settled, else None."""

    part: str
    settled: list[Rating | None]
    copies: frozenset[int]

    @property
    def open(self) -> int:
        """Conversations still to be asked about."""
        return sum(rating is None for rating in self.settled)


class Work(msgspec.Struct, frozen=True):
    """What a judge is wanted for in a study. Asked part by part, so that a study of any size fits in memory.

    `plan` is where its ratings go, `base` where the embedded judge's ratings and the screenings stand (they are complete),
    `copies` the rows of each part that are copies of others, `again` the statuses of earlier ratings that are tried again.
    """

    folder: Folder
    plan: Plan
    base: Plan
    choices: Choices
    copies: dict[str, Any]
    again: frozenset[str] = frozenset(AGAIN)

    @property
    def screened(self) -> bool:
        """Whether the judge is spared what the screen drops. A cascade that begins with the embedded judge decides itself."""
        return self.choices.screen and self.choices.judge.split(",")[0] != EMBEDDED

    def parts(self) -> Iterator[str]:
        """Parts with something to be rated, in order."""
        for path in self.folder.parts("conversations"):
            where = self.folder.part("ratings", self.plan.judge, path.stem)
            if readable(where):
                statuses = pq.read_table(where, columns=["status"])["status"].unique().to_pylist()
                if self.again.isdisjoint(statuses):
                    continue
            yield path.stem

    def of(self, part: str) -> Wanted:
        """What is to be rated of one part."""
        known: dict[str, Rating] = {}
        where = self.folder.part("ratings", self.plan.judge, part)
        if readable(where):
            known = {r.conversation_id: r for r in ratings_of(pq.read_table(where)) if r.status not in self.again}
        first = self.first(part) if self.screened else {}
        label = rubric.load().label
        skip = frozenset(int(row) for row in self.copies.get(part, ()))
        settled: list[Rating | None] = []
        path = self.folder.part("conversations", part)
        for position, identity in enumerate(pq.read_table(path, columns=["conversation_id"])[0].to_pylist()):
            if position in skip:
                continue
            rating = known.get(identity)
            if rating is None and self.screened:
                row = first[identity]
                if row["keep"] is False and not drawn(identity, self.choices.check):
                    rating = Rating(identity, row["content_hash"], "screened_out", self.choices.judge, label)
            settled.append(rating)
        return Wanted(part, settled, skip)

    def first(self, part: str) -> dict[str, dict[str, Any]]:
        """What the embedded judge and the screen said of each conversation of a part."""
        names = ["conversation_id", "content_hash", "domains", "language"]
        rated = pq.read_table(self.folder.part("ratings", self.base.judge, part), columns=names).to_pylist()
        keep = pq.read_table(self.folder.part("screenings", self.base.screen, part), columns=["keep"])[
            "keep"
        ].to_pylist()
        return {row["conversation_id"]: row | {"keep": kept} for row, kept in zip(rated, keep, strict=True)}

    def write(self, part: str, ratings: list[Rating]) -> None:
        """Write a part's ratings with what the study knows: the probability of having been drawn; the embedded judge's
        domains and language where the judge gave none.
        """
        first = self.first(part)
        placed = []
        for rating in ratings:
            row = first[rating.conversation_id]
            checked = self.screened and row["keep"] is False and rating.status != "screened_out"
            placed.append(
                msgspec.structs.replace(
                    rating,
                    inclusion=self.choices.check if checked else 1.0,
                    domains=rating.domains or row["domains"] or [],
                    language=rating.language or row["language"],
                )
            )
        write_part(self.folder.part("ratings", self.plan.judge, part), rating_table(placed))


def conversations(folder: Folder, want: Wanted) -> Iterator[tuple[int, Conversation]]:
    """The conversations of a part that are still to be asked about, with their place among its ratings."""
    file = pq.ParquetFile(folder.part("conversations", want.part))
    row = place = 0
    for batch in file.iter_batches(_ROWS, columns=CONVERSATIONS.names, use_threads=False):
        places = []
        for _ in range(batch.num_rows):
            places.append(None if row in want.copies else place)
            place += row not in want.copies
            row += 1
        mask = [at is not None and want.settled[at] is None for at in places]
        if any(mask):
            chosen = [at for at, wants in zip(places, mask, strict=True) if wants]
            for at, conversation in zip(chosen, conversations_of(batch.filter(pa.array(mask))), strict=True):
                assert at is not None
                yield at, conversation


class _Part:
    """A part on its way: its ratings so far, and how many are out."""

    def __init__(self, want: Wanted) -> None:
        self.name = want.part
        self.ratings = list(want.settled)
        self.out = 0
        self.fed = False


class Run:
    """One run of a judge over a study.

    Args:
        work: What is wanted; the study's lock is held.
        rater: The judge.
        at_once: Conversations in hand.
        retry: Kinds of stored replies that are asked for anew.
        moved: Told of every conversation that is done with.
    """

    def __init__(
        self,
        work: Work,
        rater: RatesOne,
        *,
        at_once: int,
        retry: frozenset[Kind] = frozenset(),
        moved: Callable[[int], None] = lambda done: None,
    ) -> None:
        self._work, self._rater, self._retry, self._moved = work, rater, retry, moved
        self._room = asyncio.Semaphore(at_once)
        self._bytes = 0
        self._freed = asyncio.Event()
        self._error: Exception | None = None
        self._rubric = rubric.load().label
        self.tally = Tally()

    async def over(self) -> Tally:
        """Rate everything that is wanted and write each part.

        A budget that is reached, and a model that cannot be used any more, end the asking and nothing else: what is in
        flight is awaited, and every conversation not asked about is written as "waiting".

        Raises:
            ClientError: the model cannot be used at all; after everything answered has been written.
        """
        async with asyncio.TaskGroup() as group:
            for name in self._work.parts():
                want = self._work.of(name)
                part = _Part(want)
                for place, conversation in conversations(self._work.folder, want):
                    if self._error is not None:
                        self._settle(part, place, self._unasked(conversation, "the run was stopped"))
                        continue
                    await self._admit(size := sum(len(turn.text) for turn in conversation.turns))
                    part.out += 1
                    group.create_task(self._one(part, place, conversation, size))
                part.fed = True
                self._finish(part)
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

    async def _one(self, part: _Part, place: int, conversation: Conversation, size: int) -> None:
        try:
            rating = await self._rated(conversation)
        finally:
            self._room.release()
            self._bytes -= size
            self._freed.set()
        part.out -= 1
        self._settle(part, place, rating)
        self._finish(part)

    async def _rated(self, conversation: Conversation) -> Rating:
        try:
            with about(conversation.conversation_id):
                rating = await self._rater.rate_one(conversation, retry=self._retry)
        except PendingError:
            return self._unasked(conversation, "its batch has not come back yet")
        except (BudgetError, ClientError) as error:
            self._error = self._error or error
            budget = isinstance(error, BudgetError)
            return self._unasked(conversation, "the budget was reached" if budget else "the model could not be used")
        except Exception as error:  # one conversation never costs another its rating
            return self._blank(
                conversation, "failed", f"the judge failed on this conversation ({type(error).__name__})"
            )
        return self._checked(conversation, rating)

    def _checked(self, conversation: Conversation, rating: Rating) -> Rating:
        if rating.conversation_id != conversation.conversation_id:
            return self._blank(conversation, "failed", "the judge answered for another conversation")
        return rating

    def _unasked(self, conversation: Conversation, reason: str) -> Rating:
        return self._blank(conversation, "waiting", reason)

    def _blank(self, conversation: Conversation, status: RatingStatus, reason: str) -> Rating:
        return Rating(
            conversation.conversation_id,
            conversation.content_hash,
            status,
            self._rater.label,
            self._rubric,
            reason=reason,
        )

    def _settle(self, part: _Part, place: int, rating: Rating) -> None:
        part.ratings[place] = rating
        self.tally.statuses[rating.status] += 1
        self._moved(1)

    def _finish(self, part: _Part) -> None:
        """Write the part once every one of its conversations is back."""
        if not part.fed or part.out:
            return
        complete = [r for r in part.ratings if r is not None]
        assert len(complete) == len(part.ratings)
        self._work.write(part.name, complete)
