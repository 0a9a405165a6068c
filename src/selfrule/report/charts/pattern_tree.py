"""Two small pictures for a line of the list of patterns: how many are severe, and how many there were each month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from selfrule.report.charts.months import month_number
from selfrule.report.numbers import day, number, typeset

WIDTH, HEIGHT = 64, 16
LONGEST = 60  # months; of more, the latest


def severity_bar(share: float | None, *, more: bool = False) -> Markup | None:
    """A bar as long as the share that is severe; None where it is not known. The words beside it say the same.

    With `more` the share is that or more: the rest of the bar is faint.
    """
    if share is None:
        return None
    length = round(WIDTH * min(1.0, max(0.0, share)), 1)
    rest = f'<rect class="severe faint" x="{length}" y="4" width="{WIDTH - length:.1f}" height="8"/>' if more else ""
    return Markup(  # noqa: S704 - numbers alone
        f'<svg class="mini" aria-hidden="true" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<rect class="step" x="0" y="4" width="{WIDTH}" height="8"/>'
        f'<rect class="severe" x="0" y="4" width="{length}" height="8"/>{rest}</svg>'
    )


def calendar(all_months: Sequence[Mapping[str, int]]) -> tuple[int, int] | None:
    """The first and the last month that any line has, as numbers, so that all lines share one calendar."""
    found = [n for months in all_months for name in months if (n := month_number(name)) is not None]
    return (max(min(found), max(found) - LONGEST + 1), max(found)) if found else None


def trend(months: Mapping[str, int], span: tuple[int, int] | None) -> Markup | None:
    """Bars of how many conversations began each month, on its own height; None where no month is known."""
    got = {n: count for name, count in months.items() if (n := month_number(name)) is not None and count > 0}
    if span is None:
        return None
    first, last = span
    got = {n: count for n, count in got.items() if first <= n <= last}
    if not got:
        return None
    step = WIDTH / (last - first + 1)
    top = max(got.values())
    wide = max(0.5, min(10.0, step - (1 if step > 2.5 else 0)))
    bars = "".join(
        f"M{(n - first) * step + (step - wide) / 2:.1f} {HEIGHT}v{-max(1.5, (HEIGHT - 1) * count / top):.1f}h{wide:.1f}V{HEIGHT}"
        for n, count in sorted(got.items())
    )
    return Markup(  # noqa: S704 - numbers, and words that are escaped
        f'<svg class="mini" role="img" aria-label="{escape(typeset(trend_words(got, top)))}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}"><path class="over-months" d="{bars}"/>'
        f'<line class="grid" x1="0" x2="{WIDTH}" y1="{HEIGHT - 0.5}" y2="{HEIGHT - 0.5}"/></svg>'
    )


def trend_words(got: Mapping[int, int], top: int) -> str:
    """The months in words: how many, and when most began."""

    def said(month: int) -> str:
        return day(f"{month // 12:04d}-{month % 12 + 1:02d}")

    best = min(n for n, count in got.items() if count == top)
    return f"By month, {said(min(got))} to {said(max(got))}; most in {said(best)}, {number(top)}"
