"""The words of conversations, as a study keeps them: as they are, or left out (null). Here alone they are read or removed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from selfrule.errors import TextError

LEFT_OUT = (
    "The words of these conversations were left out of the study (--no-text) and cannot be had from it. Import the logs again "
    "into another study: selfrule audit LOGS -o NEW"
)

NOT_KEPT = "Its words were left out of this study (--no-text), so none is quoted."


def texts_of(array: pa.Array) -> list[str]:
    """The words of some turns.

    Raises:
        TextError: they were left out.
    """
    if array.null_count:
        raise TextError(LEFT_OUT)
    found: list[str] = array.to_pylist()
    return found


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return pc.list_flatten(column.combine_chunks())


def with_words(path: Path) -> NDArray[np.bool_]:
    """Which rows of a part of conversations have words in any turn; shape (n,)."""
    found = [np.zeros(0, np.bool_)]
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(1024, columns=["turns"], use_threads=False):
            column = batch.column("turns")
            there = pc.list_parent_indices(column).filter(pc.list_flatten(column).field("text").is_valid())
            mask = np.zeros(batch.num_rows, np.bool_)
            mask[np.asarray(there)] = True
            found.append(mask)
    return np.concatenate(found)


def all_words_of(table: pa.Table) -> bool:
    """Whether every turn of a table with the column `turns` has its words."""
    return not _flat(table.column("turns")).field("text").null_count


def without_words(table: pa.Table, keep: pa.Array) -> pa.Table:
    """A table of conversations in which only the rows of `keep` (booleans) have words; all else stays as it is."""
    column = table.column("turns").combine_chunks()
    flat = pc.list_flatten(column)
    mask = pc.take(keep, pc.list_parent_indices(column))
    kind = column.type
    names = [flat.type.field(i).name for i in range(flat.type.num_fields)]
    fields = [flat.field(name) for name in names]
    at = names.index("text")
    fields[at] = pc.if_else(mask, fields[at], pa.scalar(None, fields[at].type))
    turns = pa.StructArray.from_arrays(fields, fields=list(kind.value_type))
    starts = pc.subtract(column.offsets, column.offsets[0])
    made = pa.ListArray.from_arrays(starts.cast(pa.int32()), turns)
    return table.set_column(table.column_names.index("turns"), table.schema.field("turns"), made)
