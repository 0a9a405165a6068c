"""Draw conversations from logs, at random, by stratum or by person, into a study that knows their probabilities.

Every later figure is weighted by them. Of the same logs and seed a larger draw holds the smaller one (docs/sampling.md).

Example: selfrule sample logs/ -o my-sample --n 5000 --by month
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfrule.cli import options

if TYPE_CHECKING:
    from selfrule.sampling import Design, Draw

_SHOWN = 24  # strata printed


def command(
    inputs: options.Inputs,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The new study's folder.", metavar="STUDY")
    ] = None,
    jsonl: Annotated[
        Path | None,
        typer.Option(
            "--jsonl", help="Write the conversations to this file instead, a JSON object a line.", metavar="FILE"
        ),
    ] = None,
    n: Annotated[int | None, typer.Option("--n", help="Conversations to draw; by person, persons.", min=1)] = None,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="random, person, month, model, product, language, country, thumb, reader, input, or stratum:FIELD with any "
            "field of the records.",
        ),
    ] = "random",
    each: Annotated[
        int | None,
        typer.Option(
            "--each",
            help="So many from every stratum, instead of --n in proportion; by person, at most so many each.",
            min=1,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the draw: the same logs and seed draw the same.")] = 0,
    map_: options.Map = None,
    reader: options.Reader = None,
    sampled: options.Sampled = None,
    workers: options.Workers = None,
) -> None:
    """Draw a sample."""
    from selfrule.cli.stdin import spooled
    from selfrule.cli.view import watcher
    from selfrule.errors import UsageError
    from selfrule.sampling import Design
    from selfrule.study.sampled import lines
    from selfrule.study.sampling import sample
    from selfrule.study.study import create, existing

    if (output is None) == (jsonl is None):
        raise UsageError("Say where the sample goes: -o STUDY for a study, or --jsonl FILE for a file.")
    design = Design(by=by, n=n, each=each, seed=seed)
    existing(inputs)
    if jsonl is not None and jsonl.exists():
        raise UsageError(f"{jsonl} exists already. Name a new file.")
    folder = output if output is not None else jsonl.with_name(f".{jsonl.name}.sampling")  # type: ignore[union-attr]
    watch = watcher()
    try:
        with spooled(inputs, create(folder).path) as paths:
            study, found = sample(
                paths, folder, design, map=map_, reader=reader, sampled=sampled, workers=workers, watcher=watch
            )
            _print(design, found)
            if jsonl is None:
                typer.echo(f"{study.count():,} conversations in {study.path}. Next: selfrule rate {study.path}")
            else:
                written = lines(study, jsonl)
                typer.echo(
                    f"{written:,} conversations in {jsonl}. Next: selfrule audit {jsonl} --map inclusion=inclusion"
                )
    finally:
        watch.done()
        if jsonl is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _print(design: Design, found: Draw) -> None:
    """What was drawn of what, as one table."""
    from rich.console import Console
    from rich.table import Table

    from selfrule.cli.view import plain

    console = Console(highlight=False, stderr=True)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(design.by.removeprefix("stratum:") if design.stratified else "")
    for head in ("there", "drawn", "one stands for"):
        table.add_column(head, justify="right")
    for one in found.strata[:_SHOWN]:
        name = plain(one.name) if one.name else "conversations"
        table.add_row(name, f"{one.size:,}", f"{one.drawn:,}", f"{one.size / one.drawn:,.4g}")
    if len(found.strata) > _SHOWN:
        table.add_row(f"... {len(found.strata) - _SHOWN:,} more", "", "", "")
    console.print(table)
    if design.by == "person":
        console.print(f"{len(found.key):,} of {found.population:,} conversations drawn with them.")
    if found.copies:
        console.print(f"{found.copies:,} exact copies count once.")
