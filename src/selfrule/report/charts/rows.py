"""Rows of dots with intervals: levels of constructs, actualized markers, models, languages, agreement."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from selfrule.report.cells import Cell
from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, Scale, linear_scale, log_scale, rule, whisker
from selfrule.report.numbers import at_most

ROW, HEAD, GAP = 19.0, 22.0, 9.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure: a dot at `value` with an interval, and its words to the right.

    `at_most` marks a figure of which nothing was seen: no dot, a dashed line up to `high`. `reference` is a published
    figure of another population. `short` is the label where a phone has no room for the whole.
    """

    label: str
    short: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    text: str = ""
    text2: str = ""
    tip: str = ""
    shape: str = "circle"
    cls: str = "flag"
    at_most: bool = False
    reference: float | None = None


@dataclass(frozen=True)
class Group:
    """Rows under one heading; no heading where the rows speak for themselves."""

    heading: str
    rows: list[Row]


def row_of(cell: Cell, label: str, tip: str, **more: str | float | None) -> Row:
    """A row from a figure; `tip` names it in full."""
    shown = cell.shown
    text = cell.share_text
    if cell.state == "none_seen" and cell.high is not None:
        text = f"none seen; \N{LESS-THAN OR EQUAL TO} {at_most(cell.high)}"
    return Row(
        label=label,
        value=cell.share if cell.state == "seen" else None,
        low=cell.low if shown else None,
        high=cell.high if shown else None,
        text=text,
        text2=cell.one_in_text,
        tip=f"{tip}: {cell.sentence}",
        at_most=cell.state == "none_seen",
        **more,  # type: ignore[arg-type]
    )


def _scale(groups: list[Group], kind: Literal["log", "linear", "unit"], start: float, end: float) -> Scale:
    rows = [r for g in groups for r in g.rows]
    shares = [v for r in rows for v in (r.value, r.reference) if v is not None]
    highs = [r.high for r in rows if r.high is not None]
    if kind == "unit":
        return Scale(0.0, 1.0, start, end)
    return log_scale(shares + highs, start, end) if kind == "log" else linear_scale(shares, highs, start, end)


def _draw(
    groups: list[Group],
    name: str,
    title: str,
    description: str,
    phone: bool,
    kind: Literal["log", "linear", "unit"],
    long_labels: bool,
    line_at: float | None,
) -> tuple[Drawing, float]:
    drawing = Drawing(name, PHONE if phone else PAGE, title, description)
    nested = any(g.heading for g in groups)
    if phone:
        left, right, far = (84.0 if nested else 12.0), (232.0 if nested else 222.0), 338.0
    else:
        left, right, far = 262.0, 562.0, 752.0
    scale = _scale(groups, kind, left, right)
    stacked = phone and (long_labels or not nested)  # the label stands above its own row
    above = phone and nested
    y, placed = 8.0, list[tuple[float, Row]]()
    for group in groups:
        if above and group.heading:
            drawing.text(0, y + 14, group.heading, "t strong")
            y += HEAD
        for i, row in enumerate(group.rows):
            if i < 2 and group.heading and not phone:
                drawing.text(0, y + 14, [*textwrap.wrap(group.heading, 16), "", ""][i], "t strong")
            if stacked:
                drawing.text(0, y + 14, row.label, "t", room=330)
                y += ROW - 3
            elif nested:
                label = row.short if phone and row.short else row.label
                drawing.text(left - 10, y + 14, label, "t soft", "end", room=140)
            else:
                drawing.text(0, y + 14, row.label, "t", room=left - 12)
            placed.append((y + 9.5, row))
            y += ROW + (3 if stacked else 0)
        y += GAP if nested else 0
    rule(drawing, scale, 4, y + 2, 4 if phone else 7, plain=kind == "unit")
    if line_at is not None and line_at > 0:
        drawing.line(scale(line_at), 4, scale(line_at), y + 2, "ref")
    for at, row in placed:
        _row(drawing, scale, row, at, far, phone, odds=kind == "log")
    return drawing, y + (38 if kind == "log" else 24)


def draw_figure(drawing: Drawing, scale: Scale, row: Row, y: float) -> None:
    """Draw a row's published figure, interval and dot at height `y`."""
    if row.reference is not None and row.reference > 0:
        drawing.mark("bar", scale(row.reference), y, "published")
    if row.at_most and row.high is not None:
        whisker(drawing, scale, scale.lo, row.high, y, "iv none")
        drawing.mark("bar", scale(row.high), y, "limit", row.tip, r=2.6)
    elif row.low is not None and row.high is not None:
        whisker(drawing, scale, row.low, row.high, y, f"iv {row.cls}")
    if row.value is not None:
        drawing.mark(row.shape, scale(row.value), y, row.cls, row.tip)


def _row(drawing: Drawing, scale: Scale, row: Row, y: float, far: float, phone: bool, odds: bool) -> None:
    draw_figure(drawing, scale, row, y)
    quiet = row.value is None
    if phone:
        text = row.text2 if odds and row.text2 else row.text
        drawing.text(far, y + 4, text, "t soft sm" if quiet else "t num", "end", room=160)
    elif quiet:
        drawing.text(far, y + 4.5, row.text, "t soft", "end", room=200)
    else:
        drawing.text(far - 104 if row.text2 else far, y + 4.5, row.text, "t num", "end")
        drawing.text(far, y + 4.5, row.text2, "t num soft", "end")


def rows_chart(
    groups: list[Group],
    *,
    name: str,
    title: str,
    describe: Callable[[], str],
    kind: Literal["log", "linear", "unit"],
    long_labels: bool = False,
    line_at: float | None = None,
) -> Chart:
    """Rows of dots with 95 % intervals on one scale.

    Args:
        groups: Rows under headings.
        name: A short id, unique in the page.
        title: The chart's title for screen readers.
        describe: Gives its description in a sentence or two.
        kind: "log" for shares over many powers of ten, "linear" from zero, "unit" for [0, 1] coefficients.
        long_labels: Whether row labels need a line of their own on a phone.
        line_at: A share at which a dashed line is drawn over all rows (the overall figure).
    """
    both = [
        _draw(groups, f"{name}-{w}", title, describe(), w == "phone", kind, long_labels, line_at)
        for w in ("page", "phone")
    ]
    page, phone = (drawing.render(height) for drawing, height in both)
    return Chart(page, phone, title)
