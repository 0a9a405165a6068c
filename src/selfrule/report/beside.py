"""The judges of a study beside each other: kappa of every pair, alpha over all, and what to be careful about."""

from __future__ import annotations

from selfrule.report.charts.rows import Group, Row, rows_chart
from selfrule.report.context import ReportContext
from selfrule.report.judging import Pair, Panel
from selfrule.report.layout import Body, Figure, Part, Section, Table, Td
from selfrule.report.numbers import number, plural
from selfrule.report.panels import (
    ORDER,
    SHOWS,
    cautions,
    figure,
    found,
    limits,
    name_of,
    notes,
    short_names,
    unshown,
)
from selfrule.report.words import STATUS_WORDS

MOST_DRAWN = 4  # pairs with the judge whose figures are reported


def panel(context: ReportContext) -> Section | None:
    """How far the judges of this study agree; None where there is one."""
    got = context.panel
    if got is None or len(got.judges) < 2:
        return None
    short = short_names([j.label for j in got.judges])
    mine = context.judge.label
    pairs = sorted(got.pairs, key=lambda p: mine not in (p.first, p.second))
    drawn = [p for p in pairs if mine in (p.first, p.second) and p.constructs][:MOST_DRAWN]
    whose = short.get(mine) or short_names([mine])[mine]
    lead = [f"{plural(len(got.judges), 'judge')} rated this study; the figures above are those of {whose}. {SHOWS}"]
    parts = [Part(paragraphs=lead, figure=_judges(got, short))]
    parts += [_pair(p, short, at, mine, p in drawn, context.k) for at, p in enumerate(pairs)]
    if len(got.judges) > 2:
        parts.append(_together(got))
    careful = cautions(got)
    if careful:
        parts.append(Part(title="To be careful about", items=careful))
    return Section(anchor="panel", title="Agreement between the judges", parts=parts)


def _judges(got: Panel, short: dict[str, str]) -> Figure:
    rows = []
    for judge in got.judges:
        rated = judge.statuses.get("rated", 0)
        rest = "; ".join(f"{STATUS_WORDS.get(s, s)}, {number(n)}" for s, n in judge.statuses.items() if s != "rated")
        rows.append([Td(short[judge.label]), Td(number(rated), rated), Td(rest or "none")])
    table = Table(
        caption="What each judge rated",
        columns=["Judge", "Rated", "Not rated"],
        bodies=[Body("", rows)],
        text_columns=frozenset({0, 2}),
    )
    return Figure(table=table)


def _pair(pair: Pair, short: dict[str, str], at: int, mine: str, draw: bool, k: int) -> Part:
    first, second = short[pair.first], short[pair.second]
    title = f"{first} and {second}"
    rest = notes(pair, short, STATUS_WORDS)
    if not pair.constructs:
        return Part(title=title, paragraphs=[unshown(pair, k), *rest])
    got = [(c, pair.constructs[c]) for c in ORDER if c in pair.constructs]
    rows = [
        Row(
            label=name_of(c),
            value=x.kappa["value"],
            low=x.kappa["low"],
            high=x.kappa["high"],
            text=figure(x.kappa),
            tip=f"{name_of(c)}: kappa {figure(x.kappa)}",
        )
        for c, x in got
    ]
    counted = any(x.found_by_second is not None for _, x in got)
    columns = ["Construct", "Kappa", "95 % interval", "Same level", "Within one level"]
    columns += [f"Found by {second}", f"Found by {first}"] if counted else []
    bodies = [
        [
            Td(name_of(c)),
            Td(figure(x.kappa), x.kappa["value"]),
            Td(limits(x.kappa), x.kappa["low"]),
            Td(figure(x.exact, share=True), x.exact["value"]),
            Td("" if c == "flagged" else figure(x.within_one, share=True), x.within_one["value"]),
            *([Td(found(x.found_by_second)), Td(found(x.found_by_first))] if counted else []),
        ]
        for c, x in got
    ]
    note = (
        "Found: of the conversations that the other judge rated moderate or above (or flagged), how many this one did too."
        if counted
        else ""
    )
    chart = rows_chart(
        [Group("", rows)],
        name=f"panel-{at}",
        title=f"Agreement of {title}, quadratic-weighted kappa",
        describe=lambda: "; ".join(r.tip for r in rows) + ". The table below gives every figure.",
        kind="unit",
        long_labels=True,
    )
    return Part(
        title=title,
        paragraphs=[" ".join([f"On {plural(pair.both, 'conversation')} that both rated.", *rest])],
        figure=Figure(
            chart=chart if draw else None,
            caption="Quadratic-weighted kappa: 0 is what chance would give, 1 is perfect agreement." if draw else "",
            table=Table(caption=f"Agreement of {title}", columns=columns, bodies=[Body("", bodies)], note=note),
            keep_open=draw,
        ),
    )


def _together(got: Panel) -> Part:
    rows = [
        [Td(name_of(c)), Td(figure(a), a["value"]), Td(limits(a), a["low"])]
        for c in ORDER
        if (a := got.alpha.get(c)) is not None
    ]
    table = Table(
        caption=f"Krippendorff's alpha over all {len(got.judges)} judges",
        columns=["Construct", "Alpha", "95 % interval"],
        bodies=[Body("", rows)],
        note="For ordered levels: 0 is what chance would give, 1 is perfect agreement.",
    )
    return Part(title="All judges together", figure=Figure(table=table))
