"""Words for shares, so that no sentence says "most" of what few show."""

from __future__ import annotations

import re

NEARLY_ALL = 0.9
MOST_FROM = 0.55
KEPT_FROM = 0.5
"""Share of the members checked from which a claim is kept."""

# what a claim may not say by itself: how many is said by the count alone
_QUANTITY = re.compile(
    r"\b(?:all|always|any|both|couple|dozens?|each|every(?:one|body)?|few|fewer|frequently|generally|half|handful|hardly|less|"
    r"majority|many|minority|more than|most(?:ly)?|mainly|nearly|never|(?:nobody|no one)(?! else)|none|numerous|occasionally|"
    r"often|one of|one in|only|percent|per cent|predominantly|primarily|rarely|several|some(?:times)?|third|typically|"
    r"universally|usually|various|hundreds?|thousands?|quarter|largely|commonly|consistently|entirely|invariably)\b|\d|%",
    re.IGNORECASE,
)


def quantifier(shown: int, checked: int) -> str | None:
    """The word for how many show something; None where it is fewer than half, or nothing was checked: no claim then.

    >>> quantifier(19, 20), quantifier(12, 20), quantifier(10, 20), quantifier(9, 20), quantifier(0, 0)
    ('nearly all', 'most', 'about half', None, None)
    """
    if checked < 1 or shown < KEPT_FROM * checked:
        return None
    if shown >= NEARLY_ALL * checked:
        return "nearly all"
    return "most" if shown >= MOST_FROM * checked else "about half"


def counts_by_itself(text: str) -> bool:
    """Whether a text says how many, in words or digits, so that a word for a share before it could disagree with it.

    >>> counts_by_itself("the assistant often agrees"), counts_by_itself("the assistant agrees")
    (True, False)
    """
    return _QUANTITY.search(text) is not None


def sentence(clause: str, shown: int, checked: int, members: int) -> str | None:
    """A claim: how many, then what. None where fewer than half of those checked show it.

    Where it could not be told of every member, the word is that of the members it could be told of, and the sentence says so,
    unless the same word holds of all members.

    Args:
        clause: What happens, in lower case and without a full stop: "the assistant wrote whole messages".
        shown: Members that show it.
        checked: Members of whom it could be told.
        members: All members, or all that were drawn to be checked.
    """
    word = quantifier(shown, checked)
    if word is None:
        return None
    if quantifier(shown, members) == word:
        return f"In {word}, {clause}."
    return f"In {word} where it could be told, {clause}."


_SAID = re.compile(r"^In (?:nearly all|most|about half|half or more)((?: where it could be told)?, )")


def reworded(text: str, shown: int, checked: int, least: int = 0) -> str:
    """A claim with the word for the count that stands beside it now, such as one that was rounded for release.

    Args:
        text: As `sentence` made it; another comes back as it is.
        shown: Members that show it, as told now.
        checked: Of how many, as told now.
        least: The smallest count that is told: all but so many stands for that and more.

    Example:
        >>> reworded("In most, it rained.", 38, 40)
        'In nearly all, it rained.'
        >>> reworded("In most, it rained.", 10, 20, 10)
        'In half or more, it rained.'
    """
    word = quantifier(shown, checked) or "about half"  # rounding may take what half show just below it
    if least and shown >= checked - least and word == "about half":
        word = "half or more"
    return _SAID.sub(lambda found: f"In {word}{found[1]}", text, count=1)
