"""Facets of a study's flagged conversations: made part by part, like ratings, and only where they are missing.

A table is of one describer and the ratings of one judge: facets/DESCRIBER-KEY/PART.parquet. The latest is on record in the
manifest, and is the one that patterns are made of unless another is named.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule.errors import TextError, UsageError
from selfrule.judges.facets_embedded import EmbeddedFacets
from selfrule.records import Conversation, Facet, Rating
from selfrule.rubric import FLAGGED_FROM, PRIMITIVES
from selfrule.store.folder import Folder, readable, write_part
from selfrule.store.schemas import FACETS, STORED, conversations_of, facet_table, facets_of, ratings_of, whole
from selfrule.store.sealing import seal_of
from selfrule.store.text import plain_column, sealed_column
from selfrule.study import duplicates
from selfrule.study.rating import EMBEDDED, Plan

RECORD = "facets"
"""The manifest's key for the facets made last."""


class Latest(msgspec.Struct, frozen=True):
    """The facets made last: the ratings they are of, who described (a judge's name), by which parameters, their table."""

    ratings: str
    judge: str
    table: str
    parameters: dict[str, Any] = {}


def table_name(plan: Plan, label: str) -> str:
    """Where facets of these ratings by that describer stand: another judge or describer is another table."""
    key = hashlib.blake2b(f"{plan.judge} {label}".encode(), digest_size=4).hexdigest()
    name = re.sub(r"[^A-Za-z0-9.]+", "-", label.partition("@")[0]).strip("-")[-40:].strip("-.")
    return f"{name or 'facets'}-{key}"


def flagged_ids(folder: Folder, plan: Plan, part: str) -> list[str]:
    """The ids of the flagged conversations of one part, copies left out, in the order of the input."""
    return [rating.conversation_id for rating in _flagged(folder, plan, part).values()]


def flagged_of(folder: Folder, plan: Plan, part: str) -> list[tuple[Conversation, Rating]]:
    """The flagged conversations of one part with their ratings, copies left out, in the order of the input."""
    rows = _flagged(folder, plan, part)
    if not rows:
        return []
    found: list[tuple[Conversation, Rating]] = []
    file = pq.ParquetFile(folder.part("conversations", part))
    start = 0
    for batch in file.iter_batches(1024, columns=[n for n in file.schema_arrow.names if n in STORED.names]):
        mine = [row for row in range(start, start + batch.num_rows) if row in rows]
        if mine:
            taken = pa.Table.from_batches([batch]).take([row - start for row in mine])
            found.extend((c, rows[row]) for row, c in zip(mine, conversations_of(taken), strict=True))
        start += batch.num_rows
    return found


def flagged_count(folder: Folder, plan: Plan) -> int:
    """How many conversations are flagged, copies left out, whether they are described or not."""
    return sum(len(_flagged(folder, plan, path.stem)) for path in folder.parts("conversations"))


def _flagged(folder: Folder, plan: Plan, part: str) -> dict[int, Rating]:
    """The ratings of flagged conversations by row of the part."""
    path = folder.part("ratings", plan.judge, part)
    if not path.exists():
        return {}
    ratings = whole(pq.read_table(path))
    mask = pc.equal(pc.cast(ratings["status"], pa.string()), "rated")
    reached = [
        pc.greater_equal(pc.struct_field(ratings["levels"], primitive), FLAGGED_FROM).fill_null(False)
        for primitive in PRIMITIVES
    ]
    by_id = {rating.conversation_id: rating for rating in ratings_of(ratings.filter(pc.and_(mask, _any(reached))))}
    if not by_id:
        return {}
    copies = set(duplicates.rows_of(folder).get(part, ()))
    ids = pq.read_table(folder.part("conversations", part), columns=["conversation_id"])["conversation_id"].to_pylist()
    return {row: by_id[identity] for row, identity in enumerate(ids) if identity in by_id and row not in copies}


def _any(masks: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    found = masks[0]
    for mask in masks[1:]:
        found = pc.or_(found, mask)
    return found


def known(folder: Folder, name: str, part: str) -> dict[str, Facet]:
    """The facets of one part that are there, by conversation."""
    path = folder.part("facets", name, part)
    return {f.conversation_id: f for f in facets_of(pq.read_table(path))} if readable(path) else {}


def made_table(folder: Folder, facets: Sequence[Facet]) -> pa.Table:
    """Facets as they are kept: descriptions sealed where the study is encrypted."""
    return sealed_column(facet_table(facets), "description", seal_of(folder.root))


def describe(folder: Folder, plan: Plan, moved: Callable[[int], None] = lambda described: None) -> str:
    """Describe by the embedded rules what has no facet yet.

    Args:
        folder: The study; hold its lock.
        plan: Whose ratings say what is flagged.
        moved: Told how many more were described.

    Returns:
        The name of the table under `facets/`.
    """
    maker = EmbeddedFacets()
    name = table_name(plan, maker.label)
    for path in folder.parts("conversations"):
        if not folder.part("ratings", plan.judge, path.stem).exists():
            continue
        there = folder.part("facets", name, path.stem)
        wanted = flagged_ids(folder, plan, path.stem)
        if readable(there) and _ids(there) == wanted:
            continue
        before = known(folder, name, path.stem)
        if readable(there) and set(wanted) <= set(before):  # one became a copy since: the words may be gone by now
            write_part(there, made_table(folder, [before[identity] for identity in wanted]))
            continue
        facets: list[Facet] = []
        for conversation, rating in flagged_of(folder, plan, path.stem):
            facets.append(maker.facet(conversation, rating))
            moved(1)
        write_part(there, made_table(folder, facets))
    last = latest(folder)
    if last is None or last.ratings != plan.judge:
        record(folder, Latest(plan.judge, EMBEDDED, name))
    return name


def _ids(path: Any) -> list[str]:
    ids: list[str] = pq.read_table(path, columns=["conversation_id"])["conversation_id"].to_pylist()
    return ids


def record(folder: Folder, latest: Latest) -> None:
    """Write down which facets were made last."""
    manifest = folder.manifest()
    manifest[RECORD] = msgspec.to_builtins(latest)
    folder.write_manifest(manifest)


def latest(folder: Folder) -> Latest | None:
    """The facets made last, of whatever ratings; None where none were made."""
    try:
        return msgspec.convert(folder.manifest().get(RECORD), Latest)
    except msgspec.ValidationError:
        return None


def for_patterns(
    folder: Folder, plan: Plan, table: str | None, moved: Callable[[int], None] = lambda described: None
) -> str:
    """The table that patterns are made of: the one named, else the latest of these ratings, else the embedded one.

    The embedded one is completed first, which costs nothing; of another the conversations that are not described yet are
    missing, and counted so.

    Args:
        folder: The study; hold its lock.
        plan: Whose ratings say what is flagged.
        table: A table's name, "embedded", or None.
        moved: Told how many more were described.

    Raises:
        UsageError: there is no such table.
    """
    if table is None:
        last = latest(folder)
        known = last is not None and last.ratings == plan.judge and last.judge != EMBEDDED
        table = last.table if last is not None and known and folder.parts("facets", last.table) else EMBEDDED
    if table == EMBEDDED:
        try:
            return describe(folder, plan, moved)
        except TextError:  # no words are left to describe anew: what was described before they went stands
            last = latest(folder)
            if last is None or last.ratings != plan.judge or not folder.parts("facets", last.table):
                raise
            return last.table
    if not re.fullmatch(r"[A-Za-z0-9.-]+", table) or not folder.parts("facets", table):
        there = [path.name for path in sorted((folder.root / "facets").glob("*"))]
        raise UsageError(f"The 'facets' must be one of {', '.join([EMBEDDED, *there])}. Got {table!r} instead.")
    return table


def content_hash(folder: Folder, name: str) -> str:
    """A hash that changes with any facet of a table."""
    hashed = hashlib.blake2b(digest_size=16)
    for path in folder.parts("facets", name):
        hashed.update(path.name.encode())
        hashed.update(path.read_bytes())
    return hashed.hexdigest()


def read(folder: Folder, name: str) -> pa.Table:
    """All facets of one table, of schema `FACETS`, in the order of the input."""
    return pa.concat_tables(
        [FACETS.empty_table(), *(plain_column(pq.read_table(p), "description") for p in folder.parts("facets", name))]
    ).unify_dictionaries()
