"""What a run shows while it works: a progress bar on a terminal, a quiet plain log elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selfrule.study.importing import Found
    from selfrule.study.study import Watcher

_EVERY = 10.0  # seconds between lines of the plain log
_NAMED = 5  # files of one format named one by one


def plain(text: str) -> str:
    """Text from outside made safe for a terminal: control characters become visible, so none can move the cursor."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text.encode("utf-8", "replace").decode())


class _Announcer:
    """Which format each entry was recognised as, and why; of many alike, the first few and how many more."""

    def __init__(self) -> None:
        self._alike: Counter[tuple[str, str]] = Counter()

    def line(self, found: Found) -> str | None:
        """What to say of an entry, if anything."""
        kind = (found.reader, found.reason)
        self._alike[kind] += 1
        if self._alike[kind] > _NAMED:
            return None
        return f"{plain(found.label)}: {found.reader} ({plain(found.reason)})"

    def rest(self) -> list[str]:
        """What to say of those not named; once."""
        more = [
            f"... and {number - _NAMED:,} more files: {reader} ({plain(reason)})"
            for (reader, reason), number in self._alike.items()
            if number > _NAMED
        ]
        self._alike.clear()
        return more


class Log:
    """A line when something begins and every ten seconds while it lasts, on standard error."""

    def __init__(self) -> None:
        self._announcer = _Announcer()
        self._name, self._unit = "", ""
        self._total = self._done = 0
        self._begun = self._last = 0.0

    def found(self, found: Found) -> None:
        """Say which format an entry was recognised as, and why."""
        line = self._announcer.line(found)
        if line is not None:
            sys.stderr.write(line + "\n")

    def stage(self, name: str, total: int, unit: str) -> None:
        """Begin a stage."""
        self._name, self._total, self._unit, self._done = name, total, unit, 0
        self._begun = self._last = time.monotonic()

    def advance(self, done: int) -> None:
        """Say how far it is, now and then."""
        self._done += done
        now = time.monotonic()
        if now - self._last >= _EVERY:
            self._last = now
            rate = self._done / (now - self._begun)
            left = (self._total - self._done) / rate if rate else 0
            scale, unit = (1e6, "MB") if self._unit == "bytes" else (1, self._unit)
            sys.stderr.write(
                f"{self._name}: {self._done / scale:,.0f} of {self._total / scale:,.0f} {unit}, "
                f"{rate / scale:,.0f} a second, {left:,.0f} s left\n"
            )

    def done(self) -> None:
        """End a stage."""
        sys.stderr.writelines(line + "\n" for line in self._announcer.rest())
        sys.stderr.flush()


class Bar:
    """A progress bar with rate and time left, on standard error."""

    def __init__(self) -> None:
        from rich.console import Console

        self._announcer = _Announcer()
        self._console = Console(stderr=True)
        self._progress: Any = None
        self._task: Any = None

    def found(self, found: Found) -> None:
        """Say which format an entry was recognised as, and why."""
        self._say(self._announcer.line(found))

    def _say(self, line: str | None) -> None:
        if line is not None:
            self._console.print(line, style="dim", markup=False, highlight=False)

    def stage(self, name: str, total: int, unit: str) -> None:
        """Begin a stage."""
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.text import Text

        class Rate(ProgressColumn):
            def render(self, task: Any) -> Text:
                return Text(f"{task.speed:,.0f}/s" if task.speed else "")

        amounts: tuple[ProgressColumn, ...] = (DownloadColumn(), TransferSpeedColumn())
        if unit != "bytes":
            amounts = (MofNCompleteColumn(), Rate())
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            *amounts,
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._progress.start()
        self._task = self._progress.add_task(name, total=total)

    def advance(self, done: int) -> None:
        """Move the bar."""
        if self._progress is not None:
            self._progress.advance(self._task, done)

    def done(self) -> None:
        """End a stage."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
        for line in self._announcer.rest():
            self._say(line)


def watcher() -> Watcher:
    """The bar on a terminal, the log elsewhere."""
    return Bar() if sys.stderr.isatty() else Log()
