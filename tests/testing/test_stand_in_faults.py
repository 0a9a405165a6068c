"""Faults: each looks to the vendors' packages as the real one does, and costs what the real one costs."""

from __future__ import annotations

import json
import time
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.clients.types import Reply, Usage
from selfrule.errors import UsageError
from selfrule.judges import joint
from selfrule.judges.joining import Parsed
from selfrule.testing.faults import CONTENT, ERRORS, NAMES, Plan
from selfrule.testing.server import StandIn
from tests.testing.asking import anthropic_body, by_anthropic, by_openai, openai_body, window


def ask(server: StandIn, fault: str, **more: Any) -> Any:
    with by_openai(server, **more) as client:
        return client.chat.completions.create(**openai_body(), extra_headers={"x-selfrule-fault": fault})


def ask_anthropic(server: StandIn, fault: str, **more: Any) -> Any:
    with by_anthropic(server, **more) as client:
        return client.messages.create(**anthropic_body(), extra_headers={"x-selfrule-fault": fault})


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("429", openai.RateLimitError, "rate_limit_exceeded"),
        ("429-after", openai.RateLimitError, "rate_limit_exceeded"),
        ("broke", openai.RateLimitError, "insufficient_quota"),
        ("500", openai.InternalServerError, None),
        ("503", openai.InternalServerError, None),
        ("529", openai.InternalServerError, "overloaded"),
        ("401", openai.AuthenticationError, "invalid_api_key"),
        ("404", openai.NotFoundError, "model_not_found"),
        ("over-long", openai.BadRequestError, "context_length_exceeded"),
        ("filter-400", openai.BadRequestError, "content_filter"),
        ("rejected", openai.BadRequestError, None),
    ],
)
def test_openais_package_raises_its_own_error(fault: str, kind: type[openai.APIStatusError], code: str | None) -> None:
    with StandIn() as server, pytest.raises(kind) as caught:
        ask(server, fault)
    assert caught.value.code == code
    assert server.counts.answered == 0
    assert server.counts.faults == {fault: 1}


@pytest.mark.parametrize(
    ("fault", "kind", "word"),
    [
        ("429", anthropic.RateLimitError, "rate_limit_error"),
        ("500", anthropic.InternalServerError, "api_error"),
        ("529", anthropic.InternalServerError, "overloaded_error"),
        ("401", anthropic.AuthenticationError, "authentication_error"),
        ("404", anthropic.NotFoundError, "not_found_error"),
        ("broke", anthropic.BadRequestError, "credit balance"),
        ("filter", anthropic.BadRequestError, "content filtering policy"),
    ],
)
def test_anthropics_package_raises_its_own_error(fault: str, kind: type[anthropic.APIStatusError], word: str) -> None:
    with StandIn() as server, pytest.raises(kind, match=word):
        ask_anthropic(server, fault)
    assert server.counts.answered == 0


def test_only_the_429_that_says_so_tells_how_long_to_wait() -> None:
    with StandIn() as server:
        for fault, expected in (("429", None), ("429-after", "1")):
            with pytest.raises(openai.RateLimitError) as caught:
                ask(server, fault)
            assert caught.value.response.headers.get("retry-after") == expected


def test_a_cut_connection_is_a_connection_error_and_costs_nothing_here() -> None:
    with StandIn() as server:
        with pytest.raises(openai.APIConnectionError):
            ask(server, "cut")
        with pytest.raises(anthropic.APIConnectionError):
            ask_anthropic(server, "cut")
        assert (server.counts.answered, server.counts.lost) == (0, 2)


def test_a_slow_reply_is_a_time_out_and_costs_nothing_here() -> None:
    with StandIn(slow=0.6) as server:
        with pytest.raises(openai.APITimeoutError):
            ask(server, "slow", timeout=0.1)
        time.sleep(1.0)
        assert (server.counts.answered, server.counts.lost) == (0, 1)


def test_a_garbled_body_is_no_json() -> None:
    with StandIn() as server:
        got = httpx2.post(
            f"{server.openai_url}/chat/completions", json=openai_body(), headers={"x-selfrule-fault": "badjson"}
        )
        assert got.status_code == 200
        with pytest.raises(ValueError):
            got.json()
        assert (server.counts.answered, server.counts.lost) == (0, 1)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("refusal-text", "refused"),
        ("truncated", "truncated"),
        ("badcontent", "unparseable"),
        ("empty", "unparseable"),
        ("schema", "unparseable"),
    ],
)
def test_spoilt_answers_are_paid_for_and_are_never_read_as_answers(fault: str, kind: str) -> None:
    with StandIn() as server:
        choice = ask(server, fault).choices[0]
        assert server.counts.answered == 1
    finish = "length" if choice.finish_reason == "length" else "stop"
    parsed = joint.read("all", Reply(choice.message.content or "", finish, Usage(), "m"), window())
    assert not isinstance(parsed, Parsed)
    assert parsed.kind == kind


def test_refusal_and_filter_come_in_each_vendors_own_form() -> None:
    with StandIn() as server:
        refused = ask(server, "refusal").choices[0]
        assert refused.message.refusal
        assert refused.message.content is None
        assert ask(server, "filter").choices[0].finish_reason == "content_filter"
        assert ask_anthropic(server, "refusal").stop_reason == "refusal"
        assert server.counts.answered == 3


@pytest.mark.parametrize(("fault", "cited"), [("no-evidence", []), ("made-up", [9_999_991, 9_999_992])])
def test_levels_can_come_without_evidence_or_with_evidence_that_is_not_there(fault: str, cited: list[int]) -> None:
    with StandIn() as server:
        answer = json.loads(ask(server, fault).choices[0].message.content)
    assert answer["vulnerability"]["turns"] == cited
    assert answer["vulnerability"]["level"] != "none"


@pytest.mark.parametrize("fault", sorted(CONTENT))
def test_a_spoilt_one_token_answer_names_no_digit(fault: str) -> None:
    with StandIn() as server, by_openai(server) as client:
        body = openai_body(logprobs=True, top_logprobs=8, max_tokens=1)
        del body["response_format"]
        got = client.chat.completions.create(**body, extra_headers={"x-selfrule-fault": fault}).choices[0]
    assert (got.message.content or "") not in set("0123")


def test_a_script_is_followed_in_order_and_then_ends() -> None:
    with StandIn() as server, by_openai(server) as client:
        server.script("500", "ok", "429")
        seen = []
        for _ in range(4):
            try:
                client.chat.completions.create(**openai_body())
                seen.append(200)
            except openai.APIStatusError as error:
                seen.append(error.status_code)
    assert seen == [500, 200, 429, 200]


def test_the_vendors_own_retries_get_through_and_pay_once() -> None:
    with StandIn(script=["500", "429-after", "cut", "ok"]) as server, by_openai(server, max_retries=5) as client:
        assert client.chat.completions.create(**openai_body()).choices
        assert (server.counts.answered, server.counts.paid_twice, server.counts.lost) == (1, 0, 1)


def test_beyond_the_rate_there_are_real_429s_that_say_how_long_to_wait() -> None:
    with StandIn(rate=5.0, burst=2, answers="fast") as server, by_openai(server) as client:
        statuses = []
        for n in range(4):
            try:
                client.chat.completions.create(**openai_body(f" {n}"))
                statuses.append(200)
            except openai.RateLimitError as error:
                statuses.append(429)
                wait = float(error.response.headers["retry-after-ms"]) / 1000
        assert statuses == [200, 200, 429, 429]
        assert 0 < wait <= 0.2
        time.sleep(0.25)
        assert client.chat.completions.create(**openai_body()).choices
        assert server.counts.limited == 2


def test_a_request_that_does_not_fit_is_told_so_by_each_vendor() -> None:
    with StandIn(context=1000) as server:
        with pytest.raises(openai.BadRequestError, match="maximum context length is 1000 tokens"):
            ask(server, "ok")
        with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
            ask_anthropic(server, "ok")
        assert server.counts.over_long == 2


def test_a_wrong_key_is_denied() -> None:
    with StandIn() as server:
        with pytest.raises(openai.AuthenticationError):
            ask(server, "ok", api_key="wrong")
        with pytest.raises(anthropic.AuthenticationError):
            ask_anthropic(server, "ok", api_key="wrong")


@given(st.integers(), st.text(max_size=20), st.integers(0, 20))
def test_a_draw_depends_on_seed_request_and_attempt_alone(seed: int, request: str, attempt: int) -> None:
    plan, again = (Plan({"429": 0.3, "cut": 0.3}, seed) for _ in range(2))
    again.draw("something else", 0)
    assert plan.draw(request, attempt) == again.draw(request, attempt)


def test_faults_come_as_often_as_their_shares_say() -> None:
    plan = Plan.parse("429=0.1, cut=0.05", seed=3)
    drawn = [plan.draw(f"request {n}", 0) for n in range(20_000)]
    assert drawn.count("429") / 20_000 == pytest.approx(0.1, abs=0.01)
    assert drawn.count("cut") / 20_000 == pytest.approx(0.05, abs=0.01)
    assert drawn.count(None) / 20_000 == pytest.approx(0.85, abs=0.01)


@pytest.mark.parametrize("bad", ["429", "429=x", "nonsense=0.1", "429=1.5", "429=0.6,500=0.6", "429=-0.1", "429=nan"])
def test_a_plan_that_makes_no_sense_is_refused(bad: str) -> None:
    with pytest.raises(UsageError):
        Plan.parse(bad)


def test_every_error_fault_has_a_reply_from_every_vendor() -> None:
    from selfrule.testing.station import Settings, Station, provoked

    station = Station("none", Plan(), Settings())
    for fault in ERRORS:
        for api in (station.openai, station.anthropic, station.ollama):
            status, body = api.trouble(provoked(api.name, fault))
            assert 400 <= status < 600
            assert json.loads(body)["error"]
    assert set(ERRORS) < NAMES
