"""People with flagged conversations, in patterns that stay what they are when somebody leaves: what attacks are made on.

That patterns stay is the attacker's luck: in a study, clusters are made anew, and others move with the one who left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.patterns.assemble import Named, Node, pattern
from selfrule.patterns.gate import released
from selfrule.patterns.gate_noise import noised
from selfrule.patterns.members import Coded, Members
from selfrule.patterns.records import Claim, Patterns, Quality
from selfrule.privacy.cells import Rows
from selfrule.privacy.checker_patterns import shares
from selfrule.privacy.noise import Mechanism

Counts = NDArray[np.int64]
Release = Callable[["Crowd", int], Patterns]
"""A release of a crowd, with a seed for what is drawn."""

_GROUP = 4  # patterns in a group of them
_DOMAINS = ("relationships", "health", "work", "law")


@dataclass(frozen=True)
class Crowd:
    """Conversations of people and the pattern that each is in; shape (n,)."""

    members: Members
    pattern: NDArray[np.int64]

    def people(self) -> NDArray[np.int64]:
        """Codes of everybody."""
        return np.unique(self.members.person)

    def of(self, person: int) -> NDArray[np.bool_]:
        """Which conversations are this person's; shape (n,)."""
        return np.asarray(self.members.person == person)

    def only(self, rows: NDArray[np.bool_]) -> Crowd:
        """The same with some of the conversations."""
        known = self.members
        ids = [identity for identity, kept in zip(known.conversation_id, rows, strict=True) if kept]
        made: dict[str, Any] = {
            f.name: value[rows] for f in fields(known) if isinstance(value := getattr(known, f.name), np.ndarray)
        }
        codes = {name: Coded(c.names, c.has[rows], c.answered[rows]) for name, c in known.codes.items()}
        return Crowd(
            replace(known, conversation_id=ids, description=[""] * len(ids), codes=codes, **made), self.pattern[rows]
        )

    def beside(self, other: Crowd) -> Crowd:
        """Both together; people of one code are one person."""
        one, two = self.members, other.members
        made: dict[str, Any] = {
            f.name: np.concatenate([value, getattr(two, f.name)])
            for f in fields(one)
            if isinstance(value := getattr(one, f.name), np.ndarray)
        }
        codes = {
            name: Coded(
                c.names,
                np.concatenate([c.has, two.codes[name].has]),
                np.concatenate([c.answered, two.codes[name].answered]),
            )
            for name, c in one.codes.items()
        }
        ids = [*one.conversation_id, *two.conversation_id]
        members = replace(one, conversation_id=ids, description=[""] * len(ids), codes=codes, **made)
        return Crowd(members, np.concatenate([self.pattern, other.pattern]))


def crowd(people: int = 200, *, each: float = 2.5, patterns: int = 12, seed: int = 0) -> Crowd:
    """People at random, each with some patterns that are likelier for them.

    Args:
        people: How many.
        each: Conversations of one, on average, at least 1.
        patterns: How many there are.
        seed: The same seed gives the same crowd.
    """
    chance = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), 1 + chance.poisson(each - 1, people))
    n = len(person)
    liking = chance.dirichlet(np.full(patterns, 0.5), people)
    common = chance.dirichlet(np.full(patterns, 3.0))
    mixed = (liking + common)[person] / 2
    chosen = (chance.random(n)[:, None] > np.cumsum(mixed, axis=1)).sum(axis=1).clip(max=patterns - 1)
    reached = chance.random((n, 3)) < (0.6, 0.4, 0.2)
    reached[~reached.any(axis=1), 0] = True
    names = ("sycophantic_validation", "false_precision", "fabrication")
    members = Members(
        conversation_id=[f"{seed}-{i:06d}" for i in range(n)],
        description=[""] * n,
        templated=True,
        codes={"reality_mechanism": Coded(names, np.eye(3, dtype=bool)[chance.integers(0, 3, n)], reached[:, 0])},
        person=person.astype(np.int64),
        weight=np.ones(n),
        reached=reached,
        severe=chance.random(n) < 0.35,
        actualized=chance.random(n) < 0.2,
        domains=np.eye(4, dtype=bool)[chance.choice(4, n, p=(0.4, 0.3, 0.2, 0.1))],
        domain_names=_DOMAINS,
        month=chance.integers(0, 3, n),
        months=("2026-01", "2026-02", "2026-03"),
    )
    return Crowd(members, chosen.astype(np.int64))


def private(of: Crowd) -> tuple[Patterns, dict[str, Rows]]:
    """The private patterns of a crowd, two levels of them, with ids that do not move when somebody leaves."""
    ids = np.unique(of.pattern)
    nodes: list[Node] = []
    for group in np.unique(ids // _GROUP):
        inside = ids[ids // _GROUP == group]
        rows = np.flatnonzero(of.pattern // _GROUP == group)
        nodes.append(Node(f"p{group}", None, 0, rows, 0, tuple(inside.tolist())))
        nodes += [
            Node(f"p{group}.{one % _GROUP}", f"p{group}", 1, np.flatnonzero(of.pattern == one), 0, (int(one),))
            for one in inside
        ]
    made = []
    for node in nodes:
        severe = int(of.members.severe[node.rows].sum())
        claim = Claim(text="The rating was severe.", shown=severe, checked=len(node.rows))
        made.append(pattern(node, of.members, Named("A pattern", [claim], "terms"), (0.0, 0.0)))
    n = len(of.pattern)
    patterns = Patterns(
        kind="private",
        patterns=made,
        flagged=n,
        described=n,
        collapsed=0,
        embedding="none",
        facets="none",
        quality=Quality(),
    )
    return patterns, {node.id: node.rows for node in nodes}


def rounded(of: Crowd, seed: int, *, k: int = 10) -> Patterns:
    """What the gate lets through without a budget, by a secret made of the seed."""
    made, rows = private(of)
    return released(made, of.members, rows, k=k, text_gate=lambda text: None, key=seed.to_bytes(8, "big"))


def two_sided_geometric(seed: int) -> Mechanism:
    """Noise of the distribution that OpenDP draws from, for where it is not installed: for attacks alone, never a release."""
    chance = np.random.default_rng(seed)

    def mechanism(counts: Counts, sensitivity: int, epsilon: float) -> Counts:
        stop = -np.expm1(-epsilon / sensitivity)
        return counts + chance.geometric(stop, counts.shape) - chance.geometric(stop, counts.shape)

    return mechanism


def noised_by(epsilon: float, mechanism: Callable[[int], Mechanism] = two_sided_geometric) -> Release:
    """The release with a budget, by noise of a seed.

    Args:
        epsilon: The budget.
        mechanism: Makes what draws the noise from a seed; `lambda seed: noise.laplace` is OpenDP's.
    """

    def release(of: Crowd, seed: int) -> Patterns:
        rows = private(of)[1]
        return noised(rounded(of, seed), of.members, rows, epsilon=epsilon, k=10, mechanism=mechanism(seed))

    return release


def exact(of: Crowd, seed: int, *, k: int = 10) -> Patterns:
    """What a gate that only hides what is small would let through, for comparison: exact counts, shares of at least k."""
    made, rows = private(of)

    def kept(count: float | None, n: int) -> float | None:
        return count if count is not None and count * n >= k - 1e-9 else None

    shown = []
    for one in made.patterns:
        n = one.conversations
        if n >= k and len(np.unique(of.members.person[rows[one.id]])) >= k:
            constructs = {name: s for name, s in one.constructs.items() if kept(s, n) is not None}
            domains = {name: s for name, s in one.domains.items() if kept(s, n) is not None}
            months = {name: c for name, c in one.months.items() if c >= k}
            shown.append(
                msgspec.structs.replace(
                    one,
                    severe=kept(one.severe, n),
                    actualized=kept(one.actualized, n),
                    constructs=constructs,
                    domains=domains,
                    months=months,
                    codes={},
                    claims=[],
                )
            )
    return msgspec.structs.replace(made, patterns=shown, kind="released", k=k)


def cells(of: Patterns) -> dict[str, float]:
    """Every count that a release tells, by pattern and cell: sizes, people, months, and shares as counts."""
    found: dict[str, float] = {}
    for one in of.patterns:
        n = one.conversations
        found[f"{one.id} conversations"] = n
        if one.persons is not None:
            found[f"{one.id} persons"] = one.persons
        found |= {f"{one.id} months.{month}": count for month, count in one.months.items()}
        found |= {f"{one.id} {where}": share * n for where, share in shares(msgspec.to_builtins(one))}
    return found


def truth(of: Crowd, person: int) -> dict[str, float]:
    """The same of one person's own conversations alone: what a reconstruction would recover."""
    mine = of.only(of.of(person))
    return cells(private(mine)[0])
