"""A study's tables as others read them: ratings, problems, and the narrow table that estimates are made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule.records import Estimate
from selfrule.store.folder import Folder
from selfrule.store.schemas import CONVERSATIONS, PROBLEMS, RATINGS, stored_part, whole
from selfrule.study import duplicates
from selfrule.study.duplicates import DUPLICATES
from selfrule.study.rating import Plan
from selfrule.study.weights import weighed

_FROM_CONVERSATIONS = [
    *("source_id", "conversation_id", "person", "started_at", "model", "product", "country", "thumb", "score"),
    *("source", "place", "turn_count", "weight"),
]
_FROM_RATINGS = [
    *("status", "levels", "probabilities", "evidence", "actualized", "domains"),
    *("language", "inclusion", "reason", "judge", "rubric", "windows", "marks"),
]

ROWS = pa.schema(
    [
        *(CONVERSATIONS.field(name) for name in _FROM_CONVERSATIONS),
        ("screen", pa.struct([("keep", pa.bool_()), ("score", pa.float32())])),
        *(RATINGS.field(name) for name in _FROM_RATINGS),
        ("duplicate_of", pa.string()),
    ]
)
"""The table that `selfrule ratings` prints: one row a conversation of the input, duplicates included and marked."""


ESTIMATES = pa.schema(
    [
        ("construct", pa.string()),
        ("level", pa.string()),
        ("group", pa.map_(pa.string(), pa.string())),
        ("count", pa.float64()),
        ("n", pa.int64()),
        *((name, pa.float64()) for name in ("share", "low", "high")),
        ("method", pa.string()),
        ("missing", pa.int64()),
        *((name, pa.float64()) for name in ("low_if_missing_none", "high_if_missing_all")),
        ("persons", pa.int64()),
        *((name, pa.float64()) for name in ("n_effective", "design_effect")),
        *((name, pa.string()) for name in ("kind", "note")),
    ]
)
"""Estimates as a table; `group` is a map, empty for figures of everything."""


def estimate_table(estimates: Sequence[Estimate]) -> pa.Table:
    """Estimates as a table of schema `ESTIMATES`."""
    arrays = []
    for field in ESTIMATES:
        values: list[Any] = [getattr(e, field.name) for e in estimates]
        if field.name == "group":
            values = [list(group.items()) for group in values]
        arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=ESTIMATES)


def rating_table(pieces: Iterable[pa.Table]) -> pa.Table:
    """Pieces of the table of ratings as one, of schema `ROWS` with plain strings."""
    return pa.concat_tables([_plain(ROWS.empty_table()), *pieces])


def _plain(table: pa.Table) -> pa.Table:
    """Dictionary columns as plain strings: parts have dictionaries of their own, and readers of CSV want text."""
    for index, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(index, field.name, pc.cast(table.column(index), pa.string()))
    return table


def _duplicates(folder: Folder) -> dict[str, dict[int, str]]:
    path = folder.part("duplicates", "duplicates")
    found: dict[str, dict[int, str]] = {}
    if path.exists():
        table = pq.read_table(path, schema=DUPLICATES)
        columns = (table[name].to_pylist() for name in ("part", "row", "duplicate_of"))
        for part, row, keeper in zip(*columns, strict=True):
            found.setdefault(part, {})[row] = keeper
    return found


def _places(identities: Sequence[str | None], made: pa.Table) -> pa.Array:
    """Where each conversation stands in a table made of the same part; null for None, and where it is not there."""
    place = {identity: index for index, identity in enumerate(made["conversation_id"].to_pylist())}
    return pa.array([None if i is None else place.get(i) for i in identities], pa.int64())


def rating_rows(folder: Folder, plan: Plan) -> Iterator[pa.Table]:
    """The rows of `ROWS`, part by part, in the order of the input. Parts not rated yet are left out."""
    copies = _duplicates(folder)
    for path in folder.parts("conversations"):
        rated_path = folder.part("ratings", plan.judge, path.stem)
        if not rated_path.exists():
            continue
        table = stored_part(path, _FROM_CONVERSATIONS)
        ratings = whole(pq.read_table(rated_path))
        screenings = pq.read_table(folder.part("screenings", plan.screen, path.stem))
        duplicate_of = copies.get(path.stem, {})
        # a copy has no rating of its own, even where an earlier run rated it
        identities = [None if row in duplicate_of else i for row, i in enumerate(table["conversation_id"].to_pylist())]
        index = _places(identities, ratings)
        rated = _plain(ratings.select(_FROM_RATINGS)).take(index)
        missing = index.is_null()
        status = pc.if_else(missing, "duplicate", rated["status"])
        keep = screenings.select(["keep", "score"]).take(_places(identities, screenings))
        screen = pa.StructArray.from_arrays(
            [keep["keep"].combine_chunks(), keep["score"].combine_chunks()], fields=list(ROWS.field("screen").type)
        )
        columns = {name: table[name] for name in _FROM_CONVERSATIONS}
        columns |= {name: rated[name] for name in _FROM_RATINGS}
        columns["status"] = status
        columns["screen"] = screen
        columns["duplicate_of"] = pa.array([duplicate_of.get(row) for row in range(len(identities))], pa.string())
        yield _plain(pa.table({field.name: columns[field.name] for field in ROWS}))


def as_records(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows of `ROWS` as the JSON objects of the contract: empty lists and `{}` instead of null, times in ISO 8601."""
    for row in table.to_pylist():
        started = row["started_at"]
        row["started_at"] = None if started is None else started.isoformat().replace("+00:00", "Z")
        for name in ("levels", "actualized"):
            row[name] = row[name] or {}
        for name in ("probabilities", "evidence"):
            row[name] = {key: value or [] for key, value in (row[name] or {}).items()}
        row["domains"] = row["domains"] or []
        row["marks"] = row["marks"] or []
        if row["duplicate_of"] is None:
            del row["duplicate_of"]
        yield row


def problems(folder: Folder) -> pa.Table:
    """Everything that was wrong with the input, in its order."""
    tables = [pq.read_table(path) for path in folder.parts("problems")]
    return pa.concat_tables([PROBLEMS.empty_table(), *tables])


def narrow(folder: Folder, plan: Plan, *, identified: bool = False) -> pa.Table:
    """One row a unique conversation with what estimates need; joined within each part, so memory stays small.

    With `identified` it has the column `conversation_id` too.
    """
    pieces = []
    wanted = [
        "conversation_id",
        "person",
        "started_at",
        "model",
        "product",
        "language",
        "weight",
        "thumb",
        "turn_count",
    ]
    copies = duplicates.rows_of(folder)
    for path in folder.parts("conversations"):
        rated_path = folder.part("ratings", plan.judge, path.stem)
        if not rated_path.exists():
            continue
        table = stored_part(path, wanted)
        if path.stem in copies:
            mask = np.ones(table.num_rows, np.bool_)
            mask[copies[path.stem]] = False
            table = table.filter(pa.array(mask))
        ratings = pq.read_table(
            rated_path,
            columns=["conversation_id", "status", "levels", "actualized", "domains", "language", "inclusion"],
        )
        kept = pq.read_table(folder.part("screenings", plan.screen, path.stem), columns=["conversation_id", "keep"])
        ratings, kept = (
            made
            if made["conversation_id"] == table["conversation_id"]
            else made.take(_places(table["conversation_id"].to_pylist(), made))
            for made in (ratings, kept)
        )
        ratings = ratings.append_column("keep", kept["keep"])
        columns = {name: table[name] for name in (wanted if identified else wanted[1:])}
        columns["language"] = pc.coalesce(
            pc.cast(ratings["language"], pa.string()), pc.cast(table["language"], pa.string())
        ).combine_chunks()
        columns |= {name: ratings[name] for name in ("status", "levels", "actualized", "domains", "inclusion", "keep")}
        pieces.append(pa.table(columns))
    return weighed(pa.concat_tables(pieces).unify_dictionaries(), folder.manifest()) if pieces else pa.table({})
