"""The section on approval: thumbs of flagged conversations, of each primitive, marker and factor, beside the rest."""

from __future__ import annotations

from collections.abc import Sequence

from selfrule import rubric
from selfrule.analyses.approval import NO_OTHER, NO_THUMB, NONE_SEEN, NOT_RATED, Approval, Group
from selfrule.analyses.approval_strata import APART, FEW
from selfrule.analyses.figures import Figure
from selfrule.report.analyses import saying
from selfrule.report.charts.differences import Difference, Differences, differences_chart
from selfrule.report.layout import Body, Key, Part, Section, Table, Td
from selfrule.report.layout import Figure as Laid
from selfrule.report.numbers import interval, number, percent, plural, signed, signed_interval, times
from selfrule.rubric import FACTORS, FLAGGED_FROM, LEVELS

NAME = "approval"
USUAL = f"{LEVELS[FLAGGED_FROM]}+"
SHORT = {
    NO_THUMB: "no thumb",
    NONE_SEEN: "none seen",
    NOT_RATED: "not rated",
    NO_OTHER: "none",
    FEW: "too few",
    APART: "none alike",
}


def section(result: Approval) -> Section:
    """The section of the page."""
    parts = [_thumbs(result), _differences(result), _odds(result), _given(result)]
    if not result.baseline.n and result.baseline.reason not in saying.WITHHELD:
        parts = [
            Part(
                paragraphs=[
                    "No conversation here that was rated has a thumb. A score or a number of stars is no thumb."
                ]
            )
        ]
    return saying.section(result, parts, anchor=NAME, title="Approval: thumbs up and down")


def name_of(group: Group) -> str:
    """The name of a group for people to read."""
    book = rubric.load()
    if group.construct == "flagged":
        return "Flagged"
    if group.construct.startswith("actualized_"):
        primitive = group.construct.removeprefix("actualized_")
        return f"Actualized: {book.name(primitive).lower().removesuffix(' distortion')}"
    name = book.name(group.construct)
    return name if group.level == USUAL else f"{name}, {group.level}"


def _reason(figure: Figure) -> str:
    """Why there is no figure, in a word or three."""
    reason = figure.reason or "none"
    return saying.WITHHELD.get(reason) or SHORT.get(reason) or reason


def _thumbs(result: Approval) -> Part:
    got, theirs = result.baseline, result.study
    said = []
    if got.value is not None and got.low is not None and got.high is not None:
        said.append(
            f"Of {plural(got.n, 'rated conversation')} with a thumb, {percent(got.value)} have it up "
            f"({interval(got.low, got.high)}): the baseline. {plural(got.missing, 'rated conversation')} "
            f"{'has' if got.missing == 1 else 'have'} none, and what those people thought is not known. In the study "
            f"{percent(theirs.up)} of {number(theirs.n)} thumbs were up; another population."
        )
    rows = [
        [
            Td(name_of(g)),
            Td(_count(g.up), g.up.n),
            *_share(g.up),
            *_share(g.rest),
        ]
        for g in result.groups
    ]
    table = Table(
        caption="Thumbs up in each group and in the rest",
        columns=["Group", "Thumbs", "Up", "95 % interval", "Up in the rest", "95 % interval"],
        bodies=[Body("", rows)],
        note=(
            "Constructs are moderate or severe unless a level is named. The rest: conversations with a thumb that are not in the "
            "group. A conversation may be in several groups."
        ),
    )
    return Part(paragraphs=said, figure=Laid(table=table))


def _differences(result: Approval) -> Part:
    rows = [
        [
            Td(name_of(g)),
            *_difference(g.difference),
            *_difference(g.adjusted),
            Td("" if g.q is None else "< 0.001" if g.q < 0.001 else f"{g.q:.3f}", g.q),
            Td("" if g.published is None else f"{g.published}: {g.verdict or 'withheld'}"),
        ]
        for g in result.groups
    ]
    table = Table(
        caption="Thumbs up in each group less thumbs up in the rest, percentage points",
        columns=["Group", "Difference", "95 % interval", "Adjusted", "95 % interval", "q", "In the study"],
        bodies=[Body("", rows)],
        text_columns=frozenset({0, 6}),
        note=(
            "Adjusted: for domain and length (Mantel and Haenszel). q: false discovery rate at which the difference stands out. "
            "In the study: on which side of its baseline it lay, and whether this does too; it cannot be told where the interval "
            "of the difference holds 0."
        ),
    )
    shown = [g for g in result.groups if g.difference.value is not None]
    chart = None
    if shown:
        chart = differences_chart(
            [
                Differences(heading, [_drawn(g) for g in members])
                for heading, members in (
                    ("", [g for g in shown if g.construct not in FACTORS]),
                    ("Amplifying factors", [g for g in shown if g.construct in FACTORS]),
                )
                if members
            ],
            name=NAME,
            title="Thumbs up in each group less thumbs up in the rest",
            describe=lambda: "; ".join(_said(g) for g in shown) + ". The table below gives every figure.",
            ends=("fewer thumbs up than the rest", "more"),
        )
    legend = [
        Key("circle", "flag", "adjusted for domain and length, with 95 % interval"),
        Key("hollow", "uncorrected", "as it is, not adjusted"),
    ]
    return Part(
        title="More or fewer thumbs up than the rest",
        paragraphs=[f"{_said(g)}." for g in shown if g.construct == "flagged"],
        figure=Laid(chart=chart, legend=legend if chart else [], table=table, keep_open=True),
    )


def _odds(result: Approval) -> Part:
    rows = [[Td(name_of(g)), *_ratio(g.odds_ratio), *_ratio(g.logistic)] for g in result.groups]
    table = Table(
        caption="Odds of a thumb up in each group over those in the rest, adjusted for domain and length",
        columns=["Group", "Mantel-Haenszel", "95 % interval", "Logistic regression", "95 % interval"],
        bodies=[Body("", rows)],
        note="1: the same odds. Where both methods differ, the group's effect differs between domains or lengths.",
    )
    return Part(title="Odds ratios", figure=Laid(table=table, folded=True))


def _given(result: Approval) -> Part:
    rows = [
        [
            Td(name_of(g)),
            Td(_count(g.given), g.given.n),
            Td("" if g.given.reason or g.up.reason in saying.WITHHELD else number(g.up.missing), g.up.missing),
            *_share(g.given),
            _share(g.given_rest)[0],
            *_difference(g.given_difference),
        ]
        for g in result.groups
    ]
    table = Table(
        caption="Conversations with a thumb at all, in each group and in the rest",
        columns=["Group", "All", "No thumb", "With one", "95 % interval", "In the rest", "Difference", "95 % interval"],
        bodies=[Body("", rows)],
        note="Differences in percentage points. Where thumbs are given more or less often, those who give them differ too.",
    )
    return Part(title="Who gave a thumb", figure=Laid(table=table, folded=True))


def _count(figure: Figure) -> str:
    return saying.WITHHELD.get(figure.reason or "") or number(figure.n)


def _share(figure: Figure) -> Sequence[Td]:
    return [
        Td(_reason(figure) if figure.value is None else saying.share(figure), figure.value),
        Td(saying.limits(figure), figure.low),
    ]


def _difference(figure: Figure) -> Sequence[Td]:
    if figure.value is None:
        return [Td(_reason(figure)), Td("")]
    bounded = figure.low is not None and figure.high is not None
    return [
        Td(signed(figure.value, figure.low, figure.high), figure.value),
        Td(signed_interval(figure.low or 0.0, figure.high or 0.0) if bounded else "", figure.low),
    ]


def _ratio(figure: Figure) -> Sequence[Td]:
    if figure.value is None:
        return [Td(_reason(figure)), Td("")]
    if figure.low is None or figure.high is None:
        return [Td(times(figure.value), figure.value), Td("none")]
    return [Td(times(figure.value), figure.value), Td(f"{times(figure.low)} to {times(figure.high)}", figure.low)]


def _drawn(group: Group) -> Difference:
    got = group.adjusted
    text = signed(got.value, got.low, got.high) if got.value is not None else "not adjusted"
    return Difference(
        label=name_of(group),
        value=got.value,
        low=got.low,
        high=got.high,
        beside=group.difference.value,
        text=text,
        tip=_said(group),
    )


def _said(group: Group) -> str:
    """One group in a sentence without its full stop."""
    raw, adjusted = group.difference, group.adjusted
    text = f"{name_of(group)}: {_points(raw)} percentage points against the rest"
    if adjusted.value is not None:
        text += f", {_points(adjusted)} with domain and length alike"
    if group.verdict is not None:
        theirs = f"; the study found it {group.published} its baseline"
        text += theirs + {"cannot tell": ", and this cannot tell", "the other way": ", this goes the other way"}.get(
            group.verdict, ", as here"
        )
    return text


def _points(figure: Figure) -> str:
    if figure.value is None:
        return "no figure"
    text = signed(figure.value, figure.low, figure.high)
    if figure.low is None or figure.high is None:
        return text
    return f"{text} ({signed_interval(figure.low, figure.high)})"
