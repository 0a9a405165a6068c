"""Text that spells something out: letter by letter, digit by digit in words, or in words for letters. A summary never does."""

from __future__ import annotations

import re

from selfrule.privacy.personal_view import fold

_LETTERS = 3  # single letters in a row; "a" and "I" make no more than two
_DIGITS = 3  # words for digits in a row
_NAMED = 3  # words for letters in a row
_DIGIT = frozenset({"zero", "oh", "nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double",
                    "triple"})  # fmt: skip
_LETTER = frozenset(
    {"alpha", "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "juliett", "kilo",
     "lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey",
     "whisky", "xray", "yankee", "zulu"}
)  # fmt: skip
_SHORT = re.compile(r"\b(?:e\.g|i\.e)\.")
_WORD = re.compile(r"[^\W\d_]+")


def spelled(text: str) -> bool:
    """Whether a text spells something out, whatever stands between the letters.

    Example:
        >>> spelled("Most said Z-o-r a"), spelled("nine oh six"), spelled("Plan B, or a plan C")
        (True, True, False)
    """
    letters = digits = named = 0
    for word in _WORD.findall(_SHORT.sub(" ", fold(text).lower())):
        letters = letters + 1 if len(word) == 1 else 0
        digits = digits + 1 if word in _DIGIT else 0
        named = named + 1 if word in _LETTER else 0
        if letters >= _LETTERS or digits >= _DIGITS or named >= _NAMED:
            return True
    return False
