"""Remove a person, or a conversation, from a study for good, and prove it.

Every row of theirs goes from every table, from labels and from paid answers; the folder is then searched for their ids and words,
and a further import leaves them out. Without an id it finishes what a killed run began. See docs/privacy.md.

Example: selfrule forget my-study person-17@example.org
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfrule.cli import options

if TYPE_CHECKING:
    from selfrule.study.forget import Receipt
    from selfrule.study.forget_journal import Journal

Persons = Annotated[
    list[str] | None,
    typer.Argument(
        help="Their ids, as the logs have them or as `selfrule ratings` prints them (p and 16 digits).",
        metavar="[PERSON]...",
    ),
]
File = Annotated[
    Path | None,
    typer.Option("--from", help="A file with one person's id a line; - reads standard input.", metavar="FILE"),
]
Conversation = Annotated[
    list[str] | None,
    typer.Option(
        "--conversation", help="A conversation, by its id here or in its log; its copies go too.", metavar="ID"
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before it is removed.")]


def command(
    study: options.StudyPath,
    person: Persons = None,
    file: File = None,
    conversation: Conversation = None,
    yes: Yes = False,
    json: options.Json = False,
) -> None:
    """Forget, and say what was removed from where."""
    from selfrule.cli.view import watcher
    from selfrule.store.folder import FORGETTING
    from selfrule.study.study import Study

    unfinished = (study / FORGETTING).exists()
    opened = Study.open(study)
    persons = [*(person or ()), *(_read(file) if file is not None else ())]
    if not persons and not conversation:
        if not unfinished:
            from selfrule.errors import UsageError

            raise UsageError("Nobody was named. Give a person's id, --from FILE, or --conversation ID.")
        from selfrule.store.folder import Folder
        from selfrule.study.forget import receipts

        _say(receipts(Folder.open(study))[-1], json)
        return
    receipt = opened.forget(
        persons, conversation or (), confirm=(lambda journal: True) if yes else _confirm, watcher=watcher()
    )
    if receipt is None:
        typer.echo("They had been forgotten before, and nothing of them has come back.", err=json)
        return
    _say(receipt, json)


def _read(file: Path) -> list[str]:
    from selfrule.errors import InputError

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{file} cannot be read as text. Give a file with one id a line.") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def _confirm(journal: Journal) -> bool:
    typer.echo(f"To be removed for good: {_counted(journal.conversations, journal.people, journal.tables)}.", err=True)
    if not sys.stdin.isatty():
        from selfrule.errors import UsageError

        raise UsageError("Nobody is here to confirm it, and nothing was removed. Add --yes if it is meant.")
    return typer.confirm("Remove them?", default=False, err=True)


def _counted(conversations: int, people: int, tables: dict[str, int]) -> str:
    more = ", ".join(f"{name} {count:,}" for name, count in tables.items() if name != "conversations")
    whose = f" of {people:,} {'person' if people == 1 else 'people'}" if people else ""
    word = "conversation" if conversations == 1 else "conversations"
    return f"{conversations:,} {word}{whose}" + (f"; {more}" if more else "")


def _say(receipt: Receipt, json: bool) -> None:
    if json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(receipt), indent=1) + b"\n")
    else:
        for line in lines(receipt):
            typer.echo(line)
    if receipt.found:
        raise typer.Exit(1)


def lines(receipt: Receipt) -> list[str]:
    """A receipt in words."""
    said = [f"Removed: {_counted(receipt.conversations, receipt.people, receipt.removed)}."]
    rewritten = sum(1 for _, after in receipt.parts.values() if after is not None)
    said.append(f"{rewritten:,} parts were written anew; their hashes before and after are in forgotten.jsonl.")
    words = f"{receipt.runs:,} runs of their words" if receipt.texts else "no words, for the study held none"
    said.append(
        f"Searched: all of {receipt.searched:,} files ({receipt.bytes / 1e6:,.1f} MB) for {receipt.ids:,} ids and {words}."
    )
    if receipt.alike or receipt.short:
        said.append(
            f"Not searched for, as they point to nobody: {receipt.alike:,} runs that other people's conversations hold too, "
            f"{receipt.short:,} turns of a few words."
        )
    if receipt.found:
        said.append("STILL FOUND in files that selfrule did not write, or could not change. Remove these yourself:")
        said += [f"  {name}" for name in receipt.found]
    else:
        said.append("Found: nothing.")
    if receipt.population is not None:
        said.append(f"The study is now a simple random sample of {receipt.population:,} conversations.")
    said.append(
        "Reports and patterns were removed, as they counted them: make them again with selfrule report. What was given away "
        "before still counts them, and so do backups and the log itself."
    )
    return said
