"""A budget that is kept: money is set aside before a question is sent, for the dearest answer it can get."""

from __future__ import annotations

import asyncio
from collections import deque

from selfrule.errors import BudgetError


class Purse:
    """What a study has spent and set aside, US dollars; shared by everything that asks on its behalf.

    `spent` is what replies cost, `reserved` is set aside for requests in flight, `committed` for batches at a provider.

    Args:
        spent: Spent before this run.
        committed: Set aside for batches in flight.
    """

    def __init__(self, spent: float = 0.0, committed: float = 0.0) -> None:
        self.spent = spent
        self.committed = committed
        self.reserved = 0.0
        self._out = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def reserve(self, amount: float, limit: float | None) -> None:
        """Set money aside for one request, waiting for requests in flight to free what they do not need.

        Args:
            amount: What the request can cost at most.
            limit: The budget; None for any.

        Raises:
            BudgetError: with nothing in flight, the request could still pass the budget.
        """
        while limit is not None and self.spent + self.committed + self.reserved + amount > limit:
            if not self._out:
                raise self._empty(amount, limit)
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        self.reserved += amount
        self._out += 1

    def settle(self, amount: float, cost: float) -> None:
        """Free what `reserve` set aside for a request and book what it cost."""
        self._out -= 1
        self.reserved = self.reserved - amount if self._out else 0.0
        self.spent += cost
        waiting, self._waiting = self._waiting, deque()
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)

    def commit(self, amount: float, limit: float | None) -> None:
        """Set money aside for a request that goes into a batch.

        Raises:
            BudgetError: it could pass the budget.
        """
        if limit is not None and self.spent + self.committed + self.reserved + amount > limit:
            raise self._empty(amount, limit)
        self.committed += amount

    def collect(self, amount: float, cost: float) -> None:
        """Free what was set aside for a batch and book what it cost."""
        self.committed = max(0.0, self.committed - amount)
        self.spent += cost

    def _empty(self, amount: float, limit: float) -> BudgetError:
        aside = f" and ${self.committed:.2f} set aside for batches" if self.committed else ""
        return BudgetError(
            f"the budget of ${limit:.2f} is reached: ${self.spent:.4g} spent in this study{aside}, and the next question "
            f"can cost up to ${amount:.2g}; everything answered is kept, so run again with a larger --budget to go on"
        )
