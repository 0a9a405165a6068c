"""Show how far the judges of a study agree, with each other and with labels by people, and how far labellers agree.

Private: levels of single conversations are counted. Add judges with: selfrule rate STUDY --judge NAME. Label with: selfrule
label STUDY

Example: selfrule agreement my-study --confusion
"""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfrule.cli import options
from selfrule.cli.agreed import table
from selfrule.cli.view import plain

if TYPE_CHECKING:
    from rich.console import Console

    from selfrule.report.judging import Pair, Panel
    from selfrule.study.agreement_records import WithLabels

Confusion = Annotated[
    bool,
    typer.Option(
        "--confusion",
        help="Also print, for each construct, the levels of one against those of the other, and with labels every class.",
    ),
]


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
        made = table("", "same level", "within one", "kappa", "95 % interval", "found (1)", "found (2)")
        for construct in (c for c in panels.ORDER if c in pair.constructs):
            got = pair.constructs[construct]
            made.add_row(
                panels.name_of(construct),
                panels.figure(got.exact, share=True),
                "" if construct == "flagged" else panels.figure(got.within_one, share=True),
                panels.figure(got.kappa),
                panels.limits(got.kappa) or ("" if got.kappa["value"] is None else "none"),
                panels.found(got.found_by_second),
                panels.found(got.found_by_first),
            )
        console.print(made)
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
        made = table("", *levels)
        for level, row in zip(levels, pair.constructs[construct].confusion, strict=True):
            made.add_row(level, *(number(n) if n else "." for n in row))
        console.print(made)


def _together(console: Console, panel: Panel) -> None:
    from selfrule.report import panels

    console.print()
    who = "both judges" if len(panel.judges) == 2 else f"all {len(panel.judges)} judges"
    console.print(f"Krippendorff's alpha over {who}", style="bold", markup=False)
    made = table("", "alpha", "95 % interval")
    for construct in panels.ORDER:
        got = panel.alpha[construct]
        made.add_row(panels.name_of(construct), panels.figure(got), panels.limits(got))
    console.print(made)


def _print(panel: Panel, labels: WithLabels | None, study: str, confusion: bool) -> None:
    from rich.console import Console

    from selfrule.report import panels

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=120 if confusion and labels else 100)
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
    if labels is not None:
        from selfrule.cli.agreed import show

        show(console, labels, short, confusion)
    console.print()
    if many == 1 and labels is None:
        console.print("Agreement needs a second judge on the same conversations, or labels by people:", markup=False)
        example = f"  selfrule rate {study} --judge anthropic:MODEL   (or openai:MODEL, ollama:MODEL)"
        console.print(example, markup=False, soft_wrap=True)
        console.print(f"  selfrule label {study}", markup=False, soft_wrap=True)
        return
    console.print(
        "Kappa (quadratic weights) and alpha: 0 is what chance would give, 1 is perfect. Intervals are 95 %, with "
        + ("people resampled whole." if panel.persons else "each conversation taken as another person's.")
    )
    if many > 1:
        console.print(panels.SHOWS)


def as_json(panel: Panel, labels: WithLabels | None = None) -> dict[str, Any]:
    """The panel as plain data, with its warnings in words, and `labels` where there are any."""
    import msgspec

    from selfrule.report.panels import cautions

    made: dict[str, Any] = msgspec.to_builtins(panel)
    beside = {} if labels is None else {"labels": msgspec.to_builtins(labels)}
    return made | {"warnings": cautions(panel)} | beside


def command(study: options.StudyPath, confusion: Confusion = False, json: options.Json = False) -> None:
    """Compare the judges, and the labels."""
    from selfrule.store.folder import Folder
    from selfrule.study.agreement import panel
    from selfrule.study.agreement_labels import with_labels

    folder = Folder.open(study)
    found, labels = panel(folder), with_labels(folder)
    if json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(as_json(found, labels)), indent=1) + b"\n")
        return
    _print(found, labels, str(study), confusion)
