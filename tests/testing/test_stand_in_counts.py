"""Counts, caches, what outlives the server, and the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from selfrule.errors import UsageError
from selfrule.testing import questions
from selfrule.testing.server import StandIn
from tests.testing.asking import by_openai, openai_body


def test_the_same_question_paid_for_twice_is_seen() -> None:
    with StandIn(answers="fast") as server, by_openai(server) as client:
        for note in ("", " other", ""):
            client.chat.completions.create(**openai_body(note))
        assert (server.counts.answered, len(server.counts.paid), server.counts.paid_twice) == (3, 2, 1)
        (twice,) = [key for key, times in server.counts.paid.items() if times == 2]
    assert twice == questions.key(json.dumps(openai_body()).encode())


def test_an_address_does_not_depend_on_how_the_json_was_written() -> None:
    body = openai_body(" ü")
    turned = {name: body[name] for name in reversed(body)}
    assert questions.key(json.dumps(body, indent=2).encode()) == questions.key(
        json.dumps(turned, ensure_ascii=False).encode()
    )


def test_a_shared_beginning_is_read_from_the_cache_the_second_time() -> None:
    with StandIn(answers="fast") as server, by_openai(server) as client:
        usages = [client.chat.completions.create(**openai_body(note)).usage for note in ("", " other")]
        assert server.counts.cache_hits == 1
    first, second = (usage.prompt_tokens_details.cached_tokens for usage in usages if usage)  # type: ignore[union-attr]
    assert first == 0
    assert second is not None and second >= 1024 and second % 128 == 0


def test_reset_forgets_counts_and_caches() -> None:
    with StandIn(answers="fast") as server, by_openai(server) as client:
        client.chat.completions.create(**openai_body())
        server.reset()
        assert server.counts.summary()["requests"] == 0
        got = client.chat.completions.create(**openai_body())
        assert got.usage is not None and got.usage.prompt_tokens_details is not None
        assert got.usage.prompt_tokens_details.cached_tokens == 0


def test_counts_files_and_unfinished_batches_outlive_the_server(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    row = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": openai_body()}
    with StandIn(state=state, answers="none", batch_seconds=60) as server, by_openai(server) as client:
        client.chat.completions.create(**openai_body())
        file = client.files.create(file=("in.jsonl", json.dumps(row).encode()), purpose="batch")
        made = client.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"selfrule": "t"}
        )
    with StandIn(state=state, answers="none") as server, by_openai(server) as client:
        assert server.counts.answered == 1
        (found,) = client.batches.list()
        assert (found.id, found.metadata) == (made.id, {"selfrule": "t"})
        for _ in range(100):
            found = client.batches.retrieve(made.id)
            if found.status == "completed":
                break
        assert found.output_file_id is not None
        assert client.files.content(found.output_file_id).text
        assert server.counts.paid_twice == 1
    with StandIn(state=state) as server:
        assert server.counts.answered == 2


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with StandIn() as server, pytest.raises(UsageError, match="port 0"), StandIn(port=server.port):
        pass


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": 70_000},
        {"port": -1},
        {"latency": -1.0},
        {"rate": 0.0},
        {"burst": 0.5},
        {"context": 0},
        {"latency": float("nan")},
    ],
    ids=str,
)
def test_values_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        StandIn(**wrong)


def test_the_environment_leads_both_vendors_packages_here(monkeypatch: pytest.MonkeyPatch) -> None:
    import anthropic
    import openai

    with StandIn() as server:
        for name, value in server.environ().items():
            monkeypatch.setenv(name, value)
        with openai.OpenAI() as client, anthropic.Anthropic() as other:
            assert str(client.base_url).rstrip("/") == server.openai_url
            assert str(other.base_url).rstrip("/") == server.anthropic_url


@contextmanager
def command(*arguments: str) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    with subprocess.Popen(
        [sys.executable, "-m", "selfrule.testing.server", *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline()), process
        finally:
            process.kill()


def test_the_command_says_where_it_listens_counts_and_survives_being_killed(tmp_path: Path) -> None:
    arguments = ("--answers", "fast", "--state", str(tmp_path / "s.sqlite"), "--faults", "429=0", "--seed", "1")
    with command(*arguments) as (told, process):
        chat = f"{told['OPENAI_BASE_URL']}/chat/completions"
        for n in range(5):
            assert httpx2.post(chat, json=openai_body(f" {n}")).status_code == 200
        counts = httpx2.get(f"{told['url']}/__counts?paid=1").json()
        assert counts["answered"] == len(counts["paid"]) == 5
        os.kill(process.pid, signal.SIGKILL)
    with command(*arguments) as (told, process):
        assert httpx2.get(f"{told['url']}/__counts").json()["answered"] == 5
        httpx2.post(f"{told['url']}/__reset")
        assert httpx2.get(f"{told['url']}/__counts").json()["answered"] == 0
        process.terminate()
        assert process.wait(10) == 0


def test_the_command_refuses_a_fault_that_it_does_not_know() -> None:
    command = [sys.executable, "-m", "selfrule.testing.server", "--faults", "flood=1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "There is no fault 'flood'" in done.stderr
