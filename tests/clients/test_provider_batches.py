import asyncio
import time
from datetime import UTC, datetime

import aiohttp
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.clients.anthropic_batches import AnthropicBatches
from selfrule.clients.marks import mark, mark_in, marked, unmarked
from selfrule.clients.names import connect
from selfrule.clients.openai_batches import OpenAIBatches
from selfrule.clients.types import CallError, Reply, Request
from selfrule.errors import UsageError
from selfrule.judges.container import Piece, pack
from selfrule.testing.server import StandIn
from tests.clients.recorder import Recorder, message

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string", "enum": ["x", "y"]}},
    "required": ["a"],
    "additionalProperties": False,
}
PROVIDERS = ["anthropic", "openai"]


def requests(count, start=0):
    """Requests with ids as the caller makes them: 60 hex digits of the content address."""
    return [
        (f"{number:060x}", Request("rubric", pack([Piece(0, "user", f"turn {number}")]), "rate", SCHEMA))
        for number in range(start, start + count)
    ]


def with_batches(provider, work, **settings):
    """Runs `work(server, batches)` against the stand-in."""

    async def run(server):
        client = connect(f"{provider}:m", {}, server.environ())
        try:
            return await work(server, client.batches)
        finally:
            await client.close()

    with StandIn(answers="fast", **settings) as server:
        return asyncio.run(run(server))


async def ended(batches, batch):
    while not (state := await batches.state(batch)).ended:
        await asyncio.sleep(0.01)
    return state


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_goes_out_and_every_answer_comes_back_under_its_id(provider):
    async def work(server, batches):
        sent = requests(40)
        batch = await batches.submit(sent, "tag-1")
        state = await batches.state(batch)
        assert (state.ended, state.waiting) == (False, 40)
        state = await ended(batches, batch)
        assert (state.succeeded, state.errored, state.expired, state.problem) == (40, 0, 0, "")
        results = dict(await batches.results(batch))
        assert results.keys() == dict(sent).keys()
        assert all(isinstance(r, Reply) and msgspec.json.decode(r.text)["a"] in "xy" for r in results.values())
        assert all(r.usage.input > 0 for r in results.values())
        assert server.counts.answered == 40
        return True

    assert with_batches(provider, work, batch_polls=3)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_rows_that_fail_or_expire_are_call_errors_and_the_others_are_answers(provider):
    async def work(server, batches):
        batch = await batches.submit(requests(60), "tag-1")
        state = await ended(batches, batch)
        results = await batches.results(batch)
        assert {custom_id for custom_id, _ in results} == {custom_id for custom_id, _ in requests(60)}
        faults = [r.fault for _, r in results if isinstance(r, CallError)]
        replies = [r for _, r in results if isinstance(r, Reply)]
        assert set(faults) == {"overloaded", "timeout"}
        assert len(replies) == state.succeeded == server.counts.answered
        assert len(faults) == state.errored + state.expired
        return True

    assert with_batches(provider, work, faults="row-errored=0.2,row-expired=0.2", seed=3)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_refused_and_cut_answers_of_a_batch_are_told_as_those_of_a_call_are(provider):
    async def work(server, batches):
        batch = await batches.submit(requests(40), "tag-1")
        await ended(batches, batch)
        return {r.finish for _, r in await batches.results(batch) if isinstance(r, Reply)}

    finishes = with_batches(provider, work, faults="refusal=0.3,truncated=0.3", seed=1)
    assert finishes == {"stop", "refusal", "length"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_submitted_by_a_process_that_died_is_found_by_its_tag_by_the_next(provider):
    async def work(server, first):
        batch = await first.submit(requests(3), "tag-1")
        other = await first.submit(requests(3, 10), "tag-2")
        for submitted in (batch, other):
            await ended(first, submitted)
        later = connect(f"{provider}:m", {}, server.environ())
        try:
            return [await later.batches.find(tag) for tag in ("tag-1", "tag-2")] == [batch, other]
        finally:
            await later.close()

    assert with_batches(provider, work)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_tag_that_was_never_submitted_is_not_found(provider):
    async def work(server, batches):
        batch = await batches.submit(requests(2), "tag-1")
        await ended(batches, batch)
        other = connect(f"{provider}:m", {}, server.environ())
        try:
            return await other.batches.find("tag-2")
        finally:
            await other.close()

    assert with_batches(provider, work) is None


async def files_at(server):
    headers = {"Authorization": "Bearer k"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(server.openai_url + "/files", headers=headers) as response,
    ):
        return (await response.json())["data"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_forgotten_is_gone_from_the_provider_and_forgetting_twice_is_no_error(provider):
    async def work(server, batches):
        batch = await batches.submit(requests(2), "tag-1")
        await ended(batches, batch)
        await batches.results(batch)
        await batches.forget(batch)
        if provider == "openai":
            await batches.forget(batch)
            assert await files_at(server) == []
        with pytest.raises(CallError) as caught:
            await batches.results(batch)
        return caught.value.fault

    assert with_batches(provider, work) == "rejected"


def test_a_batch_that_openai_does_not_accept_has_no_results_and_says_why():
    async def work(server, batches):
        server.script("ok", "batch-failed")
        batch = await batches.submit(requests(2), "tag-1")
        state = await ended(batches, batch)
        return state.problem, await batches.results(batch)

    problem, results = with_batches("openai", work)
    assert "could not be validated" in problem
    assert results == []


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("fault", "expected"), [("429-after", "rate_limited"), ("500", "overloaded"), ("401", "denied")]
)
def test_a_submission_that_is_not_taken_says_why(provider, fault, expected):
    async def work(server, batches):
        server.script(fault)
        with pytest.raises(CallError) as caught:
            await batches.submit(requests(2), "tag-1")
        return caught.value.fault

    assert with_batches(provider, work) == expected


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_that_is_not_there_does_not_end_a_run_as_a_missing_model_would(provider):
    async def work(server, batches):
        with pytest.raises(CallError) as caught:
            await batches.state("batch_nope")
        return caught.value.fault

    assert with_batches(provider, work) == "rejected"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_of_megabytes_goes_out_whole(provider):
    async def work(server, batches):
        big = [(f"{n:060x}", Request("s", "word " * 100_000, "q", SCHEMA)) for n in range(8)]
        size = sum(batches.size(custom_id, request) for custom_id, request in big)
        assert size > 4_000_000
        batch = await batches.submit(big, "tag-1")
        return (await ended(batches, batch)).succeeded

    assert with_batches(provider, work) == 8


@pytest.mark.parametrize("kind", [AnthropicBatches, OpenAIBatches])
def test_more_than_a_batch_holds_is_refused_before_anything_is_sent(kind):
    batches = kind("http://127.0.0.1:1", "k", lambda _: {}, lambda _: None, None)
    too_many = [("00", Request("", ""))] * (kind.most_requests + 1)
    with pytest.raises(UsageError, match="Split it"):
        asyncio.run(batches.submit(too_many, "t"))


@given(st.text("0123456789abcdef", min_size=60, max_size=72).filter(lambda t: len(t) % 2 == 0), st.text(max_size=30))
def test_an_id_of_hex_digits_survives_its_mark_within_sixty_four_characters(custom_id, tag):
    tag = tag.encode("utf-8", "replace").decode()
    wire_id = marked(tag, custom_id)
    assert len(wire_id) <= 64
    assert set(wire_id) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert unmarked(wire_id) == custom_id
    assert mark_in(wire_id) == mark(tag)


@given(st.from_regex(r"[A-Za-z0-9_-]{1,49}", fullmatch=True))
def test_a_short_id_survives_its_mark_too(custom_id):
    assert unmarked(marked("t", custom_id)) == custom_id
    assert len(marked("t", custom_id)) <= 64


@pytest.mark.parametrize("custom_id", ["", "a b", "g" * 60, "AB" * 30, "0" * 74, "é"])
def test_an_id_that_anthropic_would_not_take_is_refused(custom_id):
    with pytest.raises(UsageError, match="id"):
        marked("t", custom_id)


def batch_entry(batch, *, status="ended", count=2, age=60, archived=False):
    stamp = datetime.fromtimestamp(time.time() - age, UTC).isoformat()
    done = count if status == "ended" else 0
    return {
        "id": batch,
        "type": "message_batch",
        "processing_status": status,
        "created_at": stamp,
        "expires_at": stamp,
        "archived_at": stamp if archived else None,
        "results_url": "https://elsewhere.example.org/steal",
        "request_counts": {
            "processing": count - done,
            "succeeded": done,
            "errored": 0,
            "canceled": 0,
            "expired": 0,
        },
    }


def find_among(listed, results, **told):
    """What `find` says of batches that Anthropic lists; the paths it asked for."""

    def answer(method, path, body):
        if path == "/v1/messages/batches":
            return 200, {"data": listed, "has_more": False, "first_id": None, "last_id": None}
        return (200, results[path.split("/")[-2]]) if path.endswith("/results") else (404, {})

    async def run():
        async with Recorder(answer) as server:
            client = connect("anthropic:m", {}, {"ANTHROPIC_BASE_URL": server.url})
            try:
                return await client.batches.find("tag", **told), [path for _, path, _, _ in server.seen]
            finally:
                await client.close()

    return asyncio.run(run())


def rows(tag, *ids):
    made = [{"custom_id": marked(tag, i), "result": {"type": "succeeded", "message": message()}} for i in ids]
    return b"\n".join(msgspec.json.encode(row) for row in made)


def test_anthropics_batch_is_known_by_the_mark_on_its_first_result():
    listed = [batch_entry("b3"), batch_entry("b2"), batch_entry("b1")]
    foreign = b'{"custom_id": "someone-elses", "result": {"type": "expired"}}'
    found, _ = find_among(listed, {"b3": foreign, "b2": rows("other", "aa"), "b1": rows("tag", "aa", "bb")})
    assert found == "b1"


def test_while_a_batch_that_may_be_the_one_has_not_ended_it_is_not_said_to_be_missing():
    with pytest.raises(CallError) as caught:
        find_among([batch_entry("b2", status="in_progress"), batch_entry("b1")], {"b1": rows("other", "aa")})
    assert caught.value.fault == "overloaded"


def test_a_batch_that_has_ended_is_found_beside_one_that_has_not():
    listed = [batch_entry("b2", status="in_progress"), batch_entry("b1")]
    assert find_among(listed, {"b1": rows("tag", "aa")})[0] == "b1"


def test_a_batch_whose_results_could_not_be_had_is_not_taken_for_anothers_the_next_time():
    tries = []

    def answer(method, path, body):
        if path.endswith("/results"):
            tries.append(path)
            return (200, rows("tag", "aa")) if len(tries) > 1 else (500, {})
        return 200, {"data": [batch_entry("b1")], "has_more": False, "first_id": None, "last_id": None}

    async def run():
        async with Recorder(answer) as server:
            client = connect("anthropic:m", {}, {"ANTHROPIC_BASE_URL": server.url})
            with pytest.raises(CallError):
                await client.batches.find("tag")
            found = await client.batches.find("tag")
            await client.close()
            return found

    assert asyncio.run(run()) == "b1"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_on_a_later_page_of_the_list_is_found(provider):
    async def work(server, batches):
        sought = await batches.submit(requests(1), "tag-0")
        await ended(batches, sought)
        for number in range(1, 103):
            await batches.submit(requests(1, number), f"tag-{number}")
        later = connect(f"{provider}:m", {}, server.environ())
        try:
            return await later.batches.find("tag-0") == sought
        finally:
            await later.close()

    assert with_batches(provider, work)


def test_batches_of_another_size_known_ones_and_older_ones_keep_nobody_waiting():
    listed = [
        batch_entry("b4", status="in_progress", count=7),
        batch_entry("b3", status="in_progress"),
        batch_entry("b2", status="in_progress", age=7200),
    ]
    found, asked = find_among(listed, {}, size=2, since=time.time() - 3600, known={"b3"})
    assert found is None
    assert not any(path.endswith("/results") for path in asked)


def test_results_that_are_no_longer_kept_are_not_asked_for():
    found, asked = find_among([batch_entry("b1", archived=True)], {})
    assert found is None
    assert not any(path.endswith("/results") for path in asked)


def test_results_are_had_from_the_server_that_was_named_whatever_address_the_batch_gives():
    def answer(method, path, body):
        return (200, rows("t", "ab")) if path.endswith("/results") else (200, batch_entry("b1"))

    async def run():
        async with Recorder(answer) as server:
            client = connect("anthropic:m", {}, {"ANTHROPIC_BASE_URL": server.url})
            results = await client.batches.results("b1")
            await client.close()
            return results

    [(custom_id, reply)] = asyncio.run(run())
    assert (custom_id, reply.text) == ("ab", "{}")


@pytest.mark.parametrize(
    ("kind", "status", "fault"),
    [
        ("overloaded_error", None, "overloaded"),
        ("invalid_request_error", None, "rejected"),
        ("rate_limit_error", None, "rate_limited"),
    ],
)
def test_an_error_in_a_row_of_anthropics_is_known_by_its_type(kind, status, fault):
    error = {"type": "error", "error": {"type": kind, "message": "words"}}
    row = {"custom_id": marked("t", "ab"), "result": {"type": "errored", "error": error}}
    batches = AnthropicBatches("http://h", "k", lambda _: {}, lambda _: None, None)
    custom_id, result = batches._result(msgspec.json.encode(row))
    assert (custom_id, result.fault) == ("ab", fault)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"response": None, "error": {"code": "batch_expired", "message": "late"}}, "timeout"),
        ({"response": None, "error": None}, "timeout"),
        (
            {"response": {"status_code": 429, "body": {"error": {"message": "m", "code": None}}}, "error": None},
            "rate_limited",
        ),
        ({"response": {"status_code": 400, "body": {"error": {"code": "content_filter"}}}}, "filtered"),
        ({"response": {"status_code": 200, "body": {}}}, "garbled"),
    ],
)
def test_an_error_in_a_row_of_openais_is_known_by_its_code_or_status(row, fault):
    client = connect("openai:m", {}, {"OPENAI_API_KEY": "k"})
    custom_id, result = client.batches._result(msgspec.json.encode({"custom_id": "ab", **row}))
    assert (custom_id, result.fault) == ("ab", fault)


def test_openais_input_file_goes_by_itself_after_three_days_and_carries_the_tag():
    def answer(method, path, body):
        if path == "/v1/files":
            return 200, {"id": "f1", "object": "file", "bytes": 1, "created_at": 1, "filename": "x", "purpose": "batch"}
        return 200, {
            "id": "b1",
            "object": "batch",
            "completion_window": "24h",
            "created_at": 1,
            "endpoint": "/v1/chat/completions",
            "input_file_id": "f1",
            "status": "validating",
        }

    async def run():
        async with Recorder(answer) as server:
            client = connect("openai:m", {}, {"OPENAI_BASE_URL": server.url + "/v1"})
            await client.batches.submit(requests(1), "tag-9")
            await client.close()
            return server.seen

    upload, order = asyncio.run(run())
    assert b"259200" in upload[3]
    assert b"selfrule-tag-9.jsonl" in upload[3]
    assert order[3]["metadata"] == {"selfrule": "tag-9"}
