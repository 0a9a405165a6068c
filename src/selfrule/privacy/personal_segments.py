"""Text cut into segments of some hundred characters, so that a pattern is tried only where what it needs is there at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

LONGEST = 500
OVERLAP = 160
"""Characters that a segment shares with the next where a line is cut: no stretch that is looked for is longer."""

_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"[0-9]")
_LONG = re.compile(r"[\w+/=-]{14}")
_JOINED = re.compile(r"\w\.\w|:/|[@#]|\b[ur]/|mailto|\W(?:dot|DOT|Dot|punkt|punto|point|ponto)\W")
_COLONS = re.compile(r"[0-9A-Fa-f]:(?:[0-9A-Fa-f]|:)")
_SCRIPTS = {
    "cased": re.compile("[\u0370-\u052f]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
    "thai": re.compile("[\u0e00-\u0e7f]"),
    "han": re.compile("[\u3041-\u30ff\u4e00-\u9fff]"),
    "hangul": re.compile("[\uac00-\ud7a3]"),
}


class Segment:
    """A stretch of a view's text, with what it holds, asked once."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words in lower case."""
        return frozenset(_WORD.findall(self.text.lower()))

    @cached_property
    def needs(self) -> frozenset[str]:
        """What it holds of "digit", "long" (a run of 14), "joined" (as mails, links and handles are), "colons" and scripts."""
        found = {
            name
            for name, p in (("digit", _DIGIT), ("long", _LONG), ("joined", _JOINED), ("colons", _COLONS))
            if p.search(self.text)
        }
        if self.text.isascii():
            return frozenset(found)
        return frozenset(found | {"other"} | {name for name, p in _SCRIPTS.items() if p.search(self.text)})


class Rule(NamedTuple):
    """A pattern, and where it is worth trying.

    Attributes:
        kind: Of what it finds.
        pattern: Its group "it" is what is personal; the whole where it has none.
        needs: What a segment must hold, of `Segment.needs`; all of it.
        words: A segment must hold one of these; None: any segment will do.
        holds: Whether a match is what it looks like.
    """

    kind: str
    pattern: re.Pattern[str]
    needs: frozenset[str] = frozenset()
    words: frozenset[str] | None = None
    holds: Callable[[re.Match[str]], bool] | None = None

    def find(self, segment: Segment) -> Iterator[tuple[int, int, str]]:
        """Stretches of the segment's text."""
        if not self.needs <= segment.needs or (self.words is not None and self.words.isdisjoint(segment.words)):
            return
        group: str | int = "it" if "it" in self.pattern.groupindex else 0
        for match in self.pattern.finditer(segment.text):
            if self.holds is None or self.holds(match):
                yield match.start(group), match.end(group), self.kind


def segments(text: str) -> Iterator[Segment]:
    """Segments that cover a text: whole lines, several short ones together, long ones cut at spaces with an overlap."""
    start, n = 0, len(text)
    while start < n:
        end = min(start + LONGEST, n)
        following = end
        if end < n:
            line = text.rfind("\n", start + OVERLAP, end)
            if line > 0:
                end = following = line + 1
            else:
                space = text.rfind(" ", end - OVERLAP // 2, end)
                end = space if space > 0 else end
                back = text.find(" ", end - OVERLAP, end)
                following = back if back > 0 else end - OVERLAP
        yield Segment(text[start:end], start)
        start = following
