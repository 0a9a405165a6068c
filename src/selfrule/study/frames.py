"""From the study's tables to the arrays that estimates are made from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from selfrule.estimate.frame import NO_TIME, Attribute, Frame
from selfrule.rubric import CONSTRUCTS, MARKERS, load

FINITE = b"finite"  # in a table's metadata: its weights are of draws without replacement from a known population


def codes_of(column: pa.ChunkedArray | pa.Array) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Codes (-1 where null) and names, names in order."""
    chunk = pa.chunked_array([column]) if isinstance(column, pa.Array) else column
    encoded = (chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], pa.string()).dictionary_encode()
    codes = np.asarray(encoded.indices.fill_null(-1)).astype(np.int64)
    names = encoded.dictionary.to_pylist()
    used = [n for n in range(len(names)) if names[n] is not None]
    order = sorted(used, key=lambda i: names[i])
    renumber = np.full(len(names) + 1, -1, np.int64)
    renumber[order] = np.arange(len(order))
    return renumber[codes], tuple(names[i] for i in order)


def _attribute(column: pa.ChunkedArray) -> Attribute | None:
    codes, names = codes_of(column)
    present = np.unique(codes[codes >= 0])
    if not len(present):
        return None
    renumber = np.full(len(names) + 1, -1, np.int64)
    renumber[present] = np.arange(len(present))
    return Attribute(codes=renumber[codes], names=tuple(names[i] for i in present))


def frame(table: pa.Table) -> Frame:
    """The frame of a study's narrow table (see `selfrule.study.tables.narrow`)."""
    domain_names = tuple(load().domains)
    n = table.num_rows
    if n == 0:
        none = np.zeros(0, np.bool_)
        return Frame(
            person=np.zeros(0, np.int64),
            screened_in=none,
            drawn=none,
            inclusion=np.zeros(0),
            rated=none,
            levels=np.zeros((0, len(CONSTRUCTS)), np.int8),
            actualized=np.zeros((0, len(MARKERS)), np.int8),
            domains=np.zeros((0, len(domain_names)), np.bool_),
            domain_names=domain_names,
        )
    status, names = codes_of(table["status"])
    drawn = np.array([name != "screened_out" for name in names], np.bool_)[status]
    rated = np.array([name == "rated" for name in names], np.bool_)[status]
    levels = np.empty((n, len(CONSTRUCTS)), np.int8)
    for index, construct in enumerate(CONSTRUCTS):
        levels[:, index] = np.asarray(pc.struct_field(table["levels"], construct).fill_null(-1))
    actualized = np.full((n, len(MARKERS)), -1, np.int8)
    for index, marker in enumerate(MARKERS):
        codes, said = codes_of(pc.struct_field(table["actualized"], marker))
        value = np.array([1 if name == "yes" else 0 for name in said] + [-1], np.int8)
        actualized[:, index] = value[codes]
    return Frame(
        person=codes_of(table["person"])[0],
        screened_in=np.asarray(table["keep"].fill_null(True)),
        drawn=drawn,
        inclusion=np.asarray(table["inclusion"].fill_null(1.0)),
        rated=rated,
        levels=levels,
        actualized=actualized,
        domains=_domains(table["domains"], domain_names),
        domain_names=domain_names,
        model=_attribute(table["model"]),
        month=_attribute(pc.strftime(table["started_at"], "%Y-%m")),
        product=_attribute(table["product"]),
        language=_attribute(table["language"]),
        weight=np.asarray(table["weight"]) if "weight" in table.column_names else None,
        finite=(table.schema.metadata or {}).get(FINITE) == b"yes",
        **_added(table),
    )


def _added(table: pa.Table) -> dict[str, Any]:
    """Times, thumbs and turns, where the table has them."""
    made: dict[str, Any] = {}
    times = table["started_at"]
    if not pa.types.is_null(times.type):
        made["at"] = np.asarray(pc.cast(pc.cast(times, pa.timestamp("ms", "UTC")), pa.int64()).fill_null(NO_TIME))
    if "thumb" in table.column_names:
        codes, names = codes_of(table["thumb"])
        made["thumb"] = np.array([*({"up": 1, "down": 0}.get(n, -1) for n in names), -1], np.int8)[codes]
    if "turn_count" in table.column_names:
        made["turns"] = np.asarray(table["turn_count"].fill_null(0))
    return made


def _domains(column: pa.ChunkedArray, names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    member = np.zeros((len(column), len(names)), np.bool_)
    index = {name: i for i, name in enumerate(names)}
    start = 0
    for chunk in column.chunks:
        rows = np.asarray(pc.list_parent_indices(chunk)) + start
        flat = pc.list_flatten(chunk).to_pylist()
        columns = np.array([index.get(name, -1) for name in flat], np.int64)
        known = columns >= 0
        member[rows[known], columns[known]] = True
        start += len(chunk)
    return member
