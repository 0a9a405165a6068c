"""The map of patterns: a circle each, as large as it has conversations, near those it is like; labels where there is room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, fit, width_of
from selfrule.report.numbers import plural

LABELS = (14, 6)  # at most, on a page and on a phone
LINE = 15.0
_FILLED = (0.2, 0.14)  # share of the map that circles cover, at most, on a page and on a phone
_FEWEST = 3
_GAP = 3.0
_ROUNDS = 60
_TRIED = 60  # circles, the largest, that a label is looked for
_REACHED = 40  # circles from which on the tab key stops at labelled ones alone
_WAYS = (0, 180, 90, 270, 45, 315, 135, 225, 20, 340, 160, 200)  # degrees from a circle to its label
_FAR = (5.0, 16.0, 32.0)

Spots = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One pattern: where it leads, what it is called, its place (None: unknown), size, class of severity, words on it."""

    anchor: str
    name: str
    place: tuple[float, float] | None
    size: int
    cls: str
    words: str


@dataclass(frozen=True)
class Label:
    """Some lines beside a circle: left edge, top, width, how they are set in it, and the line to the circle if it is far."""

    lines: list[str]
    x: float
    y: float
    width: float
    anchor: str
    leader: tuple[float, float, float, float] | None

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.x, self.y, self.x + self.width, self.y + LINE * len(self.lines)


def settled(spots: Sequence[Spot], width: float, height: float, filled: float) -> tuple[Spots, NDArray[np.float64]]:
    """Centres and radii of circles that lie in the map and touch nowhere.

    Areas are in proportion to sizes; what overlaps is pushed apart, and where that cannot be, all circles shrink alike.

    Args:
        spots: At least one.
        width: Of the map.
        height: Of the map.
        filled: Share of the map that circles cover, at most.

    Returns:
        Centres, shape (n, 2), and radii, shape (n,).
    """
    weight = np.sqrt(np.array([max(1, s.size) for s in spots], np.float64))
    scale = math.sqrt(filled * width * height / (math.pi * float((weight**2).sum())))
    radius = np.maximum(weight * min(scale, 0.11 * min(width, height) / float(weight.max())), 1.5)
    at = _places(spots, width, height, float(radius.max()) + _GAP)
    while True:
        at = _apart(at, radius, width, height)
        if not _touching(at, radius) or float(radius.max()) < 0.2:
            return at, radius
        radius = radius * 0.92


def _places(spots: Sequence[Spot], width: float, height: float, margin: float) -> Spots:
    """Places stretched to the map; those unknown lie on a spiral, so that no two start on one spot."""
    turn = math.pi * (3 - math.sqrt(5))
    made = np.zeros((len(spots), 2))
    for i, spot in enumerate(spots):
        place = spot.place
        if place is None or not all(math.isfinite(v) for v in place):
            far = math.sqrt((i + 0.5) / len(spots))
            place = (far * math.cos(turn * i), far * math.sin(turn * i))
        made[i] = np.clip(place, -1, 1)
    low, high = made.min(axis=0), made.max(axis=0)
    room = np.array([width, height]) - 2 * margin
    part = np.where(high - low > 1e-6, (made - low) / np.maximum(high - low, 1e-6), 0.5)
    angle = turn * np.arange(len(spots))
    return np.asarray(margin + part * room + 0.01 * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _apart(start: Spots, radius: NDArray[np.float64], width: float, height: float) -> Spots:
    """Centres moved until no two circles touch, or for so many rounds."""
    at = start.copy()
    need = radius[:, None] + radius[None, :] + _GAP
    low, high = radius[:, None] + 1, np.array([[width, height]]) - radius[:, None] - 1
    for _ in range(_ROUNDS):
        at = np.clip(at, low, high)
        across, down = (at[:, i, None] - at[None, :, i] for i in (0, 1))
        distance = np.maximum(np.hypot(across, down), 1e-9)
        push = np.maximum(need - distance, 0.0) / distance
        np.fill_diagonal(push, 0.0)
        if not push.any():
            break
        at = at + 0.45 * np.stack([(across * push).sum(axis=1), (down * push).sum(axis=1)], axis=1)
    return np.clip(at, low, high)


def _touching(at: Spots, radius: NDArray[np.float64]) -> bool:
    distance = np.hypot(at[:, 0, None] - at[None, :, 0], at[:, 1, None] - at[None, :, 1])
    np.fill_diagonal(distance, np.inf)
    return bool((distance < radius[:, None] + radius[None, :] + 0.5).any())


def labelled(
    spots: Sequence[Spot], at: Spots, radius: NDArray[np.float64], width: float, height: float, *, phone: bool
) -> dict[int, Label]:
    """Labels of the largest circles, by their number, none over another label, a circle or an edge."""
    made: dict[int, Label] = {}
    for i in sorted(range(len(spots)), key=lambda i: -spots[i].size)[:_TRIED]:
        if len(made) == LABELS[phone]:
            break
        found = None
        for most in (3, 2):  # where three lines have no room, two may
            lines = wrapped(spots[i].name, 112 if phone else 185, most)
            found = found or (_label(lines, i, at, radius, width, height, list(made.values())) if lines else None)
        if found is not None:
            made[i] = found
    return made


def wrapped(text: str, room: float, most: int) -> list[str]:
    """A name on at most so many lines of `room` units; what does not fit ends in an ellipsis."""
    words = fit(text, 10 * room).split()
    lines: list[str] = []
    while words:
        line = [words.pop(0)]
        while words and (len(lines) == most - 1 or width_of(" ".join([*line, words[0]])) <= room):
            line.append(words.pop(0))
        lines.append(fit(" ".join(line), room))
    return lines


def _label(
    lines: list[str], i: int, at: Spots, radius: NDArray[np.float64], width: float, height: float, others: list[Label]
) -> Label | None:
    wide, tall = max(width_of(line) for line in lines), LINE * len(lines)
    x, y, r = float(at[i, 0]), float(at[i, 1]), float(radius[i])
    for far in _FAR:
        for way in _WAYS:
            c, s = math.cos(math.radians(way)), math.sin(math.radians(way))
            ex, ey = x + (r + far) * c, y + (r + far) * s
            left = ex if c > 0.3 else ex - wide if c < -0.3 else ex - wide / 2
            top = ey if s > 0.6 else ey - tall if s < -0.6 else ey - tall / 2
            leader = (x + r * c, y + r * s, ex - 2 * c, ey - 2 * s) if far > _FAR[0] else None
            anchor = "start" if c > 0.3 else "end" if c < -0.3 else "middle"
            label = Label(lines, left, top, wide, anchor, leader)
            if _free(label, i, at, radius, width, height, others):
                return label
    return None


def _free(
    label: Label, i: int, at: Spots, radius: NDArray[np.float64], width: float, height: float, others: list[Label]
) -> bool:
    left, top, right, bottom = label.box
    if left < 1 or top < 1 or right > width - 1 or bottom > height - 1:
        return False
    for other in others:
        a, b, c, d = other.box
        if left < c + 4 and right > a - 4 and top < d + 2 and bottom > b - 2:
            return False
        if other.leader and _crosses(other.leader, label.box):
            return False
    near = np.stack([np.clip(at[:, 0], left, right), np.clip(at[:, 1], top, bottom)], axis=1)
    if bool((((near - at) ** 2).sum(axis=1) < (radius + 1.5) ** 2).any()):
        return False
    if label.leader is None:
        return True
    return not _over(label.leader, i, at, radius) and not any(_crosses(label.leader, o.box) for o in others)


def _points(line: tuple[float, float, float, float]) -> Spots:
    part = np.linspace(0, 1, 9)[:, None]
    return np.asarray(np.array([line[:2]]) * (1 - part) + np.array([line[2:]]) * part)


def _over(line: tuple[float, float, float, float], i: int, at: Spots, radius: NDArray[np.float64]) -> bool:
    """Whether a line crosses another circle than its own."""
    distance = np.sqrt(((_points(line)[:, None, :] - at[None, :, :]) ** 2).sum(axis=2))
    distance[:, i] = np.inf
    return bool((distance < radius[None, :] + 1).any())


def _crosses(line: tuple[float, float, float, float], box: tuple[float, float, float, float]) -> bool:
    return any(box[0] <= x <= box[2] and box[1] <= y <= box[3] for x, y in _points(line))


def _draw(spots: Sequence[Spot], phone: bool, title: str, description: str) -> Markup:
    width = PHONE if phone else PAGE
    many = len(spots)
    height = (460.0 if many > 12 else 320.0) if phone else (480.0 if many > 12 else 330.0)
    drawing = Drawing(f"pattern-map-{'phone' if phone else 'page'}", width, title, description)
    drawing.add("rect", "ground", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=6)
    at, radius = settled(spots, width, height, _FILLED[phone])
    names = labelled(spots, at, radius, width, height, phone=phone)
    for i in sorted(range(many), key=lambda i: -spots[i].size):
        spot = spots[i]
        with drawing.link(spot.anchor, f"{spot.name}: {spot.words}", reached=many <= _REACHED or i in names):
            drawing.mark(
                "circle", float(at[i, 0]), float(at[i, 1]), spot.cls, f"{spot.name}: {spot.words}", float(radius[i])
            )
    for label in names.values():
        if label.leader is not None:
            drawing.line(*label.leader, "tick")
        x = label.x + label.width * {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor]
        for n, line in enumerate(label.lines):
            drawing.text(x, label.y + LINE * n + 11.5, line, "t sm", label.anchor, room=label.width + 1)
    return drawing.render(height, role="group")


def map_chart(spots: Sequence[Spot]) -> Chart | None:
    """Circles that lead to what is said of each pattern; None for fewer than three, of which it would say nothing."""
    if len(spots) < _FEWEST:
        return None
    title = "Map of patterns"
    largest = max(spots, key=lambda s: s.size)
    description = (
        f"{plural(len(spots), 'circle')}, one a pattern, larger for more conversations; near ones are alike. "
        f"The largest: {largest.name}, {largest.words}. The list below has them all, with every figure."
    )
    page, phone = (_draw(spots, is_phone, title, description) for is_phone in (False, True))
    return Chart(page, phone, title)
