"""Turns as the page gets them: a few at a time, long ones in pieces, every character of them harmless to show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from selfrule.records import Turn
from selfrule.report.text import clean

PIECE = 20_000  # characters of one turn shown at a time
MOST_TURNS = 40
MOST_CHARACTERS = 200_000  # of one answer to the page: what a browser lays out without a pause


class Shown(msgspec.Struct, frozen=True):
    """One turn, or a piece of it: `piece` of `pieces`, counted from 0. `length` is the whole turn's, in characters."""

    index: int
    role: str
    text: str
    piece: int
    pieces: int
    length: int
    at: str | None


def _time(at: int | None) -> str | None:
    if at is None:
        return None
    try:
        moment = datetime.fromtimestamp(at / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def shown(turns: Sequence[Turn], index: int, piece: int = 0) -> Shown:
    """One piece of one turn.

    What no browser can show becomes U+FFFD and marks that turn the direction of writing are dropped, as in reports. A piece
    out of range becomes the nearest one.

    Raises:
        IndexError: there is no such turn.
    """
    if not 0 <= index < len(turns):
        raise IndexError(index)
    turn = turns[index]
    pieces = max(1, -(-len(turn.text) // PIECE))
    piece = min(max(piece, 0), pieces - 1)
    text = turn.text[piece * PIECE : (piece + 1) * PIECE]
    return Shown(index, turn.role, clean(text, len(text) + 1), piece, pieces, len(turn.text), _time(turn.at))


def window(turns: Sequence[Turn], first: int, most: int = MOST_TURNS, backwards: bool = False) -> list[Shown]:
    """Turns from `first` on, in order; with `backwards` those that end before it.

    At most `MOST_TURNS` of them and `MOST_CHARACTERS` characters, but always one where there is one.
    """
    step = -1 if backwards else 1
    index = first - 1 if backwards else first
    found: list[Shown] = []
    characters = 0
    while 0 <= index < len(turns) and len(found) < min(most, MOST_TURNS):
        next_ = shown(turns, index)
        characters += len(next_.text)
        if found and characters > MOST_CHARACTERS:
            break
        found.append(next_)
        index += step
    return found[::step]
