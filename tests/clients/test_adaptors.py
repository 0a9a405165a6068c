import asyncio
import contextlib
import gc
import math

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.clients import anthropic_, openai_
from selfrule.clients.names import connect
from selfrule.clients.types import CallError, Reply, Request, Token, Usage
from selfrule.clients.wire import Wire, encode, proxy_for, split
from selfrule.errors import UsageError
from selfrule.judges.container import Piece, pack
from selfrule.testing.server import StandIn
from tests.clients.recorder import Recorder, chat, message
from tests.testing import tiny

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string", "enum": ["x", "y"]}},
    "required": ["a"],
    "additionalProperties": False,
}
ASKED = Request("the rubric", "the conversation", "the question", SCHEMA, max_tokens=99)


def asked(name, request=ASKED, *, parameters=None, answer=None, environ=None, timeout=5.0):
    """What a client sends for a request, and what it makes of the answer."""

    async def run():
        def answers(method, path, body):
            if path == "/api/show":
                return 200, {"model_info": {"llama.context_length": 32768}}
            return answer or (200, message() if path.endswith("/messages") else chat())

        async with Recorder(answers) as server:
            env = {
                "OPENAI_BASE_URL": server.url + "/v1",
                "ANTHROPIC_BASE_URL": server.url,
                "OLLAMA_HOST": server.url,
                **(environ or {}),
            }
            client = connect(name.replace("URL", server.url + "/v1"), parameters, env)
            try:
                return server, await client.call(request, timeout=timeout)
            finally:
                await client.close()

    return asyncio.run(run())


OLLAMA = {
    "model": "served-1",
    "message": {"role": "assistant", "content": '{"a": "x"}'},
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 11,
    "eval_count": 3,
}


def test_openai_gets_a_strict_schema_its_own_limit_and_no_sampling_parameters():
    server, reply = asked("openai:gpt-x")
    key = server.body.pop("prompt_cache_key")
    assert server.body == {
        "model": "gpt-x",
        "messages": [
            {"role": "system", "content": "the rubric"},
            {"role": "user", "content": "the conversation\n\nthe question"},
        ],
        "max_completion_tokens": 99,
        "store": False,
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}},
    }
    assert len(key) == 16
    assert reply == Reply("{}", "stop", Usage(), "served-1")


def test_openais_cache_key_is_the_same_for_the_same_system_text_alone():
    first, _ = asked("openai:gpt-x")
    second, _ = asked("openai:gpt-x", Request("the rubric", "another"))
    third, _ = asked("openai:gpt-x", Request("another rubric", "the conversation"))
    keys = [server.body["prompt_cache_key"] for server in (first, second, third)]
    assert keys[0] == keys[1] != keys[2]


def test_a_compatible_server_gets_max_tokens_temperature_nought_and_a_seed_and_nothing_of_openais():
    server, _ = asked("openai-compatible:URL#local")
    assert (server.body["max_tokens"], server.body["temperature"], server.body["seed"]) == (99, 0, 0)
    assert not {"store", "prompt_cache_key", "max_completion_tokens"} & server.body.keys()


def test_no_openai_variable_reaches_a_compatible_server(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "the-vendors-own")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: the-vendors-own")
    server, _ = asked("openai-compatible:URL#local", environ={"OPENAI_API_KEY": "the-vendors-own"})
    assert "the-vendors-own" not in str(server.headers)
    assert "Authorization" not in server.headers
    server, _ = asked("openai-compatible:URL#local", environ={"SELFRULE_API_KEY": "mine"})
    assert server.headers["Authorization"] == "Bearer mine"


def test_anthropic_gets_a_cached_system_text_and_caches_a_conversation_only_if_it_comes_again():
    server, _ = asked("anthropic:claude-x")
    assert server.body == {
        "model": "claude-x",
        "max_tokens": 99,
        "system": [{"type": "text", "text": "the rubric", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {
                "role": "user",
                "content": [{"type": "text", "text": "the conversation"}, {"type": "text", "text": "the question"}],
            }
        ],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    }
    assert server.headers["anthropic-version"]
    server, _ = asked("anthropic:claude-x", msgspec.structs.replace(ASKED, shared_again=True))
    assert server.body["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral"}
    assert "cache_control" not in server.body["messages"][0]["content"][1]


def test_each_vendor_gets_its_own_key_and_no_other():
    keys = {"OPENAI_API_KEY": "key-o", "ANTHROPIC_API_KEY": "key-a", "SELFRULE_API_KEY": "key-s"}
    for name, own in (("openai:m", "key-o"), ("anthropic:m", "key-a"), ("openai-compatible:URL#m", "key-s")):
        server, _ = asked(name, environ=keys)
        sent = str(server.headers)
        assert own in sent
        assert not any(other in sent for other in set(keys.values()) - {own})


@pytest.mark.parametrize("name", ["openai:m", "anthropic:m", "openai-compatible:URL#m", "ollama:m"])
def test_an_answer_sent_back_follows_as_turns_and_an_empty_one_is_never_sent_empty(name):
    request = msgspec.structs.replace(ASKED, turns=(("wrong", "fix it"), ("", "again")))
    server, _ = asked(name, request, answer=(200, OLLAMA) if name.startswith("ollama") else None)
    told = [(m["role"], m["content"]) for m in server.body["messages"] if m["role"] != "system"]
    assert told[1:] == [("assistant", "wrong"), ("user", "fix it"), ("assistant", "(no answer)"), ("user", "again")]


def test_parameters_are_laid_over_the_body_merged_into_objects_and_none_takes_a_field_away():
    server, _ = asked("anthropic:m", parameters={"output_config": {"effort": "low"}, "thinking": {"type": "disabled"}})
    assert server.body["output_config"]["effort"] == "low"
    assert server.body["output_config"]["format"]["schema"] == SCHEMA
    assert server.body["thinking"] == {"type": "disabled"}
    server, _ = asked("openai-compatible:URL#m", parameters={"temperature": None, "chat_template_kwargs": {"t": False}})
    assert "temperature" not in server.body
    assert server.body["chat_template_kwargs"] == {"t": False}


def test_the_parameters_of_a_client_are_those_that_are_sent():
    client = connect("openai-compatible:http://127.0.0.1:1/v1#m", {"temperature": None, "top_p": 0.5}, {})
    assert client.parameters == {"seed": 0, "top_p": 0.5}
    assert connect("anthropic:m", {}, {"ANTHROPIC_API_KEY": "k"}).parameters == {}


def test_text_of_any_kind_arrives_as_it_was_but_for_lone_surrogates():
    text = "NUL \x00 <|im_start|> \u2028 \U0001f600 \ud800 end"
    server, _ = asked("openai-compatible:URL#m", Request("s", text))
    assert server.body["messages"][1]["content"] == text.replace("\ud800", "\ufffd")


def test_a_conversation_of_many_megabytes_is_sent_whole():
    text = "word " * 2_000_000
    server, _ = asked("openai-compatible:URL#m", Request("s", text), timeout=30)
    assert server.body["messages"][1]["content"] == text


FINISHES = [
    (chat("x", finish_reason="stop"), "stop", "x"),
    (chat("x", finish_reason=None), "stop", "x"),
    (chat('{"a', finish_reason="length"), "length", '{"a'),
    (chat("", finish_reason="content_filter"), "filter", ""),
    (chat(None, finish_reason="stop", refusal="I cannot."), "refusal", "I cannot."),
    (chat(None, finish_reason="length"), "length", ""),
    (chat("<think>it says {} but</think>\n{}"), "stop", "{}"),
    (chat("<think>never ends", finish_reason="length"), "length", ""),
    (chat([{"type": "text", "text": "{"}, {"type": "text", "text": "}"}]), "stop", "{}"),
]


@pytest.mark.parametrize(("body", "finish", "text"), FINISHES, ids=range(len(FINISHES)))
def test_a_chat_completion_ends_in_one_of_four_ways_and_thinking_is_no_text(body, finish, text):
    reply = openai_.read(msgspec.json.encode(body))
    assert (reply.finish, reply.text) == (finish, text)


def test_openais_cached_and_written_tokens_are_taken_out_of_the_fresh_ones():
    details = {"cached_tokens": 60, "cache_write_tokens": 10}
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107, "prompt_tokens_details": details}
    assert openai_.read(msgspec.json.encode(chat(usage=usage))).usage == Usage(30, 60, 10, 7)
    assert openai_.read(
        msgspec.json.encode(chat(usage={"prompt_tokens": 5, "prompt_tokens_details": None}))
    ).usage == Usage(5)


def test_anthropics_tokens_are_counted_apart_as_they_are_told():
    usage = {"input_tokens": 5, "output_tokens": 7, "cache_read_input_tokens": 60, "cache_creation_input_tokens": None}
    assert anthropic_.read(msgspec.json.encode(message(usage=usage))).usage == Usage(5, 60, 0, 7)


def test_a_message_of_anthropics_is_read_without_its_thinking():
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": "{}"},
        {"type": "new"},
    ]
    assert anthropic_.read(msgspec.json.encode(message(content=content))).text == "{}"


def test_anthropics_refusal_and_cut_are_told_and_a_full_context_is_over_long():
    refused = anthropic_.read(
        msgspec.json.encode(message("", stop_reason="refusal", stop_details={"type": "refusal", "category": "bio"}))
    )
    assert (refused.finish, refused.detail) == ("refusal", "bio")
    assert anthropic_.read(msgspec.json.encode(message(stop_reason="max_tokens"))).finish == "length"
    with pytest.raises(CallError) as caught:
        anthropic_.read(msgspec.json.encode(message(stop_reason="model_context_window_exceeded")))
    assert caught.value.fault == "over_long"


@pytest.mark.parametrize("read", [openai_.read, anthropic_.read], ids=["openai", "anthropic"])
@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "garbled"),
        (b"<html>", "garbled"),
        (b"{}", "garbled"),
        (b'{"choices": [], "content": 3}', "garbled"),
        (b"\xff\xfe", "garbled"),
        (b'{"error": {"message": "upstream is down", "code": 503}}', "overloaded"),
    ],
)
def test_a_2xx_that_is_no_reply_is_a_fault_of_its_own(read, body, fault):
    with pytest.raises(CallError) as caught:
        read(body)
    assert caught.value.fault == fault


NESTED = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["choices", "message", "content", "usage", "error"]), x),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.binary(max_size=60) | NESTED.map(msgspec.json.encode))
def test_any_bytes_are_a_reply_or_a_call_error(body):
    for read in (openai_.read, anthropic_.read):
        with contextlib.suppress(CallError):
            assert isinstance(read(body), Reply)


def test_log_probabilities_are_asked_for_with_one_token_and_come_back_likeliest_first():
    told = {
        "content": [
            {
                "token": "2",
                "logprob": -0.5,
                "top_logprobs": [{"token": "1", "logprob": -3.0}, {"token": "0", "logprob": -1.0}, {"token": "x"}],
            }
        ]
    }
    request = Request("s", "c", "0 to 3?", SCHEMA, top_logprobs=5, choices=("0", "1", "2", "3"))
    answer = (200, chat("2", finish_reason="length", logprobs=told))
    server, reply = asked("openai-compatible:URL#m", request, answer=answer)
    assert (server.body["logprobs"], server.body["top_logprobs"], server.body["max_tokens"]) == (True, 5, 1)
    assert "response_format" not in server.body
    assert reply.first == (Token("2", -0.5), Token("0", -1.0), Token("1", -3.0))
    assert reply.finish == "stop"


def test_a_server_that_gives_no_log_probabilities_is_said_to_give_none():
    _, reply = asked("openai-compatible:URL#m", Request("s", "c", top_logprobs=5), answer=(200, chat("2")))
    assert reply.first == ()
    assert "no log-probabilities" in reply.detail


def test_anthropic_has_no_log_probabilities_and_says_so_with_a_remedy():
    with pytest.raises(UsageError, match="--protocol"):
        asked("anthropic:m", Request("s", "c", top_logprobs=5))


def test_ollama_is_asked_natively_to_cut_nothing_with_a_context_that_fits():
    server, reply = asked("ollama:m", answer=(200, OLLAMA), parameters={"think": False, "top_k": 1})
    assert server.seen[-1][1] == "/api/chat"
    assert (server.body["truncate"], server.body["shift"], server.body["stream"]) == (False, False, False)
    assert server.body["options"] == {"num_ctx": 8192, "num_predict": 99, "temperature": 0, "seed": 0, "top_k": 1}
    assert (server.body["format"], server.body["think"]) == (SCHEMA, False)
    assert reply == Reply('{"a": "x"}', "stop", Usage(fresh=11, output=3), "served-1")


def test_ollamas_context_grows_in_powers_of_two_never_shrinks_and_ends_at_the_models():
    sizes = []

    async def run():
        def answers(method, path, body):
            if path == "/api/show":
                return 200, {"model_info": {"llama.context_length": 40000}}
            sizes.append(body["options"]["num_ctx"])
            return 200, OLLAMA

        async with Recorder(answers) as server:
            client = connect("ollama:m", {}, {"OLLAMA_HOST": server.url})
            for length in (100, 30_000, 100, 70_000, 1_000_000):
                await client.call(Request("s", "x" * length), timeout=5)
            await client.close()
            assert [path for _, path, _, _ in server.seen].count("/api/show") == 1

    asyncio.run(run())
    assert sizes == [8192, 16384, 16384, 32768, 40000]


def test_ollama_having_cut_the_text_all_the_same_is_over_long():
    with pytest.raises(CallError) as caught:
        asked("ollama:m", Request("s", "c"), answer=(200, {**OLLAMA, "prompt_eval_count": 32768}))
    assert caught.value.fault == "over_long"


def test_ollama_is_asked_once_more_with_all_the_model_has_where_the_context_proves_too_small():
    sizes = []

    async def run():
        def answers(method, path, body):
            if path == "/api/show":
                return 200, {"model_info": {"llama.context_length": 32768}}
            sizes.append(body["options"]["num_ctx"])
            return (
                (200, OLLAMA) if sizes[-1] > 10_000 else (400, {"error": "the input length exceeds the context length"})
            )

        async with Recorder(answers) as server:
            client = connect("ollama:m", {}, {"OLLAMA_HOST": server.url})
            await client.call(Request("s", "c"), timeout=5)
            await client.close()

    asyncio.run(run())
    assert sizes == [8192, 32768]


def test_ollama_is_asked_once_for_its_context_by_many_questions_at_once_in_any_event_loop():
    def answers(method, path, body):
        return (200, {"model_info": {"llama.context_length": 9000}}) if path == "/api/show" else (200, OLLAMA)

    async def run(client, server):
        await asyncio.gather(*(client.call(Request("s", str(n)), timeout=5) for n in range(20)))
        return sum(path == "/api/show" for _, path, _, _ in server.seen)

    async def started():
        async with Recorder(answers) as server:
            client = connect("ollama:m", {}, {"OLLAMA_HOST": server.url})
            first = await run(client, server)
            await client.close()
            return first, await run(client, server), await client.close()

    assert asyncio.run(started()) == (1, 1, None)


CONTEXTS = [
    ("vLLM", {"/v1/models": {"data": [{"id": "m", "max_model_len": 4096}, {"id": "n", "max_model_len": 9}]}}, 4096),
    (
        "llama.cpp",
        {
            "/v1/models": {"data": [{"id": "file.gguf", "meta": {"n_ctx_train": 131072}}]},
            "/props": {"default_generation_settings": {"n_ctx": 16384}},
        },
        16384,
    ),
    ("llama.cpp without props", {"/v1/models": {"data": [{"id": "x", "meta": {"n_ctx_train": 2048}}]}}, 2048),
    ("LM Studio", {"/v1/models": {"data": []}, "/api/v0/models/m": {"loaded_context_length": 8000}}, 8000),
    ("one that says nothing", {"/v1/models": {"data": [{"id": "m"}]}}, None),
    ("one that says nonsense", {"/v1/models": ["?"], "/props": {"default_generation_settings": []}}, None),
]


@pytest.mark.parametrize(("name", "paths", "size"), CONTEXTS, ids=[c[0] for c in CONTEXTS])
def test_the_length_of_a_context_is_had_from_the_server(name, paths, size):
    async def run():
        async with Recorder(lambda method, path, body: (200, paths[path]) if path in paths else (404, {})) as server:
            client = connect(f"openai-compatible:{server.url}/v1#m", {}, {})
            found = await client.context()
            await client.close()
            return found

    assert asyncio.run(run()) == size


FAULTS = {
    "429": "rate_limited",
    "429-after": "rate_limited",
    "500": "overloaded",
    "503": "overloaded",
    "529": "overloaded",
    "401": "denied",
    "404": "unknown_model",
    "broke": "broke",
    "over-long": "over_long",
    "filter-400": "filtered",
    "rejected": "rejected",
    "slow": "timeout",
    "cut": "connection",
    "badjson": "garbled",
}
CONVERSATION = pack([Piece(0, "user", "Should I leave him? Decide for me."), Piece(1, "assistant", "Leave him.")])


@pytest.fixture(scope="module")
def stand_in():
    with StandIn(slow=1.0) as server:
        yield server


def of_stand_in(stand_in, provider):
    where = f"{stand_in.openai_url}#m" if provider == "openai-compatible" else "m"
    return connect(f"{provider}:{where}", {}, stand_in.environ())


@pytest.mark.parametrize("provider", ["anthropic", "openai", "openai-compatible", "ollama"])
def test_every_fault_of_a_server_over_real_http_is_the_call_error_that_it_should_be(stand_in, provider):
    async def run():
        client = of_stand_in(stand_in, provider)
        met = {}
        for name in FAULTS:
            stand_in.script(name)
            try:
                await client.call(Request("s", CONVERSATION, name, SCHEMA), timeout=0.4 if name == "slow" else 10)
            except CallError as error:
                met[name] = error.fault
                assert error.retry_after == (1.0 if name == "429-after" else None)
                assert "leave him" not in str(error).lower()
        await client.close()
        return met

    expected = dict(FAULTS)
    if provider == "ollama":
        del expected["over-long"]  # it has no such error unless it is told to cut nothing; then see above
    assert asyncio.run(run()) == expected


@pytest.mark.parametrize("provider", ["anthropic", "openai", "openai-compatible", "ollama"])
def test_a_question_is_answered_over_real_http(stand_in, provider):
    async def run():
        client = of_stand_in(stand_in, provider)
        reply = await client.call(Request("s" * 40, CONVERSATION, "q", SCHEMA), timeout=10)
        await client.close()
        return reply

    reply = asyncio.run(run())
    assert msgspec.json.decode(reply.text)["a"] in ("x", "y")
    assert reply.usage.input > 10
    assert reply.usage.output > 0


@pytest.mark.parametrize("provider", ["openai", "openai-compatible", "ollama"])
def test_one_token_with_its_alternatives_comes_over_real_http(stand_in, provider):
    async def run():
        client = of_stand_in(stand_in, provider)
        request = Request("s", CONVERSATION, "reality: 0, 1, 2 or 3?", top_logprobs=8, choices=("0", "1", "2", "3"))
        reply = await client.call(request, timeout=10)
        await client.close()
        return reply

    reply = asyncio.run(run())
    assert {token.text for token in reply.first} >= {"0", "1", "2", "3"}
    assert sum(math.exp(token.logprob) for token in reply.first) == pytest.approx(1.0, abs=0.05)


def test_llama_cpps_own_server_answers_tells_its_context_and_what_does_not_fit(tmp_path):
    pytest.importorskip("xllamacpp", reason="llama.cpp's server is not installed (the wheel xllamacpp)")
    tiny.write(tmp_path / "tiny.gguf")

    async def run(url):
        client = connect(f"openai-compatible:{url}#{tiny.NAME}", {}, {})
        assert await client.context() == tiny.CONTEXT
        answer = await client.call(Request("s", "c", "q", SCHEMA, max_tokens=60), timeout=60)
        one = await client.call(Request("s", "c", "0 to 3?", top_logprobs=8), timeout=60)
        with pytest.raises(CallError) as caught:
            await client.call(Request("s", "hello " * 40_000), timeout=60)
        await client.close()
        return answer, one, caught.value.fault

    with tiny.served(tmp_path / "tiny.gguf") as url:
        answer, one, fault = asyncio.run(run(url))
    assert msgspec.json.decode(answer.text)["a"] in ("x", "y")
    assert {token.text for token in one.first} >= {"0", "1", "2", "3"}
    assert 0.5 < sum(math.exp(token.logprob) for token in one.first) <= 1.0001
    assert fault == "over_long"


def test_a_thousand_requests_are_in_flight_at_once():
    async def run():
        came, all_there = [], asyncio.Event()

        async def answer(request):
            came.append(request)
            if len(came) == 1000:
                all_there.set()
            await all_there.wait()
            return web.json_response(chat())

        app = web.Application()
        app.router.add_post("/v1/chat/completions", answer)
        async with TestServer(app) as server:
            client = connect(f"openai-compatible:{server.make_url('/v1')}#m", {}, {})
            replies = await asyncio.gather(*(client.call(Request("s", str(i)), timeout=60) for i in range(1000)))
            await client.close()
            return len(replies)

    assert asyncio.run(run()) == 1000


@pytest.mark.parametrize("name", ["openai:m", "anthropic:m", "openai-compatible:URL#m", "ollama:m"])
def test_an_error_that_repeats_the_conversation_is_kept_without_its_words(name):
    told = "I have told nobody that I sleep in the car"
    body = {"error": {"message": f"Cannot handle: {told}", "type": "invalid_request_error", "code": "invalid_prompt"}}
    with pytest.raises(CallError) as caught:
        asked(name, Request("s", f"hello. {told}, since May.", "q"), answer=(400, body))
    assert (caught.value.fault, caught.value.message) == ("filtered", "invalid_prompt")
    with pytest.raises(CallError) as caught:
        asked(name, Request("s", "nothing of it", "q"), answer=(400, body))
    assert "Cannot handle" in caught.value.message


def test_no_server_at_the_address_is_a_fault_of_the_connection():
    async def run():
        client = connect("openai-compatible:http://127.0.0.1:1/v1#m", {}, {})
        try:
            await client.call(ASKED, timeout=5)
        finally:
            await client.close()

    with pytest.raises(CallError) as caught:
        asyncio.run(run())
    assert caught.value.fault == "connection"


def test_text_is_not_sent_on_to_where_a_server_redirects():
    async def run():
        async with Recorder(lambda *_: (200, chat())) as other:
            to = {"Location": other.url + "/v1/chat/completions"}
            async with Recorder(lambda *_: (307, {}, to)) as server:
                client = connect(f"openai-compatible:{server.url}/v1#m", {}, {})
                with pytest.raises(CallError) as caught:
                    await client.call(ASKED, timeout=5)
                await client.close()
            assert other.seen == []
            return caught.value.fault

    assert asyncio.run(run()) == "rejected"


def test_a_client_works_in_one_event_loop_after_another_and_leaves_nothing_open():
    with StandIn(answers="fast") as server:
        client = connect(f"openai-compatible:{server.openai_url}#m", {}, {})
        for _ in range(3):
            assert asyncio.run(client.call(ASKED, timeout=5)).finish == "stop"
    gc.collect()


def test_an_endless_reply_is_given_up():
    async def run():
        async with Recorder(lambda *_: (200, b"x" * (65 * 1024 * 1024))) as server:
            client = connect(f"openai-compatible:{server.url}/v1#m", {}, {})
            try:
                await client.call(ASKED, timeout=20)
            finally:
                await client.close()

    with pytest.raises(CallError) as caught:
        asyncio.run(run())
    assert caught.value.fault == "garbled"


def test_a_unix_socket_is_an_address(tmp_path):
    async def run():
        app = web.Application()
        app.router.add_post("/v1/chat/completions", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.UnixSite(runner, str(tmp_path / "s")).start()
        client = connect(f"openai-compatible:unix://{tmp_path}/s#m", {}, {})
        reply = await client.call(ASKED, timeout=5)
        await client.close()
        await runner.cleanup()
        return reply.served

    async def answer(_):
        return web.json_response(chat())

    assert asyncio.run(run()) == "served-1"


@given(st.lists(st.binary(max_size=9).filter(lambda b: b"\n" not in b and b.strip()), max_size=6), st.integers(1, 7))
def test_lines_come_out_of_chunks_as_they_went_in(lines, size):
    whole = b"\n".join(lines)

    async def chunks():
        for start in range(0, len(whole), size):
            yield whole[start : start + size]

    async def run():
        return [line async for line in split(chunks())]

    assert asyncio.run(run()) == lines


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("https://h.org/v1", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://h.org/v1", {"https_proxy": "p:1"}, "http://p:1"),
        ("http://h.org/v1", {"HTTPS_PROXY": "http://p:1"}, None),
        ("http://h.org/v1", {"ALL_PROXY": "http://p:1"}, "http://p:1"),
        ("https://a.h.org/v1", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x, .h.org"}, None),
        ("https://bh.org/v1", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".h.org"}, "http://p:1"),
        ("https://h.org/v1", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ("http://127.0.0.1:8000/v1", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://localhost:8000/v1", {"ALL_PROXY": "http://p:1"}, None),
    ],
)
def test_proxies_are_taken_from_the_environment_and_never_for_this_machine(url, environ, proxy):
    assert proxy_for(url, environ) == proxy


def test_a_wire_does_not_show_its_headers():
    assert "secret" not in repr(Wire("http://h", lambda: {"Authorization": "secret"}))


def test_a_lone_surrogate_in_a_key_or_a_list_is_made_sound_too():
    assert msgspec.json.decode(encode({"\ud800": ["\udfff", {"a": 1}]})) == {"\ufffd": ["\ufffd", {"a": 1}]}
