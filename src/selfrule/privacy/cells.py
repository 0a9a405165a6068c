"""Groups and cells that may be shown: how large a group is for the gate, what must be hidden with it, how counts are rounded.

Everything here is of plain arrays. A cell is shown only where it and what it leaves of its group are each of at least k
conversations and k people; a hidden cell takes others with it until no subtraction of shown cells gives a group of fewer
than k; and what is shown is rounded at random to a multiple of five (Cox 1987; the random rounding of Statistics Canada),
so that two releases that differ by one person do not differ by that person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

BASE = 5
"""What shown counts are multiples of."""

SHOWN, SMALL, ALL, COMPLEMENTARY = "shown", "small", "all", "complementary"
"""A cell's state. ALL: it leaves few, or none, of its group, and is told as if it left the smallest count that is shown."""


def smallest(k: int) -> int:
    """The smallest count that is shown: the first multiple of `BASE` from k.

    >>> smallest(10), smallest(12)
    (10, 15)
    """
    return -(-k // BASE) * BASE


def generator(key: bytes, ids: Iterable[str]) -> np.random.Generator:
    """The chance of a release: the same conversations give the same, any other set of them gives another.

    A cell is therefore not drawn twice for the same data, where an average would undo the rounding; and all cells are drawn
    anew where one conversation more or less is in the study, so that none of them stands out as the one that changed.

    Args:
        key: A secret of the study, where it has one. Without it, who knows every id knows every draw.
        ids: Of every conversation that the release is about.
    """
    made = hashlib.blake2b(digest_size=16, key=key[:64])
    for one in sorted(ids):
        made.update(one.encode("utf-8", "surrogatepass") + b"\0")
    return np.random.default_rng(int.from_bytes(made.digest(), "big"))


def rounded(count: float, chance: np.random.Generator) -> int:
    """A multiple of `BASE`: the one below or above, the nearer one more often, so that the mean is the count."""
    low, rest = divmod(float(count), BASE)
    return int(low + (chance.random() * BASE < rest)) * BASE


def rounded_parts(counts: Sequence[float], total: int, chance: np.random.Generator) -> list[int]:
    """Counts as multiples of `BASE` that sum to `total`, each one of the two around its share of it, right in the mean.

    Systematic sampling of the units in random order: Cox, L. H. (1987), "A constructive procedure for unbiased controlled
    rounding", JASA 82, 520-524.
    """
    whole = float(sum(counts))
    if not whole:
        return [0] * len(counts)
    order = chance.permutation(len(counts))
    ends = np.cumsum([counts[i] * total / whole for i in order]) / BASE
    ends[-1] = total // BASE
    steps = np.floor(ends + chance.random() * (1 - 1e-9) + 1e-9)
    steps[-1] = total // BASE
    found = np.empty(len(counts), np.int64)
    found[order] = np.diff(steps, prepend=0.0).astype(np.int64) * BASE
    return [int(one) for one in found]


@dataclass(frozen=True)
class Sizes:
    """How large groups of conversations are for the gate.

    Attributes:
        person: Code of the person of each conversation, -1 where unknown; shape (n,).
        k: The smallest group to show.
        people: Whether people count. They do wherever any is known. All conversations whose person is unknown then count as
            one person's, for they may be.
    """

    person: NDArray[np.int64]
    k: int
    people: bool

    def of(self, rows: Rows) -> int:
        """Conversations or people, whichever are fewer; 1 where more than half of several are one person's."""
        if not self.people or len(rows) < 2:
            return len(rows)
        counts = np.unique(self.person[rows], return_counts=True)[1]
        return 1 if 2 * int(counts.max()) > len(rows) else len(counts)

    def distinct(self, rows: Rows) -> int:
        """People, the unknown ones as one."""
        return len(np.unique(self.person[rows]))

    def few(self, rows: Rows) -> bool:
        """Whether these are some, and too few to be told of."""
        return 0 < self.of(rows) < self.k


@dataclass(frozen=True)
class Table:
    """Cells that each conversation may be in: of one attribute, or of the codes of one dimension.

    Attributes:
        names: Of the cells.
        has: Who is in each; shape (n, c).
        asked: Of whom it is known; shape (n,).
    """

    names: tuple[str, ...]
    has: Mask
    asked: Mask


def states(table: Table, groups: Sequence[Rows], parent: Rows, of_parent: Sequence[str] | None, sizes: Sizes,
           chance: np.random.Generator) -> list[list[str]]:  # fmt: skip
    """The state of every cell of a table in every shown part of one group.

    In each part a cell is shown only where those in it, and those of the part who are not, are each at least k, and up to
    four more, at random: a threshold that is not known cannot be watched being crossed. Then more cells are hidden, the
    smallest first, until in no part those in hidden cells alone, and over the parts neither those of a hidden cell nor those
    outside it, are some and fewer than k.

    Args:
        table: The cells.
        groups: Rows of each part of the group that is shown.
        parent: Rows of the group: of its parts, hidden ones too.
        of_parent: State of each cell in the group; None where it is everything, whose cells may be known from elsewhere.
        sizes: How large groups are.
        chance: Draws the thresholds.

    Returns:
        By group, by cell: `SHOWN`, `SMALL`, `ALL` or `COMPLEMENTARY`.
    """
    cells = len(table.names)
    has = [[rows[table.has[rows, c] & table.asked[rows]] for c in range(cells)] for rows in groups]
    without = [[rows[~table.has[rows, c] & table.asked[rows]] for c in range(cells)] for rows in groups]
    found = []
    for i in range(len(groups)):
        line = []
        for c in range(cells):
            above = SHOWN if of_parent is None else of_parent[c]
            least = sizes.k + int(chance.integers(BASE))
            line.append(_state(has[i][c], without[i][c], above, least, sizes))
        found.append(line)
    while _row(table, groups, has, found, sizes) or _column(table, parent, of_parent, has, without, found, sizes):
        pass
    return found


def _state(has: Rows, without: Rows, above: str, least: int, sizes: Sizes) -> str:
    if above in (SMALL, COMPLEMENTARY):
        return above
    if len(has) < least or sizes.of(has) < least:
        return SMALL
    if len(without) < least:
        return ALL
    return SMALL if above == ALL or sizes.of(without) < least else SHOWN


def _row(table: Table, groups: Sequence[Rows], has: list[list[Rows]], found: list[list[str]], sizes: Sizes) -> bool:
    """Whether a cell was hidden, in a part of which those in hidden cells alone were few."""
    changed = False
    for i, rows in enumerate(groups):
        known = rows[table.asked[rows]]
        while True:
            open_ = [c for c, state in enumerate(found[i]) if state in (SHOWN, ALL)]
            hidden = [c for c in range(len(table.names)) if c not in open_]
            alone = known[table.has[known][:, hidden].any(axis=1) & ~table.has[known][:, open_].any(axis=1)]
            if not open_ or not sizes.few(alone):
                break
            found[i][min(open_, key=lambda c: (len(has[i][c]), c))] = COMPLEMENTARY
            changed = True
    return changed


def _column(table: Table, parent: Rows, of_parent: Sequence[str] | None, has: list[list[Rows]],
            without: list[list[Rows]], found: list[list[str]], sizes: Sizes) -> bool:  # fmt: skip
    """Whether a cell was hidden, of which the parts where it is not shown had few, or few that are not in it."""
    changed = False
    asked = parent[table.asked[parent]]
    for c in range(len(table.names)):
        if of_parent is not None and of_parent[c] != SHOWN:
            continue
        mine, others = asked[table.has[asked, c]], asked[~table.has[asked, c]]
        while True:
            shown = [i for i, line in enumerate(found) if line[c] == SHOWN]
            whole = [i for i, line in enumerate(found) if line[c] == ALL]
            left = _less(mine, [has[i][c] for i in shown + whole])
            rest = _less(others, [without[i][c] for i in shown])
            if not shown or not (sizes.few(left) or sizes.few(rest)):
                break
            found[min(shown, key=lambda i: (min(len(has[i][c]), len(without[i][c])), i))][c] = COMPLEMENTARY
            changed = True
    return changed


def _less(rows: Rows, taken: Sequence[Rows]) -> Rows:
    return np.setdiff1d(rows, np.concatenate(taken), assume_unique=True) if taken else rows


def shown_share(has: int, asked: int, whole: int, state: str, k: int, chance: np.random.Generator) -> float | None:
    """The share of a cell as it is shown: a multiple of `BASE` over the shown size of its group; None where it is not.

    Never more than all but the smallest shown count: a share that all but few have is told as that, too low rather than as
    all, which it may be far from in a small group.

    Args:
        has: How many are in the cell.
        asked: Of how many of the group it is known.
        whole: The shown size of the group, a multiple of `BASE`.
        state: Of the cell.
        k: The smallest group to show.
        chance: Draws the rounding.
    """
    least = smallest(k)
    if state not in (SHOWN, ALL) or whole < 2 * least:
        return None
    if state == ALL:
        return (whole - least) / whole
    return min(max(rounded(has / asked * whole, chance), least), whole - least) / whole
