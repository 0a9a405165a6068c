"""The command line: one command a file, each imported only when it is called.

Exit codes: 0 done; 1 done, with problems that the user asked to be fatal; 2 bad usage or unusable input; 130 interrupted.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "audit": "Read logs, screen, rate, estimate, report: the main job.",
    "import": "Read logs into a study, without rating them.",
    "sample": "Draw conversations from logs, with known probabilities.",
    "plan": "What to screen, rate and label for an interval, at what cost.",
    "rate": "Screen and rate what a study has not rated yet.",
    "report": "Write a study's report again: shareable, or private.",
    "ratings": "Print ratings, a row a conversation: JSONL, CSV, Parquet.",
    "estimates": "Print a study's figures with intervals and what is missing.",
    "factors": "What goes with amplifying factors, level by level; how they overlap.",
    "trend": "Shares over time, by month or week, and where they changed.",
    "change": "Two periods, models or products: how much goes with another mix.",
    "approval": "Thumbs up in flagged conversations, and in the rest.",
    "popularity": "A domain's share of the traffic against its flagged rate, over time.",
    "compare": "Models, products, languages or studies side by side.",
    "people": "People affected, how much few carry, and courses within a person.",
    "facets": "What happened in each flagged conversation: a description and codes.",
    "patterns": "What happens in flagged conversations: kinds of them, nobody in them.",
    "label": "Open a page on this machine to label conversations.",
    "labels": "Draw the queue for labelling, export and import labels, show progress.",
    "coding": "What happened in flagged conversations: codes with intervals.",
    "agreement": "How far the judges of a study agree with each other.",
    "judge-check": "Try a judge: attacks, agreement with labels, repeatability.",
    "encrypt": "Encrypt a study's words at rest, by a passphrase from the environment.",
    "decrypt": "Decrypt a study's words.",
    "forget": "Remove a person or a conversation for good, and prove it.",
    "privacy-check": "Search what is shared for the people in it; or try it on invented ones.",
    "doctor": "Show what is installed, how good the judge is, if a study is sound.",
}


def _guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Our own errors in one line with exit code 2, an interruption with 130, a reader who left in silence."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        from selfrule.errors import SelfruleError

        try:
            command(*args, **options)
            sys.stdout.flush()
        except SelfruleError as error:
            typer.echo(f"selfrule: {error}", err=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            typer.echo("selfrule: interrupted. Nothing done is lost: run the same command again to go on.", err=True)
            raise typer.Exit(130) from error
        except BrokenPipeError as error:
            # `selfrule ratings STUDY | head`: whoever read our output has left
            import os

            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from error

    return run


class _Lazy(TyperGroup):
    """Knows its commands by name and imports one when it is wanted: keeps `--help` fast."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"selfrule.cli.{cmd_name.replace('-', '_')}_")
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(
            name=cmd_name,
            help=module.__doc__,
            context_settings={"help_option_names": ["-h", "--help"]},
        )(_guarded(module.command))
        return typer.main.get_command(app)


app = typer.Typer(
    cls=_Lazy,
    name="selfrule",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from selfrule.version import VERSION

        typer.echo(f"selfrule {VERSION}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version.", callback=_version, is_eager=True),
) -> None:
    """Measure when conversations with AI assistants take over a person's beliefs, values or actions.

    Everything stays on this machine unless you name a remote judge. Start with: selfrule audit export.zip
    """


def run() -> None:
    """Entry point of the `selfrule` program."""
    app(prog_name="selfrule")
