"""Arrow schemas of a study's tables, and records to tables and back.

Nested columns are built from flat arrays and offsets: an order of magnitude faster than from dicts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from selfrule.records import ROLES, Conversation, Facet, Problem, Rating, Screening, Turn
from selfrule.rubric import CONSTRUCTS, MARKERS
from selfrule.store.text import plain_column, texts_of

_name = pa.dictionary(pa.int32(), pa.string())
TURN = pa.struct([("role", pa.dictionary(pa.int8(), pa.string())), ("text", pa.string()), ("at", pa.int64())])

CONVERSATIONS = pa.schema(
    [
        ("conversation_id", pa.string()),
        ("content_hash", pa.string()),
        ("source", _name),
        ("source_id", pa.string()),
        ("place", pa.string()),
        ("person", pa.string()),
        ("started_at", pa.timestamp("ms", tz="UTC")),
        ("model", _name),
        ("product", _name),
        ("language", _name),
        ("country", _name),
        ("thumb", _name),
        ("score", pa.float64()),
        ("tags", pa.list_(pa.string())),
        ("branches", pa.int32()),
        ("weight", pa.float64()),
        ("turn_count", pa.int32()),
        ("turns", pa.list_(TURN)),
    ]
)
# What finds duplicates: `own_id` says whether source_id is the record's own; `content`, `name` and `who` are 64 bits of
# content_hash, source_id and person (0: unknown); `opening` and `folded` are hashes of the first two turns and of the text
# without case, spaces and punctuation; `sketch` is a minhash (see selfrule.study.duplicates).
FINGERPRINTS = pa.schema(
    [
        ("own_id", pa.bool_()),
        ("content", pa.uint64()),
        ("name", pa.uint64()),
        ("who", pa.uint64()),
        ("opening", pa.uint64()),
        ("folded", pa.uint64()),
        ("sketch", pa.binary(128)),
    ]
)
STORED = pa.schema([*CONVERSATIONS, *FINGERPRINTS])

SCREENINGS = pa.schema(
    [
        ("conversation_id", pa.string()),
        ("status", _name),
        ("keep", pa.bool_()),
        ("score", pa.float32()),
        ("screen", _name),
    ]
)
RATINGS = pa.schema(
    [
        ("conversation_id", pa.string()),
        ("content_hash", pa.string()),
        ("status", _name),
        ("judge", _name),
        ("rubric", _name),
        ("prompt", _name),
        ("levels", pa.struct([(c, pa.int8()) for c in CONSTRUCTS])),
        ("probabilities", pa.struct([(c, pa.list_(pa.float32())) for c in CONSTRUCTS])),
        ("evidence", pa.struct([(c, pa.list_(pa.int32())) for c in CONSTRUCTS])),
        ("actualized", pa.struct([(m, _name) for m in MARKERS])),
        ("domains", pa.list_(pa.string())),
        ("language", _name),
        ("inclusion", pa.float64()),
        ("reason", pa.string()),
        ("windows", pa.int32()),
        ("marks", pa.list_(pa.string())),
    ]
)
FACETS = pa.schema(
    [
        ("conversation_id", pa.string()),
        ("content_hash", pa.string()),
        ("status", _name),
        ("judge", _name),
        ("rubric", _name),
        ("prompt", _name),
        ("description", pa.string()),
        ("codes", pa.map_(pa.string(), pa.list_(pa.string()))),
        ("templated", pa.bool_()),
        ("replaced", pa.map_(pa.string(), pa.int32())),
        ("reason", pa.string()),
    ]
)
PROBLEMS = pa.schema([(name, pa.string()) for name in Problem.__struct_fields__])

_ROLE_CODE = {role: code for code, role in enumerate(ROLES)}


def flat_array(values: npt.NDArray[Any], kind: pa.DataType) -> pa.Array:
    """A numpy array as an Arrow array without a copy. `pa.array` would do it too, but imports pandas for it: a second."""
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def _dictionary(values: list[Any]) -> pa.Array:
    return pa.array(values, pa.string()).dictionary_encode()


def conversation_table(
    columns: dict[str, list[Any]], turns: Sequence[Sequence[Turn]], fingerprints: dict[str, pa.Array]
) -> pa.Table:
    """A table of schema `STORED` from columns (one list per plain field), turns and fingerprints, all of one length."""
    flat = list(chain.from_iterable(turns))
    roles = [_ROLE_CODE[turn.role] for turn in flat]
    texts = [turn.text for turn in flat]
    times = [turn.at for turn in flat]
    offsets = np.zeros(len(turns) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, turns), np.int32, len(turns)), out=offsets[1:])
    role = pa.DictionaryArray.from_arrays(pa.array(roles, pa.int8()), pa.array(ROLES, pa.string()))
    struct = pa.StructArray.from_arrays(
        [role, pa.array(texts, pa.string()), pa.array(times, pa.int64())], fields=list(TURN)
    )
    arrays: dict[str, pa.Array] = {
        "turn_count": flat_array(np.diff(offsets), pa.int32()),
        "turns": pa.ListArray.from_arrays(flat_array(offsets, pa.int32()), struct),
        **fingerprints,
    }
    for name, values in columns.items():
        field = STORED.field(name)
        arrays[name] = _dictionary(values) if field.type == _name else pa.array(values, field.type)
    return pa.Table.from_arrays([arrays[field.name] for field in STORED], schema=STORED)


def turns_of(table: pa.Table | pa.RecordBatch, *, words: bool = True) -> Iterator[list[Turn]]:
    """The turns of each row of a table that has the column `turns`; without their `words`, where these are not needed, as "".

    Raises:
        TextError: the words are needed, and were left out of the study.
    """
    column = table.column("turns")
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    for chunk in chunks:
        offsets = chunk.offsets.to_pylist()
        first = offsets[0] if offsets else 0
        flat = chunk.values.slice(first, (offsets[-1] - first) if offsets else 0)
        roles = flat.field("role").cast(pa.string()).to_pylist()
        texts = texts_of(flat.field("text")) if words else [""] * len(flat)
        times = flat.field("at").to_pylist()
        made = [Turn(r, t, a) for r, t, a in zip(roles, texts, times, strict=True)]
        for start, end in pairwise(offsets):
            yield made[start - first : end - first]


def conversations_of(table: pa.Table | pa.RecordBatch) -> Iterator[Conversation]:
    """The rows of a table of schema `CONVERSATIONS` (or `STORED`) as records."""
    there = set(table.schema.names)  # a part of an older version has no weights
    names = [n for n in Conversation.__struct_fields__ if n not in ("turns", "started_at") and n in there]
    columns = {n: table.column(n).to_pylist() for n in names}
    started = table.column("started_at").cast(pa.int64()).to_pylist()
    for row, turns in enumerate(turns_of(table)):
        fields = {n: values[row] for n, values in columns.items()}
        fields["tags"] = tuple(fields["tags"] or ())
        yield Conversation(turns=tuple(turns), started_at=started[row], **fields)


def stored_part(path: Path, columns: Sequence[str]) -> pa.Table:
    """Columns of one part of conversations; a weight that an older version did not write is 1."""
    import pyarrow.parquet as pq

    there = set(pq.read_schema(path).names)
    table = pq.read_table(path, columns=[name for name in columns if name in there or name != "weight"])
    if "weight" in columns and "weight" not in there:
        table = table.append_column(STORED.field("weight"), flat_array(np.ones(table.num_rows), pa.float64()))
    return table.select(list(columns))


def _struct(dicts: list[dict[str, Any]], kind: pa.StructType) -> pa.Array:
    arrays = []
    for field in kind:
        values = [d.get(field.name) for d in dicts]
        arrays.append(_dictionary(values) if field.type == _name else pa.array(values, field.type))
    return pa.StructArray.from_arrays(arrays, fields=list(kind))


def _table(records: Sequence[msgspec.Struct], schema: pa.Schema) -> pa.Table:
    arrays = []
    for field in schema:
        values = [getattr(r, field.name) for r in records]
        if pa.types.is_struct(field.type):
            arrays.append(_struct(values, field.type))
        elif field.type == _name:
            arrays.append(_dictionary(values))
        else:
            arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def rating_table(ratings: Sequence[Rating]) -> pa.Table:
    """Ratings as a table of schema `RATINGS`."""
    return _table(ratings, RATINGS)


def whole(ratings: pa.Table) -> pa.Table:
    """A table of ratings with every column of `RATINGS`: what an older version did not write is null."""
    for field in RATINGS:
        if field.name not in ratings.column_names:
            ratings = ratings.append_column(field, pa.nulls(ratings.num_rows, field.type))
    return ratings


def ratings_of(table: pa.Table) -> list[Rating]:
    """The rows of a table of schema `RATINGS` as records; columns that an older version did not write are as by default."""
    found = []
    for row in table.to_pylist():
        kept = {name: value for name, value in row.items() if value is not None}
        if row["status"] != "rated":
            kept |= {"levels": {}, "probabilities": {}, "evidence": {}, "actualized": {}}
        else:
            for name in ("probabilities", "evidence", "actualized"):
                kept[name] = {k: v for k, v in (kept.get(name) or {}).items() if v is not None}
        found.append(msgspec.convert(kept, Rating))
    return found


def screening_table(screenings: Sequence[Screening]) -> pa.Table:
    """Screenings as a table of schema `SCREENINGS`."""
    return _table(screenings, SCREENINGS)


def facet_table(facets: Sequence[Facet]) -> pa.Table:
    """Facets as a table of schema `FACETS`."""
    return _table(facets, FACETS)


def facets_of(table: pa.Table) -> list[Facet]:
    """The rows of a table of schema `FACETS` as records."""
    found = []
    for row in plain_column(table, "description").to_pylist():
        row["codes"], row["replaced"] = dict(row["codes"] or ()), dict(row["replaced"] or ())
        found.append(Facet(**row))
    return found


def problem_table(problems: Sequence[Problem]) -> pa.Table:
    """Problems as a table of schema `PROBLEMS`."""
    return _table(problems, PROBLEMS)
