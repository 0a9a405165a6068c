"""Which things come together: a matrix of dots, a bar for how common each combination is, and a share in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selfrule.report.charts.svg import PAGE, PHONE, Chart, Drawing, linear_scale, rule, whisker

ROW, STAIR = 22.0, 17.0


@dataclass(frozen=True, kw_only=True)
class Together:
    """One combination: which of the columns are in it, its share of all, and a share in it.

    `value`, `low` and `high` are those of the share in it, None where it has none; `text` and `tip` say both in words.
    """

    present: Sequence[bool]
    of_all: float
    of_all_text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    text: str = ""
    tip: str = ""


def _draw(
    names: Sequence[str],
    rows: Sequence[Together],
    words: tuple[str, str],
    name: str,
    title: str,
    said: str,
    phone: bool,
) -> tuple[Drawing, float]:
    drawing = Drawing(name, PHONE if phone else PAGE, title, said)
    gap = 19.0 if phone else 24.0
    columns = [8.0 + gap * i for i in range(len(names))]
    top = STAIR * len(names) + 28
    bottom = top + ROW * len(rows)
    for i, (x, label) in enumerate(zip(columns, names, strict=True)):
        drawing.text(x - 5, STAIR * i + 13, label, "t sm", room=170)
        drawing.line(x, STAIR * i + 18, x, bottom - ROW / 2, "grid")
    start = columns[-1] + 22
    full = 96.0 if phone else 190.0
    far = drawing.width - 2
    widest = max((r.of_all for r in rows), default=0.0) or 1.0
    drawing.text(start, top - 7, words[0], "ax", room=full + 44)
    drawing.text(far, top - 7, words[1], "ax", "end", room=150)
    scale = linear_scale(
        [r.value for r in rows if r.value is not None],
        [r.high for r in rows if r.high is not None],
        start + full + 74,
        far - 72,
    )
    if not phone:
        rule(drawing, scale, top, bottom, 5)
    for i, row in enumerate(rows):
        y = top + ROW * (i + 0.5)
        there = [x for x, on in zip(columns, row.present, strict=True) if on]
        if len(there) > 1:
            drawing.line(there[0], y, there[-1], y, "iv flag")
        for x, on in zip(columns, row.present, strict=True):
            drawing.mark("circle", x, y, "flag" if on else "traffic", r=5.0 if on else 3.2)
        length = max(1.5, full * row.of_all / widest)
        drawing.add("rect", "step", tip=row.tip, x=start, y=y - 7, width=length, height=14)
        drawing.text(start + length + 6, y + 4.5, row.of_all_text, "t num sm")
        if not phone and row.low is not None and row.high is not None:
            if row.value:
                whisker(drawing, scale, row.low, row.high, y, "iv flag")
            else:
                whisker(drawing, scale, scale.lo, row.high, y, "iv none")
        if not phone and row.value:
            drawing.mark("circle", scale(row.value), y, "flag", row.tip)
        drawing.text(far, y + 4.5, row.text, "t num sm" if row.value else "t soft sm", "end", room=80)
    return drawing, bottom + (10 if phone else 22)


def combinations_chart(
    names: Sequence[str], rows: Sequence[Together], *, words: tuple[str, str], name: str, title: str, description: str
) -> Chart:
    """Combinations as rows of dots, with bars for how common they are (an UpSet plot, turned).

    Args:
        names: Of the columns of dots.
        rows: The combinations, in order.
        words: What the bars are of, and what the share at the right is of.
        name: A short id, unique in the page.
        title: The chart's title for screen readers.
        description: It in a sentence or two.

    References:
        Lex A, Gehlenborg N, Strobelt H, Vuillemot R, Pfister H (2014). UpSet: visualization of intersecting sets. IEEE
        Transactions on Visualization and Computer Graphics 20:1983-1992. doi:10.1109/TVCG.2014.2346248
    """
    both = [_draw(names, rows, words, f"{name}-{w}", title, description, w == "phone") for w in ("page", "phone")]
    page, phone = (drawing.render(height) for drawing, height in both)
    return Chart(page, phone, title)
