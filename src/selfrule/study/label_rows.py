"""The conversations of a study as a draw sees them: one row a unique conversation, with its sampling stratum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
from selfrule.store.schemas import turns_of
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
        group: Code of the person, or of the conversation itself where the person is unknown; shape (n,).
        persons: People known.
    """

    ids: list[str]
    part: NDArray[np.int32]
    parts: list[str]
    strata: NDArray[np.int8]
    levels: NDArray[np.int8]
    group: NDArray[np.int64]
    persons: int


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
    part, levels, strata, people = [], [], [], []
    for path in folder.parts("conversations"):
        rated_path = folder.part("ratings", table, path.stem)
        if not rated_path.exists():
            continue
        given = pq.read_table(path, columns=["conversation_id", "person"])
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
    person = _people(people)
    own = np.arange(len(ids)) + int(person.max(initial=-1)) + 1
    return Population(
        ids=ids,
        part=np.concatenate([np.zeros(0, np.int32), *part]),
        parts=parts,
        strata=np.concatenate([np.zeros(0, np.int8), *strata]),
        levels=np.concatenate([np.zeros((0, len(CONSTRUCTS)), np.int8), *levels]),
        group=np.where(person >= 0, person, own),
        persons=int(person.max(initial=-1)) + 1,
    )


def _people(pieces: list[pa.ChunkedArray]) -> NDArray[np.int64]:
    chunks = [chunk for piece in pieces for chunk in piece.chunks]
    encoded = pa.chunked_array(chunks, pa.string()).combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.fill_null(-1)).astype(np.int64)


@dataclass(frozen=True)
class Stored:
    """One conversation with its turns."""

    conversation_id: str
    content_hash: str
    language: str | None
    source_id: str
    turns: list[Turn]


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
    return next(_read(path, [row]))


def stored_all(folder: Folder, wanted: dict[str, list[str]]) -> Iterator[Stored]:
    """Conversations by part, each part read once; those that are not there are left out."""
    for part, ids in wanted.items():
        path = folder.part("conversations", part)
        if path.exists():
            index = pq.read_table(path, columns=["conversation_id"])["conversation_id"].combine_chunks()
            found = pc.index_in(pa.array(ids, pa.string()), value_set=index).to_pylist()
            yield from _read(path, [row for row in found if row is not None])


def _row(path: Path, conversation_id: str) -> int | None:
    if not path.exists():
        return None
    row = pc.index(pq.read_table(path, columns=["conversation_id"])["conversation_id"], conversation_id).as_py()
    return row if row >= 0 else None


def _read(path: Path, rows: list[int]) -> Iterator[Stored]:
    """Rows of a part, reading the row groups that hold them: a part may hold conversations of many megabytes."""
    wanted = ["conversation_id", "content_hash", "language", "source_id", "turns"]
    with pq.ParquetFile(path) as file:
        starts = np.cumsum([0, *(file.metadata.row_group(g).num_rows for g in range(file.num_row_groups))])
        held: tuple[int, pa.Table] | None = None
        for row in rows:
            group = int(np.searchsorted(starts, row, side="right")) - 1
            if held is None or held[0] != group:
                held = group, file.read_row_group(group, columns=wanted)
            one = held[1].slice(row - int(starts[group]), 1)
            values = {n: pc.cast(one[n], pa.string())[0].as_py() for n in wanted[:-1]}
            yield Stored(**values, turns=next(turns_of(one)))
