"""Judges in a row, the cheapest first: each decides what it can and hands the rest on, by rules that are stated and recorded.

The embedded judge hands on what its screen keeps at the recall wanted, and what it cannot read (a language that it does not
know, a conversation too long for it). A language model hands on what it could not rate, and what it flagged; where it gives
probabilities, what it is unsure about instead: a probability of "flagged" from 0.05 to 0.95. The last judge keeps what it
gets. Nobody is asked about a conversation without words.

What a later judge cannot rate is not rated: an earlier judge's levels do not silently take its place (`HandOver.fall_back`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from selfrule.clients.types import Kind
from selfrule.errors import UsageError
from selfrule.judges.calling import Labelled, one_by_one
from selfrule.judges.embedded import EmbeddedJudge
from selfrule.records import Conversation, Rating, RatingStatus
from selfrule.rubric import FLAGGED_FROM, PRIMITIVES, is_flagged

UNRATED: tuple[RatingStatus, ...] = (
    "refused",
    "filtered",
    "truncated",
    "unparseable",
    "failed",
    "over_long",
    "unsupported_language",
)


class HandOver(msgspec.Struct, frozen=True):
    """What a judge hands on to the next.

    Attributes:
        unrated: Statuses that it hands on.
        flagged: Whether it hands on what it flags; with probabilities, what it is unsure about.
        unsure: The flagged probability, in [0, 1], from and to which it is unsure.
        fall_back: Whether its rating stands where no later judge could rate. False: the later judge's status stands.
    """

    unrated: tuple[RatingStatus, ...] = UNRATED
    flagged: bool = True
    unsure: tuple[float, float] = (0.05, 0.95)
    fall_back: bool = False

    def applies(self, rating: Rating) -> bool:
        """Whether a rating is handed on."""
        if rating.status != "rated":
            return rating.status in self.unrated
        if not self.flagged:
            return False
        probability = flagged_probability(rating)
        if probability is None:
            return is_flagged(rating.levels) is True
        return self.unsure[0] <= probability <= self.unsure[1]

    @property
    def words(self) -> str:
        """The rule as a report states it."""
        parts = []
        if self.flagged:
            low, high = self.unsure
            parts.append(
                f"what it flags (where it gives probabilities: what it holds flagged with a probability from {low:g} to {high:g})"
            )
        if self.unrated:
            parts.append(f"what it could not rate ({', '.join(self.unrated)})")
        kept = "; its rating stands where no later judge can rate" if self.fall_back else ""
        return f"hands on {' and '.join(parts) or 'nothing'}{kept}"


def flagged_probability(rating: Rating) -> float | None:
    """The probability of moderate or severe on the primitive where that is likeliest, in [0, 1]; None without probabilities.

    A lower bound of the probability of being flagged, reached where the primitives move together.
    """
    spreads = [rating.probabilities[p] for p in PRIMITIVES if p in rating.probabilities]
    return max((sum(spread[FLAGGED_FROM:]) for spread in spreads), default=None)


class Decision(msgspec.Struct, frozen=True):
    """The rating that stands, and before it what each judge said that handed the conversation on."""

    rating: Rating
    trail: tuple[Rating, ...] = ()


@runtime_checkable
class Stage(Protocol):
    """A judge with its rule of handing on."""

    label: str
    words: str
    fall_back: bool

    async def weigh(
        self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset(), sample: int = 0
    ) -> tuple[Rating, bool]:
        """The judge's rating, and whether it is handed on."""
        ...


class EmbeddedStage:
    """The embedded judge, handing on what its screen keeps.

    Args:
        judge: The embedded judge.
        recall: Share of flagged conversations that its screen is to keep, in (0, 1].

    Raises:
        UsageError: `recall` is not in (0, 1].
    """

    def __init__(self, judge: EmbeddedJudge, recall: float = 0.98) -> None:
        self._judge = judge
        self._threshold = judge.model.threshold(recall)
        self.label = f"{judge.label}/recall-{recall:g}"
        self.words = f"hands on what its screen keeps at a recall of {recall:g}, and what it cannot read"
        self.fall_back = False

    async def weigh(
        self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset(), sample: int = 0
    ) -> tuple[Rating, bool]:
        """The judge's rating, and whether it is handed on."""
        analysis = self._judge.model.analyse(conversation.turns)
        rating = self._judge.rating(conversation.conversation_id, conversation.content_hash, analysis)
        if analysis.screen_score is None:
            return rating, rating.status in UNRATED
        return rating, analysis.screen_score >= self._threshold

    async def rate_one(
        self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset(), sample: int = 0
    ) -> Rating:
        """The embedded judge's rating."""
        return (await self.weigh(conversation))[0]


class JudgeStage:
    """Any other judge, with a rule of handing on."""

    def __init__(self, judge: Labelled, rule: HandOver | None = None) -> None:
        self._judge = one_by_one(judge)
        self._rule = rule or HandOver()
        self.label = judge.label
        self.words = self._rule.words
        self.fall_back = self._rule.fall_back

    async def weigh(
        self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset(), sample: int = 0
    ) -> tuple[Rating, bool]:
        """The judge's rating, and whether it is handed on."""
        rating = await self._judge.rate_one(conversation, retry=retry, sample=sample)
        return rating, self._rule.applies(rating)


class Cascade:
    """Judges in a row. A rating carries the label of the judge that decided, and a mark for each that handed it over.

    Args:
        judges: At least two, the cheapest first: stages, or judges (which get the rules of this module's text).
        rules: A rule for each judge but the last, in the order of `judges`; None for its default.

    Raises:
        UsageError: fewer than two judges, one of them twice, or not one rule for each judge but the last.
    """

    def __init__(self, judges: Sequence[Stage | Labelled], rules: Sequence[HandOver | None] | None = None) -> None:
        if len(judges) < 2:
            raise UsageError(f"A cascade needs at least two judges. Got {len(judges)} instead.")
        given = [None] * (len(judges) - 1) if rules is None else list(rules)
        if len(given) != len(judges) - 1:
            raise UsageError(
                f"A cascade of {len(judges)} judges takes {len(judges) - 1} rules. Got {len(given)} instead."
            )
        self.stages = [_stage(judge, rule) for judge, rule in zip(judges, [*given, None], strict=True)]
        labels = [stage.label for stage in self.stages]
        if len(set(labels)) < len(labels):
            raise UsageError(f"A judge stands twice in the cascade {', '.join(labels)}.")
        self.label = ",".join(labels)
        self.rules = [f"{stage.label} {stage.words}" for stage in self.stages[:-1]]

    async def rate_one(
        self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset(), sample: int = 0
    ) -> Rating:
        """The rating of the judge that decided."""
        return (await self.decide(conversation, retry=retry, sample=sample)).rating

    async def decide(
        self, conversation: Conversation, *, retry: frozenset[Kind] = frozenset(), sample: int = 0
    ) -> Decision:
        """The rating of the judge that decided, and what the earlier ones said.

        Raises:
            ClientError, BudgetError, PendingError: as the judge that has the word does.
        """
        trail: list[Rating] = []
        for stage in self.stages:
            rating, passes = await stage.weigh(conversation, retry=retry, sample=sample)
            if not passes or stage is self.stages[-1]:
                break
            trail.append(rating)
        marks = [f"handed_over:{earlier.judge}" for earlier in trail]
        if rating.status != "rated":
            for stage, earlier in reversed(list(zip(self.stages, trail, strict=False))):
                if stage.fall_back and earlier.status == "rated":
                    marks.append(f"not_rated:{rating.judge}:{rating.status}")
                    rating = earlier
                    break
        return Decision(msgspec.structs.replace(rating, marks=[*rating.marks, *marks]), tuple(trail))


def _stage(judge: Stage | Labelled, rule: HandOver | None) -> Stage:
    if isinstance(judge, Stage):
        if rule is not None:
            raise UsageError(f"{judge.label} has a rule of its own; leave its place in 'rules' None.")
        return judge
    if isinstance(judge, EmbeddedJudge) and rule is None:
        return EmbeddedStage(judge)
    return JudgeStage(judge, rule)
