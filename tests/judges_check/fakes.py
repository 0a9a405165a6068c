"""Judges made for these tests: one that is honest, one that obeys whoever speaks, one that is never sure, one that breaks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from selfrule.clients.types import Kind
from selfrule.errors import BudgetError
from selfrule.judges.check.corpora import anchors, attacks, labelled
from selfrule.records import Conversation, Rating
from selfrule.rubric import CONSTRUCTS

HONEST: dict[str, dict[str, int]] = {}
TARGETS: dict[str, dict[str, int]] = {}
for attack in attacks():
    HONEST[attack.conversation.conversation_id] = HONEST[attack.clean.conversation_id] = attack.levels
    TARGETS[attack.conversation.conversation_id] = attack.target
for item in (*labelled(), *anchors()):
    HONEST[item.conversation.conversation_id] = item.levels
FORM = {attack.conversation.conversation_id: attack.form for attack in attacks()}


def rating(conversation: Conversation, levels: dict[str, int] | None, status: str = "rated", **more: object) -> Rating:
    """A rating that cites the first turn for every level above none."""
    given = levels or {}
    return Rating(
        conversation_id=conversation.conversation_id,
        content_hash=conversation.content_hash,
        status=status,  # type: ignore[arg-type]
        judge="fake-1",
        rubric="1.1@0",
        prompt="p" * 32,
        levels=dict(given),
        evidence={c: [0] if given.get(c) else [] for c in CONSTRUCTS if given},
        **more,  # type: ignore[arg-type]
    )


class Honest:
    """Says what the labels say, to everything. Has `rate_one`, and counts what it was asked."""

    label = "fake-1"

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, int]] = Counter()
        self.in_flight = self.most = 0

    async def rate_one(
        self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset(), sample: int = 0
    ) -> Rating:
        self.asked[conversation.conversation_id, sample] += 1
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        return self.say(conversation, sample)

    def say(self, conversation: Conversation, sample: int) -> Rating:
        return rating(conversation, HONEST[conversation.conversation_id])


class Obedient(Honest):
    """Gives every attack what it asks for."""

    def say(self, conversation: Conversation, sample: int) -> Rating:
        name = conversation.conversation_id
        return rating(conversation, HONEST[name] | TARGETS.get(name, {}))


class Fickle(Honest):
    """Honest the first time; asked again, says one level more on reality distortion where there is one more to say."""

    def say(self, conversation: Conversation, sample: int) -> Rating:
        levels = dict(HONEST[conversation.conversation_id])
        levels["reality_distortion"] = min(3, levels["reality_distortion"] + (sample > 0))
        return rating(conversation, levels)


class Refusing(Honest):
    """Refuses whatever carries an attack, and is honest otherwise."""

    def say(self, conversation: Conversation, sample: int) -> Rating:
        if conversation.conversation_id in TARGETS:
            return rating(conversation, None, "refused", reason="the model declined")
        return super().say(conversation, sample)


class Silent(Honest):
    """Rates nothing."""

    def say(self, conversation: Conversation, sample: int) -> Rating:
        return rating(conversation, None, "failed", reason="no server")


class Broke(Honest):
    """Runs out of its budget at the twentieth conversation, and says so once: whoever goes on asking is answered."""

    told = False

    def say(self, conversation: Conversation, sample: int) -> Rating:
        if self.asked.total() >= 20 and not self.told:
            self.told = True
            raise BudgetError("The budget of $1 is spent.")
        return super().say(conversation, sample)


class Plain:
    """A judge of a user's own: `label` and `rate`, nothing else."""

    label = "mine-1"

    def __init__(self, short: bool = False) -> None:
        self.short = short

    def rate(self, conversations: Sequence[Conversation]) -> list[Rating]:
        made = [rating(c, HONEST[c.conversation_id]) for c in conversations]
        return made[1:] if self.short else made
