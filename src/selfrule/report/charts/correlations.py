"""Correlations with intervals: dots between -1 and 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, Scale, whisker
from selfrule.report.numbers import kappa

ROW, FOOT = 21.0, 24.0


@dataclass(frozen=True, kw_only=True)
class Correlated:
    """One correlation, in [-1, 1]: a dot with its interval, and its words to the right.

    `beside` is another way to make it: a hollow dot. `published` is a published figure of another population: a bar. A row
    without `value` has its words alone (why there is none).
    """

    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    beside: float | None = None
    published: float | None = None
    text: str = ""
    tip: str = ""


def _draw(rows: Sequence[Correlated], name: str, title: str, description: str, phone: bool) -> tuple[Drawing, float]:
    drawing = Drawing(name, PHONE if phone else PAGE, title, description)
    left, right, far = (12.0, 262.0, 338.0) if phone else (262.0, 640.0, 752.0)
    scale = Scale(-1.0, 1.0, left, right)
    step = ROW + (19 if phone else 0)
    bottom = 6 + step * len(rows) + 2
    for value in (-1.0, -0.5, 0.0, 0.5, 1.0):
        x = scale(value)
        drawing.line(x, 4, x, bottom, "grid" if value else "tick")
        drawing.text(x, bottom + 15, kappa(value) if value % 1 else kappa(value).partition(".")[0], "ax", "middle")
    for i, row in enumerate(rows):
        y = 6 + i * step + ROW / 2 + (17 if phone else 0)
        if phone:
            drawing.text(0, y - 13, row.label, "t", room=330)
        else:
            drawing.text(0, y + 4.5, row.label, "t", room=left - 14)
        if row.published is not None:
            drawing.mark("bar", scale(row.published), y, "published")
        if row.low is not None and row.high is not None:
            whisker(drawing, scale, row.low, row.high, y, "iv flag")
        if row.beside is not None:
            drawing.mark("circle", scale(row.beside), y, "uncorrected", r=5.2)
        if row.value is not None:
            drawing.mark("circle", scale(row.value), y, "flag", row.tip)
        quiet = row.value is None
        drawing.text(far, y + 4.5, row.text, "t soft sm" if quiet else "t num", "end", room=70 if phone else 108)
    return drawing, bottom + FOOT


def correlations_chart(rows: Sequence[Correlated], *, name: str, title: str, describe: Callable[[], str]) -> Chart:
    """Rows of correlations with 95 % intervals between -1 and 1.

    Args:
        rows: From above to below.
        name: A short id, unique in the page.
        title: The chart's title for screen readers.
        describe: Gives its description in a sentence or two.
    """
    both = [_draw(rows, f"{name}-{w}", title, describe(), w == "phone") for w in ("page", "phone")]
    page, phone = (drawing.render(height) for drawing, height in both)
    return Chart(page, phone, title)
