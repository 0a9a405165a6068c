"""Quoted conversations for a private report, cut to what a page can hold."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import escape

from selfrule.report.context import QuotedConversation, ReportContext
from selfrule.report.numbers import day, plural
from selfrule.report.text import clean, one_line
from selfrule.rubric import CONSTRUCTS, LEVELS, load

MOST_TURNS, MOST_TEXT, MOST_WHY = 12, 1500, 8
BUDGET = 1_000_000  # bytes of quoted text in a page, so that the file stays under 2 MB

_AROUND = 600  # bytes of markup around a quoted conversation

_SPEAKERS = {"user": "Person", "assistant": "Assistant", "system": "System", "tool": "Tool"}


@dataclass(frozen=True)
class QuoteTurn:
    """A cited turn as it is set: who, where, what."""

    speaker: str
    place: str
    text: str
    cut: bool


@dataclass(frozen=True)
class Quote:
    """A quoted conversation as it is set."""

    title: str
    source_id: str
    levels: list[tuple[str, str]]
    why: list[str]
    turns: list[QuoteTurn]
    more: str

    @property
    def weight(self) -> int:
        """Bytes of its text in the page."""
        texts = [t.text for t in self.turns] + self.why + [self.title, self.source_id]
        return sum(len(escape(t).encode()) for t in texts)


def _quote(entry: QuotedConversation) -> Quote:
    rubric = load()
    levels = [
        (rubric.name(c), LEVELS[level])
        for c in CONSTRUCTS
        if (level := entry.levels.get(c)) is not None and 0 < level < len(LEVELS)
    ]
    parts = [day(one_line(entry.date, 40)) if entry.date else "No date in the log", one_line(entry.model or "", 60)]
    turns = [
        QuoteTurn(_SPEAKERS.get(t.role, "Other"), f"turn {t.index}", clean(t.text, MOST_TEXT), len(t.text) > MOST_TEXT)
        for t in entry.turns[:MOST_TURNS]
    ]
    left = len(entry.turns) - len(turns)
    return Quote(
        title=", ".join(p for p in parts if p),
        source_id=one_line(entry.source_id, 80),
        levels=levels,
        why=[one_line(w, 400) for w in entry.why[:MOST_WHY]],
        turns=turns,
        more=f"{plural(left, 'cited turn')} more in this conversation." if left > 0 else "",
    )


def quotes(context: ReportContext) -> tuple[list[Quote], int]:
    """The quoted conversations that fit, in their order, and how many flagged ones are not quoted."""
    shown: list[Quote] = []
    room = BUDGET
    for entry in context.quoted:
        quote = _quote(entry)
        room -= quote.weight + _AROUND
        if room < 0:
            break
        shown.append(quote)
    return shown, max(len(context.quoted), context.quoted_of or 0) - len(shown)


def quoted_bytes(context: ReportContext, shown: list[Quote]) -> int:
    """Bytes of a page that quoted conversations take; of a story, whose moments are quoted too, what they may take."""
    return BUDGET if context.story is not None else sum(quote.weight + _AROUND for quote in shown)
