"""Text as it is matched: one look for letters and digits that look alike, and the way back to where each stood.

People hide names from filters with letters of other scripts, full-width digits or characters of no width. Patterns are
matched against a view in which these are plain; what is replaced is the original's own stretch.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_DROP = 0xFFFFFFFF
_HIGHEST = 0x110000
# where characters stand that have a plain form or none: all but Han, Hangul and private use, which are as they are
_FOLDED = ((0, 0x3400), (0xA000, 0xAC00), (0xF900, 0x20000), (0xE0000, 0xE0200))
_ODD = re.compile(r"[^\t\n\r -~]")
_MARKS = ((0x0300, 0x0370), (0x0591, 0x05C8), (0x064B, 0x0653), (0x0640, 0x0641), (0x0670, 0x0671), (0xFE00, 0xFE10))

_LOOKALIKE = str.maketrans(
    "аеорсухіјѕԁһӏқԛԝвкмнтАВЕКМНОРСТУХІЈЅԌԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεικνορτυχ",
    "aeopcyxijsdhlkqwbkmhtABEKMHOPCTYXIJSGQWABEZHIKMNOPTYXaeikvoptux",
)
_APART = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[\u3041-\u30ff][\u3099\u309a]")
_MIXED = re.compile(r"[A-Za-z][\u0370-\u052f]|[\u0370-\u052f][A-Za-z]")
_WORD = re.compile(r"[A-Za-z\u0370-\u052f]+")


@dataclass(frozen=True)
class View:
    """A text as it is matched.

    Attributes:
        text: Plain characters; never longer than the original.
        at: Of each of them, where it stands in the original; None where nothing was left out. Shape (len(text),).
        size: Characters of the original.
    """

    text: str
    at: NDArray[np.int64] | None
    size: int

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the view begins and ends in the original, with what was left out inside and right after it."""
        if self.at is None:
            return start, end
        return int(self.at[start]), int(self.at[end]) if end < len(self.at) else self.size


def view(text: str) -> View:
    r"""The view of any text, lone surrogates and NULs included. Linear in its length.

    Example:
        >>> view("Jo\u200bhn").text, view("\uff11\uff12").text, view("José").text
        ('John', '12', 'Jose')
    """
    if not _ODD.search(text):
        return View(text, None, len(text))
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    plain = _table()[points]
    kept = plain != _DROP
    at = None if kept.all() else np.flatnonzero(kept)
    folded = plain[kept].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    if _APART.search(folded):
        folded, at = _composed(folded, np.arange(len(folded)) if at is None else at)
    if _MIXED.search(folded):
        folded = _WORD.sub(_one_script, folded)
    return View(folded, at, len(text))


def _composed(text: str, at: NDArray[np.int64]) -> tuple[str, NDArray[np.int64]]:
    """Syllables of Hangul and kana written in parts, as one character each."""
    pieces, kept, place = [], np.ones(len(text), np.bool_), 0
    for match in _APART.finditer(text):
        whole = unicodedata.normalize("NFC", match[0])
        pieces += [text[place : match.start()], whole]
        kept[match.start() + len(whole) : match.end()] = False
        place = match.end()
    return "".join([*pieces, text[place:]]), at[kept]


def fold(text: str) -> str:
    """The text of the view alone: how lists of words and patterns are written for matching."""
    return view(text).text


def _one_script(match: re.Match[str]) -> str:
    word = match[0]
    return word.translate(_LOOKALIKE) if _MIXED.search(word) else word


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint32]:
    """By code point, the plain one, or `_DROP`; made once, in some 50 ms."""
    table = np.arange(_HIGHEST, dtype=np.uint32)
    for first, last in _FOLDED:
        for point in range(first, last):
            table[point] = _plain(chr(point))
    for first, last in _MARKS:
        table[first:last] = _DROP
    table[0xE0000:0xE0200] = _DROP
    for apostrophe in (0x2018, 0x2019, 0x02BC, 0xFF07):
        table[apostrophe] = ord("'")
    return table


def _plain(char: str) -> int:
    category = unicodedata.category(char)
    if char in "\t\n\r":
        return ord(char)
    if category in {"Cf", "Cc"}:
        return _DROP
    if category == "Nd":
        return ord(str(unicodedata.digit(char)))
    if category in {"Zs", "Zl", "Zp"}:
        return ord(" ") if category == "Zs" else ord("\n")
    apart = unicodedata.normalize("NFKD", char)
    if len(apart) > 1 and all(0x0300 <= ord(mark) < 0x0370 for mark in apart[1:]):
        return ord(apart[0])  # a letter without its accent
    whole = unicodedata.normalize("NFKC", char)
    return ord(whole) if len(whole) == 1 else ord(char)
