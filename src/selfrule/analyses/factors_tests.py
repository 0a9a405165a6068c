"""Whether a share rises with the level of an amplifying factor: raw, and with domains made alike."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from selfrule.analyses.factors_records import Tested
from selfrule.analyses.figures import Figure
from selfrule.analyses.mix import domain_parts
from selfrule.analyses.sample import Mask, Sample
from selfrule.estimate.regression import Effect, odds, trend
from selfrule.estimate.trend import benjamini_hochberg

_NO_DOMAINS = "too few events by domain to adjust"
_OWN = 5  # events, and non-events, with which a domain has a term of its own
_TOGETHER = 0.2  # share of the events (or non-events) in domains taken together, above which they would hide what they differ in
_UNKNOWN = "no domain is known"


class Domains:
    """The domains of each conversation as codes, so that a model is fitted on kinds of conversations, not on each.

    Attributes:
        code: Which combination of domains each conversation has; shape (n,).
        parts: How much of each domain each combination is, the last column for unknown; rows sum to 1; shape (c, d + 1).
    """

    def __init__(self, sample: Sample) -> None:
        packed = np.packbits(sample.domains, axis=1)
        keys = np.zeros((len(sample), -(-max(packed.shape[1], 1) // 8) * 8), np.uint8)
        keys[:, : packed.shape[1]] = packed
        words = keys.view(np.uint64)
        whole = words[:, 0] if words.shape[1] == 1 else np.unique(words, axis=0, return_inverse=True)[1].ravel()
        _, first, code = np.unique(whole, return_index=True, return_inverse=True)
        self.code = code.ravel()
        self.parts = domain_parts(sample.where(_mask(len(sample), first)))[0] if len(sample) else np.zeros((0, 1))
        # `where` keeps the order of rows, `first` that of the codes
        self.parts = self.parts[np.argsort(np.argsort(first))]


def _mask(n: int, rows: NDArray[np.intp]) -> Mask:
    mask = np.zeros(n, np.bool_)
    mask[rows] = True
    return mask


def tested(
    sample: Sample,
    domains: Domains,
    rows: Mask,
    score: NDArray[np.int8],
    hits: Mask,
    shares: dict[str, Figure],
    *,
    factor: str,
    outcome: str,
    among_flagged: bool = False,
) -> Tested:
    """The trend of an outcome over a score.

    Args:
        sample: Everything.
        domains: Of the sample.
        rows: Conversations that count: score and outcome are known; shape (n,).
        score: Level of each, from 0; shape (n,).
        hits: Whether each reaches the outcome; shape (n,).
        shares: The share at each level, by its name, in order.
        factor: See `Tested`.
        outcome: See `Tested`.
        among_flagged: See `Tested`.
    """
    at, y, weight = score[rows].astype(np.int64), hits[rows], sample.weight[rows]
    cluster = sample.cluster[rows]
    if sample.clusters == 1:
        cluster = np.arange(len(at))  # one person alone: nothing lies between people
    n, events, persons = len(at), int(np.count_nonzero(y)), sample.people_in(rows)
    line = trend(at.astype(np.float64), y, weight, cluster)
    top = int(at.max()) + 1 if n else 1
    raw = odds(y, weight, cluster, at, np.column_stack([np.arange(float(top)), np.ones(top)]))
    alike = _by_domain(y, weight, cluster, at, domains.code[rows], domains.parts)
    rests = {"n": n, "events": events, "persons": persons}
    steps = steps_of(shares) if 0 < events < n else {}
    return Tested(
        factor=factor,
        outcome=outcome,
        among_flagged=among_flagged,
        points=_figure(line, rests),
        odds=_figure(raw, rests, ratio=True),
        odds_by_domain=_figure(alike, rests, ratio=True),
        p=line.p_value,
        p_by_domain=alike.p_value,
        steps=steps,
        rising=rising(steps),
    )


def _by_domain(
    y: Mask,
    weight: NDArray[np.float64],
    cluster: NDArray[np.int64],
    score: NDArray[np.int64],
    code: NDArray[np.int64],
    parts: NDArray[np.float64],
) -> Effect:
    """The log odds a level with a term for each domain.

    Domains with fewer than five events, or five non-events, are taken together as one; conversations with a part in that
    one are left out where it has none at all, as they would tell nothing of the level. Where it holds more than a fifth of
    the events (or of the non-events, where these are fewer), no effect is given: what these domains differ in would stay in
    it. A conversation of several domains counts in equal parts to each.
    """
    if not len(y):
        return Effect(None, reason=_UNKNOWN)
    member = parts > 0
    if not bool(member[code, :-1].any()):
        return Effect(None, reason=_UNKNOWN)
    size, events = (np.bincount(code, weights=w, minlength=len(parts)) @ member for w in (None, y))
    own = np.minimum(events, size - events) >= _OWN
    rest = parts[:, ~own].sum(axis=1)
    rarer = y if 2 * int(np.count_nonzero(y)) <= len(y) else ~y
    in_rest = rest[code] > 0
    rest_events = int(np.count_nonzero(rarer & in_rest))
    if min(rest_events, int(np.count_nonzero(in_rest)) - rest_events) == 0:
        y, weight, cluster, score, code = (a[~in_rest] for a in (y, weight, cluster, score, code))
        terms = parts[:, own]
    elif rest_events > _TOGETHER * int(np.count_nonzero(rarer)):
        return Effect(None, reason=_NO_DOMAINS)
    else:
        terms = np.column_stack([parts[:, own], rest])
    if terms.shape[1] < 2:
        return Effect(None, reason=_NO_DOMAINS)
    terms = np.delete(terms, int(np.argmax(np.bincount(code, minlength=len(parts)) @ terms)), axis=1)
    top = int(score.max()) + 1 if len(score) else 1
    cells, cell = np.unique(code * top + score, return_inverse=True)
    design = np.column_stack([(cells % top).astype(np.float64), np.ones(len(cells)), terms[cells // top]])
    return odds(y, weight, cluster, cell.ravel(), design)


def _figure(effect: Effect, rests: dict[str, int | None], *, ratio: bool = False) -> Figure:
    value, limits = effect.value, effect.interval()
    if value is None:
        return Figure(reason=effect.reason, **rests)  # type: ignore[arg-type]
    low, high = limits if limits is not None else (None, None)
    if ratio:
        value, low, high = math.exp(value), _exp(low), _exp(high)
    elif low is not None and high is not None:
        low, high = max(low, -1.0), min(high, 1.0)
    return Figure(value=value, low=low, high=high, reason=effect.reason, **rests)  # type: ignore[arg-type]


def _exp(value: float | None) -> float | None:
    return None if value is None else math.exp(min(value, 700.0))


def steps_of(shares: dict[str, Figure]) -> dict[str, Figure]:
    """How a share changes from each level to the next that has one, with the interval of the difference.

    The limits are those of both shares by square-and-add (Newcombe 1998, method 10; `estimate.difference`): too wide rather
    than too narrow where one person is at both levels.
    """
    there = [(name, f) for name, f in shares.items() if f.value is not None]
    found = {}
    for (before, a), (after, b) in pairwise(there):
        assert a.value is not None and b.value is not None
        value = b.value - a.value
        low = high = None
        if a.low is not None and a.high is not None and b.low is not None and b.high is not None:
            low = max(value - math.hypot(b.value - b.low, a.high - a.value), -1.0)
            high = min(value + math.hypot(b.high - b.value, a.value - a.low), 1.0)
        found[f"{before} to {after}"] = Figure(value=value, low=low, high=high, n=a.n + b.n)
    return found


def rising(steps: dict[str, Figure]) -> bool | None:
    """Whether no step goes down; None where there is no step."""
    return all((f.value or 0.0) >= 0 for f in steps.values()) if steps else None


def with_q(tests: list[Tested]) -> list[Tested]:
    """The tests with their p-values adjusted for how many there are, raw ones and those by domain as a table each."""
    from msgspec.structs import replace

    raw, alike = benjamini_hochberg([t.p for t in tests]), benjamini_hochberg([t.p_by_domain for t in tests])
    return [replace(t, q=q, q_by_domain=r) for t, q, r in zip(tests, raw, alike, strict=True)]
