"""Differences with intervals: dots to the left and right of a line at zero."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, Scale, fit, nice, whisker
from selfrule.report.numbers import signed

ROW, HEAD, GAP, FOOT = 20.0, 24.0, 8.0, 38.0
NARROW, WIDE = 262.0, 360.0  # room for labels, and where they are long


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference of shares, in [-1, 1]: a dot with its interval, and its words to the right.

    `beside` is the same before adjustment: a hollow dot. A row without `value` has its words alone (why there is none).
    """

    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    beside: float | None = None
    text: str = ""
    tip: str = ""
    shape: str = "circle"
    cls: str = "flag"


@dataclass(frozen=True)
class Differences:
    """Rows under one heading; no heading where the rows speak for themselves."""

    heading: str
    rows: Sequence[Difference]


def signed_scale(groups: Sequence[Differences], start: float, end: float) -> Scale:
    """A scale that shows zero and every difference; limits far beyond all of these are left to run off its edges."""
    rows = [r for g in groups for r in g.rows]
    values = [v for r in rows for v in (r.value, r.beside) if v is not None and math.isfinite(v)]
    limits = sorted(abs(v) for r in rows for v in (r.low, r.high) if v is not None and math.isfinite(v))
    far = max((abs(v) for v in values), default=0.0)
    usual = limits[int(len(limits) * 0.9) - 1 if len(limits) > 8 else -1] if limits else 0.0
    reach = limits[-1] if limits and limits[-1] < 1.6 * usual else usual
    most = max(far * 1.1, min(reach, far * 4) if far else reach, 1e-6)
    ends = [v for r in rows for v in (r.low, r.high) if v is not None and math.isfinite(v)] + values
    low, high = max(min([*ends, 0.0]), -most), min(max([*ends, 0.0]), most)
    room = max(high - low, 1e-6) * 0.05
    return Scale(low - room, high + room, start, end)


def signed_ticks(scale: Scale, most: int) -> list[float]:
    """Round values along a scale that holds zero, which is one of them."""
    step = nice(max((scale.hi - scale.lo) / (most - 1), 1e-12))
    return [step * i for i in range(math.ceil(scale.lo / step - 1e-9), math.floor(scale.hi / step + 1e-9) + 1)]


def _rule(drawing: Drawing, scale: Scale, bottom: float, most: int, ends: tuple[str, str]) -> None:
    ticks = signed_ticks(scale, most)
    for value in ticks:
        x = scale(value)
        drawing.line(x, 4, x, bottom, "grid" if value else "tick")
        drawing.text(x, bottom + 15, signed(value, trim=True), "ax", "middle")
    zero, (lower, higher) = scale(0.0), ends
    if lower and zero - scale.start > 50:
        drawing.text(zero - 8, bottom + 31, f"\N{LEFTWARDS ARROW} {lower}", "ax", "end", room=zero - 8)
    if higher and scale.end - zero > 50:
        drawing.text(zero + 8, bottom + 31, f"{higher} \N{RIGHTWARDS ARROW}", "ax", room=drawing.width - zero - 8)


def _draw(
    groups: Sequence[Differences], name: str, title: str, description: str, phone: bool, ends: tuple[str, str]
) -> tuple[Drawing, float]:
    drawing = Drawing(name, PHONE if phone else PAGE, title, description)
    wide = any(fit(row.label, NARROW - 12) != row.label for group in groups for row in group.rows)
    left, right, far = (12.0, 240.0, 338.0) if phone else (WIDE if wide else NARROW, 640.0, 752.0)
    scale = signed_scale(groups, left, right)
    y, placed = 6.0, list[tuple[float, Difference]]()
    for group in groups:
        if group.heading:
            drawing.text(0, y + 15, group.heading, "t strong", room=330 if phone else left - 12)
            y += HEAD
        for row in group.rows:
            drawing.text(0, y + 14, row.label, "t", room=330 if phone else left - 12)
            y += ROW - 2 if phone else 0
            placed.append((y + 9.5, row))
            y += ROW + (4 if phone else 0)
        y += GAP if group.heading else 0
    _rule(drawing, scale, y + 2, 4 if phone else 7, ends)
    for at, row in placed:
        if row.low is not None and row.high is not None:
            whisker(drawing, scale, row.low, row.high, at, f"iv {row.cls}")
        if row.beside is not None:
            drawing.mark("circle", scale(row.beside), at, "uncorrected", r=5.2)
        if row.value is not None:
            drawing.mark(row.shape, scale(row.value), at, row.cls, row.tip)
        quiet = row.value is None
        drawing.text(far, at + 4.5, row.text, "t soft sm" if quiet else "t num", "end", room=88 if phone else 104)
    return drawing, y + (FOOT if any(ends) else 24)


def differences_chart(
    groups: Sequence[Differences],
    *,
    name: str,
    title: str,
    describe: Callable[[], str],
    ends: tuple[str, str] = ("less often", "more often"),
) -> Chart:
    """Rows of differences of shares with 95 % intervals around a line at zero, in percentage points.

    Args:
        groups: Rows under headings.
        name: A short id, unique in the page.
        title: The chart's title for screen readers.
        describe: Gives its description in a sentence or two.
        ends: What lies to the left of zero, and to the right; ("", "") for nothing.
    """
    both = [_draw(groups, f"{name}-{w}", title, describe(), w == "phone", ends) for w in ("page", "phone")]
    page, phone = (drawing.render(height) for drawing, height in both)
    return Chart(page, phone, title)
