"""Agreement between the judges of one study: every pair of them, all of them together, and judges beside their kin."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.agreement import agreement, krippendorff
from selfrule.estimate.cells import FLAGGED
from selfrule.report.judging import FEWEST_TO_MISS, Compared, JudgeStatuses, Measured, Pair, Panel
from selfrule.rubric import CONSTRUCTS, FLAGGED_FROM, LEVELS
from selfrule.store.folder import Folder
from selfrule.study.kin import Rater, families_of, kin_of, measure
from selfrule.study.panel import Entry, Read, judges_of, read

POOLED = "pooled"


def compared(first: NDArray[np.int8], second: NDArray[np.int8], group: NDArray[np.int64], levels: int) -> Compared:
    """Two judges' levels of the same things, -1 where there is none; `group` is resampled whole."""
    got = agreement(first, second, group, levels=levels)
    table = np.array(got.confusion)
    high = slice(FLAGGED_FROM if levels > FLAGGED_FROM else 1, None)
    both, by_first, by_second = (int(table[at].sum()) for at in ((high, high), (high,), (slice(None), high)))
    reached: list[tuple[Literal["first", "second"], int]] = [("second", by_first), ("first", by_second)]
    return Compared(
        n=got.n,
        exact=measure(got.exact),
        within_one=measure(got.within_one),
        kappa=measure(got.kappa),
        confusion=[list(row) for row in got.confusion],
        found_by_second=(both, by_first),
        found_by_first=(both, by_second),
        misses=[who for who, of in reached if not both and of >= FEWEST_TO_MISS],
    )


def _pair(found: Read, a: int, b: int) -> Pair:
    rated = found.rated(a), found.rated(b)
    both = rated[0] & rated[1]
    same = both & (found.decider[a] == found.decider[b])  # decided by one judge: agreement with itself is none
    use = both & ~same
    group = found.group[use]
    pairs = {c: (found.column(a, c)[use], found.column(b, c)[use]) for c in (*CONSTRUCTS, FLAGGED)}
    made = {c: compared(*pairs[c], group, len(LEVELS) if c in CONSTRUCTS else 2) for c in pairs}
    first, second = (np.concatenate([pairs[c][side] for c in CONSTRUCTS]) for side in (0, 1))
    made[POOLED] = compared(first, second, np.tile(group, len(CONSTRUCTS)), len(LEVELS))

    def only(other: int, mask: NDArray[np.bool_]) -> dict[str, int]:
        counts = np.bincount(found.status[other][mask], minlength=len(found.names))
        return {name: int(n) for name, n in zip(found.names, counts, strict=True) if n}

    return Pair(
        first=found.entries[a].label,
        second=found.entries[b].label,
        both=int(use.sum()),
        same_decider=int(same.sum()),
        from_dropped=int((use & found.dropped).sum()),
        constructs=made,
        only_first=only(b, rated[0] & ~rated[1]),
        only_second=only(a, rated[1] & ~rated[0]),
    )


def _alpha(found: Read) -> dict[str, Measured]:
    judges = range(len(found.entries))
    again = np.zeros(found.decider.shape, bool)  # decided by a judge that is counted already
    for judge in judges:
        for earlier in range(judge):
            again[judge] |= (found.decider[judge] == found.decider[earlier]) & found.rated(earlier)
    values = {c: np.stack([np.where(again[j], -1, found.column(j, c)) for j in judges]) for c in (*CONSTRUCTS, FLAGGED)}
    made = {
        c: measure(krippendorff(v, found.group, levels=len(LEVELS) if c in CONSTRUCTS else 2))
        for c, v in values.items()
    }
    pooled = np.concatenate([values[c] for c in CONSTRUCTS], axis=1)
    made[POOLED] = measure(krippendorff(pooled, np.tile(found.group, len(CONSTRUCTS))))
    return made


def panel(folder: Folder, entries: list[Entry] | None = None) -> Panel:
    """The judges of a study beside each other.

    Agreement is of conversations that both judges of a pair rated, unweighted: what the screen dropped counts as often
    as it was rated. Intervals resample people whole, and conversations of unknown person alone.

    Args:
        folder: The study.
        entries: Which judges; default all that have ratings.

    Returns:
        Pairs in the order of the judges; with one judge no pair and no alpha. Copies are left out.
    """
    entries = judges_of(folder) if entries is None else entries
    if not entries:
        return Panel(judges=[])
    found = read(folder, entries)
    raters = [Rater(e.label, families_of(e.spec), found.column(j, FLAGGED)) for j, e in enumerate(entries)]
    several = len(entries) > 1
    return Panel(
        judges=[JudgeStatuses(label=e.label, statuses=_statuses(found, j)) for j, e in enumerate(entries)],
        pairs=[_pair(found, a, b) for a, b in combinations(range(len(entries)), 2)],
        alpha=_alpha(found) if several else {},
        kin=kin_of(raters, found.model, found.models, found.person, found.group),
        screened_out=int(found.dropped.sum()),
        persons=len(np.unique(found.person[found.person >= 0])) or None,
    )


def _statuses(found: Read, judge: int) -> dict[str, int]:
    counts = Counter(found.status[judge].tolist())
    return {found.names[code]: count for code, count in sorted(counts.items(), key=lambda entry: -entry[1])}
