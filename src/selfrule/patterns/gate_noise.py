"""Released patterns with differentially private counts in place of rounded ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from selfrule.patterns.members import Members
from selfrule.patterns.records import Pattern, Patterns, Quality, Withheld
from selfrule.privacy.cells import SMALL, Rows
from selfrule.privacy.noise import MOST, Mechanism, Spent, bounded, laplace, split
from selfrule.rubric import PRIMITIVES

_SHARES = {"sizes": 0.4, "severe": 0.2, "actualized": 0.1, "constructs": 0.3}
_CELLS = {"sizes": 1, "severe": 1, "actualized": 1, "constructs": len(PRIMITIVES)}  # that one conversation can be in


def noised(
    made: Patterns,
    members: Members,
    rows: Mapping[str, Rows],
    *,
    epsilon: float,
    k: int,
    most: int = MOST,
    mechanism: Mechanism = laplace,
) -> Patterns:
    """The same patterns with noisy sizes, severity, markers and constructs, and without any other count.

    Noise is drawn for every pattern at the bottom of the tree, shown or not; groups are sums of what is below them, cut at
    0. What is shown must have passed the gate in truth and be at least k as noised. The same call spends the budget anew.

    Args:
        made: What passed the gate.
        members: What is known of each conversation.
        rows: Members of every private pattern by its id.
        epsilon: The budget.
        k: The smallest group to show.
        most: Conversations of one person that are counted.
        mechanism: Draws the noise.
    """
    spent = split(epsilon, _SHARES, {table: cells * most for table, cells in _CELLS.items()})
    leaves = sorted(name for name in rows if not any(other.startswith(f"{name}.") for other in rows))
    counted = bounded(members.person, members.conversation_id, most)
    mine = [rows[name][counted[rows[name]]] for name in leaves]
    ones = np.ones((len(members), 1), np.bool_)
    columns = {
        "sizes": ones,
        "severe": members.severe[:, None],
        "actualized": members.actualized[:, None],
        "constructs": members.reached,
    }
    noisy: dict[str, NDArray[np.int64]] = {}
    for table, has in columns.items():
        counts = np.array([has[r].sum(axis=0) for r in mine], np.int64).reshape(len(leaves), has.shape[1])
        one = spent[table]
        noisy[table] = np.maximum(mechanism(counts, one.sensitivity, one.epsilon), 0) if leaves else counts
    size = dict(zip(leaves, noisy["sizes"][:, 0].tolist(), strict=True))
    sizes, total = _sizes(made.patterns, size, k)
    patterns = [_pattern(one, sizes, total, leaves, noisy, k) for one in made.patterns if one.id in sizes]
    ids = {one.parent for one in patterns}
    kept = sum(one.conversations for one in patterns if one.id not in ids)
    return replace(
        made,
        patterns=patterns,
        flagged=total,
        described=total,
        collapsed=0,
        quality=Quality(),
        epsilon=epsilon,
        withheld=_withheld(made, patterns, total - kept),
        notes=_notes(spent, most, members, k),
    )


def _sizes(patterns: list[Pattern], size: Mapping[str, int], k: int) -> tuple[dict[str, int], int]:
    """Sizes that add up: a group is its shown parts and what is left below it, where that is at least k; and of everything."""
    there = {one.id for one in patterns}
    parts: dict[str, list[str]] = {}
    for one in patterns:
        parts.setdefault(one.parent or "", []).append(one.id)

    def below(name: str) -> list[str]:
        return [leaf for leaf in size if not name or leaf == name or leaf.startswith(f"{name}.")]

    found: dict[str, int] = {}

    def of(name: str) -> int:
        if name in size:
            found[name] = size[name]
            return size[name]
        inside = sum(got for part in parts.get(name, []) if (got := of(part)) >= k)
        covered = {leaf for part in parts.get(name, []) if found[part] >= k for leaf in below(part)}
        left = sum(size[leaf] for leaf in below(name) if leaf not in covered)
        found[name] = inside + (left if left >= k else 0)
        return found[name]

    total = of("")
    shown: dict[str, int] = {}
    for one in patterns:  # every parent is before its parts
        if found[one.id] >= k and (one.parent is None or one.parent in shown):
            shown[one.id] = found[one.id]
    assert shown.keys() <= there
    return shown, total


def _pattern(one: Pattern, sizes: Mapping[str, int], total: int, leaves: list[str],
             noisy: Mapping[str, NDArray[np.int64]], k: int) -> Pattern:  # fmt: skip
    below = np.array([leaf == one.id or leaf.startswith(f"{one.id}.") for leaf in leaves])
    n = sizes[one.id]

    def share(table: str, cell: int) -> float | None:
        has = int(noisy[table][below, cell].sum())
        return None if has < k or n < 2 * k else min(has, n - k) / n

    constructs = {p: share("constructs", i) for i, p in enumerate(PRIMITIVES) if p in one.constructs}
    return Pattern(
        id=one.id,
        parent=one.parent,
        depth=one.depth,
        name=one.name,
        by=one.by,
        conversations=n,
        share=n / total,
        severe=None if one.severe is None else share("severe", 0),
        actualized=None if one.actualized is None else share("actualized", 0),
        constructs={p: s for p, s in constructs.items() if s is not None},
        place=one.place,
    )


def _withheld(made: Patterns, patterns: list[Pattern], left: int) -> Withheld:
    before = made.withheld or Withheld()
    reasons = Counter(before.reasons)
    gone = len(made.patterns) - len(patterns)
    if gone:
        reasons[SMALL] += gone
    claims = sum(bool(one.claims) for one in made.patterns)
    if claims:
        reasons["budget"] += claims
    return Withheld(patterns=before.patterns + gone, conversations=left, reasons=dict(sorted(reasons.items())))


def _notes(spent: Mapping[str, Spent], most: int, members: Members, k: int) -> list[str]:
    known = bool((members.person >= 0).any())
    told = "; ".join(f"{one.table} {one.epsilon:.3g} (noise of scale {one.scale:.3g})" for one in spent.values())
    whole = sum(one.epsilon for one in spent.values())
    who = (
        f"at most {most} conversations of a person are counted, and the unknown people count as one person"
        if known
        else "the logs name no people, so each conversation is protected, and not all of one person's"
    )
    return [
        f"Counts have noise (OpenDP): a budget of epsilon {whole:.3g} in all, of which {told}; {who}.",
        "The budget covers the counts. Which patterns there are, what they are called, where they stand on the map and which"
        " were withheld rest on the data without noise, and have passed the release gate alone.",
        f"None below {k} is shown. The highest share that is shown of a pattern is all but {k} of its conversations, which"
        " stands for that and more.",
        "Another release of the same study spends the same again.",
    ]
