"""Search everything that a study shares for the people in it; without a study, try the program on invented people.

With a study: its report, released patterns, figures and analyses are searched for its own persons' pseudonyms, for ids, names,
numbers and addresses that its conversations hold, and for any run of nine of their words; and its released figures are
checked for groups smaller than k.

Without: invented people are planted in conversations in ten scripts, the whole program is run over them in a folder that is
deleted afterwards, and every byte it shares, prints or leaves behind is searched for them (a minute or two; --full: several).

Ends with 1 where anything was found. What was found is named by kind and place, never shown.

Example: selfrule privacy-check my-study
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfrule.cli import options

if TYPE_CHECKING:
    from selfrule.study.leaks import Checked
    from selfrule.testing.canaries.selftest import Result

Given = Annotated[
    Path | None, typer.Argument(help="A study's folder; without it, the program itself is tried.", metavar="[STUDY]")
]
Seed = Annotated[int, typer.Option("--seed", help="Of what is planted, or of the conversations read for names.", min=0)]
Full = Annotated[bool, typer.Option("--full", help="Without a study: 1,000 conversations and every command.")]

_SAMPLE = 300


def command(
    study: Given = None,
    k: options.Smallest = 10,
    seed: Seed = 0,
    full: Full = False,
    json: options.Json = False,
) -> None:
    """Check what is shared."""
    sound = _tried(seed, k, full, json) if study is None else _checked(study, seed, k, json)
    if not sound:
        raise typer.Exit(1)


def _checked(path: Path, seed: int, k: int, json: bool) -> bool:
    from selfrule.study.study import Study

    found = Study.open(path).privacy_check(k=k, seed=seed)
    if json:
        _print(found)
    else:
        _say_study(found)
    return not (found.leaks or found.violations)


def _say_study(found: Checked) -> None:
    looked = ", ".join(f"{n:,} x {kind}" for kind, n in found.looked_for.items() if n)
    typer.echo(f"Searched {sum(found.searched.values()):,} bytes of {len(found.searched)} shareable outputs:")
    for name, size in found.searched.items():
        typer.echo(f"  {name} ({size:,} bytes)")
    typer.echo(f"For: {looked or 'nothing: the study holds no texts and no ids'};")
    typer.echo(
        f"  and every run of nine words of {found.conversations:,} conversations "
        f"(names and numbers are those found in {found.read:,} of them)."
    )
    if not found.conversations:
        typer.echo("The words of this study are not in it, so no output was searched for what people wrote.")
    for leak in found.leaks:
        typer.echo(f"Found in {leak.where}: {leak.kind}, {leak.how}.")
    for violation in found.violations:
        typer.echo(f"Too small a group: {violation}")
    if not (found.leaks or found.violations):
        typer.echo("Found none of it, and no group too small.")
    typer.echo(
        "This finds what it looks for. Names it does not know as names, and what a reader could conclude, it cannot find."
    )


def _tried(seed: int, k: int, full: bool, json: bool) -> bool:
    from tempfile import TemporaryDirectory

    from selfrule.testing.canaries import selftest

    with TemporaryDirectory(prefix="selfrule-privacy-check-") as folder:
        conversations, people = (1000, 200) if full else (_SAMPLE, _SAMPLE * 3 // 10)
        if not json:
            typer.echo("Planting, running and searching ...", err=True)
        result = selftest.run(
            Path(folder),
            seed=seed,
            k=k,
            conversations=conversations,
            people=people,
            sweep=selftest.WHOLE if full else selftest.QUICK,
        )
    if json:
        _print(result.summary())
    else:
        _say_tried(result)
    return result.sound


def _say_tried(result: Result) -> None:
    searched = ", ".join(f"{n} {audience}" for audience, n in sorted(result.surfaces.items()))
    typer.echo(f"Planted {result.canaries:,} canaries in ten scripts (seed {result.seed}).")
    typer.echo(f"Searched {result.bytes:,} bytes of {sum(result.surfaces.values())} outputs: {searched}.")
    typer.echo(f"Patterns released: {result.patterns}.")
    for leak in result.leaks:  # an invented person: nothing is lost by showing it
        typer.echo(
            f"Leak in {leak.surface} ({leak.audience}): {leak.canary.kind} in {leak.canary.place}, by {leak.form!r}"
        )
    for text in (*result.violations, *result.failed):
        typer.echo(text)
    if result.sound:
        typer.echo("Nothing leaked.")


def _print(value: object) -> None:
    import msgspec

    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")
