"""Show how far the judges of a study agree: each pair by construct, all together, and judges beside their own kin.

Private: levels of single conversations are counted. Add judges with: selfrule rate STUDY --judge NAME

Example: selfrule agreement my-study --confusion
"""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfrule.cli import options
from selfrule.cli.view import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from selfrule.report.judging import Pair, Panel

Confusion = Annotated[
    bool,
    typer.Option("--confusion", help="Also print, for each construct, the levels of one judge against the other's."),
]


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 0, 0, 1), header_style="bold", title_justify="left"
    )
    for at, name in enumerate(columns):
        table.add_column(name, justify="right" if at else "left", overflow="fold")
    return table


def _judges(console: Console, panel: Panel, short: dict[str, str]) -> None:
    from selfrule.report.numbers import number
    from selfrule.report.words import STATUS_WORDS

    for judge in panel.judges:
        counts = ", ".join(f"{STATUS_WORDS.get(s, plain(s))} {number(n)}" for s, n in judge.statuses.items())
        name = short[judge.label]
        console.print(f"{name}: {counts}", markup=False)
        if name != judge.label:
            console.print(f"  {plain(judge.label)}", style="dim", markup=False)


def _pair(console: Console, pair: Pair, short: dict[str, str], confusion: bool) -> None:
    from selfrule.report import panels
    from selfrule.report.numbers import plural
    from selfrule.report.words import STATUS_WORDS

    first, second = short[pair.first], short[pair.second]
    console.print()
    console.print(f"{first} and {second}", style="bold", markup=False)
    notes = panels.notes(pair, short, STATUS_WORDS)
    if not pair.both:
        console.print("No conversation was rated by both, each on its own: nothing to compare.")
    else:
        console.print(f"On {plural(pair.both, 'conversation')} that both rated:", markup=False)
        console.print()
        table = _table("", "same level", "within one", "kappa", "95 % interval", "found (1)", "found (2)")
        for construct in (c for c in panels.ORDER if c in pair.constructs):
            got = pair.constructs[construct]
            table.add_row(
                panels.name_of(construct),
                panels.figure(got.exact, share=True),
                "" if construct == "flagged" else panels.figure(got.within_one, share=True),
                panels.figure(got.kappa),
                panels.limits(got.kappa) or ("" if got.kappa["value"] is None else "none"),
                panels.found(got.found_by_second),
                panels.found(got.found_by_first),
            )
        console.print(table)
        console.print(f"(1) of those moderate or above by {first}, so many by {second} too; (2) the other way round",
                      style="dim", markup=False)  # fmt: skip
    for note in notes:
        console.print(note, markup=False)
    if confusion and pair.both:
        _confusions(console, pair, first, second)


def _confusions(console: Console, pair: Pair, first: str, second: str) -> None:
    from selfrule.report.numbers import number
    from selfrule.report.panels import ORDER, name_of
    from selfrule.rubric import LEVELS

    for construct in (c for c in ORDER if c in pair.constructs and c != "pooled"):
        levels = ("not flagged", "flagged") if construct == "flagged" else LEVELS
        console.print()
        console.print(f"{name_of(construct)}: rows {first}, columns {second}", markup=False)
        table = _table("", *levels)
        for level, row in zip(levels, pair.constructs[construct].confusion, strict=True):
            table.add_row(level, *(number(n) if n else "." for n in row))
        console.print(table)


def _together(console: Console, panel: Panel) -> None:
    from selfrule.report import panels

    console.print()
    who = "both judges" if len(panel.judges) == 2 else f"all {len(panel.judges)} judges"
    console.print(f"Krippendorff's alpha over {who}", style="bold", markup=False)
    table = _table("", "alpha", "95 % interval")
    for construct in panels.ORDER:
        got = panel.alpha[construct]
        table.add_row(panels.name_of(construct), panels.figure(got), panels.limits(got))
    console.print(table)


def _print(panel: Panel, study: str, confusion: bool) -> None:
    from rich.console import Console

    from selfrule.report import panels

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=100)
    short = panels.short_names([j.label for j in panel.judges])
    many = len(panel.judges)
    if not many:
        console.print("No judge has rated this study yet.", f"Run: selfrule rate {study}", markup=False)
        return
    console.print(f"{many} judges" if many > 1 else "One judge", style="bold")
    _judges(console, panel, short)
    for pair in panel.pairs:
        _pair(console, pair, short, confusion)
    if many > 1:
        _together(console, panel)
    warnings = panels.cautions(panel)
    if warnings:
        console.print()
        console.print("To be careful about", style="bold")
        for text in warnings:
            console.print(textwrap.fill(text, console.width, initial_indent="- ", subsequent_indent="  "), markup=False)
    console.print()
    if many == 1:
        console.print("Agreement needs a second judge on the same conversations:", markup=False)
        example = f"  selfrule rate {study} --judge anthropic:MODEL   (or openai:MODEL, ollama:MODEL)"
        console.print(example, markup=False, soft_wrap=True)
        return
    console.print(
        "Kappa (quadratic weights) and alpha: 0 is what chance would give, 1 is perfect. Intervals are 95 %, with "
        + ("people resampled whole." if panel.persons else "each conversation taken as another person's.")
    )
    console.print(panels.SHOWS)


def as_json(panel: Panel) -> dict[str, Any]:
    """The panel as plain data, with its warnings in words."""
    import msgspec

    from selfrule.report.panels import cautions

    made: dict[str, Any] = msgspec.to_builtins(panel)
    return made | {"warnings": cautions(panel)}


def command(study: options.StudyPath, confusion: Confusion = False, json: options.Json = False) -> None:
    """Compare the judges."""
    from selfrule.store.folder import Folder
    from selfrule.study.agreement import panel

    found = panel(Folder.open(study))
    if json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(as_json(found)), indent=1) + b"\n")
        return
    _print(found, str(study), confusion)
