"""The few SVG parts that all charts share: a drawing, a scale, marks."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from markupsafe import Markup, escape

from selfrule.report.numbers import short_percent, typeset
from selfrule.report.text import one_line

PAGE, PHONE = 760, 340  # widths in user units; text is about 13 units high in both


@dataclass(frozen=True)
class Chart:
    """A chart ready to be placed: its two drawings and what it shows in words."""

    page: Markup
    phone: Markup
    title: str


def fit(text: str, room: float) -> str:
    """The text cut to about `room` units at chart size, by the widths that letters have in wide sans-serif faces."""
    text = one_line(text, 200)
    used = 0.0
    for i, letter in enumerate(text):
        used += width_of(letter)
        if used > room:
            return f"{text[: max(0, i - 1)].rstrip()}\N{HORIZONTAL ELLIPSIS}"
    return text


def width_of(text: str) -> float:
    """About how wide a text is at chart size, by the widths that letters have in wide sans-serif faces."""
    used = 0.0
    for letter in text:
        wide = unicodedata.east_asian_width(letter) in "WF" or letter in "MW@%mw"
        used += 12.8 if wide else 9.4 if letter.isupper() else 4.4 if letter in "ijlft.,:;'|! " else 7.9
    return used


def _fmt(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


class Drawing:
    """One SVG picture. Everything added is escaped; text is cleaned of what SVG cannot hold."""

    def __init__(self, name: str, width: float, title: str, description: str) -> None:
        self.name = name
        self.width = width
        self.title = title
        self.description = description
        self._parts: list[str] = []

    def add(self, tag: str, cls: str, *, text: str | None = None, tip: str | None = None, **at: float | str) -> None:
        """Add an element with a class, attributes (`_` for `-`), a text and a tooltip."""
        attributes = "".join(f' {k.rstrip("_").replace("_", "-")}="{escape(_fmt(v))}"' for k, v in at.items())
        inner = "" if tip is None else f"<title>{escape(typeset(one_line(tip, 240)))}</title>"
        inner += "" if text is None else str(escape(typeset(text)))
        self._parts.append(f'<{tag} class="{escape(cls)}"{attributes}>{inner}</{tag}>')

    def text(self, x: float, y: float, text: str, cls: str = "t", anchor: str = "start", room: float = 400) -> None:
        """Add a line of text at its baseline, cut to the room there is for it."""
        self.add("text", cls if anchor == "start" else f"{cls} {anchor}", text=fit(text, room), x=x, y=y)

    def line(self, x1: float, y1: float, x2: float, y2: float, cls: str) -> None:
        """Add a straight line."""
        self.add("line", cls, x1=x1, y1=y1, x2=x2, y2=y2)

    def mark(self, shape: str, x: float, y: float, cls: str, tip: str | None = None, r: float = 4.6) -> None:
        """Add a mark: circle, square, diamond, triangle or bar, all of about one area."""
        if shape == "circle":
            self.add("circle", cls, tip=tip, cx=x, cy=y, r=r)
        elif shape == "square":
            side = r * 1.75
            self.add("rect", cls, tip=tip, x=x - side / 2, y=y - side / 2, width=side, height=side)
        elif shape == "bar":
            self.add("line", cls, tip=tip, x1=x, x2=x, y1=y - r * 1.7, y2=y + r * 1.7)
        else:
            d = r * 1.3
            points = {
                "diamond": [(x, y - d), (x + d, y), (x, y + d), (x - d, y)],
                "triangle": [(x, y - d), (x + d, y + r * 0.9), (x - d, y + r * 0.9)],
            }[shape]
            self.add("polygon", cls, tip=tip, points=" ".join(f"{_fmt(a)},{_fmt(b)}" for a, b in points))

    @contextmanager
    def link(self, target: str, label: str, *, reached: bool = True) -> Iterator[None]:
        """Make what is added within a link to a place of the page.

        Args:
            target: The place's id, one of ours.
            label: Its tooltip, and what a screen reader says.
            reached: Whether the tab key stops at it.
        """
        more = "" if reached else ' tabindex="-1"'
        words = escape(typeset(one_line(label, 240)))
        self._parts.append(f'<a href="#{escape(target)}"{more}><title>{words}</title>')
        yield
        self._parts.append("</a>")

    def render(self, height: float, role: str = "img") -> Markup:
        """The picture as markup, with its title and description for screen readers; `role` "group" where it has links."""
        title, description = f"{self.name}-t", f"{self.name}-d"
        return Markup(  # noqa: S704 - every part was escaped when it was added
            f'<svg class="chart" role="{escape(role)}" aria-labelledby="{title} {description}" '
            f'viewBox="0 0 {_fmt(self.width)} {_fmt(height)}" xmlns="http://www.w3.org/2000/svg">'
            f'<title id="{title}">{escape(typeset(self.title))}</title>'
            f'<desc id="{description}">{escape(typeset(self.description))}</desc>{"".join(self._parts)}</svg>'
        )


@dataclass(frozen=True)
class Scale:
    """Maps shares in [lo, hi] to positions in [start, end], on a straight or a logarithmic rule."""

    lo: float
    hi: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The position of a value; values outside end at the edge."""
        value = min(max(value, self.lo), self.hi)
        part = (value - self.lo) / (self.hi - self.lo)
        if self.log:
            part = math.log(value / self.lo) / math.log(self.hi / self.lo)
        return self.start + part * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """Round values along the scale: at most `most` of them, or every power of ten on a logarithmic one."""
        if self.log:
            first, last = math.ceil(math.log10(self.lo) - 1e-9), math.floor(math.log10(self.hi) + 1e-9)
            return [10.0**e for e in range(first, last + 1)]
        step = nice(max((self.hi - self.lo) / (most - 1), 1e-12))
        return [self.lo + step * i for i in range(int((self.hi - self.lo) / step * (1 + 1e-9)) + 1)]


def nice(value: float, steps: tuple[float, ...] = (1, 2, 2.5, 5, 10)) -> float:
    """The smallest of some round figures times a power of ten that is at least the value."""
    base = 10.0 ** math.floor(math.log10(value))
    return next(base * m for m in (*steps, 10) if base * m >= value * (1 - 1e-9))


def log_scale(values: list[float], start: float, end: float) -> Scale:
    """A logarithmic scale between round numbers, at least two decades long.

    `values` are the points and upper limits that must be on it; lower limits may run off its left edge.
    """
    got = [v for v in values if v > 0]
    low, high = min(got, default=0.001), max(got, default=0.1)
    hi = min(1.0, nice(high * 1.05))
    lo = max(1e-8, nice(low * 0.6) / 2)
    return Scale(min(lo, hi / 100), hi, start, end, log=True)


def linear_scale(shares: list[float], highs: list[float], start: float, end: float) -> Scale:
    """A scale from zero that shows every share; upper limits far beyond the shares are left to run off its edge."""
    top = max(shares, default=0.0)
    reach = sorted(highs)[int(len(highs) * 0.8) - 1 if len(highs) > 4 else -1] if highs else 0.0
    wanted = max(top * 1.15, min(reach, top * 3) if top else reach, 1e-6)
    return Scale(0.0, min(1.0, nice(wanted, (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8))), start, end)


def rule(drawing: Drawing, scale: Scale, top: float, bottom: float, most: int, *, plain: bool = False) -> None:
    """Draw gridlines from `top` to `bottom` with percentages under them (`plain` numbers where it is no share).

    A logarithmic rule also says "1 in N"; where lines stand close, every second one is labelled, counted from the right.
    """
    ticks = scale.ticks(most)
    gap = abs(scale(ticks[1]) - scale(ticks[0])) if len(ticks) > 1 else 999.0
    for i, value in enumerate(reversed(ticks)):
        x = scale(value)
        drawing.line(x, top, x, bottom, "grid")
        if gap > 44 or i % 2 == 0:
            drawing.text(x, bottom + 15, f"{value:g}" if plain else short_percent(value), "ax", "middle")
        if scale.log and value <= 0.1 and (gap > 82 or i % 2 == 0):
            odds = f"1 in {round(1 / value):,}"
            drawing.text(max(x, 3.2 * len(odds)), bottom + 29, odds, "ax", "middle")  # never off the left edge


def whisker(drawing: Drawing, scale: Scale, low: float, high: float, y: float, cls: str) -> None:
    """Draw an interval; an end that runs off the scale is drawn as an arrow head."""
    x1, x2 = scale(low), scale(high)
    drawing.line(x1, y, x2, y, cls)
    for value, x, sign in ((low, x1, -1), (high, x2, 1)):
        if value < scale.lo * (1 - 1e-9) or value > scale.hi * (1 + 1e-9):
            d = f"M{_fmt(x - sign * 5)} {_fmt(y - 3.5)}L{_fmt(x)} {_fmt(y)}L{_fmt(x - sign * 5)} {_fmt(y + 3.5)}"
            drawing.add("path", f"{cls} open", d=d)
