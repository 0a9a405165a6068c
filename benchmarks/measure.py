"""Run a command and measure it: wall seconds, CPU seconds, and the peak memory of it and all its workers together."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

SELFRULE = [sys.executable, "-m", "selfrule"]


@dataclass(frozen=True)
class Run:
    """What a command cost. `peak_mb` is the sum over its processes of proportional set size (shared pages once)."""

    seconds: float
    peak_mb: float
    code: int
    out: str
    err: str


def _memory(process: psutil.Process) -> float:
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / 1e6


def run(command: list[str], *, every: float = 1.0) -> Run:
    """Run a command to its end, looking at its memory every second."""
    begun = time.perf_counter()
    # files, not pipes: a pipe that nobody empties would stop a command that says much
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
        subprocess.Popen(command, stdout=out, stderr=err) as child,
    ):
        process = psutil.Process(child.pid)
        peak = 0.0
        while child.poll() is None:
            try:
                peak = max(peak, _memory(process))
            except psutil.NoSuchProcess:
                break
            time.sleep(every)
        seconds = time.perf_counter() - begun
        out.seek(0)
        err.seek(0)
        return Run(seconds, peak, child.wait(), out.read(), err.read())


def selfrule(*arguments: str | Path) -> Run:
    """Run a selfrule command."""
    return run([*SELFRULE, *map(str, arguments)])
