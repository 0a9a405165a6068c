"""Describe each flagged conversation: what happened in a sentence or two, and the rubric's codes. Private.

Without a language model the codes are found by phrases, and the description is put together from them and marked so. With
--judge, personal data that can be found are taken out before the text is sent, and out of what comes back.

Example: selfrule facets my-study --judge ollama:MODEL --format jsonl > facets.jsonl
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from selfrule.cli import options
from selfrule.errors import UsageError

if TYPE_CHECKING:
    from selfrule.records import Facet
    from selfrule.study.costs import Proposal


class Format(StrEnum):
    """How to print facets."""

    table = "table"
    jsonl = "jsonl"
    parquet = "parquet"


Judge = Annotated[
    str | None,
    typer.Option(
        "--judge",
        help="Who describes: embedded, anthropic:MODEL, openai:MODEL, openai-compatible:URL#MODEL, ollama:MODEL. "
        "[default: whoever did last, or embedded]",
        metavar="NAME",
    ),
]


def command(
    study: options.StudyPath,
    judge: Judge = None,
    budget: options.Budget = None,
    yes: options.Yes = False,
    batch: options.Batch = False,
    wait: options.Wait = False,
    retry: options.Retry = None,
    prices: options.Prices = None,
    param: options.Parameter = None,
    concurrency: options.Concurrency = None,
    format_: Annotated[
        Format, typer.Option("--format", help="table: how many have which code; jsonl and parquet: every facet.")
    ] = Format.table,
) -> None:
    """Describe what is missing and print."""
    from selfrule.cli.judging import parameters_of, summary_lines
    from selfrule.cli.view import watcher
    from selfrule.store.schemas import facets_of
    from selfrule.study.study import Study

    if format_ is Format.parquet and sys.stdout.isatty():
        raise UsageError("Parquet is binary. Send it to a file: selfrule facets STUDY --format parquet > f.parquet")
    opened = Study.open(study)
    watch = watcher()
    try:
        summary = opened.describe(
            judge=judge,
            parameters=parameters_of(param) or None,
            budget=budget,
            batch=batch,
            wait=wait,
            confirm=True if yes else _confirm,
            retry=retry or (),
            prices=prices,
            concurrency=concurrency,
            watcher=watch,
        )
    finally:
        watch.done()
    for line in summary_lines(summary) if summary else ():
        typer.echo(line, err=True)
    found = opened.facets()
    if format_ is Format.parquet:
        import pyarrow.parquet as pq

        with pq.ParquetWriter(sys.stdout.buffer, found.schema, compression="zstd") as writer:
            writer.write_table(found)
    elif format_ is Format.jsonl:
        import msgspec

        for facet in facets_of(found):
            sys.stdout.buffer.write(msgspec.json.encode(facet) + b"\n")
    else:
        _show(facets_of(found))


def _confirm(proposal: Proposal) -> bool:
    from selfrule.cli.judging import proposal_lines

    for line in proposal_lines(proposal):
        typer.echo(line, err=True)
    if not proposal.remote:
        return True
    typer.echo(
        f"The text of these conversations would leave this machine, to {', '.join(proposal.remote)}. Personal data that can be "
        "found (names, addresses, numbers) are taken out first; what cannot be found stays in.",
        err=True,
    )
    if not sys.stdin.isatty():
        raise UsageError("Nobody is here to confirm that conversations may be sent. Add --yes if they may.")
    return typer.confirm("Send them?", default=False, err=True)


def _show(found: list[Facet]) -> None:
    """Statuses, and codes by dimension with how many of those that were asked and answered have them."""
    from collections import Counter

    from rich.console import Console

    from selfrule.rubric.codes import codes

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=110)
    described = [facet for facet in found if facet.status == "described"]
    by_rules = sum(facet.templated for facet in described)
    how = f" {by_rules:,} of them by phrases, without a language model." if by_rules else ""
    console.print(f"{len(found):,} flagged conversations, {len(described):,} described.{how}", style="bold")
    for status, count in sorted(Counter(f.status for f in found if f.status != "described").items()):
        console.print(f"Not described, {status.replace('_', ' ')}: {count:,}", style="dim")
    for dimension in codes():
        answered = [facet.codes[dimension.id] for facet in described if dimension.id in facet.codes]
        if not answered:
            continue
        console.print(f"\n{dimension.name}  ({len(answered):,} of {len(described):,} coded)", style="bold")
        counts = Counter(code for given in answered for code in given)
        for code, name in dimension.codes.items():
            if counts[code]:
                console.print(f"  {counts[code]:>7,}  {counts[code] / len(answered):>4.0%}  {name}")
        if nothing := sum(not given for given in answered):
            console.print(f"  {nothing:>7,}  {nothing / len(answered):>4.0%}  none of these", style="dim")
    if by_rules:
        console.print(
            "\nPhrases find fewer than half of the codes (docs/patterns.md): a missing one says nothing.", style="dim"
        )
    console.print("\nPrivate. Every facet: --format jsonl", style="dim")
