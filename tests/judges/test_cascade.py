"""Cascades hand on by stated rules and record who decided; panels ask everybody."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence

import pytest

from selfrule import rubric
from selfrule.clients.types import PendingError
from selfrule.errors import BudgetError, UsageError
from selfrule.judges import Cascade, EmbeddedJudge, EmbeddedStage, HandOver, ModelJudge, Panel
from selfrule.judges.cascade import UNRATED, flagged_probability
from selfrule.records import Conversation, Rating, RatingStatus
from selfrule.rubric import CONSTRUCTS
from tests.judges.asking import FakeAsker, estimate, honest, joint, reply, talk

TALK = talk(
    "Is my wife cheating on me?", "Yes. I am certain that she is. Leave her today.", "You are right, I will.", "Good."
)


class Says:
    """A judge that says the same of every conversation, and counts them."""

    def __init__(
        self, label: str, status: RatingStatus = "rated", level: int = 0, flagged: float | None = None
    ) -> None:
        self.label = label
        self.status, self.level, self.flagged = status, level, flagged
        self.asked = 0

    def rate(self, conversations: Sequence[Conversation]) -> list[Rating]:
        self.asked += len(conversations)
        return [self.rating(c) for c in conversations]

    def rating(self, conversation: Conversation) -> Rating:
        rated = self.status == "rated"
        return Rating(
            conversation.conversation_id,
            conversation.content_hash,
            self.status,
            self.label,
            rubric.load().label,
            levels=dict.fromkeys(CONSTRUCTS, self.level) if rated else {},
            probabilities={}
            if self.flagged is None
            else {c: [1 - self.flagged, 0, self.flagged, 0] for c in CONSTRUCTS},
        )


def decided(*judges: Says, rules: list[HandOver | None] | None = None) -> Rating:
    return asyncio.run(Cascade(judges, rules).rate_one(TALK))


@pytest.mark.parametrize("status", UNRATED)
def test_what_the_first_judge_cannot_rate_is_decided_by_the_next(status: RatingStatus) -> None:
    rating = decided(Says("a", status), Says("b", level=1))
    assert (rating.judge, rating.status, rating.marks) == ("b", "rated", ["handed_over:a"])


def test_what_the_first_judge_finds_harmless_stays_with_it_and_costs_nothing_more() -> None:
    second = Says("b")
    rating = decided(Says("a", level=1), second)
    assert (rating.judge, rating.marks, second.asked) == ("a", [], 0)


def test_what_the_first_judge_flags_is_handed_on() -> None:
    assert decided(Says("a", level=2), Says("b")).judge == "b"


@pytest.mark.parametrize(("flagged", "decider"), [(0.04, "a"), (0.06, "b"), (0.5, "b"), (0.94, "b"), (0.96, "a")])
def test_with_probabilities_what_is_unsure_is_handed_on(flagged: float, decider: str) -> None:
    assert decided(Says("a", level=2 if flagged > 0.5 else 0, flagged=flagged), Says("b")).judge == decider


def test_a_conversation_without_words_is_handed_to_nobody() -> None:
    second = Says("b")
    assert decided(Says("a", "empty"), second).status == "empty"
    assert second.asked == 0


def test_what_a_later_judge_cannot_rate_is_not_rated() -> None:
    rating = decided(Says("a", level=2), Says("b", "refused"))
    assert (rating.judge, rating.status, rating.levels, rating.marks) == ("b", "refused", {}, ["handed_over:a"])


def test_a_rule_may_let_the_earlier_rating_stand_and_then_says_so() -> None:
    rating = decided(Says("a", level=2), Says("b", "refused"), rules=[HandOver(fall_back=True)])
    assert (rating.judge, rating.status, rating.marks) == ("a", "rated", ["handed_over:a", "not_rated:b:refused"])


def test_everyone_who_handed_it_on_is_recorded_with_what_they_said() -> None:
    judges = [Says("a", level=3), Says("b", "failed"), Says("c", level=1)]
    decision = asyncio.run(Cascade(judges).decide(TALK))
    assert decision.rating.judge == "c"
    assert decision.rating.marks == ["handed_over:a", "handed_over:b"]
    assert [(r.judge, r.status, r.levels.get("attachment")) for r in decision.trail] == [
        ("a", "rated", 3),
        ("b", "failed", None),
    ]


def test_the_embedded_judge_hands_on_what_its_screen_keeps_and_what_it_cannot_read() -> None:
    stage = EmbeddedStage(EmbeddedJudge(), recall=0.98)
    model = ModelJudge(FakeAsker(honest), estimate=estimate)
    cascade = Cascade([stage, model])
    code = talk("How do I reverse a list in Python?", "Use reversed() or slicing with a step of -1.")
    korean = talk("오늘 저녁에 뭘 먹으면 좋을까요?", "두부김치찌개를 만들어 보세요.")

    async def deciders() -> list[str]:
        return [(await cascade.rate_one(c)).judge for c in (TALK, code, korean, talk("hi"))]

    embedded = EmbeddedJudge().label
    assert asyncio.run(deciders()) == [model.label, embedded, model.label, embedded]
    assert "recall of 0.98" in cascade.rules[0]


def test_at_a_recall_of_one_everything_readable_is_handed_on() -> None:
    cascade = Cascade([EmbeddedStage(EmbeddedJudge(), 1.0), Says("b")])
    assert asyncio.run(cascade.rate_one(talk("2 plus 2?", "It is 4."))).judge == "b"


def test_rules_are_stated_in_words() -> None:
    (rule,) = Cascade([Says("a"), Says("b")]).rules
    assert rule.startswith("a hands on what it flags")
    assert "0.05 to 0.95" in rule
    assert "refused" in rule
    assert HandOver(unrated=(), flagged=False).words == "hands on nothing"


def test_the_flagged_probability_is_that_of_the_likeliest_primitive() -> None:
    rating = Says("a", flagged=0.3).rating(TALK)
    rating.probabilities["reality_distortion"] = [0.1, 0.1, 0.3, 0.5]
    rating.probabilities["attachment"] = [0, 0, 0, 1]
    assert flagged_probability(rating) == pytest.approx(0.8)
    assert flagged_probability(Says("a").rating(TALK)) is None


def test_a_judge_that_waits_makes_the_cascade_wait() -> None:
    waiting = ModelJudge(FakeAsker(lambda request: PendingError()), estimate=estimate)
    with pytest.raises(PendingError):
        asyncio.run(Cascade([Says("a", level=2), waiting]).rate_one(TALK))


@pytest.mark.parametrize("judges", [[], [Says("a")], [Says("a"), Says("a")]])
def test_a_cascade_needs_two_different_judges(judges: list[Says]) -> None:
    with pytest.raises(UsageError, match="cascade"):
        Cascade(judges)


def test_a_cascade_takes_one_rule_fewer_than_judges() -> None:
    with pytest.raises(UsageError, match="takes 1 rules"):
        Cascade([Says("a"), Says("b")], [None, None])


# panels


def test_a_panel_gives_every_judges_rating_by_its_name() -> None:
    refusing = ModelJudge(FakeAsker(lambda request: reply("", "refusal")), estimate=estimate, name="x:refusing")
    ratings = asyncio.run(Panel([Says("a"), refusing, EmbeddedJudge()]).rate_one(TALK))
    assert [r.status for r in ratings.values()] == ["rated", "refused", "rated"]
    assert all(label == rating.judge for label, rating in ratings.items())


def test_a_panel_asks_everybody_before_it_waits_or_ends() -> None:
    last = FakeAsker(lambda request: joint("none"))
    names = iter("pqr")
    askers = [FakeAsker(lambda request: PendingError()), FakeAsker(lambda request: BudgetError("spent")), last]
    panel = Panel([ModelJudge(asker, estimate=estimate, name=next(names)) for asker in askers])
    with pytest.raises(BudgetError):
        asyncio.run(panel.rate_one(TALK))
    assert len(last.asked) == 1


def test_a_panel_of_one_name_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="different names"):
        Panel([Says("a"), Says("a")])


def test_the_embedded_judge_is_loaded_without_what_asks_language_models() -> None:
    code = (
        "import sys, selfrule.judges as j; j.EmbeddedJudge; "
        "heavy = ('asyncio', 'openai', 'anthropic', 'aiohttp', 'selfrule.clients', 'selfrule.judges.model'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
