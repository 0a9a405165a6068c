"""Shares over time: a line with its intervals, where it changed; several of them side by side on one scale."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from markupsafe import Markup

from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, Scale, linear_scale
from selfrule.report.numbers import day, short_percent

_HIGH, _LOW = 210.0, 84.0  # of a chart with one line, and of each of several
_GAP, _HEAD, _FOOT = 18.0, 20.0, 22.0


@dataclass(frozen=True, kw_only=True)
class Dot:
    """The share of one period; `hollow` where the period is partial. Without `value` it is a gap.

    `at_most` marks a share of which nothing was seen: no dot, a dashed line up to `high`.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    hollow: bool = False
    at_most: bool = False
    tip: str = ""


class Shade(NamedTuple):
    """A change: somewhere from period `first` to `last`, likeliest at `at` (indices, the first period after it)."""

    first: int
    last: int
    at: int
    tip: str


@dataclass(frozen=True)
class Panel:
    """One line with its heading; a dot a period."""

    heading: str
    dots: Sequence[Dot]
    shades: Sequence[Shade] = field(default_factory=tuple)


class _Box(NamedTuple):
    """Where a panel is drawn."""

    left: float
    right: float
    top: float
    base: float


def series_chart(panels: Sequence[Panel], periods: Sequence[str], *, name: str, title: str, description: str) -> Chart:
    """Lines over periods with 95 % intervals: one large, or several small ones on one scale.

    Periods without a figure are gaps, and nothing is drawn over them; partial ones are hollow and not joined to the others.

    Args:
        panels: The lines, at least one.
        periods: Names: "2025-01", or the Monday "2025-01-06".
        name: A short id, unique in the page.
        title: The chart's title for screen readers.
        description: What it shows, in a sentence or two.
    """
    page, phone = (_draw(panels, periods, name, title, description, is_phone) for is_phone in (False, True))
    return Chart(page, phone, title)


def _draw(
    panels: Sequence[Panel], periods: Sequence[str], name: str, title: str, description: str, phone: bool
) -> Markup:
    width = PHONE if phone else PAGE
    drawing = Drawing(f"{name}-{'phone' if phone else 'page'}", width, title, description)
    many = len(panels) > 1
    columns = 1 if not many else 2 if phone else min(3, len(panels)) if len(panels) != 4 else 2
    high = _LOW if many else _HIGH
    dots = [d for panel in panels for d in panel.dots]
    shares = [d.value for d in dots if d.value is not None]
    scale = linear_scale(shares, [d.high for d in dots if d.high is not None], 0.0, high)
    left = 46.0
    room = (width - left - 8 - _GAP * (columns - 1)) / columns
    rows = math.ceil(len(panels) / columns)
    lines = [textwrap.wrap(panel.heading, 16)[:3] if phone else [panel.heading] for panel in panels]
    head = (_HEAD + 15 * (max(len(line) for line in lines) - 1)) if many else 8.0
    for i, panel in enumerate(panels):
        across, down = i % columns, i // columns
        x = left + across * (room + _GAP)
        base = down * (high + head + _FOOT + (6 if many else 0)) + head + high
        box = _Box(x, x + room, base - high, base)
        _grid(drawing, scale, box, 3 if many else 5, labels=across == 0)
        if many:
            for line, text in enumerate(reversed(lines[i])):
                drawing.text(x, box.top - 6 - 15 * line, text, "t strong sm", room=room + 6)
        below = i + columns >= len(panels)
        _axis(drawing, periods, box, 2 if many else 5 if phone else 9, years=below or not many, words=below or not many)
        _panel(drawing, scale, panel, box, len(periods))
    return drawing.render(rows * (high + head + _FOOT + (6 if many else 0)) + 14)


def _grid(drawing: Drawing, scale: Scale, box: _Box, most: int, *, labels: bool) -> None:
    for value in scale.ticks(most):
        y = box.base - scale(value)
        drawing.line(box.left, y, box.right, y, "grid")
        if labels:
            drawing.text(box.left - 6, y + 4, short_percent(value), "ax", "end")


def _axis(drawing: Drawing, periods: Sequence[str], box: _Box, most: int, *, years: bool, words: bool) -> None:
    """Ticks under the periods, evenly apart, with the year under the first and wherever it is another."""
    step = (box.right - box.left) / len(periods)
    every = max(1, math.ceil(len(periods) / most)) if most > 2 else max(1, len(periods) - 1)
    year = ""
    for i in range(0, len(periods), every):
        x = box.left + (i + 0.5) * step
        drawing.line(x, box.base, x, box.base + 4, "tick")
        if not words:
            continue
        said = day(periods[i]).split(" ")
        text = said[0][:3] if len(said) == 2 else " ".join([said[0], said[1][:3]]) if len(said) == 3 else periods[i]
        anchor, at = ("middle", x) if most > 2 else ("start", box.left) if i == 0 else ("end", box.right)
        drawing.text(at, box.base + 16, text, "ax", anchor)
        if years and said[-1] != year:
            year = said[-1]
            drawing.text(at, box.base + 29, year, "ax", anchor)


def _panel(drawing: Drawing, scale: Scale, panel: Panel, box: _Box, p: int) -> None:
    step = (box.right - box.left) / p
    size = max(1.4, min(4.2, step * 0.3))

    def x_of(i: int) -> float:
        return box.left + (i + 0.5) * step

    def y_of(value: float) -> float:
        return box.base - scale(value)

    for shade in panel.shades:
        x1, x2 = x_of(shade.first) - step / 2 - 1.5, x_of(shade.last) - step / 2 + 1.5
        drawing.add("rect", "place", tip=shade.tip, x=x1, y=box.top, width=x2 - x1, height=box.base - box.top)
        x = x_of(shade.at) - step / 2
        drawing.line(x, box.top, x, box.base, "place")
    for run in _runs(panel.dots):
        if len(run) > 1:
            edge = [(x_of(i), y_of(panel.dots[i].high or 0.0)) for i in run]
            edge += [(x_of(i), y_of(panel.dots[i].low or 0.0)) for i in reversed(run)]
            drawing.add("polygon", "band", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in edge))
            path = "M" + "L".join(f"{x_of(i):.1f} {y_of(panel.dots[i].value or 0.0):.1f}" for i in run)
            drawing.add("path", "over-time", d=path)
    for i, dot in enumerate(panel.dots):
        if dot.value is None:
            continue
        x = x_of(i)
        if dot.low is not None and dot.high is not None and step > 7:
            drawing.line(x, y_of(dot.low), x, y_of(dot.high), "iv none" if dot.at_most else "iv thin")
        if dot.at_most and dot.high is not None:
            y = y_of(dot.high)
            drawing.add("line", "limit", tip=dot.tip, x1=x - size, x2=x + size, y1=y, y2=y)
        else:
            drawing.mark("circle", x, y_of(dot.value), "hollow" if dot.hollow else "flag", dot.tip, r=size)


def _runs(dots: Sequence[Dot]) -> list[list[int]]:
    """Stretches of periods, each next to the one before, that are whole and have a figure with an interval."""
    runs: list[list[int]] = [[]]
    for i, dot in enumerate(dots):
        if dot.value is None or dot.hollow or dot.low is None or dot.high is None:
            runs.append([])
        else:
            runs[-1].append(i)
    return [run for run in runs if run]
