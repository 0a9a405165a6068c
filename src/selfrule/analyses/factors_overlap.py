"""How amplifying factors overlap: combinations, pairs, and how many there are at once."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations as pairs_of

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.factors_records import Combination, Count, Pair
from selfrule.analyses.figures import Figure, resampled, share
from selfrule.analyses.resampling import Resampler
from selfrule.analyses.sample import Mask, Sample
from selfrule.estimate.cells import Outcome
from selfrule.estimate.clusters import FEW_EVENTS
from selfrule.rubric import FLAGGED_FROM, LEVELS

_KEY = "present"


def present(sample: Sample, measured: list[str]) -> NDArray[np.int8]:
    """Which factors are moderate or above: bit i for the i-th of them, -1 where one was not rated; shape (n,)."""
    code = np.zeros(len(sample), np.int8)
    for bit, factor in enumerate(measured):
        code |= (sample.column[factor] >= FLAGGED_FROM).astype(np.int8) << bit
    code[np.any([sample.column[f] < 0 for f in measured], axis=0)] = -1
    return code


def number_of(code: NDArray[np.int8]) -> NDArray[np.int8]:
    """How many factors are in a code of `present`, -1 where unknown; shape (n,)."""
    count = np.array([i.bit_count() for i in range(16)] + [-1], np.int8)
    return np.asarray(count[np.where(code < 0, 16, code)])


def combinations(sample: Sample, code: NDArray[np.int8], measured: list[str], outcome: Outcome) -> list[Combination]:
    """Every combination that occurs, commonest first."""
    found = []
    for bits in range(1 << len(measured)):
        rows = code == bits
        if rows.any():
            names = [f for i, f in enumerate(measured) if bits >> i & 1]
            of_all = _of_all(sample, code, bits)
            found.append(Combination(present=names, of_all=of_all, share=share(sample, rows, outcome)))
    return sorted(found, key=lambda c: (-(c.of_all.value or 0.0), len(c.present), c.present))


def counts(sample: Sample, code: NDArray[np.int8], measured: list[str], outcome: Outcome) -> list[Count]:
    """How many factors are there at once, from 0 to all."""
    number = number_of(code)
    return [
        Count(present=i, of_all=_of_all(sample, number, i), share=share(sample, number == i, outcome))
        for i in range(len(measured) + 1)
    ]


def _of_all(sample: Sample, values: NDArray[np.int8], value: int) -> Figure:
    """The share of conversations with one value; those of -1 are missing. `persons` is of those with it."""
    got = share(replace(sample, column={_KEY: values}), np.ones(len(sample), np.bool_), Outcome(_KEY, "", value, value))
    return _of_group(got, sample, values == value)


def _of_group(got: Figure, sample: Sample, rows: Mask) -> Figure:
    from msgspec.structs import replace as changed

    return changed(got, persons=sample.people_in(rows))


def pairs(sample: Sample, measured: list[str]) -> list[Pair]:
    """How often two factors come together, and how many times what it would be if they were unrelated."""
    if len(measured) < 2:
        return []
    resampler = Resampler(sample)
    return [_pair(sample, resampler, one, other) for one, other in pairs_of(measured, 2)]


def _pair(sample: Sample, resampler: Resampler, one: str, other: str) -> Pair:
    a, b = sample.column[one].astype(np.int64), sample.column[other].astype(np.int64)
    known = (a >= 0) & (b >= 0)
    top = len(LEVELS)
    key = np.where(known, a * top + b, -1)
    sums = np.bincount(key[known], weights=sample.weight[known], minlength=top * top)
    table = sums.astype(np.float64).reshape(top, top)
    draws = resampler.sums(sample.weight, key, top * top).reshape(-1, top, top)
    together = np.where(known, (a >= FLAGGED_FROM) & (b >= FLAGGED_FROM), -1).astype(np.int8)
    both = _of_all(sample, together, 1)
    rests = {"n": both.n, "persons": both.persons, "events": both.events, "missing": both.missing}
    return Pair(
        one=one, other=other, both=both, times=_times(sample, table, draws, both, a, b, rests),
        gamma=_gamma(table, draws, rests),
    )  # fmt: skip


def _times(
    sample: Sample,
    table: NDArray[np.float64],
    draws: NDArray[np.float64],
    both: Figure,
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    rests: dict[str, int | None],
) -> Figure:
    """Observed over expected, P(both) / (P(one) P(other)), with its interval.

    Percentiles of resampled people; below ten conversations with both, where resampling is blind, the exact limits of the
    share with both and those of each factor's share, put together on the logarithm by square-and-add (Zou GY, Donner A
    2008, Statistics in Medicine 27:1693-1702), as if the three were independent, which errs to the wide side.
    """
    value = float(_lift(table))
    if not math.isfinite(value):
        return Figure(reason="undefined: one of the two was never seen", **rests)  # type: ignore[arg-type]
    if (both.events or 0) >= FEW_EVENTS:
        return resampled(value, _lift(draws), **rests)
    ones, others = (
        share(replace(sample, column={_KEY: np.where((a >= 0) & (b >= 0), v >= FLAGGED_FROM, -1).astype(np.int8)}),
              np.ones(len(sample), np.bool_), Outcome(_KEY, "", 1, 1))
        for v in (a, b)
    )  # fmt: skip
    down = math.hypot(*(_log(f.high, f.value) for f in (ones, others)))
    up = math.hypot(*(_log(f.value, f.low) for f in (ones, others)))
    assert both.high is not None and both.value is not None
    if both.value == 0:
        expected = (ones.value or 0.0) * (others.value or 0.0)
        return Figure(value=0.0, low=0.0, high=both.high / expected * math.exp(up), **rests)  # type: ignore[arg-type]
    low = value * math.exp(-math.hypot(_log(both.value, both.low), down))
    high = value * math.exp(math.hypot(_log(both.high, both.value), up))
    return Figure(value=value, low=low, high=high, **rests)  # type: ignore[arg-type]


def _log(over: float | None, under: float | None) -> float:
    return math.log(over / under) if over and under else math.inf


def _lift(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """P(both) / (P(one) P(other)) of tables of levels; shape (..., 4, 4) to (...)."""
    total = table.sum(axis=(-2, -1))
    one, other = table[..., FLAGGED_FROM:, :].sum(axis=(-2, -1)), table[..., :, FLAGGED_FROM:].sum(axis=(-2, -1))
    expected = one * other
    both = table[..., FLAGGED_FROM:, FLAGGED_FROM:].sum(axis=(-2, -1)) * total
    return np.asarray(np.divide(both, expected, out=np.full(np.shape(expected), math.nan), where=expected > 0))


def _gamma(table: NDArray[np.float64], draws: NDArray[np.float64], rests: dict[str, int | None]) -> Figure:
    """Goodman and Kruskal's gamma, (C - D) / (C + D); no interval below ten conversations with both, as is `times`."""
    value = float(gamma(table))
    if not math.isfinite(value):
        return Figure(reason="undefined: a factor has one level only", **rests)  # type: ignore[arg-type]
    if (rests["events"] or 0) < FEW_EVENTS:
        few = f"together in fewer than {FEW_EVENTS} conversations: no interval"
        return Figure(value=value, reason=few, **rests)  # type: ignore[arg-type]
    return resampled(value, gamma(draws), **rests)


def gamma(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Goodman and Kruskal's gamma of tables of two ordered levels.

    C is the weight of pairs of conversations of which one is higher in both, D of those where one is higher in one and the
    other in the other.

    Args:
        table: Weights; shape (..., r, c).

    Returns:
        (C - D) / (C + D) in [-1, 1], not a number where no pair differs in both; shape (...).

    References:
        Goodman LA, Kruskal WH (1954). Measures of association for cross classifications. JASA 49:732-764.
        doi:10.1080/01621459.1954.10501231
    """
    rows, columns = table.shape[-2:]
    same, opposite = np.zeros(table.shape[:-2]), np.zeros(table.shape[:-2])
    for i in range(rows - 1):
        for j in range(columns):
            here = table[..., i, j]
            same = same + here * table[..., i + 1 :, j + 1 :].sum(axis=(-2, -1))
            opposite = opposite + here * table[..., i + 1 :, :j].sum(axis=(-2, -1))
    either = same + opposite
    return np.asarray(np.divide(same - opposite, either, out=np.full(np.shape(either), math.nan), where=either > 0))
