"""The release gate of amplifying factors: no group of fewer than k, directly or by subtraction."""

from __future__ import annotations

import math

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from selfrule.analyses.factors_records import AtLevel, ByLevel, Combination, Count, Factors, Pair, Tested
from selfrule.analyses.factors_tests import rising, steps_of
from selfrule.analyses.figures import Figure
from selfrule.privacy import hidden

_FIGURES = 2  # significant figures of effects over levels of which one is withheld
_HELD = frozenset({"small", "complementary"})


def public(result: Factors, k: int) -> Factors:
    """What may be shared: no group of fewer than k conversations or, where at least k people are known, people.

    Levels of a factor are a partition, levels among the flagged are another, and the combinations of factors a third, whose
    sums (each factor, each pair, each number of factors) are published too: whatever is withheld cannot be had by
    subtraction from any of them. Where a level or a combination is withheld, effects over all of them are rounded to two
    significant figures, their limits outward, so that they do not tell what was withheld either.

    Args:
        result: The record as made.
        k: The smallest group to show.
    """
    people = (result.persons or 0) >= k
    factors = [_levels(f, k, people) for f in result.factors]
    counts = _counts(result.counts, k, people)
    pairs = [_pair(p, result.combinations, k, people) for p in result.pairs]
    totals = _totals(result, factors, counts, pairs)
    combinations, safe = _combinations(result.combinations, totals, k, people)
    if not safe:
        counts = [replace(c, of_all=_gone("complementary"), share=_gone("complementary")) for c in counts]
        pairs = [_without(p, "complementary") for p in pairs]
    if any(c.of_all.reason in _HELD for c in combinations):
        pairs = [_rounded_pair(p) for p in pairs]
    made = replace(
        result,
        overall=_gone("small") if _small(_size(result.overall, people), k) else result.overall,
        factors=factors,
        tests=_tests(result.tests, factors, counts, k, people),
        combinations=combinations,
        counts=counts,
        pairs=pairs,
        k=k,
    )
    gone = sum(f.reason in _HELD for f in made.figures())
    return replace(made, withheld=result.withheld + gone)


def _gone(reason: str) -> Figure:
    return Figure(reason=reason)


def _size(figure: Figure, people: bool) -> int:
    """How large a group is for the gate: its conversations, those of them that were rated, its people where they count.

    Where none of its people is known, its conversations alone count.
    """
    sizes = [figure.n + figure.missing] + ([figure.n] if figure.n else [])
    return min(sizes + ([figure.persons] if people and figure.persons and figure.n else []))


def _small(size: int, k: int) -> bool:
    return 0 < size < k


def _levels(factor: ByLevel, k: int, people: bool) -> ByLevel:
    why = hidden([_size(at.share, people) for at in factor.levels], k)
    after = hidden([min((_size(f, people) for f in at.actualized.values()), default=0) for at in factor.levels], k)
    levels: list[AtLevel] = []
    for at, reason, then in zip(factor.levels, why, after, strict=True):
        share = _gone(reason) if reason else at.share
        both = then or (reason if any(f.n for f in at.actualized.values()) else None)
        marked = {m: _gone(both) for m in at.actualized} if both else at.actualized
        levels.append(AtLevel(level=at.level, share=share, actualized=marked))
    return replace(factor, levels=levels)


def _events(figure: Figure) -> int:
    return figure.events or 0


def _group(of_all: Figure, people: bool, share: Figure | None = None) -> int:
    """Size of a group that is given as a share of all: its events, the people who have them, and those of them rated."""
    sizes = [_events(of_all)]
    if people and of_all.persons and _events(of_all):
        sizes.append(of_all.persons)
    if share is not None and share.n:
        sizes.append(_size(share, people))
    return min(sizes)


def _counts(counts: list[Count], k: int, people: bool) -> list[Count]:
    why = hidden([_group(c.of_all, people, c.share) for c in counts], k)
    return [
        replace(c, of_all=_gone(reason), share=_gone(reason)) if reason else c
        for c, reason in zip(counts, why, strict=True)
    ]


def _pair(pair: Pair, combinations: list[Combination], k: int, people: bool) -> Pair:
    """A pair is withheld where any of the four groups that it parts conversations into is small."""
    four = {(a, b): 0 for a in (False, True) for b in (False, True)}
    for c in combinations:
        four[pair.one in c.present, pair.other in c.present] += _events(c.of_all)
    sizes = [*four.values(), _group(pair.both, people)]
    return _without(pair, "small") if any(_small(s, k) for s in sizes) else pair


def _without(pair: Pair, reason: str) -> Pair:
    return replace(pair, both=_gone(reason), times=_gone(reason), gamma=_gone(reason))


def _rounded_pair(pair: Pair) -> Pair:
    return replace(pair, times=_rounded(pair.times), gamma=_rounded(pair.gamma))


def _totals(result: Factors, factors: list[ByLevel], counts: list[Count], pairs: list[Pair]) -> list[NDArray[np.bool_]]:
    """Which combinations make up each sum that is published; each of shape (combinations,)."""

    def made_of(*present: str) -> NDArray[np.bool_]:
        return np.array([set(present) <= set(c.present) for c in result.combinations], np.bool_)

    number = np.array([len(c.present) for c in result.combinations])
    sums = [np.ones(len(number), np.bool_)]
    sums += [number == c.present for c in counts if c.of_all.reason is None]
    sums += [made_of(p.one, p.other) for p in pairs if p.both.reason not in _HELD]
    for name in result.measured:
        levels = next((f.levels for f in factors if f.factor == name), [])
        gone = [at.share.reason in _HELD for at in levels]
        if not levels or not any(gone[:2]) or not any(gone[2:]):
            sums.append(made_of(name))
    return sums


def _combinations(
    combinations: list[Combination], totals: list[NDArray[np.bool_]], k: int, people: bool
) -> tuple[list[Combination], bool]:
    """The combinations with what is small, and what would give it away, taken out; and whether that was enough."""
    sizes = np.array([_group(c.of_all, people, c.share) for c in combinations], np.int64)
    out = (sizes > 0) & (sizes < k)
    small = out.copy()
    safe = True
    while out.any():
        where = _given_away(sizes, out, small, totals, k)
        if where is None:
            break
        shown = np.flatnonzero(where & ~out)
        if not len(shown):
            shown = np.flatnonzero(~out)
        if not len(shown):
            safe = False
            break
        out[shown[np.argmin(sizes[shown])]] = True
    reasons = ["small" if s else "complementary" for s in small]
    return [
        replace(c, of_all=_gone(reason), share=_gone(reason)) if gone else c
        for c, gone, reason in zip(combinations, out, reasons, strict=True)
    ], safe


def _given_away(
    sizes: NDArray[np.int64],
    out: NDArray[np.bool_],
    small: NDArray[np.bool_],
    totals: list[NDArray[np.bool_]],
    k: int,
) -> NDArray[np.bool_] | None:
    """A published sum that gives a small group away (all combinations, where it takes several); None where none does."""
    rows = np.array([total[out] for total in totals], np.float64)
    rank = np.linalg.matrix_rank(rows)
    units = np.eye(rows.shape[1])
    told = np.zeros(len(sizes), np.bool_)
    told[out] = [np.linalg.matrix_rank(np.vstack([rows, unit])) == rank for unit in units]
    if (told & small).any():
        return np.ones(len(sizes), np.bool_)
    for total in totals:
        left = total & out & ~told
        if left.any() and sizes[left].sum() < k:
            return total
    return None


def _tests(tests: list[Tested], factors: list[ByLevel], counts: list[Count], k: int, people: bool) -> list[Tested]:
    return [_test(t, factors, counts, k, people) for t in tests]


def _test(test: Tested, factors: list[ByLevel], counts: list[Count], k: int, people: bool) -> Tested:
    at = next((f.levels for f in factors if f.factor == test.factor), [])
    shares = {a.level: a.actualized[test.outcome] if test.among_flagged else a.share for a in at}
    shares = shares or {str(c.present): c.share for c in counts}
    there = {name: f for name, f in shares.items() if f.reason not in _HELD}
    size = min([test.points.n] + ([test.points.persons] if people and test.points.persons else []))
    if _small(size, k) or sum(f.value is not None for f in there.values()) < 2:
        none = _gone("small")
        return replace(
            test, points=none, odds=none, odds_by_domain=none, p=None, p_by_domain=None, q=None, q_by_domain=None,
            steps={}, rising=None,
        )  # fmt: skip
    if len(there) == len(shares):
        return test
    steps = steps_of(there) if test.steps else {}
    return replace(
        test,
        points=_rounded(test.points),
        odds=_rounded(test.odds),
        odds_by_domain=_rounded(test.odds_by_domain),
        p=_short(test.p),
        p_by_domain=_short(test.p_by_domain),
        q=_short(test.q),
        q_by_domain=_short(test.q_by_domain),
        steps=steps,
        rising=rising(steps),
    )


def _rounded(figure: Figure) -> Figure:
    return replace(figure, value=_short(figure.value), low=_short(figure.low, -1), high=_short(figure.high, 1))


def _short(value: float | None, towards: int = 0) -> float | None:
    """A number to two significant figures: the nearest, or the next one down (-1) or up (1)."""
    if value is None or not math.isfinite(value) or value == 0:
        return value
    unit = math.floor(math.log10(abs(value))) - _FIGURES + 1
    scaled = round(value / 10.0**unit, 9)
    whole = round(scaled) if not towards else math.floor(scaled) if towards < 0 else math.ceil(scaled)
    return float(f"{whole}e{unit}")
