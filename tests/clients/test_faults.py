import inspect
import time
from email.utils import formatdate

import anthropic
import httpx2
import msgspec
import openai
import pytest
from anthropic.types.shared.error_type import ErrorType
from hypothesis import given
from hypothesis import strategies as st

from selfrule.clients import faults
from selfrule.clients.fault_words import CODES, EXCEPTIONS
from selfrule.clients.types import CallError, Fault

FAULTS = set(Fault.__args__)


def anthropic_error(kind, text, code=None):
    details = {"details": {"error_code": code}} if code else {}
    return {"type": "error", "error": {"type": kind, "message": text, **details}, "request_id": "r"}


def openai_error(text, kind=None, code=None):
    return {"error": {"message": text, "type": kind, "param": None, "code": code}}


CASES = [
    # (name, status, body, fault): bodies as the servers send them
    (
        "anthropic 429",
        429,
        anthropic_error("rate_limit_error", "This request would exceed your rate limit."),
        "rate_limited",
    ),
    ("anthropic ramp", 429, anthropic_error("rate_limit_error", "Slow down.", "ramp_limit_exceeded"), "rate_limited"),
    ("anthropic 529", 529, anthropic_error("overloaded_error", "Overloaded"), "overloaded"),
    ("anthropic 500", 500, anthropic_error("api_error", "Internal server error"), "overloaded"),
    ("anthropic 504", 504, anthropic_error("timeout_error", "Request timed out"), "timeout"),
    (
        "anthropic too long",
        400,
        anthropic_error("invalid_request_error", "prompt is too long: 210001 tokens > 200000 maximum"),
        "over_long",
    ),
    (
        "anthropic input and max_tokens",
        400,
        anthropic_error(
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 199000 + 4096 > 200000, decrease input length",
        ),
        "over_long",
    ),
    ("anthropic 413", 413, anthropic_error("request_too_large", "Request exceeds the maximum size"), "over_long"),
    (
        "anthropic credit",
        400,
        anthropic_error("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
        "broke",
    ),
    (
        "anthropic own limit",
        400,
        anthropic_error("invalid_request_error", "You have reached your specified API usage limits. You will regain"),
        "broke",
    ),
    ("anthropic 402", 402, anthropic_error("billing_error", "Payment needed"), "broke"),
    ("anthropic spend", 429, anthropic_error("rate_limit_error", "No.", "enforced_spend_limit_reached"), "broke"),
    ("anthropic key", 401, anthropic_error("authentication_error", "invalid x-api-key"), "denied"),
    ("anthropic 403", 403, anthropic_error("permission_error", "Not for you"), "denied"),
    ("anthropic model", 404, anthropic_error("not_found_error", "model: claude-nope"), "unknown_model"),
    (
        "anthropic filter",
        400,
        anthropic_error("invalid_request_error", "Output blocked by content filtering policy"),
        "filtered",
    ),
    ("anthropic bad", 400, anthropic_error("invalid_request_error", "max_tokens: field required"), "rejected"),
    (
        "openai 429",
        429,
        openai_error("Rate limit reached for gpt-x.", "requests", "rate_limit_exceeded"),
        "rate_limited",
    ),
    (
        "openai larger than a minute",
        429,
        openai_error("Request too large for gpt-x on tokens per min (TPM)", "tokens", "rate_limit_exceeded"),
        "over_long",
    ),
    (
        "openai quota",
        429,
        openai_error("You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
        "broke",
    ),
    (
        "openai key",
        401,
        openai_error("Incorrect API key provided", "invalid_request_error", "invalid_api_key"),
        "denied",
    ),
    ("openai model", 404, openai_error("The model `x` does not exist", None, "model_not_found"), "unknown_model"),
    ("openai model 403", 403, openai_error("Project has no access", None, "model_not_found"), "unknown_model"),
    (
        "openai long",
        400,
        openai_error("This model's maximum context length is 8192 tokens.", None, "context_length_exceeded"),
        "over_long",
    ),
    ("openai flagged", 400, openai_error("Invalid prompt", "invalid_request_error", "invalid_prompt"), "filtered"),
    (
        "azure filter",
        400,
        {
            "error": {
                "message": "The response was filtered",
                "code": "content_filter",
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            }
        },
        "filtered",
    ),
    ("openai 503", 503, openai_error("Slow down", None, "slow_down"), "overloaded"),
    ("openai 400", 400, openai_error("Unsupported value: 'temperature'", None, "unsupported_value"), "rejected"),
    (
        "vllm long",
        400,
        {
            "object": "error",
            "type": "BadRequestError",
            "code": 400,
            "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
        },
        "over_long",
    ),
    (
        "vllm long 2",
        400,
        {
            "error": {
                "message": "The decoder prompt (length 9) is longer than the maximum model length of 8.",
                "code": 400,
            }
        },
        "over_long",
    ),
    (
        "sglang long",
        400,
        {
            "object": "error",
            "message": "The input (9 tokens) is longer than the model's context length (8 tokens).",
            "code": 400,
        },
        "over_long",
    ),
    (
        "vllm model",
        404,
        {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404},
        "unknown_model",
    ),
    (
        "llama.cpp long",
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size, try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 9,
                "n_ctx": 8,
            }
        },
        "over_long",
    ),
    (
        "llama.cpp loading",
        503,
        {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
        "overloaded",
    ),
    ("lm studio long", 400, {"error": "Trying to keep the first 9 tokens when context the overflows."}, "over_long"),
    ("ollama model", 404, {"error": "model 'x' not found"}, "unknown_model"),
    ("ollama long", 400, {"error": "the input length exceeds the context length"}, "over_long"),
    ("ollama trouble", 500, {"error": "llama runner process has terminated"}, "overloaded"),
    ("fastapi", 422, {"detail": [{"loc": ["body"], "msg": "field required"}]}, "rejected"),
    ("proxy page", 502, b"<html>Bad Gateway</html>", "overloaded"),
    ("deep page", 500, b"[" * 100_000, "overloaded"),
    ("openrouter credit", 402, {"error": {"message": "Insufficient credits", "code": 402}}, "broke"),
    ("redirect", 302, b"", "rejected"),
    ("not implemented", 501, b"", "rejected"),
    ("conflict", 409, b"", "overloaded"),
    ("teapot", 418, b"", "rejected"),
]


@pytest.mark.parametrize(("name", "status", "body", "fault"), CASES, ids=[c[0] for c in CASES])
def test_each_servers_errors_are_told_apart(name, status, body, fault):
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    error = faults.from_response(status, {}, raw)
    assert (error.fault, error.status) == (fault, status)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "type", "code", "message", "details", "error_code", "innererror", "detail", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(100, 999), json | st.binary(max_size=40))
def test_any_answer_is_some_fault_with_a_short_printable_message(status, body):
    error = faults.from_response(status, {}, body if isinstance(body, bytes) else msgspec.json.encode(body))
    assert error.fault in FAULTS
    assert len(error.message) <= 2 * faults.MOST_MESSAGE + 2
    assert error.message.isprintable()


@pytest.mark.parametrize("status", [400, 422, 500])
@pytest.mark.parametrize("phrase", ["credit balance is too low", "prompt is too long", "content filtering policy"])
@pytest.mark.parametrize(
    "form", ["Bad list. Got: {}", "Cannot parse '{}'", 'Cannot parse "{}" here', "1 error: input={}"]
)
def test_what_a_conversation_says_decides_nothing_where_a_server_quotes_it(status, phrase, form):
    told = form.format(f"my {phrase}, you know")
    assert faults.from_response(status, {}, msgspec.json.encode(openai_error(told))).fault in ("rejected", "overloaded")


SECRETS = [
    "Incorrect API key provided: sk-proj-abcdefghijklmnop. You can find your key at ...",
    "Invalid key sk-ant-api03-AbCdEf_123",
    "token Bearer abcdef0123456789 is wrong",
    "bad: 0123456789abcdef0123456789abcdef0123",
]


@pytest.mark.parametrize("text", SECRETS)
def test_keys_that_a_server_echoes_are_not_kept(text):
    kept = faults.safe(text)
    assert not any(part in kept for part in ("abcdef", "AbCdEf", "0123456789"))


def test_long_quotations_and_long_sentences_are_not_kept():
    secret = "I told my mother that I would leave him and " * 3
    assert "mother" not in faults.safe(f"Could not parse '{secret}'.")
    assert faults.safe("Sorry: " + secret * 3) == ""
    assert "mother" not in faults.safe(f"1 validation error: input_value={secret[:60]!r}")
    assert (
        faults.safe("model 'claude-haiku-4-5-20251001' not found. Try:")
        == "model 'claude-haiku-4-5-20251001' not found."
    )


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": formatdate(1_000_030, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(999_000, usegmt=True)}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "1e12"}, 86400.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "later"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_as_seconds_milliseconds_or_a_date(headers, seconds):
    assert faults.retry_after(headers, now=1_000_000) == seconds


def test_header_names_are_read_in_any_case():
    assert faults.from_response(429, {"Retry-After": "3"}, b"").retry_after == 3.0
    date = faults.from_response(429, {"RETRY-AFTER": formatdate(time.time() + 60, usegmt=True)}, b"").retry_after
    assert 55 < date < 61


def exported(module):
    classes = {c for _, c in inspect.getmembers(module, inspect.isclass) if issubclass(c, Exception)}
    stack = list(classes)
    while stack:
        for below in stack.pop().__subclasses__():
            if below not in classes and below.__module__.startswith(module.__name__):
                classes.add(below)
                stack.append(below)
    return sorted(classes, key=lambda c: c.__name__)


REQUEST = httpx2.Request("POST", "http://h/")


def example(kind):
    """An instance of an SDK's exception, as the SDK would make it; None of a status error without a status of its own."""
    base = anthropic.APIStatusError if kind.__module__.startswith("anthropic") else openai.APIStatusError
    if issubclass(kind, base):
        status = next((c.__dict__["status_code"] for c in kind.__mro__ if "status_code" in c.__dict__), 500)
        response = httpx2.Response(status if isinstance(status, int) else 500, request=REQUEST, content=b"{}")
        if "OAuth" in kind.__name__:
            return kind(response=response, body={})
        return kind("words of the server", response=response, body={})
    made = kind.__new__(kind)
    made.args = ("an address http://h/?q=text of a conversation",)
    return made


@pytest.mark.parametrize("kind", exported(anthropic) + exported(openai), ids=lambda c: f"{c.__module__}.{c.__name__}")
def test_every_exception_of_both_vendors_clients_has_its_fault(kind):
    error = faults.from_exception(example(kind))
    assert error.fault in FAULTS
    assert "conversation" not in str(error)
    by_name = any(c.__name__ in EXCEPTIONS for c in kind.__mro__)
    assert by_name or error.status is not None


def test_the_vendors_clients_export_as_many_exceptions_as_were_thought_of():
    assert {"RateLimitError", "OverloadedError", "CredentialsError"} <= {c.__name__ for c in exported(anthropic)}
    assert {"RateLimitError", "OAuthError", "LengthFinishReasonError"} <= {c.__name__ for c in exported(openai)}


@pytest.mark.parametrize(
    ("status", "fault"), [(401, "denied"), (404, "unknown_model"), (429, "rate_limited"), (529, "overloaded")]
)
def test_a_status_error_of_a_vendors_client_is_judged_by_its_response(status, fault):
    response = httpx2.Response(status, request=REQUEST, headers={"retry-after": "2"}, content=b"{}")
    for module in (anthropic, openai):
        error = faults.from_exception(module.APIStatusError("m", response=response, body=None))
        assert (error.fault, error.status, error.retry_after) == (fault, status, 2.0)


@pytest.mark.parametrize("kind", ErrorType.__args__)
def test_every_type_of_error_that_anthropic_names_is_known_or_the_requests_own_fault(kind):
    about_the_request = {"invalid_request_error", "memory_precondition_failed_error", "memory_path_conflict_error"}
    assert kind in CODES or kind in about_the_request


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (TimeoutError, "timeout"),
        (ConnectionResetError, "connection"),
        (httpx2.ReadTimeout, "timeout"),
        (httpx2.RemoteProtocolError, "connection"),
        (httpx2.InvalidURL, "rejected"),
        (EOFError, "connection"),
        (ValueError, "garbled"),
    ],
)
def test_exceptions_of_transports_have_their_fault(kind, fault):
    assert faults.from_exception(kind("x")).fault == fault


def test_a_call_error_stays_what_it_is():
    error = CallError("broke", "x")
    assert faults.from_exception(error) is error
