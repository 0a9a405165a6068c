"""Several studies as one series, and the bridges between their judges, read from a study that they all rated: the anchors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from selfrule.analyses.bridging import Bridge, bridge_of
from selfrule.analyses.joining import distinct, joined, refuse_mixed, refuse_unlike
from selfrule.analyses.periods import Every
from selfrule.analyses.sample import Sample
from selfrule.analyses.trend import trend_of
from selfrule.analyses.trend_records import By, Trend
from selfrule.errors import UsageError
from selfrule.estimate.cells import Outcome
from selfrule.store.folder import Folder
from selfrule.study.panel import Entry, Read, judges_of, read

if TYPE_CHECKING:
    from selfrule.study.analyses import Analyses


REMEDY = (
    "Or name a study that both judges rated (selfrule rate ANCHORS --judge ONE --judge OTHER): selfrule trend STUDY STUDY "
    "--bridge ANCHORS"
)


def trend(
    studies: Sequence[Analyses],
    outcome: Outcome,
    *,
    every: Every = "month",
    by: tuple[By, ...] = (),
    anchors: Folder | None = None,
    k: int | None = None,
) -> Trend:
    """Shares over time of one study, or of several as one series.

    Args:
        studies: At least one; where their judges differ, shares are carried over to the scale of the first one's.
        outcome: What is counted.
        every: Length of the periods.
        by: What to break down by.
        anchors: The study that bridges judges.
        k: Of what is to be shared with this smallest group; None: of everything.

    Raises:
        UsageError: A study is there twice, or judges or rubrics differ and nothing bridges them.
    """
    if len({one.path.resolve() for one in studies}) < len(studies):
        raise UsageError(f"Each study may be named once. Got {', '.join(str(one.path) for one in studies)}.")
    samples, names = [one.sample(k=k) for one in studies], distinct([one.path.name for one in studies])
    if len(studies) == 1:
        return trend_of(samples[0], outcome, every=every, by=by)
    refuse_mixed(samples, names)
    made = {}
    if anchors is None:
        refuse_unlike(samples, names, REMEDY)
    else:
        made = bridges(anchors, samples, names, outcome)
    return trend_of(joined(samples, names), outcome, every=every, by=by, bridges=made)


def bridges(folder: Folder, samples: Sequence[Sample], names: Sequence[str], outcome: Outcome) -> dict[int, Bridge]:
    """By place among the studies: the bridge of each whose judge is another than the first one's.

    Args:
        folder: The study of the anchors.
        samples: Of each study; shares are carried over to the scale of the first one's judge.
        names: Of each study.
        outcome: What is counted.

    Raises:
        UsageError: The anchors lack ratings by one of the judges, were rated with another rubric, or are too few.
    """
    entries = judges_of(folder)
    place = {entry.label: i for i, entry in enumerate(entries)}
    wanted = list(dict.fromkeys(one.judge for one in samples))
    for sample, name in zip(samples, names, strict=True):
        if sample.judge not in place:
            there = ", ".join(place) or "none"
            raise UsageError(
                f"The anchors {folder.root} hold no ratings by {sample.judge}, the judge of {name}; they hold: {there}. "
                f"Let it rate them too: selfrule rate {folder.root} --judge NAME --judge NAME"
            )
        wording = _rubric(folder, entries[place[sample.judge]])
        if wording != sample.rubric:
            raise UsageError(
                f"{name} was rated with the rubric {sample.rubric or 'unknown'}, and the anchors with {wording or 'none'}: a "
                "bridge must have one rubric a judge. Rate the anchors with that of the study."
            )
    rows = read(folder, [entries[place[label]] for label in wanted])
    says = [_reaches(rows, i, outcome) for i in range(len(wanted))]
    made = {
        label: bridge_of(says[0], says[i], rows.person, to=wanted[0], of=label, seed=i)
        for i, label in enumerate(wanted)
        if i
    }
    return {i: made[sample.judge] for i, sample in enumerate(samples) if sample.judge in made}


def _reaches(rows: Read, judge: int, outcome: Outcome) -> NDArray[np.int8]:
    """1 where a judge puts a conversation in the outcome, 0 where not, -1 where it did not rate it."""
    column = rows.column(judge, outcome.construct)
    inside = (column >= outcome.first) & (column <= outcome.last)
    return np.where(column < 0, -1, inside).astype(np.int8)


def _rubric(folder: Folder, entry: Entry) -> str:
    found: set[str] = set()
    for path in folder.parts("ratings", entry.table):
        found.update(name for name in pc.unique(pq.read_table(path, columns=["rubric"])["rubric"]).to_pylist() if name)
    return " and ".join(sorted(found))
