"""Whatever arrives, the stand-in answers or refuses: it never breaks, and never says 500 unless told to."""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.testing.faults import CONTENT, Plan
from selfrule.testing.server import StandIn
from selfrule.testing.station import Settings, Station
from tests.testing.asking import anthropic_body, openai_body

values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8) | st.sampled_from(["json_schema", "user"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
BODIES = {
    "openai": openai_body(),
    "anthropic": anthropic_body(),
    "ollama": {"model": "m", "messages": openai_body()["messages"], "format": {}, "options": {}, "stream": False},
}


def places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a body."""
    found = [path] if path else []
    if isinstance(body, dict):
        for name, part in body.items():
            found += places(part, (*path, name))
    elif isinstance(body, list):
        for at, part in enumerate(body[:3]):
            found += places(part, (*path, at))
    return found


def changed(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copied = dict(body) if isinstance(body, dict) else list(body)
    copied[path[0]] = changed(body[path[0]], path[1:], value)
    return copied


@settings(max_examples=400)
@given(st.sampled_from(sorted(BODIES)), st.data(), values, st.sampled_from([None, *sorted(CONTENT)]))
def test_a_body_with_anything_anywhere_is_answered_or_refused(
    provider: str, data: st.DataObject, value: Any, fault: str | None
) -> None:
    station = Station("none", Plan(), Settings())
    body = changed(BODIES[provider], data.draw(st.sampled_from(places(BODIES[provider]))), value)
    outcome = station.answer(getattr(station, provider), msgspec.json.encode(body), "key", fault)
    assert outcome.status in (200, 400, 404, 413)
    assert isinstance(msgspec.json.decode(outcome.body), dict)
    assert (outcome.usage is not None) == (outcome.status == 200)


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/messages", "/api/chat", "/v1/batches", "/v1/messages/batches"]
)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"\\ud800"', b"\xff", b'{"model": "m\\ud800"}', b"[" * 100_000], ids=lambda body: repr(body[:12])
)  # fmt: skip
def test_what_is_no_request_is_refused(path: str, body: bytes) -> None:
    with StandIn() as server:
        got = httpx2.post(server.url + path, content=body, headers={"x-api-key": "key"})
    assert got.status_code == 400
    assert got.json()["error"]


def test_a_path_that_is_not_served_says_so_in_json() -> None:
    with StandIn() as server:
        got = httpx2.post(f"{server.openai_url}/responses", json={})
        assert got.status_code == 404
        assert "Unknown request URL" in got.json()["error"]["message"]
        assert httpx2.get(f"{server.openai_url}/batches?limit=x").status_code == 400


def test_a_fault_that_there_is_not_is_refused_and_ok_is_none() -> None:
    with StandIn() as server:
        for name, status in (("flood", 400), ("ok", 200)):
            got = httpx2.post(
                f"{server.openai_url}/chat/completions", json=openai_body(), headers={"x-selfrule-fault": name}
            )
            assert got.status_code == status
        assert not server.counts.faults


def test_a_conversation_of_forty_megabytes_is_answered_in_bounded_time() -> None:
    body = openai_body()
    body["messages"][1]["content"] = body["messages"][1]["content"].replace("Nobody", "Nobody " * 5_700_000)
    with StandIn() as server:
        got = httpx2.post(f"{server.openai_url}/chat/completions", json=body, timeout=20)
    assert got.status_code == 200
    assert got.json()["usage"]["prompt_tokens"] > 9_000_000
