"""Words that figures about people share."""

from __future__ import annotations

import msgspec

from selfrule.analyses.figures import Figure
from selfrule.analyses.people import People
from selfrule.analyses.people_rows import Chance
from selfrule.estimate import multiplicity
from selfrule.report.analyses import saying
from selfrule.report.numbers import interval, interval_decimals, percent, plural


def named(result: People, *, many: bool = False) -> str:
    """The conversations that reach the outcome: "flagged conversation", "conversation with attachment, severe"."""
    noun = "conversations" if many else "conversation"
    if result.construct == "flagged":
        return f"flagged {noun}"
    words = saying.outcome(result.construct, result.level)
    return f"{noun} with {words[0].lower()}{words[1:]}"


def sure(figure: Figure) -> str:
    """A share with its interval in brackets; at none, the most that it may be."""
    limits = saying.limits(figure)
    return f"{saying.share(figure)} ({limits})" if limits else saying.share(figure)


def of_them(figure: Figure) -> str:
    """A share of people with its interval and their number."""
    return f"{sure(figure)} of {plural(figure.persons or 0, 'person', 'people')}"


def interval_of(figure: Figure) -> str:
    """The interval, or that there is none where there is a figure."""
    if figure.value is None:
        return ""
    return saying.limits(figure) or "no interval"


def chance(by: Chance | None) -> str:
    """What chance gives, as a share, with the range of its simulations."""
    if by is None:
        return ""
    return f"{percent(by.value, interval_decimals(by.low, by.high))} ({interval(by.low, by.high)})"


def together(result: People) -> str:
    """What all the intervals of the section promise together."""
    return multiplicity.together(max(_intervals(msgspec.to_builtins(result)), 1))


def _intervals(value: object) -> int:
    """How many figures in a record have an interval."""
    if isinstance(value, dict):
        here = value.get("low") is not None and value.get("persons") is not None
        return int(here) + sum(_intervals(one) for one in value.values())
    return sum(_intervals(one) for one in value) if isinstance(value, list | tuple) else 0
