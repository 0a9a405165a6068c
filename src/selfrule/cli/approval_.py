"""Thumbs up in flagged conversations and in the rest: shares, differences with intervals, beside what the study found.

Of flagged conversations, each primitive, each actualized marker and each amplifying factor; or of one construct and level.
Differences are given as they are and with domain and length made alike. Only conversations whose log gives a thumb count, and
how many have none is shown; a score is no thumb. Private: every group is printed. Add --shareable for those that pass the
release gate.

Example: selfrule approval my-study --format json
"""

from __future__ import annotations

from typing import Annotated

import typer

from selfrule.cli import analysed, options

One = Annotated[
    str | None,
    typer.Option(
        "--construct",
        help="Only this: flagged, a construct such as reality_distortion, or actualized_CONSTRUCT [default: all].",
        metavar="NAME",
    ),
]


def command(
    study: options.StudyPath,
    construct: One = None,
    level: analysed.Level = None,
    shareable: analysed.Shareable = False,
    k: options.Smallest = 10,
    format_: analysed.FormatOption = analysed.Format.table,
    json: options.Json = False,
) -> None:
    """Print approval."""
    from selfrule.report.analyses import section
    from selfrule.study.study import Study

    result = Study.open(study).approval(construct, level, shareable=shareable, k=k)
    analysed.show(result, section(result), json=json or format_ is analysed.Format.json)
