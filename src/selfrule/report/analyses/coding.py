"""The section on codes: what happened in flagged conversations, construct by construct."""

from __future__ import annotations

from collections.abc import Iterator

from selfrule.analyses.figures import Figure
from selfrule.patterns.coding import Asked, Code, Coding, named
from selfrule.report.analyses import saying
from selfrule.report.charts.rows import Group, Row, rows_chart
from selfrule.report.layout import Body, Part, Section, Table, Td
from selfrule.report.layout import Figure as Laid
from selfrule.report.numbers import number, plural

NAME = "coding"


def section(result: Coding) -> Section:
    """The section of the page."""
    parts = [_construct(c, [b for b in result.blocks if b.construct == c]) for c in _constructs(result)]
    if not parts:
        parts = [Part(paragraphs=["No flagged conversation was coded, so there is nothing to show."])]
    return saying.section(result, parts, anchor=NAME, title="What happened in flagged conversations")


def _constructs(result: Coding) -> Iterator[str]:
    yield from dict.fromkeys(block.construct for block in result.blocks)


def _construct(construct: str, blocks: list[Asked]) -> Part:
    title = named(construct)
    said = [_missing(block) for block in blocks if block.answered != block.asked and block.answered is not None]
    shown = [b for b in blocks if any(c.share.value is not None for c in b.codes)]
    chart = None
    if shown:
        chart = rows_chart(
            [Group(b.name, [_row(c) for c in _ordered(b) if c.share.value is not None]) for b in shown],
            name=f"{NAME}-{construct}",
            title=f"{title}: share of flagged conversations with each code",
            describe=lambda: (
                f"{plural(len(shown), 'question')} about {title.lower()}; the table below gives every figure."
            ),
            kind="unit",
        )
    leveled = any(c.by_level for b in blocks for c in b.codes)
    table = Table(
        caption=f"{title}: codes",
        columns=["Code", "Share", "95 % interval", "Of", *(("Moderate", "Severe") if leveled else ())],
        bodies=[Body(b.name, _rows(b, leveled), _of(b)) for b in blocks],
    )
    return Part(title=title, paragraphs=said, figure=Laid(chart=chart, table=table))


def _missing(block: Asked) -> str:
    return (
        f"{block.name}: answered for {number(block.answered or 0)} of {plural(block.asked or 0, 'conversation')}; the others "
        "are missing, not without it."
    )


def _of(block: Asked) -> str:
    if block.reason == "small":
        return "(withheld: few)"
    if block.reason:
        return f"({block.reason})"
    return "(one of them holds)" if block.one else "(several may hold)"


def _ordered(block: Asked) -> list[Code]:
    return sorted(block.codes, key=lambda c: -(c.share.value or 0.0)) if not block.one else block.codes


def _row(code: Code) -> Row:
    figure = code.share
    text = saying.share(figure)
    return Row(
        label=code.name,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        text=text,
        tip=f"{code.name}: {text} ({saying.limits(figure)}) of {number(figure.n)}",
    )


def _rows(block: Asked, leveled: bool) -> list[list[Td]]:
    rows = []
    for code in _ordered(block):
        extra = [_brief(code.by_level.get(name)) for name in ("moderate", "severe")] if leveled else []
        rows.append([Td(code.name), *saying.cells(code.share), *extra])
    return rows


def _brief(figure: Figure | None) -> Td:
    return Td("") if figure is None else Td(saying.share(figure), figure.value)
