"""The section of a change: from one share to the other step by step, and each group's part in it."""

from __future__ import annotations

import math
import re

from selfrule.analyses.change_records import Change, DimensionPart, GroupPart
from selfrule.analyses.figures import Figure as Got
from selfrule.estimate.cells import ACTUALIZED, FLAGGED
from selfrule.estimate.multiplicity import together
from selfrule.report.analyses import saying
from selfrule.report.charts.waterfall import Level, Step, waterfall_chart
from selfrule.report.layout import Body, Figure, Part, Section, Table, Td
from selfrule.report.numbers import day, number, plural, signed_interval
from selfrule.report.text import one_line
from selfrule.rubric import load

STEPS = {
    "domain": "Mix of domains",
    "length": "Mix of lengths",
    "people": "How much people talk",
    "before": "Who was there before",
    "rate": "Rates in like conversations",
}
TITLES = {
    "domain": "By domain",
    "length": "By length",
    "people": "By how many conversations the person has in that month",
    "before": "By whether the person was there the month before",
}
HEADS = {"domain": "Domain", "length": "Length", "people": "In that month", "before": "The month before"}
DIMENSIONS = {
    "domain": "domains",
    "length": "lengths",
    "people": "how much people talk",
    "before": "who was there the month before",
}
MINUS = "\N{MINUS SIGN}"
NOTHING_SURE = (
    "The intervals of the difference and of both parts hold zero: these conversations do not show that there is any."
)
CANCELLED = "The interval of the difference holds zero, and that of a part does not: parts can cancel each other out."
FEW_WORDS = (
    "Fewer than ten people have such a conversation on one of the sides (or all but a few have): how the difference splits "
    "cannot be told, and no split is shown."
)


def section(result: Change) -> Section:
    """The section: the split as a waterfall, then group by group, then the same people."""
    names = _names(result)
    split = result.difference.value is not None and result.mix.low is not None
    if result.difference.value is None:
        why = saying.WITHHELD.get(result.difference.reason or "", result.difference.reason or "")
        parts = [Part(paragraphs=[f"No figure: {why}."])]
    else:
        parts = [_steps(result, names, split), *(_groups(result, d, names, split) for d in result.dimensions)]
        parts += [_same(result, names)] if result.same is not None else []
    title = (
        "What goes with the change" if result.by == "period" else f"What goes with the difference between {result.by}s"
    )
    return saying.section(result, parts, anchor="change", title=title)


def _names(result: Change) -> tuple[str, str]:
    names = [one_line(name, 80) for name in (result.first, result.second)]
    return (span(names[0]), span(names[1])) if result.by == "period" else (names[0], names[1])


def span(name: str) -> str:
    """A span of months or days in words; anything else as it came.

    >>> span("2026-01..2026-03"), span("2025-12..2026-01"), span("2026-01")
    ('January to March 2026', 'December 2025 to January 2026', 'January 2026')
    """
    first, _, last = name.partition("..")
    if not last or first == last:
        return day(first)
    one, two = day(first), day(last)
    year = one.rsplit(" ", 1)[-1]
    shared = re.fullmatch(r"\d{4}", year) and two.endswith(year)
    return f"{one.removesuffix(f' {year}') if shared else one} to {two}"


def _what(result: Change) -> str:
    """The outcome, as in "the share that is ..."."""
    if result.construct == FLAGGED:
        return "flagged"
    rubric = load()
    if result.construct in ACTUALIZED:
        name = rubric.name(result.construct.removeprefix("actualized_")).lower()
        return f"with actualized {name}"
    level = result.level.replace("moderate+", "moderate or severe").replace("mild+", "mild or above")
    return f"with {level} {rubric.name(result.construct).lower()}"


def points(figure: Got, decimals: int) -> str:
    """A difference in percentage points, or why there is none; all with the same decimals, so that they are seen to sum."""
    if figure.value is None:
        return saying.WITHHELD.get(figure.reason or "", figure.reason or "no figure")
    text = f"{abs(figure.value) * 100:.{decimals}f}"
    return text if not float(text) else f"{'+' if figure.value > 0 else MINUS}{text}"


def _decimals(result: Change) -> int:
    """Decimals of percentage points that leave two figures of the largest step, so that steps are seen to sum."""
    figures = (result.difference, result.mix, result.rate, *(d.part for d in result.dimensions))
    most = max(abs(f.value or 0.0) for f in figures) * 100
    return min(6, max(1, 1 - math.floor(math.log10(most)))) if most > 0 else 1


def limits(figure: Got) -> str:
    """The interval of a difference in percentage points; empty where there is none."""
    return "" if figure.low is None or figure.high is None else signed_interval(figure.low, figure.high)


def _both(figure: Got, decimals: int) -> str:
    said = points(figure, decimals)
    unit = "point" if said.lstrip(f"+{MINUS}") == "1" else "points"
    return f"{said} {unit}" + (f" ({limits(figure)})" if limits(figure) else "")


def _steps(result: Change, names: tuple[str, str], split: bool) -> Part:
    first, second, to = result.first_share, result.second_share, _decimals(result)
    what = _what(result)
    at = (
        ("in " if result.by == "period" else "with ") + names[0],
        ("in " if result.by == "period" else "with ") + names[1],
    )
    said = (
        f"The share {what} is {_share(first)} {at[0]} and {_share(second)} {at[1]}: a difference of "
        f"{_points(result.difference, to)}."
    )
    paragraphs = [said]
    if split:
        paragraphs.append(
            f"Of it, {_both(result.mix, to)} goes with a different mix of {_list(result)}, and {_both(result.rate, to)} with "
            "different rates in conversations that are alike in these."
        )
        if _holds_zero(result.difference):
            paragraphs.append(NOTHING_SURE if _holds_zero(result.mix) and _holds_zero(result.rate) else CANCELLED)
    elif result.dimensions:
        paragraphs.append(FEW_WORDS)
    if result.undated is None or result.undated:
        some = "Some conversations have" if result.undated is None else f"{plural(result.undated, 'conversation')} "
        some += "" if result.undated is None else "has" if result.undated == 1 else "have"
        paragraphs.append(f"{some} no time and {'is' if result.undated == 1 else 'are'} on neither side.")
    for name, why in result.left_out.items():
        paragraphs.append(f"Left out of the split, {DIMENSIONS[name]}: {why}.")
    steps = [(STEPS[d.name], d.part) for d in result.dimensions] + [(STEPS["rate"], result.rate)] if split else []
    heads = ["", "Share or step", "95 % interval", "Conversations"]
    ends = [[Td(name), *saying.cells(f)] for name, f in zip(names, (first, second), strict=True)]
    middle = [[Td(label), Td(f"{points(f, to)} points", f.value), Td(limits(f), f.low), Td("")] for label, f in steps]
    total = [Td("Difference"), Td(f"{points(result.difference, to)} points"), Td(limits(result.difference)), Td("")]
    table = Table(
        caption=f"From one share {what} to the other",
        columns=heads,
        bodies=[Body("", [ends[0], *middle, ends[1], total])],
        note="Steps are in percentage points and sum to the difference." if split else "",
    )
    chart = None
    if split and first.value is not None and second.value is not None:
        chart = waterfall_chart(
            _level(names[0], first),
            [_step(label, f, to) for label, f in steps],
            _level(names[1], second),
            name="change",
            title=f"Share {what}: from {names[0]} to {names[1]}",
            describe=lambda: (
                f"{said} {'. '.join(f'{label}: {_both(f, to)}' for label, f in steps)}. The table gives every figure."
            ),
        )
    caption = "Bars point right where a step adds to the share, left where it takes from it. Lines are 95 % intervals."
    return Part(
        paragraphs=paragraphs, figure=Figure(chart=chart, caption=caption if chart else "", table=table, keep_open=True)
    )


def _holds_zero(figure: Got) -> bool:
    return figure.low is not None and figure.high is not None and figure.low <= 0 <= figure.high


def _share(figure: Got) -> str:
    said = saying.limits(figure)
    return saying.share(figure) + (f" ({said})" if said else "")


def _points(figure: Got, to: int) -> str:
    return _both(figure, to) + ("" if figure.low is not None else ", without an interval")


def _list(result: Change) -> str:
    said = [DIMENSIONS[d.name] for d in result.dimensions]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _level(name: str, figure: Got) -> Level:
    return Level(label=name, value=figure.value or 0.0, low=figure.low, high=figure.high, text=saying.share(figure),
                 tip=f"{name}: {_share(figure)} of {number(figure.n)} conversations")  # fmt: skip


def _step(label: str, figure: Got, to: int) -> Step:
    return Step(label=label, value=figure.value or 0.0, low=figure.low, high=figure.high, text=points(figure, to),
                tip=f"{label}: {_both(figure, to)}")  # fmt: skip


def _groups(result: Change, dimension: DimensionPart, names: tuple[str, str], split: bool) -> Part:
    domains, to = load().domains, _decimals(result)
    short = ("first", "second") if max(map(len, names)) > 16 else names
    columns = [
        HEADS[dimension.name],
        f"Of all, {short[0]}",
        f"Of all, {short[1]}",
        f"Rate, {short[0]}",
        f"Rate, {short[1]}",
    ]
    columns += ["Mix", "95 %", "Rates", "95 %"] if split else []
    rows = []
    groups = dimension.groups
    if dimension.name == "domain":
        groups = sorted(
            groups, key=lambda g: (g.name.startswith("other "), -abs((g.mix.value or 0) + (g.rate.value or 0)))
        )
    for group in groups:
        shown = domains.get(group.name, one_line(group.name, 60)) if dimension.name == "domain" else group.name
        rows.append([Td(shown[:1].upper() + shown[1:]), *_row(group, split, to)])
    sums = [
        Td("All"),
        Td("100 %"),
        Td("100 %"),
        *(Td(saying.share(f), f.value) for f in (result.first_share, result.second_share)),
    ]
    if split:
        sums += [
            cell for f in (dimension.part, result.rate) for cell in (Td(points(f, to), f.value), Td(limits(f), f.low))
        ]
    figures = sum(f.low is not None for g in groups for f in (g.mix, g.rate))
    note = "Mix and rates in percentage points. " + together(figures) if split and figures else ""
    table = Table(
        caption=f"{TITLES[dimension.name]}: share of conversations, share {_what(result)}, and part in the difference",
        columns=columns,
        bodies=[Body("", [*rows, sums])],
        note=note,
    )
    said = []
    if dimension.name == "domain":
        said.append(
            f"How much of the conversations each group is, and its share {_what(result)}: first {names[0]}, second {names[1]}. "
            "Mix is what goes with the group's share of conversations being another (a group that grows and has less than the "
            "usual rate counts down), rates what goes with its rate being another in like conversations."
        )
    folded = dimension.name != "domain"
    return Part(title=TITLES[dimension.name], paragraphs=said, figure=Figure(table=table, folded=folded))


def _row(group: GroupPart, split: bool, to: int) -> list[Td]:
    row = [Td(saying.share(f), f.value) for f in (group.first_traffic, group.second_traffic)]
    row += [Td(saying.share(f), f.value) for f in (group.first_rate, group.second_rate)]
    if split:
        row += [
            cell
            for f in (group.mix, group.rate)
            for cell in (Td(points(f, to), f.value), Td(limits(f) or "too few", f.low))
        ]
    return row


def _same(result: Change, names: tuple[str, str]) -> Part:
    same = result.same
    assert same is not None
    to = _decimals(result)
    people = number(same.first.persons or 0)
    who = (
        "in both periods"
        if result.by == "period"
        else f"on both {result.by}s"
        if result.by != "group"
        else "on both sides"
    )
    said = [
        f"{people} people have conversations {who}: they hold {saying.share(same.first_traffic)} of the first and "
        f"{saying.share(same.second_traffic)} of the second. Their share {_what(result)} is {_share(same.first)} and "
        f"{_share(same.second)}."
    ]
    if same.within.low is not None:
        said.append(
            f"That is a difference of {_both(same.difference, to)}: {_both(same.within, to)} within the same people, whose own "
            f"rates differ, and {_both(same.between, to)} between them, as some talk more and others less. This stands beside "
            "the split above and is no part of it."
        )
    else:
        said.append(
            "Too few of them have such a conversation to say how much of the difference is within the same people."
        )
    return Part(title="Within the same people", paragraphs=said)
