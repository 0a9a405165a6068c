"""Options that several commands share: one wording each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Inputs = Annotated[
    list[Path],
    typer.Argument(help="Files, folders or zips of conversation logs; - reads standard input.", metavar="INPUT..."),
]
StudyPath = Annotated[Path, typer.Argument(help="A study's folder, as made by audit.", metavar="STUDY")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="The study's folder [default: NAME-study here].", metavar="STUDY")
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="Where the fields are in a format of your own: text=body,role=sender (docs/formats.md), or a TOML file.",
        metavar="FIELD=PLACE",
    ),
]
Reader = Annotated[
    str | None, typer.Option("--format", help="The reader to use, instead of recognising the format.", metavar="NAME")
]
ScreenRecall = Annotated[
    float,
    typer.Option("--screen-recall", help="Share of flagged conversations that the screen is to keep, in (0, 1]."),
]
Check = Annotated[
    float,
    typer.Option(
        "--check-screen",
        help="Share of screened-out conversations rated all the same, to measure what the screen missed, in [0, 1].",
    ),
]
Workers = Annotated[int | None, typer.Option("--workers", help="Processes [default: all cores].", min=1)]
Private = Annotated[
    bool, typer.Option("--private", help="Also write the private report, which quotes flagged turns. Not for sharing.")
]
Smallest = Annotated[int, typer.Option("--k", help="Smallest group that a shareable report shows.", min=2)]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 if any record was skipped.")]
Json = Annotated[bool, typer.Option("--json", help="Print figures as JSON.")]
