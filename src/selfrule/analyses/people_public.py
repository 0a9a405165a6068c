"""The release gate of figures about people: no group of fewer than k people, directly or by subtraction, and nobody alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from msgspec.structs import replace

from selfrule.analyses.figures import Figure
from selfrule.analyses.people_affected import EXPOSURE, Affected, Carried, Concentration, Exposed
from selfrule.analyses.people_course import Course, Seen, Step
from selfrule.analyses.people_models import Alike, Drift, Models
from selfrule.analyses.people_survival import Reached, Survival
from selfrule.privacy.release import hidden


@dataclass
class Gone:
    """How many figures were withheld."""

    count: int = 0

    def figure(self, figure: Figure, reason: str | None) -> Figure:
        """The figure, or where there is a reason nothing but the reason."""
        if reason is None:
            return figure
        self.count += 1
        return Figure(reason=reason)


def _size(figure: Figure) -> int:
    """Conversations or people of a figure, whichever are fewer."""
    return figure.n if figure.persons is None else min(figure.n, figure.persons)


def _small(figure: Figure, k: int) -> str | None:
    return "small" if _size(figure) < k else None


def affected(result: Affected | None, k: int, gone: Gone) -> Affected | None:
    """By exposure the classes are a partition of the people; a number of conversations that cuts one in two is withheld."""
    if result is None:
        return None
    why = hidden([_size(one.affected) for one in result.exposure], k)
    classes = [
        Exposed(one.name, gone.figure(one.affected, reason), gone.figure(one.each, reason))
        for one, reason in zip(result.exposure, why, strict=True)
    ]
    cuts = result.at not in {least for _, least in EXPOSURE}
    reason = _small(result.expected, k) or ("complementary" if cuts else None)
    return replace(result, expected=gone.figure(result.expected, reason), exposure=classes)


def concentration(result: Concentration | None, k: int, gone: Gone) -> Concentration | None:
    """Nothing where fewer than k people are affected; no part of the people, and no point of the curve, of fewer than k."""
    if result is None:
        return None
    if result.affected < k:
        gone.count += 1 + len(result.of_people) + len(result.of_affected)
        return None

    def kept(parts: list[Carried]) -> list[Carried]:
        return [
            one if one.people >= k else replace(one, share=gone.figure(one.share, "small"), chance=None)
            for one in parts
        ]

    enough = [point for point in result.curve if point[0] == 0 or point[0] * result.people >= k]
    return replace(result, of_people=kept(result.of_people), of_affected=kept(result.of_affected), curve=enough)


def course(result: Course | None, reaching: Sequence[bool], k: int, gone: Gone) -> Course | None:
    """Rows of the transitions are a partition of the pairs, within those that reach the outcome too, which are shown as one.

    Args:
        result: Or None.
        reaching: Of each level, whether it reaches the outcome.
        k: The smallest group to show.
        gone: Counts what is withheld.
    """
    if result is None:
        return None
    if result.people < k:
        gone.count += 1
        return None
    sizes = [min((_size(figure) for figure in step.after), default=0) for step in result.steps]
    why = hidden(sizes, k)
    both = hidden([_size(result.stays), _size(result.after_none)], k)
    for side in (True, False):
        mine = [i for i, reaches in enumerate(reaching) if reaches is side]
        for i, reason in zip(mine, hidden([sizes[i] for i in mine], k), strict=True):
            why[i] = why[i] or reason
    steps = [
        Step(step.before, [gone.figure(figure, reason if sizes[i] else None) for figure in step.after])
        for i, (step, reason) in enumerate(zip(result.steps, why, strict=True))
    ]
    kinds = []
    for one in result.kinds:
        reason = "small" if 0 < (one.share.persons or 0) < k else None
        kinds.append(one if reason is None else Seen(one.name, gone.figure(one.share, reason), 0, None))
    runs = result.runs
    if runs is not None and runs.people < k:
        gone.count += 1
        runs = None
    return replace(
        result,
        steps=steps,
        stays=gone.figure(result.stays, both[0]),
        after_none=gone.figure(result.after_none, both[1]),
        stays_chance=None if both[0] else result.stays_chance,
        kinds=kinds,
        runs=None if runs is None else replace(runs, longest=None),
    )


def models(result: Models | None, k: int, gone: Gone) -> Models | None:
    """Of all people, or of those with two conversations; none of fewer than k."""
    if result is None:
        return None

    def kept(figure: Figure) -> Figure:
        return figure if figure.value is None else gone.figure(figure, _small(figure, k))

    alike = result.alike
    return Models(
        [Drift(one.clock, kept(one.within), kept(one.between)) for one in result.drifts],
        None if alike is None else Alike(kept(alike.correlation), kept(alike.again), alike.rate),
    )


def survival(result: Survival, k: int, gone: Gone) -> Survival:
    """As far as k people are followed, and only at round times: a step of the curve is one person's.

    Where fewer than k people leave between two times, the later one is withheld, for the difference is theirs.
    """
    points: list[Reached] = []
    before = result.people
    for one in result.points:
        left = one.share.persons or 0
        reason = "small" if left < k else "complementary" if 0 < before - left < k else None
        points.append(Reached(one.at, gone.figure(one.share, reason)))
        before = left if reason is None else before
    shown = [(one.at, one.share) for one in points if one.share.value is not None]
    curve = [(at, s.value or 0.0, s.low or 0.0, s.high or 0.0) for at, s in shown]
    return replace(result, points=points, curve=curve, median=_between(curve))


def _between(curve: list[tuple[float, float, float, float]]) -> float | None:
    """The first round time by which half have reached it."""
    return next(
        (after[0] for before, after in pairwise([(0.0, 0.0, 0.0, 0.0), *curve]) if before[1] < 0.5 <= after[1]), None
    )
