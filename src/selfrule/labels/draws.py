"""Draws: which conversations go into the queue for labelling, in which order, and what those reached stand for.

Every conversation has a permanent random number, a hash of the draw's seed and its id, and a stratum is labelled from its
lowest number up. So those labelled of a stratum are a simple random sample of it whenever labelling stops, and a larger draw
of the same seed holds the smaller one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.labels.allocation import FLOOR, sequence
from selfrule.labels.strata import STRATA

DOUBLES = 0.1
_BLOCK = 12  # places of the queue whose strata are shuffled: else the first place would tell what the judge said


class Item(msgspec.Struct, frozen=True, gc=False):
    """One conversation of a queue.

    `part` is the part of the study that holds it, `rank` its place in its stratum by random number, from 0; `double` says
    that a second labeller gets it too.
    """

    conversation_id: str
    part: str
    stratum: str
    rank: int
    double: bool = False


class Size(msgspec.Struct, frozen=True):
    """A stratum of a draw: how many conversations it has, and how many of them are in the queue."""

    size: int
    drawn: int


class Draw(msgspec.Struct, frozen=True):
    """A queue for labelling, drawn by design.

    `id` changes with the seed, the rubric, the judge's table and what it said of which conversations (`population` is a
    hash of that); `made` and `extended` are ISO 8601; `items` stand in the order in which they are handed out.
    """

    id: str
    made: str
    seed: int
    table: str
    rubric: str
    population: str
    budget: int
    doubles: float
    floor: float
    strata: dict[str, Size]
    items: list[Item]
    screen: str = ""
    extended: tuple[str, ...] = ()


def random_numbers(ids: Sequence[str], seed: int) -> NDArray[np.uint64]:
    """The permanent random number of each conversation: 64 bits of a keyed hash; shape (n,)."""
    keyed = hashlib.blake2b(key=f"selfrule label draw {seed}".encode(), digest_size=8)
    made = bytearray()
    for identity in ids:
        one = keyed.copy()
        one.update(identity.encode("utf-8", "surrogatepass"))
        made += one.digest()
    return np.frombuffer(bytes(made), "<u8").astype(np.uint64)


def population(ids: Sequence[str], strata: NDArray[np.int8]) -> str:
    """A hash of which conversations there are and of which stratum, whatever their order: 16 hex digits."""
    mixed = random_numbers(ids, 0) ^ (strata.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(
        0xBF58476D1CE4E5B9
    )  # else equal pairs of changes would cancel
    return hashlib.blake2b(np.sort(mixed).tobytes(), digest_size=8).hexdigest()


def _slots(
    sizes: Mapping[str, int], budget: int, guesses: Mapping[str, float] | None, floor: float, seed: int
) -> list[str]:
    """The strata of the queue's places: `sequence`, shuffled in blocks of a few."""
    made = sequence(sizes, budget, guesses, floor=floor)
    for start in range(0, len(made), _BLOCK):
        rng = np.random.default_rng([seed & 0xFFFFFFFF, start])
        block = made[start : start + _BLOCK]
        made[start : start + _BLOCK] = [block[i] for i in rng.permutation(len(block))]
    return made


def _is_double(rank: int, share: float) -> bool:
    """Whether a rank is one of every 1 / share; the same whatever the size of the draw."""
    return int((rank + 1) * share + 0.5) > int(rank * share + 0.5)


def queue(
    ids: Sequence[str],
    parts: Sequence[str],
    strata: NDArray[np.int8],
    budget: int,
    *,
    seed: int = 0,
    doubles: float = DOUBLES,
    floor: float = FLOOR,
    guesses: Mapping[str, float] | None = None,
    before: Sequence[Item] = (),
) -> tuple[list[Item], dict[str, Size]]:
    """Draw a queue.

    Args:
        ids: The conversations of the population, each once; length n.
        parts: The part that holds each; length n.
        strata: Stratum of each, an index into `STRATA`; shape (n,).
        budget: Places in the queue, at least 1.
        seed: Of the random numbers.
        doubles: Share of the places that a second labeller gets too, in [0, 1].
        floor: Least share of the labels for what the judge does not flag, in [0, 1].
        guesses: Expected shares of positives; see `allocation.weights`.
        before: The items of a smaller draw of the same population and seed, which stay at the front.

    Returns:
        min(budget, n) items, and the strata that are not empty.

    Raises:
        UsageError: a value is out of its range, or `before` is not of this population.
    """
    if budget < 1:
        raise UsageError(f"The 'budget' of a draw must be at least 1 conversation. Got {budget!r} instead.")
    if not 0 <= seed < 2**63:
        raise UsageError(f"The 'seed' of a draw must be an int in [0, 2**63). Got {seed!r} instead.")
    if not 0 <= doubles <= 1:
        raise UsageError(f"The 'doubles' of a draw must be a share in [0, 1]. Got {doubles!r} instead.")
    if not len(ids) == len(parts) == len(strata):
        raise UsageError(f"'ids', 'parts', 'strata' must have one length. Got {len(ids)}, {len(parts)}, {len(strata)}.")
    counts = np.bincount(strata, minlength=len(STRATA))
    sizes = {name: int(counts[code]) for code, name in enumerate(STRATA) if counts[code]}
    slots = _slots(sizes, budget, guesses, floor, seed)
    number = random_numbers(ids, seed)
    rows = {name: _lowest(strata == STRATA.index(name), number, ids, slots.count(name)) for name in sizes}
    items = list(before)
    got = {name: sum(item.stratum == name for item in items) for name in sizes}
    for name in _less(slots, items):
        rank = got[name]
        row = rows[name][rank]
        items.append(Item(ids[row], parts[row], name, rank, _is_double(rank, doubles)))
        got[name] += 1
    for item in before:
        if item.stratum not in sizes or ids[rows[item.stratum][item.rank]] != item.conversation_id:
            raise UsageError("The smaller draw is not of this population and seed: its conversations stand elsewhere.")
    return items, {name: Size(sizes[name], got[name]) for name in sizes}


def _less(slots: list[str], items: Sequence[Item]) -> list[str]:
    """The slots that are left once each item has taken the first of its stratum."""
    taken = {name: sum(item.stratum == name for item in items) for name in {item.stratum for item in items}}
    left = []
    for name in slots:
        if taken.get(name, 0):
            taken[name] -= 1
        else:
            left.append(name)
    return left


def _lowest(member: NDArray[np.bool_], number: NDArray[np.uint64], ids: Sequence[str], count: int) -> list[int]:
    """The rows of a stratum with its lowest random numbers, in order; ties, should there be any, by id."""
    rows = np.flatnonzero(member)
    if count < len(rows):
        rows = rows[number[rows] <= np.partition(number[rows], count)[count]]
    found: list[int] = sorted(rows.tolist(), key=lambda row: (int(number[row]), ids[row]))
    return found[:count]


def inclusion(draw: Draw, reached: int) -> dict[str, float]:
    """The probability with which a conversation of each stratum was reached: m / N.

    Only the first `reached` places count, each of them reached whatever became of it: skipped, unsure and never finished
    are missing labels of conversations that were drawn.

    Args:
        draw: The draw.
        reached: From `handing.Queue.reached`.

    Returns:
        For each stratum, its conversations among those places over its size: in [0, 1].
    """
    got = dict.fromkeys(draw.strata, 0)
    for item in draw.items[:reached]:
        got[item.stratum] += 1
    return {name: got[name] / size.size for name, size in draw.strata.items()}
