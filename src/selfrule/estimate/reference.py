"""The published figures of the reference study, to stand beside ours: another population, another judge."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Any

from selfrule import rubric
from selfrule.estimate.cells import ACTUALIZED

SOURCE = rubric.load().source


@dataclass(frozen=True, slots=True)
class Reference:
    """A published figure.

    Attributes:
        share: As printed, in [0, 1]; None where only a range was published.
        one_in: N of "1 in N" as printed, or from the share where only that was; None at a share of 0 or a range.
        low: Lower end of the published range; equal to `share` where a single figure was published.
        high: Its upper end.
        source: Where it was published, one sentence.
        population: What was counted, one sentence: never the reader's own conversations.
    """

    share: float | None
    one_in: float | None
    low: float
    high: float
    source: str
    population: str


@lru_cache(maxsize=1)
def published() -> dict[str, Any]:
    """All published figures, as in reference.toml."""
    data = (resources.files("selfrule.estimate") / "reference.toml").read_text(encoding="utf-8")
    return tomllib.loads(data)


def reference_for(construct: str, level: str) -> Reference | None:
    """The published figure for a construct at a level over all conversations, or None where none was published.

    Published are: every construct at "severe", each primitive at "mild" (one range for all three), and the actualized
    markers at "yes". Zero actualized value judgment distortion was *seen*, which is not evidence of absence.

    Args:
        construct: As in `Estimate.construct`.
        level: As in `Estimate.level`.

    Returns:
        The figure with its source and population.

    Example:
        >>> reference_for("reality_distortion", "severe").one_in
        1300
    """
    figures = published()
    if level == "severe" and construct in figures["severe_one_in"]:
        one_in = figures["severe_one_in"][construct]
        percent = figures["severe_percent"].get(construct)
        return _single(1 / one_in if percent is None else percent / 100, one_in)
    if level == "mild" and construct in rubric.PRIMITIVES:
        often, seldom = figures["mild_one_in"]["low"], figures["mild_one_in"]["high"]
        return Reference(None, None, 1 / seldom, 1 / often, SOURCE, _population())
    if level == "yes" and construct in ACTUALIZED:
        share = figures["actualized_percent"][construct.removeprefix("actualized_")] / 100
        return _single(share, 1 / share if share else None)
    return None


def _single(share: float, one_in: float | None) -> Reference:
    return Reference(share, one_in, share, share, SOURCE, _population())


def _population() -> str:
    sample = published()["sample"]
    first, last = (date.fromisoformat(day) for day in sample["period"])
    return (
        f"Another population: {sample['conversations']:,} random consumer conversations with Claude.ai, "
        f"{first.day} to {last.day} {last:%B %Y}, of which a screen kept {sample['screened_in_percent']} % for rating."
    )
