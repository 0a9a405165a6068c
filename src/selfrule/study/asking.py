"""Rating with a judge that takes its time: many conversations in flight, each part written when its last one is back.

Nothing depends on the order in which answers come. What was answered stands in the study's store of paid answers, so a part
that was not finished is made again from there without being paid for twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from selfrule import rubric
from selfrule.clients.types import Kind, PendingError
from selfrule.errors import BudgetError, ClientError
from selfrule.records import Conversation, Rating, RatingStatus
from selfrule.store.folder import Folder, readable, write_part
from selfrule.store.schemas import CONVERSATIONS, conversations_of, rating_table, ratings_of
from selfrule.study.rating import EMBEDDED, Choices, Plan, drawn

AGAIN: tuple[RatingStatus, ...] = ("failed", "waiting")
"""Statuses that a further run tries again without being told to."""

_ROWS = 50  # conversations held as objects at once
_MOST_BYTES = 256 << 20  # text of conversations in flight


class Rater(Protocol):
    """What rates one conversation: a language model, a cascade, or a wrapped object of the user's."""

    @property
    def label(self) -> str:
        """Name and version, as ratings carry it."""
        ...

    async def rate_one(self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset()) -> Rating:
        """The rating of one conversation."""
        ...


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


def wanted(
    folder: Folder, plan: Plan, base: Plan, choices: Choices, copies: dict[str, Any], again: frozenset[str]
) -> Iterator[Wanted]:
    """What is to be rated, part by part; parts that are complete are passed over.

    Args:
        folder: The study.
        plan: Where the ratings go.
        base: Where the embedded judge's ratings and the screenings stand; they are complete.
        choices: The choices of this rating.
        copies: Rows of each part that are copies of others, which are not rated.
        again: Statuses of earlier ratings that are tried again.
    """
    screened = choices.screen and choices.judge.split(",")[0] != EMBEDDED
    for path in folder.parts("conversations"):
        where = folder.part("ratings", plan.judge, path.stem)
        known: dict[str, Rating] = {}
        if readable(where):
            statuses = set(pq.read_table(where, columns=["status"])["status"].unique().to_pylist())
            if not statuses & again:
                continue
            known = {r.conversation_id: r for r in ratings_of(pq.read_table(where)) if r.status not in again}
        rated = pq.read_table(
            folder.part("ratings", base.judge, path.stem),
            columns=["conversation_id", "content_hash", "domains", "language"],
        ).to_pylist()
        keep = pq.read_table(folder.part("screenings", base.screen, path.stem), columns=["keep"])["keep"].to_pylist()
        label = rubric.load().label
        first = {row["conversation_id"]: (row, kept) for row, kept in zip(rated, keep, strict=True)}
        skip = frozenset(int(row) for row in copies.get(path.stem, ()))
        settled: list[Rating | None] = []
        identities = pq.read_table(path, columns=["conversation_id"])["conversation_id"].to_pylist()
        for position, identity in enumerate(identities):
            if position in skip:
                continue
            rating = known.get(identity)
            if rating is None and screened and first[identity][1] is False and not drawn(identity, choices.check):
                row = first[identity][0]
                rating = Rating(
                    identity, row["content_hash"], "screened_out", choices.judge, label,
                    domains=row["domains"] or [], language=row["language"],
                )  # fmt: skip
            settled.append(rating)
        yield Wanted(path.stem, settled, skip)


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
        folder: The study; its lock is held.
        plan: Where the ratings go.
        base: The embedded judge's tables.
        rater: The judge.
        choices: The choices of this rating.
        at_once: Conversations in flight.
        retry: Kinds of stored replies that are asked for anew.
        moved: Told of every conversation that is done with.
    """

    def __init__(
        self,
        folder: Folder,
        plan: Plan,
        base: Plan,
        rater: Rater,
        choices: Choices,
        *,
        at_once: int,
        retry: frozenset[Kind] = frozenset(),
        moved: Callable[[int], None] = lambda done: None,
    ) -> None:
        self._folder, self._plan, self._base, self._rater, self._choices = folder, plan, base, rater, choices
        self._at_once, self._retry, self._moved = at_once, retry, moved
        self._room = asyncio.Semaphore(at_once)
        self._bytes = 0
        self._freed = asyncio.Event()
        self._error: Exception | None = None
        self._rubric = rubric.load().label
        self.tally = Tally()

    async def over(self, parts: Iterator[Wanted] | Sequence[Wanted]) -> Tally:
        """Rate everything that is wanted and write each part.

        A budget that is reached, and a model that cannot be used any more, end the asking and nothing else: what is in
        flight is awaited, and every conversation not asked about is written as "waiting".

        Raises:
            ClientError: the model cannot be used at all; after everything answered has been written.
        """
        async with asyncio.TaskGroup() as group:
            for want in parts:
                part = _Part(want)
                for place, conversation in conversations(self._folder, want):
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
        where = self._folder.part("ratings", self._plan.judge, part.name)
        write_part(where, rating_table(self._placed(part.name, complete)))

    def _placed(self, part: str, ratings: list[Rating]) -> list[Rating]:
        """Ratings with what the study knows: the probability of having been drawn; domain and language where unrated."""
        base, screen = self._base, self._choices.screen and self._choices.judge.split(",")[0] != EMBEDDED
        names = ["conversation_id", "domains", "language"]
        first = pq.read_table(self._folder.part("ratings", base.judge, part), columns=names).to_pylist()
        keep = pq.read_table(self._folder.part("screenings", base.screen, part), columns=["keep"])["keep"].to_pylist()
        known = {row["conversation_id"]: (row, kept) for row, kept in zip(first, keep, strict=True)}
        placed = []
        for rating in ratings:
            row, kept = known[rating.conversation_id]
            placed.append(
                msgspec.structs.replace(
                    rating,
                    inclusion=self._choices.check
                    if screen and kept is False and rating.status != "screened_out"
                    else 1.0,
                    domains=rating.domains or row["domains"] or [],
                    language=rating.language or row["language"],
                )
            )
        return placed
