"""How well personal data are found: recall and precision by kind and script, false replacements in neutral text, beside presidio.

    python -m benchmarks.personal [--real FOLDER] [--presidio]

A marked stretch counts as found where every letter and digit of it is replaced; a replaced stretch is right where it touches
a marked one. `--presidio` runs presidio-analyzer too, where it is installed, with its pattern recognisers over a blank pipeline.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from selfrule.privacy.personal import found
from selfrule.privacy.personal_presidio import where_installed

FOLDER = Path(__file__).parents[1] / "data"
_MARK = re.compile(r"\[\[(\w+)\|(.*?)\]\]", re.DOTALL)
Finder = Callable[[str], Iterable[tuple[int, int, str]]]


def unmarked(marked: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The text, and where its marked stretches are."""
    text, spans, at = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[at : match.start()]
        spans.append((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        at = match.end()
    return text + marked[at:], spans


def measure(finder: Finder, path: Path, show: bool = False) -> dict[str, Counter[str]]:
    """Counts by "kind:..." and "script:...": marked, found, of the right kind, replaced, wrongly replaced."""
    counts: dict[str, Counter[str]] = {}
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        text, spans = unmarked(row["text"])
        got = [(s, e, k) for s, e, k in finder(text)]
        covered = {i for s, e, _ in got for i in range(s, e)}
        for start, end, kind in spans:
            hit = all(i in covered for i in range(start, end) if text[i].isalnum())
            same = hit and any(k == kind and s < end and start < e for s, e, k in got)
            for key in ("all", f"kind:{kind}", f"script:{row['script']}", f"hard:{bool(row['hard'])}"):
                c = counts.setdefault(key, Counter())
                c.update(marked=1, found=int(hit), same=int(same))
            if show and not hit:
                print("MISSED", row["id"], row["lang"], kind, repr(text[start:end]), "in", repr(text), got)
        for start, end, kind in got:
            right = any(s < end and start < e for s, e, _ in spans)
            for key in ("all", f"kind:{kind}", f"script:{row['script']}"):
                counts.setdefault(key, Counter()).update(replaced=1, wrong=int(not right))
            if show and not right:
                print("WRONG", row["id"], row["lang"], kind, repr(text[start:end]), "in", repr(text))
    return counts


def table(counts: dict[str, Counter[str]]) -> str:
    """As Markdown."""
    rows = ["| | marked | found | recall | replaced | right |", "| --- | --- | --- | --- | --- | --- |"]
    for key, c in sorted(counts.items()):
        recall = f"{c['found'] / c['marked']:.2f}" if c["marked"] else ""
        right = f"{1 - c['wrong'] / c['replaced']:.2f}" if c["replaced"] else ""
        rows.append(f"| {key} | {c['marked']} | {c['found']} | {recall} | {c['replaced']} | {right} |")
    return "\n".join(rows)


def presidio() -> Finder:
    """Presidio alone."""
    alone = where_installed()
    if alone is None:
        raise SystemExit("presidio is not installed: pip install 'selfrule[presidio]'")
    return alone


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--presidio", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--real", type=Path, help="a text file, read as it is")
    chosen = parser.parse_args()
    finder = presidio() if chosen.presidio else found
    for name in ("personal.jsonl", "personal-held.jsonl", "personal-fresh.jsonl"):
        print(f"\n{name}\n")
        print(table(measure(finder, FOLDER / name, chosen.show)))
    if chosen.real:
        text = chosen.real.read_text("utf-8", "replace")
        began = time.process_time()
        spans = list(finder(text))
        words = len(text.split())
        took = time.process_time() - began
        print(f"{len(text) / 1e6:.2f} MB, {words} words, {took:.1f} s; {1000 * len(spans) / words:.2f} per 1,000 words")
        for kind, n in Counter(kind for _, _, kind in spans).most_common():
            some = Counter(text[s:e][:40] for s, e, k in spans if k == kind).most_common(12)
            print(kind, n, some if chosen.show else "")


if __name__ == "__main__":
    main()
