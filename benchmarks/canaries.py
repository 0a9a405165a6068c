"""Canaries over seeds: what leaks, out of how much, and how many patterns are released all the same.

    python benchmarks/canaries.py run SEED... --to FILE [--hostile] [--rotate]    # seeds in FILE are passed over
    python benchmarks/canaries.py table FILE...

A seed plants some 930 invented names, numbers, mails, addresses and phrases in 1,000 conversations of 200 persons, runs every
command with --shareable, the report, the patterns, and commands that fail on purpose, and searches every byte. With --rotate
a seed runs some of the commands beside audit, patterns and report, and the next seed others. With --hostile a stand-in for a
language model describes, and copies the words of conversations into whatever it is asked.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from selfrule.testing.canaries import selftest


def one(seed: int, hostile: bool, rotate: bool) -> dict[str, Any]:
    """One seed, in a folder of its own that is deleted."""
    folder = Path(tempfile.mkdtemp(prefix="canaries-"))
    began = time.monotonic()
    try:
        sweep = selftest.part(seed) if rotate else selftest.WHOLE
        result = selftest.run(folder, seed=seed, sweep=sweep, model=hostile)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return result.summary() | {"hostile": hostile, "seconds": round(time.monotonic() - began, 1)}


def run(seeds: list[int], to: Path, hostile: bool, rotate: bool) -> None:
    """Every seed that is not in the file yet."""
    done = {(r["seed"], r["hostile"]) for r in _read([to])}
    for seed in seeds:
        if (seed, hostile) in done:
            continue
        row = one(seed, hostile, rotate)
        with to.open("a") as handle:
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")
        print(
            f"seed {seed}: {row['patterns']} patterns, {len(row['leaks'])} leaks, {len(row['violations'])} violations, "
            f"{len(row['failed'])} failed, {row['seconds']} s",
            flush=True,
        )


def table(paths: list[Path]) -> None:
    """What all seeds found, as a table in Markdown."""
    rows = _read(paths)
    print("| run | seeds | canaries | outputs searched | bytes | patterns released | leaks | too small |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for hostile, title in ((False, "embedded rules"), (True, "hostile language model")):
        some = [r for r in rows if r["hostile"] == hostile]
        if not some:
            continue
        surfaces = sum((Counter(r["surfaces"]) for r in some), Counter[str]())
        patterns = sorted(r["patterns"] for r in some)
        print(
            f"| {title} | {len(some)} | {sum(r['canaries'] for r in some):,} | {sum(surfaces.values()):,} "
            f"({surfaces['shareable']:,} shareable) | {sum(r['bytes'] for r in some) / 1e6:,.0f} MB | "
            f"{patterns[0]} to {patterns[-1]} (median {patterns[len(patterns) // 2]}) | "
            f"{sum(len(r['leaks']) for r in some)} | {sum(len(r['violations']) for r in some)} |"
        )
    for row in rows:
        for leak in row["leaks"]:
            print(f"seed {row['seed']}: {leak}", file=sys.stderr)


def _read(paths: list[Path]) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths if path.exists() for line in path.read_text().splitlines()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "table"))
    parser.add_argument("rest", nargs="+")
    parser.add_argument("--to", type=Path, default=Path("canaries.jsonl"))
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--rotate", action="store_true")
    given = parser.parse_args()
    if given.what == "run":
        run([int(seed) for seed in given.rest], given.to, given.hostile, given.rotate)
    else:
        table([Path(path) for path in given.rest])
