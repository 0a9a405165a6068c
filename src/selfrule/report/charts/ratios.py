"""Ratios with intervals on a logarithmic rule: dots to the left and right of a line at one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, Scale, whisker
from selfrule.report.numbers import times

ROW, FOOT = 22.0, 38.0
_ROUND = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
_LEAST, _MOST = 0.5, 2.0  # the rule reaches at least so far


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """One ratio, above 0: a dot with its interval, and its words to the right.

    `beside` is the same before adjustment: a hollow dot. A row without `value` has its words alone (why there is none).
    `short` are the words where a phone has no room for all of them.
    """

    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    beside: float | None = None
    text: str = ""
    short: str = ""
    tip: str = ""


def ratio_scale(rows: Sequence[Ratio], start: float, end: float) -> Scale:
    """A logarithmic scale that shows one and every ratio; limits far beyond all of these run off its edges."""
    values = [v for r in rows for v in (r.value, r.beside) if v is not None and v > 0 and math.isfinite(v)]
    limits = [v for r in rows for v in (r.low, r.high) if v is not None and v > 0 and math.isfinite(v)]
    low, high = min([*values, 1.0]), max([*values, 1.0])
    lo = min(max(min([*limits, low]), low / 3), _LEAST)
    hi = max(min(max([*limits, high]), high * 3), _MOST)
    return Scale(max(lo / 1.1, 0.001), min(hi * 1.1, 2000.0), start, end, log=True)


def _rule(drawing: Drawing, scale: Scale, bottom: float, most: int, ends: tuple[str, str]) -> None:
    ticks = [v for v in _ROUND if scale.lo <= v <= scale.hi]
    while len(ticks) > most:  # every second one, counted from the line at one
        middle = ticks.index(1)
        ticks = [v for i, v in enumerate(ticks) if (i - middle) % 2 == 0]
    for value in ticks:
        x = scale(value)
        drawing.line(x, 4, x, bottom, "tick" if value == 1 else "grid")
        drawing.text(x, bottom + 15, f"{value:g}\N{MULTIPLICATION SIGN}", "ax", "middle")
    one, (lower, higher) = scale(1.0), ends
    if lower and one - scale.start > 50:
        drawing.text(one - 8, bottom + 31, f"\N{LEFTWARDS ARROW} {lower}", "ax", "end", room=(one - 8) * 1.15)
    if higher and scale.end - one > 50:
        drawing.text(one + 8, bottom + 31, f"{higher} \N{RIGHTWARDS ARROW}", "ax", room=drawing.width - one - 8)


def _draw(
    rows: Sequence[Ratio], name: str, title: str, description: str, phone: bool, ends: tuple[str, str]
) -> tuple[Drawing, float]:
    drawing = Drawing(name, PHONE if phone else PAGE, title, description)
    left, right, far = (12.0, 238.0, 338.0) if phone else (262.0, 600.0, 752.0)
    scale = ratio_scale(rows, left, right)
    y, placed = 6.0, list[tuple[float, Ratio]]()
    for row in rows:
        drawing.text(0, y + 14, row.label, "t", room=330 if phone else left - 12)
        y += ROW - 3 if phone else 0
        placed.append((y + 9.5, row))
        y += ROW + (4 if phone else 0)
    _rule(drawing, scale, y + 2, 6 if phone else 9, ends)
    for at, row in placed:
        if row.low is not None and row.high is not None:
            whisker(drawing, scale, row.low, row.high, at, "iv flag")
        if row.beside is not None:
            drawing.mark("circle", scale(row.beside), at, "uncorrected", r=5.2)
        if row.value is not None:
            drawing.mark("circle", scale(row.value), at, "flag", row.tip)
        cls = "t soft sm" if row.value is None else "t num"
        drawing.text(far, at + 4.5, (row.short if phone else "") or row.text, cls, "end", room=92 if phone else 150)
    return drawing, y + (FOOT if any(ends) else 24)


def ratios_chart(
    rows: Sequence[Ratio], *, name: str, title: str, describe: Callable[[], str], ends: tuple[str, str]
) -> Chart:
    """Rows of ratios with 95 % intervals around a line at one, on a logarithmic rule.

    Args:
        rows: What is drawn.
        name: A short id, unique in the page.
        title: The chart's title for screen readers.
        describe: Gives its description in a sentence or two.
        ends: What lies to the left of one, and to the right; ("", "") for nothing.
    """
    both = [_draw(rows, f"{name}-{w}", title, describe(), w == "phone", ends) for w in ("page", "phone")]
    page, phone = (drawing.render(height) for drawing, height in both)
    return Chart(page, phone, title)


def limits(low: float | None, high: float | None) -> str:
    """The interval of a ratio in words: "1.5 to 2.6"; empty where there is none."""
    return "" if low is None or high is None else f"{times(low, low, high)} to {times(high, low, high)}"
