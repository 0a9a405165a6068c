"""Months: the flagged share over time, one dot with its interval a month."""

from __future__ import annotations

import re

from markupsafe import Markup

from selfrule.report.cells import Cell
from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, linear_scale
from selfrule.report.numbers import day, short_percent

HEIGHT = 190.0
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def month_number(month: str) -> int | None:
    """Months since year 0 of "2025-01"; None for anything else."""
    got = _MONTH.fullmatch(month)
    return int(got[1]) * 12 + int(got[2]) - 1 if got else None


def _draw(months: list[tuple[int, str, Cell]], phone: bool, title: str, description: str) -> Markup:
    width = PHONE if phone else PAGE
    drawing = Drawing(f"months-{'phone' if phone else 'page'}", width, title, description)
    left, right, top = 46.0, width - 8.0, 10.0
    base = top + HEIGHT
    cells = [c for _, _, c in months if c.shown]
    shares = [c.share for c in cells if c.state == "seen" and c.share is not None]
    scale = linear_scale(shares, [c.high for c in cells if c.high is not None], 0.0, HEIGHT)
    first, last = months[0][0], months[-1][0]
    step = (right - left) / (last - first + 1)
    for value in scale.ticks(5):
        drawing.line(left, base - scale(value), right, base - scale(value), "grid")
        drawing.text(left - 6, base - scale(value) + 4, short_percent(value), "ax", "end")
    _calendar(drawing, first, last, left, step, base, 7 if not phone else 4)
    size = max(1.4, min(4.4, step * 0.32))
    for number, month, cell in months:
        x = left + (number - first + 0.5) * step
        if not cell.shown or cell.high is None or cell.low is None:
            continue
        none = cell.state == "none_seen"
        top_y = base - scale(cell.high)
        tip = f"{day(month)}: {cell.sentence}"
        drawing.line(x, base - scale(0.0 if none else cell.low), x, top_y, f"iv {'none' if none else 'flag'}")
        if none:
            drawing.add("line", "limit", tip=tip, x1=x - size, x2=x + size, y1=top_y, y2=top_y)
        elif cell.share is not None:
            drawing.mark("circle", x, base - scale(cell.share), "flag", tip, r=size)
    return drawing.render(base + 40)


def _calendar(drawing: Drawing, first: int, last: int, left: float, step: float, base: float, most: int) -> None:
    """Ticks under the months: every month, quarter or year, whichever leaves at most `most` of them, or fewer."""
    span = last - first + 1
    every = next((n for n in (1, 2, 3, 6, 12, 24, 60, 120) if span / n <= most), 12 * (span // (12 * most) + 1))
    for number in range(first, last + 1):
        if number % every:
            continue
        x = left + (number - first + 0.5) * step
        drawing.line(x, base, x, base + 4, "tick")
        name = day(f"{number // 12:04d}-{number % 12 + 1:02d}").split(" ")
        if every < 12:
            drawing.text(x, base + 17, name[0][:3], "ax", "middle")
        if every >= 12 or number % 12 == 0 or number - first < every:
            drawing.text(x, base + (17 if every >= 12 else 31), name[-1], "ax", "middle")


def months_chart(months: list[tuple[str, Cell]]) -> Chart | None:
    """Dots with 95 % intervals along a calendar; None where no month can be drawn.

    A month without a figure leaves a gap; dots are not joined, for nothing is known between them.
    """
    placed = sorted((n, m, c) for m, c in months if (n := month_number(m)) is not None)
    if not any(c.shown for _, _, c in placed):
        return None
    title = "Share flagged by month"
    shown = [(m, c) for _, m, c in placed if c.shown]
    description = (
        f"{len(shown)} months from {day(shown[0][0])} to {day(shown[-1][0])}. First: {shown[0][1].sentence}. "
        f"Last: {shown[-1][1].sentence}. The table below gives every figure."
    )
    page, phone = (_draw(placed, is_phone, title, description) for is_phone in (False, True))
    return Chart(page, phone, title)
