"""A model judge over the real store: what was answered is never paid for again, and says the same again."""

from __future__ import annotations

import asyncio
import doctest
import importlib
from pathlib import Path

import pytest

from selfrule.clients.answers import Answers
from selfrule.clients.caller import Caller
from selfrule.clients.fake import FakeClient, Step
from selfrule.clients.types import Kind, Request
from selfrule.judges import ModelJudge
from selfrule.judges.model import WAYS
from selfrule.records import Rating
from tests.judges.asking import estimate, honest, joint, long_talk, reply, talk

TALK = talk("Am I right to send it?", "Yes, send it now.", "I will.", "Good.")


def rated(
    path: Path, client: FakeClient, protocol: str = "joint", retry: frozenset[Kind] = frozenset(), sample: int = 0
) -> Rating:
    """TALK's rating in a run of its own over the store at `path`."""

    async def run() -> Rating:
        answers = Answers(path)
        try:
            judge = ModelJudge(Caller(client, answers), protocol=protocol, estimate=estimate)
            return await judge.rate_one(TALK, retry=retry, sample=sample)
        finally:
            answers.close()

    return asyncio.run(run())


@pytest.mark.parametrize("protocol", WAYS)
def test_a_second_run_pays_nothing_and_says_the_same(tmp_path: Path, protocol: str) -> None:
    first, second = FakeClient(answer=honest), FakeClient(answer=AssertionError("asked again"))
    said = rated(tmp_path / "a.sqlite", first, protocol)
    assert said.status == "rated"
    assert rated(tmp_path / "a.sqlite", second, protocol) == said
    assert not second.calls


@pytest.mark.parametrize(
    "script",
    [
        ["hm", joint("mild", (0,))],
        ["hm", "hm"],
        [joint("none", (), attachment="mild"), joint("none", (), attachment="mild")],
        [reply("", "refusal")],
        [reply("{", "length")],
    ],
    ids=["repaired", "unparseable", "no evidence", "refused", "truncated"],
)
def test_what_was_sent_back_or_declined_is_not_paid_for_again_either(tmp_path: Path, script: list[Step]) -> None:
    said = rated(tmp_path / "a.sqlite", FakeClient(script))
    again = FakeClient(answer=AssertionError("asked again"))
    assert rated(tmp_path / "a.sqlite", again) == said
    assert not again.calls


def test_refusals_are_asked_anew_where_that_is_wanted_and_only_those(tmp_path: Path) -> None:
    def once_refused(request: Request) -> Step:
        return reply("", "refusal") if "Construct: attachment" in request.ask else honest(request)

    assert rated(tmp_path / "a.sqlite", FakeClient(answer=once_refused), "separate").status == "refused"
    willing = FakeClient(answer=honest)
    assert rated(tmp_path / "a.sqlite", willing, "separate", retry=frozenset({"refused"})).status == "rated"
    assert ["Construct: attachment" in request.ask for request in willing.calls] == [True]


def test_another_sample_is_another_question(tmp_path: Path) -> None:
    client = FakeClient(answer=honest)
    rated(tmp_path / "a.sqlite", client)
    rated(tmp_path / "a.sqlite", client, sample=1)
    assert len(client.calls) == 2


def test_every_window_of_a_long_conversation_is_paid_for_once(tmp_path: Path) -> None:
    client = FakeClient(answer=honest)

    async def run() -> tuple[Rating, Rating]:
        answers = Answers(tmp_path / "a.sqlite")
        try:
            judge = ModelJudge(Caller(client, answers), context=9000, estimate=estimate)
            return await judge.rate_one(long_talk(200)), await judge.rate_one(long_talk(200))
        finally:
            answers.close()

    first, second = asyncio.run(run())
    assert first == second
    assert first.status == "rated"
    assert len(client.calls) == first.windows > 1


@pytest.mark.parametrize("module", ["container", "joining", "prompts", "refusals", "windows"])
def test_examples_in_the_documentation_run(module: str) -> None:
    done = doctest.testmod(importlib.import_module(f"selfrule.judges.{module}"))
    assert done.attempted > 0
    assert done.failed == 0
