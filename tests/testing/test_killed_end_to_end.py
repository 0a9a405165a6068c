"""kill -9 in the middle of a run: the next run pays for nothing that had been answered."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from selfrule.clients import names
from selfrule.clients.answers import Answers
from selfrule.clients.caller import Caller
from selfrule.clients.limits import Limits
from selfrule.judges.model import ModelJudge
from selfrule.records import Conversation, Rating, Turn
from selfrule.testing.server import StandIn
from tests.testing.asking import TURNS

CONVERSATIONS = [
    Conversation(f"{n:032x}", f"{n:032x}", "test", str(n), "line 1", (*TURNS, Turn("user", f"This is number {n}.")))
    for n in range(90)
]
AT_ONCE = 8


async def run(model: str, kept: Path) -> tuple[list[Rating], Caller]:
    client = names.connect(model)
    with Answers(kept) as answers:
        caller = Caller(client, answers, limits=Limits(AT_ONCE), timeout=10.0)
        judge = ModelJudge(caller)
        ratings = await asyncio.gather(*(judge.rate_one(each) for each in CONVERSATIONS))
        await client.close()
    return list(ratings), caller


@pytest.mark.parametrize("model", ["openai:gpt-x", "anthropic:claude-x"])
def test_what_was_answered_before_a_kill_is_not_paid_again(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "answers.sqlite"
    with StandIn(answers="none", latency=0.03) as server:
        for name, value in server.environ().items():
            monkeypatch.setenv(name, value)
        command = [sys.executable, "-m", "tests.testing.test_killed_end_to_end", model, str(kept)]
        for wanted in (20, 50):
            stored_before, paid_before = stored(kept), server.counts.answered
            with subprocess.Popen(command, env={**os.environ, "PYTHONWARNINGS": "error"}) as process:
                began = time.monotonic()
                while server.counts.answered < wanted and process.poll() is None and time.monotonic() - began < 30:
                    time.sleep(0.002)
                assert process.poll() is None, "it should have been killed while it worked"
                process.kill()
            lost = (server.counts.answered - paid_before) - (stored(kept) - stored_before)
            assert 0 <= lost <= AT_ONCE, "those in flight when it was killed, and no more"
        safe, before = stored(kept), server.counts.answered
        ratings, caller = asyncio.run(run(model, kept))
        assert [rating.status for rating in ratings] == ["rated"] * len(CONVERSATIONS)
        assert len(server.counts.paid) == len(CONVERSATIONS)
        assert caller.tally.kept == safe > 0
        assert server.counts.answered - before == caller.tally.requests == len(CONVERSATIONS) - safe


def stored(kept: Path) -> int:
    """How many answers are safe on the disk."""
    if not kept.exists():
        return 0
    with Answers(kept, reading=True) as answers:
        return len(answers)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], Path(sys.argv[2])))
