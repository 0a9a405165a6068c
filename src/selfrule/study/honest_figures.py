"""Honest estimates of a study and of its groups, and its labels in counts: made only where there are labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from selfrule.estimate import groups as grouping
from selfrule.estimate.cells import BY_ATTRIBUTE, FLAGGED, Outcome
from selfrule.estimate.frame import Frame
from selfrule.estimate.honest import honest
from selfrule.estimate.labelled import OUTCOMES, Labelled
from selfrule.records import Estimate, Label
from selfrule.report.judging import Measured
from selfrule.report.labels import LabelAgreement, LabelFacts, LabelStratum
from selfrule.rubric import CONSTRUCTS, FACTORS, FLAGGED_FROM, LEVELS, PRIMITIVES, load
from selfrule.store.folder import Folder
from selfrule.study import label_rows
from selfrule.study.agreement_judged import against
from selfrule.study.label_truth import Truth, truth
from selfrule.study.labelling import Labelling

LEAST_LABELS = 50
"""Conversations of a group that people must have been given, before its own figures are tried."""

_OF_GROUPS: tuple[Outcome, ...] = tuple(
    o for o in OUTCOMES if (o.construct in (*PRIMITIVES, "flagged")) and o[:2] in {b[:2] for b in BY_ATTRIBUTE}
)


def made(folder: Folder, table: str, narrow: pa.Table, frame: Frame) -> tuple[list[Estimate], LabelFacts | None]:
    """Honest estimates of everything, and of the groups whose own labels allow a corrected total.

    Of everything: flagged, and each construct at mild, moderate or above and severe. Of a group (domain, model, month,
    language, product, level of a factor): flagged and the primitives, where people were given at least `LEAST_LABELS` of its
    conversations and `estimate.choosing` admits the cell; no other cell of a group is given.

    Args:
        folder: The study.
        table: The ratings table whose figures are reported.
        narrow: One row a unique conversation, as `tables.narrow` gives it.
        frame: The same for estimates.

    Returns:
        Estimates of kinds other than "rated", and the labels in counts, None where nobody has labelled.
    """
    got = truth(folder, table)
    if not got.labels:
        return [], None
    labelled = got.labelled
    if labelled is None:
        return [], _facts(folder, table, got)
    found = honest(labelled)
    if len(labelled.person) == narrow.num_rows:
        found += _by_group(labelled, frame)
    return found, _facts(folder, table, got)


def _by_group(labelled: Labelled, frame: Frame) -> list[Estimate]:
    found = []
    table, order = grouping.table_of(frame)
    for group in _groups(table, frame, order):
        members = np.zeros(len(order), np.bool_)
        members[order[group.rows]] = True
        if np.count_nonzero(members[labelled.row]) < LEAST_LABELS or members.all():
            continue
        made = honest(labelled.within(members), group=group.key, outcomes=_OF_GROUPS)
        allowed = {(e.construct, e.level) for e in made if e.kind == "corrected"}
        found += [e for e in made if (e.construct, e.level) in allowed]
    return found


def _groups(table: grouping.Table, frame: Frame, order: grouping.Rows) -> Iterator[grouping.Group]:
    yield from grouping.by_domain(table, frame, order)
    for name in grouping.ATTRIBUTES:
        yield from grouping.by_attribute(name, getattr(frame, name), order)
    for factor in FACTORS:
        yield from grouping.by_factor(table, factor, among_flagged=False)


def _facts(folder: Folder, table: str, got: Truth) -> LabelFacts:
    labelling = Labelling(folder)
    words = _words(labelling)
    draw = labelling.draw
    counted = LabelFacts(
        source=got.source,
        labels=got.labels,
        labellers=len({one.labeller for labels in words.values() for one in labels}),
        conversations=len(words),
        doubles=sum(len(labels) > 1 for labels in words.values()),
        queue=len(draw.items) if draw is not None and got.source == "draw" else 0,
        beside=got.beside,
        note=got.note,
    )
    if got.labelled is None:
        return counted
    return _reached(counted, got.labelled, label_rows.population(folder, table).ids, words)


def _words(labelling: Labelling) -> dict[str, list[Label]]:
    """Labels that stand and are by today's rubric, by conversation."""
    rubric = load().label
    return {
        which: kept
        for which, labels in labelling.store.by_conversation().items()
        if (kept := [one for one in labels if one.rubric == rubric])
    }


def agreement(folder: Folder, table: str) -> dict[str, LabelAgreement]:
    """The judge of a ratings table beside labels, by construct and for flagged; empty where no label counts."""
    got = truth(folder, table)
    if got.labelled is None:
        return {}
    words = _words(Labelling(folder))
    answered = {which: kept for which, labels in words.items() if (kept := [one for one in labels if one.levels])}
    beside = against("", label_rows.population(folder, table), answered, got)
    made = {}
    for construct in (FLAGGED, *CONSTRUCTS):
        of = beside.constructs[construct]
        serious = next(right for right in of.classes if right.level == f"{LEVELS[FLAGGED_FROM]}+")
        sensitivity, specificity = serious.weighted_sensitivity, serious.weighted_specificity
        weighted = sensitivity is not None and specificity is not None
        kappa = of.weighted.kappa if of.weighted else of.kappa
        if weighted and of.weighted is None:  # each label counted once, where all else is weighted, would mislead
            kappa = Measured(value=None, low=None, high=None, reason=None)
        made[construct] = LabelAgreement(
            n=of.n,
            positives=serious.positives,
            kappa=kappa,
            sensitivity=sensitivity or serious.sensitivity,
            specificity=specificity or serious.specificity,
            found=beside.found.get(construct),
            weighted=weighted,
        )
    return made


def _reached(facts: LabelFacts, labelled: Labelled, ids: list[str], words: dict[str, list[Label]]) -> LabelFacts:
    whole = (labelled.given >= 0).all(axis=1)
    short = [words.get(ids[row], []) for row in labelled.row[~whole].tolist()]
    skipped = sum(bool(labels) and all(one.status == "skipped" for one in labels) for labels in short)
    unfinished = sum(not labels for labels in short)
    code = labelled.stratum
    many = len(labelled.strata)
    size, reached = np.bincount(code, minlength=many), np.bincount(code[labelled.row], minlength=many)
    given = np.bincount(code[labelled.row[whole]], minlength=many)
    return replace(
        facts,
        reached=len(labelled.row),
        skipped=skipped,
        unfinished=unfinished,
        unsure=len(short) - skipped - unfinished,
        strata=[
            LabelStratum(names=[name], size=int(size[i]), reached=int(reached[i]), labelled=int(given[i]))
            for i, name in enumerate(labelled.strata)
            if size[i]
        ],
    )
