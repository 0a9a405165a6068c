"""Members and clusters to a tree of patterns: counts, shares, places; names and claims are given by who names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.patterns.members import Members
from selfrule.patterns.records import Claim, Pattern
from selfrule.rubric import PRIMITIVES

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Node:
    """A cluster, or a group of clusters, before it is named: its id and its members' rows, near copies apart."""

    id: str
    parent: str | None
    depth: int
    rows: Rows
    copies: int
    clusters: tuple[int, ...]


@dataclass(frozen=True)
class Named:
    """What something is called, and what is claimed of it."""

    name: str
    claims: list[Claim]
    by: str


Namer = Callable[[Node], Named]


def nodes(
    member: NDArray[np.integer], keeper: NDArray[np.integer], levels: Sequence[NDArray[np.integer]]
) -> list[Node]:
    """The tree from the top down, each level in falling order of size.

    Args:
        member: Cluster of each conversation, near copies with their keeper; shape (n,).
        keeper: Which conversation stands for each, as `near.collapse` gives it; shape (n,).
        levels: Group of each cluster at each level above, as `hierarchy.levels` gives it.
    """
    n = len(member)
    kept = np.asarray(keeper) == np.arange(n)
    clusters = int(member.max()) + 1 if n else 0
    paths = np.stack([*levels, np.arange(clusters)], axis=1) if clusters else np.zeros((0, 1), np.int64)
    found: list[Node] = []
    ids: dict[tuple[int, ...], str] = {(): ""}
    for depth in range(paths.shape[1]):
        groups: dict[tuple[int, ...], list[int]] = {}
        for cluster in range(clusters):
            groups.setdefault(tuple(paths[cluster, : depth + 1].tolist()), []).append(cluster)
        sized = []
        for path, inside in groups.items():
            mine = np.isin(member, inside)
            sized.append((path, tuple(inside), np.flatnonzero(mine & kept), int(np.count_nonzero(mine & ~kept))))
        sized.sort(key=lambda one: -(len(one[2]) + one[3]))
        numbered: dict[str, int] = {}
        for path, within, rows, copies in sized:
            parent = ids[path[:-1]]
            number = numbered.get(parent, 0)
            numbered[parent] = number + 1
            ids[path] = f"{parent}.{number}" if parent else f"p{number}"
            found.append(Node(ids[path], parent or None, depth, rows, copies, within))
    return found


def pattern(node: Node, members: Members, named: Named, place: tuple[float, float] | None = None) -> Pattern:
    """What is known of one node of the tree, in counts and shares of its members (near copies left out)."""
    rows = node.rows
    n = len(rows)
    known = members.person[rows]
    months = np.bincount(members.month[rows][members.month[rows] >= 0], minlength=len(members.months))
    total = float(members.weight.sum())
    return Pattern(
        id=node.id,
        parent=node.parent,
        depth=node.depth,
        name=named.name,
        claims=named.claims,
        by=named.by,
        conversations=n,
        persons=len(np.unique(known[known >= 0])) if (members.person >= 0).any() else None,
        collapsed=node.copies,
        share=float(members.weight[rows].sum()) / total if total else None,
        severe=float(members.severe[rows].mean()) if n else None,
        actualized=float(members.actualized[rows].mean()) if n else None,
        constructs={p: float(members.reached[rows, i].mean()) for i, p in enumerate(PRIMITIVES)} if n else {},
        domains=_shares(members.domain_names, members.domains[rows]),
        codes={
            dimension: got
            for dimension, coded in members.codes.items()
            if (got := _shares(coded.names, coded.has[rows][coded.answered[rows]]))
        },
        months={members.months[i]: int(count) for i, count in enumerate(months) if count},
        place=place,
    )


def _shares(names: Sequence[str], has: NDArray[np.bool_]) -> dict[str, float]:
    """Shares that are not 0, the largest first."""
    if not len(has):
        return {}
    got = has.mean(axis=0)
    return {names[i]: float(got[i]) for i in np.argsort(-got, kind="stable") if got[i] > 0}
