"""What `audit`, `rate` and `report` end with: the compact table, what was wrong, and where the report is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from selfrule.cli.view import plain

if TYPE_CHECKING:
    from selfrule.report.context import ReportContext
    from selfrule.study.study import Study


def print_context(context: ReportContext) -> None:
    """The compact table on standard output."""
    from rich.console import Console

    from selfrule.report.terminal import terminal_table

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=100)
    shown = terminal_table(context)
    for piece in shown if isinstance(shown, list) else [shown]:
        console.print(piece)


def print_problems(study: Study) -> int:
    """What was skipped or repaired, by kind, with one example each. Returns how many records were skipped."""
    from selfrule.study.problems import times

    rows = study.problems().to_pylist()
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        key = (row["severity"], row["kind"])
        counts[key] += times(row["place"])
        examples.setdefault(key, row)
    for severity, word in (("skipped", "Skipped"), ("repaired", "Repaired")):
        some = {key: n for key, n in counts.items() if key[0] == severity}
        if not some:
            continue
        typer.echo(f"{word}: {sum(some.values()):,} (all in {study.path / 'problems.jsonl'})", err=True)
        for key, number in sorted(some.items(), key=lambda item: -item[1])[:8]:
            row = examples[key]
            where = plain(f"{row['input']}, {row['place']}: {row['reason']}")
            typer.echo(f"  {number:,} x {key[1]}, e.g. {where}", err=True)
    return sum(n for (severity, _), n in counts.items() if severity == "skipped")


def print_paths(*paths: Path, story: bool = False) -> None:
    """Where the reports are; a private one may open with a person's own story, which is said last and kindly."""
    for path in paths:
        if story and path.name == "report-private.html":
            typer.echo(f"Your story: {path} (private: it quotes your conversations, please do not forward it)")
            typer.echo(
                "Read it when you have a quiet moment, alone or with somebody you trust. You know more than it does."
            )
            continue
        kind = " (private: quotes conversations, not for sharing)" if path.name == "report-private.html" else ""
        typer.echo(f"Report: {path}{kind}")


def print_next(study: Study, context: ReportContext) -> None:
    """What to ask next: what happens in flagged conversations, where there are enough of them to be spoken of."""
    from selfrule.rubric import PRIMITIVES

    flagged = max(
        (e.count for e in context.estimates if not e.group and e.level == "moderate+" and e.construct in PRIMITIVES),
        default=0,
    )
    if study.patterns_stale():
        typer.echo(f"Patterns are of earlier ratings and left out. Make them anew: selfrule patterns {study.path}")
    elif context.patterns is None and context.story is None and flagged >= 2 * context.k:
        typer.echo(f"What happens in flagged conversations: selfrule patterns {study.path}")
