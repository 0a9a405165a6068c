"""From one share to another, step by step: each step begins where the one before it ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, Scale, nice, whisker
from selfrule.report.numbers import short_percent

ROW, ABOVE, BAR = 34.0, 17.0, 13.0
_TIP = 5.0  # how far a bar's point reaches, at most


@dataclass(frozen=True, kw_only=True)
class Level:
    """A share where the steps begin or end, in [0, 1], with its interval."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    text: str = ""
    tip: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A difference of shares, in [-1, 1], with its interval."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    text: str = ""
    tip: str = ""


def step_scale(first: Level, steps: Sequence[Step], last: Level, start: float, end: float, most: int) -> Scale:
    """A scale between round shares that shows every level, every step, and intervals as far as they are not far out."""
    places, at = [first.value, last.value], first.value
    limits = [v for level in (first, last) for v in (level.low, level.high) if v is not None]
    for step in steps:
        limits += [at + v for v in (step.low, step.high) if v is not None]
        at += step.value
        places.append(at)
    low, high = min(places), max(places)
    reach = 6 * max(high - low, 0.1 * high, 1e-9)
    low = max(0.0, min([low, *(v for v in limits if v > low - reach)]))
    high = min(1.0, max([high, *(v for v in limits if v < high + reach)]))
    gap = nice(max((high - low) / (most - 1), 1e-9))
    return Scale(math.floor(low / gap + 1e-9) * gap, math.ceil(max(high, low + gap) / gap - 1e-9) * gap, start, end)


def _draw(
    first: Level, steps: Sequence[Step], last: Level, name: str, title: str, description: str, phone: bool
) -> tuple[Drawing, float]:
    drawing = Drawing(name, PHONE if phone else PAGE, title, description)
    left, right, far = (12.0, 248.0, 338.0) if phone else (262.0, 630.0, 752.0)
    scale = step_scale(first, steps, last, left, right, 4 if phone else 7)
    row = ROW + (ABOVE if phone else 0)
    bottom = 6 + row * (len(steps) + 2)
    for value in scale.ticks(4 if phone else 7):
        drawing.line(scale(value), 4, scale(value), bottom, "grid")
        drawing.text(scale(value), bottom + 15, short_percent(value), "ax", "middle")

    def words(at: int, label: str, text: str, cls: str) -> float:
        y = 6 + row * at + row / 2 + (ABOVE / 2 if phone else 0)
        if phone:
            drawing.text(0, y - ABOVE, label, cls, room=330)
        else:
            drawing.text(0, y + 4.5, label, cls, room=left - 14)
        drawing.text(far, y + 4.5, text, "t num", "end", room=86 if phone else 118)
        return y

    at, above = first.value, 0.0
    for i, step in enumerate(steps):
        y = words(i + 1, step.label, step.text, "t")
        above = y - row
        drawing.line(scale(at), above, scale(at), y, "ref")
        _bar(drawing, scale(at), scale(at + step.value), y, step)
        if step.low is not None and step.high is not None:
            whisker(drawing, scale, at + step.low, at + step.high, y, "iv over")
        at += step.value
    end = words(len(steps) + 1, last.label, last.text, "t strong")
    drawing.line(scale(at), end - row, scale(at), end, "ref")
    for place, level in ((0, first), (len(steps) + 1, last)):
        y = words(0, level.label, level.text, "t strong") if place == 0 else end
        if level.low is not None and level.high is not None:
            whisker(drawing, scale, level.low, level.high, y, "iv flag")
        drawing.mark("circle", scale(level.value), y, "flag", level.tip, r=5.4)
    return drawing, bottom + 24


def _bar(drawing: Drawing, x1: float, x2: float, y: float, step: Step) -> None:
    """A bar that points the way it goes."""
    way = 1 if x2 >= x1 else -1
    point = min(_TIP, abs(x2 - x1))
    x2 = x2 if abs(x2 - x1) >= 1 else x1 + way
    neck = x2 - way * point
    points = [(x1, y - BAR / 2), (neck, y - BAR / 2), (x2, y), (neck, y + BAR / 2), (x1, y + BAR / 2)]
    drawing.add(
        "polygon", "more" if way > 0 else "less", tip=step.tip, points=" ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    )


def waterfall_chart(
    first: Level, steps: Sequence[Step], last: Level, *, name: str, title: str, describe: Callable[[], str]
) -> Chart:
    """Two shares as dots, and between them one bar a step, each with its 95 % interval.

    Bars point the way they go, so that they are read without colour too. The scale need not begin at zero, for lengths of
    bars are differences and levels are dots.

    Args:
        first: Where the steps begin.
        steps: Differences whose sum leads from the first to the last.
        last: Where they end.
        name: A short id, unique in the page.
        title: The chart's title for screen readers.
        describe: Gives its description in a sentence or two.
    """
    both = [_draw(first, steps, last, f"{name}-{w}", title, describe(), w == "phone") for w in ("page", "phone")]
    page, phone = (drawing.render(height) for drawing, height in both)
    return Chart(page, phone, title)
