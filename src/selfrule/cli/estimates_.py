"""Print a study's figures: count, n, share, 95 % interval, what is missing and what it could change.

Private: every group is printed. Add --shareable for those that pass the release gate. Once people have labelled
(selfrule label STUDY), also what they confirm of what was flagged, and how much was missed at most; `kind` says which is which.

Example: selfrule estimates my-study --format json
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from selfrule.cli import options

if TYPE_CHECKING:
    from selfrule.records import Estimate


class Format(StrEnum):
    """How to print estimates."""

    table = "table"
    json = "json"
    csv = "csv"


def print_json(estimates: Sequence[Estimate]) -> None:
    """The list of the contract."""
    import msgspec

    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(list(estimates)), indent=1) + b"\n")


def command(
    study: options.StudyPath,
    format_: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
    shareable: Annotated[bool, typer.Option("--shareable", help="Only what passes the release gate.")] = False,
    k: options.Smallest = 10,
    json: options.Json = False,
) -> None:
    """Print the figures."""
    from selfrule.study.study import Study

    opened = Study.open(study)
    if format_ is Format.table and not json:
        from selfrule.cli.summary import print_context

        print_context(opened.context(private=not shareable, k=k))
        return
    found = opened.estimate_list(shareable=shareable, k=k)
    if json or format_ is Format.json:
        print_json(found)
        return
    import csv

    import msgspec

    rows = [msgspec.to_builtins(e) for e in found]
    for row in rows:
        row["group"] = " ".join(f"{name}={value}" for name, value in row["group"].items())
    writer: csv.DictWriter[str] = csv.DictWriter(sys.stdout, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
