"""Amplifying factors: the flagged share at each level of each factor, four small panels on one scale."""

from __future__ import annotations

from markupsafe import Markup

from selfrule.report.cells import Cell
from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, Scale, linear_scale
from selfrule.report.numbers import short_percent
from selfrule.rubric import LEVELS

HEIGHT, HEAD, FOOT = 132.0, 40.0, 36.0


def _panel(drawing: Drawing, x: float, y: float, width: float, scale: Scale, name: str, cells: list[Cell]) -> None:
    drawing.text(x, y + 15, name, "t strong", room=250)
    base = y + HEAD + HEIGHT
    for value in scale.ticks(4):
        at = base - scale(value)
        drawing.line(x + 38, at, x + width, at, "grid")
        drawing.text(x + 33, at + 4, short_percent(value), "ax", "end")
    step = (width - 38 - 18) / len(cells)
    for i, (level, cell) in enumerate(zip(LEVELS, cells, strict=True)):
        cx = x + 38 + step * (i + 0.5)
        drawing.text(cx, base + 17, level, "ax", "middle")
        tip = f"{name}, {level}: {cell.sentence}"
        if not cell.shown:
            short = f"< {cell.k}" if cell.why_not.startswith("fewer") else cell.why_not
            drawing.text(cx, base - 6, short if cell.state != "absent" else "\N{EN DASH}", "ax", "middle")
            continue
        if cell.low is not None and cell.high is not None:
            cut = cell.high > scale.hi
            top = base - scale(cell.high)
            dashed = " none" if cell.state == "none_seen" else " flag"
            drawing.line(cx, base - scale(0.0 if cell.state == "none_seen" else cell.low), cx, top, f"iv{dashed}")
            if cut:
                d = f"M{cx - 4:.1f} {top + 6:.1f}L{cx:.1f} {top:.1f}L{cx + 4:.1f} {top + 6:.1f}"
                drawing.add("path", "iv flag open", d=d)
            elif cell.state == "none_seen":
                drawing.line(cx - 4, top, cx + 4, top, "limit")
        if cell.state == "seen" and cell.share is not None:
            at = base - scale(cell.share)
            drawing.mark("circle", cx, at, "flag", tip)
            drawing.text(cx + 8, min(at + 4, base - 6), cell.share_text, "t num sm")
        elif cell.high is not None:
            drawing.text(cx, base - scale(cell.high) - 6, "none seen", "ax", "middle")


def _draw(panels: list[tuple[str, list[Cell]]], phone: bool, title: str, description: str) -> Markup:
    width, columns, gutter = (PHONE, 1, 0.0) if phone else (PAGE, 2, 36.0)
    drawing = Drawing(f"factors-{'phone' if phone else 'page'}", width, title, description)
    every = [c for _, cells in panels for c in cells if c.shown]
    shares = [c.share for c in every if c.state == "seen" and c.share is not None]
    scale = linear_scale(shares, [c.high for c in every if c.high is not None], 0.0, HEIGHT)
    each = (width - gutter * (columns - 1)) / columns
    tall = HEAD + HEIGHT + FOOT
    for i, (name, cells) in enumerate(panels):
        _panel(drawing, (i % columns) * (each + gutter), (i // columns) * tall, each, scale, name, cells)
    rows = -(-len(panels) // columns)
    return drawing.render(rows * tall - 8)


def factors_chart(panels: list[tuple[str, list[Cell]]], what: str = "flagged") -> Chart:
    """Four dots a panel, one for each level of a factor from none to severe.

    Args:
        panels: The factor's name and its share at the levels none, mild, moderate, severe.
        what: What the share is of: "flagged".
    """
    title = f"Share {what} at each level of each amplifying factor"
    said = []
    for name, cells in panels:
        first, last = cells[0], cells[-1]
        said.append(f"{name}: {first.share_text} at none, {last.share_text} at severe.")
    description = f"{' '.join(said)} The table below gives every figure."
    page, phone = (_draw(panels, is_phone, title, description) for is_phone in (False, True))
    return Chart(page, phone, title)
