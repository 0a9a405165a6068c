"""Studies rated by language models, over real HTTP against the stand-in server: nothing lost, nothing paid twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import selfrule
from selfrule.errors import ClientError, UsageError
from selfrule.records import Rating
from selfrule.rubric import CONSTRUCTS
from selfrule.study.costs import Proposal
from selfrule.testing.server import StandIn
from tests.study.material import conversation, write_lines

SELFRULE = [sys.executable, "-m", "selfrule"]
JUDGE = "anthropic:claude-test"


@pytest.fixture
def study(tmp_path: Path) -> selfrule.Study:
    log = write_lines(tmp_path / "log.jsonl", [conversation(i) for i in range(40)])
    made = selfrule.create(tmp_path / "study")
    made.import_(log, workers=1)
    return made


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):
    """Point every provider's environment at a stand-in."""

    def point(server: StandIn) -> None:
        for name, value in server.environ().items():
            monkeypatch.setenv(name, value)

    return point


def statuses(study: selfrule.Study) -> Counter[str]:
    return Counter(row["status"] for row in study.ratings().to_pylist())


@pytest.mark.parametrize("protocol", ["joint", "separate", "logprobs"])
@pytest.mark.parametrize("judge", ["anthropic:claude-test", "openai:gpt-test", "ollama:qwen-test", "openai-compatible"])
def test_every_provider_rates_in_every_protocol_that_it_has(study, at, judge: str, protocol: str) -> None:
    with StandIn() as server:
        at(server)
        if judge == "openai-compatible":
            judge += f":{server.openai_url}#any"
        if (judge.split(":")[0], protocol) == ("anthropic", "logprobs"):
            with pytest.raises(UsageError, match="log-probabilities"):
                study.rate(judge=judge, protocol=protocol)
            return
        study.rate(judge=judge, protocol=protocol)
    assert statuses(study) == {"rated": 40}
    for row in study.ratings().to_pylist():
        assert row["judge"].startswith(judge.split(":")[0])
        for construct in CONSTRUCTS:
            assert row["levels"][construct] in (0, 1, 2, 3)
            assert row["evidence"][construct] or not row["levels"][construct]
            if protocol == "logprobs":
                assert sum(row["probabilities"][construct]) == pytest.approx(1, abs=1e-4)
        assert row["domains"]


def test_a_second_run_asks_nothing(study, at) -> None:
    with StandIn() as server:
        at(server)
        study.rate(judge=JUDGE)
        first = server.counts.requests
        study.rate(judge=JUDGE)
        assert server.counts.requests == first == 40


def test_ratings_lost_are_made_again_from_what_was_paid_for(study, at) -> None:
    with StandIn() as server:
        at(server)
        study.rate(judge=JUDGE)
        before = study.ratings()
        for path in (study.path / "ratings" / study.manifest["tables"]["judge"]).glob("*.parquet"):
            path.unlink()
        summary = study.rate(judge=JUDGE)[0]
        assert server.counts.requests == 40
        assert (summary.models[0].requests, summary.models[0].kept) == (0, 40)
        assert study.ratings() == before


FAULTS = (
    "429=0.04,429-after=0.04,500=0.03,503=0.02,529=0.02,cut=0.03,badjson=0.03,"
    "refusal=0.04,filter=0.03,truncated=0.03,schema=0.03"
)


def test_with_a_third_of_requests_faulty_every_conversation_ends_in_a_typed_outcome_and_none_is_paid_twice(
    study, at
) -> None:
    with StandIn(faults=FAULTS, seed=3) as server:
        at(server)
        study.rate(judge=JUDGE)
        assert sum(statuses(study).values()) == 40
        assert set(statuses(study)) <= {"rated", "refused", "filtered", "truncated", "unparseable", "failed"}
        assert server.counts.paid_twice == 0
    for row in study.ratings().to_pylist():
        if row["status"] != "rated":
            assert row["reason"]
            assert not any((row["levels"] or {}).values())


def test_a_refusal_is_no_level_is_counted_as_missing_and_asked_again_only_when_told(study, at) -> None:
    with StandIn(faults="refusal=1") as server:
        at(server)
        study.rate(judge=JUDGE)
        assert statuses(study) == {"refused": 40}
        flagged = next(e for e in study.estimate_list() if e.construct == "flagged" and not e.group)
        assert (flagged.share, flagged.missing) == (None, 40)
        asked = server.counts.requests
        study.rate(judge=JUDGE)
        assert server.counts.requests == asked
    with StandIn() as server:
        at(server)
        study.rate(judge=JUDGE, retry=["refused"])
        assert statuses(study) == {"rated": 40}


def prices(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_a_budget_is_kept_and_what_was_not_asked_waits_until_there_is_more(study, at, tmp_path: Path) -> None:
    file = prices(tmp_path / "models.toml", '["anthropic:claude-test"]\ninput = 10.0\noutput = 50.0\n')
    with StandIn() as server:
        at(server)
        summary = study.rate(judge=JUDGE, prices=file, budget=0.7)[0]
        assert "budget" in (summary.ended or "")
        assert 0 < (summary.models[0].cost or 0) <= 0.7
        assert statuses(study)["waiting"] > 0
        assert statuses(study)["rated"] > 0
        study.rate(judge=JUDGE, prices=file, budget=1000.0)
        assert statuses(study) == {"rated": 40}
        assert server.counts.paid_twice == 0


def test_a_budget_for_a_model_of_unknown_price_is_refused_before_anything_is_sent(study, at, tmp_path: Path) -> None:
    with StandIn() as server:
        at(server)
        with pytest.raises(UsageError, match="price"):
            study.rate(judge="openai-compatible:http://models.example.org/v1#x", budget=1.0, confirm=True)
        assert server.counts.requests == 0


def test_nothing_is_sent_to_a_remote_judge_that_was_not_confirmed(study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    shown: list[Proposal] = []

    def no(proposal: Proposal) -> bool:
        shown.append(proposal)
        return False

    with pytest.raises(UsageError, match="none was"):
        study.rate(judge=JUDGE, confirm=no)
    with pytest.raises(UsageError, match="none was"):
        study.rate(judge=JUDGE)
    assert shown[0].remote == ("api.anthropic.com",)
    assert shown[0].conversations == 40
    assert shown[0].shares[0].usage.input > 40 * 3000


def test_no_key_is_said_in_one_sentence(study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ClientError, match="OPENAI_API_KEY"):
        study.rate(judge="openai:gpt-test", confirm=True)


def test_no_key_is_ever_written_into_the_study(study, at) -> None:
    with StandIn() as server:
        at(server)
        for name, value in server.environ().items():
            if name.endswith("KEY"):
                os.environ[name] = value + "-secret-0451"
        study.rate(judge=[JUDGE, "openai:gpt-test"])
        study.report()
    for path in study.path.rglob("*"):
        assert path.is_dir() or b"secret-0451" not in path.read_bytes(), path


def test_a_cascade_records_who_decided(study, at) -> None:
    with StandIn() as server:
        at(server)
        study.rate(judge=f"embedded,{JUDGE}")
    rows = study.ratings().to_pylist()
    assert statuses(study) == {"rated": 40}
    for row in rows:
        handed = [mark for mark in row["marks"] if mark.startswith("handed_over:embedded")]
        assert bool(handed) == row["judge"].startswith("anthropic")
    assert {row["judge"].split("-")[0].split(":")[0].split("@")[0] for row in rows} == {"embedded", "anthropic"}


def test_a_panel_rates_the_same_conversations_and_reports_the_first(study, at) -> None:
    with StandIn() as server:
        at(server)
        study.rate(judge=[JUDGE, "openai:gpt-test"])
    assert all(row["judge"].startswith("anthropic") for row in study.ratings().to_pylist())
    assert [known["spec"] for known in study.manifest["judges"]] == ["embedded", JUDGE, "openai:gpt-test"]


class Mild:
    """A judge of the user's own."""

    label = "mine-1"

    def rate(self, conversations: Any) -> list[Rating]:
        return [
            Rating(
                c.conversation_id, c.content_hash, "rated", self.label, "1.1",
                levels=dict.fromkeys(CONSTRUCTS, 1), evidence={name: [0] for name in CONSTRUCTS},
            )
            for c in conversations
        ]  # fmt: skip


def test_any_object_with_a_label_and_rate_is_a_judge(study) -> None:
    study.rate(judge=Mild())
    assert statuses(study) == {"rated": 40}
    assert {row["judge"] for row in study.ratings().to_pylist()} == {"mine-1"}
    again = selfrule.Study.open(study.path)
    assert {row["judge"] for row in again.ratings().to_pylist()} == {"mine-1"}


def test_the_screen_spares_a_paid_judge_what_it_drops_and_a_drawn_share_measures_it(study, at) -> None:
    with StandIn() as server:
        at(server)
        study.rate(judge=JUDGE, check=0.4)
        rows = study.ratings().to_pylist()
        assert server.counts.requests == sum(row["status"] == "rated" for row in rows) < 40
    for row in rows:
        dropped = row["screen"]["keep"] is False
        assert row["status"] == "rated" or dropped
        if dropped and row["status"] == "rated":
            assert row["inclusion"] == pytest.approx(0.4)
        assert row["domains"], "domains of what was not rated come from the embedded judge"


def test_batches_are_submitted_left_and_collected_by_the_same_command(study, at) -> None:
    with StandIn() as server:
        at(server)
        first = study.rate(judge=JUDGE, batch=True)[0]
        assert first.in_batches == 40
        assert statuses(study) == {"waiting": 40}
        for _ in range(50):
            again = study.rate(judge=JUDGE, batch=True)[0]
            if not again.in_batches:
                break
            time.sleep(0.1)
        assert statuses(study) == {"rated": 40}
        assert server.counts.paid_twice == 0


def test_a_run_killed_ten_times_pays_for_nothing_that_was_answered(tmp_path: Path) -> None:
    log = write_lines(tmp_path / "log.jsonl", [conversation(i) for i in range(120)])
    state = tmp_path / "server.json"
    with StandIn(latency=0.05, state=state) as server:
        env = os.environ | server.environ() | {"PYTHONDONTWRITEBYTECODE": ""}
        command = [*SELFRULE, "audit", str(log), "-o", str(tmp_path / "study"), "--judge", JUDGE, "--concurrency", "4"]
        for kill in range(10):
            process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            asked, deadline = server.counts.requests, time.monotonic() + 30
            while process.poll() is None and server.counts.requests < asked + 8 and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
            if kill == 9 or process.returncode == 0:
                break
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        study = selfrule.Study.open(tmp_path / "study")
        assert statuses(study) == {"rated": 120}
        assert server.counts.paid_twice <= 4 * (kill + 1), "at most those in flight at a kill are paid again"
