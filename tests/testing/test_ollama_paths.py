"""Ollama's own paths, which are plain HTTP."""

from __future__ import annotations

import json
from typing import Any

import httpx2

from selfrule.rubric import CONSTRUCTS
from selfrule.testing.server import StandIn
from tests.testing.asking import openai_body, request


def body(**more: Any) -> dict[str, Any]:
    asked = openai_body()
    return {
        "model": "some-model",
        "messages": asked["messages"],
        "format": request().schema,
        "stream": False,
        "options": {"num_ctx": 32_768},
        **more,
    }


def chat(server: StandIn, **more: Any) -> dict[str, Any]:
    got: dict[str, Any] = httpx2.post(f"{server.ollama_url}/api/chat", json=body(**more)).json()
    return got


def test_an_answer_fits_the_format() -> None:
    with StandIn() as server:
        got = chat(server)
    assert set(CONSTRUCTS) < set(json.loads(got["message"]["content"]))
    assert got["done_reason"] == "stop"
    assert got["prompt_eval_count"] > 3000


def test_a_prompt_beyond_the_window_loses_its_beginning_without_a_word() -> None:
    with StandIn() as server:
        got = chat(server, options={"num_ctx": 2048})
        assert server.counts.over_long == 1
    assert got["done"] is True
    assert got["prompt_eval_count"] == 2048


def test_log_probabilities_are_given_where_asked_for() -> None:
    with StandIn() as server:
        got = chat(server, format=None, logprobs=True, top_logprobs=4, options={"num_ctx": 32_768, "num_predict": 1})
    alternatives = got["logprobs"][0]["top_logprobs"]
    assert {entry["token"] for entry in alternatives} == set("0123")
    assert all(entry["logprob"] < 0 for entry in alternatives)


def test_an_unknown_model_is_not_found() -> None:
    with StandIn() as server:
        got = httpx2.post(f"{server.ollama_url}/api/chat", json=body(model="no-such-model"))
    assert got.status_code == 404
    assert "not found" in got.json()["error"]


def test_models_and_their_length_are_told() -> None:
    with StandIn(context=8192) as server:
        assert httpx2.get(f"{server.ollama_url}/api/tags").json()["models"]
        shown = httpx2.post(f"{server.ollama_url}/api/show", json={"model": "m"}).json()
    assert shown["model_info"]["llama.context_length"] == 8192
