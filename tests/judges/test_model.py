"""A model judge over a fake asker: every conversation ends in a typed outcome, and missing is never negative."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule import rubric
from selfrule.clients.types import Failure, PendingError, Request
from selfrule.embedded.text import tokenise
from selfrule.errors import BudgetError, ClientError, UsageError
from selfrule.judges import ModelJudge, prompts
from selfrule.judges.container import unpack
from selfrule.judges.model import WAYS, empty
from selfrule.records import Conversation, Rating, Turn
from selfrule.rubric import CONSTRUCTS
from tests.judges.asking import Answer, FakeAsker, estimate, honest, joint, long_talk, reply, talk

TALK = talk("Am I right to send it?", "Yes, send it now.", "I will.", "Good.")
PROTOCOLS = list(WAYS)


def judge(answer: Callable[[Request], Answer], protocol: str = "joint", **options: Any) -> tuple[ModelJudge, FakeAsker]:
    asker = FakeAsker(answer, **options.pop("parameters", {}))
    return ModelJudge(asker, protocol=protocol, estimate=estimate, **options), asker


def rated(answer: Callable[[Request], Answer], conversation: Conversation = TALK, **options: Any) -> Rating:
    (rating,) = judge(answer, **options)[0].rate([conversation])
    return rating


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_honest_model_gives_a_complete_rating(protocol: str) -> None:
    made, asker = judge(honest, protocol)
    (rating,) = made.rate([TALK])
    assert rating.status == "rated"
    assert rating.levels == dict.fromkeys(CONSTRUCTS, 1)
    assert rating.evidence == {c: [0] for c in CONSTRUCTS}
    assert rating.actualized.keys() == set(rubric.MARKERS)
    assert rating.domains[0] == "legal"
    assert (rating.judge, rating.prompt, rating.rubric) == (made.label, made.prompt, rubric.load().label)
    assert (rating.marks, rating.windows, rating.reason) == ([], 1, None)
    assert set(asker.kinds) == {"answer"}
    assert len(asker.asked) == {"joint": 1, "separate": 8, "logprobs": 9}[protocol]
    assert bool(rating.probabilities) == (protocol == "logprobs")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (reply("", "refusal"), "refused", "declined"),
        (reply("", "filter"), "filtered", "filter"),
        (Failure("failed", "the server gave up"), "failed", "gave up"),
        (Failure("filtered", "by policy"), "filtered", "policy"),
        (Failure("over_long", "8192 tokens at most"), "over_long", "8192"),
        (reply("Lovely weather."), "unparseable", ""),
    ],
    ids=["refusal", "filter", "failed", "request filtered", "over-long", "chatter"],
)
def test_what_a_model_does_not_rate_has_a_status_and_no_level(
    protocol: str, answer: Answer, status: str, reason: str
) -> None:
    rating = rated(lambda request: answer, protocol=protocol)
    assert rating.status == status
    assert rating.levels == rating.probabilities == rating.evidence == rating.actualized == {}
    assert reason in (rating.reason or "")


@pytest.mark.parametrize("protocol", ["joint", "separate"])
def test_an_answer_cut_at_its_limit_is_truncated_and_says_what_helps(protocol: str) -> None:
    rating = rated(lambda request: reply('{"turns": [0], "lev', "length"), protocol=protocol)
    assert rating.status == "truncated"
    assert "max_output" in (rating.reason or "")


@pytest.mark.parametrize("protocol", ["joint", "separate"])
def test_a_refusal_in_words_is_a_refusal(protocol: str) -> None:
    rating = rated(lambda request: "Es tut mir leid, dabei kann ich nicht helfen.", protocol=protocol)
    assert rating.status == "refused"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("turns", "who"), [(("hi",), "assistant"), (("", "hello"), "person"), (("🙂", "…"), "person")])
def test_a_conversation_without_words_of_both_sides_is_empty_and_costs_nothing(
    protocol: str, turns: tuple[str, ...], who: str
) -> None:
    made, asker = judge(honest, protocol)
    (rating,) = made.rate([talk(*turns)])
    assert rating.status == "empty"
    assert who in (rating.reason or "")
    assert not asker.asked
    assert made.planned(talk(*turns)) == []


@given(st.text(max_size=20), st.text(max_size=20))
def test_empty_means_the_same_as_to_the_embedded_judge(person: str, assistant: str) -> None:
    wordless = not tokenise(person) or not tokenise(assistant)
    assert (empty([Turn("user", person), Turn("assistant", assistant)]) is not None) == wordless


# sent back


def script(*answers: Answer) -> Callable[[Request], Answer]:
    given_answers = iter(answers)
    return lambda request: next(given_answers)


def test_an_answer_that_cannot_be_read_is_sent_back_once_with_what_is_wrong() -> None:
    made, asker = judge(script("Severe, I would say.", joint("mild", (0,))))
    (rating,) = made.rate([TALK])
    assert (rating.status, rating.marks) == ("rated", ["repaired"])
    ((said, correction),) = asker.asked[1].turns
    assert said == "Severe, I would say."
    assert "no JSON object" in correction
    assert asker.asked[1].shared == asker.asked[0].shared
    assert asker.kinds == {"unparseable": 1, "answer": 1}


def test_an_answer_that_cannot_be_read_twice_is_unparseable() -> None:
    made, asker = judge(lambda request: "Severe, I would say.")
    assert made.rate([TALK])[0].status == "unparseable"
    assert len(asker.asked) == 2


def test_a_level_without_a_turn_is_sent_back_once_and_then_marked_and_kept() -> None:
    made, asker = judge(lambda request: joint("none", (), attachment="moderate"))
    (rating,) = made.rate([TALK])
    assert rating.status == "rated"
    assert rating.levels["attachment"] == 2
    assert rating.evidence["attachment"] == []
    assert rating.marks == ["no_evidence:attachment", "repaired"]
    assert len(asker.asked) == 2
    assert "attachment" in asker.asked[1].turns[0][1]


def test_evidence_that_is_given_when_asked_for_again_leaves_no_mark_but_that() -> None:
    rating = rated(script(joint("none", (), attachment="mild"), joint("none", (2,), attachment="mild")))
    assert rating.evidence["attachment"] == [2]
    assert rating.marks == ["repaired"]


def test_made_up_turns_are_dropped_marked_and_asked_for_again() -> None:
    made, asker = judge(script(joint("none", (1, 77), attachment="mild")))
    (rating,) = made.rate([TALK])
    assert rating.evidence["attachment"] == [1]
    assert rating.marks == ["citation_dropped:attachment"]
    assert len(asker.asked) == 1
    again = rated(lambda request: joint("none", (77,), attachment="mild"))
    assert again.marks == ["citation_dropped:attachment", "no_evidence:attachment", "repaired"]


@pytest.mark.parametrize(
    "second",
    ["So be it.", reply("", "refusal"), reply("{", "length"), Failure("filtered", ""), Failure("over_long", "")],
)
def test_what_comes_of_asking_for_evidence_never_takes_a_level_away(second: Answer) -> None:
    rating = rated(script(joint("none", (), attachment="mild"), second, "So be it."))
    assert (rating.status, rating.levels["attachment"]) == ("rated", 1)
    assert "no_evidence:attachment" in rating.marks


def test_asking_for_evidence_that_got_no_reply_leaves_the_conversation_for_another_run() -> None:
    rating = rated(script(joint("none", (), attachment="mild"), Failure("failed", "gave up")))
    assert (rating.status, rating.levels) == ("failed", {})


def test_no_answer_is_sent_back_more_than_twice() -> None:
    made, asker = judge(script("hm", joint("mild"), "hm", joint("mild")))
    made.rate([TALK])
    assert len(asker.asked) == 3


def test_an_endless_answer_is_sent_back_cut_short_and_an_empty_one_as_something() -> None:
    made, asker = judge(script("blah " * 10_000, "{"))
    made.rate([TALK])
    assert len(asker.asked[1].turns[0][0]) <= 8000
    made, asker = judge(script("  ", "{"))
    made.rate([TALK])
    assert asker.asked[1].turns[0][0].strip()


def test_the_follow_up_of_logprobs_may_fail_in_words_and_the_levels_stand() -> None:
    def answer(request: Request) -> Answer:
        return "I'm sorry, I can't help with that." if request.schema else honest(request)

    rating = rated(answer, protocol="logprobs")
    assert rating.status == "rated"
    assert rating.levels == dict.fromkeys(CONSTRUCTS, 1)
    assert rating.marks == sorted(f"no_evidence:{c}" for c in CONSTRUCTS)
    assert set(rating.actualized.values()) == {"unknown"}


def test_the_follow_up_of_logprobs_that_got_no_reply_leaves_the_conversation_for_another_run() -> None:
    rating = rated(lambda r: Failure("failed", "gave up") if r.schema else honest(r), protocol="logprobs")
    assert rating.status == "failed"


# windows


def windows_judge(
    answer: Callable[[Request], Answer], protocol: str = "joint", **options: Any
) -> tuple[ModelJudge, FakeAsker]:
    return judge(answer, protocol, context=9000, **options)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_long_conversation_is_rated_in_windows_that_fit_the_context(protocol: str) -> None:
    made, asker = windows_judge(honest, protocol)
    (rating,) = made.rate([long_talk(200)])
    assert rating.status == "rated"
    assert rating.windows > 2
    assert len(rating.evidence["attachment"]) == rating.windows
    for request in asker.asked:
        whole = request.system + request.shared + request.ask
        assert estimate(whole) + request.max_tokens <= 9000


def test_the_highest_level_of_any_window_is_the_conversations() -> None:
    def answer(request: Request) -> Answer:
        window = {piece.index for piece in unpack(request.shared)}
        return joint("none", (90,), vulnerability="severe") if 90 in window else joint("none")

    made, _ = windows_judge(answer)
    (rating,) = made.rate([long_talk(200)])
    assert (rating.levels["vulnerability"], rating.evidence["vulnerability"]) == (3, [90])
    assert rating.levels["attachment"] == 0


def test_one_window_that_was_refused_leaves_the_whole_unrated_and_says_so() -> None:
    def answer(request: Request) -> Answer:
        window = {piece.index for piece in unpack(request.shared)}
        return reply("", "refusal") if 0 in window else joint("none", tuple(window), reality_distortion="moderate")

    made, _ = windows_judge(answer)
    (rating,) = made.rate([long_talk(200)])
    assert rating.status == "refused"
    assert rating.levels == {}
    assert rating.reason == f"window 1 of {rating.windows} was refused; the others reached moderate"


def test_where_several_windows_fail_the_status_is_the_gravest_and_every_window_is_named() -> None:
    def answer(request: Request) -> Answer:
        window = {piece.index for piece in unpack(request.shared)}
        if 199 in window:
            return reply("", "refusal")
        return Failure("failed", "gave up") if 100 in window else "hm"

    made, _ = windows_judge(answer)
    (rating,) = made.rate([long_talk(200)])
    assert rating.status == "failed"
    most = rating.windows
    assert re.match(rf"windows? [\d and]+ of {most} failed, window {most} was refused, ", rating.reason or "")
    assert (rating.reason or "").endswith("could not be read")


def test_a_reason_stays_short_however_many_windows_fail() -> None:
    made, _ = windows_judge(lambda request: Failure("failed", "gave up"))
    (rating,) = made.rate([long_talk(400)])
    assert rating.reason == f"{rating.windows} of {rating.windows} windows failed"


def test_a_few_windows_are_named_together() -> None:
    def answer(request: Request) -> Answer:
        window = {piece.index for piece in unpack(request.shared)}
        return reply("", "filter") if window & {0, 199} else joint("none")

    (rating,) = windows_judge(answer)[0].rate([long_talk(200)])
    most = rating.windows
    assert rating.reason == f"windows 1 and {most} of {most} were filtered; the others reached none"


def test_a_conversation_that_needs_too_many_windows_is_over_long_and_costs_nothing() -> None:
    made, asker = windows_judge(honest, most_windows=2)
    (rating,) = made.rate([long_talk(300)])
    assert rating.status == "over_long"
    assert "more than 2 windows" in (rating.reason or "")
    assert not asker.asked
    assert made.planned(long_talk(300)) == []


def test_a_server_that_counts_otherwise_gets_smaller_windows() -> None:
    def answer(request: Request) -> Answer:
        return Failure("over_long", "too long") if len(request.shared) > 30_000 else honest(request)

    made, asker = judge(answer)
    (rating,) = made.rate([long_talk(200)])
    assert rating.status == "rated"
    assert rating.windows > 1
    sizes = [len(request.shared) for request in asker.asked]
    assert sizes[0] > 30_000 >= sizes[-1]


def test_a_server_that_takes_nothing_is_not_asked_for_ever() -> None:
    made, asker = judge(lambda request: Failure("over_long", "too long"))
    (rating,) = made.rate([long_talk(200)])
    assert rating.status == "over_long"
    assert len({len(request.shared) for request in asker.asked}) < 60


def test_a_context_that_cannot_hold_the_rubric_is_said_at_once() -> None:
    with pytest.raises(UsageError, match="context of at least"):
        judge(honest, context=4096)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_context_of_8192_tokens_by_our_own_high_estimate_is_enough(protocol: str) -> None:
    made = ModelJudge(FakeAsker(honest), protocol=protocol, context=8192)
    (rating,) = made.rate([long_talk(40)])
    assert rating.status == "rated"


# labels, samples, errors


def test_the_label_names_model_protocol_and_prompt_and_changes_with_parameters() -> None:
    plain = judge(honest)[0].label
    assert plain == f"fake:model/joint-1@{prompts.load('joint').hash[:8]}"
    others = [
        judge(honest, "separate")[0].label,
        judge(honest, parameters={"temperature": 0})[0].label,
        judge(honest, parameters={"temperature": 1})[0].label,
        judge(honest, max_output=100)[0].label,
    ]
    assert len({plain, *others}) == 5


def test_a_compatible_servers_label_is_its_address_without_a_password() -> None:
    asker = FakeAsker(honest)
    asker.provider = "http://me:secret@127.0.0.1:8000/v1"
    assert ModelJudge(asker, estimate=estimate).label.startswith(
        "openai-compatible:http://127.0.0.1:8000/v1#model/joint-1@"
    )


def test_samples_and_what_is_asked_anew_reach_every_request() -> None:
    made, asker = judge(honest, "logprobs")
    asyncio.run(made.rate_one(TALK, retry=frozenset({"refused"}), sample=2))
    assert set(asker.told) == {(2, frozenset({"refused"}))}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_in_a_batch_everything_that_can_be_asked_is_asked_before_waiting(protocol: str) -> None:
    made, asker = windows_judge(lambda request: PendingError(), protocol)
    with pytest.raises(PendingError):
        asyncio.run(made.rate_one(long_talk(200)))
    assert [msgspec.json.encode(r) for r in asker.asked] == [
        msgspec.json.encode(r) for r in made.planned(long_talk(200))
    ]


def test_an_end_of_the_run_is_raised_before_a_wait() -> None:
    made, asker = judge(script(PendingError(), BudgetError("spent"), *[PendingError()] * 6), "separate")
    with pytest.raises(BudgetError):
        asyncio.run(made.rate_one(TALK))
    assert len(asker.asked) == 8
    made, _ = judge(script(BudgetError("spent"), ClientError("no key"), *[PendingError()] * 6), "separate")
    with pytest.raises(ClientError):
        asyncio.run(made.rate_one(TALK))


def test_many_are_rated_in_order_also_where_a_loop_is_running() -> None:
    made, _ = judge(honest)
    talks = [talk("Am I?", "Yes.", name=name) for name in "0123456789abcdef"]

    async def inside() -> list[Rating]:
        return made.rate(talks)

    for ratings in (made.rate(talks), asyncio.run(inside())):
        assert [r.conversation_id for r in ratings] == [c.conversation_id for c in talks]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_reason_or_mark_holds_a_word_of_conversation_or_answer(protocol: str) -> None:
    secret = talk("SECRET-4711 am I right?", "Yes SECRET-4711.")
    for answer in (
        "SECRET-4711",
        '{"SECRET-4711": "SECRET-4711"}',
        reply("SECRET-4711", "refusal"),
        reply("SECRET", "length"),
    ):
        rating = rated(lambda request, given=answer: given, secret, protocol=protocol)
        assert "SECRET" not in msgspec.json.encode(rating).decode()


hostile = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [joint("none"), joint("severe"), joint("mild", (0,)), "{}", "[]", "null", "I can't help with that."]
    ),
)
replies = st.builds(reply, hostile, st.sampled_from(["stop", "length", "refusal", "filter"]))
failures = st.builds(Failure, st.sampled_from(["failed", "over_long", "filtered"]), st.just("no"))


@given(st.lists(st.one_of(replies, failures), min_size=1, max_size=6), st.sampled_from(PROTOCOLS))
def test_whatever_a_model_answers_the_outcome_is_typed_and_complete(answers: list[Any], protocol: str) -> None:
    count = iter(range(10**6))
    rating = rated(lambda request: answers[next(count) % len(answers)], protocol=protocol)
    if rating.status == "rated":
        assert set(rating.levels) == set(rating.evidence) == set(CONSTRUCTS)
        for construct, level in rating.levels.items():
            assert level in range(4)
            cited = rating.evidence[construct]
            assert set(cited) <= set(range(4))
            assert bool(cited) == bool(level) or f"no_evidence:{construct}" in rating.marks
    else:
        assert rating.status in {"refused", "filtered", "truncated", "unparseable", "failed", "over_long"}
        assert rating.reason
        assert not rating.levels
