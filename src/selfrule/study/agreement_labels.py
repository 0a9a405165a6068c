"""Agreement with labels by people: between the labellers of a study, and of each judge with what they made together."""

from __future__ import annotations

from collections.abc import Mapping

from selfrule.estimate.cells import FLAGGED
from selfrule.records import Label
from selfrule.report.judging import FEWEST_TO_MISS
from selfrule.rubric import FLAGGED_FROM, LEVELS, load
from selfrule.store.folder import Folder
from selfrule.study.agreement_judged import against
from selfrule.study.agreement_people import between
from selfrule.study.agreement_records import Against, Construct, Right, WithLabels
from selfrule.study.label_rows import Population, population
from selfrule.study.label_truth import truth
from selfrule.study.labelling import Labelling
from selfrule.study.panel import Entry, judges_of

FEW_DOUBLES = 20
"""Conversations by both of two labellers, below which their agreement is hardly known."""

MOSTLY = 0.8
"""Exact agreement that looks good."""


def with_labels(folder: Folder, entries: list[Entry] | None = None) -> WithLabels | None:
    """Labellers beside each other, and judges beside labels; None where there is no label.

    Intervals count people's conversations whole. Plain figures count every labelled conversation once; weighted ones
    are over all conversations that the judge rated.

    Args:
        folder: The study.
        entries: Which judges; default all that have ratings.
    """
    rubric = load().label
    words: dict[str, list[Label]] = {}
    count: dict[str, int] = {}
    for (name, which), label in Labelling(folder).store.standing.items():
        if label.rubric == rubric and label.status != "skipped":
            words.setdefault(which, []).append(label)
            count[name] = count.get(name, 0) + 1
    if not words:
        return None
    entries = judges_of(folder) if entries is None else entries
    rows = {entry.table: population(folder, entry.table) for entry in entries}
    designs = {entry.table: truth(folder, entry.table) for entry in entries}
    names = sorted(count, key=lambda name: (-count[name], name))
    pairs, alpha = between(words, names, _people(next(iter(rows.values()), None), list(words)))
    found = WithLabels(
        labels=sum(count.values()),
        conversations=len(words),
        labellers={name: count[name] for name in names},
        source=next((design.source for design in designs.values()), "none"),
        between=pairs,
        alpha=alpha,
        judges=[against(entry.label, rows[entry.table], words, designs[entry.table]) for entry in entries],
    )
    found.warnings.extend(dict.fromkeys(design.note for design in designs.values() if design.note))
    found.warnings.extend(_of_people(found))
    for judge in found.judges:
        found.warnings.extend(_of_judge(judge))
    return found


def _people(rows: Population | None, ids: list[str]) -> Mapping[str, int]:
    """What each labelled conversation is resampled with: its person, or itself."""
    known = dict(zip(rows.ids, rows.person.tolist(), strict=True)) if rows else {}
    top = max(known.values(), default=-1) + 1
    return {one: person if (person := known.get(one, -1)) >= 0 else top + n for n, one in enumerate(ids)}


def _of_people(found: WithLabels) -> list[str]:
    if len(found.labellers) == 1:
        return [
            "All labels are by one person: how far people agree is not known, and a judge can be held only against that "
            "one. Doubles in the queue go to a second labeller."
        ]
    if not found.between:
        return ["No conversation was labelled by two people: how far people agree is not known."]
    return [
        f"{pair.first} and {pair.second} both labelled {pair.both:,} conversations: too few to say how far they agree."
        for pair in found.between
        if pair.both < FEW_DOUBLES
    ]


def _of_judge(judge: Against) -> list[str]:
    said = []
    never = [(c, got, right) for c, got in judge.constructs.items() for right in _never(got)]
    if never:
        rubric = load()
        names = [f"{'flagged' if c == FLAGGED else rubric.name(c).lower()} {r.level}" for c, _, r in never]
        listed = ", ".join(f"{name} (0 of {r.positives:,})" for name, (_, _, r) in zip(names, never, strict=True))
        exact = min(got.exact["value"] or 0.0 for _, got, _ in never)
        though = (
            f", though on these it gives the labelled level in {exact:.0%} of all or more" if exact >= MOSTLY else ""
        )
        said.append(f"{judge.judge} found none of what labels call {listed}{though}. It may always miss them.")
    if judge.source == "none" and judge.both:
        said.append(f"{judge.judge}: labels count as drawn by no design, so figures hold for those labelled alone.")
    return said


def _never(got: Construct) -> list[Right]:
    """Classes above none that labels gave often enough and the judge never; of several the widest."""
    found = [
        right
        for right in got.classes
        if right.level != LEVELS[0] and right.positives >= FEWEST_TO_MISS and right.sensitivity["value"] == 0
    ]
    wide = any(right.level.endswith("+") for right in found)
    return [right for right in found if not (wide and right.level in LEVELS[FLAGGED_FROM:])]
