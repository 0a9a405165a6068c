"""The course of a person's conversations: next levels, onset, escalation, recovery, beside the same in random order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.figures import Figure
from selfrule.analyses.people_rows import Chance, Rows, chance_of, of_people
from selfrule.analyses.sample import Mask
from selfrule.estimate.clusters import clustering, persons_of

SHUFFLES, LEAST_SHUFFLES = 100, 20
SHUFFLED = 15_000_000  # conversations in all shuffles together, above which there are fewer of them
LEAST_TO_RISE = 3


class Step(msgspec.Struct, frozen=True):
    """Shares of the conversations that follow one of a level, by their own level.

    Attributes:
        before: Level of the conversation before.
        after: Share of the next ones at each level, in the order of `Course.levels`; `n` is the pairs from this level,
            `persons` the people they are of.
    """

    before: str
    after: list[Figure]


class Seen(msgspec.Struct, frozen=True):
    """A kind of course, and how many people's it is.

    Attributes:
        name: "onset", "escalation" or "recovery".
        share: Of the people who had enough conversations to tell (`persons`); `events` counts people.
        untold: People of whom it cannot be told.
        chance: The same where each person's rated conversations are put into random order.
    """

    name: str
    share: Figure
    untold: int
    chance: Chance | None


class Runs(msgspec.Struct, frozen=True):
    """Conversations in a row that reach the outcome; an unrated one ends a run.

    Attributes:
        runs: How many, those of one conversation too; None where withheld.
        people: Of how many people.
        mean: Conversations a run, at least 1.
        mean_chance: The same in random order.
        longer: Share of runs of two conversations or more.
        longest: Conversations of the longest; None in what is shareable, for it is one person's.
    """

    runs: int | None
    people: int
    mean: float | None
    mean_chance: Chance | None
    longer: Figure
    longest: int | None


class Course(msgspec.Struct, frozen=True):
    """How levels run within a person.

    Attributes:
        people: With a conversation whose time is known.
        pairs: Of conversations that follow one another directly, both rated.
        gaps: Pairs left out because one of the two could not be rated.
        levels: Names of the levels of `steps`.
        steps: From each level to the next conversation's.
        stays: Share of next conversations that reach the outcome after one that does, and `after_none` after one that does not.
        stays_chance: The first of these in random order.
        after: Conversations that make an onset or a recovery (m).
        kinds: Onset, escalation (where there are levels), recovery.
        runs: None where nothing reaches the outcome.
    """

    people: int
    pairs: int
    gaps: int
    levels: list[str]
    steps: list[Step]
    stays: Figure
    after_none: Figure
    stays_chance: Chance | None
    after: int
    kinds: list[Seen]
    runs: Runs | None


@dataclass(frozen=True)
class _Told:
    """Of each person, whether a course can be told and whether it was seen; and the runs. Masks of shape (people,)."""

    risk: Mask
    onset: Mask
    could_rise: Mask
    rose: Mask
    could_recover: Mask
    recovered: Mask
    streak: NDArray[np.int64]  # length so far of the run that each row is in, 0 outside one; shape (n,)
    pairs: int
    stays: int


def course_of(rows: Rows, after: int, levels: tuple[str, ...], *, rises: bool, seed: int = 0) -> Course | None:
    """How levels run within a person, by exact definitions.

    All are of a person's conversations in order of time, m being `after`; one that could not be rated is a gap.

    - *Onset*: a conversation reaches the outcome after at least m that did not. Told of people whose first m were all
      rated, none reaching it, and who have a rated one later. Later gaps are left out: an onset in one is not seen.
    - *Escalation*: twice a conversation is at a level higher than all rated before it. Told of people with at least three
      rated conversations, the first of which is below the second highest level. Gaps are left out.
    - *Recovery*: after the first conversation that reaches the outcome, at least m in a row do not. Told of people with at least
      m rated in a row after it. A gap ends a row.

    A person with more conversations has more chances of each, so each stands beside the share that the same conversations
    give when each person's rated ones are shuffled in place: what is above it is of their order.

    Args:
        rows: Conversations whose time is known.
        after: m, at least 1.
        levels: Names of the levels in `rows.level`.
        rises: Whether there are levels to rise through.
        seed: Of the shuffles.

    Returns:
        None where nobody has two conversations.
    """
    if rows.people == len(rows):
        return None
    told = _told(rows, after, len(levels))
    same = ~rows.first[1:]
    both = same & rows.known[1:] & rows.known[:-1]
    shuffled = _shuffled(rows, after, len(levels), told, seed)
    n = np.bincount(rows.person, weights=rows.known, minlength=rows.people).astype(np.int64)
    kinds = [_seen("onset", told.risk, told.onset, n, shuffled[:, 0])]
    if rises:
        kinds.append(_seen("escalation", told.could_rise, told.rose, n, shuffled[:, 1]))
    affected = rows.per_person(rows.hits) > 0
    kinds.append(_seen("recovery", told.could_recover, told.recovered, n, shuffled[:, 2], affected))
    before, nexts, who = rows.level[:-1][both], rows.level[1:][both], rows.person[1:][both]
    steps = []
    for i, name in enumerate(levels):
        mine = before == i
        steps.append(Step(name, [_following(who[mine], nexts[mine] == j) for j in range(len(levels))]))
    hit, hits = rows.hits[:-1][both], rows.hits[1:][both]
    return Course(
        people=rows.people,
        pairs=int(np.count_nonzero(both)),
        gaps=int(np.count_nonzero(same & ~both)),
        levels=list(levels),
        steps=steps,
        stays=_following(who[hit], hits[hit]),
        after_none=_following(who[~hit], hits[~hit]),
        stays_chance=chance_of(shuffled[:, 3]),
        after=after,
        kinds=kinds,
        runs=_runs(rows, told.streak, shuffled[:, 4]),
    )


def _following(who: NDArray[np.int64], hits: Mask) -> Figure:
    """The share of next conversations that are hits, people accounted for (`estimate.clusters`)."""
    if not len(who):
        return Figure(n=0, persons=0, events=0, reason="no such conversation has a next one")
    got = clustering(persons_of(who), hits)
    low, high = got.exact_if_few()
    return Figure(value=got.share, low=low, high=high, n=got.n, persons=got.persons, events=got.events)


def _seen(
    name: str, can: Mask, did: Mask, n: NDArray[np.int64], chance: NDArray[np.float64], among: Mask | None = None
) -> Seen:
    """One kind of course, of the people of whom it can be told."""
    untold = int(np.count_nonzero(~can if among is None else among & ~can))
    share = of_people(int(np.count_nonzero(did)), int(np.count_nonzero(can)), int(n[can].sum()))
    return Seen(name, share, untold, chance_of(chance))


def _told(rows: Rows, after: int, levels: int) -> _Told:
    person, known, hits, people = rows.person, rows.known, rows.hits, rows.people
    early = rows.number <= after
    clear = rows.per_person(early & known & ~hits) == after
    later = rows.per_person(~early & known) > 0
    onset = clear & (rows.per_person(~early & hits) > 0)
    high = _highest_before(rows)
    first = np.full(people, -1, np.int64)  # level of the first rated conversation
    begins = known & (high < 0)
    first[person[begins]] = rows.level[begins]
    steps = rows.per_person(known & (high >= 0) & (rows.level > high))
    could_rise = (rows.per_person(known) >= LEAST_TO_RISE) & (first >= 0) & (first < levels - 2)
    hit = np.flatnonzero(hits)
    since = np.full(people, np.iinfo(np.int64).max)
    since[person[hit[::-1]]] = rows.number[hit[::-1]]  # the earliest is written last
    past = rows.number > since[person]
    told = rows.per_person(_streak(known & past, rows.first) >= after) > 0
    recovered = rows.per_person(_streak(known & past & ~hits, rows.first) >= after) > 0
    stays = hits[:-1] & ~rows.first[1:]
    return _Told(
        risk=clear & later,
        onset=onset,
        could_rise=could_rise,
        rose=could_rise & (steps >= 2),
        could_recover=told,
        recovered=recovered,
        streak=_streak(hits, rows.first),
        pairs=int(np.count_nonzero(stays & known[1:])),
        stays=int(np.count_nonzero(stays & hits[1:])),
    )


def _highest_before(rows: Rows) -> NDArray[np.int64]:
    """The highest level rated earlier of the same person, -1 where none was; shape (n,)."""
    room = int(rows.level.max(initial=0)) + 2
    floor = rows.person * room
    highest = np.maximum.accumulate(floor + rows.level + 1)
    before = np.empty_like(highest)
    before[0], before[1:] = 0, highest[:-1]
    return np.where(rows.first, -1, before - floor - 1)


def _streak(holds: Mask, first: Mask) -> NDArray[np.int64]:
    """How many rows up to each hold in a row within its person, 0 where it does not; shape (n,)."""
    at = np.arange(len(holds))
    reset = np.maximum.accumulate(np.where(~holds, at, np.where(first, at - 1, -1)))
    return at - reset


def _shuffled(rows: Rows, after: int, levels: int, told: _Told, seed: int) -> NDArray[np.float64]:
    """Onset, escalation, recovery, stays, mean run where each person's rated conversations are in random order.

    Only people in whom something could move are shuffled; what the others have stays as it is.

    Returns:
        Shape (shuffles, 5).
    """
    moves = rows.per_person(rows.hits) > 0
    start = np.flatnonzero(rows.first)
    lowest = np.minimum.reduceat(np.where(rows.known, rows.level, levels).astype(np.int64), start)
    highest = np.maximum.reduceat(rows.level.astype(np.int64), start)
    rises = (highest - lowest >= 2) | ((highest > lowest) & (highest >= levels - 2))
    moves |= rises & (highest >= 0)
    fixed = [int(np.count_nonzero(mask & ~moves)) for mask in (told.risk, told.could_rise)]
    some = rows.where(moves[rows.person])
    shuffles = int(np.clip(SHUFFLED // max(len(some), 1), LEAST_SHUFFLES, SHUFFLES))
    found = np.full((shuffles, 5), np.nan)
    if not len(some):
        return found
    rng = np.random.default_rng(seed)
    rated = np.flatnonzero(some.known)
    who = some.person[rated]
    hits, level = some.hits.copy(), some.level.copy()
    for i in range(shuffles):
        order = rated[np.argsort(who + rng.random(len(who)))]  # person first, then chance
        hits[rated], level[rated] = some.hits[order], some.level[order]
        got = _told(_again(some, hits, level), after, levels)
        runs = int(np.count_nonzero(got.streak == 1))
        parts = (
            (got.onset.sum(), got.risk.sum() + fixed[0]),
            (got.rose.sum(), got.could_rise.sum() + fixed[1]),
            (got.recovered.sum(), got.could_recover.sum()),
            (got.stays, got.pairs),
            (np.count_nonzero(hits), runs),
        )
        found[i] = [a / b if b else np.nan for a, b in parts]
    return found


def _again(rows: Rows, hits: Mask, level: NDArray[np.int8]) -> Rows:
    """The same conversations with other ratings; what is cached of their order is kept."""
    fresh = replace(rows, hits=hits, level=level)
    fresh.__dict__.update({name: getattr(rows, name) for name in ("first", "number")})
    return fresh


def _runs(rows: Rows, streak: NDArray[np.int64], chance: NDArray[np.float64]) -> Runs | None:
    begins = streak == 1
    runs, hits = int(np.count_nonzero(begins)), int(np.count_nonzero(rows.hits))
    if not runs:
        return None
    of = np.cumsum(begins) - 1
    length = np.bincount(of[streak > 0])
    return Runs(
        runs=runs,
        people=int(np.count_nonzero(rows.per_person(begins))),
        mean=hits / runs,
        mean_chance=chance_of(chance),
        longer=_following(rows.person[begins], length >= 2),
        longest=int(length.max()),
    )
