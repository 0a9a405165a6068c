"""selfrule's side of every measurement, in a process of its own; prints one line of JSON.

    python benchmarks/model_run.py import CONVERSATIONS.jsonl STUDY
    python benchmarks/model_run.py rate STUDY --judge NAME [--protocol joint] [--at-once 64]

`import` also screens and rates with the embedded judge, which every study does first. `rate` lets the model judge rate every
conversation (no screen), into a table of its own that is not there yet: what was answered before is thrown away first.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import time
from collections import Counter
from pathlib import Path

from selfrule import Study
from selfrule.study.study import Quiet, create


def read(conversations: Path, folder: Path) -> None:
    """A study with its conversations screened and rated by the embedded judge."""
    shutil.rmtree(folder, ignore_errors=True)
    study = create(folder)
    study.import_(conversations)
    study.rate()


def fresh(folder: Path) -> Study:
    """The study without anything that a model judge has left in it."""
    shutil.rmtree(folder / "answers", ignore_errors=True)
    for table in (folder / "ratings").iterdir():
        if not table.name.startswith("embedded-"):
            shutil.rmtree(table)
    return Study.open(folder)


class Clock(Quiet):
    """Notes when each conversation is done with."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def stage(self, name: str, total: int, unit: str) -> None:
        """A stage begins; the last one is the one looked at."""
        self.at = []

    def advance(self, done: int) -> None:
        """So many more."""
        self.at += [time.perf_counter()] * done


def under_way(at: list[float]) -> float:
    """Seconds a conversation once things are under way: from the tenth to the nineteenth twentieth."""
    at = sorted(at)
    first, last = len(at) // 10, len(at) * 19 // 20
    return (at[last] - at[first]) / (last - first)


def rate(folder: Path, judge: str, protocol: str, at_once: int, *, keep: bool = False) -> None:
    """Rate everything and say how long it took."""
    study = Study.open(folder) if keep else fresh(folder)
    before = resource.getrusage(resource.RUSAGE_SELF)
    clock, begun = Clock(), time.perf_counter()
    done = study.rate(
        judge=judge,
        protocol=protocol,
        screen=False,
        concurrency=at_once,
        confirm=True,
        watcher=clock,
    )
    seconds = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_SELF)
    statuses = Counter(study.ratings()["status"].to_pylist())
    said = {
        "seconds": seconds,
        "under_way": under_way(clock.at),
        "cpu": used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime,
        "conversations": sum(n for status, n in statuses.items() if status != "duplicate"),
        "rated": statuses["rated"],
        "statuses": dict(statuses),
        "models": [[m.requests, m.kept, m.faults] for one in done for m in one.models],
    }
    print(json.dumps(said))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["import", "rate"])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--judge", default="")
    parser.add_argument("--protocol", default="joint")
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--keep", action="store_true", help="go on where an earlier run was stopped")
    parser.add_argument("--timeout", type=float, help="seconds to wait for an answer, instead of the usual 300")
    given = parser.parse_args()
    if given.timeout:
        from selfrule.clients.caller import Caller

        Caller.__init__.__kwdefaults__["timeout"] = given.timeout  # type: ignore[index]
    if given.what == "import":
        read(*given.paths)
    else:
        rate(given.paths[0], given.judge, given.protocol, given.at_once, keep=given.keep)
