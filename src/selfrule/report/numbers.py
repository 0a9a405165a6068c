"""Numbers as people read them: sensible digits, "1 in N", intervals, thousands separators.

Everything returns plain text with ordinary spaces and hyphens; `typeset` gives the same text the spaces and dashes of
print.
"""

from __future__ import annotations

import math
import re
from datetime import date


def number(value: float) -> str:
    """A count with thousands separators; weighted counts keep one decimal.

    >>> number(1499397), number(2.5), number(7.0)
    ('1,499,397', '2.5', '7')
    """
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:,.1f}"


def _decimals(value: float, figures: int) -> int:
    """Decimals that leave `figures` significant figures of a positive value."""
    return max(0, figures - 1 - math.floor(math.log10(value)))


def percent(share: float, decimals: int = 1) -> str:
    """A share in [0, 1] as a percentage with `decimals`, but never fewer than two significant figures below 10 %.

    >>> [percent(x) for x in (0.00076, 0.0217, 0.1234, 0.99999, 1.0)]
    ['0.076 %', '2.2 %', '12.3 %', '> 99.9 %', '100 %']
    """
    value = share * 100
    if value <= 0:
        return "0 %"
    if value < 1e-6:
        return "< 0.000001 %"
    if value >= 100:
        return "100 %"
    if value >= 99.95:
        return "> 99.9 %"
    return f"{value:.{max(decimals, _decimals(value, 2))}f} %"


def short_percent(share: float) -> str:
    """A percentage without trailing zeros, for axes.

    >>> short_percent(0.05), short_percent(0.0001)
    ('5 %', '0.01 %')
    """
    value = share * 100
    if value <= 0:
        return "0 %"
    text = f"{value:.{_decimals(value, 2)}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def interval_decimals(low: float, high: float) -> int:
    """The decimals of a percentage that an interval's width supports: one figure of it, two where the first is a 1."""
    width = (min(1.0, high) - max(0.0, low)) * 100
    if width <= 0:
        return min(8, _decimals(high * 100, 2)) if high > 0 else 1
    order = math.floor(math.log10(width))
    return min(8, max(0, -order + (1 if width / 10**order < 2 else 0)))


def interval(low: float, high: float) -> str:
    """An interval of shares in [0, 1], as fine as its width supports.

    >>> interval(0.0003, 0.002), interval(0.014, 0.167), interval(0.121, 0.125), interval(0.0, 0.088)
    ('0.03-0.20 %', '1.4-17 %', '12.1-12.5 %', '0-9 %')
    """
    bottom, top = max(0.0, low) * 100, min(1.0, high) * 100
    decimals = interval_decimals(low, high)
    finer = decimals
    if bottom > 0 and abs(round(bottom, decimals) - bottom) > 0.1 * bottom:
        finer = max(decimals, _decimals(bottom, 2))  # too coarse for a limit so much nearer to zero
    return f"{_limit(bottom, finer)}-{_limit(top, decimals)} %"


def _limit(value: float, decimals: int) -> str:
    """A limit in percent; one below 100 is never rounded up to it, one that is nothing is a plain 0."""
    text = f"{value:.{min(8, decimals)}f}"
    while value < 100 <= float(text) and decimals < 8:
        decimals += 1
        text = f"{value:.{decimals}f}"
    return "0" if float(text) == 0 else "100" if float(text) >= 100 else text


def one_in(share: float) -> str:
    """A share as "1 in N", N to two significant figures.

    >>> one_in(0.00076), one_in(0.0217), one_in(0.4), one_in(0.7)
    ('1 in 1,300', '1 in 46', '1 in 2.5', 'over 1 in 2')
    """
    if share <= 0:
        return ""
    if share > 0.5:
        return "over 1 in 2"
    n = 1 / share
    step = 10 ** (math.floor(math.log10(n)) - 1)
    rounded = round(n / step) * step
    return f"1 in {rounded:,.0f}" if rounded >= 10 or float(round(rounded, 1)).is_integer() else f"1 in {rounded:.1f}"


def at_most(high: float) -> str:
    """The upper limit of a share of which nothing was seen, rounded up so that it stays a limit.

    >>> at_most(0.0881), at_most(2.56e-6)
    ('8.9 %', '0.00026 %')
    """
    value = min(1.0, high) * 100
    if value <= 0:
        return "0 %"
    if value >= 100:
        return "100 %"
    decimals = min(8, _decimals(value, 2))
    scale = 10**decimals
    return f"{math.ceil(round(value * scale, 6)) / scale:.{decimals}f} %"


def signed(difference: float, low: float | None = None, high: float | None = None, *, trim: bool = False) -> str:
    """A difference of shares in percentage points with its sign, as fine as its interval's width supports.

    >>> signed(0.0123), signed(0.00042), signed(0.021, -0.01, 0.05), signed(0.05, trim=True), signed(0.0)
    ('+1.2', '+0.042', '+2.1', '+5', '0')
    """
    value = difference * 100
    size = abs(value)
    if size < 1e-6:
        return "0"
    decimals = min(8, _decimals(size, 2))
    if low is not None and high is not None and high > low:
        decimals = _difference_decimals(low, high)
    text = f"{size:.{decimals}f}"
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    sign = "+" if value > 0 else "\N{MINUS SIGN}"
    return f"{sign}{text}" if float(text) else "0"


def signed_interval(low: float, high: float) -> str:
    """An interval of a difference of shares, in percentage points; a limit that is not zero is never rounded to it.

    >>> signed_interval(0.0042, 0.0291), signed_interval(0.0001, 0.05)
    ('+0.4 to +2.9', '+0.010 to +5.0')
    """
    limits = [signed(v, low, high) for v in (low, high)]
    bottom, top = (signed(v) if text == "0" else text for v, text in zip((low, high), limits, strict=True))
    return f"{bottom} to {top}"


def _difference_decimals(low: float, high: float) -> int:
    """One figure of an interval's width in percentage points, two where its first is a 1."""
    width = (high - low) * 100
    order = math.floor(math.log10(width))
    return min(8, max(0, -order + (1 if width / 10**order < 2 or order >= 0 else 0)))


def times(ratio: float, low: float | None = None, high: float | None = None) -> str:
    """How many times as often, or as large: two significant figures, or as fine as its interval's width supports.

    >>> times(12.34), times(2.345), times(0.834), times(0.012), times(0.0), times(4321.0), times(1.002, 0.95, 1.06)
    ('12', '2.3', '0.83', '0.012', '0', '> 1,000', '1.00')
    """
    if ratio > 1000:
        return "> 1,000"
    if ratio < 0.001:
        return "0" if ratio <= 0 else "< 0.001"
    decimals = _decimals(ratio, 2)
    if low is not None and high is not None and high > low:
        decimals = max(decimals, min(interval_decimals(0.0, (high - low) / 100), 4))
    return f"{ratio:.{decimals}f}"


def kappa(value: float) -> str:
    """An agreement coefficient with two decimals and a true minus sign."""
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day(iso: str) -> str:
    """An ISO date or month in words; anything else as it came.

    >>> day("2025-12-12"), day("2025-12"), day("soon")
    ('12 December 2025', 'December 2025', 'soon')
    """
    try:
        if re.fullmatch(r"\d{4}-\d{2}", iso):
            got = date.fromisoformat(f"{iso}-01")
            return f"{_MONTHS[got.month - 1]} {got.year}"
        got = date.fromisoformat(iso[:10])
    except ValueError:
        return iso
    return f"{got.day} {_MONTHS[got.month - 1]} {got.year}"


def plural(count: float, one: str, many: str | None = None) -> str:
    """A count with its noun: "1 conversation", "1,204 conversations"."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


_RANGE = re.compile(r"(?<=\d)-(?=\d[\d.]*\s%)")


def typeset(text: str) -> str:
    """Text with the spaces and dashes of print: narrow no-break spaces before %, en dashes in percent ranges."""
    text = _RANGE.sub("\N{EN DASH}", text)
    text = re.sub(r"(?<=\d) %", "\N{NARROW NO-BREAK SPACE}%", text)
    return re.sub(r"\b1 in (?=[\dN])", "1\N{NO-BREAK SPACE}in\N{NO-BREAK SPACE}", text)
