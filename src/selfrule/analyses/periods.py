"""Calendar periods: the month or the week (from Monday) in which a conversation began, in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from selfrule.estimate.frame import NO_TIME

Every = Literal["month", "week"]
_FIRST_MONDAY = 4  # days after 1970-01-01, a Thursday


@dataclass(frozen=True)
class Periods:
    """Which period each conversation is of.

    Attributes:
        every: "month" or "week".
        code: Index into `names`, -1 where the time is unknown; shape (n,).
        names: All periods from the first to the last, those without a conversation too: "2025-01", or the Monday
            "2025-01-06".
        starts: Start of each, milliseconds since 1970 UTC; shape (p + 1,), the end of the last at its end.
    """

    every: Every
    code: NDArray[np.int64]
    names: tuple[str, ...]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)


def periods_of(at: NDArray[np.int64], every: Every = "month") -> Periods:
    """The period of each time.

    Args:
        at: Milliseconds since 1970 UTC, `NO_TIME` where unknown; shape (n,).
        every: "month" or "week".
    """
    known = at != NO_TIME
    code = np.full(len(at), -1, np.int64)
    if not known.any():
        return Periods(every, code, (), np.empty(0, np.int64))
    days = at[known].astype("datetime64[ms]").astype("datetime64[D]")
    monthly = every == "month"
    number = days.astype("datetime64[M]").astype(np.int64) if monthly else (days.astype(np.int64) - _FIRST_MONDAY) // 7
    low, high = int(number.min()), int(number.max())
    code[known] = number - low
    span = np.arange(low, high + 2)
    starts = (span.astype("datetime64[M]") if monthly else span * 7 + _FIRST_MONDAY).astype("datetime64[D]")
    names = starts[:-1].astype("datetime64[M]") if monthly else starts[:-1]
    return Periods(every, code, tuple(str(n) for n in names), starts.astype("datetime64[ms]").astype(np.int64))
