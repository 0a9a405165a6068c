"""A fifth of all requests fail in every way at once: each conversation has a typed outcome, and nothing is paid twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from selfrule.clients import names
from selfrule.clients.answers import Answers
from selfrule.clients.caller import Caller
from selfrule.judges.model import ModelJudge
from selfrule.records import Conversation, Rating, Turn
from selfrule.testing.server import StandIn
from tests.testing.asking import TURNS

FAULTS = (
    "429=0.02,429-after=0.01,500=0.03,503=0.015,529=0.02,cut=0.03,badjson=0.02,filter-400=0.01,refusal=0.01,"
    "refusal-text=0.01,filter=0.005,truncated=0.005,badcontent=0.005,empty=0.005"
)
CONVERSATIONS = [
    Conversation(f"{n:032x}", f"{n:032x}", "test", str(n), "line 1", (*TURNS, Turn("user", f"This is number {n}.")))
    for n in range(80)
]


async def rated(server: StandIn, model: str, kept: Path) -> tuple[list[Rating], Caller]:
    client = names.connect(model, environ=server.environ())
    with Answers(kept) as answers:
        caller = Caller(client, answers, timeout=5.0)
        judge = ModelJudge(caller)
        ratings = await asyncio.gather(*(judge.rate_one(each) for each in CONVERSATIONS))
        await caller.drain()
        await client.close()
    return list(ratings), caller


@pytest.mark.parametrize("model", ["openai:gpt-x", "anthropic:claude-x", "ollama:llama-x"])
def test_every_conversation_has_an_outcome_and_the_bill_is_the_servers(model: str, tmp_path: Path) -> None:
    with StandIn(faults=FAULTS, seed=7, latency=0.002) as server:
        ratings, caller = asyncio.run(rated(server, model, tmp_path / "answers.sqlite"))
        sent = server.counts.requests
        assert len(ratings) == len(CONVERSATIONS)
        assert sum(rating.status == "rated" for rating in ratings) > 60
        assert all(rating.levels for rating in ratings if rating.status == "rated")
        assert all(rating.reason and not rating.levels for rating in ratings if rating.status != "rated")
        assert server.counts.faults.total() > 10
        assert server.counts.paid_twice == 0
        assert server.counts.answered == caller.tally.replies
        charged, booked = server.counts.usage, caller.tally.usage
        assert (charged.input, charged.output) == (booked.input, booked.output)
        assert model.startswith("ollama") or charged == booked  # Ollama does not tell what its cache spared
        assert sent == caller.tally.requests

        again, later = asyncio.run(rated(server, model, tmp_path / "answers.sqlite"))
        failed = sum(rating.status == "failed" for rating in ratings)
        assert later.tally.requests >= failed
        assert later.tally.kept >= len(CONVERSATIONS) - failed
        assert server.counts.paid_twice == 0
        assert all(new == old for new, old in zip(again, ratings, strict=True) if old.status != "failed")
