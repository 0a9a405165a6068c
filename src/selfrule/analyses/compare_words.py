"""What the analysis `compare` says of itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfrule.analyses.compare_alike import How, On
from selfrule.analyses.compare_records import By, Pair
from selfrule.analyses.joining import APART
from selfrule.analyses.sample import Sample
from selfrule.estimate.multiplicity import together

PLURALS: dict[By, str] = {"model": "models", "product": "products", "language": "languages", "study": "studies"}
CANNOT: dict[By, str] = {
    "model": "Models differ in who uses them and for what in more ways than that, so no difference is shown to be the model's.",
    "product": "Products differ in who uses them and for what in more ways than that, so none is shown to be the product's.",
    "language": "Speakers of languages differ in more ways than that, and the judge may read one language better than another.",
    "study": "Studies differ in whose conversations they hold, and when, in more ways than that: no cause is shown.",
}
KEPT = 0.8
"""Share of a group that has a like in the other below which a reader is told."""

_ALIKE: dict[How, str] = {
    "weighted": "weighted to {mix} by {on} (direct standardisation over what both have; a conversation of several domains is "
    "in each by an equal part)",
    "matched": "matched exactly on {on} (coarsened exact matching) and weighted to {mix}",
    "paired": "paired on the person's first words, over those that both have, each counted alike",
}
_WHAT: dict[On, str] = {"domain": "domains", "length": "lengths", "language": "languages", "month": "months"}


def shows_of(by: By, how: How, on: Sequence[On]) -> str:
    """In one sentence what the comparison shows."""
    given = (
        "after the same first words" if how == "paired" else f"with the same mix of {_listed([_WHAT[o] for o in on])}"
    )
    return (
        f"This shows how often conversations of different {PLURALS[by]} reach each level, side by side, and how far apart they "
        f"are, as they are and {given}."
    )


def method_of(by: By, how: How, on: Sequence[On], *, given: bool, reference: bool, intervals: int) -> str:
    """How the comparison was made, and what so many intervals promise."""
    mix = f"the mix of the {by} that all are compared with" if given else "the mix of all groups together"
    said = _ALIKE[how].format(mix=mix, on=_listed(list(on)))
    against = "one of them" if reference else "each other"
    unit = "openings" if how == "paired" else "people"
    counted = f" {together(intervals)}" if intervals else ""
    return (
        f"Groups are compared with {against}: as they are, and {said}. Intervals are 95 % ones by square-and-add, with {unit} as "
        "the unit; a difference is called clear where it still is after Benjamini and Hochberg's adjustment over all of them."
        f"{counted}"
    )


def notes_of(sample: Sample, by: By, how: How, pairs: Sequence[Pair]) -> list[str]:
    """What a reader should know before using it."""
    notes = []
    thin = sum(min(pair.kept_first, pair.kept_second) < KEPT for pair in pairs)
    if thin:
        of = "one comparison" if thin == 1 else f"{thin:,} comparisons"
        notes.append(
            f"In {of} more than a fifth of a group has no like in the other and is left out where both are made alike: figures "
            "made alike speak of the rest alone."
        )
    if by == "study":
        notes.append(APART)
    if how == "paired" and sample.persons:
        notes.append("Conversations of one person after different first words are taken as independent of each other.")
    if pairs and sample.weight.max() > (1 + 1e-6) * np.min(sample.weight):
        notes.append("Conversations are weighted by what they stand for.")
    return notes


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nothing"
