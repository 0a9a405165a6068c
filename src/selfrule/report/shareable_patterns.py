"""The last door for patterns: only what the gate released, for groups at least as large as this report's, is laid out."""

from __future__ import annotations

import msgspec

from selfrule.patterns.records import Pattern, Patterns, Quality
from selfrule.report.panels import unaddressed

_SMALLER = (
    "Patterns are not shown: they were released for groups of at least {had}, and this report shows none under {k}. To make them "
    "for such groups: selfrule patterns STUDY --k {k}"
)
_FAILED = "Patterns are not shown: what was released does not hold to the rules of a shareable report, so none of it is laid out."


def patterns_shown(made: Patterns | None, k: int) -> Patterns | None:
    """The patterns that a shareable report may lay out.

    None where they never passed the gate. Where one thing in them is under k the gate has failed, or they were tampered
    with: then nothing is kept but a sentence, for what is missing beside the rest could give it away. Claims that nobody checked
    are dropped, and so are addresses and paths in the labels of what made them.
    """
    if made is None or made.kind != "released":
        return None
    if made.k is None or made.k < k:
        return _emptied(made, _SMALLER.format(had=made.k, k=k) if made.k is not None else _FAILED)
    kept_back = 0 if made.withheld is None else made.withheld.conversations
    if 0 < kept_back < k or any(_under(pattern, k) for pattern in made.patterns):
        return _emptied(made, _FAILED)
    return msgspec.structs.replace(
        made, patterns=[_shown(p) for p in made.patterns], embedding=_named(made.embedding), facets=""
    )


def _under(pattern: Pattern, k: int) -> bool:
    """Whether a pattern, or a count in it, is of fewer than k conversations or people."""
    if pattern.conversations < k or (pattern.persons is not None and 0 < pattern.persons < k):
        return True
    return any(0 < count < k for count in pattern.months.values())


def _shown(pattern: Pattern) -> Pattern:
    claims = [claim for claim in pattern.claims if claim.checked > 0]
    return msgspec.structs.replace(pattern, claims=claims, by=unaddressed(pattern.by), collapsed=0)


def _named(label: str) -> str:
    """A label without the folders of a path in it."""
    return unaddressed(label).replace("\\", "/").rpartition("/")[2]


def _emptied(made: Patterns, why: str) -> Patterns:
    return Patterns(
        kind="released", patterns=[], flagged=0, described=0, collapsed=0, embedding="", facets="", quality=Quality(), k=made.k,
        notes=[why],
    )  # fmt: skip
