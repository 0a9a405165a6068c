"""The stand-in server in a process of its own, as the measurements of model judges use it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen

import msgspec
import psutil

MODEL = "stand-in"
WITH_TOOLS = Path(__file__).with_name("model_tools.py")


class Server:
    """A stand-in in a process of its own; a context manager.

    Args:
        options: Of `python -m selfrule.testing.server`, names without dashes: latency=0.2, faults="429=0.05".
        tools: Serve answers by tool call too, which inspect_scout asks for (see `model_tools`).
    """

    def __init__(self, *, tools: bool = False, **options: Any) -> None:
        program = [str(WITH_TOOLS)] if tools else ["-m", "selfrule.testing.server"]
        given = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        self._command = [sys.executable, *program, *given]
        self._process: subprocess.Popen[bytes] | None = None
        self.environ: dict[str, str] = {}
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.environ = msgspec.json.decode(self._process.stdout.readline())
        self.url = self.environ.pop("url")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def judge(self) -> str:
        """The stand-in as a judge's name, by OpenAI's compatible interface."""
        return f"openai-compatible:{self.url}/v1#{MODEL}"

    @property
    def cpu(self) -> float:
        """Seconds of processor time it has used."""
        assert self._process is not None
        times = psutil.Process(self._process.pid).cpu_times()
        return times.user + times.system

    def counts(self, *, paid: bool = False) -> dict[str, Any]:
        """What it counted since the start or the last reset."""
        with urlopen(f"{self.url}/__counts{'?paid=1' if paid else ''}", timeout=30) as reply:
            found: dict[str, Any] = msgspec.json.decode(reply.read())
        return found

    def reset(self) -> None:
        """Forget counts and caches."""
        urlopen(Request(f"{self.url}/__reset", method="POST"), timeout=30).close()


def load() -> str:
    """How busy the machine is besides: the load of the last minute over its cores."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def table(rows: list[list[str]]) -> None:
    """Print rows in columns; the first is the heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        print("  ".join(cells).rstrip())
        if not number:
            print("  ".join("-" * width for width in widths))
    sys.stdout.flush()
