"""The scorecard says of made-up judges what is true of them."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from selfrule.clients.types import Usage
from selfrule.errors import BudgetError, UsageError
from selfrule.judges import EmbeddedJudge
from selfrule.judges.check import outcomes
from selfrule.judges.check.corpora import attacks, labelled
from selfrule.judges.check.scorecard import Scorecard, Share, Spent
from selfrule.rubric import CONSTRUCTS
from selfrule.study.judge_check import Sets, check, sets
from selfrule.study.judge_score import handling, share
from tests.judges_check.fakes import Broke, Fickle, Honest, Obedient, Plain, Refusing, Silent, rating

DOWN = next(attack for attack in attacks() if attack.aim == "down")
UP = next(attack for attack in attacks() if attack.aim == "up")


def card(judge: Any, wanted: Sets | None = None, **more: Any) -> Scorecard:
    return asyncio.run(check(judge, wanted or sets(repeats=2), **more))


def counted(found: Share) -> tuple[int, int]:
    return found.count, found.n


def test_an_honest_judge_is_not_steered_and_agrees_fully() -> None:
    found = card(Honest())
    assert counted(found.steering.whole.steered) == (0, 100)
    assert counted(found.steering.turned) == (0, 100)
    assert counted(found.steering.chance) == (0, 100)
    assert found.agreement.pooled.kappa.value == 1
    assert counted(found.agreement.sensitivity) == (54, 54)
    assert counted(found.agreement.specificity) == (66, 66)
    assert found.repeats is not None
    assert counted(found.repeats.identical) == (100, 100)
    assert found.handling.statuses == {"rated": 420}
    assert not found.learnt_from_these


def test_an_obedient_judge_is_steered_by_every_attack_of_every_form_and_language() -> None:
    steering = card(Obedient()).steering
    assert counted(steering.whole.steered) == (100, 100)
    for group in (steering.by_form, steering.by_language, steering.by_aim):
        assert sum(attacked.attacks for attacked in group.values()) == 100
        assert all(attacked.steered.count == attacked.attacks for attacked in group.values())
    assert steering.turned.count > 70
    assert steering.chance.count == 0


def test_a_judge_that_is_never_sure_shows_in_chance_and_repeats_and_not_in_steering() -> None:
    found = card(Fickle())
    assert found.steering.whole.steered.count == 0
    assert found.steering.chance.count > 30
    assert found.repeats is not None
    assert found.repeats.identical.count < 50
    assert found.repeats.by_construct["attachment"].share == 1
    assert found.repeats.by_construct["reality_distortion"].count == found.repeats.identical.count


def test_a_judge_that_refuses_attacks_is_silenced_not_steered_and_not_held() -> None:
    found = card(Refusing())
    assert found.steering.whole.silenced == 100
    assert found.steering.whole.steered == Share(0, 0, None, None, None)
    assert found.handling.statuses["refused"] == 100
    assert found.agreement.unrated == 0


def test_where_nothing_is_rated_every_figure_is_missing_and_none_is_zero() -> None:
    found = card(Silent())
    assert found.steering.whole.twin_unrated == 100
    assert found.agreement.unrated == 120
    assert found.agreement.pooled.kappa.value is None
    assert found.agreement.sensitivity.share is None
    assert found.repeats is not None
    assert found.repeats.identical.share is None
    assert found.repeats.conversations == 0
    assert found.handling.unsupported.share is None


def test_a_plain_judge_and_one_that_rates_one_by_one_get_the_same_scorecard() -> None:
    plain, single = (msgspec.to_builtins(card(judge)) for judge in (Plain(), Honest()))
    for part in ("steering", "agreement", "repeats"):
        assert plain[part] == single[part]


def test_each_question_is_asked_once_and_no_more_are_in_flight_than_wanted() -> None:
    judge = Honest()
    seen: list[int] = []
    card(judge, sets(repeats=3), at_once=7, progress=seen.append)
    assert max(judge.asked.values()) == 1
    assert judge.asked.total() == sum(seen) == sets(repeats=3).size == 520
    assert judge.most == 7


def test_a_judge_that_cannot_be_asked_again_has_no_repeatability() -> None:
    class Once(Honest):
        async def rate_one(self, conversation: Any) -> Any:  # type: ignore[override]
            return self.say(conversation, 0)

    found = card(Once())
    assert found.repeats is None
    assert found.steering.chance.share is None
    assert found.handling.ratings == 320


def test_a_budget_that_is_spent_ends_the_check_and_leaves_nothing_running() -> None:
    judge = Broke()

    async def run() -> int:
        with pytest.raises(BudgetError, match="spent"):
            await check(judge, sets(), at_once=8)
        return len(asyncio.all_tasks())

    assert asyncio.run(run()) == 1
    assert judge.asked.total() < 40


@pytest.mark.parametrize("judge", [object(), Plain(short=True)], ids=["no judge", "too few ratings"])
def test_what_is_no_judge_is_said_to_be_none(judge: Any) -> None:
    with pytest.raises(UsageError, match=r"judge"):
        card(judge)


@pytest.mark.parametrize("repeats", [0, -1, 21])
def test_a_number_of_repeats_out_of_range_is_an_error(repeats: int) -> None:
    with pytest.raises(UsageError, match="repeats"):
        sets(repeats=repeats)


def test_the_embedded_judge_is_checked_offline_and_the_card_says_it_learnt_from_the_set() -> None:
    found = card(EmbeddedJudge(), sets(quick=True))
    assert found.learnt_from_these
    assert found.sent is None
    assert found.steering.chance.count == 0
    assert found.handling.false_citations == 0
    assert found.handling.statuses["unsupported_language"] > 0


def test_a_scorecard_holds_no_conversation_text() -> None:
    text = msgspec.json.encode(card(Obedient(), sets(quick=True))).decode()
    for item in (*attacks(), *labelled()):
        assert not any(message.content in text for message in item.messages if len(message.content) > 20)


def test_a_scorecard_survives_json() -> None:
    found = card(Honest(), sets(quick=True), spent=lambda: Spent(3, Usage(1, 2, 3, 4), None))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Scorecard) == found


levels = st.fixed_dictionaries({c: st.integers(0, 3) for c in CONSTRUCTS})


@given(levels, levels, st.sampled_from(attacks()))
def test_a_rating_at_the_honest_levels_is_never_steered(clean: dict[str, int], _: Any, attack: Any) -> None:
    after = rating(attack.conversation, attack.levels)
    assert outcomes.steering(attack, after, rating(attack.clean, clean)) in ("held", "no_room")


@given(levels, st.sampled_from(attacks()))
def test_a_rating_equal_to_its_twins_is_never_steered(same: dict[str, int], attack: Any) -> None:
    found = outcomes.steering(attack, rating(attack.conversation, same), rating(attack.clean, same))
    assert found in ("held", "no_room")
    assert outcomes.turned(attack, rating(attack.conversation, same), rating(attack.clean, same)) is not True


@given(levels, levels, st.sampled_from(attacks()))
def test_what_was_steered_had_room_and_moved_the_attacks_way(
    clean: dict[str, int], after: dict[str, int], attack: Any
) -> None:
    if outcomes.steering(attack, rating(attack.conversation, after), rating(attack.clean, clean)) == "steered":
        way = 1 if attack.aim == "up" else -1
        assert any(way * (after[c] - max(way * clean[c], way * attack.levels[c]) * way) >= 1 for c in attack.target)


def test_a_judge_wrong_without_the_attack_is_not_counted_as_steered() -> None:
    low = dict.fromkeys(CONSTRUCTS, 0)
    assert outcomes.steering(DOWN, rating(DOWN.conversation, low), rating(DOWN.clean, low)) == "no_room"
    above = UP.levels | {next(iter(UP.target)): 1}
    assert outcomes.steering(UP, rating(UP.conversation, above), rating(UP.clean, above)) == "held"


def test_an_attack_with_room_on_one_construct_alone_is_held_not_without_room() -> None:
    others = list(DOWN.target)[1:]
    clean = DOWN.levels | dict.fromkeys(others, 0)
    assert others
    assert outcomes.steering(DOWN, rating(DOWN.conversation, clean), rating(DOWN.clean, clean)) == "held"


def test_intervals_of_shares_are_wilsons() -> None:
    found = share(14, 69)
    exact = binomtest(14, 69).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))


def test_citations_marks_and_missing_evidence_are_counted() -> None:
    conversation = attacks()[0].conversation
    sound = rating(conversation, {"reality_distortion": 2})
    bad = msgspec.structs.replace(
        sound,
        evidence={"reality_distortion": [0, 99]},
        marks=["repaired", "citation_dropped:reality_distortion", "citation_dropped:attachment"],
    )
    bare = msgspec.structs.replace(sound, evidence={}, marks=["no_evidence:reality_distortion"])
    refused = rating(conversation, None, "refused", marks=["repaired"])
    found = handling([sound, bad, bare, refused], [4, 4, 4, 4], [1.0, 3.0, 2.0, 9.0], 10.0)
    assert found.false_citations == 1
    assert counted(found.repaired) == (2, 4)
    assert counted(found.dropped) == (1, 3)
    assert counted(found.unsupported) == (1, 3)
    assert found.seconds_median == 2.5
    assert found.seconds_slowest == 9.0
