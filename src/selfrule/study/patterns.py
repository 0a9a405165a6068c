"""The patterns of a study: facets, vectors, near copies, clusters, names; the private part, and what passes the gate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from selfrule.analyses.periods import periods_of
from selfrule.estimate.frame import NO_TIME
from selfrule.patterns import assemble, naming
from selfrule.patterns.clustering import PER_CLUSTER, Clusters, clusters
from selfrule.patterns.embedding import BUILT_IN, embed
from selfrule.patterns.hierarchy import levels
from selfrule.patterns.layout import places
from selfrule.patterns.members import Coded, Members, reached_of
from selfrule.patterns.near import collapse
from selfrule.patterns.records import Patterns, Quality
from selfrule.patterns.stability import silhouette, stability
from selfrule.rubric import PRIMITIVES
from selfrule.rubric.codes import codes
from selfrule.store.folder import Folder, write_file, write_part
from selfrule.study import facets
from selfrule.study.frames import frame
from selfrule.study.rating import Plan
from selfrule.study.tables import narrow as narrow_table

PRIVATE = "patterns/patterns.json"
MEMBERSHIP = pa.schema([("conversation_id", pa.string()), ("pattern", pa.string()), ("keeper", pa.string())])


def members(folder: Folder, plan: Plan, table: str) -> Members:
    """The flagged conversations of a study that have a description, with what is known of them."""
    described = facets.read(folder, table)
    described = described.filter(pc.equal(described["status"].cast(pa.string()), "described"))
    narrow = narrow_table(folder, plan, identified=True)
    ids = narrow["conversation_id"].to_pylist()
    at = {identity: row for row, identity in enumerate(ids)}
    found = described.filter(pa.array([i in at for i in described["conversation_id"].to_pylist()], pa.bool_()))
    rows = np.array([at[i] for i in found["conversation_id"].to_pylist()], np.int64)
    made = frame(narrow)
    times = np.full(len(rows), NO_TIME) if made.at is None else made.at[rows]
    periods = periods_of(times)
    weight = np.ones(len(rows)) if made.weight is None else np.asarray(made.weight, np.float64)[rows]
    return Members(
        conversation_id=found["conversation_id"].to_pylist(),
        description=found["description"].to_pylist(),
        templated=bool(np.all(found["templated"].to_pylist())) if len(rows) else True,
        codes=_coded([dict(c or ()) for c in found["codes"].to_pylist()]),
        person=made.person[rows].astype(np.int64),
        weight=weight / made.inclusion[rows],
        reached=made.levels[rows][:, : len(PRIMITIVES)] >= 2,
        severe=reached_of(made.levels[rows], 3, 3),
        actualized=np.asarray((made.actualized[rows] == 1).any(axis=1)),
        domains=made.domains[rows],
        domain_names=made.domain_names,
        month=periods.code,
        months=periods.names,
    )


def _coded(given: list[dict[str, list[str]]]) -> dict[str, Coded]:
    found = {}
    for dimension in codes():
        names = tuple(dimension.codes)
        has = np.array([[code in one.get(dimension.id, ()) for code in names] for one in given], np.bool_)
        answered = np.array([dimension.id in one for one in given], np.bool_)
        if answered.any():
            found[dimension.id] = Coded(names, has.reshape(len(given), len(names)), answered)
    return found


def make(
    folder: Folder,
    plan: Plan,
    *,
    per: int = PER_CLUSTER,
    seed: int = 0,
    embedding: str = BUILT_IN,
    moved: Callable[[int], None] = lambda described: None,
) -> Patterns:
    """Describe what is flagged, cluster it, name the clusters, and write the private part of it.

    Args:
        folder: The study; hold its lock.
        plan: Whose ratings say what is flagged.
        per: Conversations a cluster, on average.
        seed: The same seed gives the same patterns.
        embedding: "built-in", or the path of a sentence-transformers model on this machine.
        moved: Told how many more conversations were described.
    """
    table = facets.describe(folder, plan, moved)
    known = members(folder, plan, table)
    vectors = embed(known.description, embedding, seed=seed)
    keeper = collapse(known.description, vectors.matrix, known.own_person if known.templated else known.person)
    kept = np.flatnonzero(keeper == np.arange(len(known)))
    found = clusters(vectors.matrix[kept], per=per, seed=seed)
    member = np.full(len(known), -1, np.int64)
    member[kept] = found.member
    member = member[keeper]
    traits = naming.traits(known)
    where = places(found.centres, seed=seed)
    tree = assemble.nodes(member, keeper, levels(found.centres, found.sizes))
    made = Patterns(
        kind="private",
        patterns=[
            assemble.pattern(node, known, naming.by_traits(node, traits), _place(node, where, found)) for node in tree
        ],
        flagged=int(facets.read(folder, table).num_rows),
        described=len(known),
        collapsed=len(known) - len(kept),
        embedding=vectors.label,
        facets=table,
        quality=_quality(vectors.matrix[kept], found, per),
        seed=seed,
    )
    _write(folder, made, known, member, keeper, tree)
    return made


def _place(node: assemble.Node, where: NDArray[Any], found: Clusters) -> tuple[float, float] | None:
    """Where a node stands: its clusters' places, weighted by size."""
    if not node.clusters:
        return None
    rows = list(node.clusters)
    x, y = np.average(where[rows], axis=0, weights=found.sizes[rows])
    return round(float(x), 3), round(float(y), 3)


def _quality(matrix: NDArray[Any], found: Clusters, per: int) -> Quality:
    steady = stability(matrix, per=per, known=found.member)
    return Quality(silhouette=silhouette(matrix, found.member), stability=steady.value, seeds=steady.seeds)


def _write(
    folder: Folder,
    made: Patterns,
    known: Members,
    member: NDArray[Any],
    keeper: NDArray[Any],
    tree: list[assemble.Node],
) -> None:
    """The private part: owner only."""
    leaf = {cluster: node.id for node in tree if len(node.clusters) == 1 for cluster in node.clusters}
    table = pa.table(
        {
            "conversation_id": known.conversation_id,
            "pattern": [leaf[int(m)] for m in member],
            "keeper": [known.conversation_id[int(k)] for k in keeper],
        },
        schema=MEMBERSHIP,
    )
    path = folder.part("patterns", "members")
    write_part(path, table)
    Path(path).chmod(0o600)
    write_file(folder.root / PRIVATE, msgspec.json.format(msgspec.json.encode(made), indent=1), mode=0o600)
