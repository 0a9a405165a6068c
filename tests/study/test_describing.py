"""Flagged conversations described by a language model, over real HTTP against the stand-in server."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections import Counter
from importlib import resources
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

import selfrule
from selfrule.cli.main import app
from selfrule.errors import ClientError, StudyError, UsageError
from selfrule.store.schemas import facets_of
from selfrule.study import facets
from selfrule.study.costs import Proposal
from selfrule.study.study import Study
from selfrule.testing.server import StandIn
from tests.study.material import conversation, write_lines

EXAMPLE = str(resources.files("selfrule") / "example" / "conversations.jsonl")
JUDGE = "anthropic:claude-test"


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return selfrule.audit(EXAMPLE, tmp_path_factory.mktemp("rated") / "study").path


@pytest.fixture
def study(rated: Path, tmp_path: Path) -> Study:
    shutil.copytree(rated, tmp_path / "study")
    return Study.open(tmp_path / "study")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):
    """Point every provider's environment at a stand-in."""

    def point(server: StandIn) -> None:
        for name, value in server.environ().items():
            monkeypatch.setenv(name, value)

    return point


def statuses(study: Study) -> Counter[str]:
    return Counter(facet.status for facet in facets_of(study.facets()))


@pytest.mark.parametrize("judge", [JUDGE, "openai:gpt-test", "ollama:qwen-test"])
def test_every_provider_describes_every_flagged_conversation_once(study: Study, at, judge: str) -> None:
    with StandIn() as server:
        at(server)
        summary = study.describe(judge=judge)
        assert summary is not None
        made = facets_of(study.facets())
        assert server.counts.requests == len(made) == summary.statuses["described"]
        assert study.describe(judge=judge) is None, "nothing is left to ask"
        assert server.counts.requests == len(made)
    assert {facet.conversation_id for facet in made} == {
        i for part in study._folder.parts("conversations")
        for i in facets.flagged_ids(study._folder, study._plan(), part.stem)
    }  # fmt: skip
    assert all(facet.description and not facet.templated and "/facets-1@" in facet.judge for facet in made)


def test_patterns_are_made_of_what_was_described_last_and_the_embedded_ones_can_be_named(study: Study, at) -> None:
    with StandIn() as server:
        at(server)
        study.describe(judge=JUDGE)
    last = facets.latest(study._folder)
    assert last is not None
    assert study.patterns(per=6).facets == last.table
    assert study.patterns(per=6, facets="embedded").facets.startswith("embedded-facets")
    assert study.patterns(per=6, facets=last.table).facets == last.table
    with pytest.raises(UsageError, match="must be one of embedded"):
        study.patterns(facets="../answers")


def test_what_is_flagged_and_not_described_is_counted_as_flagged(study: Study, at) -> None:
    with StandIn(faults={"refusal": 0.3}, seed=3) as server:
        at(server)
        study.describe(judge=JUDGE)
        found = statuses(study)
        assert found["refused"]
        patterns = study.patterns(per=6)
        assert (patterns.flagged, patterns.described) == (sum(found.values()), found["described"])
        asked = server.counts.requests
        assert study.describe() is None, "a refusal is an outcome: it is not asked again by itself"
        assert server.counts.requests == asked
        study.describe(retry=["refused"])
        assert statuses(study)["refused"] < found["refused"]


def test_descriptions_in_the_conversations_own_words_are_not_used(study: Study, at) -> None:
    with StandIn(faults={"quoting": 1.0}) as server:
        at(server)
        study.describe(judge=JUDGE)
        found = statuses(study)
        assert found["quoted"] > 10
        assert server.counts.requests > sum(found.values())
    said = [facet.description for facet in facets_of(study.facets()) if facet.status == "quoted"]
    assert said == [None] * len(said)


def test_a_budget_stops_cleanly_and_what_was_answered_is_not_paid_twice(study: Study, at) -> None:
    with StandIn() as server:
        at(server)
        prices = study.path / "prices.toml"
        prices.write_text(
            '["anthropic:claude-test"]\ninput = 1.0\noutput = 5.0\ncontext = 200_000\nmax_output = 4096\n', "utf-8"
        )
        first = study.describe(judge=JUDGE, prices=prices, budget=0.05, concurrency=1)
        assert first is not None
        assert first.ended
        assert statuses(study)["waiting"]
        asked = server.counts.requests
        second = study.describe(judge=JUDGE, prices=prices, concurrency=1)
        assert second is not None
        assert second.ended is None
        assert set(statuses(study)) == {"described"}
        assert server.counts.requests - asked == second.statuses["described"]
        assert server.counts.paid_twice == 0


def test_batches_are_submitted_left_and_collected_by_the_same_call(study: Study, at) -> None:
    with StandIn() as server:
        at(server)
        first = study.describe(judge=JUDGE, batch=True)
        assert first is not None
        assert first.in_batches
        assert set(statuses(study)) == {"waiting"}
        for _ in range(50):
            if study.describe(batch=True) is None or set(statuses(study)) == {"described"}:
                break
            time.sleep(0.1)
        assert set(statuses(study)) == {"described"}
        assert server.counts.paid_twice == 0


def test_nothing_is_sent_to_a_remote_judge_that_was_not_confirmed(study: Study, monkeypatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-never-used")
    seen: list[Proposal] = []
    with pytest.raises(UsageError, match="Not confirmed"):
        study.describe(judge="anthropic:claude-x", confirm=lambda proposal: bool(seen.append(proposal)))
    (share,) = seen[0].shares
    assert share.host == "api.anthropic.com"
    assert share.requests == share.conversations == seen[0].conversations > 0
    with pytest.raises(StudyError, match="No facets"):
        study.facets()


def test_newly_flagged_conversations_are_described_and_nothing_else_is_asked(study: Study, at, tmp_path: Path) -> None:
    with StandIn() as server:
        at(server)
        study.describe(judge=JUDGE)
        before, asked = study.facets().num_rows, server.counts.requests
        study.import_(write_lines(tmp_path / "more.jsonl", [conversation(i) for i in range(12)]), workers=1)
        study.rate(workers=1)
        study.describe()
        assert study.facets().num_rows > before
        assert server.counts.requests - asked == study.facets().num_rows - before


def test_what_was_paid_for_is_noted_beside_its_conversation_so_that_it_can_be_forgotten(study: Study, at) -> None:
    with StandIn() as server:
        at(server)
        study.describe(judge=JUDGE)
    store = sqlite3.connect(study.path / "answers" / "answers.sqlite")
    noted = {row[0] for row in store.execute("select conversation from about")}
    store.close()
    assert noted == {facet.conversation_id for facet in facets_of(study.facets())}


def test_a_judge_that_is_none_and_a_cascade_are_refused_and_a_missing_model_ends_the_run(study: Study, at) -> None:
    for wrong in ("claude", "embedded,ollama:x"):
        with pytest.raises(UsageError):
            study.describe(judge=wrong)
    with StandIn(faults={"401": 1.0}) as server:
        at(server)
        with pytest.raises(ClientError):
            study.describe(judge=JUDGE)
        assert set(statuses(study)) == {"waiting"}


def test_the_facets_are_a_plain_table_for_duckdb(study: Study) -> None:
    study.describe()
    query = f"select status, codes['trajectory'] from '{study.path}/facets/*/*.parquet'"
    rows = duckdb.sql(query).fetchall()
    assert len(rows) == study.facets().num_rows
    assert {row[0] for row in rows} == {"described"}


def test_the_command_makes_them_prints_them_and_uses_whoever_did_last(study: Study, at) -> None:
    runner = CliRunner()
    with StandIn() as server:
        at(server)
        made = runner.invoke(app, ["facets", str(study.path), "--judge", JUDGE])
        assert made.exit_code == 0, made.output
        assert "described." in made.stdout
        asked = server.counts.requests
        lines = runner.invoke(app, ["facets", str(study.path), "--format", "jsonl"]).stdout.splitlines()
        assert len(lines) == study.facets().num_rows
        assert JUDGE.partition(":")[2] in lines[0]
        assert server.counts.requests == asked
    table = runner.invoke(app, ["facets", str(study.path), "--judge", "embedded"]).stdout
    assert "by phrases, without a language model" in table
