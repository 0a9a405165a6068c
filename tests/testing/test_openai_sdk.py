"""OpenAI's own package against the stand-in."""

from __future__ import annotations

import asyncio
import json
import math

import openai
import pytest

from selfrule.clients.types import Reply, Usage
from selfrule.judges import joint, logprobs
from selfrule.judges.joining import Parsed
from selfrule.rubric import CONSTRUCTS, LEVELS
from selfrule.testing.server import StandIn
from tests.testing.asking import by_openai, expected, openai_body, window


def jsonl(rows: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def row(name: str, **more: object) -> dict[str, object]:
    body = openai_body(f" {name}")
    return {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body, **more}


def submit(client: openai.OpenAI, rows: list[dict[str, object]], **more: object) -> openai.types.Batch:
    file = client.files.create(file=("in.jsonl", jsonl(rows)), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", **more
    )


def ended(client: openai.OpenAI, batch: str) -> openai.types.Batch:
    for _ in range(200):
        found = client.batches.retrieve(batch)
        if found.status in ("completed", "failed", "expired", "cancelled"):
            return found
    raise AssertionError("the batch does not end")


def lines(client: openai.OpenAI, file: str | None) -> list[dict[str, object]]:
    assert file is not None
    return [json.loads(line) for line in client.files.content(file).text.splitlines()]


def test_an_answer_fits_the_schema_and_says_what_the_embedded_judge_says() -> None:
    with StandIn() as server, by_openai(server) as client:
        got = client.chat.completions.create(**openai_body())
    answer = json.loads(got.choices[0].message.content or "")
    levels = {c: LEVELS.index(answer[c]["level"]) for c in CONSTRUCTS}
    assert levels == expected().levels
    assert {c: answer[c]["turns"] for c in CONSTRUCTS if levels[c]} == expected().evidence
    assert answer["domains"] == expected().domains
    assert got.usage is not None and got.usage.total_tokens == got.usage.prompt_tokens + got.usage.completion_tokens


def test_the_asynchronous_client_on_aiohttp_gets_answers_to_many_requests_at_once() -> None:
    async def ask(url: str) -> list[str | None]:
        async with openai.AsyncOpenAI(
            base_url=url, api_key="key", max_retries=0, http_client=openai.DefaultAioHttpClient()
        ) as client:
            asked = [client.chat.completions.create(**openai_body(f" {n}")) for n in range(20)]
            return [got.choices[0].message.content for got in await asyncio.gather(*asked)]

    with StandIn(latency=0.05) as server:
        answers = asyncio.run(ask(server.openai_url))
        assert all(json.loads(answer or "") for answer in answers)
        assert server.counts.most_in_flight > 10
        assert server.counts.in_flight == 0


@pytest.mark.parametrize("name", [*CONSTRUCTS, "domains"])
def test_one_token_answers_carry_the_embedded_judges_probabilities(name: str) -> None:
    asked = logprobs.requests(window(), 100)[name]
    messages = [
        {"role": "system", "content": asked.system},
        {"role": "user", "content": f"{asked.shared}\n\n{asked.ask}"},
    ]
    with StandIn() as server, by_openai(server) as client:
        got = client.chat.completions.create(
            model="m", messages=messages, logprobs=True, top_logprobs=asked.top_logprobs, max_tokens=1
        )
    choice = got.choices[0]
    assert choice.logprobs is not None and choice.logprobs.content is not None
    found = {token.token: math.exp(token.logprob) for token in choice.logprobs.content[0].top_logprobs}
    assert choice.message.content == max(found, key=found.__getitem__)
    assert sum(found.values()) < 1
    if name in CONSTRUCTS:
        total = sum(found.values())
        assert [found[digit] / total for digit in "0123"] == pytest.approx(expected().probabilities[name], abs=1e-6)
    else:
        letters = logprobs._letters()
        assert letters[choice.message.content or ""] == expected().domains[0]


def test_the_protocols_own_readers_accept_the_answers() -> None:
    with StandIn() as server, by_openai(server) as client:
        text = client.chat.completions.create(**openai_body()).choices[0].message.content
    parsed = joint.read("all", Reply(text or "", "stop", Usage(), "m"), window())
    assert isinstance(parsed, Parsed)
    assert not parsed.lacking


def test_models_are_listed_with_the_context_that_fits() -> None:
    with StandIn(context=8192) as server, by_openai(server) as client:
        (model,) = client.models.list().data
    assert model.model_dump()["max_model_len"] == 8192


def test_files_are_uploaded_read_listed_and_deleted() -> None:
    with StandIn() as server, by_openai(server) as client:
        file = client.files.create(file=("in.jsonl", b'{"a": 1}\n'), purpose="batch")
        assert (file.bytes, file.filename, file.purpose) == (9, "in.jsonl", "batch")
        assert client.files.content(file.id).content == b'{"a": 1}\n'
        assert [found.id for found in client.files.list()] == [file.id]
        assert client.files.delete(file.id).deleted
        with pytest.raises(openai.NotFoundError):
            client.files.retrieve(file.id)


def test_a_batch_gives_every_row_its_answer_in_another_order_and_counts_each_as_paid_once() -> None:
    names = [f"row-{n}" for n in range(30)]
    with StandIn(batch_polls=2) as server, by_openai(server) as client:
        batch = submit(client, [row(name) for name in names], metadata={"selfrule": "tag-1"})
        assert batch.status == "validating"
        assert client.batches.retrieve(batch.id).status == "in_progress"
        assert server.counts.answered == 0
        done = ended(client, batch.id)
        found = lines(client, done.output_file_id)
        assert done.metadata == {"selfrule": "tag-1"}
        assert done.request_counts is not None and done.request_counts.completed == 30
        assert done.error_file_id is None
        assert server.counts.answered == len(server.counts.paid) == 30
    order = [str(line["custom_id"]) for line in found]
    assert sorted(order) == sorted(names)
    assert order != names
    body = found[0]["response"]["body"]  # type: ignore[index]
    assert json.loads(body["choices"][0]["message"]["content"])["domains"]


def test_a_row_asked_alone_and_in_a_batch_has_one_content_address() -> None:
    with StandIn(batch_polls=0) as server, by_openai(server) as client:
        client.chat.completions.create(**openai_body(" row-1"))
        ended(client, submit(client, [row("row-1")]).id)
        assert server.counts.paid_twice == 1


def test_errored_and_expired_rows_stand_in_the_error_file() -> None:
    script = ["ok", "ok", "row-errored", "row-expired", "ok"]
    with StandIn() as server, by_openai(server) as client:
        rows = [row(f"r{n}") for n in range(3)]
        server.script(*script)  # upload and creation first, then the rows
        batch = submit(client, rows)
        done = ended(client, batch.id)
        errors = {str(line["custom_id"]): line for line in lines(client, done.error_file_id)}
        good = lines(client, done.output_file_id)
    assert done.status == "expired"
    assert errors["r0"]["response"]["status_code"] == 500  # type: ignore[index]
    assert errors["r1"]["response"] is None
    assert errors["r1"]["error"]["code"] == "batch_expired"  # type: ignore[index]
    assert [line["custom_id"] for line in good] == ["r2"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row("a"), row("a")], "custom_id"),
        ([row("a", url="/v1/responses")], "another endpoint"),
        ([{"custom_id": "a"}], "is not a request"),
    ],
    ids=["same id twice", "other endpoint", "no body"],
)
def test_a_batch_with_a_bad_row_fails_at_validation(rows: list[dict[str, object]], words: str) -> None:
    with StandIn() as server, by_openai(server) as client:
        done = ended(client, submit(client, rows).id)
    assert done.status == "failed"
    assert done.errors is not None and done.errors.data is not None
    assert words in (done.errors.data[0].message or "")


def test_a_batch_can_be_made_to_fail_as_a_whole() -> None:
    with StandIn() as server, by_openai(server) as client:
        batch = submit(client, [row("a")], extra_headers={"x-selfrule-fault": "batch-failed"})
        assert ended(client, batch.id).status == "failed"
        assert server.counts.answered == 0


def test_a_cancelled_batch_costs_nothing() -> None:
    with StandIn(batch_seconds=60) as server, by_openai(server) as client:
        batch = submit(client, [row("a")])
        assert client.batches.cancel(batch.id).status == "cancelling"
        assert ended(client, batch.id).status == "cancelled"
        assert server.counts.answered == 0


def test_batches_are_listed_newest_first_page_by_page() -> None:
    with StandIn() as server, by_openai(server) as client:
        made = [submit(client, [row("a")], metadata={"n": str(n)}).id for n in range(5)]
        assert [batch.id for batch in client.batches.list(limit=2)] == made[::-1]


def test_a_batch_created_while_the_reply_is_lost_is_found_in_the_list() -> None:
    with StandIn() as server, by_openai(server) as client:
        with pytest.raises(openai.APIConnectionError):
            submit(client, [row("a")], metadata={"selfrule": "t"}, extra_headers={"x-selfrule-fault": "cut"})
        assert [batch.metadata for batch in client.batches.list()] == [{"selfrule": "t"}]


def test_strict_schemas_are_as_strict_as_openais() -> None:
    body = openai_body()
    body["response_format"]["json_schema"]["schema"] = {"type": "object", "properties": {}, "required": []}
    refused = pytest.raises(openai.BadRequestError, match="additionalProperties")
    with StandIn() as server, by_openai(server) as client, refused:
        client.chat.completions.create(**body)


def test_a_forced_tool_is_called_with_arguments_that_fit() -> None:
    body = openai_body()
    form = body.pop("response_format")["json_schema"]["schema"]
    body["tools"] = [{"type": "function", "function": {"name": "rate", "parameters": form}}]
    with StandIn() as server, by_openai(server) as client:
        got = client.chat.completions.create(**body, tool_choice="required").choices[0]
    assert got.finish_reason == "tool_calls"
    assert got.message.tool_calls is not None
    assert set(json.loads(got.message.tool_calls[0].function.arguments)) == set(form["properties"])  # type: ignore[union-attr]


def test_a_file_comes_back_byte_for_byte_whatever_is_in_it() -> None:
    content = bytes(range(256)) * 40_000 + b"\r\n--boundary\r\n\r\n--"
    with StandIn() as server, by_openai(server) as client:
        file = client.files.create(file=("in.jsonl", content), purpose="batch")
        assert client.files.content(file.id).content == content
