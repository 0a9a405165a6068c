"""Which corrected total is published, by rule: the regions in which coverage was shown, and nothing outside of them.

The rules are those that benchmarks/honest.py simulates; docs/honest.md holds the coverage of every cell. What a rule
looks at is either not in the figure it admits, or the figure's limits know of it (`corrected.limit_when_seen`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from selfrule.estimate.clusters import FEW_EVENTS
from selfrule.estimate.confirmed import Figure, confirmed
from selfrule.estimate.corrected import Calibration, missed_events, rogan_gladen, stratified
from selfrule.estimate.intervals import Interval
from selfrule.estimate.labelled import Cell, Sides, events_of, labels_of
from selfrule.estimate.ppi import Sample, ppi

SEEN = float(FEW_EVENTS)
"""Effective number of missed conversations that labels must have found, where they decide the total."""

PPI_EVENTS = 50
"""Labels on either side of the level from which PPI++ is used."""

PPI_DIFFER = 30
"""Labels on which judge and people differ from which PPI++ is used: its variance is theirs."""

CALIBRATED = 20.0
"""False alarms that a calibration must have had room for: its negatives times the share flagged."""

CALIBRATED_POSITIVES = 50
"""Positives that a calibration must have."""

UNASKED = 0.1
"""Cells without a label may weigh so much of what is confirmed, in their entirety."""

Way = Literal["stratified", "ppi", "rogan_gladen", "refused"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for one outcome.

    Attributes:
        way: The estimator, or "refused".
        figure: The figure; None where refused.
        sentence: Why, one sentence for the report.
        need: What would make it possible; None where it is.
    """

    way: Way
    figure: Figure | None
    sentence: str
    need: str | None = None


def choose(s: Sides, *, at_random: bool, calibration: Calibration | None = None) -> Choice:
    """Choose the estimator of the corrected total, or refuse.

    In this order, the first that holds:

    1. PPI++: labels drawn at random from everything, each conversation standing for itself, at least `PPI_EVENTS` of
       them at the level or above and as many below, and `PPI_DIFFER` on which judge and people differ.
    2. By strata, because labels are many: if `SEEN` missed ones had been found in the stratum where one weighs most,
       they would still be less than the lower limit of what is confirmed.
    3. By strata, because labels found at least `SEEN` (effective) missed ones; the lower limit knows of this condition.
    4. Rogan-Gladen, with a calibration given that is large enough for the share flagged.
    5. Refused.

    Args:
        s: The outcome's cells.
        at_random: Whether labels are a simple random sample of everything (`Labelled.at_random`).
        calibration: The judge's error rates from elsewhere, where they represent these conversations.

    Returns:
        The choice.
    """
    if at_random:
        powered = _powered(s)
        if powered is not None:
            return powered
    first = confirmed(s)
    unasked = sum(c.weight for c in s.side(False) if c.part is None)
    asked = first is not None and unasked <= UNASKED * first.interval.low and labels_of(s.side(False)) > 0
    found = missed_events(s)
    if first is not None and asked:
        labels, seen = labels_of(s.side(False)), events_of(s.side(False))
        grain = SEEN * _grain(s.side(False))
        if grain <= first.interval.low:
            why = f"so many labels of what the judge puts lower ({labels:,}) that ten missed would not outweigh what is confirmed"
            return Choice("stratified", stratified(s, confirmed_at_least=grain), f"Corrected by strata: {why}.")
        if found >= SEEN:
            why = (
                f"{seen:,} of {labels:,} labels of what the judge puts lower reach it, enough to say how much it missed"
            )
            return Choice("stratified", stratified(s, seen_at_least=SEEN), f"Corrected by strata: {why}.")
    if calibration is not None:
        known = _calibrated(s, calibration)
        if known is not None:
            return known
    return _refused(s, first, unasked, found)


def _powered(s: Sides) -> Choice | None:
    if s.people.weight is not None or not labels_of(s.cells):
        return None
    known = s.label >= 0
    label = s.label[known] == 1
    judged = np.array([c.flagged for c in s.cells])[s.code[s.row[known]]]
    if min(label.sum(), len(label) - label.sum()) < PPI_EVENTS or (judged != label).sum() < PPI_DIFFER:
        return None
    sample = sample_of(s)
    found = ppi(sample)
    low, high = found.interval()
    lost = int(np.count_nonzero(~known))
    n = len(label) + lost
    outer = Interval(low * len(label) / n, min((high * len(label) + lost) / n, 1.0)) if lost else Interval(low, high)
    events = int(label.sum())
    worth = found.share * (1 - found.share) / found.variance
    sentence = (
        f"Corrected by PPI++: labels were drawn at random and the level is not rare ({events:,} of {len(label):,} labels), "
        f"so the judge's word on everything is used as far as it helps (power {found.power:.2f})."
    )
    return Choice("ppi", Figure(found.share, Interval(low, high), outer, events, len(label), worth, lost), sentence)


def sample_of(s: Sides) -> Sample:
    """Labels of everything, and the judge's word on the rest, as PPI++ takes them.

    Args:
        s: The cells; of labels drawn at random.

    Returns:
        The sample; labels that are missing are left out.
    """
    flagged = np.array([c.flagged for c in s.cells])[s.code].astype(np.float64)
    known = s.label >= 0
    row = s.row[known]
    rest = np.ones(s.n, dtype=bool)
    rest[row] = False
    people = s.people.index
    return Sample(s.label[known].astype(np.float64), flagged[row], people[row], flagged[rest], people[rest])


def _calibrated(s: Sides, calibration: Calibration) -> Choice | None:
    if calibration.positives < CALIBRATED_POSITIVES or calibration.negatives * s.flagged.share < CALIBRATED:
        return None
    share, interval = rogan_gladen(s.flagged.share, s.flagged.n_effective, calibration)
    labels = round(calibration.positives + calibration.negatives)
    sentence = (
        f"Corrected by the judge's error rates (Rogan-Gladen, Lang-Reiczigel interval): labels of this study are too few, "
        f"and {labels:,} from elsewhere were given as representing it ({calibration.source})."
    )
    figure = Figure(share, interval, interval, round(calibration.positives), labels, s.flagged.n_effective, 0)
    return Choice("rogan_gladen", figure, sentence)


def _grain(cells: tuple[Cell, ...]) -> float:
    """Share of all that one missed conversation stands for, in the cell where it stands for most."""
    return max((c.weight / c.part.n_effective for c in cells if c.part is not None), default=math.inf)


def _refused(s: Sides, first: Figure | None, unasked: float, found: float) -> Choice:
    below = s.side(False)
    labels, seen = labels_of(below), events_of(below)
    if first is None:
        return _no("no label of what the judge flagged", "labels of conversations that the judge flagged")
    if not labels or unasked > UNASKED * first.interval.low:
        empty = [c for c in below if c.part is None] or list(below)
        names = ", ".join(stratum_words(c.name) for c in empty)
        if first.interval.low > 0 and sum(c.of for c in empty) <= 10:
            return _no(f"no label of {names}", f"labels of all {sum(c.of for c in empty):,} of them")
        return _no(f"no label of {names}", f"labels of {names}, drawn at random")
    worst = max((c for c in below if c.part is not None), key=lambda c: c.weight / _worth(c))
    ways = []
    if first.interval.low > 0:
        ways.append(SEEN * worst.weight / first.interval.low * worst.labels / _worth(worst) - worst.labels)
    if found > 0:
        ways.append(labels * (1.5 * SEEN / found - 1))
    why = f"{seen:,} of {labels:,} labels of what the judge puts lower reach it, too few to estimate what it missed"
    if not ways:
        return _no(why, "first of all, labels that confirm some of what it flagged")
    more = min(max(min(ways), 1.0), worst.of - worst.labels)
    return _no(why, f"about {_rounded(more):,} more labels of {stratum_words(worst.name)}")


def _no(why: str, need: str) -> Choice:
    sentence = f"No corrected total: {why}; confirmed and missed stand side by side instead."
    return Choice("refused", None, sentence, f"It would take {need}.")


def _worth(cell: Cell) -> float:
    return 1.0 if cell.part is None else cell.part.n_effective


def _rounded(number: float) -> int:
    """Up to two significant digits: it is a rule of thumb."""
    if number < 10:
        return math.ceil(number)
    step = int(10 ** (math.floor(math.log10(number)) - 1))
    return math.ceil(number / step) * step


def stratum_words(name: str) -> str:
    """A sampling stratum as a reader says it.

    Example:
        >>> stratum_words("none"), stratum_words("screened_out")
        ('conversations rated none', 'screened-out conversations')
    """
    known = {
        "unrated": "conversations that the judge could not rate",
        "screened_out": "screened-out conversations",
        "all": "conversations drawn at random",
    }
    return known.get(name, f"conversations rated {name}")
