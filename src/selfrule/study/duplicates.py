"""Duplicates: exact, near-exact and continued conversations are found, kept once and counted.

Two conversations are copies where their content is the same ("exact"), or the same but for case, spaces, punctuation and
about one word in fifty ("near"), or where one record of the same id is a later state of the other ("continued": the
longest is kept). The same words from two different known people are two conversations. Decided from narrow columns, after
import, over the whole study: the outcome does not depend on the order in which workers finished.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from selfrule.store.folder import Folder, write_part
from selfrule.study.fingerprints import WIDTH

ALIKE = 30  # of 32 sketch values equal: a Jaccard similarity of about 0.94
_BANDS = 6  # of 5 values each (the last 2 of 32 unused); at similarity 0.94 a pair shares one with probability 0.9996
_NO_TEXT = np.uint64(xxhash.xxh3_64_intdigest(b""))

DUPLICATES = pa.schema(
    [
        ("part", pa.dictionary(pa.int32(), pa.string())),
        ("row", pa.int32()),
        ("conversation_id", pa.string()),
        ("duplicate_of", pa.string()),
        ("kind", pa.dictionary(pa.int8(), pa.string())),
    ]
)
_COLUMNS = ["content", "name", "who", "turn_count", "own_id", "opening", "folded", "sketch"]


class Duplicates(msgspec.Struct):
    """How many of each kind were found."""

    exact: int = 0
    near: int = 0
    continued: int = 0

    @property
    def all(self) -> int:
        """All duplicates."""
        return self.exact + self.near + self.continued


class _Narrow(msgspec.Struct):
    part: npt.NDArray[np.int32]
    row: npt.NDArray[np.int32]
    content: npt.NDArray[np.uint64]
    name: npt.NDArray[np.uint64]
    person: npt.NDArray[np.uint64]
    turns: npt.NDArray[np.int32]
    own: npt.NDArray[np.bool_]
    opening: npt.NDArray[np.uint64]
    folded: npt.NDArray[np.uint64]
    sketch: npt.NDArray[np.uint32]
    sketched: npt.NDArray[np.bool_]


def _load(folder: Folder) -> _Narrow:
    """The narrow columns of all parts: about 190 bytes a conversation, filled in place, so that a million and a half fit."""
    paths = folder.parts("conversations")
    n = sum(pq.read_metadata(path).num_rows for path in paths)
    narrow = _Narrow(
        part=np.empty(n, np.int32),
        row=np.empty(n, np.int32),
        content=np.empty(n, np.uint64),
        name=np.empty(n, np.uint64),
        person=np.empty(n, np.uint64),
        turns=np.empty(n, np.int32),
        own=np.empty(n, np.bool_),
        opening=np.empty(n, np.uint64),
        folded=np.empty(n, np.uint64),
        sketch=np.empty((n, WIDTH), np.uint32),
        sketched=np.empty(n, np.bool_),
    )
    start = 0
    for index, path in enumerate(paths):
        table = pq.read_table(path, columns=_COLUMNS, use_threads=False)
        count = table.num_rows
        if not count:
            continue
        at = slice(start, start + count)
        start += count
        sketch = table["sketch"].combine_chunks()
        narrow.part[at] = index
        narrow.row[at] = np.arange(count)
        narrow.content[at] = table["content"].to_numpy()
        narrow.name[at] = table["name"].to_numpy()
        narrow.person[at] = table["who"].to_numpy()
        narrow.turns[at] = table["turn_count"].to_numpy()
        narrow.own[at] = table["own_id"].to_numpy(zero_copy_only=False)
        narrow.opening[at] = table["opening"].to_numpy()
        narrow.folded[at] = table["folded"].to_numpy()
        raw = np.frombuffer(sketch.fill_null(bytes(4 * WIDTH)).buffers()[1], np.uint32)
        narrow.sketch[at] = raw[: count * WIDTH].reshape(count, WIDTH)
        narrow.sketched[at] = sketch.is_valid().to_numpy(zero_copy_only=False)
    return narrow


def _identities(folder: Folder, narrow: _Narrow, rows: npt.NDArray[np.int64]) -> list[str]:
    """The conversation ids of some rows, read from their parts: most studies have few copies."""
    paths = folder.parts("conversations")
    found = np.empty(len(rows), object)
    for index in np.unique(narrow.part[rows]):
        column = pq.read_table(paths[index], columns=["conversation_id"])["conversation_id"]
        here = np.flatnonzero(narrow.part[rows] == index)
        found[here] = column.take(pa.array(narrow.row[rows[here]].tolist(), pa.int64())).to_pylist()
    return list(found)


def _mix(*columns: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """One hash of several columns, row by row."""
    mixed = np.full(len(columns[0]), 0x9E3779B97F4A7C15, np.uint64)
    for column in columns:
        mixed = (mixed ^ column) * np.uint64(0xFF51AFD7ED558CCD)
        mixed ^= mixed >> np.uint64(32)
    return mixed


def _same(keys: npt.NDArray[np.uint64], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Pairs (row, first row with the same key) for every row but the first of its key."""
    _, first, inverse = np.unique(keys[rows], return_index=True, return_inverse=True)
    leaders = rows[first[inverse]]
    pairs: npt.NDArray[np.int64] = np.stack([rows, leaders], 1)[rows != leaders]
    return pairs


def _near(narrow: _Narrow, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Pairs of near-exact copies among `rows`, found by bands of the sketch and checked on the whole sketch."""
    pairs = [np.zeros((0, 2), np.int64)]
    width = WIDTH // _BANDS
    for band in range(_BANDS):
        columns = [narrow.sketch[rows, band * width + i].astype(np.uint64) for i in range(width)]
        keys = _mix(narrow.person[rows], *columns)
        order = np.argsort(keys, kind="stable")
        sorted_keys, sorted_rows = keys[order], rows[order]
        fresh = np.concatenate(([True], sorted_keys[1:] != sorted_keys[:-1])) if len(rows) else np.zeros(0, bool)
        leader = sorted_rows[np.maximum.accumulate(np.where(fresh, np.arange(len(rows)), 0))] if len(rows) else rows
        again = np.flatnonzero(~fresh)
        # with the first of its band and with the neighbour: enough to link all of a group of true copies
        candidates = np.unique(
            np.concatenate(
                [
                    np.stack([sorted_rows[again], leader[again]], 1),
                    np.stack([sorted_rows[again], sorted_rows[again - 1]], 1),
                ]
            ),
            axis=0,
        )
        for start in range(0, len(candidates), 100_000):
            some = candidates[start : start + 100_000]
            alike = (narrow.sketch[some[:, 0]] == narrow.sketch[some[:, 1]]).sum(1) >= ALIKE
            pairs.append(some[alike])
    return np.concatenate(pairs)


def find(folder: Folder) -> Duplicates:
    """Find the study's duplicates and write them to its `duplicates` table.

    Of each set of copies the one with the most turns is kept, of equals the first in order of input.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    narrow = _load(folder)
    n = len(narrow.part)
    everything = np.arange(n)
    exact = _same(_mix(narrow.content, narrow.person), everything)
    single = np.setdiff1d(everything, exact[:, 0], assume_unique=True)
    told = single[narrow.folded[single] != _NO_TEXT]
    folded = _same(_mix(narrow.folded, narrow.person), told)
    near = _near(narrow, single[narrow.sketched[single]])
    owned = np.flatnonzero(narrow.own)
    grown = _same(_mix(narrow.name, narrow.opening, narrow.person), owned)
    links = np.concatenate([exact, folded, near, grown])
    linked = np.unique(links)
    if len(linked):
        place = np.searchsorted(linked, links)
        graph = coo_matrix((np.ones(len(links), np.int8), (place[:, 0], place[:, 1])), (len(linked),) * 2)
        component = connected_components(graph, directed=False)[1]
        best = np.lexsort((linked, -narrow.turns[linked].astype(np.int64), component))
        leads = np.concatenate(([True], component[best][1:] != component[best][:-1]))
        keeper_of = np.empty(component.max() + 1, np.int64)
        keeper_of[component[best][leads]] = linked[best][leads]
        keepers = keeper_of[component]
        copies = linked != keepers
        rows, keep = linked[copies], keepers[copies]
    else:
        rows = keep = np.zeros(0, np.int64)
    same = narrow.content[rows] == narrow.content[keep]
    later = (
        ~same & narrow.own[rows] & (narrow.name[rows] == narrow.name[keep]) & (narrow.turns[rows] < narrow.turns[keep])
    )
    kinds = np.where(same, 0, np.where(later, 2, 1)).astype(np.int8)
    names = [path.stem for path in folder.parts("conversations")]
    table = pa.Table.from_arrays(
        [
            pa.DictionaryArray.from_arrays(pa.array(narrow.part[rows]), pa.array(names, pa.string())),
            pa.array(narrow.row[rows]),
            pa.array(_identities(folder, narrow, rows), pa.string()),
            pa.array(_identities(folder, narrow, keep), pa.string()),
            pa.DictionaryArray.from_arrays(pa.array(kinds), pa.array(["exact", "near", "continued"])),
        ],
        schema=DUPLICATES,
    )
    write_part(folder.part("duplicates", "duplicates"), table)
    counted = np.bincount(kinds, minlength=3)
    return Duplicates(int(counted[0]), int(counted[1]), int(counted[2]))


def rows_of(folder: Folder) -> dict[str, npt.NDArray[np.int32]]:
    """The rows of each part that are duplicates. Empty where none was found, or none was looked for."""
    path = folder.part("duplicates", "duplicates")
    if not path.exists():
        return {}
    table = pq.read_table(path, columns=["part", "row"])
    if not table.num_rows:
        return {}
    codes = table["part"].combine_chunks().indices.to_numpy()
    names = table["part"].combine_chunks().dictionary.to_pylist()
    rows = table["row"].to_numpy()
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    return {names[code]: group for code, group in zip(present, np.split(rows[order], starts[1:]), strict=True)}
