"""Agreement of one judge with labels by people: as labelled, and over all conversations by the labels' design."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.accuracy import accuracy, plain_accuracy, weighted_agreement
from selfrule.estimate.agreement import Agreement, agreement
from selfrule.estimate.cells import FLAGGED, FLAGGED_OUTCOME, Outcome
from selfrule.estimate.clusters import Persons
from selfrule.estimate.labelled import Labelled, people_of, reaches
from selfrule.labels.consensus import consensus
from selfrule.records import Label
from selfrule.rubric import CONSTRUCTS, FLAGGED_FROM, LEVELS
from selfrule.study.agreement import POOLED
from selfrule.study.agreement_people import columns, many, matrix
from selfrule.study.agreement_records import Against, Construct, Right, Weighted
from selfrule.study.kin import measure
from selfrule.study.label_rows import Population
from selfrule.study.label_truth import Truth


def outcomes(construct: str) -> list[Outcome]:
    """The classes of a construct: each level, and moderate or above; flagged has one."""
    if construct == FLAGGED:
        return [FLAGGED_OUTCOME]
    top = len(LEVELS) - 1
    serious = Outcome(construct, f"{LEVELS[FLAGGED_FROM]}+", FLAGGED_FROM, top)
    return [*(Outcome(construct, level, i, i) for i, level in enumerate(LEVELS)), serious]


def against(judge: str, rows: Population, words: Mapping[str, list[Label]], truth: Truth) -> Against:
    """A judge beside labels.

    Args:
        judge: Its label.
        rows: Its ratings.
        words: Labels by conversation; several of one are made one (the lower median).
        truth: What the labels stand for, beside this judge's levels.
    """
    place = {identity: row for row, identity in enumerate(rows.ids)}
    ids = [one for one in words if one in place]
    at = np.array([place[one] for one in ids], np.int64)
    label, level = matrix({one: consensus(words[one]) for one in ids}, ids), rows.levels[at]
    person = rows.person[at]
    group = np.where(person >= 0, person, int(rows.person.max(initial=-1)) + 1 + np.arange(len(ids)))
    rated = (level >= 0).any(axis=1)
    drawn = _rated(truth.labelled)
    people = people_of(drawn) if drawn is not None else None
    made: dict[str, Construct] = {}
    labels, levels = columns(label), columns(level)
    for construct in (*CONSTRUCTS, FLAGGED):
        made[construct] = _construct(
            agreement(labels[construct], levels[construct], group, levels=many(construct)),
            [_right(outcome, label, level, person, drawn, people) for outcome in outcomes(construct)],
            _weighted(drawn, construct),
        )
    pooled = agreement(label.T.ravel(), level.T.ravel(), np.tile(group, len(CONSTRUCTS)))
    made[POOLED] = _construct(pooled, [], None)
    found = {}
    if truth.labelled is not None:
        everyone = people_of(truth.labelled)
        serious = {c: outcomes(c)[-1] for c in (*CONSTRUCTS, FLAGGED)}
        found = {c: measure(accuracy(truth.labelled, o, everyone).sensitivity) for c, o in serious.items()}
    source = truth.source if truth.labelled is not None else "none"
    return Against(judge, int(rated.sum()), int((~rated).sum()), source, made, found)


def _rated(study: Labelled | None) -> Labelled | None:
    """The conversations that the judge rated; None where none of them is labelled by design."""
    if study is None:
        return None
    within = study.within(np.asarray((study.levels >= 0).any(axis=1)))
    return within if len(within.row) else None


def _construct(got: Agreement, classes: list[Right], weighted: Weighted | None) -> Construct:
    return Construct(
        n=got.n,
        exact=measure(got.exact),
        within_one=measure(got.within_one),
        kappa=measure(got.kappa),
        alpha=measure(got.alpha),
        confusion=[list(row) for row in got.confusion],
        classes=classes,
        weighted=weighted,
    )


def _weighted(drawn: Labelled | None, construct: str) -> Weighted | None:
    if drawn is None or construct == FLAGGED:
        return None
    got = weighted_agreement(drawn, construct)
    return Weighted(got.n, got.stands_for, measure(got.exact), measure(got.within_one), measure(got.kappa))


def _right(
    outcome: Outcome,
    label: NDArray[np.int8],
    level: NDArray[np.int8],
    person: NDArray[np.int64],
    drawn: Labelled | None,
    people: Persons | None,
) -> Right:
    hit, said = reaches(label, outcome), reaches(level, outcome)
    both = (hit >= 0) & (said >= 0)
    plain = plain_accuracy(hit[both] == 1, said[both] == 1, person[both])
    weighted = accuracy(drawn, outcome, people) if drawn is not None else None
    return Right(
        outcome.level,
        plain.positives,
        plain.negatives,
        measure(plain.sensitivity),
        measure(plain.specificity),
        measure(weighted.sensitivity) if weighted else None,
        measure(weighted.specificity) if weighted else None,
    )
