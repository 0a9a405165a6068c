"""Facets of a study's flagged conversations: made part by part, like ratings, and only where they are missing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule.judges.facets_embedded import EmbeddedFacets
from selfrule.records import Conversation, Facet, Rating
from selfrule.rubric import FLAGGED_FROM, PRIMITIVES
from selfrule.store.folder import Folder, readable, write_part
from selfrule.store.schemas import FACETS, STORED, conversations_of, facet_table, ratings_of, whole
from selfrule.study import duplicates
from selfrule.study.rating import Plan


def table_name(plan: Plan, label: str) -> str:
    """Where facets of these ratings by that describer stand: another judge or describer is another table."""
    key = hashlib.blake2b(f"{plan.judge} {label}".encode(), digest_size=4).hexdigest()
    name = re.sub(r"[^A-Za-z0-9.]+", "-", label.partition("@")[0]).strip("-")[:40]
    return f"{name or 'facets'}-{key}"


def flagged_of(folder: Folder, plan: Plan, part: str) -> list[tuple[Conversation, Rating]]:
    """The flagged conversations of one part with their ratings, copies left out."""
    ratings = whole(pq.read_table(folder.part("ratings", plan.judge, part)))
    reached = [
        pc.greater_equal(pc.struct_field(ratings["levels"], primitive), FLAGGED_FROM).fill_null(False)
        for primitive in PRIMITIVES
    ]
    mask = pc.and_(pc.equal(pc.cast(ratings["status"], pa.string()), "rated"), _any(reached))
    by_id = {rating.conversation_id: rating for rating in ratings_of(ratings.filter(mask))}
    if not by_id:
        return []
    copies = set(duplicates.rows_of(folder).get(part, ()))
    ids = pq.read_table(folder.part("conversations", part), columns=["conversation_id"])["conversation_id"].to_pylist()
    rows = [row for row, identity in enumerate(ids) if identity in by_id and row not in copies]
    if not rows:
        return []
    found: list[tuple[Conversation, Rating]] = []
    file = pq.ParquetFile(folder.part("conversations", part))
    start, wanted = 0, set(rows)
    for batch in file.iter_batches(1024, columns=[n for n in file.schema_arrow.names if n in STORED.names]):
        mine = [row - start for row in range(start, start + batch.num_rows) if row in wanted]
        start += batch.num_rows
        if mine:
            taken = pa.Table.from_batches([batch]).take(mine)
            found.extend((c, by_id[c.conversation_id]) for c in conversations_of(taken))
    return found


def _any(masks: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    found = masks[0]
    for mask in masks[1:]:
        found = pc.or_(found, mask)
    return found


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
        if (
            readable(folder.part("facets", name, path.stem))
            or not folder.part("ratings", plan.judge, path.stem).exists()
        ):
            continue
        facets: list[Facet] = []
        for conversation, rating in flagged_of(folder, plan, path.stem):
            facets.append(maker.facet(conversation, rating))
            moved(1)
        write_part(folder.part("facets", name, path.stem), facet_table(facets))
    return name


def read(folder: Folder, name: str) -> pa.Table:
    """All facets of one table, of schema `FACETS`, in the order of the input."""
    return pa.concat_tables(
        [FACETS.empty_table(), *map(pq.read_table, folder.parts("facets", name))]
    ).unify_dictionaries()
