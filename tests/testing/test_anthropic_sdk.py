"""Anthropic's own package against the stand-in."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import anthropic
import pytest

from selfrule.rubric import CONSTRUCTS, LEVELS
from selfrule.testing.server import StandIn
from tests.testing.asking import anthropic_body, by_anthropic, expected

MARKED = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}


def rows(*names: str) -> list[Any]:
    return [{"custom_id": name, "params": anthropic_body(f" {name}")} for name in names]


def ended(client: anthropic.Anthropic, batch: str) -> anthropic.types.messages.MessageBatch:
    for _ in range(200):
        found = client.messages.batches.retrieve(batch)
        if found.processing_status == "ended":
            return found
    raise AssertionError("the batch does not end")


def text(message: anthropic.types.Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def test_an_answer_fits_the_schema_and_says_what_the_embedded_judge_says() -> None:
    with StandIn() as server, by_anthropic(server) as client:
        got = client.messages.create(**anthropic_body())
    answer = json.loads(text(got))
    assert {c: LEVELS.index(answer[c]["level"]) for c in CONSTRUCTS} == expected().levels
    assert got.stop_reason == "end_turn"


def test_the_asynchronous_client_on_aiohttp_gets_an_answer() -> None:
    async def ask(url: str) -> str:
        async with anthropic.AsyncAnthropic(
            base_url=url, api_key="key", max_retries=0, http_client=anthropic.DefaultAioHttpClient()
        ) as client:
            return text(await client.messages.create(**anthropic_body()))

    with StandIn() as server:
        assert json.loads(asyncio.run(ask(server.anthropic_url)))["actualized"]


def test_marked_prefixes_are_written_once_and_read_afterwards() -> None:
    with StandIn() as server, by_anthropic(server) as client:
        first = client.messages.create(**anthropic_body(" one")).usage
        second = client.messages.create(**anthropic_body(" two")).usage
        assert server.counts.cache_hits == 1
    assert first.cache_read_input_tokens == 0
    assert first.cache_creation_input_tokens and first.cache_creation_input_tokens > 1024
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens
    assert second.cache_creation_input_tokens == 0


def test_without_a_marker_nothing_is_cached() -> None:
    body = anthropic_body()
    del body["system"][0]["cache_control"]
    with StandIn() as server, by_anthropic(server) as client:
        client.messages.create(**body)
        assert client.messages.create(**body).usage.cache_read_input_tokens == 0


def test_tokens_are_counted_as_they_are_charged() -> None:
    body = anthropic_body()
    with StandIn() as server, by_anthropic(server) as client:
        counted = client.messages.count_tokens(**{k: v for k, v in body.items() if k != "max_tokens"}).input_tokens
        usage = client.messages.create(**body).usage
    assert counted == usage.input_tokens + (usage.cache_creation_input_tokens or 0)


def test_a_batch_gives_every_row_its_answer_in_another_order_and_counts_each_as_paid_once() -> None:
    names = [f"row-{n}" for n in range(30)]
    with StandIn() as server, by_anthropic(server) as client:
        batch = client.messages.batches.create(requests=rows(*names))
        assert batch.request_counts.processing == 30
        with pytest.raises(anthropic.AnthropicError):
            client.messages.batches.results(batch.id)
        done = ended(client, batch.id)
        assert done.request_counts.succeeded == 30
        results = list(client.messages.batches.results(batch.id))
        assert server.counts.answered == len(server.counts.paid) == 30
    order = [result.custom_id for result in results]
    assert sorted(order) == sorted(names)
    assert order != names
    assert results[0].result.type == "succeeded"
    assert json.loads(text(results[0].result.message))["domains"]


def test_rows_of_a_batch_fail_and_expire_one_by_one() -> None:
    with (
        StandIn(script=["ok", "row-errored", "row-expired", "refusal", "ok"]) as server,
        by_anthropic(server) as client,
    ):
        batch = client.messages.batches.create(requests=rows("a", "b", "c", "d"))
        counts = ended(client, batch.id).request_counts
        results = {result.custom_id: result.result for result in client.messages.batches.results(batch.id)}
    assert (counts.succeeded, counts.errored, counts.expired) == (2, 1, 1)
    assert results["a"].type == "errored" and results["a"].error.error.type == "api_error"
    assert results["b"].type == "expired"
    assert results["c"].type == "succeeded" and results["c"].message.stop_reason == "refusal"
    assert results["d"].type == "succeeded" and results["d"].message.stop_reason == "end_turn"


def test_every_row_errors_where_a_batch_fails_as_a_whole() -> None:
    with StandIn() as server, by_anthropic(server) as client:
        batch = client.messages.batches.create(
            requests=rows("a", "b"), extra_headers={"x-selfrule-fault": "batch-failed"}
        )
        assert ended(client, batch.id).request_counts.errored == 2


def test_a_batch_can_be_cancelled_and_then_deleted() -> None:
    with StandIn(batch_seconds=60) as server, by_anthropic(server) as client:
        batch = client.messages.batches.create(requests=rows("a"))
        with pytest.raises(anthropic.BadRequestError):
            client.messages.batches.delete(batch.id)
        assert client.messages.batches.cancel(batch.id).processing_status == "canceling"
        assert ended(client, batch.id).request_counts.canceled == 1
        assert client.messages.batches.delete(batch.id).type == "message_batch_deleted"
        with pytest.raises(anthropic.NotFoundError):
            client.messages.batches.retrieve(batch.id)


def test_batches_are_listed_newest_first_page_by_page_both_ways() -> None:
    with StandIn() as server, by_anthropic(server) as client:
        made = [client.messages.batches.create(requests=rows("a")).id for _ in range(5)]
        assert [batch.id for batch in client.messages.batches.list(limit=2)] == made[::-1]
        before = client.messages.batches.list(limit=2, before_id=made[1])
        assert [batch.id for batch in before.data] == [made[3], made[2]]
        assert before.has_more


@pytest.mark.parametrize("bad", ["", "x" * 65, "a b", "ü"])
def test_custom_ids_that_anthropic_refuses_are_refused(bad: str) -> None:
    with (
        StandIn() as server,
        by_anthropic(server) as client,
        pytest.raises(anthropic.BadRequestError, match="custom_id"),
    ):
        client.messages.batches.create(requests=[*rows("a"), {"custom_id": bad, "params": anthropic_body()}])


def test_custom_ids_must_be_unique() -> None:
    with StandIn() as server, by_anthropic(server) as client, pytest.raises(anthropic.BadRequestError, match="unique"):
        client.messages.batches.create(requests=rows("a", "a"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"system": [{"type": "text", "text": ""}]}, "non-empty"),
        ({"messages": [{"role": "assistant", "content": "hello"}]}, "'user' role"),
        (
            {"messages": [{"role": "user", "content": [MARKED] * 4}]},
            "maximum of 4",
        ),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "integer", "minimum": 0}}}},
            "'minimum' is not supported",
        ),
    ],
    ids=["empty text", "assistant first", "five markers", "limited number"],
)
def test_requests_that_anthropic_refuses_are_refused(change: dict[str, Any], words: str) -> None:
    with StandIn() as server, by_anthropic(server) as client, pytest.raises(anthropic.BadRequestError, match=words):
        client.messages.create(**anthropic_body(**change))
