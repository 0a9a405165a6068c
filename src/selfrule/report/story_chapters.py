"""The chapters of a story that are made of figures: over time, about what, in what way, and how it changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from selfrule.analyses.story_records import Kind, Story
from selfrule.report.charts.story import bar_words, story_chart
from selfrule.report.layout import Body, Figure, Key, Part, Table, Td
from selfrule.report.numbers import day, number
from selfrule.report.story_saying import FEW, SMALL, conversations, halves, listed, of, verdict
from selfrule.report.story_words import ACTUALIZED, DOMAINS, KINDS

NOTHING = (
    "It looked for six things: a decision or a message handed over, a verdict on who is right, a claim taken as true, trust in "
    "it above yourself, closeness, and being unable to do without it. It saw none of them."
)


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A part of the story.

    `code` is a command under it; `moments` and `helpline` ask the template for those, the latter before the parts or after
    them; `closed` is shown once it is opened, under its own name.
    """

    anchor: str
    title: str
    parts: list[Part]
    code: str = ""
    moments: bool = False
    helpline: Literal["", "first", "last"] = ""
    closed: tuple[str, list[Part]] | None = None


def time(figures: Story) -> Chapter | None:
    """When the conversations were, and those that stood out."""
    if not figures.stretches:
        if not figures.read:
            return None
        return Chapter(
            anchor="time",
            title="Over time",
            parts=[Part(paragraphs=["Your export gives no dates, so no course can be drawn."])],
        )
    seen = [k.construct for k in _seen(figures)]
    names = {c: KINDS[c].name for c in seen}
    chart = story_chart(figures.stretches, figures.every, names) if len(figures.stretches) > 1 else None
    said = []
    if len(figures.stretches) == 1:
        whole = "week" if figures.every == "week" else "month"
        said.append(f"All of these conversations lie within one {whole}: too short a time to show a course.")
    else:
        bar = f"Each bar is {bar_words(figures.stretches, figures.every)}: how many conversations you had, and in how many "
        said.append(f"{bar}something stood out.")
        out = figures.stood_out
        if out.events and (out.events < FEW or out.n < SMALL):
            said.append(f"Something stood out in {of(out.events, out.n)}: too few to speak of a pattern.")
    if figures.undated:
        said.append(f"{conversations(figures.undated)} without a date cannot be placed here.")
    columns = [figures.every.capitalize(), "Conversations", "Something stood out", *names.values()]
    rows = [
        [
            Td(day(s.name)),
            Td(number(s.conversations), s.conversations),
            Td(number(s.stood_out), s.stood_out),
            *(Td(number(n), n) for n in (s.kinds.get(c, 0) for c in names)),
        ]
        for s in figures.stretches
    ]
    table = Table(caption=f"Your conversations by {figures.every}", columns=columns, bodies=[Body("", rows)])
    legend = [Key("block", "traffic", "conversations"), Key("block", "stood", "of them, something stood out")]
    figure = Figure(
        chart=chart,
        legend=legend if chart else [],
        caption="A dot on a line below the bars is one conversation of that kind, and a larger dot is several. A "
        "conversation can be of several kinds."
        if names
        else "",
        table=table,
    )
    return Chapter(anchor="time", title="Over time", parts=[Part(paragraphs=said, figure=figure)])


def about(figures: Story) -> Chapter | None:
    """What they were about."""
    known = [s for s in figures.subjects if s.domain in DOMAINS]
    if not known:
        return None
    n = figures.stood_out.n
    if n == 1:
        said = [f"It was about {listed([DOMAINS[s.domain] for s in known])}."]
        return Chapter(anchor="about", title="What it was about", parts=[Part(paragraphs=said)])
    top = [f"{DOMAINS[s.domain]} ({of(s.rated, n) if i == 0 else number(s.rated)})" for i, s in enumerate(known[:3])]
    said = [
        f"Most often you talked about {listed(top)}. A conversation can be about several things, and which ones is the "
        "program's guess."
    ]
    out = sorted((s for s in known if s.stood_out), key=lambda s: -s.stood_out)[:3]
    if out:
        names = [f"{DOMAINS[s.domain]} ({of(s.stood_out, s.rated)} about that)" for s in out]
        said.append(f"What stood out was most often about {listed(names)}.")
    rows = [
        [Td(DOMAINS[s.domain].capitalize()), Td(number(s.rated), s.rated), Td(number(s.stood_out), s.stood_out)]
        for s in known
    ]
    if figures.unplaced:
        rows.append([Td("No subject found"), Td(number(figures.unplaced), figures.unplaced), Td("")])
    table = Table(
        caption="What your conversations were about",
        columns=["Subject", "Conversations", "Something stood out"],
        bodies=[Body("", rows)],
    )
    figure = Figure(table=table, folded=True)
    return Chapter(anchor="about", title="What you asked for", parts=[Part(paragraphs=said, figure=figure)])


def _seen(figures: Story) -> list[Kind]:
    """The kinds that were seen at all, clearest first; vulnerability is none of them."""
    found = [k for k in figures.kinds if k.construct != "vulnerability" and (k.clear.events or k.mild)]
    return sorted(found, key=lambda k: (-(k.clear.events or 0), -k.mild))


def lean(figures: Story) -> Chapter | None:
    """What was seen, kind by kind, in plain words."""
    if not figures.rated:
        return None
    seen = _seen(figures)
    rest = [k for k in figures.kinds if k not in seen and k.construct != "vulnerability"]
    said = []
    if seen:
        said.append(
            "There are six things this page looks for. Here are those it found, in how many conversations, and what each "
            "means, if it was read right. You know better than the program does."
        )
    parts = [Part(paragraphs=said, terms=[(KINDS[k.construct].name, _kind(k)) for k in seen])]
    more = []
    if unseen := [KINDS[k.construct].name for k in rest if k.clear.n]:
        more.append(f"Not seen at all: {listed(unseen)}." if seen or len(unseen) < len(rest) else NOTHING)
    if unread := [KINDS[k.construct].name for k in rest if not k.clear.n]:
        more.append(f"Not looked for by this program: {listed(unread)}.")
    for primitive, count in figures.actualized.items():
        if count:
            where = "one conversation" if count == 1 else conversations(count)
            more.append(f"In {where} {ACTUALIZED[primitive]}. The program is often wrong about this one.")
    if figures.vulnerable:
        where = "one conversation" if figures.vulnerable == 1 else conversations(figures.vulnerable)
        more.append(
            f"In {where}, things seemed hard for you at the time. That is no fault of yours, and it is not counted as something "
            "that stood out. It is named because hard times are when good people matter most."
        )
    return Chapter(anchor="leaning", title="Where you leaned on it", parts=[*parts, Part(paragraphs=more)])


def _kind(kind: Kind) -> str:
    clear, n = kind.clear.events or 0, kind.clear.n
    if clear and kind.mild:
        often = f"Clearly in {of(clear, n)} conversations, a little in {number(kind.mild)} more."
    elif clear:
        often = f"Clearly in {of(clear, n)} conversations." if n > 1 else "Clearly."
    else:
        often = f"A little in {of(kind.mild, n)} conversations, never clearly." if n > 1 else "A little."
    return f"{often} {KINDS[kind.construct].meaning}"


def change(figures: Story) -> Chapter | None:
    """The earlier half against the later."""
    if figures.stood_out.n < 2:
        return None
    got = figures.halves
    if got is None:
        said = [
            "To compare an earlier half with a later one, each needs at least ten conversations with a date. There are fewer."
        ]
        return Chapter(anchor="change", title="How it changed", parts=[Part(paragraphs=said)])
    if not figures.stood_out.events:
        said = ["Nothing stood out in the earlier half or in the later one."]
        return Chapter(anchor="change", title="How it changed", parts=[Part(paragraphs=said)])
    said = halves(got)
    compared = [k for k in figures.kinds if k.change is not None]
    moved = [k for k in compared if k.change and k.change.low is not None and k.change.high is not None
             and (k.change.low > 0 or k.change.high < 0)]  # fmt: skip
    items = [
        f"{KINDS[k.construct].name}: {of(k.earlier.events or 0, k.earlier.n)} earlier, "
        f"{of(k.later.events or 0, k.later.n)} later. {verdict(k.change)}"
        for k in moved
        if k.earlier and k.later and k.change
    ]
    if items and len(compared) > 1:
        said.append(f"{number(len(compared))} things were compared one by one, and luck was given more room for that.")
    if (got.change.low or 0) > 0 or (got.change.high or 0) < 0 or items:
        said.append("This is a change in what was written. Why it came about, you know best.")
    return Chapter(
        anchor="change",
        title="How it changed",
        parts=[Part(paragraphs=said[:2], items=items), Part(paragraphs=said[2:])],
    )
