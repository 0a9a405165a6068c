"""Domains: how much of the traffic each one is, beside how often it is flagged."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from selfrule.report.cells import Cell
from selfrule.report.charts.rows import draw_figure, row_of
from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, linear_scale, rule
from selfrule.report.numbers import at_most, percent

ROW = 23.0


@dataclass(frozen=True)
class Domain:
    """One domain: its name, its share of all conversations (None where not known), and its flagged share."""

    name: str
    traffic: float | None
    cell: Cell


def _draw(domains: list[Domain], overall: float | None, phone: bool, title: str, description: str) -> Markup:
    width = PHONE if phone else PAGE
    drawing = Drawing(f"domains-{'phone' if phone else 'page'}", width, title, description)
    bar0, bar1, dot0, dot1, far = (0.0, 84.0, 142.0, 262.0, 338.0) if phone else (258.0, 392.0, 460.0, 672.0, 752.0)
    shares = [d.cell.share for d in domains if d.cell.state == "seen" and d.cell.share is not None]
    highs = [d.cell.high for d in domains if d.cell.shown and d.cell.high is not None]
    rate = linear_scale([*shares, overall or 0.0], highs, dot0, dot1)
    most = max((d.traffic or 0.0 for d in domains), default=0.0) or 1.0
    step = ROW + (17 if phone else 0)
    top, bottom = 26.0, 26.0 + step * len(domains) + 4
    drawing.text(bar0, 14, "Share of conversations" if not phone else "Share of all", "t strong")
    drawing.text(dot0, 14, "Flagged, with 95 % interval" if not phone else "Flagged", "t strong")
    rule(drawing, rate, top - 4, bottom, 3 if phone else 5)
    drawing.line(bar0, top - 4, bar0, bottom, "grid")
    if overall:
        drawing.line(rate(overall), top - 4, rate(overall), bottom, "ref")
    for i, domain in enumerate(domains):
        y = top + i * step + ROW / 2 + (17 if phone else 0)
        if phone:
            drawing.text(0, y - 13, domain.name, "t", room=330)
        else:
            drawing.text(0, y + 4.5, domain.name, "t", room=252)
        if domain.traffic is not None:
            length = max(1.0, (bar1 - bar0) * domain.traffic / most)
            text = percent(domain.traffic)
            drawing.add("rect", "traffic", tip=f"{domain.name}: {text} of conversations", x=bar0, y=y - 5, width=length,
                        height=10)  # fmt: skip
            drawing.text(bar0 + length + 6, y + 4.5, text, "t num soft")
        row = row_of(domain.cell, "", domain.name)
        draw_figure(drawing, rate, row, y)
        quiet = row.value is None
        if row.at_most and domain.cell.high is not None:
            drawing.text(far, y + 4.5, f"\N{LESS-THAN OR EQUAL TO} {at_most(domain.cell.high)}", "t soft", "end")
        else:
            drawing.text(far, y + 4.5, row.text, "t soft" if quiet else "t num", "end", room=100)
    return drawing.render(bottom + 24)


def domains_chart(domains: list[Domain], overall: float | None) -> Chart:
    """Bars of traffic beside dots of the flagged share, one row a domain; a dashed line is the overall share."""
    title = "Domains: share of conversations and share flagged"
    seen = [d for d in domains if d.cell.state == "seen"]
    description = f"{len(domains)} domains, the most often flagged first. "
    if seen:
        first, last = seen[0], seen[-1]
        description += f"Highest: {first.name}, {first.cell.sentence}. Lowest: {last.name}, {last.cell.sentence}. "
    description += "The table below gives every figure."
    page, phone = (_draw(domains, overall, is_phone, title, description) for is_phone in (False, True))
    return Chart(page, phone, title)
