"""How a story puts counts, luck and change into words: "3 of 12", "1 in 8", "about the same", never a percentage."""

from __future__ import annotations

from selfrule.analyses.figures import Figure
from selfrule.analyses.story_records import Halves
from selfrule.report.numbers import day, number

FEW, SMALL = 5, 20
"""Events, and conversations, below which nothing is called a pattern."""

NARROW = 0.1
"""The half width of an interval of a change up to which no change is "about the same" rather than "no clear change"."""


def of(count: int, n: int) -> str:
    """A count and what it is of.

    >>> of(3, 12), of(1, 1)
    ('3 of 12', '1 of 1')
    """
    return f"{number(count)} of {number(n)}"


def conversations(count: int) -> str:
    """A count of conversations.

    >>> conversations(1), conversations(1200)
    ('1 conversation', '1,200 conversations')
    """
    return f"{number(count)} conversation{'' if count == 1 else 's'}"


def one_in(share: float) -> str:
    """A share above 0 as somebody would say it.

    >>> [one_in(x) for x in (0.93, 0.55, 0.5, 0.21, 0.041, 0.0021)]
    ['9 in 10', 'about half', 'about half', '1 in 5', '1 in 24', '1 in 480']
    """
    if share >= 0.65:
        return "nearly all" if share >= 0.95 else f"{round(share * 10)} in 10"
    if share >= 0.4:
        return "about half"
    n = 1 / share
    return f"1 in {round(n):,}" if n < 100 else f"1 in {round(n, 1 - len(str(int(n))) + 1):,.0f}"


def luck(figure: Figure) -> str:
    """What luck leaves open about a share; empty of one conversation alone."""
    if figure.events is None or figure.n <= 1 or figure.low is None or figure.high is None:
        return ""
    if figure.events == 0:
        if figure.n < SMALL:
            return f"That is not proof of nothing: {number(figure.n)} conversations are few."
        return (
            f"That is not proof of nothing. If {one_in(figure.high)} of your conversations were of that kind, "
            f"{number(figure.n)} of them could still show none, by luck."
        )
    if figure.events < FEW or figure.n < SMALL:
        return "That is too few to speak of a pattern."
    low, high = one_in(figure.low), one_in(figure.high)
    if low == high:
        return f"That is about {low}."
    return f"Allowing for luck, that fits anything from {low} to {high}."


def halves(got: Halves) -> list[str]:
    """What the two halves show, and what to make of it."""
    return [
        f"In the earlier half, {span(got.earlier_from, got.earlier_to)}, something stood out in "
        f"{of(got.earlier.events or 0, got.earlier.n)} conversations. In the later half, "
        f"{span(got.later_from, got.later_to)}, it did in {of(got.later.events or 0, got.later.n)}.",
        verdict(got.change),
    ]


def verdict(change: Figure) -> str:
    """A change of a share in words."""
    if change.value is None or change.low is None or change.high is None:
        return "Whether that is a change cannot be said."
    if change.low > 0:
        return "That is more often than before, by more than luck easily explains."
    if change.high < 0:
        return "That is less often than before, by more than luck easily explains."
    if change.high - change.low <= 2 * NARROW:
        return "That is about the same."
    return "That is no clear change. With numbers this small, luck alone can make or hide a difference."


def span(first: str, last: str) -> str:
    """From one day to another in words.

    >>> span("2025-03-02", "2025-11-28"), span("2025-03-02", "2025-03-02")
    ('2 March 2025 to 28 November 2025', '2 March 2025')
    """
    return day(first) if first == last else f"{day(first)} to {day(last)}"


def listed(names: list[str], last: str = "and") -> str:
    """Names in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}" if names else ""
