"""Patterns as a report takes them: few, a study's worth, hundreds, none, and in any shape that a file could hold."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from selfrule.patterns.records import Claim, Pattern, Patterns, Quality, Withheld
from selfrule.report import ReportContext
from selfrule.rubric import PRIMITIVES, load
from selfrule.rubric.codes import codes

from .contexts import large, personal

NAMES = [
    "Complete scripting of messages to a partner", "Third parties' minds read from a few lines", "Illness confirmed without a "
    "caveat", "Verdicts on character in work quarrels", "Divination asked for and given", "A persona obeyed as owner and master",
    "Money put where the assistant said", "Custody and court steps scripted", "Grief spoken to as if it answered", "Self-worth "
    "rated on request", "Returning many times a day on one issue", "Escalating certainty about persecution",
]  # fmt: skip


def pattern(
    i: int, rng: random.Random, *, parent: str | None = None, depth: int = 0, size: int | None = None
) -> Pattern:
    n = size or max(10, round(rng.lognormvariate(4.0, 0.6)))
    book, names = load(), list(load().domains)
    severe = rng.betavariate(2, 9)
    return Pattern(
        id=f"p{i}" if parent is None else f"{parent}.{i}",
        parent=parent,
        depth=depth,
        name=f"{NAMES[i % len(NAMES)]}{'' if i < len(NAMES) else f', kind {i}'}",
        claims=[
            Claim(text="Most were about a quarrel with somebody close to the person.", shown=38, checked=50),
            Claim(text="In many the assistant wrote whole messages that were sent as they were.", shown=22, checked=50),
            Claim(text=f"Nearly all were about {book.domains[names[i % 20]]}.", shown=46, checked=50),
        ],
        conversations=n,
        persons=max(10, round(n * 0.9)),
        collapsed=i % 3,
        share=n / 4000,
        severe=None if i % 9 == 4 else (n - 10) / n if i % 7 == 1 and n >= 20 else severe,
        actualized=None if i % 2 else 0.21,
        constructs={p: rng.random() for p in PRIMITIVES},
        domains={names[i % 20]: 0.9, names[(i * 7 + 3) % 20]: 0.31, names[(i + 9) % 20]: 0.06},
        codes={d.id: {c: round(rng.random(), 2) for c in d.codes} for d in codes() if rng.random() < 0.6},
        months={f"2025-{m:02d}": 10 + round(n * rng.random() / 6) for m in range(1, 13) if rng.random() < 0.8},
        faithful=0.62,
        held_out=13,
        place=(math.cos(i * 2.4) * math.sqrt(i % 17 / 17), math.sin(i * 2.4) * math.sqrt(i % 17 / 17)),
    )  # fmt: skip


def patterns(leaves: int, *, groups: int = 0, kind: str = "released", seed: int = 3) -> Patterns:
    """So many patterns, under so many groups."""
    rng = random.Random(seed)
    found: list[Pattern] = []
    if not groups:
        found = [pattern(i, rng) for i in range(leaves)]
    for g in range(groups):
        inside = [pattern(i, rng, parent=f"p{g}", depth=1) for i in range(g, leaves, groups)]
        top = pattern(g, rng, size=sum(p.conversations for p in inside))
        found += [top, *inside]
    total = sum(p.conversations for p in found if p.parent is None)
    released = kind == "released"
    return Patterns(
        kind=kind,  # type: ignore[arg-type]
        patterns=found,
        flagged=total + 120,
        described=total + 80,
        collapsed=30,
        embedding="tfidf-svd-1@128",
        facets="embedded-1a2b3c4d",
        quality=Quality(silhouette=0.08, stability=0.71, seeds=5, faithful=0.58, held_out=400, chance=0.02),
        k=10 if released else None,
        withheld=Withheld(
            patterns=7,
            conversations=80,
            reasons={"small": 4, "complementary": 2, "quotation": 1},
            severe_released=0.14,
            severe_withheld=0.26,
        )
        if released
        else None,
    )


def nothing(kind: str = "released") -> Patterns:
    """Patterns of which none was released."""
    made = patterns(3, kind=kind)
    return Patterns(
        kind=made.kind, patterns=[], flagged=31, described=30, collapsed=0, embedding="", facets="", quality=Quality(),
        k=made.k, withheld=Withheld(patterns=2, conversations=30, reasons={"small": 2}) if kind == "released" else None,
    )  # fmt: skip


def with_patterns(made: Patterns | None, kind: str = "shareable", **more: object) -> ReportContext:
    """A whole study's report with these patterns."""
    members = {} if made is None else {p.id: [f"source-{p.id}-{i}" for i in range(5)] for p in made.patterns}
    context = large(kind) if kind == "shareable" else replace(large(kind), quoted=personal().quoted)
    return replace(replace(context, patterns=made, pattern_members=members), **more)  # type: ignore[arg-type]
