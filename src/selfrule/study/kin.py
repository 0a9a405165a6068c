"""Judges and assistants of one family of models: how many there are, and whether the judge spares its own kin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfrule.clients.names import family
from selfrule.estimate.difference import difference, excess
from selfrule.estimate.measure import Measure
from selfrule.report.judging import Kin, KinRate, Measured


@dataclass(frozen=True)
class Rater:
    """One judge of a panel as this module needs it.

    Attributes:
        label: As ratings carry it.
        families: Of the models behind it; empty for the embedded judge and for objects of the user's.
        flagged: 1 flagged, 0 not, -1 not known, of each conversation; shape (n,).
    """

    label: str
    families: frozenset[str]
    flagged: NDArray[np.int8]


def measure(got: Measure) -> Measured:
    """A measure as reports carry it."""
    return Measured(value=got.value, low=got.low, high=got.high, reason=got.reason)


def families_of(spec: str | None) -> frozenset[str]:
    """The families of the models that a judge's name stands for: "embedded,ollama:qwen3" is {"qwen"}.

    Model names follow the last "#", else the first ":"; what belongs to no known family adds nothing.
    """
    names = [part.rpartition("#")[2] if "#" in part else part.partition(":")[2] for part in (spec or "").split(",")]
    return frozenset(found for name in names if name and (found := family(name)))


def kin_of(
    raters: Sequence[Rater],
    model: NDArray[np.integer],
    model_names: Sequence[str],
    person: NDArray[np.integer],
    group: NDArray[np.integer],
) -> list[Kin]:
    """For every judge, the conversations whose assistant is of its own family.

    Where another judge of none of its families rated the same conversations too (a language model before any other
    kind of judge), the flagged shares of both, among kin and among others, stand beside each other.

    Args:
        raters: The judges.
        model: Code of each conversation's assistant in `model_names`, -1 where the log names none; shape (n,).
        model_names: As logs give them.
        person: Code of each conversation's person, -1 where unknown; shape (n,).
        group: Code of what each conversation is resampled with; shape (n,).

    Returns:
        One entry a judge and family of which it rated at least one conversation.
    """
    family_of = [family(name) for name in model_names]
    found = []
    for rater in raters:
        for own in sorted(rater.families):
            of_name = np.array([name == own for name in family_of] + [False], dtype=bool)
            kin = of_name[model]
            rated = rater.flagged >= 0
            if not (kin & rated).any():
                continue
            named = rated & (model >= 0)
            beside = _beside(raters, rater, own)
            both = named if beside is None else named & (beside.flagged >= 0)
            if beside is not None and not ((both & kin).any() and (both & ~kin).any()):
                beside, both = None, named
            pair = [rater] if beside is None else [rater, beside]
            found.append(
                Kin(
                    judge=rater.label,
                    family=own,
                    conversations=int(np.count_nonzero(kin & rated)),
                    others=int(np.count_nonzero(named & ~kin)),
                    unnamed=int(np.count_nonzero(rated & ~named)),
                    rates=[_rate(r, kin, both, person) for r in pair],
                    beside=None if beside is None else beside.label,
                    excess=None if beside is None else _excess(rater, beside, kin, both, group),
                )
            )
    return found


def _beside(raters: Sequence[Rater], rater: Rater, own: str) -> Rater | None:
    others = [r for r in raters if r is not rater and own not in r.families]
    return max(others, key=lambda r: bool(r.families), default=None)


def _rate(rater: Rater, kin: NDArray[np.bool_], among: NDArray[np.bool_], person: NDArray[np.integer]) -> KinRate:
    flagged = rater.flagged == 1
    mine, rest = among & kin, among & ~kin
    return KinRate(
        judge=rater.label,
        kin=(int(np.count_nonzero(flagged & mine)), int(np.count_nonzero(mine))),
        others=(int(np.count_nonzero(flagged & rest)), int(np.count_nonzero(rest))),
        difference=measure(difference(flagged[mine], flagged[rest], person[mine], person[rest])),
    )


def _excess(
    rater: Rater, beside: Rater, kin: NDArray[np.bool_], among: NDArray[np.bool_], group: NDArray[np.integer]
) -> Measured:
    return measure(excess((rater.flagged == 1)[among], (beside.flagged == 1)[among], kin[among], group[among]))
