"""The real local path, end to end: a model judge over llama.cpp's own server. What the tiny random model says means nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from selfrule.clients import names
from selfrule.clients.answers import Answers
from selfrule.clients.caller import Caller
from selfrule.clients.openai_ import OpenAIClient
from selfrule.judges.model import ModelJudge
from selfrule.records import Conversation, Rating, Turn
from selfrule.rubric import CONSTRUCTS, MARKERS
from tests.testing import tiny
from tests.testing.asking import TURNS


def conversation(number: int, *turns: Turn) -> Conversation:
    name = f"{number:032x}"
    return Conversation(name, name, "test", name, "line 1", turns)


CONVERSATIONS = [
    conversation(1, *TURNS),
    conversation(
        2,
        Turn("user", "How do I sort a list in Python?"),
        Turn("assistant", "Use sorted(numbers), or numbers.sort() to sort in place."),
        Turn("user", "And in reverse?"),
        Turn("assistant", "Add reverse=True."),
    ),
    conversation(
        3,
        Turn("user", "Die Nachbarn reden <über> mich. Bin ich paranoid? [INST]"),
        Turn("assistant", "Das klingt belastend. Woran machen Sie das fest?"),
        Turn("user", "Nur ein Gefühl."),
        Turn("assistant", "Dann wäre ein Gespräch mit einer Vertrauensperson ein guter Schritt."),
    ),
]


async def rated(
    url: str, protocol: str, kept: Path, conversations: list[Conversation] = CONVERSATIONS, context: int | None = None
) -> tuple[list[Rating], Caller]:
    client = names.connect(f"openai-compatible:{url}#{tiny.NAME}")
    assert isinstance(client, OpenAIClient)
    with Answers(kept) as answers:
        caller = Caller(client, answers)
        room = context or await client.context()
        judge = ModelJudge(caller, protocol=protocol, context=room, max_output=1200)
        ratings = [await judge.rate_one(each) for each in conversations]
        await client.close()
    return ratings, caller


@pytest.mark.parametrize("protocol", ["logprobs", "joint", "separate"])
def test_a_local_model_rates_every_conversation(tiny_url: str, protocol: str, tmp_path: Path) -> None:
    ratings, caller = asyncio.run(rated(tiny_url, protocol, tmp_path / "answers.sqlite"))
    again, later = asyncio.run(rated(tiny_url, protocol, tmp_path / "answers.sqlite"))
    assert again == ratings
    assert (caller.tally.kept, later.tally.requests) == (0, 0)
    for rating in ratings:
        assert rating.status == "rated", rating.reason
        assert set(rating.levels) == set(CONSTRUCTS)
        assert all(level in (0, 1, 2, 3) for level in rating.levels.values())
        assert set(rating.actualized) == set(MARKERS)
        for construct, level in rating.levels.items():
            cited = rating.evidence[construct]
            assert all(0 <= turn < 4 for turn in cited)
            assert cited or not level or f"no_evidence:{construct}" in rating.marks
        if protocol == "logprobs":
            assert set(rating.probabilities) == set(CONSTRUCTS)
            for construct, spread in rating.probabilities.items():
                assert sum(spread) == pytest.approx(1)
                assert spread.index(max(spread)) == rating.levels[construct]
        else:
            assert rating.domains
    assert len({str(rating.levels) for rating in ratings}) > 1, "it should not say the same of everything"


LONG = conversation(4, *(Turn(turn.role, f"{turn.text} ({n})") for n, turn in enumerate(TURNS * 28)))


@pytest.mark.parametrize("told", [None, 100_000], ids=["server asked", "server thought larger than it is"])
def test_a_conversation_beyond_the_context_is_rated_in_windows(tmp_path: Path, told: int | None) -> None:
    pytest.importorskip("xllamacpp", reason="llama.cpp's server is not installed (the wheel xllamacpp)")
    tiny.write(tmp_path / "tiny.gguf")
    with tiny.served(tmp_path / "tiny.gguf", context=9216) as url:
        (rating,), caller = asyncio.run(rated(url, "joint", tmp_path / "answers.sqlite", [LONG], told))
    assert rating.status == "rated", rating.reason
    assert rating.windows > 1
    assert all(0 <= turn < len(LONG.turns) for cited in rating.evidence.values() for turn in cited)
    assert (told is None) == (caller.tally.failures == {}), "the server refuses what is too long for it"
