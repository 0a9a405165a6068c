"""Whether a domain is flagged more often when it is a larger share of the traffic: r per domain over months or weeks.

Beside the study's own r, with the warning that it deserves: over so few months whatever drifts goes together. The r over
changes from one month to the next knows no common trend. Partial months are left out, and fewer than six refused. Private:
every domain is printed. Add --shareable for those that pass the release gate.

Example: selfrule popularity my-study --every week
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from selfrule.cli import analysed, options


class Every(StrEnum):
    """The period."""

    month = "month"
    week = "week"


def command(
    study: options.StudyPath,
    every: Annotated[Every, typer.Option("--every", help="The period.")] = Every.month,
    construct: analysed.Construct = "flagged",
    level: analysed.Level = None,
    shareable: analysed.Shareable = False,
    k: options.Smallest = 10,
    format_: analysed.FormatOption = analysed.Format.table,
    json: options.Json = False,
) -> None:
    """Print popularity."""
    from selfrule.report.analyses import section
    from selfrule.study.study import Study

    result = Study.open(study).popularity(every.value, construct, level, shareable=shareable, k=k)
    analysed.show(result, section(result), json=json or format_ is analysed.Format.json)
