"""How often the embedded codes are right: `python -m benchmarks.codes [--held] [--detail]`.

By default over data/codes.jsonl: each conversation has the codes that it was written to show. With --held over conversations of
data/written, written before and for another end, with the codes that were found in them by reading, before the phrases were
first run over them (data/codes-held.jsonl). Levels are those intended, domains the embedded judge's own guess, so that what is
measured is the codes alone. Precision: of the codes given, the share intended; recall: of those intended, the share given.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from selfrule.estimate.intervals import wilson
from selfrule.judges import EmbeddedJudge
from selfrule.judges.facets_embedded import EmbeddedFacets
from selfrule.records import Conversation, Rating, Turn
from selfrule.rubric.codes import codes

DATA = Path(__file__).resolve().parents[1] / "data"


def conversations(held: bool) -> list[dict[str, Any]]:
    """The conversations with their intended codes."""
    name = "codes-held.jsonl" if held else "codes.jsonl"
    rows = [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]
    if not held:
        return rows
    files = sorted((DATA / "written").glob("*.jsonl"))
    texts = {r["id"]: r for f in files for r in map(json.loads, f.read_text("utf-8").splitlines())}
    return [texts[row["id"]] | row for row in rows]


def main() -> None:
    """Print a table a dimension, and one a language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--detail", action="store_true", help="what was wrong, conversation by conversation")
    parser.add_argument("--held", action="store_true", help="those that no phrase was written beside")
    given = parser.parse_args()
    detail = given.detail
    right, wrong, missed = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    asked, coded = Counter[str](), Counter[str]()
    by_language: dict[str, Counter[str]] = {}
    judge, maker = EmbeddedJudge(), EmbeddedFacets()
    for row in conversations(given.held):
        turns = tuple(Turn(message["role"], message["content"]) for message in row["messages"])
        said = Conversation(row["id"], row["id"], "", row["id"], "", turns)
        guess = judge.rate([said])[0]
        got = maker.facet(
            said, Rating(row["id"], "", "rated", "", "", levels=row["levels"], domains=guess.domains)
        ).codes
        counts = by_language.setdefault(row["lang"], Counter())
        for dimension, intended in row["codes"].items():
            asked[dimension] += 1
            coded[dimension] += dimension in got
            mine = got.get(dimension, [])
            for code in {*intended, *mine}:
                kind = right if code in mine and code in intended else wrong if code in mine else missed
                kind[dimension, code] += 1
                if dimension != "support":
                    counts["right" if kind is right else "wrong" if kind is wrong else "missed"] += 1
            if detail and set(mine) != set(intended):
                print(f"{row['id']} {row['lang']} {dimension}: intended {intended}, got {mine}")
    for dimension in codes():
        rows = [(dimension.id, code) for code in dimension.codes]
        hit, false, left = (sum(kind[r] for r in rows) for kind in (right, wrong, missed))
        print(
            f"\n{dimension.id}: coded {coded[dimension.id]} of {asked[dimension.id]}; "
            f"precision {_share(hit, hit + false)}, recall {_share(hit, hit + left)}"
        )
        for row in rows:
            if right[row] + wrong[row] + missed[row]:
                gave, meant = right[row] + wrong[row], right[row] + missed[row]
                print(f"  {row[1]:26} precision {right[row]:>2} of {gave:>2}   recall {right[row]:>2} of {meant:>2}")
    print()
    for language, counts in by_language.items():
        hit = counts["right"]
        print(
            f"{language}: precision {_share(hit, hit + counts['wrong'])}, "
            f"recall {_share(hit, hit + counts['missed'])} (support left out)"
        )


def _share(hit: int, of: int) -> str:
    if not of:
        return "none given"
    low, high = wilson(hit, of)[:2]
    return f"{hit / of:.2f} ({low:.2f} to {high:.2f}, {hit} of {of})"


if __name__ == "__main__":
    main()
