"""A conversation too long for a model's context, as overlapping windows of whole turns.

>>> from selfrule.records import Turn
>>> long = [Turn("user", "one two three four five six seven eight nine ten")] * 40
>>> made = windows(long, 300, lambda text: len(text) // 4 + 1)
>>> [(w.number, w.of, w.pieces[0].index, w.pieces[-1].index) for w in made]
[(1, 4, 0, 11), (2, 4, 11, 22), (3, 4, 22, 33), (4, 4, 33, 39)]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from selfrule.judges.container import Piece, escaped, pieces
from selfrule.records import Turn

Estimate = Callable[[str], int]
"""How many tokens a text has, rather too many than too few. That of two texts is that of both together, or one more."""

HEADER = 12
"""Tokens of a turn's header line and of the line end after its text."""

_OVERLAP = 0.1
_GUESS = 3  # characters a token, at first; what does not fit is cut again


class Window(msgspec.Struct, frozen=True):
    """What one request shows of a conversation: window `number` (from 1) `of` so many."""

    pieces: tuple[Piece, ...]
    number: int = 1
    of: int = 1

    @property
    def turns(self) -> frozenset[int]:
        """The numbers of the turns in it: those that an answer may cite."""
        return frozenset(piece.index for piece in self.pieces)


class TooManyWindowsError(Exception):
    """The conversation needs more windows than allowed."""


def windows(turns: Sequence[Turn], budget: int, estimate: Estimate, most: int | None = None) -> list[Window]:
    """Windows of at most `budget` tokens that together hold every character of every turn.

    Turns stay whole, and a window begins with the last turns of the one before (as many as fit into a tenth of the
    budget). A turn too long for a window is cut into parts, each beginning with the last tenth of the one before.

    Args:
        turns: The conversation.
        budget: Tokens for the pieces of one window, their headers included; at least 40.
        estimate: Tokens of a text, escaped as it will be sent.
        most: The most windows, or None for no limit. Nothing beyond them is read.

    Raises:
        TooManyWindowsError: more than `most` would be needed.
        ValueError: `budget` is below 40.
    """
    if budget < 40:
        raise ValueError(f"the budget of a window must be at least 40 tokens, not {budget}")
    if most is not None and len(turns) * HEADER > most * budget:
        raise TooManyWindowsError
    if _fits(turns, budget, estimate):
        return [Window(tuple(pieces(turns)))]
    groups: list[list[Piece]] = []
    current: list[tuple[Piece, int]] = []
    used = 0
    for piece, cost in _units(turns, budget, estimate):
        if current and used + cost > budget:
            groups.append([held for held, _ in current])
            if most is not None and len(groups) >= most:
                raise TooManyWindowsError
            current = _tail(current, min(int(budget * _OVERLAP), budget - cost))
            used = sum(spent for _, spent in current)
        current.append((piece, cost))
        used += cost
    if current:
        groups.append([held for held, _ in current])
    return [Window(tuple(group), number, len(groups)) for number, group in enumerate(groups, 1)]


def _fits(turns: Sequence[Turn], budget: int, estimate: Estimate) -> bool:
    """Whether one window holds everything, by one estimate of all texts: most conversations need no other."""
    room = budget - len(turns) * (HEADER + 1)
    if sum(len(turn.text) for turn in turns) > 8 * room:
        return False
    return estimate(escaped("\n".join(turn.text for turn in turns))) <= room


def size(window: Window, estimate: Estimate) -> int:
    """Tokens of a window, as `windows` counts them."""
    return sum(estimate(escaped(piece.text)) + HEADER for piece in window.pieces)


def _tail(held: list[tuple[Piece, int]], room: int) -> list[tuple[Piece, int]]:
    """The last pieces that fit into `room` tokens."""
    start = len(held)
    while start > 0 and held[start - 1][1] <= room:
        start -= 1
        room -= held[start][1]
    return held[start:]


def _units(turns: Sequence[Turn], budget: int, estimate: Estimate) -> Iterator[tuple[Piece, int]]:
    """Each turn whole with its tokens, or in parts where it is too long for a window."""
    room = budget - HEADER
    part_room = max(int(budget * (1 - _OVERLAP)) - HEADER, 1)
    for index, turn in enumerate(turns):
        # a text this long cannot fit whatever its script; estimating all of it only to cut it would cost as much again
        cost = estimate(escaped(turn.text)) if len(turn.text) < 40 * room else room + 1
        if cost <= room:
            yield Piece(index, turn.role, turn.text), cost + HEADER
            continue
        for number, (text, spent) in enumerate(_parts(turn.text, part_room, estimate), 1):
            yield Piece(index, turn.role, text, number), spent + HEADER


def _parts(text: str, room: int, estimate: Estimate) -> Iterator[tuple[str, int]]:
    start = 0
    size = max(room * _GUESS, 1)
    while True:
        part = text[start : start + size]
        cost = estimate(escaped(part))
        while cost > room and len(part) > 1:
            part = part[: max(1, min(len(part) - 1, len(part) * room // cost))]
            cost = estimate(escaped(part))
        end = start + len(part)
        if end >= len(text):
            yield part, cost
            return
        at = _break(part)
        if at < len(part):
            part, end = part[:at], start + at
            cost = min(cost, estimate(escaped(part)))
        yield part, cost
        size = max(len(part) * 5 // 4, 1)  # follows the script, and may grow again
        start = end - min(int(len(part) * _OVERLAP), len(part) - 1)


def _break(part: str) -> int:
    """Where to end a part: behind the last line or word that ends in its last twentieth, else where it ends."""
    low = len(part) - len(part) // 20
    for mark in ("\n", " "):
        at = part.rfind(mark, low)
        if at >= 0:
            return at + 1
    return len(part)
