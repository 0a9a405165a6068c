"""Message trees: the path that the person saw last, and how many other branches there are. Linear in the nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from selfrule.sources.normalise import note


def path_to_root(leaf: str, parents: Mapping[str, str | None], notes: list[str]) -> list[str]:
    """The nodes from the root to `leaf`. Ends early, with a note, at a missing parent or a circle."""
    path: list[str] = []
    seen: set[str] = set()
    node: str | None = leaf
    while node is not None:
        if node in seen:
            note(notes, "cycle")
            break
        if node not in parents:
            note(notes, "parent_missing")
            break
        seen.add(node)
        path.append(node)
        node = parents[node]
    path.reverse()
    return path


def leaves(nodes: Sequence[str], parents: Mapping[str, str | None]) -> list[str]:
    """Those of `nodes` that no other node names as its parent, in order."""
    inner = set(parents.values())
    return [node for node in nodes if node not in inner]
