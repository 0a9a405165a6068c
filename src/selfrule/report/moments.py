"""The moments of a story: conversations that stood out, by time, with why and with their turns, cut to what a page holds."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import escape

from selfrule.report.context import Moment, StoryFacts
from selfrule.report.numbers import day
from selfrule.report.story_saying import listed
from selfrule.report.story_words import ACTUALIZED, DOMAINS, KINDS, SEVERITY
from selfrule.report.text import clean, one_line
from selfrule.rubric import FLAGGED_FROM

MOST_TURNS, MOST_TEXT = 8, 1500
BUDGET = 900_000  # bytes of quoted text in a page, so that the file stays under 2 MB
_BY_MONTH = 24  # more months than these are grouped by year
_SPEAKERS = {"user": "You", "assistant": "The assistant", "system": "Instructions", "tool": "A tool"}
_UNDATED = "Without a date"


@dataclass(frozen=True)
class Said:
    """A turn as it is set: who, where, what, and the kinds it is cited for."""

    speaker: str
    person: bool
    place: str
    text: str
    cut: bool


@dataclass(frozen=True)
class Shown:
    """A moment as it is set: when, its kinds with how clearly, what it was about, why, and its turns."""

    title: str
    kinds: str
    about: str
    why: list[str]
    turns: list[Said]
    source_id: str
    date: str

    @property
    def weight(self) -> int:
        """Bytes of its text in the page, with what stands around it."""
        texts = [t.text for t in self.turns] + self.why + [self.title, self.kinds, self.about, self.source_id]
        return 900 + sum(len(escape(t).encode("utf-8", "replace")) for t in texts) + 160 * len(self.turns)


@dataclass(frozen=True)
class Gathered:
    """Moments under headings (months or years), how many are shown, and how many are not."""

    groups: list[tuple[str, list[Shown]]] = field(default_factory=list)
    shown: int = 0
    left: int = 0


def gathered(facts: StoryFacts) -> Gathered:
    """The moments that fit, the strongest first to be kept, in order of time."""
    kept: list[Shown] = []
    room = BUDGET
    for moment in facts.moments:
        shown = _shown(moment)
        if shown.weight <= room:
            room -= shown.weight
            kept.append(shown)
    kept.sort(key=lambda s: (not s.date, s.date))
    months = len({s.date[:7] for s in kept if s.date})
    groups: dict[str, list[Shown]] = {}
    for one in kept:
        head = _UNDATED if not one.date else one.date[:4] if months > _BY_MONTH else day(one.date[:7])
        groups.setdefault(head, []).append(one)
    return Gathered(list(groups.items()), len(kept), max(facts.moments_of, len(facts.moments)) - len(kept))


def _shown(moment: Moment) -> Shown:
    levels = {c: moment.levels.get(c) or 0 for c in KINDS if c != "vulnerability"}
    clear = sorted((c for c, level in levels.items() if level >= FLAGGED_FROM), key=lambda c: -levels[c])
    little = [KINDS[c].name for c, level in levels.items() if level == 1]
    kinds = ", ".join(KINDS[c].name for c in clear) or "Something"
    why = [_why(c, levels[c], moment.cited.get(c, [])) for c in clear]
    why += [f"A little, too: {listed(little)}."] if little else []
    if (moment.levels.get("vulnerability") or 0) >= FLAGGED_FROM:
        why.append("Things seemed hard for you at the time.")
    why += [f"Here {ACTUALIZED[p]}." for p in moment.actualized if p in ACTUALIZED]
    about = [DOMAINS[d] for d in moment.domains if d in DOMAINS and d != "other"]
    date = one_line(moment.date or "", 40)
    return Shown(
        title=day(date) if date else _UNDATED,
        kinds=kinds,
        about=listed(about),
        why=why,
        turns=[
            Said(
                _SPEAKERS.get(t.role, "Other"),
                t.role == "user",
                f"message {t.index + 1}",
                clean(t.text, MOST_TEXT),
                len(t.text) > MOST_TEXT,
            )
            for t in moment.turns[:MOST_TURNS]
        ],
        source_id=one_line(moment.source_id, 80),
        date=date,
    )


def _why(construct: str, level: int, cited: list[int]) -> str:
    words = KINDS[construct]
    where = (
        f" ({'message' if len(cited) == 1 else 'messages'} {listed([str(t + 1) for t in cited[:6]])})" if cited else ""
    )
    return f"{words.name}, {SEVERITY.get(level, 'clearly')}{where}: {words.meaning}"
