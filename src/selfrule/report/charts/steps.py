"""How it was measured, drawn: the conversations left at each step, and the screen's trade-off."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, Scale
from selfrule.report.context import CurvePoint
from selfrule.report.numbers import number, percent, short_percent

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Step:
    """Conversations at one step, and what left the flow before it (or joined it, a count below 0): words and counts."""

    label: str
    count: int
    left: list[tuple[str, int]] = field(default_factory=list)


def _flow(steps: list[Step], phone: bool, title: str, description: str) -> Markup:
    width = PHONE if phone else PAGE
    drawing = Drawing(f"flow-{'phone' if phone else 'page'}", width, title, description)
    most = max((s.count for s in steps), default=0) or 1
    start, full = (0.0, width - 4) if phone else (232.0, 420.0)
    y = 4.0
    for i, step in enumerate(steps):
        if i:
            for label, count in step.left:
                drawing.text(
                    start + 14,
                    y + 13,
                    f"{'+' if count < 0 else MINUS} {number(abs(count))} {label}",
                    "t soft",
                    room=width - start - 20,
                )
                y += 18
            y += 2 if step.left else 6
        if phone:
            drawing.text(0, y + 14, step.label, "t strong")
            drawing.text(full, y + 14, number(step.count), "t num strong", "end")
            y += 20
            drawing.add("rect", "step", x=start, y=y, width=max(1.5, full * step.count / most), height=10)
            y += 18
        else:
            length = max(1.5, full * step.count / most)
            drawing.text(start - 12, y + 17, step.label, "t strong", "end", room=220)
            drawing.add("rect", "step", x=start, y=y, width=length, height=25)
            drawing.text(start + length + 8, y + 17, number(step.count), "t num strong")
            y += 33
    return drawing.render(y)


def flow_chart(steps: list[Step]) -> Chart:
    """Bars of the conversations left at each step, with what left between them."""
    title = "Conversations at each step"
    said = ". ".join(f"{s.label}: {number(s.count)}" for s in steps)
    page, phone = (_flow(steps, is_phone, title, f"{said}.") for is_phone in (False, True))
    return Chart(page, phone, title)


def _curve(points: list[CurvePoint], chosen: CurvePoint | None, phone: bool, title: str, description: str) -> Markup:
    width = PHONE if phone else 480.0
    drawing = Drawing(f"curve-{'phone' if phone else 'page'}", width, title, description)
    floor = min(p["recall"] for p in points)
    floor = 0.5 if floor >= 0.5 else 0.0
    across, up = Scale(floor, 1.0, 48.0, width - 22.0), Scale(0.0, 1.0, 212.0, 26.0)
    drawing.text(0, 12, "share of all conversations kept", "ax")
    for value in across.ticks(6):
        drawing.line(across(value), up(1), across(value), up(0), "grid")
        drawing.text(across(value), up(0) + 16, short_percent(value), "ax", "middle")
    for value in up.ticks(6):
        drawing.line(across(floor), up(value), across(1.0), up(value), "grid")
        drawing.text(across(floor) - 6, up(value) + 4, short_percent(value), "ax", "end")
    drawing.text((across(floor) + across(1.0)) / 2, up(0) + 36, "share of flagged conversations kept", "ax", "middle")
    path = "M" + "L".join(f"{across(p['recall']):.1f} {up(p['kept']):.1f}" for p in points)
    drawing.add("path", "curve", d=path)
    if chosen:
        tip = f"this study keeps {percent(chosen['kept'])}"
        drawing.mark("diamond", across(chosen["recall"]), up(chosen["kept"]), "chosen", tip, r=6)
    return drawing.render(256)


def curve_chart(points: list[CurvePoint], recall: float | None, kept: float | None) -> Chart:
    """The share of all conversations that the screen keeps, against the share of flagged ones it keeps.

    Args:
        points: Settings of the screen, in any order; at least two.
        recall: The recall chosen, where known.
        kept: The share kept in this study, where known.
    """
    ordered = sorted(points, key=lambda p: (p["recall"], p["kept"]))
    chosen = CurvePoint(recall=recall, kept=kept) if recall is not None and kept is not None else None
    title = "What the screen keeps"
    description = (
        f"Share of all conversations kept against share of flagged ones kept: from {percent(ordered[0]['kept'])} at "
        f"{percent(ordered[0]['recall'])} to {percent(ordered[-1]['kept'])} at {percent(ordered[-1]['recall'])}."
    )
    page, phone = (_curve(ordered, chosen, is_phone, title, description) for is_phone in (False, True))
    return Chart(page, phone, title)
