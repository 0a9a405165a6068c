"""What labels make of the judge's figures: uncorrected, confirmed, and what was missed at most, above each other."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace

from selfrule.report.cells import Cell
from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, Scale, log_scale, rule, whisker
from selfrule.report.numbers import at_most, percent

LINE, GAP, HEAD = 18.0, 11.0, 22.0
BAR = 7.0


@dataclass(frozen=True)
class Entry:
    """One construct at a level: as rated, what labels confirm of it, what it missed at most, and a corrected total."""

    label: str
    rated: Cell
    confirmed: Cell
    missed: Cell
    corrected: Cell
    shape: str = "circle"
    cls: str = "flag"


@dataclass(frozen=True)
class Block:
    """Entries under one heading."""

    heading: str
    entries: list[Entry]


def _scale(blocks: list[Block], start: float, end: float) -> Scale:
    cells = [c for b in blocks for e in b.entries for c in (e.rated, e.confirmed, e.missed, e.corrected)]
    shares = [c.share for c in cells if c.state == "seen" and c.share]
    highs = [c.high for c in cells if (c.shown or c.state == "bounded") and c.high]
    return log_scale(shares + highs, start, end)


def _draw(blocks: list[Block], name: str, title: str, description: str, phone: bool) -> tuple[Drawing, float]:
    drawing = Drawing(name, PHONE if phone else PAGE, title, description)
    left, right, far = (12.0, 222.0, 338.0) if phone else (262.0, 562.0, 752.0)
    scale = _scale(blocks, left, right)
    y, placed = 8.0, list[tuple[float, Entry]]()
    for block in blocks:
        if phone:
            drawing.text(0, y + 14, block.heading, "t strong", room=330)
            y += HEAD
        for i, entry in enumerate(block.entries):
            if not phone and not i:
                for j, words in enumerate(textwrap.wrap(block.heading, 16)[:3]):
                    drawing.text(0, y + 14 + j * 17, words, "t strong")
            if phone:
                drawing.text(0, y + 14, entry.label, "t soft", room=330)
                y += LINE
            else:
                drawing.text(left - 10, y + 14, entry.label, "t soft", "end", room=140)
            placed.append((y + 9.5, entry))
            y += LINE * (3 if entry.corrected.shown else 2) + GAP / 2
        y += GAP
    rule(drawing, scale, 4, y, 4 if phone else 7)
    for at, entry in placed:
        _entry(drawing, scale, entry, at, far, phone)
    return drawing, y + 36


def _entry(drawing: Drawing, scale: Scale, entry: Entry, y: float, far: float, phone: bool) -> None:
    rated, confirmed, missed = entry.rated, entry.confirmed, entry.missed
    _share(drawing, scale, confirmed, entry, y)
    if rated.state == "seen" and rated.share is not None:
        drawing.mark(
            "circle", scale(rated.share), y, "uncorrected", f"{entry.label}, as rated: {rated.sentence}", r=5.2
        )
    drawing.text(far, y + 4.5, _confirmed_text(confirmed, phone), "t num" if confirmed.state == "seen" else "t soft", "end",
                 room=110 if phone else 186)  # fmt: skip
    y += LINE
    if missed.state == "bounded" and missed.high is not None:
        end = scale(missed.high)
        tip = f"{entry.label}, missed: at most {at_most(missed.high)}"
        drawing.add(
            "rect", "missed", tip=tip, x=scale.start, y=y - BAR / 2, width=max(end - scale.start, 1.0), height=BAR
        )
        drawing.line(end, y - BAR, end, y + BAR, "limit")
        limit = f"\N{LESS-THAN OR EQUAL TO} {at_most(missed.high)}"
        text = "no limit yet" if missed.high >= 1 else limit if phone else f"{limit} missed"
        drawing.text(far, y + 4.5, text, "t soft", "end", room=110 if phone else 186)
    else:
        text = missed.why_not if phone else f"missed: {missed.why_not}"
        drawing.text(far, y + 4.5, text, "t soft", "end", room=110 if phone else 186)
    if entry.corrected.shown:
        y += LINE
        _share(drawing, scale, entry.corrected, replace(entry, shape="diamond", cls="corrected"), y)
        drawing.text(far, y + 4.5, f"{entry.corrected.share_text} in all", "t num", "end", room=110 if phone else 186)


def _confirmed_text(cell: Cell, phone: bool) -> str:
    if cell.state == "seen":
        return cell.share_text if phone else f"{cell.share_text} confirmed"
    if cell.state == "none_seen":
        return "none confirmed"
    why = "no label yet" if cell.state in {"absent", "unrated"} else cell.why_not
    return why if phone else f"confirmed: {why}"


def _share(drawing: Drawing, scale: Scale, cell: Cell, entry: Entry, y: float) -> None:
    if not cell.shown or cell.high is None:
        return
    if cell.state == "none_seen":
        whisker(drawing, scale, scale.lo, cell.high, y, "iv none")
        drawing.mark("bar", scale(cell.high), y, "limit", f"{entry.label}: at most {at_most(cell.high)}", r=2.6)
        return
    whisker(drawing, scale, cell.low or 0.0, cell.high, y, f"iv {entry.cls}")
    if cell.share is not None:
        drawing.mark(entry.shape, scale(cell.share), y, entry.cls, f"{entry.label}: {percent(cell.share)}")


def honest_chart(blocks: list[Block], *, name: str, title: str, describe: Callable[[], str]) -> Chart:
    """Two lines an entry on one logarithmic scale: the share confirmed, with its interval and, as a hollow dot, the
    uncorrected figure; under it a bar from nothing known up to the limit of what was missed.

    Args:
        blocks: Entries under headings.
        name: A short id, unique in the page.
        title: The chart's title for screen readers.
        describe: Gives its description in a sentence or two.
    """
    both = [_draw(blocks, f"{name}-{w}", title, describe(), w == "phone") for w in ("page", "phone")]
    page, phone = (drawing.render(height) for drawing, height in both)
    return Chart(page, phone, title)
