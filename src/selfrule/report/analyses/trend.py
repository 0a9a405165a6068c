"""The section on shares over time: overall, within the domains of highest share, by domain, model and product."""

from __future__ import annotations

from collections.abc import Sequence

from selfrule import rubric
from selfrule.analyses.figures import Figure
from selfrule.analyses.trend_records import Breakdown, Bridged, By, Change, Series, Trend
from selfrule.report.analyses import saying
from selfrule.report.analyses.trend_words import bridged, changed, found, named, partial, within
from selfrule.report.charts.series import Dot, Panel, Shade, series_chart
from selfrule.report.charts.svg import Chart
from selfrule.report.findings import AT_MOST
from selfrule.report.layout import Body, Key, Part, Section, Table, Td
from selfrule.report.layout import Figure as Laid
from selfrule.report.numbers import day, number, plural, signed, signed_interval, times
from selfrule.report.panels import short_names
from selfrule.report.text import one_line

NAME = "trend"
_HOLLOW = Key("hollow", "hollow", "a partial period")
_PLACE = Key("block", "place", "a change: where it may lie (95 %), and where it likeliest does")
_BY = {"domain": "By domain", "model": "By model", "product": "By product"}


def section(result: Trend) -> Section:
    """The section of the page."""
    parts = [_overall(result)]
    if result.within:
        parts.append(_within(result))
    for one in result.breakdowns:
        parts += _breakdown(result, one)
    if result.bridges:
        parts.append(_bridges(result.bridges))
    title = "Over time" if (result.construct, result.every) == ("flagged", "month") else f"Over time: {named(result)}"
    return saying.section(result, parts, anchor=NAME, title=title)


def _overall(result: Trend) -> Part:
    said = [*partial(result), changed(result.overall, result), found(result.overall, result)]
    table = Table(
        caption=f"Share by {result.every}",
        columns=[
            result.every.capitalize(),
            "Share",
            "95 % interval",
            "Rated",
            "Reach it",
            "Not rated",
            "Interval",
            "Partial",
        ],
        bodies=[Body("", _rows(result, result.overall))],
        text_columns=frozenset({0, 6, 7}),
    )
    return Part(
        paragraphs=[s for s in said if s],
        figure=Laid(
            chart=_chart(result, [result.overall], "all"), legend=_legend(result, [result.overall]), table=table
        ),
    )


def _within(result: Trend) -> Part:
    said = [within(result)]
    for one in result.within:
        what = changed(one, result)
        if what:
            said.append(f"{_label(one)}: {what[0].lower()}{what[1:]}")
    said.append(found(result.within[0], result, brief=True))
    return Part(
        title="Within the domains of highest share",
        paragraphs=[s for s in said if s],
        figure=Laid(
            chart=_chart(result, result.within, "within"),
            legend=_legend(result, result.within),
            table=_points(result, result.within, f"Share by {result.every}, within those domains and outside"),
        ),
    )


def _breakdown(result: Trend, one: Breakdown) -> list[Part]:
    said = []
    if one.left:
        more = f"{number(one.left)} more {one.by}{' is' if one.left == 1 else 's are'}"
        said.append(f"Shown are those with most conversations; {more} in the study.")
    if one.unnamed:
        said.append(
            f"{plural(one.unnamed, one.by).capitalize()} {'is' if one.unnamed == 1 else 'are'} not named: too few conversations "
            "or people in each period."
        )
    if not one.series:
        return [Part(title=_BY[one.by], paragraphs=said)] if said else []
    where = [s for s in one.series if s.changes]
    said += [f"{_label(s, one.by)}: {found(s, result, brief=True)}" for s in where]
    effects = Table(
        caption=f"Change by {one.by}: the last third of the {result.every}s against the first",
        columns=[
            one.by.capitalize(),
            "First third",
            "Last third",
            "Difference",
            "95 % interval",
            "Ratio",
            "95 % interval",
        ],
        bodies=[Body("", [_effect(s, one.by) for s in one.series])],
        note=f"Differences in percentage points. Only whole {result.every}s.",
    )
    chart = Laid(
        chart=_chart(result, one.series, one.by, one.by),
        legend=_legend(result, one.series),
        table=_points(result, one.series, f"Share by {one.by} and {result.every}", one.by),
    )
    return [Part(title=_BY[one.by], paragraphs=said, figure=Laid(table=effects)), Part(figure=chart)]


def _bridges(bridges: Sequence[Bridged]) -> Part:
    short = short_names([*{name: None for one in bridges for name in (one.to, one.of)}])
    rows = [
        [
            Td(short[one.of]),
            Td(short[one.to]),
            Td(number(one.anchors), one.anchors),
            *saying.cells(one.yes),
            *saying.cells(one.no),
        ]
        for one in bridges
    ]
    table = Table(
        caption="How often the one judge says yes where the other says yes, and where it says no",
        columns=["From", "To", "Anchors", "Where yes", "95 % interval", "n", "Where no", "95 % interval", "n"],
        bodies=[Body("", rows)],
        text_columns=frozenset({0, 1}),
    )
    return Part(title="The bridge between judges", paragraphs=[bridged(short[bridges[0].to])], figure=Laid(table=table))


def _label(series: Series, by: By | None = None) -> str:
    """The name of a series for people to read; names in logs are untrusted."""
    known = {
        "highest": "Domains of highest share",
        "rest": "All other conversations",
        "others": "All others and unknown",
    }
    if series.role in known:
        return known[series.role]
    name = one_line(series.name, 60)
    return rubric.load().domains.get(name, "Unknown domain" if name == "unknown" else name) if by == "domain" else name


def _rows(result: Trend, series: Series) -> list[list[Td]]:
    rows = []
    for i, (period, point, kind) in enumerate(zip(result.periods, series.points, series.intervals, strict=True)):
        hidden = point.value is None and point.reason in saying.WITHHELD
        counts = [point.n, point.events or 0, point.missing]
        rows.append(
            [
                Td(day(period.name), i),
                Td(saying.share(point), point.value),
                Td(saying.limits(point), point.low),
                *(Td("" if hidden else number(n), None if hidden else n) for n in counts),
                Td(kind or ""),
                Td(period.partial or ""),
            ]
        )
    return rows


def _points(result: Trend, series: Sequence[Series], caption: str, by: By | None = None) -> Table:
    return Table(
        caption=caption,
        columns=[result.every.capitalize(), "Share", "95 % interval", "Rated", "Reach it", "Not rated", "Interval"],
        bodies=[Body(_label(one, by), [row[:-1] for row in _rows(result, one)]) for one in series],
        text_columns=frozenset({0, 6}),
    )


def _effect(series: Series, by: By) -> list[Td]:
    name = Td(_label(series, by))
    got = series.effect
    if got is None:
        hidden = any(p.reason in saying.WITHHELD for p in series.points)
        return [name, Td("withheld" if hidden else "too few"), *(Td("") for _ in range(5))]
    return [
        name,
        Td(saying.share(got.first), got.first.value),
        Td(saying.share(got.last), got.last.value),
        *_signed(got.difference),
        Td("" if got.ratio.value is None else times(got.ratio.value), got.ratio.value),
        Td("" if got.ratio.low is None else f"{times(got.ratio.low)} to {times(got.ratio.high or 0.0)}", got.ratio.low),
    ]


def _signed(figure: Figure) -> list[Td]:
    if figure.value is None or figure.low is None or figure.high is None:
        return [Td(figure.reason or "no figure"), Td("")]
    text = signed(figure.value, figure.low, figure.high)
    return [Td(text, figure.value), Td(signed_interval(figure.low, figure.high), figure.low)]


def _chart(result: Trend, series: Sequence[Series], name: str, by: By | None = None) -> Chart | None:
    panels = [Panel(_label(s, by) if len(series) > 1 else "", _dots(result, s), _shades(result, s)) for s in series]
    if not any(d.value is not None for p in panels for d in p.dots):
        return None
    names = [period.name for period in result.periods]
    title = f"{named(result)[0].upper()}{named(result)[1:]} by {result.every}"
    shown = [i for i, d in enumerate(panels[0].dots) if d.value is not None]
    ends = ""
    if shown:
        ends = f" First: {panels[0].dots[shown[0]].tip}. Last: {panels[0].dots[shown[-1]].tip}."
    lines = plural(len(panels), "line") if len(panels) > 1 else "One line"
    return series_chart(
        panels,
        names,
        name=f"trend-{name}",
        title=title,
        description=f"{lines} over {plural(len(names), result.every)}.{ends} The table below gives every figure.",
    )


def _dots(result: Trend, series: Series) -> list[Dot]:
    made = []
    for period, point in zip(result.periods, series.points, strict=True):
        if point.value is None:
            made.append(Dot())
            continue
        tip = f"{day(period.name)}: {saying.share(point)} ({saying.limits(point)}) of {number(point.n)}"
        tip += f"; partial, {period.partial}" if period.partial else ""
        none = point.events == 0 and point.value == 0
        made.append(
            Dot(value=point.value, low=point.low, high=point.high, hollow=bool(period.partial), at_most=none, tip=tip)
        )
    return made


def _shades(result: Trend, series: Series) -> list[Shade]:
    place = {period.name: i for i, period in enumerate(result.periods)}

    def tip(one: Change) -> str:
        return f"a change between {day(one.first)} and {day(one.last)}, likeliest from {day(one.at)}"

    return [Shade(place[c.first], place[c.last], place[c.at], tip(c)) for c in series.changes]


def _legend(result: Trend, series: Sequence[Series]) -> list[Key]:
    dots = [d for s in series for d in _dots(result, s)]
    made = [_HOLLOW] if any(d.hollow and not d.at_most for d in dots) else []
    made += [AT_MOST] if any(d.at_most for d in dots) else []
    return made + ([_PLACE] if any(s.changes for s in series) else [])
