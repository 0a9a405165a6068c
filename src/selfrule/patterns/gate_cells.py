"""Which shares of which patterns may be shown: every table of the patterns through the gate in numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfrule.patterns.members import Members
from selfrule.privacy.cells import Rows, Sizes, Table, shown_share, states
from selfrule.privacy.tree import Branch, Shown, families
from selfrule.rubric import PRIMITIVES

BOTTOM = "yes"
"""The one cell of a table that is of one attribute."""


@dataclass(frozen=True)
class Cell:
    """A cell of a pattern: how many are in it of how many asked, in truth, its state and the share that is shown."""

    has: int
    asked: int
    state: str
    share: float | None


@dataclass(frozen=True)
class Cells:
    """Cells by pattern, table and name."""

    known: dict[str, dict[tuple[str, str], Cell]]
    dimensions: tuple[str, ...]

    def of(self, pattern: str) -> dict[tuple[str, str], Cell]:
        """All cells of one pattern."""
        return self.known.get(pattern, {})

    def share(self, pattern: str, table: str, name: str) -> float | None:
        """The shown share of one cell."""
        cell = self.of(pattern).get((table, name))
        return None if cell is None else cell.share

    def shares(self, pattern: str, table: str) -> dict[str, float]:
        """The shown shares of one table, the largest first."""
        found = {name: cell.share for (of, name), cell in self.of(pattern).items() if of == table}
        there = {name: share for name, share in found.items() if share is not None}
        return dict(sorted(there.items(), key=lambda one: -one[1]))


def tables(members: Members) -> dict[str, Table]:
    """Every table that patterns have. An unknown month is a cell too, which is never shown: it has no name."""
    everyone = np.ones(len(members), np.bool_)
    months = members.month[:, None] == np.arange(-1, len(members.months))[None, :]
    made = {
        "severe": Table((BOTTOM,), members.severe[:, None], everyone),
        "actualized": Table((BOTTOM,), members.actualized[:, None], everyone),
        "constructs": Table(tuple(PRIMITIVES), members.reached, everyone),
        "domains": Table(members.domain_names, members.domains, everyone),
        "months": Table(("", *members.months), months, everyone),
    }
    return made | {f"codes:{name}": Table(c.names, c.has, c.answered) for name, c in members.codes.items()}


def cells_of(
    members: Members, branches: list[Branch], everything: Rows, tree: Shown, sizes: Sizes, chance: np.random.Generator
) -> Cells:
    """The cells of every shown pattern, from the top down.

    Args:
        members: What is known of each conversation.
        branches: The tree.
        everything: Rows of all patterns.
        tree: What of it is shown.
        sizes: How large groups are.
        chance: Draws thresholds and rounding.
    """
    known: dict[str, dict[tuple[str, str], Cell]] = {one: {} for one in tree.size}
    rows = {"": everything} | {one.id: one.rows for one in branches}
    for of, table in tables(members).items():
        if not table.names:
            continue
        found: dict[str, list[str]] = {}
        for parent, family in families(branches).items():
            there = [one for one in family if one.id in tree.size]
            if not there:
                continue
            got = states(table, [one.rows for one in there], rows[parent], found.get(parent), sizes, chance)
            for one, line in zip(there, got, strict=True):
                found[one.id] = line
                asked = one.rows[table.asked[one.rows]]
                counts = table.has[asked].sum(axis=0)
                for c, name in enumerate(table.names):
                    if name:
                        share = shown_share(int(counts[c]), len(asked), tree.size[one.id], line[c], sizes.k, chance)
                        known[one.id][of, name] = Cell(int(counts[c]), len(asked), line[c], share)
    return Cells(known, tuple(members.codes))
