"""What commands of analyses share: their options, and how a result is printed: as its section of the report, or as JSON."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from selfrule.analyses.figures import Analysis
    from selfrule.report.layout import Section, Table

Construct = Annotated[
    str,
    typer.Option(
        "--construct", help="flagged, a construct such as reality_distortion, or actualized_CONSTRUCT.", metavar="NAME"
    ),
]
Level = Annotated[
    str | None, typer.Option("--level", help="mild, moderate or severe; with + for that or above.", metavar="LEVEL")
]
Shareable = Annotated[bool, typer.Option("--shareable", help="Only what passes the release gate.")]


class Format(StrEnum):
    """How to print an analysis."""

    table = "table"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How to print.")]


def show(result: Analysis, section: Section, *, json: bool) -> None:
    """Print an analysis: as JSON, or as the section of the report that holds it.

    Args:
        result: The analysis.
        section: The same laid out.
        json: Print the record itself.
    """
    if json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
        return
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=110)
    print_section(console, section)


def print_section(console: Console, section: Section) -> None:
    """A section of the report in the terminal: charts are left out, for their tables hold the same figures."""
    from rich.padding import Padding
    from rich.text import Text

    from selfrule.cli.view import plain

    console.print(plain(section.title), style="bold", markup=False)
    for part in section.parts:
        console.print()
        if part.title:
            console.print(plain(part.title), style="bold", markup=False)
        for text in part.paragraphs:
            console.print(plain(text), markup=False)
        for text in part.items:
            console.print(Padding(Text(f"- {plain(text)}"), (0, 0, 0, 2)))
        for term, text in part.terms:
            console.print(Text.assemble((plain(term), "bold"), f": {plain(text)}"))
        if part.figure is not None and part.figure.table is not None:
            _table(console, part.figure.table)


def _table(console: Console, table: Table) -> None:
    from rich import box
    from rich.table import Table as Rich
    from rich.text import Text

    from selfrule.cli.view import plain

    for body in table.bodies:
        made = Rich(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 0, 0, 1), header_style="bold")
        for at, name in enumerate(table.columns):
            left = at in table.text_columns
            made.add_column(plain(name), justify="left" if left else "right", overflow="fold", no_wrap=at == 0)
        for row in body.rows:
            made.add_row(*(Text(plain(cell.text)) for cell in row))
        console.print()
        if body.heading:
            console.print(plain(f"{body.heading} {body.note}".strip()), style="bold", markup=False)
        console.print(made)
    if table.note:
        console.print(plain(table.note), style="dim", markup=False)
