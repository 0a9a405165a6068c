"""Personal data in text: found, and replaced by what kind of thing stood there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from selfrule.privacy import personal_names, personal_numbers, personal_places, personal_web
from selfrule.privacy.personal_segments import segments
from selfrule.privacy.personal_view import view

KINDS = (
    "name",
    "mail",
    "phone",
    "handle",
    "address",
    "place",
    "id",
    "account",
    "key",
    "link",
    "network",
    "born",
    "age",
    "employer",
    "school",
)
"""What is told apart; a replacement is the kind in brackets."""
_PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(KINDS)})\]")
_PASSES = 8
_PART = 1_000_000


class Span(NamedTuple):
    """A stretch of a text, counted in characters of the original, and what it is."""

    start: int
    end: int
    kind: str


class Replaced(NamedTuple):
    """A text without the personal data that were found, and how many of each kind they were."""

    text: str
    counts: dict[str, int]


Finder = Callable[[str], Iterable[tuple[int, int, str]]]


def found(text: str, more: Finder | None = None) -> list[Span]:
    """The personal data of a text, in order, none overlapping; linear in its length.

    Args:
        text: Any text: NULs, lone surrogates, characters of no width, letters that look like others.
        more: Another finder, told the text; what it finds is added, nothing is taken away for it.

    Example:
        >>> [span.kind for span in found("I'm Zoe, zoe@example.org")]
        ['name', 'mail']
    """
    spans: list[Span] = []
    for start, part in _parts(text):
        spans += [Span(start + s, start + e, kind) for s, e, kind in _found(part, more)]
    return spans


def replace(text: str, more: Finder | None = None) -> Replaced:
    """The text with its personal data replaced by "[name]", "[mail]" and so on.

    Replacing again changes nothing. A text grows by no more than nine characters for each stretch replaced.

    Args:
        text: Any text.
        more: Another finder: see `found`.

    Example:
        >>> replace("Mail me: zoe@example.org").text
        'Mail me: [mail]'
    """
    counts: Counter[str] = Counter()
    for _ in range(_PASSES):  # what stands beside a replaced name may be recognised only then
        spans = found(text, more)
        if not spans:
            break
        counts.update(span.kind for span in spans)
        text = _without(text, spans)
    return Replaced(text, dict(counts))


def _without(text: str, spans: list[Span]) -> str:
    pieces, at = [], 0
    for span in spans:
        pieces += [text[at : span.start], f"[{span.kind}]"]
        at = span.end
    return "".join([*pieces, text[at:]])


def _found(text: str, more: Finder | None) -> list[Span]:
    seen = view(text)
    if not seen.text:
        return []
    masked = _PLACEHOLDER.sub(lambda match: "\x00" * len(match[0]), seen.text)
    known = personal_names.names()
    raw: list[tuple[int, int, str]] = []
    for segment in segments(masked):
        at = segment.start
        for found_by in (
            personal_web.find(segment, known.has),
            personal_numbers.find(segment),
            personal_places.find(segment),
            personal_names.find(segment),
        ):
            raw += [(at + start, at + end, kind) for start, end, kind in found_by if end > start]
    spans = [(*seen.back(start, end), kind) for start, end, kind in raw]
    if more is not None:
        blocked = [(match.start(), match.end()) for match in _PLACEHOLDER.finditer(text)]
        spans += [one for one in more(text) if not any(s < one[1] and one[0] < e for s, e in blocked)]
    return _joined(spans)


def _joined(spans: list[tuple[int, int, str]]) -> list[Span]:
    """Overlapping stretches as one, of the kind of the longest."""
    out: list[Span] = []
    longest = 0
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if out and start < out[-1].end:
            last = out[-1]
            kept = last.kind if longest >= end - start else kind
            longest = max(longest, end - start)
            out[-1] = Span(last.start, max(last.end, end), kept)
        else:
            out.append(Span(start, end, kind))
            longest = end - start
    return out


def _parts(text: str) -> Iterable[tuple[int, str]]:
    """A text in parts of a megabyte, cut at line ends or spaces where there are any nearby."""
    start = 0
    while len(text) - start > _PART:
        cut = max(text.rfind("\n", start, start + _PART), start + 1)
        if cut < start + _PART // 2:
            cut = max(text.rfind(" ", start, start + _PART), start + 1)
        if cut < start + _PART // 2:
            cut = start + _PART
        yield start, text[start:cut]
        start = cut
    yield start, text[start:]
