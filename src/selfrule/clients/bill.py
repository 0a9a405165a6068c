"""What a study has paid, by judge and model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from selfrule.clients.types import Usage


class Line(msgspec.Struct, frozen=True):
    """What one judge had from one model: replies, tokens, US dollars.

    `cost` is None where the price of some of the replies was not known; `known` is what the others cost, and
    `unpriced` how many those some are.
    """

    judge: str
    model: str
    replies: int
    usage: Usage
    known: float
    unpriced: int

    @property
    def cost(self) -> float | None:
        """US dollars, None where not known in whole."""
        return None if self.unpriced else self.known


class Bill(msgspec.Struct, frozen=True):
    """All that a study has paid."""

    lines: tuple[Line, ...]

    @property
    def replies(self) -> int:
        """How many replies were had."""
        return sum(line.replies for line in self.lines)

    @property
    def usage(self) -> Usage:
        """Tokens of all of them."""
        return sum((line.usage for line in self.lines), Usage())

    @property
    def known(self) -> float:
        """US dollars of the replies whose price was known."""
        return sum(line.known for line in self.lines)

    @property
    def unpriced(self) -> int:
        """How many replies had no known price."""
        return sum(line.unpriced for line in self.lines)

    @property
    def cost(self) -> float | None:
        """US dollars in all; None where the price of any reply was not known."""
        return None if self.unpriced else self.known


def bill(rows: Sequence[Sequence[Any]]) -> Bill:
    """The bill from rows of the store's table: judge, model, replies, four kinds of tokens, cost, unpriced."""
    return Bill(
        tuple(
            Line(judge, model, replies, Usage(fresh, cached, written, output), cost, unpriced)
            for judge, model, replies, fresh, cached, written, output, cost, unpriced in rows
        )
    )
