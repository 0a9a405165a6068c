"""One person's own conversations: how many stood out, in what way, about what, and whether that changed.

A conversation stands out where it is moderate or severe on one of six constructs: all but vulnerability, which is how things
were for the person and nothing that passed between them and the assistant.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.figures import Figure
from selfrule.analyses.periods import Every, Periods, periods_of
from selfrule.analyses.sample import Mask, Sample
from selfrule.analyses.story_records import Halves, Kind, Story, Stretch, Subject
from selfrule.estimate.clusters import clustering, persons_of
from selfrule.estimate.frame import NO_TIME
from selfrule.estimate.intervals import CONFIDENCE
from selfrule.estimate.multiplicity import confidence_for_all
from selfrule.rubric import CONSTRUCTS, FLAGGED_FROM, PRIMITIVES

KINDS: tuple[str, ...] = tuple(c for c in CONSTRUCTS if c != "vulnerability")
"""The constructs by which a conversation stands out."""

HALF = 10
"""The fewest rated conversations of a half: below, nothing is said of how it changed."""

COMPARED = 10
"""The fewest conversations that were clear on a construct for it to be compared alone."""

_DAY = 86_400_000
_MONTHS_BY_WEEK = 3  # up to so many months are shown by week


def standing_out(sample: Sample) -> tuple[Mask, Mask]:
    """Whether each conversation stands out, and whether that is known: rated on all six, or clear on one; shape (n,) each."""
    values = np.stack([sample.column[c] for c in KINDS])
    stood = np.any(values >= FLAGGED_FROM, axis=0)
    return stood, stood | np.all(values >= 0, axis=0)


def story_of(sample: Sample, at: NDArray[np.int64] | None = None) -> Story:
    """The story of one person's conversations.

    The unit is the conversation, and intervals speak of this person's conversations alone: of what as many others of theirs
    would have shown. Conversations begun on one day (UTC) are often about one matter, so days take the place that people
    have elsewhere (`estimate.clusters`): shares have Wilson's interval on the effective number of conversations, exact
    below ten events, and the change between halves Newcombe's square-and-add of the two.

    Args:
        sample: The person's conversations. Whose they are is not looked at.
        at: When every conversation of theirs began, rated or not, `NO_TIME` where unknown; shape (m,), m at least len(sample).
            None: those of the sample are all.

    References:
        Newcombe RG (1998). Interval estimation for the difference between independent proportions. Statistics in Medicine
        17:873-890 (method 10).
    """
    times = sample.at if at is None else at
    stood, known = standing_out(sample)
    rated = sample.rated
    unrated = int(np.count_nonzero(~rated))
    levels = np.stack([sample.column[c] for c in KINDS])
    every, stretches = _stretches(sample, times, stood, known)
    dated = np.sort(times[times != NO_TIME])
    halves = _halves(sample.at, known)
    vulnerable = sample.column["vulnerability"]
    subjects, unplaced = _subjects(sample, stood, known)
    return Story(
        shows="What stood out in one person's conversations, over time, by kind and by subject.",
        cannot="It cannot say why, what happened outside the conversations, or what good they did.",
        method=(
            "A conversation stands out where it was rated moderate or severe on one of six constructs: all but vulnerability. "
            "Intervals are of this person's conversations, those of one day taken as alike: Wilson, exact below ten events; "
            "the change between halves by Newcombe's square-and-add."
        ),
        conversations=int(np.count_nonzero(rated)),
        persons=sample.persons,
        unrated=unrated,
        judge=sample.judge,
        rubric=sample.rubric,
        notes=_notes(sample, len(times), halves),
        read=len(times),
        set_aside=len(times) - len(sample),
        rated=int(np.count_nonzero(rated)),
        stood_out=_share(sample, stood, known, np.ones(len(sample), np.bool_)),
        plain=int(np.count_nonzero(np.all(levels == 0, axis=0))),
        vulnerable=int(np.count_nonzero(vulnerable >= FLAGGED_FROM)),
        severely_vulnerable=int(np.count_nonzero(vulnerable > FLAGGED_FROM)),
        every=every,
        stretches=stretches,
        undated=int(np.count_nonzero(times == NO_TIME)),
        subjects=subjects,
        unplaced=unplaced,
        kinds=_kinds(sample, halves),
        halves=None if halves is None else _compared(sample, stood, known, halves),
        actualized={p: int(np.count_nonzero(sample.column[f"actualized_{p}"] == 1)) for p in PRIMITIVES},
        first=_day(dated[0]) if len(dated) else None,
        last=_day(dated[-1]) if len(dated) else None,
    )


def _notes(sample: Sample, read: int, halves: tuple[Mask, Mask] | None) -> list[str]:
    said = []
    if read > len(sample):
        said.append("What the screen set aside was not rated; shares allow for it by weights, counts do not.")
    if halves is None:
        said.append(f"How it changed is not said: a half has fewer than {HALF} rated conversations of known time.")
    else:
        said.append("Constructs are compared with intervals that all hold at once in 95 of 100 (Bonferroni).")
    return said


def _day(at: int) -> str:
    return str(np.datetime64(int(at), "ms").astype("datetime64[D]"))


def _days(sample: Sample) -> NDArray[np.int64]:
    """A code a day, -1 where the time is unknown."""
    days = np.full(len(sample), -1, np.int64)
    known = sample.at != NO_TIME
    number = sample.at[known] // _DAY
    days[known] = number - (number.min() if len(number) else 0)
    return days


def _share(sample: Sample, hits: Mask, known: Mask, rows: Mask, confidence: float = CONFIDENCE) -> Figure:
    """The share of some conversations that are hits, with conversations of one day taken as alike."""
    used = rows & known
    n, missing = int(np.count_nonzero(used)), int(np.count_nonzero(rows & ~known))
    if not n:
        return Figure(n=0, events=0, missing=missing, reason="nothing was rated")
    weight = sample.weight[used]
    varied = bool(np.any(np.abs(weight - weight[0]) > 1e-9 * weight[0]))
    got = clustering(persons_of(_days(sample)[used], weight if varied else None), hits[used])
    low, high = got.exact_if_few(confidence)
    return Figure(value=got.share, low=low, high=high, n=n, events=got.events, missing=missing)


def _apart(earlier: Figure, later: Figure) -> Figure:
    """The later share less the earlier, in [-1, 1], by square-and-add."""
    n, missing = earlier.n + later.n, earlier.missing + later.missing
    p1, l1, u1, p2, l2, u2 = (math.nan if x is None else x for f in (later, earlier) for x in (f.value, f.low, f.high))
    value = p1 - p2
    if math.isnan(value):
        return Figure(n=n, missing=missing, reason="nothing was rated in one of the halves")
    low, high = value - math.hypot(p1 - l1, u2 - p2), value + math.hypot(u1 - p1, p2 - l2)
    return Figure(value=value, low=max(low, -1.0), high=min(high, 1.0), n=n, missing=missing)


def _halves(at: NDArray[np.int64], known: Mask) -> tuple[Mask, Mask] | None:
    """The earlier and the later half of what is rated and of known time; None where they are too small.

    The cut is between days, the one nearest to the middle, so that no day is in both.
    """
    rows = np.flatnonzero(known & (at != NO_TIME))
    if len(rows) < 2 * HALF:
        return None
    days = at[rows] // _DAY
    cuts = np.flatnonzero(np.diff(np.sort(days)) > 0) + 1  # how many conversations lie before each change of day
    if not len(cuts):
        return None
    cut = int(cuts[np.argmin(np.abs(cuts - len(rows) / 2))])
    if min(cut, len(rows) - cut) < HALF:
        return None
    order = rows[np.argsort(days, kind="stable")]
    earlier, later = np.zeros(len(at), np.bool_), np.zeros(len(at), np.bool_)
    earlier[order[:cut]] = later[order[cut:]] = True
    return earlier, later


def _compared(sample: Sample, stood: Mask, known: Mask, halves: tuple[Mask, Mask]) -> Halves:
    earlier, later = (_share(sample, stood, known, half) for half in halves)
    times = [sample.at[half] for half in halves]
    return Halves(
        earlier_from=_day(times[0].min()),
        earlier_to=_day(times[0].max()),
        later_from=_day(times[1].min()),
        later_to=_day(times[1].max()),
        earlier=earlier,
        later=later,
        change=_apart(earlier, later),
    )


def _kinds(sample: Sample, halves: tuple[Mask, Mask] | None) -> list[Kind]:
    found = []
    clear = {c: sample.column[c] >= FLAGGED_FROM for c in CONSTRUCTS}
    compared = [] if halves is None else [c for c in CONSTRUCTS if np.count_nonzero(clear[c]) >= COMPARED]
    wider = confidence_for_all(max(1, len(compared)))
    for construct in CONSTRUCTS:
        known = sample.column[construct] >= 0
        made = Kind(
            construct=construct,
            mild=int(np.count_nonzero(sample.column[construct] == 1)),
            clear=_share(sample, clear[construct], known, sample.rated),
        )
        if halves is not None and construct in compared:
            earlier, later = (_share(sample, clear[construct], known, half, wider) for half in halves)
            made = msgspec.structs.replace(made, earlier=earlier, later=later, change=_apart(earlier, later))
        found.append(made)
    return found


def _subjects(sample: Sample, stood: Mask, known: Mask) -> tuple[list[Subject], int]:
    """Domains of rated conversations, most common first, and how many conversations have none."""
    rated = sample.domains[known].sum(axis=0)
    out = sample.domains[known & stood].sum(axis=0)
    found = [
        Subject(domain=name, rated=int(n), stood_out=int(m))
        for name, n, m in zip(sample.domain_names, rated, out, strict=True)
        if n
    ]
    found.sort(key=lambda s: (-s.rated, -s.stood_out, s.domain))
    return found, int(np.count_nonzero(~sample.domains[known].any(axis=1)))


def _stretches(sample: Sample, times: NDArray[np.int64], stood: Mask, known: Mask) -> tuple[Every, list[Stretch]]:
    """What began in each month, or in each week where all lies within three months."""
    periods: Periods = periods_of(times, "month")
    if 0 < len(periods) <= _MONTHS_BY_WEEK:
        periods = periods_of(times, "week")
    count = len(periods)
    if not count:
        return periods.every, []
    dated = sample.at != NO_TIME
    own = np.where(dated, np.searchsorted(periods.starts, sample.at, side="right") - 1, count)

    def counts(rows: Mask) -> NDArray[np.int64]:
        return np.bincount(own[rows & dated], minlength=count)[:count]

    every = np.bincount(periods.code[periods.code >= 0], minlength=count)
    rated, out = counts(known), counts(stood)
    kinds = {c: counts(sample.column[c] >= FLAGGED_FROM) for c in KINDS}
    return periods.every, [
        Stretch(
            name=periods.names[i],
            conversations=int(every[i]),
            rated=int(rated[i]),
            stood_out=int(out[i]),
            kinds={c: int(n[i]) for c, n in kinds.items() if n[i]},
        )
        for i in np.flatnonzero(every)
    ]
