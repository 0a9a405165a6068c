"""The words of conversations, as a study keeps them: as they are, encrypted (bytes), or left out (null).

Here alone they are read, sealed or removed. The type of a column says which: text is plain, bytes are sealed, and no words that
anybody wrote can be taken for the other.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from selfrule.errors import TextError
from selfrule.store import sealing
from selfrule.store.sealing import Seal

_HEAD = 12  # bytes that name the key of what is sealed

LEFT_OUT = (
    "The words of these conversations were left out of the study (--no-text) and cannot be had from it. Import the logs again "
    "into another study: selfrule audit LOGS -o NEW"
)

NOT_KEPT = "Its words were left out of this study (--no-text), so none is quoted."


def texts_of(array: pa.Array) -> list[str]:
    """The words of some turns, decrypted where they are sealed.

    Raises:
        TextError: they were left out, or cannot be decrypted.
    """
    if array.null_count:
        raise TextError(LEFT_OUT)
    found: list[Any] = array.to_pylist()
    return _plain(found) if pa.types.is_binary(array.type) else found


def _plain(sealed: list[bytes | None]) -> list[Any]:
    found: list[str | None] = []
    seal, head = None, b""
    for one in sealed:
        if one is None:
            found.append(None)
            continue
        if seal is None or one[:_HEAD] != head:
            seal, head = sealing.opener(one), one[:_HEAD]
        found.append(seal.open(one).decode("utf-8", "surrogatepass"))
    return found


def sealed_column(table: pa.Table, name: str, seal: Seal | None) -> pa.Table:
    """A table whose column of texts is sealed; as it is where there is no seal, or it is sealed already."""
    at = table.column_names.index(name)
    if seal is None or pa.types.is_binary(table.schema.field(at).type):
        return table
    return table.set_column(at, name, _sealed(table.column(at).to_pylist(), seal))


def plain_column(table: pa.Table, name: str) -> pa.Table:
    """A table whose column of texts is plain."""
    at = table.column_names.index(name)
    if not pa.types.is_binary(table.schema.field(at).type):
        return table
    return table.set_column(at, name, pa.array(_plain(table.column(at).to_pylist()), pa.string()))


def _sealed(texts: list[str | None], seal: Seal) -> pa.Array:
    return pa.array([None if t is None else seal.seal(t.encode("utf-8", "surrogatepass")) for t in texts], pa.binary())


def words_type(table: pa.Table) -> pa.DataType:
    """How a table of conversations has its words: text, or bytes where they are sealed."""
    return table.schema.field("turns").type.value_type.field("text").type


def sealed_words(table: pa.Table, seal: Seal | None) -> pa.Table:
    """A table of conversations whose words are sealed; as it is where there is no seal, or they are already."""
    if seal is None or pa.types.is_binary(words_type(table)):
        return table
    return _with(table, lambda words, rows: _sealed(words.to_pylist(), seal))


def plain_words(table: pa.Table) -> pa.Table:
    """A table of conversations whose words are plain."""
    if not pa.types.is_binary(words_type(table)):
        return table
    return _with(table, lambda words, rows: pa.array(_plain(words.to_pylist()), pa.string()))


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
    return _with(table, lambda words, rows: pc.if_else(pc.take(keep, rows), words, pa.scalar(None, words.type)))


def _with(table: pa.Table, change: Callable[[pa.Array, pa.Array], pa.Array]) -> pa.Table:
    """A table of conversations with other words: `change` is given the words of all turns and the row of each."""
    column = table.column("turns").combine_chunks()
    flat = pc.list_flatten(column)
    fields, kinds = [], []
    for kind in flat.type:
        values = flat.field(kind.name)
        if kind.name == "text":
            values = change(values, pc.list_parent_indices(column))
            kind = pa.field("text", values.type)  # noqa: PLW2901 - the field as it becomes
        fields.append(values)
        kinds.append(kind)
    turns = pa.StructArray.from_arrays(fields, fields=kinds)
    starts = pc.subtract(column.offsets, column.offsets[0]).cast(pa.int32())
    made = pa.ListArray.from_arrays(starts, turns)
    return table.set_column(table.column_names.index("turns"), "turns", made)
