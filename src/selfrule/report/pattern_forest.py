"""What stands above what among patterns, whatever their ids and parents say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from selfrule.patterns.records import Pattern

DEEPEST = 6  # lines above one, at most


@dataclass
class Forest:
    """Positions of patterns: those at the top, and those right below each, the largest first."""

    roots: list[int]
    children: dict[int, list[int]] = field(default_factory=dict)

    @property
    def leaves(self) -> list[int]:
        """Those with nothing below."""
        return [i for i in self.order() if not self.children.get(i)]

    def order(self) -> list[int]:
        """Every pattern, from the top down, each before those below it."""
        found: list[int] = []
        stack = self.roots[::-1]
        while stack:
            found.append(stack.pop())
            stack += self.children.get(found[-1], [])[::-1]
        return found

    def by_level(self) -> list[int]:
        """Every pattern, those at the top first, then those right below them, and so on."""
        found = list(self.roots)
        for i in found:
            found += self.children.get(i, [])
        return found


def forest(patterns: Sequence[Pattern]) -> Forest:
    """The tree that `parent` tells. Whose parent is not there, or who is above or far below itself, stands at the top."""
    at: dict[str, int] = {}
    for i, pattern in enumerate(patterns):
        at.setdefault(pattern.id, i)
    parent = [at.get(p.parent, i) if p.parent is not None else i for i, p in enumerate(patterns)]
    made = Forest([])
    for i in sorted(range(len(patterns)), key=lambda i: -patterns[i].conversations):
        above, seen = parent[i], {i}
        while above not in seen and len(seen) < DEEPEST:
            seen.add(above)
            above = parent[above]
        if parent[i] == i or parent[above] != above:  # at the top; or the way up goes round, or on and on
            made.roots.append(i)
        else:
            made.children.setdefault(parent[i], []).append(i)
    return made
