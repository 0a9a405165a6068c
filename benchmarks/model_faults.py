"""Faults and kills: a fifth of all requests fail in one way or another, and the rating process is killed again and again.

What is looked at afterwards: every conversation has an outcome with a type; nothing that was answered is lost; nothing is
paid for twice but what was in flight when the process was killed. The server counts, in a file of its own.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from model_efficiency import prepare
from model_run import fresh
from model_standin import Server, load, table
from selfrule.clients.types import Reply

OWN = Path(__file__).with_name("model_run.py")
FAULTS = {
    "429": 0.005, "429-after": 0.005, "500": 0.025, "503": 0.02, "529": 0.025, "slow": 0.015, "cut": 0.025, "badjson": 0.02,
    "badcontent": 0.01, "empty": 0.005, "refusal": 0.01, "refusal-text": 0.005, "filter": 0.005, "filter-400": 0.005,
    "truncated": 0.01, "schema": 0.005, "no-evidence": 0.0025, "made-up": 0.0025,
}  # fmt: skip
AT_ONCE = 64
LATENCY_S, SLOW_S, TIMEOUT_S = 0.1, 6.0, 3.0


def measure(folder: Path, *, conversations: int, kills: int, seed: int) -> None:
    """Rate with faults and kills and print what came of it."""
    study = prepare(folder, conversations)
    fresh(study)
    state = folder / "stand-in.sqlite"
    state.unlink(missing_ok=True)
    draw = random.Random(seed)
    marks = sorted(draw.sample(range(conversations // 20, conversations), kills))
    faults = ",".join(f"{name}={share}" for name, share in FAULTS.items())
    print(
        f"{conversations:,} conversations, {sum(FAULTS.values()):.0%} of requests with a fault, {kills} kills, {load()}"
    )
    begun = time.perf_counter()
    with Server(latency=LATENCY_S, slow=SLOW_S, faults=faults, seed=seed, state=state) as server:
        command = [
            sys.executable,
            str(OWN),
            "rate",
            str(study),
            "--judge",
            "openai:stand-in",
            "--at-once",
            str(AT_ONCE),
        ]
        command += ["--keep", "--timeout", str(TIMEOUT_S)]
        rows = [
            ["kill", "after answers", "in flight", "kept then", "paid for then", "paid, not kept", "paid twice so far"]
        ]
        for number, mark in enumerate(marks, 1):
            rows.append([str(number), *(f"{value:,}" for value in _killed(command, server, study, mark))])
            print("  ", *rows[-1], flush=True)
        last = _ended(command, server)
        counts, kept = server.counts(), _kept(study)
        again = _ended(command, server)
        after = server.counts()
    seconds = time.perf_counter() - begun
    table(rows)
    most = (len(rows) - 1) * AT_ONCE
    print(f"\nafter {seconds:,.0f} s: outcomes {last['statuses']}")
    print(f"conversations with an outcome: {sum(last['statuses'].values()):,} of {conversations:,}")
    print(f"requests {counts['requests']:,}, statuses {counts['statuses']}, faults {sum(counts['faults'].values()):,}")
    print(f"  by kind {counts['faults']}")
    print(f"answers paid for {counts['answered']:,}, kept {kept:,}: {counts['answered'] - kept} paid for and not kept")
    print(
        f"paid for twice {counts['paid_twice']} (in flight at kills at most {most}); lost on the way {counts['lost']:,}"
    )
    print(f"run once more: {after['answered'] - counts['answered']} paid for, outcomes {again['statuses']}")
    _verdict(last, counts, after, conversations, most)


def _verdict(
    last: dict[str, Any], counts: dict[str, Any], after: dict[str, Any], conversations: int, most: int
) -> None:
    statuses = last["statuses"]
    wrong = []
    if sum(statuses.values()) != conversations or statuses.get("waiting"):
        wrong.append("a conversation has no outcome")
    if counts["paid_twice"] > most:
        wrong.append("more was paid for twice than was in flight")
    if after["answered"] - counts["answered"] > statuses.get("failed", 0):
        wrong.append("a run with nothing to do paid")
    print(
        "Verdict: "
        + ("; ".join(wrong) or "every conversation has its outcome, and only what was in flight was paid again")
    )


def _kept(study: Path) -> int:
    """Paid replies in the study's store. A request that the filter refused is remembered there too, and cost nothing."""
    path = study / "answers" / "answers.sqlite"
    if not path.exists():
        return 0
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        replies = [msgspec.msgpack.decode(blob, type=Reply) for (blob,) in store.execute("select reply from answers")]
    finally:
        store.close()
    return sum(reply.served != "" for reply in replies)


def _killed(command: list[str], server: Server, study: Path, mark: int) -> list[int]:
    """Run until so many answers were paid for, kill -9, and count."""
    child = subprocess.Popen(command, env=_environ(server), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert child.stdout is not None
    while server.counts()["answered"] < mark and child.poll() is None:
        time.sleep(0.02)
    if child.poll() is not None:
        raise SystemExit(f"It ended before it could be killed: {child.stdout.read().decode()[-500:]}")
    flying = server.counts()["in_flight"]
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    time.sleep(1.0)  # the server sees that its client has gone
    counts, kept = server.counts(), _kept(study)
    return [counts["answered"], flying, kept, counts["answered"], counts["answered"] - kept, counts["paid_twice"]]


def _environ(server: Server) -> dict[str, str]:
    return os.environ | server.environ


def _ended(command: list[str], server: Server) -> dict[str, Any]:
    done = subprocess.run(command, env=_environ(server), capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode()[-3000:])
    said: dict[str, Any] = msgspec.json.decode(done.stdout.splitlines()[-1])
    return said
