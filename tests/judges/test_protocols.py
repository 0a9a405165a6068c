"""What is sent by each protocol, and what is made of one reply."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.clients.types import Token, address
from selfrule.judges import logprobs, prompts, protocol, schema
from selfrule.judges.container import pieces, unpack
from selfrule.judges.joining import Parsed
from selfrule.judges.model import WAYS
from selfrule.judges.parse import Unusable
from selfrule.judges.windows import Window
from selfrule.records import Turn
from selfrule.rubric import CONSTRUCTS, PRIMITIVES
from tests.judges.asking import joint, reply

WINDOW = Window(tuple(pieces([Turn("user", "Is it so?"), Turn("assistant", "It is.")])))
turns = st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), st.text(max_size=80)), min_size=1, max_size=5)


@given(turns, st.sampled_from(list(WAYS)))
def test_a_conversation_changes_its_own_container_and_nothing_else_that_is_sent(talk: list[Turn], name: str) -> None:
    window = Window(tuple(pieces(talk)))
    plain = WAYS[name].requests(WINDOW, 100)
    for key, request in WAYS[name].requests(window, 100).items():
        assert [p.index for p in unpack(request.shared)] == list(range(len(talk)))
        assert request.system == plain[key].system == prompts.load(name).system
        assert request.ask == plain[key].ask
        assert request.schema == plain[key].schema


@pytest.mark.parametrize("name", WAYS)
def test_all_questions_about_a_window_share_one_prefix(name: str) -> None:
    requests = WAYS[name].requests(WINDOW, 100)
    assert len({request.prefix for request in requests.values()}) == 1
    assert all(request.shared_again == (len(requests) > 1) for request in requests.values())


def test_separate_and_logprobs_ask_about_each_construct_and_about_the_domains() -> None:
    for name in ("separate", "logprobs"):
        requests = WAYS[name].requests(WINDOW, 100)
        assert list(requests) == [*CONSTRUCTS, "domains"]
        assert [schema.construct_asked(r.ask) for r in requests.values()] == [*CONSTRUCTS, None]


def test_questions_of_one_kind_have_one_schema_so_that_a_prefix_cache_outlasts_them() -> None:
    requests = WAYS["separate"].requests(WINDOW, 100)
    assert len({str((requests[p].schema, requests[p].schema_name)) for p in PRIMITIVES}) == 1
    assert len({str((r.schema, r.schema_name)) for r in requests.values()}) == 3


def test_a_window_of_several_says_which_it_is_outside_the_container() -> None:
    window = Window(WINDOW.pieces, 2, 5)
    sent = protocol.data(window)
    assert sent.startswith("Window 2 of 5.\n<")
    assert unpack(sent) == list(WINDOW.pieces)


@pytest.mark.parametrize("name", WAYS)
def test_the_same_window_is_the_same_question_to_the_cache(name: str) -> None:
    def addresses() -> list[str]:
        return [address("p", "m", {}, r) for r in WAYS[name].requests(WINDOW, 100).values()]

    assert addresses() == addresses()
    assert len(set(addresses())) == len(addresses())


# replies


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize(("finish", "kind"), [("refusal", "refused"), ("filter", "filtered")])
def test_what_a_provider_says_was_refused_or_filtered_is_so_whatever_the_text(
    name: str, finish: str, kind: str
) -> None:
    way = WAYS[name]
    for key in way.requests(WINDOW, 100):
        got = reply(joint("none"), finish, (Token("0", -0.01),))
        outcome = way.read(key, got, WINDOW)
        assert isinstance(outcome, Unusable)
        assert outcome.kind == kind
        assert protocol.Reading(way, key, WINDOW)(got) == kind


@pytest.mark.parametrize(
    ("text", "finish", "kind"),
    [
        (joint("none"), "stop", "answer"),
        (joint("none"), "length", "answer"),
        (joint("none")[:-9], "length", "truncated"),
        ("", "length", "truncated"),
        ("I'm sorry, I can't help with that.", "stop", "refused"),
        ("Hmm.", "stop", "unparseable"),
        ("", "stop", "unparseable"),
        ('{"error": "I cannot rate this"}', "stop", "unparseable"),
    ],
)
def test_what_a_reply_in_words_is_worth(text: str, finish: str, kind: str) -> None:
    assert protocol.Reading(WAYS["joint"], "all", WINDOW)(reply(text, finish)) == kind


def test_the_answer_of_a_single_construct_is_read_for_that_construct() -> None:
    outcome = WAYS["separate"].read(
        "action_distortion", reply('{"turns": [1], "level": "mild", "actualized": "yes"}'), WINDOW
    )
    assert outcome == Parsed({"action_distortion": 1}, {}, {"action_distortion": [1]}, {"action": "yes"})
    factor = WAYS["separate"].read("attachment", reply('{"turns": [0], "level": "severe"}'), WINDOW)
    assert factor == Parsed({"attachment": 3}, {}, {"attachment": [0]})


# log-probabilities


def first(**shares: float) -> tuple[Token, ...]:
    return tuple(Token(text.replace("_", " "), math.log(p)) for text, p in shares.items())


def level_of(tokens: tuple[Token, ...]) -> Any:
    return logprobs.read("attachment", reply("1", "length", tokens), WINDOW)


@given(st.lists(st.floats(0.01, 1), min_size=4, max_size=4), st.floats(0, 0.9))
def test_probabilities_are_the_shares_of_the_digits_among_the_digits(weights: list[float], other: float) -> None:
    shares = [w / sum(weights) for w in weights]
    tokens = [Token(str(k), math.log(p * (1 - other * 0.5))) for k, p in enumerate(shares)]
    outcome = level_of((*tokens, Token("I", math.log(other * 0.5 + 1e-9))))
    assert outcome.probabilities["attachment"] == pytest.approx(shares)
    assert shares[outcome.levels["attachment"]] == max(shares)


def test_the_same_digit_in_several_tokens_counts_together() -> None:
    outcome = level_of((Token("2", math.log(0.4)), Token(" 1", math.log(0.3)), Token("1", math.log(0.25))))
    assert outcome.levels == {"attachment": 1}
    assert outcome.probabilities["attachment"] == pytest.approx([0, 0.55 / 0.95, 0.4 / 0.95, 0])


def test_a_model_that_was_not_answering_with_a_digit_has_given_no_level() -> None:
    outcome = level_of((Token("<think>", math.log(0.9)), Token("0", math.log(0.05))))
    assert outcome.kind == "unparseable"
    assert "enable_thinking" in outcome.wrong
    assert "think>" not in outcome.wrong


def test_a_server_without_log_probabilities_is_told_from_a_model_that_talks() -> None:
    assert "no log-probabilities" in level_of(()).wrong


@pytest.mark.parametrize("bad", [float("nan"), float("-inf"), 5.0])
def test_odd_log_probabilities_do_no_harm(bad: float) -> None:
    outcome = level_of((Token("0", bad), Token("3", math.log(0.8))))
    assert isinstance(outcome, Parsed)
    assert sum(outcome.probabilities["attachment"]) == pytest.approx(1)


def test_domains_are_the_likeliest_letter_and_others_of_a_quarter() -> None:
    outcome = logprobs.read("domains", reply("D", "length", first(D=0.5, _c=0.3, A=0.1)), WINDOW)
    assert outcome == Parsed(domains=("legal", "cybersecurity"))
    none = logprobs.read("domains", reply("x", "length", first(hello=0.9)), WINDOW)
    assert none == Parsed(marks=("no_domain",))


def test_the_follow_up_is_asked_only_where_a_level_is_above_none() -> None:
    assert logprobs.follow_up(Parsed(dict.fromkeys(CONSTRUCTS, 0)), WINDOW, 100) == {}
    (request,) = logprobs.follow_up(Parsed({**dict.fromkeys(CONSTRUCTS, 0), "attachment": 2}), WINDOW, 100).values()
    assert "attachment: moderate" in request.ask
    assert request.schema == schema.evidence()
    assert request.prefix == logprobs.requests(WINDOW, 100)["attachment"].prefix
