"""The patterns of a study: facets, vectors, near copies, clusters, names, checks; the private part, and what passes the gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.patterns import assemble, naming
from selfrule.patterns.clustering import PER_CLUSTER, Clusters, clusters
from selfrule.patterns.embedding import BUILT_IN, embed
from selfrule.patterns.hierarchy import levels
from selfrule.patterns.layout import places
from selfrule.patterns.near import collapse
from selfrule.patterns.records import Patterns
from selfrule.patterns.traits import traits
from selfrule.store.folder import Folder
from selfrule.study import facets, patterns_checked, patterns_files
from selfrule.study.patterns_files import Made
from selfrule.study.patterns_members import embedded_text, members
from selfrule.study.rating import Plan


class Making(msgspec.Struct, frozen=True):
    """By which choices patterns are made: conversations a cluster, the seed, what makes vectors."""

    per: int = PER_CLUSTER
    seed: int = 0
    embedding: str = BUILT_IN


def private(
    folder: Folder,
    plan: Plan,
    how: Making | None = None,
    *,
    again: bool = False,
    moved: Callable[[int], None] = lambda described: None,
) -> Patterns:
    """The private patterns of a study: those that are there where they are of these ratings and choices, else made anew.

    Args:
        folder: The study; hold its lock.
        plan: Whose ratings say what is flagged.
        how: The choices.
        again: Make them anew in any case.
        moved: Told how many more conversations were described.

    Raises:
        UsageError: a choice makes no sense.
    """
    how = how or Making()
    if how.seed < 0:
        raise UsageError(f"The 'seed' must be at least 0. Got {how.seed} instead.")
    table = facets.describe(folder, plan, moved)
    wanted = Made(
        ratings=patterns_files.ratings_hash(folder, plan),
        facets=table,
        per=how.per,
        seed=how.seed,
        embedding=how.embedding,
        namer=naming.BY,
        version=naming.VERSION,
    )
    known = patterns_files.state(folder)
    if not again and known is not None and known.made == wanted:
        return patterns_files.read(folder.root / patterns_files.PRIVATE)
    return _made(folder, plan, wanted)


def make(
    folder: Folder,
    plan: Plan,
    *,
    per: int = PER_CLUSTER,
    seed: int = 0,
    embedding: str = BUILT_IN,
    moved: Callable[[int], None] = lambda described: None,
) -> Patterns:
    """Describe what is flagged, cluster it, name the clusters, and write the private part of it; see `private`."""
    return private(folder, plan, Making(per, seed, embedding), moved=moved)


def _made(folder: Folder, plan: Plan, how: Made) -> Patterns:
    known = members(folder, plan, how.facets)
    vectors = embed(embedded_text(known), how.embedding, seed=how.seed)
    keeper = collapse(known.description, vectors.matrix, known.own_person if known.templated else known.person)
    kept = np.flatnonzero(keeper == np.arange(len(known)))
    found = clusters(vectors.matrix[kept], per=how.per, seed=how.seed)
    member = np.full(len(known), -1, np.int64)
    member[kept] = found.member
    member = member[keeper]
    known_traits = traits(known)
    where = places(found.centres, seed=how.seed)
    tree = assemble.nodes(member, keeper, levels(found.centres, found.sizes))
    named = naming.named_apart(tree, [naming.by_traits(node, known_traits) for node in tree], known_traits)
    faith = patterns_checked.by_codes(tree, known_traits, found.centres, how.seed)
    patterns = [
        assemble.pattern(node, known, one, _place(node, where, found)) for node, one in zip(tree, named, strict=True)
    ]
    made = Patterns(
        kind="private",
        patterns=patterns_checked.with_faith(patterns, tree, faith),
        flagged=int(facets.read(folder, how.facets).num_rows),
        described=len(known),
        collapsed=len(known) - len(kept),
        embedding=vectors.label,
        facets=how.facets,
        quality=patterns_checked.quality(vectors.matrix[kept], found, how.per, faith),
        seed=how.seed,
    )
    patterns_files.write_private(folder, how, made, known, member, keeper, tree)
    return made


def _place(node: assemble.Node, where: NDArray[Any], found: Clusters) -> tuple[float, float] | None:
    """Where a node stands: its clusters' places, weighted by size."""
    if not node.clusters:
        return None
    rows = list(node.clusters)
    x, y = np.average(where[rows], axis=0, weights=found.sizes[rows])
    return round(float(x), 3), round(float(y), 3)
