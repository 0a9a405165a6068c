"""How much of a bare loop's speed is left once answers are read, checked, kept durably and written into a study."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from model_bare import write_bodies
from model_run import read
from model_standin import Server, load, table
from synthetic import write_talks

BARE = Path(__file__).with_name("model_bare.py")
OWN = Path(__file__).with_name("model_run.py")
JUDGES = {"openai": "openai:stand-in", "anthropic": "anthropic:claude-stand-in"}


def prepare(folder: Path, conversations: int) -> Path:
    """A study of synthetic conversations, about 1.3 kB each, rated by the embedded judge."""
    study = folder / f"study-{conversations}"
    if not (study / "manifest.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        talks = folder / f"talks-{conversations}.jsonl"
        write_talks(conversations, talks, exchanges=4)
        read(talks, study)
    return study


def measure(
    folder: Path, *, conversations: list[int], at_once: list[int], latency: float, times: int, flavours: list[str]
) -> None:
    """Print conversations a second of selfrule and of both bare loops, best of so many rounds, and the ratios.

    The three take turns, so that whatever else the machine does falls on all of them.
    """
    rows = [
        ["", "at once", "conversations", "bare aiohttp", "bare SDK", "selfrule", "to aiohttp", "to SDK", "CPU ms each"]
    ]
    for flavour in flavours:
        judge = JUDGES[flavour]
        for number, many in zip(at_once, conversations, strict=True):
            study = prepare(folder, many)
            bodies = folder / f"bodies-{flavour}-{many}.jsonl"
            with Server(answers="fast", latency=latency) as server:
                environ = os.environ | server.environ
                write_bodies(study, judge, bodies, server.environ)
                bare = [sys.executable, str(BARE), "HOW", str(bodies), "--flavour", flavour, "--url", server.url]
                own = [sys.executable, str(OWN), "rate", str(study), "--judge", judge]
                best: dict[str, dict[str, Any]] = {}
                for turn in range(times):
                    for how in ("aiohttp", "selfrule", "sdk"):
                        command = own if how == "selfrule" else [how if part == "HOW" else part for part in bare]
                        said = _run([*command, "--at-once", str(number)], environ, server)
                        print(
                            f"  {flavour} {number} round {turn + 1} {how}: {said['rate']:,.0f} a second, "
                            f"{said['steady']:,.0f} once under way, CPU "
                            f"{said['cpu']:.1f} s of {said['seconds']:.1f} s, server CPU {said['server']:.1f} s, {load()}",
                            flush=True,
                        )
                        before = best.setdefault(how, said)
                        best[how] = before | {f: max(said[f], before[f]) for f in ("rate", "steady")}
                        best[how]["cpu"] = min(said["cpu"], before["cpu"])
            each = "/".join(f"{1000 * best[how]['cpu'] / many:.2f}" for how in ("aiohttp", "sdk", "selfrule"))
            for figure in ("rate", "steady"):
                one = {how: said[figure] for how, said in best.items()}
                rows.append(
                    [
                        f"{flavour}, {'all in all' if figure == 'rate' else 'once under way'}",
                        str(number),
                        f"{many:,}",
                        *(f"{one[how]:,.0f}" for how in ("aiohttp", "sdk", "selfrule")),
                        f"{one['selfrule'] / one['aiohttp']:.2f}",
                        f"{one['selfrule'] / one['sdk']:.2f}",
                        each,
                    ]
                )
    print(f"conversations a second at {latency * 1000:.0f} ms, best of {times}; CPU: aiohttp/SDK/selfrule")
    table(rows)


def _run(command: list[str], environ: dict[str, str], server: Server) -> dict[str, Any]:
    server.reset()
    before = server.cpu
    done = subprocess.run(command, env=environ, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode()[-3000:])
    said: dict[str, Any] = msgspec.json.decode(done.stdout.splitlines()[-1])
    if said.get("rated", said["conversations"]) != said["conversations"]:
        raise SystemExit(f"Not all were rated: {said}")
    said["steady"] = 1 / said["under_way"]
    return said | {"rate": said["conversations"] / said["seconds"], "server": server.cpu - before}
