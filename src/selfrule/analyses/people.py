"""People rather than conversations: how many are affected, how much few carry, the course of one person's conversations."""

from __future__ import annotations

import msgspec
import numpy as np

from selfrule.analyses import people_public as gate
from selfrule.analyses.figures import Analysis
from selfrule.analyses.people_affected import Affected, Concentration, affected_of, concentration_of
from selfrule.analyses.people_course import Course, course_of
from selfrule.analyses.people_models import Models, alike_of, drift_of
from selfrule.analyses.people_rows import rows_of, stepped
from selfrule.analyses.people_survival import Survival, survival_of
from selfrule.analyses.sample import FLAGGED_OUTCOME, Sample, outcome_of
from selfrule.errors import UsageError
from selfrule.estimate.cells import FLAGGED, Outcome
from selfrule.rubric import FLAGGED_FROM, LEVELS

AFTER, AT = 3, 10
CLOCKS = ("conversations", "days")


class People(Analysis, frozen=True, kw_only=True, tag="people"):
    """What is seen of people over their conversations. In figures of people, `Figure.events` counts people.

    Attributes:
        construct, level: The outcome.
        refused: Why nothing is shown, in a sentence; None where something is.
        unknown: Conversations of unknown person, which are left out.
        untimed: Conversations of unknown time, which are left out of whatever needs an order.
        affected, concentration, course, models, survival: The parts; None, or empty, where the data have nothing for them.
    """

    construct: str
    level: str
    refused: str | None = None
    unknown: int = 0
    untimed: int = 0
    affected: Affected | None = None
    concentration: Concentration | None = None
    course: Course | None = None
    models: Models | None = None
    survival: list[Survival] = msgspec.field(default_factory=list)


_SHOWS = (
    "This shows how many people, rather than conversations, are affected, how much of it few people carry, and how levels "
    "run over one person's conversations."
)
_CANNOT = (
    "It cannot show what a person did elsewhere or before the logs begin, nor why anything changed: within a person, later "
    "conversations are also later in the calendar, with other topics and other models."
)
_METHOD = (
    "People are the unit: they are independent of each other, their conversations are not. Shares of people have Wilson's "
    "interval, exact below ten; what follows a level is clustered by person; concentration and likeness have linearised "
    "intervals between people; change within a person is a generalised estimating equation with independent working "
    "correlation, of all people (Poisson, log link, person means and deviations from them); times are Kaplan and Meier's. What "
    "chance alone gives is simulated: equal rates for concentration, each person's conversations in random order for courses."
)


def people_of(
    sample: Sample,
    outcome: Outcome = FLAGGED_OUTCOME,
    *,
    after: int = AFTER,
    at: int = AT,
    seed: int = 0,
) -> People:
    """Everything about people, for one outcome.

    Args:
        sample: Of a study in which people, not conversations, were drawn, or everything was read.
        outcome: What is looked for (`sample.outcome_of`).
        after: Conversations that make an onset or a recovery.
        at: Number of conversations at which people with different numbers of them are compared.
        seed: Of resamples, shuffles and simulations.

    Raises:
        UsageError: `after` or `at` is below 1.
    """
    for name, value in (("after", after), ("at", at)):
        if value < 1:
            raise UsageError(f"'{name}' must be at least 1 conversation. Got {value} instead.")
    rows = rows_of(sample, outcome)
    timed = rows.timed()
    rated = int(np.count_nonzero(rows.known))
    said = {
        "shows": _SHOWS,
        "cannot": _CANNOT,
        "method": _METHOD,
        "conversations": rated,
        "persons": sample.persons,
        "unrated": len(rows) - rated,
        "judge": sample.judge,
        "rubric": sample.rubric,
        "construct": outcome.construct,
        "level": outcome.level,
        "unknown": int(np.count_nonzero(sample.person < 0)),
        "untimed": len(rows) - len(timed),
    }
    refused = _refusal(sample)
    if refused is None and not rated:
        refused = "No conversation of a known person was rated."
    if refused is not None:
        return People(refused=refused, **said)  # type: ignore[arg-type]
    levels = LEVELS if stepped(outcome.construct) else ("no", "yes")
    course = course_of(timed, after, levels, rises=len(levels) > 2, seed=seed) if len(timed) else None
    survival = [survival_of(timed, clock) for clock in CLOCKS] if len(timed) else []
    drifts = [drift_of(timed, clock) for clock in CLOCKS] if course is not None else []
    alike = alike_of(rows)
    return People(
        notes=_notes(sample, said["unknown"], said["untimed"]),  # type: ignore[arg-type]
        affected=affected_of(rows, at),
        concentration=concentration_of(rows, seed=seed),
        course=course,
        models=Models(drifts, alike) if drifts or alike is not None else None,
        survival=[one for one in survival if one is not None],
        **said,  # type: ignore[arg-type]
    )


def _refusal(sample: Sample) -> str | None:
    """Why no figure of people can be had, or None."""
    if sample.persons is None:
        return "The logs do not say whose a conversation is, so nothing can be said of people."
    if sample.persons < 2:
        return "All conversations are of one person, of whom figures over people say nothing."
    again = "Rate all conversations (--no-screen), of people drawn whole (selfrule sample --by person)."
    if sample.unread:
        return (
            f"{sample.unread:,} conversations were screened out and not read, so that nobody knows of all conversations of a "
            f"person whether they reach the level; shares of people would be wrong. {again}"
        )
    if float(np.ptp(sample.weight)) > 1e-9 * float(sample.weight[0]):
        return (
            "Conversations were drawn with different probabilities, so that people are seen in part, some more than others; "
            f"shares of people would be wrong. {again}"
        )
    return None


def _notes(sample: Sample, unknown: int, untimed: int) -> list[str]:
    notes = []
    stands = float(sample.weight[0])
    if stands > 1 + 1e-9:
        notes.append(
            f"Each conversation stands for {stands:,.4g}. If people were drawn, with all they had, all this holds; if "
            "conversations were drawn one by one, people are seen in part: shares of people affected are too low, and courses "
            "have gaps."
        )
    if unknown:
        notes.append(f"Conversations of unknown person, left out: {unknown:,}.")
    if untimed:
        notes.append(f"Conversations of unknown time, left out of everything that needs an order: {untimed:,}.")
    notes.append(
        "The first conversation in the logs is seldom a person's first ever, and the last seldom their last: what was before "
        "is not seen, and who reaches the level after the logs end counts as not having reached it yet."
    )
    return notes


def reaching(result: People) -> list[bool]:
    """Of each level of the course, whether it reaches the outcome."""
    if result.course is None:
        return []
    if not stepped(result.construct):
        return [False, True]
    if result.construct == FLAGGED:
        return [i >= FLAGGED_FROM for i in range(len(LEVELS))]
    wanted = outcome_of(result.construct, result.level)
    return [wanted.first <= i <= wanted.last for i in range(len(LEVELS))]


def public(result: People, k: int) -> People:
    """What may be shared: nothing of a study of fewer than k people, no figure of fewer than k, no course of one person.

    Args:
        result: Of a study.
        k: The smallest group to show, at least 2.

    Raises:
        UsageError: `k` is below 2.
    """
    if k < 2:
        raise UsageError(f"The smallest group 'k' must be at least 2. Got {k} instead.")
    if result.refused is not None:
        return result
    rated = 0 if result.affected is None else result.affected.overall.persons or 0
    if rated < k:
        few = f"These are rated conversations of fewer than {k} people, of whom nothing is shown."
        return msgspec.structs.replace(
            result,
            refused=few,
            affected=None,
            concentration=None,
            course=None,
            models=None,
            survival=[],
            notes=[],
            withheld=0,
        )
    gone = gate.Gone()
    made = msgspec.structs.replace(
        result,
        affected=gate.affected(result.affected, k, gone),
        concentration=gate.concentration(result.concentration, k, gone),
        course=gate.course(result.course, reaching(result), k, gone),
        models=gate.models(result.models, k, gone),
        survival=[gate.survival(one, k, gone) for one in result.survival],
    )
    return msgspec.structs.replace(made, withheld=gone.count)


def for_report(sample: Sample) -> People | None:
    """People with the defaults; None where the logs name nobody, or one person alone."""
    if sample.persons is None or sample.persons < 2:
        return None
    return people_of(sample)
