"""A person's own conversations over time: bars of how many, what stood out in them, and below them its kinds as dots."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from selfrule.analyses.periods import Every
from selfrule.analyses.story_records import Stretch
from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, nice
from selfrule.report.numbers import day, number, plural

BARS = 130.0
ROW = 42.0
_MOST = 31  # columns; more months than these are joined to quarters, then to years


@dataclass
class _Column:
    """What began in a week, a month, a quarter or some years."""

    name: str
    label: str
    conversations: int = 0
    stood_out: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


def _weeks(stretches: Sequence[Stretch]) -> list[_Column]:
    from datetime import date, timedelta

    first, last = (date.fromisoformat(stretches[i].name) for i in (0, -1))
    columns = []
    for week in range((last - first).days // 7 + 1):
        begin = first + timedelta(weeks=week)
        columns.append(_Column(f"Week of {day(begin.isoformat())}", f"{begin.day} {begin:%b}"))
    for stretch in stretches:
        _add(columns[(date.fromisoformat(stretch.name) - first).days // 7], stretch)
    return columns


def _month(name: str) -> int:
    year, month = name.split("-")
    return int(year) * 12 + int(month) - 1


def _joined(stretches: Sequence[Stretch]) -> int:
    """How many months a column holds."""
    span = _month(stretches[-1].name) - _month(stretches[0].name) + 1
    return next((n for n in (1, 3, 12) if math.ceil(span / n) <= _MOST), 12 * math.ceil(span / 12 / _MOST))


def bar_words(stretches: Sequence[Stretch], every: Every) -> str:
    """What a bar of the chart stands for: "a week", "a month", "three months", "a year", "2 years"."""
    months = 0 if every == "week" else _joined(stretches)
    return {0: "a week", 1: "a month", 3: "three months", 12: "a year"}.get(months, f"{months // 12} years")


def _months(stretches: Sequence[Stretch]) -> list[_Column]:
    """Columns of as many months as leave no more columns than can be told apart."""
    joined = _joined(stretches)
    first, last = _month(stretches[0].name), _month(stretches[-1].name)
    first -= first % joined
    columns = []
    for at in range(first, last + 1, joined):
        year, month = divmod(at, 12)
        name = day(f"{year:04d}-{month + 1:02d}")
        if joined == 1:
            columns.append(_Column(name, name[:3] if month else f"{year}"))
        elif joined == 3:
            columns.append(_Column(f"Three months from {name}", name[:3] if month else f"{year}"))
        else:
            columns.append(_Column(f"{year}" if joined == 12 else f"{year} to {year + joined // 12 - 1}", f"{year}"))
    for stretch in stretches:
        _add(columns[(_month(stretch.name) - first) // joined], stretch)
    return columns


def _add(column: _Column, stretch: Stretch) -> None:
    column.conversations += stretch.conversations
    column.stood_out += stretch.stood_out
    column.kinds.update(stretch.kinds)


def _draw(columns: list[_Column], names: dict[str, str], phone: bool, title: str, description: str) -> Markup:
    width = PHONE if phone else PAGE
    drawing = Drawing(f"story-{'phone' if phone else 'page'}", width, title, description)
    left, right, top = 34.0, width - 6.0, 12.0
    base = top + BARS
    most = max(c.conversations for c in columns)
    step_up = max(1.0, nice(most / 4, (1, 2, 5, 10)))
    high = step_up * math.ceil(most / step_up)
    for i in range(round(high / step_up) + 1):
        y = base - BARS * i * step_up / high
        drawing.line(left, y, right, y, "grid")
        drawing.text(left - 6, y + 4, number(i * step_up), "ax", "end")
    step = (right - left) / len(columns)
    wide = max(1.0, min(34.0, step * 0.72))
    for i, column in enumerate(columns):
        x = left + (i + 0.5) * step
        tip = f"{column.name}: {plural(column.conversations, 'conversation')}, {number(column.stood_out)} stood out"
        for count, cls in ((column.conversations, "traffic"), (column.stood_out, "stood")):
            if count:
                tall = BARS * count / high
                drawing.add("rect", cls, tip=tip, x=x - wide / 2, y=base - tall, width=wide, height=tall)
    _labels(drawing, columns, left, step, base)
    y = base + 34
    cap = max(1.6, min(7.0, step * 0.48))
    least = max(1.4, min(3.4, cap * 0.5))
    largest = max((n for c in columns for n in c.kinds.values()), default=1)
    for construct, name in names.items():
        drawing.text(left, y + 8, name, "sm soft", room=right - left)
        drawing.line(left, y + 22, right, y + 22, "grid")
        for i, column in enumerate(columns):
            if count := column.kinds.get(construct, 0):
                radius = least + (cap - least) * math.sqrt((count - 1) / max(1, largest - 1))
                tip = f"{name}, {column.name}: {plural(count, 'conversation')}"
                drawing.mark("circle", left + (i + 0.5) * step, y + 22, "flag", tip, r=radius)
        y += ROW
    return drawing.render(y + 4)


def _labels(drawing: Drawing, columns: list[_Column], left: float, step: float, base: float) -> None:
    """Names under as many columns as there is room for, years first."""
    room = max(1, math.ceil(42 / step))
    every = next((n for n in (1, 2, 3, 4, 6, 12, 24, 48, 96) if n >= room), room)
    years = [i for i, c in enumerate(columns) if c.label.isdigit()]
    start = years[0] % every if years else 0
    for i, column in enumerate(columns):
        if i % every == start % every:
            x = left + (i + 0.5) * step
            drawing.line(x, base, x, base + 4, "tick")
            drawing.text(x, base + 17, column.label, "ax", "middle")


def story_chart(stretches: Sequence[Stretch], every: Every, names: dict[str, str]) -> Chart:
    """The chart of a story.

    Args:
        stretches: What began in each week or month, in order, at least one.
        every: Which of the two.
        names: Plain names of the kinds that have a line, by construct id, in their order. A kind that was never clear has
            none.

    Returns:
        Both drawings. Months are joined to quarters or years where there are many.
    """
    columns = _weeks(stretches) if every == "week" else _months(stretches)
    clear = {c: n for c, n in names.items() if any(column.kinds.get(c) for column in columns)}
    title = "Your conversations over time, and those in which something stood out"
    total, out = sum(c.conversations for c in columns), sum(c.stood_out for c in columns)
    description = (
        f"{columns[0].name} to {columns[-1].name}: {plural(total, 'conversation')}, something stood out in {number(out)}. "
        "The table below gives every figure."
    )
    page, phone = (_draw(columns, clear, is_phone, title, description) for is_phone in (False, True))
    return Chart(page, phone, title)
