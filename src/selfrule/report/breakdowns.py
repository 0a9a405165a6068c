"""Figures by what the logs say about a conversation: model, product, month, language."""

from __future__ import annotations

from selfrule.report.cells import Cell, Cells
from selfrule.report.charts.months import month_number, months_chart
from selfrule.report.charts.rows import Group, row_of, rows_chart
from selfrule.report.findings import AT_MOST, OVERALL, figures
from selfrule.report.layout import Body, Figure, Part, Section, Table, Td
from selfrule.report.numbers import day, number, plural
from selfrule.report.text import one_line

MOST_DRAWN, MOST_LISTED = 40, 200

LANGUAGES = {
    "ar": "Arabic", "bn": "Bengali", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


def _language(code: str) -> str:
    return LANGUAGES.get(code.lower()) or one_line(code)


def _withheld(count: int, noun: str, k: int) -> str:
    if count == 1:
        return f"One more {noun} is not shown: it has fewer than {k} conversations or people."
    return (
        f"{number(count)} more {noun}s are not shown: each has fewer than {k} conversations or people, or would "
        "give away by subtraction one that has."
    )


def _names(key: str, cells: Cells) -> tuple[list[tuple[str, Cell]], int]:
    """Values that may be named, most conversations first, and how many may not: a rare name can point to a person."""
    got = [(one_line(v) if key != "language" else _language(v), cells.flagged({key: v})) for v in cells.values(key)]
    shown = [(name, c) for name, c in got if c.state not in {"suppressed", "absent"}]
    shown.sort(key=lambda e: (-(e[1].n + e[1].missing), e[0]))
    return shown, len(got) - len(shown)


def _part(key: str, noun: str, cells: Cells, title: str) -> Part | None:
    shown, hidden = _names(key, cells)
    if not shown and not hidden:
        return None
    overall = cells.flagged()
    rows = [
        [Td(name), Td(number(c.n), c.n), Td(number(c.missing), c.missing), *figures(c)] for name, c in shown
    ][:MOST_LISTED]  # fmt: skip
    said = []
    if len(shown) > MOST_LISTED:
        left = plural(len(shown) - MOST_LISTED, noun)
        said.append(f"The table holds the {MOST_LISTED} {noun}s with most conversations; {left} more are in the study.")
    if hidden:
        said.append(_withheld(hidden, noun, cells.k))
    drawn = [(name, c) for name, c in shown if c.shown][:MOST_DRAWN]
    chart = None  # one row alone is no comparison
    if len(drawn) > 1:
        chart = rows_chart(
            [Group("", [row_of(c, name, name) for name, c in drawn])],
            name=key,
            title=f"Share flagged by {noun}",
            describe=lambda: (
                f"{plural(len(drawn), noun)}, the one with most conversations first: {drawn[0][0]}, "
                f"{drawn[0][1].sentence}. The table below gives every figure."
            ),
            kind="linear",
            long_labels=True,
            line_at=overall.share if overall.state == "seen" else None,
        )
    legend = [OVERALL] if overall.state == "seen" else []
    legend += [AT_MOST] if any(c.state == "none_seen" for _, c in drawn) else []
    table = Table(
        caption=f"Share flagged by {noun}",
        columns=[noun.capitalize(), "Rated", "Not rated", "Flagged", "95 % interval", "1 in N", "Seen"],
        bodies=[Body("", rows)],
    )
    return Part(
        title=title,
        paragraphs=said,
        figure=Figure(chart=chart, legend=legend if chart else [], table=table if rows else None),
    )


def models(cells: Cells) -> Section | None:
    """By model and by product, as the logs name them."""
    parts = [_part("model", "model", cells, ""), _part("product", "product", cells, "By product")]
    got = [p for p in parts if p]
    if not got:
        return None
    lead = (
        "Names are as the logs give them. Models differ in who uses them and for what, so a difference here is not "
        "one between the models themselves."
    )
    return Section(anchor="models", title="By model", parts=[Part(paragraphs=[lead]), *got])


def languages(cells: Cells, unsupported: int) -> Section | None:
    """By language, with what could not be rated for its language."""
    part = _part("language", "language", cells, "")
    if part is None and not unsupported:
        return None
    lead = []
    if unsupported:
        lead = [
            f"Not rated, for the judge does not know the language: {plural(unsupported, 'conversation')}, counted as "
            "missing rather than as none."
        ]
    return Section(anchor="languages", title="By language", parts=[Part(paragraphs=lead), *([part] if part else [])])


def months(cells: Cells) -> Section | None:
    """By calendar month of the conversation's start."""
    got = sorted((m, cells.flagged({"month": m})) for m in cells.values("month") if month_number(m) is not None)
    if not got:
        return None
    rows = [[Td(day(m), month_number(m)), *figures(c)] for m, c in got]
    return Section(
        anchor="months",
        title="By month",
        parts=[
            Part(
                paragraphs=[
                    "Conversations whose log gives a time, by the month in which they began. A month without a dot "
                    "has no figure, or one that is withheld.",
                ],
                figure=Figure(
                    chart=months_chart(got),
                    legend=[AT_MOST] if any(c.state == "none_seen" for _, c in got) else [],
                    table=Table(
                        caption="Share flagged by month",
                        columns=["Month", "Flagged", "95 % interval", "1 in N", "Seen"],
                        bodies=[Body("", rows)],
                    ),
                ),
            ),
        ],
    )
