"""Made-up patterns for tests: conversations of people in clusters, with codes, domains and months."""

from __future__ import annotations

import numpy as np

from selfrule.patterns import assemble
from selfrule.patterns.members import Coded, Members
from selfrule.patterns.records import Claim, Patterns, Quality
from selfrule.rubric.codes import codes


def members(n: int, *, people: int | None = 200, seed: int = 0, months: int = 4) -> Members:
    """Flagged conversations at random; `people` None: no person is known."""
    chance = np.random.default_rng(seed)
    person = np.full(n, -1, np.int64) if people is None else chance.integers(0, people, n)
    reached = chance.random((n, 3)) < (0.7, 0.3, 0.2)
    reached[~reached.any(axis=1), 0] = True
    coded = {}
    for dimension in codes()[:8]:
        names = tuple(dimension.codes)
        has = np.eye(len(names), dtype=bool)[chance.choice(len(names), n)]
        coded[dimension.id] = Coded(names, has, chance.random(n) < 0.95)
    return Members(
        conversation_id=[f"{seed}-{i:06d}" for i in range(n)],
        description=["" for _ in range(n)],
        templated=True,
        codes=coded,
        person=person,
        weight=np.ones(n),
        reached=reached,
        severe=chance.random(n) < 0.3,
        actualized=chance.random(n) < 0.2,
        domains=np.eye(5, dtype=bool)[chance.choice(5, n, p=(0.5, 0.3, 0.1, 0.07, 0.03))],
        domain_names=("relationships", "health", "work", "law", "society"),
        month=chance.integers(-1, months, n),
        months=tuple(f"2025-{m + 1:02d}" for m in range(months)),
    )


def tree(known: Members, *, per: float = 40, seed: int = 0) -> tuple[Patterns, dict[str, np.ndarray]]:
    """Private patterns of these, in clusters of very unlike sizes, two levels; and the members of each."""
    chance = np.random.default_rng((seed, 1))
    n = len(known)
    clusters = max(1, round(n / per))
    share = chance.gamma(0.8, size=clusters) + 0.02
    member = chance.choice(clusters, n, p=share / share.sum())
    member = np.unique(member, return_inverse=True)[1].astype(np.int64)
    clusters = int(member.max()) + 1 if n else 0
    levels = [np.arange(clusters) // 4]
    nodes = assemble.nodes(member, np.arange(n), levels)

    def named(node: assemble.Node) -> assemble.Named:
        severe = int(known.severe[node.rows].sum())
        claims = [Claim(text="In some, the rating was severe.", shown=severe, checked=len(node.rows))]
        return assemble.Named("A name", claims, "terms")

    made = Patterns(
        kind="private",
        patterns=[assemble.pattern(node, known, named(node), (0.123, -0.456)) for node in nodes],
        flagged=n + 3,
        described=n,
        collapsed=0,
        embedding="built-in",
        facets="facets",
        quality=Quality(silhouette=0.1234, stability=0.5678, seeds=5),
    )
    return made, {node.id: node.rows for node in nodes}
