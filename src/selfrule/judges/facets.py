"""A language model that describes flagged conversations: a short description with nobody in it, and the rubric's codes.

Personal data are taken out of the text before it is sent, and out of what comes back. A description that repeats more than eight
words of the conversation in a row is sent back once, and is not used if it comes again.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from selfrule import rubric
from selfrule.clients.types import Asker, Failure, Kind, Reply, Request
from selfrule.errors import UsageError
from selfrule.judges import facet_answers, prompts, protocol, questions, schema
from selfrule.judges.container import Piece, escaped, pack
from selfrule.judges.facet_answers import Said
from selfrule.judges.facets_embedded import asked
from selfrule.judges.model import ASSUMED_CONTEXT, empty, named
from selfrule.judges.parse import Unusable
from selfrule.judges.questions import GRAVEST, Lost
from selfrule.judges.windows import Estimate, TooManyWindowsError, Window, size, windows
from selfrule.records import Conversation, Facet, Rating, RatingStatus, Turn
from selfrule.rubric import CONSTRUCTS, LEVELS
from selfrule.rubric.codes import Dimension, codes

OUTPUT = 260
"""Tokens that an answer takes on average, thinking apart."""

_MAX_OUTPUT = 4096
_SENT_BACK = 700
_LEAST_ROOM = 500
_MOST_WINDOWS = 40
_HALVINGS = 3
_MOST_SENT_BACK = 4000  # characters of a model's own answer
_DIGITS = re.compile(r"\d(?:[\d.,:/\u2013-]*\d)?")

Clean = Callable[[str], tuple[str, Mapping[str, int]]]
"""A text without the personal data that were found in it, and how many of each kind they were."""
Quoting = Callable[[Sequence[str]], Callable[[str], bool]]
"""Given the texts of a conversation: what tells of a description whether it quotes them."""


class Quoted(msgspec.Struct, frozen=True):
    """A description that still repeats the conversation's words."""


class FacetJudge:
    """Describes flagged conversations with a language model.

    Args:
        asker: Answers requests, from its store or over the network (`selfrule.clients.caller.Caller`).
        clean: Takes personal data out of a text.
        quoting: Finds quotations.
        context: Tokens that the model holds, None where nobody knows.
        estimate: Tokens of a text; `selfrule.clients.tokens.estimate` if None.
        name: What facets call the model; provider and model of the asker if None.

    `label` names model and prompt ("anthropic:claude-x/facets-1@0123abcd").

    Raises:
        UsageError: a context that cannot hold the codes.
    """

    def __init__(
        self,
        asker: Asker,
        *,
        clean: Clean,
        quoting: Quoting,
        context: int | None = None,
        estimate: Estimate | None = None,
        name: str | None = None,
    ) -> None:
        from selfrule.clients import tokens

        self._asker, self._clean, self._quoting = asker, clean, quoting
        self._estimate: Estimate = tokens.estimate if estimate is None else estimate
        self._prompt = prompts.facets()
        whole = context if context is not None else ASSUMED_CONTEXT
        self._most_tokens = min(_MAX_OUTPUT, max(512, whole // 8))
        fixed = sum(self._estimate(self._prompt.texts[text]) for text in ("system", "ask", "repair-answer")) + 400
        self._room = whole - fixed - self._most_tokens - _SENT_BACK
        if self._room < _LEAST_ROOM:
            raise UsageError(
                f"Describing conversations needs a context of at least {whole - self._room + _LEAST_ROOM} tokens. "
                f"Got {whole} instead; serve the model with a longer context, or choose another."
            )
        short = identity(asker.parameters)[:8]
        self.label = f"{name or named(asker.provider, asker.model)}/{self._prompt.label}@{short}"
        self.expected_output = OUTPUT
        self._rubric = rubric.load().label

    def planned(self, conversation: Conversation, rating: Rating) -> list[Request]:
        """The first requests about a conversation, as large as they will be; none for one that will not be sent."""
        if empty(conversation.turns):
            return []
        try:
            cut = windows(conversation.turns, self._room, self._estimate, _MOST_WINDOWS)
        except TooManyWindowsError:
            return []
        return [self._request(protocol.data(window), self._ask(rating), schema.facets()) for window in cut]

    async def describe_one(
        self, conversation: Conversation, rating: Rating, *, retry: frozenset[Kind] = frozenset()
    ) -> Facet:
        """The facet of one flagged conversation; its status says what came of it.

        Args:
            conversation: What to describe.
            rating: Its rating: it says which dimensions are asked.
            retry: Kinds of earlier replies that are asked for anew.

        Raises:
            PendingError, BudgetError, ClientError: as `ModelJudge.rate_one` does.
        """
        if reason := empty(conversation.turns):
            return self._undescribed(conversation, "empty", reason)
        too_long = f"it needs more than {_MOST_WINDOWS} windows of {self._room} tokens"
        try:
            windows(conversation.turns, self._room, self._estimate, _MOST_WINDOWS)
        except TooManyWindowsError:
            return self._undescribed(conversation, "over_long", too_long)
        turns = await asyncio.to_thread(self._without_personal, conversation.turns)
        quotes = self._quoting([" ".join(t.text for t in whole) for whole in (conversation.turns, turns)])
        how = _How(_asked(rating), self._ask(rating), quotes, retry)
        budget = self._room
        for _ in range(_HALVINGS + 1):
            try:
                cut = windows(turns, budget, self._estimate, _MOST_WINDOWS)
            except TooManyWindowsError:
                return self._undescribed(conversation, "over_long", too_long)
            said = await questions.together([self._window(window, how) for window in cut])
            if not any(isinstance(part, Lost) and part.status == "over_long" for part in said):
                break
            budget = max(size(window, self._estimate) for window in cut) // 2  # the server counts otherwise than we do
            if budget < _LEAST_ROOM:
                break
        whole = await self._whole(said, how)
        if isinstance(whole, Lost):
            return self._undescribed(conversation, whole.status, whole.reason)
        if isinstance(whole, Quoted):
            return self._undescribed(conversation, "quoted", "the description repeats the conversation's words")
        return self._described(conversation, whole)

    async def _window(self, window: Window, how: _How) -> Said | Lost | Quoted:
        request = self._request(protocol.data(window), how.ask, schema.facets())
        return await self._settled(request, _Reading(window, facet_answers.reader(how.asked), how.quotes), how.retry)

    async def _whole(self, said: Sequence[Said | Lost | Quoted], how: _How) -> Said | Lost | Quoted:
        """One answer for the whole: codes that any window shows; description, course and support asked for once more."""
        lost = [part for part in said if isinstance(part, Lost)]
        if lost:
            worst = min(lost, key=lambda part: GRAVEST.index(part.status))
            some = f" ({len(lost)} of {len(said)} windows)" if len(said) > 1 else ""
            return Lost(worst.status, worst.reason + some)
        parts = [part for part in said if isinstance(part, Said)]
        if len(parts) < len(said):
            return Quoted()
        if len(parts) == 1:
            return parts[0]
        told = Window(
            tuple(Piece(number, "other", self._out(part.description)[0]) for number, part in enumerate(parts))
        )
        ones = [dimension for dimension in how.asked if dimension.one]
        request = self._request(pack(told.pieces), self._prompt.texts["join"], schema.facets_joined())
        joined = await self._settled(request, _Reading(told, facet_answers.reader(ones), how.quotes), how.retry)
        if not isinstance(joined, Said):
            return joined
        held = {
            d.id: [code for code in d.codes if any(code in part.codes[d.id] for part in parts)]
            for d in how.asked
            if not d.one
        }
        return Said(joined.description, {d.id: (held | joined.codes)[d.id] for d in how.asked})

    async def _settled(self, request: Request, reading: _Reading, retry: frozenset[Kind]) -> Said | Lost | Quoted:
        """The answer to one question; one that cannot be read, or that quotes, is sent back once."""
        sent_back: set[str] = set()
        while True:
            reply = await self._asker.ask(request, reading, retry=retry)
            if isinstance(reply, Failure):
                return Lost(reply.status, reply.reason)
            outcome = reading.outcome(reply)
            if isinstance(outcome, Said):
                return outcome
            if isinstance(outcome, Quoted):
                if "quoted" in sent_back:
                    return outcome
                sent_back.add("quoted")
                correction = self._prompt.texts["repair-quoted"]
            elif outcome.kind == "unparseable" and "answer" not in sent_back:
                sent_back.add("answer")
                correction = self._prompt.texts["repair-answer"].replace("{wrong}", outcome.wrong)
            else:
                unread = outcome.kind == "unparseable"
                return Lost(outcome.kind, f"the answer cannot be read: {outcome.wrong}" if unread else outcome.wrong)
            answer = escaped(reply.text[:_MOST_SENT_BACK]).strip() or "(nothing)"
            request = msgspec.structs.replace(request, turns=(*request.turns, (answer, correction)))

    def _request(self, shared: str, ask: str, form: schema.Schema) -> Request:
        return Request(
            system=self._prompt.system,
            shared=shared,
            ask=ask,
            schema=form,
            schema_name="facet",
            max_tokens=self._most_tokens,
        )

    def _ask(self, rating: Rating) -> str:
        said = [f"{c} {LEVELS[level]}" for c in CONSTRUCTS if (level := rating.levels.get(c) or 0)]
        dimensions = ", ".join(dimension.id for dimension in _asked(rating))
        ask = self._prompt.texts["ask"]
        return ask.replace("{levels}", ", ".join(said) or "nothing above none").replace("{dimensions}", dimensions)

    def _without_personal(self, turns: Sequence[Turn]) -> list[Turn]:
        return [msgspec.structs.replace(turn, text=self._clean(turn.text)[0]) for turn in turns]

    def _out(self, description: str) -> tuple[str, Counter[str]]:
        """A description without personal data and digits, and how many of each kind were taken out."""
        text, found = self._clean(description)
        counts = Counter(dict(found))
        text, numbers = _DIGITS.subn("[number]", text)
        if numbers:
            counts["number"] += numbers
        return text, counts

    def _described(self, conversation: Conversation, said: Said) -> Facet:
        description, counts = self._out(said.description)
        return Facet(
            conversation_id=conversation.conversation_id,
            content_hash=conversation.content_hash,
            status="described",
            judge=self.label,
            rubric=self._rubric,
            prompt=self._prompt.hash,
            description=description,
            codes=said.codes,
            replaced=dict(sorted(counts.items())),
        )

    def _undescribed(self, conversation: Conversation, status: Literal["quoted"] | RatingStatus, reason: str) -> Facet:
        return Facet(
            conversation_id=conversation.conversation_id,
            content_hash=conversation.content_hash,
            status=status,
            judge=self.label,
            rubric=self._rubric,
            prompt=self._prompt.hash,
            reason=reason,
        )


def identity(parameters: Mapping[str, Any]) -> str:
    """The prompt's hash; with parameters that are sent, a hash of both."""
    prompt = prompts.facets()
    if not parameters:
        return prompt.hash
    body = msgspec.json.encode([prompt.hash, parameters], order="sorted")
    return hashlib.blake2b(body, digest_size=16).hexdigest()


class _How(NamedTuple):
    """What is asked about one conversation, and what may not be repeated of it."""

    asked: Sequence[Dimension]
    ask: str
    quotes: Callable[[str], bool]
    retry: frozenset[Kind]


class _Reading:
    """Reads replies to one question: called by who asks, to learn what a reply is worth, and by us. Reads each once."""

    def __init__(self, window: Window, reader: facet_answers.Reader, quotes: Callable[[str], bool]) -> None:
        self._window, self._reader, self._quotes = window, reader, quotes
        self._last: tuple[Reply, Said | Unusable | Quoted] | None = None

    def __call__(self, reply: Reply) -> Kind:
        """What the reply is stored as; one that quotes can be asked for anew as one that cannot be read."""
        outcome = self.outcome(reply)
        if isinstance(outcome, Said):
            return "answer"
        return "unparseable" if isinstance(outcome, Quoted) else outcome.kind

    def outcome(self, reply: Reply) -> Said | Unusable | Quoted:
        """What the reply says."""
        if self._last is None or self._last[0] is not reply:
            said = protocol.read_json(reply, self._window, self._reader)
            quoted = isinstance(said, Said) and self._quotes(said.description)
            self._last = reply, Quoted() if quoted else said
        return self._last[1]


def _asked(rating: Rating) -> list[Dimension]:
    return [dimension for dimension in codes() if asked(dimension, rating.levels)]
