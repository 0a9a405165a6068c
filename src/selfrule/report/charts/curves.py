"""Curves of a share over a number: how much few people carry, and how many people have reached a level by when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, Scale, nice
from selfrule.report.numbers import short_percent

HIGH = 200.0


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A line through (x, share), in steps or straight; `band` are the limits at the same places.

    Attributes:
        points: With x ascending.
        band: (low, high) at each, or none.
        marks: Which points have a dot, and its tooltip.
        cls: "curve" for the figure, "ref" for what it is held against.
        steps: Whether a share holds until the next.
    """

    points: Sequence[tuple[float, float]]
    band: Sequence[tuple[float, float]] = ()
    marks: Sequence[tuple[float, float, str]] = ()
    cls: str = "curve"
    steps: bool = False


@dataclass(frozen=True)
class Across:
    """The rule below: its ends, its ticks with their words, what it counts, and whether it is logarithmic."""

    first: float
    last: float
    ticks: Sequence[tuple[float, str]]
    words: str
    log: bool = False


def curves_chart(
    curves: Sequence[Curve], across: Across, *, name: str, title: str, up: str, describe: Callable[[], str]
) -> Chart:
    """Curves on one rule.

    Args:
        curves: At least one, each with a point.
        across: The rule below.
        name: A short id, unique in the page.
        title: The chart's title for screen readers.
        up: What the shares are of.
        describe: Gives its description in a sentence or two.
    """
    page, phone = (_draw(curves, across, name, title, up, describe(), is_phone) for is_phone in (False, True))
    return Chart(page, phone, title)


def _draw(
    curves: Sequence[Curve], across: Across, name: str, title: str, up: str, description: str, phone: bool
) -> Markup:
    width = PHONE if phone else PAGE
    drawing = Drawing(f"{name}-{'phone' if phone else 'page'}", width, title, description)
    highest = max([y for c in curves for _, y in c.points] + [high for c in curves for _, high in c.band] + [1e-9])
    x = Scale(across.first, across.last, 46.0, width - 14.0, log=across.log)
    y = Scale(0.0, min(1.0, nice(highest, (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8))), HIGH + 22, 22.0)
    drawing.text(0, 12, up, "ax")
    for value in y.ticks(6):
        drawing.line(x.start, y(value), x.end, y(value), "grid")
        drawing.text(x.start - 6, y(value) + 4, short_percent(value), "ax", "end")
    after = -100.0
    for value, words in across.ticks:
        drawing.line(x(value), y.start, x(value), y.start + 4, "tick")
        if x(value) - after > 8.0 * len(words) + 6:
            drawing.text(x(value), y.start + 17, words, "ax", "middle")
            after = x(value)
    drawing.text((x.start + x.end) / 2, y.start + 36, across.words, "ax", "middle", room=width - 20)
    for curve in curves:
        _curve(drawing, curve, x, y)
    return drawing.render(y.start + 44)


def _curve(drawing: Drawing, curve: Curve, x: Scale, y: Scale) -> None:
    if curve.band:
        places = [p[0] for p in curve.points]
        high = _path(list(zip(places, (h for _, h in curve.band), strict=True)), curve.steps, x)
        low = _path(list(zip(places, (b for b, _ in curve.band), strict=True)), curve.steps, x)
        edge = [*high, *reversed(low)]
        drawing.add("polygon", "band", points=" ".join(f"{a:.1f},{y(b):.1f}" for a, b in edge))
    line = _path(curve.points, curve.steps, x)
    drawing.add("path", curve.cls, d="M" + "L".join(f"{a:.1f} {y(b):.1f}" for a, b in line))
    for at, share, tip in curve.marks:
        drawing.mark("circle", x(at), y(share), "flag", tip, r=3.6)


def _path(points: Sequence[tuple[float, float]], steps: bool, x: Scale) -> list[tuple[float, float]]:
    """The corners of a line: places on the rule, and shares."""
    found: list[tuple[float, float]] = []
    for at, share in points:
        if steps and found:
            found.append((x(at), found[-1][1]))
        found.append((x(at), share))
    return found
