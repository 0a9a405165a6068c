"""A language model as a judge: a protocol, windows where a conversation is too long, a typed outcome for each."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from selfrule import rubric
from selfrule.clients.running import run
from selfrule.clients.types import Asker, Kind, Request
from selfrule.errors import UsageError
from selfrule.judges import joint, logprobs, prompts, protocol, questions, separate
from selfrule.judges.joining import Parsed, join
from selfrule.judges.questions import GRAVEST, Lost, Round
from selfrule.judges.windows import Estimate, TooManyWindowsError, Window, size, windows
from selfrule.records import Conversation, Rating, RatingStatus, Turn

WAYS: dict[str, protocol.Way] = {"joint": joint, "separate": separate, "logprobs": logprobs}
ASSUMED_CONTEXT = 128_000
"""Tokens, where neither the price file nor the server says what a model holds."""

_MAX_OUTPUT = 4096  # a model that thinks spends most of it on that
_SENT_BACK = 600  # tokens for an answer that is sent back, and the words that go with it
_LEAST_ROOM = 500  # tokens of conversation a window; with less, nothing could be rated
_HALVINGS = 3
_AT_ONCE = 64
_WORD = re.compile(r"[^\W_]|[?!.%？！。…％]")  # what the embedded judge reads as a token
_UNRATED = {  # of one window, of several
    "over_long": ("was too long", "were too long"),
    "failed": ("failed", "failed"),
    "refused": ("was refused", "were refused"),
    "filtered": ("was filtered", "were filtered"),
    "truncated": ("was cut short", "were cut short"),
    "unparseable": ("could not be read", "could not be read"),
}
_MOST_NAMED = 5  # windows in a reason


class ModelJudge:
    """Rates with a language model.

    Args:
        asker: Answers requests, from its store or over the network (`selfrule.clients.caller.Caller`).
        protocol: "joint" (one request), "separate" (one a construct) or "logprobs" (one token a construct).
        context: Tokens that the model holds, None where nobody knows (`ASSUMED_CONTEXT` then).
        max_output: Most tokens of an answer, thinking included; less where the context is small.
        most_windows: A conversation that needs more is "over_long" and nothing of it is sent.
        estimate: Tokens of a text, rather too many than too few; `selfrule.clients.tokens.estimate` if None.
        name: What ratings call the model; provider and model of the asker if None.

    `label` names model, protocol and prompt ("anthropic:claude-x/joint-1@0123abcd": the digits are those of the prompt's hash,
    or cover parameters too where there are any), `prompt` is the prompt's hash, `expected_output` the tokens that one planned
    request's answer takes on average, thinking apart.

    Raises:
        UsageError: no such protocol; a parameter out of range; a context that cannot hold the rubric.
    """

    def __init__(
        self,
        asker: Asker,
        *,
        protocol: str = "joint",
        context: int | None = None,
        max_output: int = _MAX_OUTPUT,
        most_windows: int = 40,
        estimate: Estimate | None = None,
        name: str | None = None,
    ) -> None:
        prompt = prompts.load(protocol)
        for parameter, value in (("max_output", max_output), ("most_windows", most_windows)):
            if value < 1:
                raise UsageError(f"The '{parameter}' parameter of ModelJudge must be at least 1. Got {value} instead.")
        self._asker, self._way = asker, WAYS[protocol]
        self._estimate = estimate if estimate is not None else _estimate()
        self._most_windows = most_windows
        self._whole = context if context is not None else ASSUMED_CONTEXT
        self._most_tokens = min(max_output, max(512, self._whole // 8))
        self._room = self._whole - self._fixed() - self._most_tokens - _SENT_BACK
        if self._room < _LEAST_ROOM:
            raise UsageError(
                f"The {protocol} protocol needs a context of at least {self._whole - self._room + _LEAST_ROOM} tokens. "
                f"Got {self._whole} instead; serve the model with a longer context, or choose another."
            )
        extra: dict[str, Any] = {"parameters": asker.parameters} if asker.parameters else {}
        if max_output != _MAX_OUTPUT:
            extra["max_output"] = max_output
        body = msgspec.json.encode([prompt.hash, extra], order="sorted")
        short = hashlib.blake2b(body, digest_size=4).hexdigest() if extra else prompt.hash[:8]
        self.label = f"{name or named(asker.provider, asker.model)}/{prompt.label}@{short}"
        self.prompt = prompt.hash
        self.expected_output = self._way.OUTPUT
        self._rubric = rubric.load().label

    def _fixed(self) -> int:
        """Tokens of a request beside the conversation. The schema is no text to a server that forces it by a grammar."""
        requests = list(self._way.requests(Window(()), self._most_tokens).values())
        return self._estimate(requests[0].system) + max(self._estimate(request.ask) for request in requests) + 64

    def planned(self, conversation: Conversation) -> list[Request]:
        """The first round's requests; none for a conversation that will not be sent."""
        if empty(conversation.turns):
            return []
        try:
            cut = self._cut(conversation.turns, self._room)
        except TooManyWindowsError:
            return []
        return [request for window in cut for request in self._way.requests(window, self._most_tokens).values()]

    def rate(self, conversations: Sequence[Conversation]) -> list[Rating]:
        """One rating a conversation, in order. Runs a loop of its own, in a thread where one is running already.

        Raises:
            ClientError, BudgetError, PendingError: as `rate_one` does.
        """

        async def everything() -> list[Rating]:
            room = asyncio.Semaphore(_AT_ONCE)

            async def one(conversation: Conversation) -> Rating:
                async with room:
                    return await self.rate_one(conversation)

            return await questions.together([one(conversation) for conversation in conversations])

        return run(everything)

    async def rate_one(
        self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset(), sample: int = 0
    ) -> Rating:
        """The rating of one conversation; its status says what came of it.

        Args:
            conversation: What to rate.
            retry: Kinds of earlier replies that are asked for anew.
            sample: 0; 1, 2, ... to ask the very same again.

        Raises:
            PendingError: in batch mode, answers are not there yet; everything that can be asked has been.
            BudgetError: the next request would pass the budget.
            ClientError: nothing more can be had from this model.
        """
        if reason := empty(conversation.turns):
            return self._unrated(conversation, "empty", reason)
        how = Round(self._asker, self._way, self._most_tokens, retry, sample)
        budget = self._room
        for _ in range(_HALVINGS + 1):
            try:
                cut = self._cut(conversation.turns, budget)
            except TooManyWindowsError:
                most = f"it needs more than {self._most_windows} windows of {budget} tokens"
                return self._unrated(conversation, "over_long", most)
            said = await questions.together([questions.ask(window, how) for window in cut])
            if not any(isinstance(part, Lost) and part.status == "over_long" for part in said):
                break
            # the server counts otherwise than we do
            budget = max(size(window, self._estimate) for window in cut) // 2
            if budget < _LEAST_ROOM:
                break
        return self._rating(conversation, said)

    def _cut(self, turns: Sequence[Turn], budget: int) -> list[Window]:
        return windows(turns, budget, self._estimate, self._most_windows)

    def _rating(self, conversation: Conversation, said: Sequence[Parsed | Lost]) -> Rating:
        lost = [part for part in said if isinstance(part, Lost)]
        if lost:
            worst = min(lost, key=lambda part: GRAVEST.index(part.status))
            reason = worst.reason if len(said) == 1 else _windows_lost(said)
            return self._unrated(conversation, worst.status, reason, len(said))
        whole = join([part for part in said if isinstance(part, Parsed)])
        return Rating(
            conversation_id=conversation.conversation_id,
            content_hash=conversation.content_hash,
            status="rated",
            judge=self.label,
            rubric=self._rubric,
            prompt=self.prompt,
            levels=dict(whole.levels),
            probabilities=whole.probabilities,
            evidence={construct: whole.evidence.get(construct, []) for construct in rubric.CONSTRUCTS},
            actualized={marker: whole.actualized.get(marker, "unknown") for marker in rubric.MARKERS},
            domains=list(whole.domains),
            windows=len(said),
            marks=list(whole.marks),
        )

    def _unrated(self, conversation: Conversation, status: RatingStatus, reason: str, cut: int = 1) -> Rating:
        return Rating(
            conversation_id=conversation.conversation_id,
            content_hash=conversation.content_hash,
            status=status,
            judge=self.label,
            rubric=self._rubric,
            prompt=self.prompt,
            reason=reason,
            windows=cut,
        )


def empty(turns: Sequence[Turn]) -> str | None:
    """Why a conversation cannot be rated by anybody: no words from the person, or none from the assistant; else None."""
    for role, who in (("user", "the person"), ("assistant", "the assistant")):
        if not any(turn.role == role and _WORD.search(turn.text) for turn in turns):
            return f"no words from {who}"
    return None


def _windows_lost(said: Sequence[Parsed | Lost]) -> str:
    """Such as "window 2 of 5 was refused; the others reached moderate": on a primitive, that is."""
    lost: dict[str, list[int]] = {status: [] for status in GRAVEST}
    for number, part in enumerate(said, 1):
        if isinstance(part, Lost):
            lost[part.status].append(number)
    parts: list[str] = []
    for status, numbers in lost.items():
        if not numbers:
            continue
        of = "" if parts else f" of {len(said)}"
        one, several = _UNRATED[status]
        if len(numbers) == 1:
            parts.append(f"window {numbers[0]}{of} {one}")
        elif len(numbers) <= _MOST_NAMED:
            named = f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
            parts.append(f"windows {named}{of} {several}")
        else:
            parts.append(f"{len(numbers)}{of} windows {several}")
    levels = [part.levels[p] for part in said if isinstance(part, Parsed) for p in rubric.PRIMITIVES]
    others = f"; the others reached {rubric.LEVELS[max(levels)]}" if levels else ""
    return ", ".join(parts) + others


def named(provider: str, model: str) -> str:
    """What a model is called in labels: as its judge's name is written, without a password."""
    if "://" not in provider:
        return f"{provider}:{model}"
    url = urlsplit(provider)
    host = url.netloc.rpartition("@")[2]  # an address may carry a password
    return f"openai-compatible:{url.scheme}://{host}{url.path}#{model}"


def _estimate() -> Callable[[str], int]:
    from selfrule.clients.tokens import estimate

    return estimate
