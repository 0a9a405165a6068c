"""What conversations of an input that was already sampled stand for: a weight or a probability in a field, or one rate.

A weight that makes no sense costs the record, with a reason: counted with a guessed weight it would bias every figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from selfrule.errors import UsageError
from selfrule.sources.mapped import look_up
from selfrule.sources.reader import RecordError

MOST = 1e12  # conversations that one may stand for: more than were ever held


class Weighing(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where weights come from. Without `weight` and `inclusion`, each conversation was drawn with probability `sampled`.

    Attributes:
        weight: Path of a field with how many conversations the record stands for, above 0.
        inclusion: Path of a field with the probability that it was drawn, in (0, 1]; not beside `weight`.
        sampled: Share of the conversations that was drawn to make the input, in (0, 1]. Beside a field both count.
    """

    weight: str | None = None
    inclusion: str | None = None
    sampled: float = 1.0

    def __post_init__(self) -> None:
        if self.weight is not None and self.inclusion is not None:
            raise UsageError("A weight is one over an inclusion probability: map one of the two, not both.")
        if not (math.isfinite(self.sampled) and 0 < self.sampled <= 1):
            raise UsageError(f"--sampled must be a share in (0, 1], such as 0.01. Got {self.sampled!r}.")

    @property
    def plain(self) -> bool:
        """Whether every conversation stands for itself."""
        return self.weight is None and self.inclusion is None and self.sampled == 1

    @property
    def finite(self) -> bool:
        """Whether weights are known to be one over a probability of being drawn (weights in a field may be anything)."""
        return self.weight is None and not self.plain

    def describe(self) -> str:
        """As one would write it: "inclusion=share, --sampled 0.01"."""
        said = [f"{key}={path}" for key in ("weight", "inclusion") if (path := getattr(self, key)) is not None]
        if self.sampled != 1:
            said.append(f"--sampled {self.sampled:g}")
        return ", ".join(said) or "each conversation standing for itself"

    def of(self, rows: Sequence[dict[str, Any]]) -> float:
        """How many conversations one stands for, from its record (or from its rows, the first that says).

        Raises:
            RecordError: the field is missing, is no number, or is out of its range. The message holds no value.
        """
        path = self.weight or self.inclusion
        if path is None:
            return 1 / self.sampled
        given = next((value for row in rows if (value := look_up(row, path)) is not None and value != ""), None)
        if given is None:
            raise RecordError("weight", f"no value at {path!r}", "give each record its weight, or leave it out")
        number = _number(given)
        if self.weight is not None:
            if number is None or not 0 < number <= MOST:
                raise RecordError("weight", f"the weight at {path!r} is not a number above 0", "mend it at its source")
            return number / self.sampled
        if number is None or not 1 / MOST <= number <= 1:
            reason = f"the probability at {path!r} is not a number in (0, 1]"
            raise RecordError("weight", reason, "mend it at its source; a weight is mapped with weight=FIELD")
        return 1 / number / self.sampled


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)[:50]) >= 50:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
