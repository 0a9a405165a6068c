"""The patterns of a study: facets, vectors, near copies, clusters, names, checks; the private part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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
from selfrule.study.rating import EMBEDDED, Plan

if TYPE_CHECKING:
    from selfrule.study.judged import Summary, Watch
    from selfrule.study.judging import Terms

_BY_PHRASES = (
    "Descriptions and codes are put together from phrases, without a language model: a first sorting, no reading."
)


class Making(msgspec.Struct, frozen=True):
    """By which choices patterns are made: conversations a cluster, the seed, what makes vectors, whose descriptions, who names.

    None is as they were made last, or 55, 0, "built-in", the facets made last, by codes. A language model is never asked unless
    it is named; it describes too where no facets are.
    """

    per: int | None = None
    seed: int | None = None
    embedding: str | None = None
    facets: str | None = None
    judge: str | None = None
    parameters: Mapping[str, Any] = {}


class Asked(msgspec.Struct, frozen=True):
    """How a language model is used, and whom to tell."""

    terms: Terms
    watch: Watch


def private(
    folder: Folder, plan: Plan, how: Making | None = None, asked: Asked | None = None, *, again: bool = False
) -> tuple[Patterns, list[Summary]]:
    """The private patterns of a study: those that are there where they are of these ratings and choices, else made anew.

    Args:
        folder: The study; hold its lock.
        plan: Whose ratings say what is flagged.
        how: The choices.
        asked: How a language model is used, where one is named.
        again: Make them anew in any case.

    Returns:
        The patterns, and what language models did.

    Raises:
        UsageError: a choice makes no sense, or sending text away was not confirmed.
        ClientError: the model cannot be used; what was answered before is kept.
    """
    how = how or Making()
    known = patterns_files.state(folder)
    last = known.made if known else None
    per = how.per if how.per is not None else last.per if last else PER_CLUSTER
    seed = how.seed if how.seed is not None else last.seed if last else 0
    embedding = how.embedding or (last.embedding if last else BUILT_IN)
    if per < 1:
        raise UsageError(f"The conversations 'per' cluster must be at least 1. Got {per} instead.")
    if seed < 0:
        raise UsageError(f"The 'seed' must be at least 0. Got {seed} instead.")
    ratings = patterns_files.ratings_hash(folder, plan)
    summaries: list[Summary] = []
    stands = how.judge is None and how.facets is None and last is not None and last.ratings == ratings
    if stands and last is not None and last.namer != naming.BY:
        table, namer = last.facets, last.namer  # a model's names stand until somebody asks for others
    else:
        table, namer, summaries = _described(folder, plan, how, asked)
    wanted = Made(
        ratings=ratings,
        facets=table,
        described=facets.content_hash(folder, table),
        per=per,
        seed=seed,
        embedding=embedding,
        namer=namer,
        version=naming.VERSION,
    )
    settled = known is not None and (known.whole or how.judge is None)
    if not again and settled and last == wanted:
        return patterns_files.read(folder.root / patterns_files.PRIVATE), summaries
    if namer != naming.BY and how.judge is None:  # something else is wanted, and no model is named to be asked
        wanted = msgspec.structs.replace(wanted, namer=naming.BY)
    made, did = _made(folder, plan, wanted, how, asked)
    return made, [*summaries, *did]


def _described(folder: Folder, plan: Plan, how: Making, asked: Asked | None) -> tuple[str, str, list[Summary]]:
    """The table of facets, complete as far as can be, who is to name, and what a model did."""
    if how.judge is None or asked is None:
        return facets.for_patterns(folder, plan, how.facets), naming.BY, []
    from selfrule.study import patterns_named
    from selfrule.study.describing import describe

    namer = naming.BY if how.judge == EMBEDDED else patterns_named.label_of(how.judge, how.parameters)
    if how.facets is not None:
        return facets.for_patterns(folder, plan, how.facets), namer, []
    table, summary = describe(folder, plan, how.judge, how.parameters, asked.terms, asked.watch)
    return table, namer, [] if summary is None else [summary]


def _made(folder: Folder, plan: Plan, wanted: Made, how: Making, asked: Asked | None) -> tuple[Patterns, list[Summary]]:
    known = members(folder, plan, wanted.facets)
    vectors = embed(embedded_text(known), wanted.embedding, seed=wanted.seed)
    keeper = collapse(known.description, vectors.matrix, known.own_person if known.templated else known.person)
    kept = np.flatnonzero(keeper == np.arange(len(known)))
    found = clusters(vectors.matrix[kept], per=wanted.per, seed=wanted.seed)
    member = np.full(len(known), -1, np.int64)
    member[kept] = found.member
    member = member[keeper]
    where = places(found.centres, seed=wanted.seed)
    tree = assemble.nodes(member, keeper, levels(found.centres, found.sizes))
    words = traits(known)
    named = naming.named_apart(tree, [naming.by_traits(node, words) for node in tree], words)
    faith = patterns_checked.by_codes(tree, words, found.centres, wanted.seed)
    notes = [_BY_PHRASES] if known.templated and len(known) else []
    whole, did = True, []
    if wanted.namer != naming.BY and asked is not None and how.judge is not None and tree:
        from selfrule.study import patterns_named

        what = patterns_named.Tree(tree, found.centres, known, named, wanted.seed)
        got = patterns_named.names(folder, what, how.judge, how.parameters, asked.terms)
        named, faith, whole, did = (
            naming.numbered(tree, got.named),
            got.faith,
            got.ended is None,
            [got.summary],
        )
        notes += patterns_named.notes(got)
    patterns = [
        assemble.pattern(node, known, one, _place(node, where, found)) for node, one in zip(tree, named, strict=True)
    ]
    made = Patterns(
        kind="private",
        patterns=patterns_checked.with_faith(patterns, tree, faith),
        flagged=facets.flagged_count(folder, plan),
        described=len(known),
        collapsed=len(known) - len(kept),
        embedding=vectors.label,
        facets=wanted.facets,
        quality=patterns_checked.quality(vectors.matrix[kept], found, wanted.per, faith),
        seed=wanted.seed,
        notes=notes,
    )
    patterns_files.write_private(folder, wanted, made, known, member, keeper, tree, whole=whole)
    return made, did


def _place(node: assemble.Node, where: NDArray[Any], found: Clusters) -> tuple[float, float] | None:
    """Where a node stands: its clusters' places, weighted by size."""
    if not node.clusters:
        return None
    rows = list(node.clusters)
    x, y = np.average(where[rows], axis=0, weights=found.sizes[rows])
    return round(float(x), 3), round(float(y), 3)
