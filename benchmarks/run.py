"""The long measurements: `make bench`, or `python benchmarks/run.py NAME...` for some of them.

Names: real, import, rate, memory, chatgpt, startup. Everything synthetic is made on the spot, in a temporary folder (about
12 GB for all of them); real sets are read in place from ../shared/data and skipped where that is not there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from measure import run, selfrule
from synthetic import write, write_chatgpt, write_talks

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL = ["hh-rlhf", "spiral-bench", "oasst", "syco-bench", "llms-as-therapists", "smile", "kokorochat", "inspect-logs"]


def real(folder: Path) -> None:
    """Audit every real set: conversations in, rated, problems, seconds, peak memory."""
    if not DATA.is_dir():
        print("real: skipped, no ../shared/data here")
        return
    print("set | in | unique | rated | skipped | repaired | seconds | peak MB")
    for name in REAL:
        study = folder / f"real-{name}"
        done = selfrule("audit", DATA / "raw" / name, "-o", study)
        if done.code:
            print(name, "failed:", done.err[-300:])
            continue
        import selfrule as package

        opened = package.Study.open(study)
        rows = opened.ratings()["status"].to_pylist()
        problems = [r["severity"] for r in opened.problems().to_pylist()]
        print(
            f"{name} | {len(rows)} | {sum(s != 'duplicate' for s in rows)} | {rows.count('rated')} | "
            f"{problems.count('skipped')} | {problems.count('repaired')} | {done.seconds:.1f} | {done.peak_mb:.0f}"
        )


def import_(folder: Path, rows: int = 1_500_000) -> None:
    """Import synthetic conversations, as a ratio to duckdb copying the same file to Parquet."""
    log = folder / "synthetic.jsonl"
    if not log.exists():
        write(rows, log)
    print(f"import: {rows:,} conversations, {log.stat().st_size / 1e9:.2f} GB")
    copy = (
        "import duckdb; duckdb.sql(\"copy (select * from read_json('{}', format='newline_delimited')) "
        "to '{}' (format parquet)\")"
    ).format(log, folder / "duck.parquet")
    rates = {}
    for name, command in {
        "duckdb": [sys.executable, "-c", copy],
        "selfrule": [sys.executable, "-m", "selfrule", "import", str(log), "-o", str(folder / "import-study")],
        "duckdb again": [sys.executable, "-c", copy],
    }.items():
        done = run(command)
        rates[name] = rows / done.seconds
        print(
            f"  {name}: {rates[name]:,.0f} rows/s, {done.seconds:.0f} s, peak {done.peak_mb:.0f} MB, exit {done.code}"
        )
    best = max(rates["duckdb"], rates["duckdb again"])
    print(f"  ratio to the better duckdb run: {rates['selfrule'] / best:.2f}")


def rate(folder: Path) -> None:
    """Screen and rate: conversations a second on all cores, and what 1.5 million would take."""
    sets = [DATA / "raw" / name for name in ("hh-rlhf", "oasst", "smile", "spiral-bench")] if DATA.is_dir() else []
    talks = folder / "rate.jsonl"
    write_talks(20_000, talks, exchanges=4)
    for name, inputs in {"real sets": sets, "written, about 2 kB": [talks]}.items():
        if not inputs:
            continue
        study = folder / f"rate-{name[:4]}"
        selfrule("import", *inputs, "-o", study)
        begun = time.perf_counter()
        import selfrule as package

        opened = package.Study.open(study)
        opened.rate()
        seconds = time.perf_counter() - begun
        per = opened.count() / seconds
        print(
            f"rate {name}: {opened.count():,} in {seconds:.1f} s, {per:,.0f} a second; 1.5 M in {1.5e6 / per / 60:.0f} min"
        )


def memory(folder: Path, sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)) -> None:
    """Peak memory of a whole audit as the log grows. Short conversations, so that a million fit in the time."""
    for rows in sizes:
        log = folder / f"memory-{rows}.jsonl"
        write_talks(rows, log)
        done = selfrule("audit", log, "-o", folder / f"memory-{rows}")
        print(f"memory: {rows:,} conversations, peak {done.peak_mb:.0f} MB, {done.seconds:.0f} s, exit {done.code}")


def chatgpt(folder: Path) -> None:
    """Import a ChatGPT export of one gigabyte."""
    export = folder / "conversations.json"
    write_chatgpt(1 << 30, export)
    done = selfrule("import", export, "-o", folder / "chatgpt-study")
    print(
        f"chatgpt: {export.stat().st_size / 1e9:.2f} GB, peak {done.peak_mb:.0f} MB, {done.seconds:.0f} s, {done.out.strip()}"
    )


def startup(folder: Path) -> None:
    """Import and help, best of ten."""
    for name, command in {
        "import selfrule": [sys.executable, "-c", "import selfrule"],
        "selfrule --help": [sys.executable, "-m", "selfrule", "--help"],
    }.items():
        print(f"startup: {name} {min(run(command, every=0.02).seconds for _ in range(10)):.3f} s")


ALL = {"real": real, "import": import_, "rate": rate, "memory": memory, "chatgpt": chatgpt, "startup": startup}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(ALL))
    parser.add_argument("--folder", type=Path, help="keep what is made here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = given.folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        for wanted in given.names:
            name, _, sizes = wanted.partition("=")
        if sizes:  # memory=10000,100000
            memory(place, tuple(map(int, sizes.split(","))))
        else:
            ALL[name](place)
            sys.stdout.flush()
