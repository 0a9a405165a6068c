import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.clients.families import family
from selfrule.clients.names import PROVIDERS, Spec, connect, key_for, loopback, parse
from selfrule.errors import ClientError, SelfruleError, UsageError

NAMES = [
    ("anthropic:claude-opus-4-1", "anthropic", "claude-opus-4-1", None, True),
    ("openai:gpt-5.5", "openai", "gpt-5.5", None, True),
    ("openai:ft:gpt-4o:org:x", "openai", "ft:gpt-4o:org:x", None, True),
    (
        "openai-compatible:http://127.0.0.1:8000/v1#Qwen/Qwen3-8B",
        "openai-compatible",
        "Qwen/Qwen3-8B",
        "http://127.0.0.1:8000/v1",
        False,
    ),
    ("openai-compatible:http://localhost:8000#m", "openai-compatible", "m", "http://localhost:8000/v1", False),
    ("openai-compatible:https://api.example.org/v1/#m", "openai-compatible", "m", "https://api.example.org/v1", True),
    ("openai-compatible:http://[::1]:1234/v1#m", "openai-compatible", "m", "http://[::1]:1234/v1", False),
    ("openai-compatible:http://192.168.0.4:8000/v1#m", "openai-compatible", "m", "http://192.168.0.4:8000/v1", True),
    ("openai-compatible:unix:///run/llm.sock#m", "openai-compatible", "m", "unix:///run/llm.sock", False),
    ("ollama:qwen3:8b", "ollama", "qwen3:8b", "http://127.0.0.1:11434", False),
    ("ollama:gpt-oss:120b-cloud", "ollama", "gpt-oss:120b-cloud", "http://127.0.0.1:11434", True),
    ("ollama:glm-4.6:cloud", "ollama", "glm-4.6:cloud", "http://127.0.0.1:11434", True),
]


@pytest.mark.parametrize(("text", "provider", "model", "url", "remote"), NAMES, ids=[n[0] for n in NAMES])
def test_a_name_says_provider_model_address_and_whether_text_leaves_this_machine(text, provider, model, url, remote):
    spec = parse(text, {})
    assert (spec.provider, spec.model, spec.url, spec.remote) == (provider, model, url, remote)
    assert spec.text == text
    assert (spec.host == "this machine") is not remote


@pytest.mark.parametrize(
    ("value", "url", "remote"),
    [
        ("", "http://127.0.0.1:11434", False),
        ("0.0.0.0", "http://127.0.0.1:11434", False),
        (":1234", "http://127.0.0.1:1234", False),
        ("gpu-box", "http://gpu-box:11434", True),
        ("https://ollama.example.org", "https://ollama.example.org", True),
        ("http://0.0.0.0:99/", "http://127.0.0.1:99", False),
    ],
)
def test_ollamas_host_is_read_by_ollamas_own_rules(value, url, remote):
    spec = parse("ollama:m", {"OLLAMA_HOST": value})
    assert (spec.url, spec.remote) == (url, remote)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("claude:opus", "anthropic:opus"),
        ("claude-opus-4-1", "anthropic:claude-opus-4-1"),
        ("gpt-4o", "openai:gpt-4o"),
        ("qwen3", "ollama:qwen3"),
        ("antropic:claude-x", "anthropic:claude-x"),
        ("OpenAI:gpt-4o", "openai:gpt-4o"),
        ("vllm:http://localhost:8000/v1#m", "openai-compatible:http://localhost:8000/v1#m"),
        ("http://localhost:8000/v1", "openai-compatible:http://localhost:8000/v1#MODEL"),
        ("openai:", "names no model"),
        ("openai-compatible:http://localhost:8000/v1", "#MODEL"),
        ("openai-compatible:localhost:8000#m", "http://"),
        ("", "anthropic:MODEL"),
    ],
)
def test_what_is_no_name_is_answered_with_what_was_probably_meant(text, hint):
    with pytest.raises(UsageError) as caught:
        parse(text, {})
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "openai-compatible:https://me:hunter2-secret@h/v1#m",
        "openai-compatible:https://h/v1?api-key=hunter2-secret#m",
        "https://me:hunter2-secret@h/v1",
        "https://h/v1?key=hunter2-secret",
    ],
)
def test_a_key_in_an_address_is_refused_and_not_repeated(text):
    with pytest.raises(UsageError) as caught:
        parse(text, {})
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=60) | st.builds("{}:{}".format, st.sampled_from(PROVIDERS), st.text(max_size=40)))
def test_any_text_is_a_name_or_a_usage_error(text):
    try:
        spec = parse(text, {})
    except SelfruleError as error:
        assert isinstance(error, UsageError)
    else:
        assert spec.model


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-opus-4-1-20250805", "claude"),
        ("anthropic/claude-3.5-sonnet", "claude"),
        ("gpt-4o-mini", "gpt"),
        ("o3-mini", "gpt"),
        ("openai/gpt-oss-120b", "gpt"),
        ("ChatGPT", "gpt"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama"),
        ("vicuna-13b", "llama"),
        ("Qwen/Qwen3-8B", "qwen"),
        ("qwq-32b", "qwen"),
        ("google/gemma-3-27b-it", "gemma"),
        ("gemini-2.5-pro", "gemini"),
        ("palm-2", "gemini"),
        ("mixtral-8x7b-instruct-v0.1", "mistral"),
        ("deepseek-r1-distill-llama-70b", "deepseek"),
        ("grok-4", "grok"),
        ("microsoft/phi-4", "phi"),
        ("Phi3", "phi"),
        ("command-r-plus", "command"),
        ("chatglm2-6b", "glm"),
        ("gpt4all-13b-snoozy", None),
        ("EleutherAI/gpt-j-6b", None),
        ("RWKV-4-Raven-14B", None),
        ("dolphin", None),
        ("", None),
    ],
)
def test_a_models_family_is_read_from_its_name(model, expected):
    assert family(model) == expected


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "[::1]", "a.localhost"])
def test_loopback_addresses_are_this_machine(host):
    assert loopback(f"http://{host}:1/v1")


@pytest.mark.parametrize("host", ["localhost.example.org", "127.0.0.1.nip.io", "10.0.0.1", "0.0.0.0", "example.org"])
def test_addresses_that_only_look_like_loopback_are_not(host):
    assert not loopback(f"http://{host}:1/v1")


def test_a_base_url_of_the_environment_moves_a_vendors_judge_and_one_on_this_machine_is_a_stand_in():
    spec = parse("anthropic:claude-x", {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8123/"})
    assert (spec.url, spec.remote) == ("http://127.0.0.1:8123", False)
    assert connect(spec, {}, {}).provider == "anthropic@loopback"
    gateway = {"OPENAI_BASE_URL": "https://gateway.example.org/v1", "OPENAI_API_KEY": "k"}
    assert parse("openai:gpt-x", gateway).remote
    assert connect("openai:gpt-x", {}, gateway).provider == "openai"
    assert parse("openai:gpt-x", {"OPENAI_BASE_URL": "https://api.openai.com/v1"}).url is None


@pytest.mark.parametrize(("name", "variable"), [("anthropic:m", "ANTHROPIC_API_KEY"), ("openai:m", "OPENAI_API_KEY")])
def test_a_missing_key_names_the_variable_to_set(name, variable):
    with pytest.raises(ClientError, match=variable):
        connect(name, {}, {})


def test_a_vendors_key_never_goes_to_an_address_in_a_judges_name():
    spec = parse("openai-compatible:https://h.example.org/v1#m", {})
    assert key_for(spec, {"OPENAI_API_KEY": "sk-vendor"}) is None
    assert key_for(spec, {"OPENAI_API_KEY": "sk-vendor", "SELFRULE_API_KEY": "own"}) == "own"


def test_a_key_with_characters_that_no_header_takes_is_refused_without_being_shown():
    with pytest.raises(ClientError) as caught:
        key_for(Spec("openai:m", "openai", "m"), {"OPENAI_API_KEY": "sk-\u201cquoted\u201d"})
    assert "quoted" not in str(caught.value)


@pytest.mark.parametrize("name", ["model", "messages", "stream", "system"])
def test_parameters_that_selfrule_sets_itself_cannot_be_given(name):
    with pytest.raises(UsageError, match=name):
        connect("ollama:m", {name: "x"}, {})


def test_neither_spec_nor_client_shows_a_key():
    environ = {"OPENAI_API_KEY": "sk-secret-1", "ANTHROPIC_API_KEY": "sk-secret-2", "SELFRULE_API_KEY": "sk-secret-3"}
    for name in ("openai:m", "anthropic:m", "openai-compatible:https://h/v1#m"):
        client = connect(name, {}, environ)
        assert "secret" not in repr(client) + repr(client.spec) + repr(client.batches) + repr(client._wire)
