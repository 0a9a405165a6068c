"""People rather than conversations: how many are affected, how much few of them carry, and how levels run within a person.

Needs person ids, and all conversations of each person rated. Shares of people by how many conversations they have; concentration
beside chance; next levels, onset, escalation and recovery beside the same in random order; change within and between people;
conversations and days until the first. Private: every group is printed. Add --shareable for what passes the release gate.

Example: selfrule people my-study --construct reliance_dependency --level severe
"""

from __future__ import annotations

from typing import Annotated

import typer

from selfrule.cli import analysed, options

After = Annotated[
    int, typer.Option("--after", help="Conversations without that make an onset or a recovery.", metavar="M", min=1)
]
At = Annotated[
    int, typer.Option("--at", help="Number of conversations at which people are compared.", metavar="N", min=1)
]


def command(
    study: options.StudyPath,
    construct: analysed.Construct = "flagged",
    level: analysed.Level = None,
    after: After = 3,
    at: At = 10,
    shareable: analysed.Shareable = False,
    k: options.Smallest = 10,
    format_: analysed.FormatOption = analysed.Format.table,
    json: options.Json = False,
) -> None:
    """Print what is seen of people."""
    from selfrule.report.analyses import section
    from selfrule.study.study import Study

    result = Study.open(study).people(construct, level, after=after, at=at, shareable=shareable, k=k)
    analysed.show(result, section(result), json=json or format_ is analysed.Format.json)
