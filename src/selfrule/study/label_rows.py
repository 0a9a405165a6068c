"""The conversations of a study as a draw sees them: one row a unique conversation, with its sampling stratum."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from selfrule.errors import StudyError, UsageError
from selfrule.labels.strata import stratum_codes
from selfrule.records import Turn
from selfrule.rubric import CONSTRUCTS, PRIMITIVES
from selfrule.store.folder import Folder
from selfrule.store.schemas import stored_part, turns_of
from selfrule.store.text import all_words_of
from selfrule.study import duplicates


@dataclass(frozen=True)
class Population:
    """All unique conversations that a judge's table covers, in the order of `tables.narrow`.

    Attributes:
        ids: Conversation ids; length n.
        part: Index into `parts` of each; shape (n,).
        parts: Names of the study's parts.
        strata: Index into `labels.strata.STRATA`; shape (n,).
        levels: The judge's level of each construct, -1 where not rated; shape (n, 7).
        person: Code of the person, -1 where unknown; shape (n,).
        weight: What each conversation stands for by the way the study was drawn; shape (n,).
    """

    ids: list[str]
    part: NDArray[np.int32]
    parts: list[str]
    strata: NDArray[np.int8]
    levels: NDArray[np.int8]
    person: NDArray[np.int64]
    weight: NDArray[np.float64]


def reported(folder: Folder) -> tuple[str, str]:
    """The names of the tables whose figures a study reports: of screenings and of ratings.

    Raises:
        StudyError: nothing has been rated yet.
    """
    tables = folder.manifest().get("tables") or {}
    if not tables or not folder.parts("ratings", tables["judge"]):
        raise StudyError(
            f"{folder.root} has no ratings yet, and labels are drawn by what a judge said. Run: selfrule rate {folder.root}"
        )
    return tables["screen"], tables["judge"]


def population(folder: Folder, table: str) -> Population:
    """Read the population of a judge's table. Copies are left out, and so are parts not rated yet.

    Raises:
        UsageError: there is no such table.
    """
    if not folder.parts("ratings", table):
        known = sorted(p.name for p in (folder.root / "ratings").glob("*") if p.is_dir())
        raise UsageError(f"The study has no ratings table {table!r}. It has: {', '.join(known) or 'none'}.")
    copies = duplicates.rows_of(folder)
    ids: list[str] = []
    parts: list[str] = []
    part, levels, strata, people, weight = [], [], [], [], []
    for path in folder.parts("conversations"):
        rated_path = folder.part("ratings", table, path.stem)
        if not rated_path.exists():
            continue
        given = stored_part(path, ["conversation_id", "person", "weight"])
        if path.stem in copies:
            mask = np.ones(given.num_rows, np.bool_)
            mask[copies[path.stem]] = False
            given = given.filter(pa.array(mask))
        ratings = pq.read_table(rated_path, columns=["conversation_id", "status", "levels"])
        if ratings["conversation_id"] != given["conversation_id"]:
            where = pc.index_in(given["conversation_id"], value_set=ratings["conversation_id"].combine_chunks())
            ratings = ratings.take(where)
        status = pc.cast(ratings["status"], pa.string()).fill_null("waiting")
        rated = np.asarray(pc.equal(status, "rated"))
        got = np.stack(
            [np.asarray(pc.struct_field(ratings["levels"], c).fill_null(-1)) for c in CONSTRUCTS], axis=1
        ).astype(np.int8)
        got[~rated] = -1
        ids += given["conversation_id"].to_pylist()
        part.append(np.full(given.num_rows, len(parts), np.int32))
        parts.append(path.stem)
        levels.append(got)
        drawn = np.asarray(pc.not_equal(status, "screened_out"))
        strata.append(stratum_codes(got[:, : len(PRIMITIVES)], rated, drawn))
        people.append(pc.cast(given["person"], pa.string()))
        weight.append(np.asarray(given["weight"]))
    return Population(
        ids=ids,
        part=np.concatenate([np.zeros(0, np.int32), *part]),
        parts=parts,
        strata=np.concatenate([np.zeros(0, np.int8), *strata]),
        levels=np.concatenate([np.zeros((0, len(CONSTRUCTS)), np.int8), *levels]),
        person=_people(people),
        weight=np.concatenate([np.zeros(0), *weight]),
    )


def _people(pieces: list[pa.ChunkedArray]) -> NDArray[np.int64]:
    chunks = [chunk for piece in pieces for chunk in piece.chunks]
    encoded = pa.chunked_array(chunks, pa.string()).combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.fill_null(-1)).astype(np.int64)


_PLAIN = ("conversation_id", "content_hash", "language", "source_id")


@dataclass(frozen=True)
class Stored:
    """One conversation with its turns; `words` says whether the study still has what they say (else every text is "")."""

    conversation_id: str
    content_hash: str
    language: str | None
    source_id: str
    turns: list[Turn]
    words: bool = True


def stored(folder: Folder, part: str, conversation_id: str) -> Stored:
    """A conversation of a part.

    Raises:
        StudyError: the part does not hold it (any more).
    """
    path = folder.part("conversations", part)
    row = _row(path, conversation_id)
    if row is None:
        raise StudyError(
            f"{path} does not hold conversation {conversation_id}. The study was changed by hand; import its input again."
        )
    return stored_at(folder, part, row)


@lru_cache(maxsize=2)
def _group(path: Path, group: int, stamp: int) -> pa.Table:
    """A row group of a part: a part may hold conversations of many megabytes. `stamp` makes a part written anew another."""
    with pq.ParquetFile(path) as file:
        return file.read_row_group(group, columns=[*_PLAIN, "turns"])


@lru_cache(maxsize=64)
def _starts(path: Path, stamp: int) -> tuple[int, ...]:
    metadata = pq.read_metadata(path)
    return tuple(accumulate((metadata.row_group(g).num_rows for g in range(metadata.num_row_groups)), initial=0))


def stored_at(folder: Folder, part: str, row: int) -> Stored:
    """The conversation in a row of a part."""
    path = folder.part("conversations", part)
    stamp = path.stat().st_mtime_ns
    starts = _starts(path, stamp)
    group = bisect_right(starts, row) - 1
    one = _group(path, group, stamp).slice(row - starts[group], 1)
    values = {name: pc.cast(one[name], pa.string())[0].as_py() for name in _PLAIN}
    words = all_words_of(one)
    return Stored(**values, turns=next(turns_of(one, words=words)), words=words)


def _row(path: Path, conversation_id: str) -> int | None:
    if not path.exists():
        return None
    row = pc.index(pq.read_table(path, columns=["conversation_id"])["conversation_id"], conversation_id).as_py()
    return row if row >= 0 else None
