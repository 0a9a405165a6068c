"""The tables of docs/honest.md from the rows that benchmarks/honest.py wrote.

python benchmarks/honest_tables.py honest.jsonl
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = {
    "among": "confirmed among flagged",
    "confirmed": "confirmed, of all",
    "missed": "missed at most (one-sided)",
    "strata": "total by strata, always",
    "ppi": "PPI++, always",
    "rogan": "Rogan-Gladen, always",
}
SELDOM = 0.02
LEAST = 20  # published intervals of a cell below which its coverage is not summarised
Rows = list[dict[str, Any]]


def merged(rows: Rows) -> Rows:
    """One row a cell and figure, from the counts of all passes that are complete; shares in [0, 1]."""
    passes: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        key = (row["figure"], row["each"], row["prevalence"], row["sensitivity"], row["specificity"], row["budget"])
        passes.setdefault(key, []).append(row)
    complete = min(len(found) for found in passes.values())
    result = []
    for found in passes.values():
        of = found[:complete]
        there = sum(row["there"] for row in of)
        widths = [row["width"] for row in of if row["width"] is not None]
        result.append(
            {
                **of[0],
                "studies": sum(row["studies"] for row in of),
                "published": there,
                "there": there / sum(row["studies"] for row in of),
                "covered": sum(row["covered"] for row in of) / there if there else None,
                "above": sum(row["above"] for row in of) / there if there else None,
                "below": sum(row["below"] for row in of) / there if there else None,
                "width": sum(widths) / len(widths) if widths else None,
            }
        )
    return result


def ranges(rows: Rows) -> Iterator[str]:
    """Least and greatest coverage over sensitivities and specificities, of estimators that are asked everywhere."""
    prevalences = sorted({r["prevalence"] for r in rows})
    yield "| | each | labels | " + " | ".join(f"1 in {1 / p:,.0f}" for p in prevalences) + " |"
    yield "| --- | ---: | ---: |" + " ---: |" * len(prevalences)
    for name, words in NAMES.items():
        for each in (1, 20):
            for budget in (100, 500, 2000):
                cells = []
                for p in prevalences:
                    mine = [
                        r
                        for r in rows
                        if (r["figure"], r["each"], r["budget"], r["prevalence"]) == (name, each, budget, p)
                    ]
                    there = [r for r in mine if r["covered"] is not None]
                    low, high = min(r["covered"] for r in there), max(r["covered"] for r in there)
                    cells.append(f"{100 * low:.1f}–{100 * high:.1f}")
                yield f"| {words} | {each} | {budget:,} | " + " | ".join(cells) + " |"


def published(rows: Rows, figure: str) -> Iterator[str]:
    """Coverage of what the rule publishes; settings of which nothing is published are listed below the table."""
    yield "| each | 1 in | sensitivity | specificity | 100 labels | 500 | 2,000 |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    refused: dict[tuple[int, float], list[str]] = {}
    for each in (1, 20):
        for p in sorted({r["prevalence"] for r in rows}):
            for se in (0.6, 0.8, 0.95):
                for sp in (0.99, 0.999):
                    key = (figure, each, p, se, sp)
                    mine = [
                        r
                        for r in rows
                        if (r["figure"], r["each"], r["prevalence"], r["sensitivity"], r["specificity"]) == key
                    ]
                    if all(r["there"] == 0 for r in mine):
                        refused.setdefault((each, p), []).append(f"{se:g} and {sp:g}")
                        continue
                    cells = [_cell(r) for r in sorted(mine, key=lambda r: r["budget"])]
                    yield f"| {each} | {1 / p:,.0f} | {se:g} | {sp:g} | " + " | ".join(cells) + " |"
    yield ""
    said = []
    for (each, p), pairs in refused.items():
        which = "every sensitivity and specificity" if len(pairs) == 6 else ", ".join(pairs)
        said.append(f"{each} a person, 1 in {1 / p:,.0f}: {which}")
    count = sum(len(pairs) for pairs in refused.values())
    yield f"Refused in every study at every budget, {count} of 60 settings: " + "; ".join(said) + "."


def _cell(row: dict[str, Any]) -> str:
    there, covered = row["there"], row["covered"]
    if not there:
        return "refused"
    said = f"{100 * covered:.1f} {row['width']:.2g}x"
    return said if there > 1 - SELDOM else f"{100 * there:.2g} % of studies: {said}"


def main(arguments: list[str]) -> None:
    """Print all tables."""
    rows = merged([json.loads(line) for line in Path(arguments[0]).read_text(encoding="utf-8").splitlines()])
    print(f"{max(row['studies'] for row in rows):,} studies a cell\n")
    for line in ranges(rows):
        print(line)
    for figure in ("chosen", "random", "calibrated"):
        print(f"\n{figure}\n")
        for line in published(rows, figure):
            print(line)
    print()
    for name in ("among", "confirmed", "missed", "chosen", "random", "calibrated"):
        print(summary(name, [row for row in rows if row["figure"] == name and row["published"] >= LEAST]))


def summary(name: str, rows: Rows) -> str:
    """Least coverage, how many cells lie outside of 93 to 97 %, and the worst of them."""
    low = [row for row in rows if row["covered"] < 0.93]
    worst = min(rows, key=lambda row: row["covered"])
    said = f"{name}: {len(rows)} cells, {100 * worst['covered']:.1f} to {100 * max(r['covered'] for r in rows):.1f} %, "
    said += f"{len(low)} below 93 %, {sum(row['covered'] > 0.97 for row in rows)} above 97 %"
    for row in low:
        said += (
            f"\n  {row['each']}: 1 in {1 / row['prevalence']:,.0f}, {row['sensitivity']:g}, {row['specificity']:g}, "
        )
        said += f"{row['budget']:,}: {100 * row['covered']:.1f} % of {row['published']:,} "
        said += f"(too high {100 * row['above']:.1f}, too low {100 * row['below']:.1f})"
    return said


if __name__ == "__main__":
    main(sys.argv[1:])
