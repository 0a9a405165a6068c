"""A judge by name, over real HTTP against the stand-in: asked once, paid once, confirmed before, ended by its budget."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from selfrule.errors import BudgetError, UsageError
from selfrule.judges.check.scorecard import Scorecard
from selfrule.study.costs import Proposal
from selfrule.study.judge_check import Sets, check, sets
from selfrule.study.judge_opening import open_for_check, store
from selfrule.study.judging import Terms
from selfrule.study.rating import Choices
from selfrule.testing.server import StandIn

PRICES = """
["openai:gpt-test"]
input = 1.0
output = 0.1
context = 128_000
"""


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


def few() -> Sets:
    whole = sets(quick=True, repeats=2)
    return msgspec.structs.replace(whole, attacks=whole.attacks[:6], labelled=whole.labelled[:6])


def checked(server: StandIn, folder: Path, terms: Terms | None = None, **choices: Any) -> Scorecard:
    wanted = few()

    async def run() -> Scorecard:
        asked = Choices(judge="openai:gpt-test", **choices)
        async with open_for_check(
            asked, terms or Terms(), wanted.conversations, answers=folder / "a.sqlite", environ=server.environ()
        ) as ready:
            return await check(ready.judge, wanted, at_once=ready.at_once, spent=ready.spent)

    return asyncio.run(run())


@pytest.mark.parametrize("protocol", ["joint", "separate", "logprobs"])
def test_a_judge_by_name_gets_a_scorecard_and_a_second_check_is_free(
    server: StandIn, tmp_path: Path, protocol: str
) -> None:
    first = checked(server, tmp_path, protocol=protocol)
    assert first.handling.statuses == {"rated": 24}
    assert first.sent is not None
    assert first.sent.findings == ()
    assert first.repeats is not None
    assert first.repeats.identical.count == 6
    assert first.spent is not None
    assert first.spent.replies >= 24
    assert first.spent.usage.input > 0
    second = checked(server, tmp_path, protocol=protocol)
    assert second.spent is not None
    assert second.spent.replies == 0
    assert (second.steering, second.agreement) == (first.steering, first.agreement)


def test_a_budget_ends_a_check_and_counts_from_its_own_beginning(server: StandIn, tmp_path: Path) -> None:
    prices = tmp_path / "models.toml"
    prices.write_text(PRICES)
    with pytest.raises(BudgetError):
        checked(server, tmp_path, Terms(budget=1e-6, prices=prices))
    dear = checked(server, tmp_path, Terms(prices=prices), protocol="separate").spent
    assert dear is not None
    assert dear.cost
    cheap = checked(server, tmp_path, Terms(budget=0.9 * dear.cost, prices=prices)).spent
    assert cheap is not None
    assert cheap.cost
    assert 0 < cheap.cost < 0.9 * dear.cost
    assert cheap.usage.fresh < dear.usage.fresh


def test_nothing_is_sent_where_it_was_not_confirmed(server: StandIn, tmp_path: Path) -> None:
    seen: list[Proposal] = []

    def no(proposal: Proposal) -> bool:
        seen.append(proposal)
        return False

    before = server.counts.requests
    with pytest.raises(UsageError, match="none was"):
        checked(server, tmp_path, Terms(confirm=no))
    assert server.counts.requests == before
    assert (seen[0].conversations, seen[0].shares[0].requests) == (24, 24)
    assert seen[0].shares[0].usage.input > 0


def test_the_embedded_judge_opens_without_a_store(tmp_path: Path) -> None:
    async def run() -> str:
        async with open_for_check(Choices(), Terms(), [], answers=tmp_path / "a.sqlite") as ready:
            return str(ready.judge.label)

    assert asyncio.run(run()).startswith("embedded-")
    assert not list(tmp_path.iterdir())


def test_paid_answers_of_checks_stand_in_the_users_cache() -> None:
    assert store({"XDG_CACHE_HOME": "/x"}) == Path("/x/selfrule/judge-check/answers.sqlite")
    assert store({}).is_relative_to(Path.home())
