"""What was read from the answers about one conversation, and how several windows become one word on the whole.

The rule: the whole course counts. A construct's level is the highest of its windows', its evidence their union. Its
probabilities are those of the highest level if the windows of one conversation move together: P(level <= k) is the least of the
windows' P(level <= k), so that their number alone inflates nothing. A marker is yes if any window says so, no only if all do,
else unknown. Domains stand in the order of the number of windows that name them. The order of windows makes no difference.

>>> first = Parsed(levels={"attachment": 1}, evidence={"attachment": [0, 2]})
>>> second = Parsed(levels={"attachment": 3}, evidence={"attachment": [2, 8]})
>>> whole = join([first, second])
>>> whole.levels, whole.evidence, whole == join([second, first])
({'attachment': 3}, {'attachment': [0, 2, 8]}, True)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from selfrule import rubric


class Parsed(msgspec.Struct, frozen=True):
    """What one answer, one window or one conversation says: any of it may be absent.

    `levels` 0..3, `probabilities` (four numbers that sum to 1) and `evidence` (turn numbers, ascending) by construct;
    `actualized` by marker; `lacking` the constructs above none for which no turn of the window was cited.
    """

    levels: dict[str, int] = {}
    probabilities: dict[str, list[float]] = {}
    evidence: dict[str, list[int]] = {}
    actualized: dict[str, str] = {}
    domains: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def join(parts: Sequence[Parsed]) -> Parsed:
    """One word on the whole from answers about different things or different windows (see this module's text)."""
    if len(parts) == 1:
        return parts[0]
    return Parsed(
        levels={c: max(p.levels[c] for p in parts if c in p.levels) for c in _ordered(p.levels for p in parts)},
        probabilities={
            c: _highest([p.probabilities[c] for p in parts if c in p.probabilities])
            for c in _ordered(p.probabilities for p in parts)
        },
        evidence={
            c: sorted({turn for p in parts for turn in p.evidence.get(c, ())})
            for c in _ordered(p.evidence for p in parts)
        },
        actualized={
            m: _marker([p.actualized[m] for p in parts if m in p.actualized])
            for m in rubric.MARKERS
            if any(m in p.actualized for p in parts)
        },
        domains=_domains([p.domains for p in parts]),
        marks=tuple(sorted({mark for p in parts for mark in p.marks})),
        lacking=tuple(c for c in rubric.CONSTRUCTS if any(c in p.lacking for p in parts)),
    )


def _ordered(keyed: Iterable[Mapping[str, object]]) -> list[str]:
    present = {key for part in keyed for key in part}
    return [construct for construct in rubric.CONSTRUCTS if construct in present]


def _highest(spreads: list[list[float]]) -> list[float]:
    if len(spreads) == 1:
        return spreads[0]
    inner = range(1, len(rubric.LEVELS))
    below = [0.0, *(min(sum(spread[:k]) for spread in spreads) for k in inner)]
    return [upper - lower for lower, upper in zip(below, [*below[1:], 1.0], strict=True)]


def _marker(answers: list[str]) -> str:
    if "yes" in answers:
        return "yes"
    return "no" if set(answers) == {"no"} else "unknown"


def _domains(named: list[tuple[str, ...]]) -> tuple[str, ...]:
    order = list(rubric.load().domains)
    count: dict[str, int] = {}
    place: dict[str, int] = {}
    for domains in named:
        for position, domain in enumerate(domains):
            count[domain] = count.get(domain, 0) + 1
            place[domain] = place.get(domain, 0) + position
    return tuple(sorted(count, key=lambda domain: (-count[domain], place[domain], order.index(domain))))
