"""The section on popularity: a domain's share of the traffic against its flagged rate, over periods."""

from __future__ import annotations

from selfrule import rubric
from selfrule.analyses.figures import Figure
from selfrule.analyses.popularity import Domain, Popularity
from selfrule.report.analyses import saying
from selfrule.report.charts.correlations import Correlated, correlations_chart
from selfrule.report.layout import Body, Key, Part, Section, Table, Td
from selfrule.report.layout import Figure as Laid
from selfrule.report.numbers import kappa, number, plural

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
    said = [f"Over {of}. An r of 1: flagged most often when most popular; of -1: when least; of 0: neither.{beside}"]
    rows = [_row(d, names) for d in result.domains]
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
    columns = [
        "Domain",
        "Share",
        "Flagged",
        "r",
        "95 % interval",
        "r of changes",
        "95 % interval",
        "Study's r",
        "Worth",
        "Ceiling",
    ]
    table = Table(
        caption="Correlation of a domain's share with its flagged rate",
        columns=columns if theirs else [c for c in columns if c != "Study's r"],
        bodies=[Body("", rows if theirs else [[*row[:7], *row[8:]] for row in rows])],
        note=(
            f"Worth: how many independent {result.every}s the {result.every}s of a domain are worth. Ceiling: the r that noise "
            "would leave of a true 1."
        ),
    )
    return Part(paragraphs=said, figure=Laid(chart=chart, legend=legend if chart else [], table=table))


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
    def value(figure: Figure) -> list[Td]:
        text = _r(figure) if figure.value is None else kappa(figure.value)
        return [Td(text, figure.value), Td(_limits(figure), figure.low)]

    theirs, worth, ceiling = domain.published, domain.independent, domain.noise_ceiling
    return [
        Td(_name(domain, names)),
        Td(saying.share(domain.share), domain.share.value),
        Td(saying.share(domain.rate), domain.rate.value),
        *value(domain.r),
        *(value(domain.changes) if domain.r.value is not None else [Td(""), Td("")]),
        Td("" if theirs is None else kappa(theirs), theirs),
        Td("" if worth is None else number(round(worth, 1)), worth),
        Td("" if ceiling is None else kappa(ceiling), ceiling),
    ]
