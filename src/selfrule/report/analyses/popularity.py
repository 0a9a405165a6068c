"""The section on popularity: a domain's share of the traffic against its flagged rate, over periods."""

from __future__ import annotations

from selfrule import rubric
from selfrule.analyses.figures import Figure
from selfrule.analyses.popularity import Domain, Popularity
from selfrule.report.analyses import saying
from selfrule.report.charts.correlations import Correlated, correlations_chart
from selfrule.report.layout import Body, Key, Part, Section, Table, Td
from selfrule.report.layout import Figure as Laid
from selfrule.report.numbers import kappa, plural

NAME = "popularity"


def section(result: Popularity) -> Section:
    """The section of the page."""
    return saying.section(
        result,
        [_part(result)] if result.domains else [],
        anchor=NAME,
        title="Popularity: share of a domain and its rate",
    )


def _part(result: Popularity) -> Part:
    names = rubric.load().domains
    shown = [d for d in result.domains if d.r.value is not None]
    of = f"{plural(len(result.periods), f'complete {result.every}')}, {result.periods[0]} to {result.periods[-1]}"
    theirs = any(d.published is not None for d in shown)
    beside = (
        " The study's r are of its own 14 months, the last of them cut short, and came without an interval."
        if theirs
        else ""
    )
    said = [
        f"Over {of}. An r of 1: flagged most often when most popular; of \N{MINUS SIGN}1: when least; of 0: neither.{beside}"
    ]
    rows = [_row(d, names) for d in shown]
    legend = [
        Key("circle", "flag", f"r over {result.every}s, with 95 % interval where there is one"),
        Key("hollow", "uncorrected", "r over changes from one to the next"),
    ]
    legend += [Key("bar", "published", "the study's r, another population")] if theirs else []
    chart = None
    if shown:
        chart = correlations_chart(
            [_drawn(d, names) for d in shown],
            name=NAME,
            title="Correlation of a domain's share with its flagged rate",
            describe=lambda: (
                f"{plural(len(shown), 'domain')}, the highest r first: "
                + "; ".join(f"{_name(d, names)}, {_r(d.r)}" for d in (shown[0], shown[-1]))
                + ". The table below gives every figure."
            ),
        )
    columns = ["Domain", "r", "95 % interval", "r of changes", "95 % interval", "Ceiling", "Study's r"]
    table = Table(
        caption="Correlation of a domain's share with its flagged rate",
        columns=columns if theirs else columns[:-1],
        bodies=[Body("", rows if theirs else [row[:-1] for row in rows])],
        note="Changes: from one period to the next. Ceiling: the r that sampling noise would leave of a true 1.",
    )
    none: dict[str, list[str]] = {}
    for d in result.domains:
        if d.r.value is None:
            none.setdefault(_r(d.r), []).append(_name(d, names))
    said += [f"No r ({why}): {'; '.join(of)}." for why, of in none.items()]
    return Part(
        paragraphs=said, figure=Laid(chart=chart, legend=legend if chart else [], table=table) if shown else None
    )


def _name(domain: Domain, names: dict[str, str]) -> str:
    return names.get(domain.domain, domain.domain)


def _drawn(domain: Domain, names: dict[str, str]) -> Correlated:
    name = _name(domain, names)
    return Correlated(
        label=name,
        value=domain.r.value,
        low=domain.r.low,
        high=domain.r.high,
        beside=domain.changes.value,
        published=domain.published,
        text=kappa(domain.r.value or 0.0),
        tip=f"{name}: {_r(domain.r)}",
    )


def _r(figure: Figure) -> str:
    if figure.value is None:
        return saying.WITHHELD.get(figure.reason or "", figure.reason or "none")
    limits = _limits(figure)
    return f"{kappa(figure.value)} ({limits})" if limits else f"{kappa(figure.value)}, no interval"


def _limits(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f"{kappa(figure.low)} to {kappa(figure.high)}"


def _row(domain: Domain, names: dict[str, str]) -> list[Td]:
    theirs, ceiling = domain.published, domain.noise_ceiling
    r, changes = domain.r, domain.changes
    return [
        Td(_name(domain, names)),
        Td(_value(r), r.value),
        Td(_limits(r), r.low),
        Td(_value(changes), changes.value),
        Td(_limits(changes), changes.low),
        Td("" if ceiling is None else kappa(ceiling), ceiling),
        Td("" if theirs is None else kappa(theirs), theirs),
    ]


def _value(figure: Figure) -> str:
    return "none" if figure.value is None else kappa(figure.value)
