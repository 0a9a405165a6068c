"""What was found: levels of the constructs, actualized markers."""

from __future__ import annotations

from selfrule.report.cells import Cell, Cells
from selfrule.report.charts.rows import Group, row_of, rows_chart
from selfrule.report.context import Reference, ReportContext
from selfrule.report.layout import Body, Figure, Key, Part, Section, Table, Td
from selfrule.report.numbers import number, one_in
from selfrule.report.text import one_line
from selfrule.rubric import Construct, load

_SILENT = "It cannot say whether that happened, so nothing is known of how often it did."
LEVEL_WORDS = {"mild+": "mild or above", "moderate+": "moderate or above", "severe": "severe"}
LEVEL_ROWS = ("mild+", "moderate+", "severe")
_SHAPES = {"mild+": ("circle", "mild"), "moderate+": ("square", "moderate"), "severe": ("diamond", "severe")}
_LEVELS = "Levels of the seven constructs"
_ACTUALIZED = "Actualized: said to have happened"
FIGURES = ["Share", "95 % interval", "1 in N", "Seen"]
OVERALL = Key("dash", "ref", "the share over all conversations")
AT_MOST = Key("limit", "limit", "none seen: the dashed line ends at the upper limit")


def figures(cell: Cell) -> list[Td]:
    """The four table cells that give a figure."""
    share = cell.share if cell.state == "seen" else (0.0 if cell.state == "none_seen" else None)
    return [
        Td(cell.share_text, share),
        Td(cell.interval_text, cell.high if cell.shown else None),
        Td(cell.one_in_text, 1 / cell.share if cell.state == "seen" and cell.share else None),
        Td(cell.seen_text, cell.count if cell.shown else None),
    ]


def brief(cell: Cell) -> str:
    """A figure in one table cell: the share with its interval."""
    if cell.state == "none_seen":
        return cell.interval_text or "none seen"
    return f"{cell.share_text} ({cell.interval_text})" if cell.state == "seen" else cell.why_not


def published(reference: Reference | None) -> str:
    """A published figure in words; empty where there is none."""
    if reference is None:
        return ""
    share, low, high = reference["share"], reference.get("low"), reference.get("high")
    if share is None:
        return f"1 in {number(round(1 / high))} to {number(round(1 / low))}" if low and high else ""
    odds = f"1 in {number(reference['one_in'])}" if reference["one_in"] else one_in(share)
    return odds if share > 0 else "none found"


def _references(context: ReportContext) -> dict[tuple[str, str], Reference]:
    return {(r["construct"], r["level"]): r for r in context.references}


def source_note(context: ReportContext) -> str:
    """Where the published figures come from."""
    sources = list(dict.fromkeys(one_line(r["source"], 200).rstrip(".") for r in context.references))
    whose = list(dict.fromkeys(one_line(r.get("population") or "Another population.", 300) for r in context.references))
    return f"Published: {'; '.join(sources)}. {' '.join(whose)}" if sources else ""


def levels(context: ReportContext, cells: Cells) -> Section:
    """Levels per construct, with published figures beside them."""
    references = _references(context)
    constructs = load().constructs
    groups, bodies, any_none = [], [], False
    for construct in constructs:
        rows = []
        for level in LEVEL_ROWS:
            cell, reference = cells.get(construct.id, level), references.get((construct.id, level))
            shape, cls = _SHAPES[level]
            tip = f"{construct.name}, {LEVEL_WORDS[level]}"
            share = reference["share"] if reference else None
            rows.append(row_of(cell, LEVEL_WORDS[level], tip, shape=shape, cls=cls, short=level, reference=share))
            any_none = any_none or cell.state == "none_seen"
        groups.append(Group(construct.name, rows))
        bodies.append(_level_body(construct, cells, references))
    legend = [Key(s, c, LEVEL_WORDS[level]) for level, (s, c) in _SHAPES.items()]
    legend += [Key("bar", "published", "published, another population")] if references else []
    legend += [AT_MOST] if any_none else []
    chart = rows_chart(
        groups,
        name="levels",
        title="Levels per construct",
        describe=lambda: _describe(constructs, cells),
        kind="log",
    )
    table = Table(
        caption="Share of conversations at each level of each construct",
        columns=["Level", *FIGURES, *(["Published, another population"] if references else [])],
        bodies=bodies,
        note=source_note(context),
    )
    shown = any(r.value is not None or r.at_most for g in groups for r in g.rows)
    if not shown:
        return Section(anchor="levels", title=_LEVELS, parts=[Part(paragraphs=[_nothing(cells)])])
    lead = [
        "Each dot is the share of conversations that reached a level; the line through it is the 95 % interval. The "
        "scale is logarithmic: each gridline is ten times the one before, so that common and rare fit on one page.",
    ]
    return Section(
        anchor="levels",
        title=_LEVELS,
        parts=[
            Part(
                paragraphs=lead,
                figure=Figure(chart=chart, legend=legend, table=table, keep_open=True),
            ),
        ],
    )


def _nothing(cells: Cells) -> str:
    hidden = cells.flagged().state == "suppressed"
    return f"Not shown: fewer than {cells.k} conversations." if hidden else "No figure: no conversation was rated."


def _level_body(construct: Construct, cells: Cells, references: dict[tuple[str, str], Reference]) -> Body:
    rows = []
    for level in ("mild+", "mild", "moderate+", "moderate", "severe"):
        if level not in LEVEL_ROWS and (construct.id, level) not in references:
            continue
        label = LEVEL_WORDS.get(level, f"{level} alone")
        row = [Td(label.capitalize()), *figures(cells.get(construct.id, level))]
        rows.append([*row, Td(published(references.get((construct.id, level))))] if references else row)
    return Body(construct.name, rows, note=construct.plain)


def _describe(constructs: tuple[Construct, ...], cells: Cells) -> str:
    said = [f"{c.name}: severe {cells.get(c.id, 'severe').share_text}" for c in constructs]
    return f"{'; '.join(said)}. Logarithmic scale. The table below gives every figure."


def actualized(context: ReportContext, cells: Cells) -> Section:
    """Actualized markers, one per primitive."""
    references = _references(context)
    rubric = load()
    entries = [(f"actualized_{c.id}", m) for c in rubric.constructs for m in rubric.markers if c.actualized == m.id]
    got = [(i, m, cells.get(i, "yes"), references.get((i, "yes"))) for i, m in entries]
    short = {c.actualized: c.name for c in rubric.constructs if c.actualized}
    after = {i: cells.get(i, "yes", {"flagged": "yes"}) for i, _ in entries}
    more = any(c.state != "absent" for c in after.values())
    rows = [row_of(c, short[m.id], m.name, reference=r["share"] if r else None) for _, m, c, r in got]
    columns = [name for name in FIGURES if name != "1 in N" or not more]  # the chart has the odds where room is short
    rows_of = [
        [
            Td(short[m.id]),
            *[td for td, name in zip(figures(c), FIGURES, strict=True) if name in columns],
            *([Td(brief(after[i]), after[i].share)] if more else []),
            *([Td(published(r))] if references else []),
        ]
        for i, m, c, r in got
    ]
    if not any(c.shown for _, _, c, _ in got):
        return Section(anchor="actualized", title=_ACTUALIZED, parts=[Part(paragraphs=[_nothing(cells)])])
    silent = [short[m.id] for _, m, c, _ in got if c.state == "unmeasured"]
    chart = rows_chart(
        [Group("", rows)],
        name="actualized",
        title="Actualized markers",
        describe=lambda: "; ".join(f"{m.name}: {c.sentence}" for _, m, c, _ in got) + ".",
        kind="log",
        long_labels=True,
    )
    legend = [Key("bar", "published", "published, another population")] if any(r.reference for r in rows) else []
    legend += [AT_MOST] if any(r.at_most for r in rows) else []
    table = Table(
        caption="Share of conversations in which the person says that it happened",
        columns=[
            "Marker",
            *columns,
            *(["Of those flagged"] if more else []),
            *(["Published, another population"] if references else []),
        ],
        bodies=[Body("", rows_of)],
        note=source_note(context),
    )
    return Section(
        anchor="actualized",
        title=_ACTUALIZED,
        parts=[
            Part(
                paragraphs=[
                    "A marker is actualized only where the person says so in explicit words in the same conversation. "
                    "Most people who act on a conversation never come back to tell, so more may have happened than "
                    "was said.",
                    *([f"Not measured by this judge: {', '.join(silent).lower()}. {_SILENT}"] if silent else []),
                ],
                terms=[(short[m.id], m.plain) for _, m in entries],
                figure=Figure(chart=chart, legend=legend, table=table, keep_open=True),
            ),
        ],
    )
