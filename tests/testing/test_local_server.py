"""llama.cpp's own server with a tiny random model, asked by OpenAI's own package: what the real local path rests on."""

from __future__ import annotations

import json
import math
from pathlib import Path

import openai
import pytest

from selfrule.clients.types import Reply, Usage
from selfrule.judges import joint, logprobs
from selfrule.judges.joining import Parsed
from selfrule.rubric import CONSTRUCTS, LEVELS
from tests.testing import tiny
from tests.testing.asking import openai_body, window


def test_the_model_is_the_same_every_time_it_is_made(tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="models cannot be written here (the wheel gguf)")
    for name in ("a", "b"):
        tiny.write(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_answer_is_forced_into_the_schema(tiny_url: str) -> None:
    with openai.OpenAI(base_url=tiny_url, api_key="none", max_retries=0) as client:
        got = client.chat.completions.create(**openai_body(model=tiny.NAME, temperature=0, seed=0, max_tokens=2000))
    choice = got.choices[0]
    assert choice.finish_reason == "stop"
    answer = json.loads(choice.message.content or "")
    assert set(answer) == {*CONSTRUCTS, "actualized", "domains"}
    assert {answer[c]["level"] for c in CONSTRUCTS} <= set(LEVELS)
    parsed = joint.read("all", Reply(choice.message.content or "", "stop", Usage(), "m"), window())
    assert isinstance(parsed, Parsed)


def test_a_token_comes_with_its_alternatives_and_their_log_probabilities(tiny_url: str) -> None:
    asked = logprobs.requests(window(), 100)["attachment"]
    messages = [{"role": "system", "content": asked.system}, {"role": "user", "content": asked.shared + asked.ask}]
    with openai.OpenAI(base_url=tiny_url, api_key="none", max_retries=0) as client:
        got = client.chat.completions.create(
            model=tiny.NAME, messages=messages, temperature=0, max_tokens=1, logprobs=True, top_logprobs=8
        )
        again = client.chat.completions.create(
            model=tiny.NAME, messages=messages, temperature=0, max_tokens=1, logprobs=True, top_logprobs=8
        )
    logged = got.choices[0].logprobs
    assert logged is not None and logged.content is not None
    found = {token.token: math.exp(token.logprob) for token in logged.content[0].top_logprobs}
    assert len(found) == 8
    assert sum(found[digit] for digit in "0123") > 0.5
    assert sum(found.values()) <= 1 + 1e-6
    assert again.usage is not None and again.usage.prompt_tokens_details is not None
    assert (again.usage.prompt_tokens_details.cached_tokens or 0) > 3000  # the prefix is kept between requests
