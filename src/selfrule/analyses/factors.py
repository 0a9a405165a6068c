"""Amplifying factors: what is flagged, and actualized once flagged, at each level of each; and how they overlap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.factors_overlap import combinations, counts, number_of, pairs, present
from selfrule.analyses.factors_public import public
from selfrule.analyses.factors_records import ANY, NUMBER, AtLevel, ByLevel, Factors, Tested
from selfrule.analyses.factors_tests import Domains, tested, with_q
from selfrule.analyses.figures import share
from selfrule.analyses.sample import FLAGGED_OUTCOME, Mask, Sample
from selfrule.estimate.cells import ACTUALIZED, FLAGGED, Outcome
from selfrule.rubric import FACTORS, LEVELS

__all__ = ["Factors", "factors_of", "for_report", "public"]

_YES = 1
_SHOWS = (
    "This shows how often conversations {what} at each level of each amplifying factor, and how the factors overlap."
)
_CANNOT = (
    "It cannot show that a factor leads to anything: the same judge reads factor and outcome in the same conversation, and what "
    "a conversation is about, or how long it is, may raise both."
)
_METHOD = (
    "Shares have Wilson's interval on the effective number of conversations, exact below ten events. The change a level is "
    "tested as Cochran and Armitage do, with the variance between people; odds a level are from logistic regression, once "
    "alone and once with a term for each domain, with jackknifed errors between people. q is p adjusted for the number of "
    "tests (Benjamini and Hochberg). How often two factors come together has the percentile interval of resampled people, "
    "exact limits below ten."
)


def factors_of(sample: Sample, outcome: Outcome = FLAGGED_OUTCOME) -> Factors:
    """An outcome by level of each amplifying factor; what is actualized of the flagged; and how the factors overlap.

    A factor that the judge did not measure is left out, and so is the one that the outcome is itself.

    Args:
        sample: Everything.
        outcome: What the shares are of (`sample.outcome_of`).

    Returns:
        The record; private: no group is too small for it.
    """
    sample = _with_any(sample)
    measured = [f for f in FACTORS if bool((sample.column[f] >= 0).any())]
    of = [f for f in measured if f != outcome.construct]
    markers = [m for m in ACTUALIZED if bool((sample.column[m] >= 0).any())]
    markers += [ANY] if len(markers) > 1 else []
    domains = Domains(sample)
    hits, known = sample.reaches(outcome)
    flagged = sample.column[FLAGGED] == _YES
    by_level = [_by_level(sample, f, outcome, flagged, markers) for f in of]
    tests: list[Tested] = []
    for factor in by_level:
        score = sample.column[factor.factor]
        shares = {at.level: at.share for at in factor.levels}
        rows = known & (score >= 0)
        tests.append(
            tested(sample, domains, rows, score, hits, shares, factor=factor.factor, outcome=outcome.construct)
        )
        for marker in markers:
            shares = {at.level: at.actualized[marker] for at in factor.levels}
            values = sample.column[marker]
            rows = flagged & (score >= 0) & (values >= 0)
            tests.append(
                tested(
                    sample,
                    domains,
                    rows,
                    score,
                    values == _YES,
                    shares,
                    factor=factor.factor,
                    outcome=marker,
                    among_flagged=True,
                )
            )
    code = present(sample, measured) if measured else np.full(len(sample), -1, np.int8)
    several = len(measured) > 1 and bool((code >= 0).any())
    by_number = counts(sample, code, measured, outcome) if several else []
    if several:
        number = number_of(code)
        shares = {str(c.present): c.share for c in by_number}
        tests.append(
            tested(
                sample, domains, known & (number >= 0), number, hits, shares, factor=NUMBER, outcome=outcome.construct
            )
        )
    everything = share(sample, np.ones(len(sample), np.bool_), outcome)
    return Factors(
        shows=_SHOWS.format(what=_reach(outcome)),
        cannot=_CANNOT,
        method=_METHOD,
        conversations=everything.n,
        persons=everything.persons,
        unrated=everything.missing,
        judge=sample.judge,
        rubric=sample.rubric,
        notes=_notes(sample, outcome, measured, markers),
        construct=outcome.construct,
        level=outcome.level,
        overall=everything,
        measured=measured,
        factors=by_level,
        tests=with_q(tests),
        combinations=combinations(sample, code, measured, outcome) if several else [],
        pairs=pairs(sample, measured) if several else [],
        counts=by_number,
    )


def for_report(sample: Sample) -> Factors | None:
    """What the report shows: flagged by level; None where no factor was rated in any conversation."""
    if not any(bool((sample.column[f] >= 0).any()) for f in FACTORS):
        return None
    return factors_of(sample)


def _with_any(sample: Sample) -> Sample:
    """The sample with a column for actualized in any of the markers that were measured: unknown unless yes or all known."""
    there = [sample.column[m] for m in ACTUALIZED if bool((sample.column[m] >= 0).any())]
    values: NDArray[np.int8] = np.full(len(sample), -1, np.int8)
    if there:
        values[np.all([v >= 0 for v in there], axis=0)] = 0
        values[np.any([v == _YES for v in there], axis=0)] = _YES
    return replace(sample, column={**sample.column, ANY: values})


def _by_level(sample: Sample, factor: str, outcome: Outcome, flagged: Mask, markers: list[str]) -> ByLevel:
    found = []
    for i, level in enumerate(LEVELS):
        rows = sample.column[factor] == i
        after = {m: share(sample, rows & flagged, Outcome(m, "yes", _YES, _YES)) for m in markers}
        found.append(AtLevel(level=level, share=share(sample, rows, outcome), actualized=after))
    return ByLevel(factor=factor, levels=found)


def _reach(outcome: Outcome) -> str:
    from selfrule.rubric import load

    if outcome.construct == FLAGGED:
        return "are flagged"
    if outcome.construct in ACTUALIZED:
        return f"are actualized in {load().name(outcome.construct.removeprefix('actualized_')).lower()}"
    level = outcome.level.replace("+", " or above")
    return f"reach {level} {load().name(outcome.construct).lower()}"


def _notes(sample: Sample, outcome: Outcome, measured: list[str], markers: list[str]) -> list[str]:
    from selfrule.rubric import load

    name = load().name
    notes = []
    absent = [name(f).lower() for f in FACTORS if f not in measured]
    if absent:
        notes.append(f"Not measured by this judge: {', '.join(absent)}.")
    silent = [name(m.removeprefix("actualized_")).lower() for m in ACTUALIZED if m not in markers]
    if silent:
        notes.append(f"Whether it was actualized is not measured by this judge for {' and '.join(silent)}.")
    if outcome.construct in measured:
        notes.append(f"{name(outcome.construct)} is what is counted here, and no condition of itself.")
    if sample.persons == 1:
        notes.append(
            "All of it is of one person: intervals speak of that person's conversations, as if these were unrelated."
        )
    if sample.persons is None and len(sample):
        notes.append(
            "The logs name nobody, so each conversation is taken as another person's: intervals may be too narrow."
        )
    return notes
