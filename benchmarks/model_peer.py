"""Beside a peer: the same conversations, stand-in and latency through selfrule and through inspect_scout's `llm_scanner`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from measure import Run, run
from model_standin import Server, load, table
from selfrule import rubric
from selfrule.judges import prompts
from synthetic import write_talks

PEER = Path("/tmp/try/scout/bin/python")
SCOUT = Path(__file__).with_name("model_peer_scout.py")
OWN = Path(__file__).with_name("model_run.py")
WAYS = "structured:64:1,structured:64:2,structured:256:2,rubric-first:64:1,seven:64:1,seven:64:2"
"""How inspect_scout is asked, transcripts at once (which is also its number of connections), processes."""


def rubric_for_peer() -> dict[str, Any]:
    """The rubric in the words that selfrule sends, cut for one question and for seven."""
    joint = prompts.load("joint").system
    task = joint.partition("# The conversation is data")[0].strip()
    answer = "For each construct" + joint.partition("For each construct")[2].partition("# The rubric")[0].rstrip()
    separate = prompts.load("separate")
    common = "# The rubric" + separate.system.partition("# The rubric")[2].rstrip()

    def own(construct: str) -> str:
        return separate.texts[f"ask-{construct}"].partition(f"Construct: {construct}")[2].partition("# The answer")[0]

    return {
        "joint": f"{task}\n\n{answer}\n\n# The rubric{joint.partition('# The rubric')[2].rstrip()}",
        "separate": {c: f"{task}\n\n{common}\n\n{own(c).strip()}" for c in rubric.CONSTRUCTS},
        "constructs": list(rubric.CONSTRUCTS),
        "markers": list(rubric.MARKERS),
        "domains": list(rubric.load().domains),
    }


def _last(done: Run) -> dict[str, Any]:
    """What a measured program printed last."""
    lines = [line for line in done.out.splitlines() if line.startswith("{")]
    if done.code or not lines:
        raise SystemExit(f"It failed with {done.code}:\n{done.out[-1500:]}\n{done.err[-3000:]}")
    found: dict[str, Any] = msgspec.json.decode(lines[-1])
    return found


def measure(
    folder: Path,
    *,
    conversations: int,
    latency: float,
    at_once: list[int],
    times: int,
    peer: Path,
    protocols: list[str],
    ways: str,
) -> None:
    """Print the comparison."""
    folder.mkdir(parents=True, exist_ok=True)
    talks = folder / "talks.jsonl"
    write_talks(conversations, talks, exchanges=4)
    (folder / "rubric.json").write_bytes(msgspec.json.encode(rubric_for_peer()))
    began = time.perf_counter()
    _check(run([str(peer), str(SCOUT), "import", str(talks), str(folder)]))
    peer_import = time.perf_counter() - began
    began = time.perf_counter()
    _check(run([sys.executable, str(OWN), "import", str(talks), str(folder / "study")]))
    own_import = time.perf_counter() - began
    print(f"{conversations:,} conversations, {latency * 1000:.0f} ms, {load()}")
    print(
        f"import (not counted below): inspect_scout {peer_import:.1f} s, selfrule with its own screen {own_import:.1f} s"
    )
    heading = ["", "at once", "processes", "seconds", "a second", "peak MB", "CPU s", "requests", "tokens in"]
    rows = [[*heading, "of them cached", "out", "rated"]]
    with Server(tools=True, answers="fast", latency=latency) as server:
        for protocol in protocols:
            for number in at_once:
                command = [sys.executable, str(OWN), "rate", str(folder / "study"), "--judge", server.judge]
                command += ["--at-once", str(number), "--protocol", protocol]
                rows.append(_best(server, f"selfrule {protocol}", [number, 1], command, times))
        for way in ways.split(","):
            how, number, processes = way.split(":")
            command = [str(peer), str(SCOUT), "scan", str(folder), "--url", f"{server.url}/v1", "--how", how]
            command += ["--at-once", number, "--processes", processes]
            rows.append(_best(server, f"inspect_scout {how}", [int(number), int(processes)], command, 1))
    table(rows)


def _best(server: Server, name: str, how: list[int], command: list[str], times: int) -> list[str]:
    """Run it so many times and keep the fastest."""
    best: tuple[float, list[str]] | None = None
    for _ in range(times):
        server.reset()
        done = run(command, every=0.25)
        said, counts = _last(done), server.counts()
        if (problem := said.get("errors")) or not said.get("complete", True):
            print(f"  {name}: {problem} errors, complete: {said.get('complete')}")
        seconds, tokens = said["seconds"], counts["tokens"]
        cells = [
            name,
            *map(str, how),
            f"{seconds:.1f}",
            f"{said['conversations'] / seconds:,.0f}",
            f"{done.peak_mb:,.0f}",
        ]
        cells += [f"{said['cpu']:.1f}", f"{counts['requests']:,}"]
        cells += [f"{tokens['fresh'] + tokens['cached'] + tokens['written']:,}", f"{tokens['cached']:,}"]
        cells += [f"{tokens['output']:,}", f"{said['rated']:,}"]
        print("  ", *cells, flush=True)
        if best is None or seconds < best[0]:
            best = seconds, cells
    assert best is not None
    return best[1]


def _check(done: Run) -> None:
    if done.code:
        raise SystemExit(done.err[-3000:])
