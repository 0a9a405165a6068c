"""Shares over time, by month or week: how much they changed, and where, with the uncertainty of both.

Of any construct and level, overall, within the domains of highest share, and by domain, model or product. Partial periods are
marked and left out of what compares periods. A change is located, never explained. Several studies are looked at as one series
where one judge rated them with one rubric; studies of different judges need --bridge, a study that both rated. Private: every
group is printed. Add --shareable for those that pass the release gate.

Example: selfrule trend my-study --every week --construct value_judgment_distortion --by model
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from selfrule.cli import analysed, options


class Every(StrEnum):
    """How long a period is."""

    month = "month"
    week = "week"


class By(StrEnum):
    """What to break down by."""

    domain = "domain"
    model = "model"
    product = "product"


Studies = Annotated[
    list[Path], typer.Argument(help="A study's folder, as made by audit; several make one series.", metavar="STUDY...")
]
EveryOption = Annotated[
    Every, typer.Option("--every", help="Length of the periods: calendar months, or weeks from Monday.")
]
ByOption = Annotated[By | None, typer.Option("--by", help="Also by domain, model or product.")]
BridgeOption = Annotated[
    Path | None,
    typer.Option(
        "--bridge",
        help="A study that both judges rated, to carry shares over to the scale of the first study's judge.",
        metavar="STUDY",
    ),
]


def command(
    studies: Studies,
    every: EveryOption = Every.month,
    by: ByOption = None,
    construct: analysed.Construct = "flagged",
    level: analysed.Level = None,
    bridge: BridgeOption = None,
    shareable: analysed.Shareable = False,
    k: options.Smallest = 10,
    format_: analysed.FormatOption = analysed.Format.table,
    json: options.Json = False,
) -> None:
    """Print shares over time."""
    from selfrule.report.analyses import section
    from selfrule.study.study import Study

    first, *others = (Study.open(path) for path in studies)
    result = first.trend(
        construct,
        level,
        every=every.value,
        by=None if by is None else by.value,
        beside=others,
        bridge=None if bridge is None else Study.open(bridge),
        shareable=shareable,
        k=k,
    )
    analysed.show(result, section(result), json=json or format_ is analysed.Format.json)
