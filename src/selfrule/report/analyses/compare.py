"""The section on comparison: models, products, languages or studies side by side, and how far apart each two are."""

from __future__ import annotations

from collections.abc import Iterator

from selfrule.analyses.compare_records import Compare, Difference, Pair
from selfrule.analyses.figures import Figure
from selfrule.report.analyses import saying
from selfrule.report.charts.differences import Difference as Drawn
from selfrule.report.charts.differences import Differences, differences_chart
from selfrule.report.layout import Body, Key, Part, Section, Table, Td
from selfrule.report.layout import Figure as Laid
from selfrule.report.numbers import number, percent, plural, signed, signed_interval
from selfrule.report.text import one_line

EVERY = 4
"""Groups up to which every outcome is in the page; of more, the first outcome alone."""

MOST_DRAWN, MOST_NAMED = 24, 5
PLUS = "+ is that level or above."
ALIKE = {"weighted": "weighted", "matched": "matched", "paired": "paired"}
_TITLES = {"model": "Models compared", "product": "Products compared", "language": "Languages compared"}


def section(result: Compare) -> Section:
    """The section of the page."""
    title = _TITLES.get(result.by, "Studies compared")
    parts = [_before(result)]
    if not result.pairs:
        few = "withheld or too small" if result.withheld else "too small"
        parts.append(Part(paragraphs=[f"There are no two groups to compare: all but one, or all, are {few}."]))
    parts += [part for part in (_sides(result), _differences(result), _support(result)) if part]
    return saying.section(result, parts, anchor="compare", title=title)


def _before(result: Compare) -> Part:
    """What is not compared, and who is in several groups."""
    items = []
    if result.unknown:
        items.append(f"Not compared: {plural(result.unknown, 'conversation')} of no known {result.by}.")
    if result.left_out:
        few, of = plural(len(result.left_out), "group"), plural(sum(result.left_out), "conversation")
        items.append(f"Not compared: {few} of too few conversations each, or beyond the largest thirty; {of} in all.")
    if result.shared:
        items.append(
            f"{plural(result.shared, 'person has', 'people have')} conversations in more than one group; intervals allow for it."
        )
    return Part(items=items)


def _shown(result: Compare) -> slice:
    return slice(None) if len(result.sides) <= EVERY else slice(1)


def _left(result: Compare) -> str:
    outcomes = len(result.sides[0].shares) if result.sides else 0
    if len(result.sides) <= EVERY or outcomes < 2:
        return ""
    return "Of so many groups one outcome is shown: --construct and --level name another, and JSON holds all."


def _sides(result: Compare) -> Part | None:
    if not result.sides:
        return None
    outcomes = [
        (saying.outcome(reached.construct, reached.level), [side.shares[at].share for side in result.sides])
        for at, reached in enumerate(result.sides[0].shares[_shown(result)])
    ]
    seen = [outcome for at, outcome in enumerate(outcomes) if not at or any(figure.events for figure in outcome[1])]
    unseen = len(outcomes) - len(seen)
    note = [PLUS] if len(seen) > 1 else []
    note += (
        [f"{plural(unseen, 'outcome')} that none reaches {'is' if unseen == 1 else 'are'} left out."] if unseen else []
    )
    names = [_name(side.name) for side in result.sides]
    if len(names) <= EVERY:
        columns = ["Outcome", *names]
        bodies = [Body("", [[Td(name), *(_cell(figure) for figure in figures)] for name, figures in seen])]
        rated = "; ".join(
            f"{name}, {number(side.conversations)}" for name, side in zip(names, result.sides, strict=True)
        )
        note = [f"Conversations: {rated}.", *note]
    else:
        columns = [result.by.capitalize(), "Share", "95 % interval", "Seen", "Rated"]
        rows = [[Td(name), *_cells(figure)] for name, figure in zip(names, seen[0][1], strict=True)]
        bodies = [Body(seen[0][0], rows)]
        note.append(_left(result))
    table = Table(
        caption="Shares of each group, as they are, with 95 % intervals",
        columns=columns,
        bodies=bodies,
        note=" ".join(one for one in note if one),
    )
    return Part(title="Side by side", figure=Laid(table=table))


def _cell(figure: Figure) -> Td:
    limits = saying.limits(figure)
    if limits and not figure.events:
        return Td(f"none ({limits})", figure.value)
    return Td(f"{saying.share(figure)} ({limits})" if limits else saying.share(figure), figure.value)


def _cells(figure: Figure) -> list[Td]:
    return [
        Td(saying.share(figure), figure.value),
        Td(saying.limits(figure), figure.low),
        Td("" if figure.events is None else number(figure.events), figure.events),
        Td(number(figure.n), figure.n),
    ]


def _differences(result: Compare) -> Part | None:
    if not result.pairs:
        return None
    alike, single = ALIKE[result.how], len(result.pairs) == 1
    if single:
        rows = [[Td(name), *_shares(d), *_row(d)] for name, [(_, d)] in _by_outcome(result)]
        bodies = [Body("", rows)]
    else:
        bodies = [
            Body(name, [[Td(_names(result, pair, "less")), *_row(d)] for pair, d in rows])
            for name, rows in _by_outcome(result)
        ]
    first, second = _name(result.pairs[0].first), _name(result.pairs[0].second)
    said_of = f"{first} (first) less {second} (second)" if single else "differences"
    if result.reference is not None and not single:
        said_of = f"each less {_name(result.reference)}"
    columns = ["Outcome", "First", "Second"] if single else ["Groups"]
    columns += ["As they are", "95 % interval", alike.capitalize(), "95 % interval", "Clear"]
    table = Table(
        caption=f"How far apart, in percentage points: {said_of}",
        columns=columns,
        bodies=bodies,
        text_columns=frozenset({0, len(columns) - 1}),
        note=(
            f"{f'First and second: shares, {alike}. ' if single else ''}Clear: still apart after adjustment for the number of "
            "differences."
        ),
    )
    said = _found(result)
    chart = differences_chart(
        _drawn(result),
        name="compare",
        title=f"Differences between groups, {alike}",
        describe=lambda: f"{said} The table below gives every figure.",
    )
    legend = [Key("circle", "flag", f"{alike}, with its interval"), Key("hollow", "uncorrected", "as they are")]
    return Part(
        title="How far apart",
        paragraphs=[said],
        items=_clearest(result),
        figure=Laid(chart=chart, legend=legend, caption=f"Percentage points: {said_of}.", table=table),
    )


def _by_outcome(result: Compare) -> Iterator[tuple[str, list[tuple[Pair, Difference]]]]:
    """Each outcome with its difference in every pair; those of which nothing was seen are left out, but for the first."""
    for at, d in enumerate(result.pairs[0].differences[_shown(result)]):
        rows = [(pair, pair.differences[at]) for pair in result.pairs]
        if at == 0 or any(one.plain.events for _, one in rows):
            yield saying.outcome(d.construct, d.level), rows


def _shares(d: Difference) -> list[Td]:
    return [Td("" if one.value is None else saying.share(one), one.value) for one in (d.first, d.second)]


def _row(d: Difference) -> list[Td]:
    clear = "yes" if d.stands_out else "" if d.adjusted is None else "no"
    return [*_difference(d.plain), *_difference(d.alike), Td(clear)]


def _difference(figure: Figure) -> list[Td]:
    if figure.value is None:
        return [Td(_reason(figure)), Td("")]
    low, high = figure.low, figure.high
    limits = "" if low is None or high is None else signed_interval(low, high)
    return [Td(signed(figure.value, low, high), figure.value), Td(limits, low)]


def _reason(figure: Figure) -> str:
    return saying.WITHHELD.get(figure.reason or "", "none alike" if "like" in (figure.reason or "") else "not rated")


def _drawn(result: Compare) -> list[Differences]:
    groups: list[Differences] = []
    drawn = 0
    single = len(result.pairs) == 1
    for name, rows in _by_outcome(result):
        made = [_dot(name if single else _names(result, p, "less"), name, p, d) for p, d in rows]
        if groups and not single and drawn + len(made) > MOST_DRAWN:
            break
        drawn += len(made)
        groups.append(Differences("" if single else name, made[:40]))
    if single:
        return [Differences("", [row for group in groups for row in group.rows])]
    return groups


def _dot(label: str, outcome: str, pair: Pair, d: Difference) -> Drawn:
    tip = f"{outcome}, {_name(pair.first)} less {_name(pair.second)}"
    if d.alike.value is None:
        return Drawn(label=label, beside=d.plain.value, text=_reason(d.alike), tip=tip)
    low, high = d.alike.low, d.alike.high
    limits = "" if low is None or high is None else f" ({signed_interval(low, high)})"
    return Drawn(
        label=label,
        value=d.alike.value,
        low=low,
        high=high,
        beside=d.plain.value,
        text=signed(d.alike.value, low, high),
        tip=f"{tip}: {signed(d.alike.value, low, high)}{limits}",
    )


def _found(result: Compare) -> str:
    """In one sentence how many differences stand out."""
    tested = [d for pair in result.pairs for d in pair.differences if d.adjusted is not None]
    clear = sum(d.stands_out for d in tested)
    if not tested:
        return "Nothing was seen that could differ."
    how = f"Of {plural(len(tested), 'difference')} between groups made alike"
    if not clear:
        return f"{how} none is clear; the intervals say how large one could be."
    return (
        f"{how} {clear} {'is' if clear == 1 else 'are'} clear. Where none is, the interval says how large one could be."
    )


def _clearest(result: Compare) -> list[str]:
    """The largest differences that stand out, a line each."""
    found = [(p, d) for p in result.pairs for d in p.differences if d.stands_out and d.alike.value is not None]
    found.sort(key=lambda one: -abs(one[1].alike.value or 0.0))
    said = []
    for pair, d in found[:MOST_NAMED]:
        low, high = d.alike.low or 0.0, d.alike.high or 0.0
        said.append(
            f"{saying.outcome(d.construct, d.level)}: {_name(pair.first)} {signed(d.alike.value or 0.0, low, high)} points from "
            f"{_name(pair.second)} ({signed_interval(low, high)})."
        )
    if len(found) > MOST_NAMED:
        said.append(f"{len(found) - MOST_NAMED:,} more are in the table.")
    return said


def _support(result: Compare) -> Part | None:
    if not result.pairs:
        return None
    rows = [
        [
            Td(_names(result, p, "and")),
            Td(percent(p.kept_first), p.kept_first),
            Td(percent(p.kept_second), p.kept_second),
            Td(f"{p.effective_first:,.0f}", p.effective_first),
            Td(f"{p.effective_second:,.0f}", p.effective_second),
            Td(number(p.strata), p.strata),
        ]
        for p in result.pairs
    ]
    table = Table(
        caption="What was made alike" + (f", with {_name(result.reference)} (second)" if result.reference else ""),
        columns=[
            "Groups",
            *("First kept", "Second kept", "First worth", "Second worth"),
            "Openings" if result.how == "paired" else "Strata",
        ],
        bodies=[Body("", rows)],
        note=(
            "Kept: the share of a group that has a like in the other. Worth: so many conversations of equal weight; the further "
            "apart the groups' mixes, the fewer."
        ),
    )
    return Part(figure=Laid(table=table))


def _names(result: Compare, pair: Pair, word: str) -> str:
    """Both groups; the first alone where all are compared with one."""
    if result.reference is not None and len(result.pairs) > 1:
        return _name(pair.first)
    return f"{_name(pair.first)} {word} {_name(pair.second)}"


def _name(name: str) -> str:
    return one_line(name, 60)
