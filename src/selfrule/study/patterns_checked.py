"""How good a study's patterns are: whether other seeds find them, and whether names and summaries lead back to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.patterns import faithful, naming
from selfrule.patterns.assemble import Named, Node
from selfrule.patterns.clustering import Clusters
from selfrule.patterns.faithful import Faithful
from selfrule.patterns.records import Pattern, Quality
from selfrule.patterns.stability import silhouette, stability
from selfrule.patterns.traits import Trait


def leaves_of(tree: Sequence[Node]) -> list[Node]:
    """The patterns at the bottom of the tree, by the number of their cluster."""
    parents = {node.parent for node in tree}
    return sorted((node for node in tree if node.id not in parents), key=lambda node: node.clusters[0])


def without(node: Node, out: NDArray[np.int64]) -> Node:
    """A pattern without members that are held out."""
    return replace(node, rows=np.setdiff1d(node.rows, out, assume_unique=True))


def by_codes(tree: Sequence[Node], known: Sequence[Trait], centres: NDArray[Any], seed: int) -> Faithful:
    """Faithfulness of names and claims by codes: made again without those held out, and read by who knows nothing else."""
    leaves = leaves_of(tree)
    out = faithful.held_out(leaves, seed=seed)
    rest = [without(node, rows) for node, rows in zip(leaves, out, strict=True)]
    named: list[Named] = naming.named_apart(rest, [naming.by_traits(node, known) for node in rest], known)
    return faithful.put_back(out, faithful.choices(centres), faithful.by_claims(named, known))


def with_faith(patterns: Sequence[Pattern], tree: Sequence[Node], got: Faithful) -> list[Pattern]:
    """Patterns with how many of their own were put back; those at the bottom of the tree alone."""
    number = {node.id: i for i, node in enumerate(leaves_of(tree))}
    made = []
    for one in patterns:
        share, many = got.of(number[one.id]) if one.id in number else (None, 0)
        made.append(msgspec.structs.replace(one, faithful=share, held_out=many))
    return made


def quality(matrix: NDArray[Any], found: Clusters, per: int, got: Faithful) -> Quality:
    """How good a clustering and its names are."""
    steady = stability(matrix, per=per, known=found.member)
    return Quality(
        silhouette=silhouette(matrix, found.member),
        stability=steady.value,
        seeds=steady.seeds,
        faithful=got.share,
        held_out=got.held_out,
        chance=got.chance,
    )
