"""Patterns in the terminal: a tree with sizes, each with its summary, or JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from selfrule.patterns.records import Pattern, Patterns
    from selfrule.study.costs import Proposal
    from selfrule.study.judged import Summary


def show(found: Patterns, *, json: bool) -> None:
    """Print patterns.

    Args:
        found: Private or released.
        json: Print the record itself.
    """
    if json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
        return
    from rich.console import Console

    from selfrule.report.pattern_words import least as smallest_shown
    from selfrule.report.pattern_words import withheld

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=110)
    _say(console, "Patterns in flagged conversations", style="bold")
    _say(console, f"{found.flagged:,} flagged, {found.described:,} of them described.")
    if not found.patterns:
        _say(console, "There is no pattern to show." + ("" if found.described else " Nothing was flagged."))
    for one in found.patterns:
        _pattern(console, one, smallest_shown(found))
    console.print()
    if found.withheld is not None:
        for line in withheld(found.withheld, found.k):
            _say(console, line)
    for line in quality_lines(found):
        _say(console, line, style="dim")
    for note in found.notes:
        _say(console, note, style="dim")


def _pattern(console: Console, one: Pattern, least: int | None) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from selfrule.cli.view import plain
    from selfrule.report.pattern_words import counted, part

    indent = 2 * one.depth
    people = "" if one.persons is None else f", {one.persons:,} people"
    severe = "" if one.severe is None else f", {part(one.severe, one.conversations, least)} severe"
    sizes = f"{one.id}: {one.conversations:,} conversations{people}{severe}"
    console.print()
    console.print(Padding(Text(plain(one.name), "bold"), (0, 0, 0, indent), expand=False))
    console.print(Padding(Text(sizes, "dim"), (0, 0, 0, indent), expand=False))
    for claim in one.claims:
        console.print(
            Padding(Text(f"- {plain(claim.text)} ({counted(claim, least)})"), (0, 0, 0, indent + 2), expand=False)
        )


def quality_lines(found: Patterns) -> list[str]:
    """How good the clusters and their names are, a sentence a figure that was measured."""
    got = found.quality
    lines = []
    if got.stability is not None:
        lines.append(
            f"Stability: {got.stability:.2f} (mean adjusted Rand index over {got.seeds} seeds; 1: each finds the same)."
        )
    if got.silhouette is not None:
        lines.append(f"Silhouette: {got.silhouette:.2f} (from -1 to 1; about 0: patterns run into one another).")
    if got.faithful is not None:
        chance = "" if got.chance is None else f"; chance alone: {got.chance:.0%}"
        lines.append(
            f"Faithfulness: {got.faithful:.0%} of {got.held_out:,} conversations held out were put back into their "
            f"pattern from names and summaries alone{chance}."
        )
    return lines


def _say(console: Console, text: str, style: str = "") -> None:
    from selfrule.cli.view import plain

    console.print(plain(text), style=style, markup=False)


def confirm(proposal: Proposal) -> bool:
    """Show what is about to be asked; ask whether it may be sent, where it would leave this machine."""
    from selfrule.cli.judging import proposal_lines
    from selfrule.errors import UsageError

    for line in proposal_lines(proposal):
        typer.echo(line, err=True)
    if not proposal.remote:
        return True
    typer.echo(
        f"This would leave this machine, to {', '.join(proposal.remote)}. Personal data that can be found (names, addresses, "
        "numbers) are taken out first; what cannot be found stays in.",
        err=True,
    )
    if not sys.stdin.isatty():
        raise UsageError("Nobody is here to confirm that text may be sent. Add --yes if it may.")
    return typer.confirm("Send it?", default=False, err=True)


def say_summary(summary: Summary) -> None:
    """What a language model did, on standard error."""
    from selfrule.cli.judging import summary_lines

    for line in summary_lines(summary):
        typer.echo(line, err=True)


def say_where(study: Path) -> None:
    """Where the files are, on standard error."""
    from selfrule.study.patterns_files import PRIVATE, RELEASED

    typer.echo(f"Private: {study / PRIVATE}", err=True)
    if (study / RELEASED).exists():
        typer.echo(f"Released: {study / RELEASED}", err=True)
        typer.echo(f"In the report: selfrule report {study}", err=True)
