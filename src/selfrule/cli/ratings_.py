"""Print a study's ratings: one row a conversation. Holds pseudonyms and ids: private.

Example: selfrule ratings my-study --format csv > ratings.csv
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from selfrule.cli import options
from selfrule.errors import UsageError


class Format(StrEnum):
    """How to print a table."""

    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a spreadsheet wants it: one column a construct, lists joined by spaces."""
    screen = row.pop("screen") or {}
    row |= {"screen_keep": screen.get("keep"), "screen_score": screen.get("score")}
    for name in ("levels", "actualized"):
        row |= {f"{name}_{key}": value for key, value in row.pop(name).items()}
    for name in ("probabilities", "evidence"):
        row |= {f"{name}_{key}": " ".join(map(str, value)) for key, value in row.pop(name).items()}
    row["domains"] = " ".join(row["domains"])
    # a cell that begins like a formula would be run by a spreadsheet
    return {k: f"'{v}" if isinstance(v, str) and v[:1] in "=+-@\t\r" else v for k, v in row.items()}


def command(
    study: options.StudyPath,
    format_: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.jsonl,
) -> None:
    """Print row by row, so that a study of any size fits."""
    from selfrule.study.study import Study
    from selfrule.study.tables import as_records, rating_table

    opened = Study.open(study)
    if format_ is Format.parquet:
        import pyarrow.parquet as pq

        if sys.stdout.isatty():
            raise UsageError(
                "Parquet is binary. Send it to a file: selfrule ratings STUDY --format parquet > r.parquet"
            )
        schema = rating_table([]).schema
        with pq.ParquetWriter(sys.stdout.buffer, schema, compression="zstd") as writer:
            for piece in opened.rating_rows():
                writer.write_table(piece)
        return
    if format_ is Format.jsonl:
        import msgspec

        for piece in opened.rating_rows():
            for row in as_records(piece):
                sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
        return
    import csv

    from selfrule.rubric import CONSTRUCTS, MARKERS

    blank: dict[str, Any] = dict.fromkeys(rating_table([]).schema.names)
    blank |= {"levels": dict.fromkeys(CONSTRUCTS), "probabilities": {key: [] for key in CONSTRUCTS}}
    blank |= {"evidence": {key: [] for key in CONSTRUCTS}, "actualized": dict.fromkeys(MARKERS), "domains": []}
    writer_: csv.DictWriter[str] = csv.DictWriter(sys.stdout, list(flat(blank)), restval="", lineterminator="\n")
    writer_.writeheader()
    for piece in opened.rating_rows():
        writer_.writerows(flat(row) for row in as_records(piece))
