"""Measures the analyses over time, over people and against approval: docs/analyses.md, "Measured".

    python benchmarks/over_time.py recover --out results                 # every scenario, 500 seeds; hours on one core
    python benchmarks/over_time.py recover "drift in both" --seeds 100 --out results
    python benchmarks/over_time.py table --out results                   # the table of what is there
    python benchmarks/over_time.py scale --folder /tmp/scale             # 1.5 million conversations of 200,000 people
    python benchmarks/over_time.py kokorochat                            # real conversations, human to human

`recover` goes on where it was stopped: one file a scenario, one line a seed; several may run at once on different scenarios.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before numpy is loaded: runs share the machine


WHERE = (
    "turns=dialogue,text=utterance,role=role,time=time,person=review_by_client_en.client_id,"
    "roles.counselor=assistant,roles.client=user"
)
"""Where the fields of KokoroChat are."""


def recover(options: argparse.Namespace) -> None:
    """How often intervals hold the truth."""
    import over_time_recover as recovering

    for name in options.names or list(recovering.SCENARIOS):
        begun = time.perf_counter()
        recovering.run(name, options.seeds, options.out, options.first)
        print(f"{name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)


def table(options: argparse.Namespace) -> None:
    """The results so far, as a table."""
    import over_time_recover as recovering

    made = recovering.summary if options.short else recovering.table
    for row in made(options.out):
        print(row)


def scale(options: argparse.Namespace) -> None:
    """A study of millions: seconds and peak memory of each analysis."""
    import over_time_scale as scaling

    study = options.folder / "study"
    if not study.exists():
        begun = time.perf_counter()
        rows = scaling.write(study)
        print(f"{rows:,} conversations written in {time.perf_counter() - begun:.0f} s")
    found = scaling.measure(study, options.names or scaling.there())
    total, peak = sum(row["seconds"] for row in found), max(row["peak_mb"] for row in found)
    print(f"together {total:.0f} s, peak {peak:,} MB")


def kokorochat(options: argparse.Namespace) -> None:
    """Real conversations with people and times, for plumbing: counselling between humans, and labelled so."""
    import over_time_scale as scaling
    from measure import selfrule

    data = Path(__file__).resolve().parents[2] / "shared" / "data" / "raw" / "kokorochat"
    if not data.is_dir():
        print("skipped: no ../shared/data beside this checkout")
        return
    study = options.folder / "kokorochat"
    done = selfrule("audit", data, "-o", study, "--map", WHERE)
    print(f"audit: {done.seconds:.0f} s, peak {done.peak_mb:,.0f} MB, exit {done.code}")
    print("HUMAN TO HUMAN: role-played counselling between people; nothing here is about an AI assistant.")
    scaling.measure(study, options.names or scaling.there())


def main(arguments: list[str]) -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["recover", "table", "scale", "kokorochat"])
    parser.add_argument("names", nargs="*", help="scenarios of recover; analyses of scale and kokorochat")
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--short", action="store_true", help="table: one row a figure over all scenarios")
    parser.add_argument("--out", type=Path, default=Path("over_time_results"))
    parser.add_argument("--folder", type=Path, default=Path("over_time_scale"))
    options = parser.parse_args(arguments)
    {"recover": recover, "table": table, "scale": scale, "kokorochat": kokorochat}[options.what](options)


if __name__ == "__main__":
    main(sys.argv[1:])
