"""How amplifying factors overlap, laid out: combinations, how many at once, pairs."""

from __future__ import annotations

from selfrule.analyses.factors_records import Combination, Factors, Pair
from selfrule.report.analyses import saying
from selfrule.report.charts.combinations import Together, combinations_chart
from selfrule.report.charts.ratios import Ratio, limits, ratios_chart
from selfrule.report.layout import Body, Figure, Part, Table, Td
from selfrule.report.numbers import number, percent, plural, times
from selfrule.rubric import load

_PAIRS = (
    "Two factors that had nothing to do with each other would be there together in their two shares multiplied. The figure "
    "says how many times as often they are: above 1, one is commoner where the other is. Gamma tells the same over all four "
    "levels, from \N{MINUS SIGN}1 to 1, 0 for unrelated."
)
_SHORT = {"authority_projection": "Authority", "reliance_dependency": "Reliance"}  # where several stand in one cell
_HELD = {"small", "complementary"}


def parts(result: Factors, what: str) -> list[Part]:
    """The parts on overlap; none where fewer than two factors were measured, or nothing may be shown."""
    shown = [c for c in result.combinations if c.of_all.reason not in _HELD]
    made = []
    if shown:
        made.append(_combined(result, shown, what))
    if any(c.of_all.reason not in _HELD for c in result.counts):
        made.append(_counted(result, what, "" if made else "How they overlap"))
    if any(p.both.reason not in _HELD for p in result.pairs):
        made.append(_paired(result))
    return made


def _name(combination: Combination) -> str:
    words = [_short(f) for f in combination.present]
    return "None of them" if not words else " + ".join(w if i == 0 else w.lower() for i, w in enumerate(words))


def _short(factor: str) -> str:
    return _SHORT.get(factor) or load().name(factor)


def _combined(result: Factors, shown: list[Combination], what: str) -> Part:
    name = load().name
    drawn = [c for c in shown if c.present and c.of_all.value]
    none = next((c for c in shown if not c.present), None)
    n = shown[0].of_all.n
    lead = f"Counted as there: moderate or above, in {plural(n, 'conversation')} with all of them rated."
    if none is not None:
        lead += f" {saying.share(none.of_all)} have none, of which {saying.share(none.share)} are {what}."
    held = len(result.combinations) - len(shown)
    rows = [
        [
            Td(_name(c)),
            *(saying.cells(c.of_all)[:2]),
            Td(number(c.of_all.events or 0) if c.of_all.reason not in _HELD else "", c.of_all.events),
            *(saying.cells(c.share)[:2]),
        ]
        for c in result.combinations
    ]
    table = Table(
        caption="Which factors come together",
        columns=["Moderate or above", "Of all", "95 % interval", "Seen", what.capitalize(), "95 % interval"],
        bodies=[Body("", rows)],
        note=f"{plural(held, 'combination')} of few conversations or people withheld." if held else "",
    )
    chart = combinations_chart(
        [name(f) for f in result.measured],
        [
            Together(
                present=[f in c.present for f in result.measured],
                of_all=c.of_all.value or 0.0,
                of_all_text=percent(c.of_all.value or 0.0),
                value=c.share.value,
                low=c.share.low,
                high=c.share.high,
                text=saying.share(c.share),
                tip=f"{_name(c)}: {saying.share(c.of_all)} of all; {saying.share(c.share)} {what} "
                f"({saying.limits(c.share)})",
            )
            for c in drawn
        ],
        words=("of all conversations", what),
        name="factor-overlap",
        title="Which amplifying factors come together",
        description=f"{lead} " + " ".join(f"{_name(c)}: {saying.share(c.of_all)}." for c in drawn[:5]),
    )
    return Part(title="How they overlap", paragraphs=[lead], figure=Figure(chart=chart if drawn else None, table=table))


def _counted(result: Factors, what: str, title: str) -> Part:
    rows = []
    for c in result.counts:
        seen = number(c.of_all.events or 0) if c.of_all.reason not in _HELD else ""
        rows.append(
            [
                Td(str(c.present), c.present),
                *saying.cells(c.of_all)[:2],
                Td(seen, c.of_all.events),
                *saying.cells(c.share)[:2],
            ]
        )
    table = Table(
        caption=f"How many factors are there at once, and how often that is {what}",
        columns=["Factors", "Of all", "95 % interval", "Seen", what.capitalize(), "95 % interval"],
        bodies=[Body("", rows)],
    )
    return Part(title=title, figure=Figure(table=table))


def _label(pair: Pair) -> str:
    return f"{_short(pair.one)} + {_short(pair.other).lower()}"


def _paired(result: Factors) -> Part:
    rows = [
        [
            Td(_label(p)),
            *saying.cells(p.both)[:2],
            Td(number(p.both.events or 0) if p.both.reason not in _HELD else "", p.both.events),
            Td(_often(p), p.times.value),
            Td(limits(p.times.low, p.times.high), p.times.low),
            Td(_gamma(p), p.gamma.value),
        ]
        for p in result.pairs
    ]
    table = Table(
        caption="How often two factors come together",
        columns=["Pair", "Of all", "95 % interval", "Seen", "Times as often", "95 % interval", "Gamma"],
        bodies=[Body("", rows)],
    )
    ratios = [
        Ratio(
            label=_label(p),
            value=p.times.value or None,
            low=p.times.low if p.times.value else None,
            high=p.times.high if p.times.value else None,
            short=_often(p),
            text=f"{_often(p)} ({limits(p.times.low, p.times.high)})" if p.times.low is not None else _often(p),
            tip=f"{_label(p)}: {_often(p)} times as often as if unrelated",
        )
        for p in result.pairs
    ]
    chart = ratios_chart(
        ratios,
        name="factor-pairs",
        title="How many times as often two factors come together as if they were unrelated",
        describe=lambda: " ".join(f"{r.label}: {r.text}." for r in ratios),
        ends=("less often together", "more often together"),
    )
    return Part(title="Two at a time", paragraphs=[_PAIRS], figure=Figure(chart=chart, table=table))


def _often(pair: Pair) -> str:
    if pair.times.value is None:
        return saying.WITHHELD.get(pair.times.reason or "", "no figure")
    return times(pair.times.value, pair.times.low, pair.times.high) if pair.times.value else "never seen"


def _gamma(pair: Pair) -> str:
    figure = pair.gamma
    if figure.value is None:
        return saying.WITHHELD.get(figure.reason or "", "no figure")
    said = _signed(figure.value)
    return (
        said
        if figure.low is None or figure.high is None
        else f"{said} ({_signed(figure.low)} to {_signed(figure.high)})"
    )


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}") if abs(value) >= 0.005 else "0.00"
