"""The section on people: how many are affected, how much few carry, the course of one person's conversations."""

from __future__ import annotations

from selfrule.analyses.figures import Figure
from selfrule.analyses.people import People
from selfrule.analyses.people_affected import Affected, Carried, Concentration
from selfrule.report.analyses import saying
from selfrule.report.analyses.people_courses import course_parts, drift_part, survival_part
from selfrule.report.analyses.people_words import chance, interval_of, named, of_them, sure, together
from selfrule.report.charts.curves import Across, Curve, curves_chart
from selfrule.report.charts.rows import Group, Row, rows_chart
from selfrule.report.layout import Body, Key, Part, Section, Table, Td
from selfrule.report.layout import Figure as Laid
from selfrule.report.numbers import at_most, kappa, number, percent, plural, short_percent

NAME = "people"


def section(result: People) -> Section:
    """The section of the page."""
    parts: list[Part] = []
    if result.refused is not None:
        parts.append(Part(paragraphs=[result.refused]))
    if result.affected is not None:
        parts.append(_affected(result, result.affected))
    if result.concentration is not None:
        parts.append(_concentration(result, result.concentration))
    if result.course is not None:
        parts += course_parts(result, result.course)
    if result.models is not None:
        parts.append(drift_part(result, result.models))
    parts += [survival_part(result, one) for one in result.survival]
    if parts and result.refused is None:
        parts.append(Part(paragraphs=[together(result)]))
    return saying.section(result, parts, anchor=NAME, title="People and the course of their conversations")


def _affected(result: People, affected: Affected) -> Part:
    what = named(result)
    of = plural(affected.overall.persons or 0, "person", "people")
    said = [
        f"Of {of} with a rated conversation, {number(affected.overall.events or 0)} have at least one {what}: "
        f"{sure(affected.overall)}. Who has more conversations has more chances of one. On average over people, "
        f"{sure(affected.each)} of a person's conversations are such."
    ]
    if affected.expected.value is not None:
        many = plural(affected.expected.persons or 0, "person", "people")
        said.append(
            f"Made comparable: in {plural(affected.at, 'conversation')} drawn at random from each of the {many} with at least "
            f"so many, {sure(affected.expected)} of them would have at least one."
        )
    rows = [
        [
            Td(one.name),
            Td(_people(one.affected), one.affected.persons),
            Td(saying.share(one.affected), one.affected.value),
            Td(saying.limits(one.affected), one.affected.low),
            Td(saying.share(one.each), one.each.value),
            Td(interval_of(one.each), one.each.low),
        ]
        for one in affected.exposure
    ]
    chart = None
    drawn = [one for one in affected.exposure if one.affected.value is not None]
    if drawn:
        chart = rows_chart(
            [Group("", [_row(one.name, one.affected) for one in drawn])],
            name="people-affected",
            title="Share of people affected, by how many rated conversations they have",
            describe=lambda: "; ".join(f"{one.name}: {of_them(one.affected)}" for one in drawn) + ".",
            kind="linear",
            line_at=affected.overall.value,
        )
    table = Table(
        caption=f"People with at least one {what}, by how many rated conversations they have",
        columns=["Conversations", "People", "Affected", "95 % interval", "Per conversation", "95 % interval"],
        bodies=[Body("", rows)],
        note="Per conversation: the share of a person's conversations, averaged over people. It does not rise with their number "
        "alone.",
    )
    legend = (
        [Key("circle", "flag", "share of these people, with 95 % interval; dashed: of all people")] if chart else []
    )
    return Part(title="People affected", paragraphs=said, figure=Laid(chart=chart, legend=legend, table=table))


def _people(figure: Figure) -> str:
    return "" if figure.value is None else number(figure.persons or 0)


def _row(name: str, figure: Figure) -> Row:
    none = figure.events == 0
    return Row(
        label=name,
        value=None if none else figure.value,
        low=figure.low,
        high=figure.high,
        text=f"none seen; \N{LESS-THAN OR EQUAL TO} {at_most(figure.high or 1)}" if none else saying.share(figure),
        tip=f"{name}: {of_them(figure)}",
        at_most=none,
    )


def _concentration(result: People, found: Concentration) -> Part:
    what = named(result, many=True)
    said = [
        f"{number(found.affected)} of {plural(found.people, 'person', 'people')} carry all {number(found.events)} {what}. "
        "Beside it stands what chance alone would give, were every conversation of everyone equally likely to be one: few "
        "people carry most then too, because few conversations are such and few people have many."
    ]
    if found.gini.value is not None:
        beside = "" if found.gini_chance is None else f"; by chance {kappa(found.gini_chance.value)}"
        limits = "" if found.gini.low is None else f" ({kappa(found.gini.low)} to {kappa(found.gini.high or 1)})"
        said.append(f"The Gini coefficient over people is {kappa(found.gini.value)}{limits}{beside}.")
    rows = [_carried(one, "of all people") for one in found.of_people if one.people]
    rows += [_carried(one, "of the affected") for one in found.of_affected if one.people]
    table = Table(
        caption=f"Share of {what} carried by the people with most of them",
        columns=["People with most", "How many", "Carry", "95 % interval", "By chance"],
        bodies=[Body("", rows)],
        note="By chance: mean and middle 95 % of simulations at one rate for all. No interval below 50 people or above three "
        "quarters of those affected, where none holds.",
    )
    full = min([x for x, y, by in found.curve if min(y, by) > 1 - 1e-9], default=1.0)
    curve = [point for point in found.curve if point[0] <= full]
    chart = None
    if len(curve) > 2:
        step = next(s for s in (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if full / s <= 7 or s == 0.2)
        ticks = [(i * step, short_percent(i * step)) for i in range(int(full / step + 1e-9) + 1)]
        shown = [
            (c.fraction, c.share.value) for c in found.of_people if c.share.value is not None and c.fraction <= full
        ]
        marks = [(x, y, f"{short_percent(x)} of people carry {percent(y)}") for x, y in shown]
        chart = curves_chart(
            [
                Curve(points=[(x, by) for x, _, by in curve], cls="ref"),
                Curve(points=[(x, y) for x, y, _ in curve], marks=marks),
            ],
            Across(0.0, full, ticks, "share of people, those with most first"),
            name="people-carry",
            title=f"How much of the {what} the people with most of them carry",
            up=f"share of {what}",
            describe=lambda: (
                "; ".join(tip for _, _, tip in marks) + ". The dashed line is what chance alone would give."
            ),
        )
    legend = [Key("circle", "flag", "as it is; dashed: by chance, at one rate for all")] if chart else []
    return Part(title="How few carry how much", paragraphs=said, figure=Laid(chart=chart, legend=legend, table=table))


def _carried(one: Carried, of: str) -> list[Td]:
    shown = one.share.value is not None
    return [
        Td(f"{short_percent(one.fraction)} {of}"),
        Td(number(one.people) if shown else "", one.people if shown else None),
        Td(saying.share(one.share), one.share.value),
        Td(interval_of(one.share), one.share.low),
        Td(chance(one.chance), None if one.chance is None else one.chance.value),
    ]
