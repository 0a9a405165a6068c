"""Draw conversations for labelling, export and import labels, and see how far it is. To label in a page: selfrule label STUDY

Actions: status (the default), draw, export, import.

Example: selfrule labels my-study draw --n 200
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfrule.cli import options
from selfrule.cli.view import plain
from selfrule.errors import UsageError

if TYPE_CHECKING:
    from selfrule.study.label_files import Imported
    from selfrule.study.label_status import Status
    from selfrule.study.labelling import Labelling

_LISTED = 20


class Action(StrEnum):
    """What to do."""

    status = "status"
    draw = "draw"
    export = "export"
    import_ = "import"


class Form(StrEnum):
    """Forms of files of labels."""

    csv = "csv"
    jsonl = "jsonl"
    label_studio = "label-studio"
    argilla = "argilla"


Do = Annotated[Action, typer.Argument(help="status, draw, export or import.", metavar="ACTION")]
File = Annotated[Path | None, typer.Argument(help="import: the file of labels.", metavar="FILE")]
Budget = Annotated[int | None, typer.Option("--n", help="draw: conversations in the queue.", min=1)]
Doubles = Annotated[
    float | None,
    typer.Option(
        "--doubles", help="draw: share that a second labeller gets too, for agreement [default: 0.1].", min=0, max=1
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="draw: of the random numbers [default: 0].", min=0)]
Floor = Annotated[
    float | None,
    typer.Option(
        "--floor", help="draw: least share of labels for what the judge does not flag [default: 0.3].", min=0, max=1
    ),
]
Table = Annotated[
    str | None,
    typer.Option(
        "--judge-table", help="draw: stratify by this ratings table [default: the judge reported].", metavar="TABLE"
    ),
]
Format = Annotated[
    Form | None, typer.Option("--format", help="Form of the file [default: jsonl, and as it looks when importing].")
]
Out = Annotated[
    Path | None, typer.Option("-o", "--output", help="export: where to [default: standard output].", metavar="FILE")
]
NoConversations = Annotated[bool, typer.Option("--no-conversations", help="export: labels alone, no turns.")]
NoLabels = Annotated[bool, typer.Option("--no-labels", help="export: conversations alone.")]
All = Annotated[bool, typer.Option("--all", help="export: labelled conversations that are not in the queue too.")]
Labeller = Annotated[
    str | None, typer.Option("--labeller", help="import: whose labels, where the file does not say.", metavar="NAME")
]
Random = Annotated[
    bool, typer.Option("--random", help="import: the conversations are a simple random sample of this study's.")
]


def command(
    study: options.StudyPath,
    action: Do = Action.status,
    file: File = None,
    n: Budget = None,
    doubles: Doubles = None,
    seed: Seed = None,
    floor: Floor = None,
    judge_table: Table = None,
    format_: Format = None,
    output: Out = None,
    no_conversations: NoConversations = False,
    no_labels: NoLabels = False,
    all_: All = False,
    labeller: Labeller = None,
    random: Random = False,
    json: options.Json = False,
) -> None:
    """Do one of them."""
    from selfrule.store.folder import Folder
    from selfrule.study.labelling import Labelling

    folder = Folder.open(study)
    if file is not None and action is not Action.import_:
        raise UsageError(f"Only import takes a FILE. Got one with {action.value}.")
    if action is Action.export:
        _export(folder, study, format_, output, not no_conversations, not no_labels, all_)
        return
    if action is Action.import_:
        from selfrule.study.label_files import import_labels

        if file is None:
            raise UsageError(f"Import needs a file: selfrule labels {study} import FILE")
        done = import_labels(folder, file, form=format_.value if format_ else None, labeller=labeller, random=random)
        _json(done) if json else _imported(done, str(study))
        return
    labelling = Labelling(folder)
    if action is Action.draw:
        _draw(labelling, n, doubles=doubles, seed=seed, floor=floor, table=judge_table)
    from selfrule.study.label_status import status

    found = status(folder)
    _json(found) if json else _status(found, str(study), drawn=action is Action.draw)


def _json(made: Any) -> None:
    import msgspec

    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")


def _draw(labelling: Labelling, n: int | None, **how: Any) -> None:
    draw = labelling.draw
    if n is None and draw is None:
        raise UsageError("Say how many conversations are to be labelled: --n 200. What n buys: selfrule plan --help")
    labelling.open_draw(n or (draw.budget if draw else 0), **how)


def _export(
    folder: Any, study: Path, form: Form | None, output: Path | None, conversations: bool, labels: bool, all_: bool
) -> None:
    import os

    from selfrule.labels.formats import label_studio
    from selfrule.study.label_files import exported

    chosen = (form or Form.jsonl).value
    pieces = exported(folder, chosen, conversations=conversations, labels=labels, all_labels=all_)
    if output is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        return
    # conversations are private: nobody else on this machine may read them
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        for piece in pieces:
            handle.write(piece)
    typer.echo(f"Written: {output}" + (" (holds conversations: private)" if conversations else ""))
    if form is Form.label_studio:
        config = output.with_suffix(".xml")
        config.write_text(label_studio.config(), "utf-8")
        typer.echo(f"Written: {config} (paste it in Label Studio: Settings, Labeling Interface, Code)")
    typer.echo(f"When it is labelled: selfrule labels {study} import FILE")


def _imported(done: Imported, study: str) -> None:
    typer.echo(
        f"Read {done.rows:,} labels as {done.form}: kept {done.kept:,} of {done.conversations:,} conversations, "
        f"{done.known:,} known already, {len(done.problems):,} could not be used."
    )
    for name, count in sorted(done.labellers.items()):
        typer.echo(f"  {plain(name)}: {count:,}")
    if done.other_rubric:
        typer.echo(f"{done.other_rubric:,} are by another wording of the rubric: kept, and counted nowhere.")
    if done.kept and not done.of_draw and not done.random:
        typer.echo(
            "They count in agreement. In estimates they would count with --random (if they are a simple random sample of "
            "this study), or with a column inclusion."
        )
    for problem in done.problems[:_LISTED]:
        typer.echo(f"  {plain(problem)}", err=True)
    if len(done.problems) > _LISTED:
        typer.echo(f"  and {len(done.problems) - _LISTED:,} more (--json lists all)", err=True)
    if done.kept:
        typer.echo(f"Agreement: selfrule agreement {study}")


def _status(found: Status, study: str, *, drawn: bool) -> None:
    from rich.console import Console

    from selfrule.cli.agreed import table

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=100)
    if found.draw is None:
        console.print("Nothing has been drawn for labelling yet.")
        console.print(f"  selfrule labels {study} draw --n 200", markup=False, soft_wrap=True)
    else:
        console.print(
            f"Queue of {found.of:,} conversations"
            + (f", {found.doubles:,} of them for two labellers" if found.doubles else ""),
            style="bold",
        )
        made = table("the judge said", "conversations", "in the queue", "reached", "labelled", "each stands for")
        for stratum in found.strata:
            each = f"{1 / stratum.inclusion:,.1f}" if stratum.inclusion else ""
            made.add_row(
                stratum.name.replace("_", " "),
                *(f"{count:,}" for count in (stratum.size, stratum.drawn, stratum.reached, stratum.labelled)),
                each,
            )
        console.print(made)
    if found.labellers:
        console.print()
        made = table("labeller", "labelled", "unsure", "skipped", "median seconds")
        for one in found.labellers:
            seconds = "" if one.seconds is None else f"{one.seconds:,.0f}"
            made.add_row(plain(one.name), *(f"{count:,}" for count in (one.labelled, one.unsure, one.skipped)), seconds)
        console.print(made)
    for note in found.notes:
        console.print(note, markup=False)
    if drawn:
        console.print(f"To label: selfrule label {study}", markup=False, soft_wrap=True)
