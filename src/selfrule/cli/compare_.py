"""Put models, products, languages or whole studies side by side: shares with intervals, and how far apart they are.

Differences are given as they are, and with groups made alike: weighted to one mix of domains and lengths, matched exactly,
or paired on the person's first words where the same scenarios were held with each. Private: every group is printed and
named. Add --shareable for those that pass the release gate.

Example: selfrule compare my-study --by model --to gpt-4o

Example: selfrule compare before-study after-study --construct reality_distortion --level severe
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from selfrule.cli import analysed, options


class By(StrEnum):
    """What the groups are."""

    model = "model"
    product = "product"
    language = "language"
    study = "study"


class How(StrEnum):
    """How groups are made alike."""

    weighted = "weighted"
    matched = "matched"
    paired = "paired"


class On(StrEnum):
    """By what groups are made alike."""

    domain = "domain"
    length = "length"
    language = "language"
    month = "month"


def command(
    studies: Annotated[list[Path], typer.Argument(help="One study's folder, or several.", metavar="STUDY...")],
    by: Annotated[
        By | None, typer.Option("--by", help="What to compare [default: studies where several are named, else models].")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", help="Compare every other with this one, and give all its mix.", metavar="NAME"),
    ] = None,
    how: Annotated[How, typer.Option("--how", help="How groups are made alike.")] = How.weighted,
    on: Annotated[
        list[On] | None,
        typer.Option("--on", help="By what, given once each [default: domain and length; matched: all that is known]."),
    ] = None,
    construct: Annotated[
        str | None,
        typer.Option(
            "--construct",
            help="One outcome instead of all: flagged, a construct, actualized_CONSTRUCT.",
            metavar="NAME",
        ),
    ] = None,
    level: analysed.Level = None,
    least: Annotated[int, typer.Option("--least", help="Conversations that a group needs.", min=1)] = 10,
    shareable: analysed.Shareable = False,
    k: options.Smallest = 10,
    format_: analysed.FormatOption = analysed.Format.table,
    json: options.Json = False,
) -> None:
    """Print groups side by side."""
    from selfrule.report.analyses import section
    from selfrule.study.study import Study

    first, *others = (Study.open(path) for path in studies)
    result = first.compare(
        *others,
        by=by.value if by else None,
        how=how.value,
        on=[one.value for one in on] if on else None,
        to=to,
        construct=construct,
        level=level,
        least=least,
        shareable=shareable,
        k=k,
    )
    analysed.show(result, section(result), json=json or format_ is analysed.Format.json)
