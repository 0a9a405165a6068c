"""What labels by people say: confirmed among flagged and missed at most, never blended, and what they rest on."""

from __future__ import annotations

from selfrule.report.cells import Cell, Cells
from selfrule.report.charts.honest import Block, Entry, honest_chart
from selfrule.report.context import ReportContext
from selfrule.report.findings import LEVEL_WORDS, brief
from selfrule.report.labelled import beside, drawn
from selfrule.report.labels import LabelFacts
from selfrule.report.layout import Body, Figure, Key, Part, Section, Table, Td
from selfrule.report.numbers import number, plural
from selfrule.report.panels import name_of
from selfrule.report.text import one_line
from selfrule.report.words import unrated
from selfrule.rubric import CONSTRUCTS, load

TITLE = "What labels by people say"
NEVER_BLENDED = (
    "Two figures, for one number would hide one of them: of what the judge put at a level or above, the share that people "
    "confirm, with its 95 % interval; and, as a one-sided 95 % limit, how much of all conversations it may have missed. Where "
    "something is rare, few labels leave a wide limit, and that is what is known."
)
_DRAWN = {
    "draw": "drawn by strata of what the judge said, with known probabilities",
    "random": "drawn as a simple random sample of the study, as whoever imported them said",
    "given": "drawn elsewhere, with the probabilities that came with them",
}
_CHARTED = ("moderate+", "severe")
_TABLED = ("mild+", "moderate+", "severe")
_SHAPES = {"moderate+": ("square", "moderate"), "severe": ("diamond", "severe")}
_FLAGGED = ("flagged", "moderate+")


def honest(context: ReportContext, cells: Cells) -> Section | None:
    """The section; None where there is no label."""
    got = context.labels
    if got is None or not got.labels:
        return None
    if got.source == "none":
        return Section(anchor="labels", title=TITLE, parts=[Part(paragraphs=[*_who(got), *_uncounted(got)])])
    parts = [
        Part(paragraphs=[*_who(got), NEVER_BLENDED + _unread(context)], figure=_figures(cells)),
        _why(cells),
        _groups(cells),
        drawn(got, cells),
        beside(got, context.kind == "private"),
    ]
    return Section(anchor="labels", title=TITLE, parts=[p for p in parts if p])


def _unread(context: ReportContext) -> str:
    unread = context.status_counts.get("screened_out", 0) or any(unrated(context))
    return " What the judge did not rate is among what it may have missed." if unread else ""


def _who(got: LabelFacts) -> list[str]:
    by = plural(got.labellers, "person", "people")
    said = f"{plural(got.labels, 'label')} by {by} on {plural(got.conversations, 'conversation')}"
    said += f", {_DRAWN[got.source]}." if got.source in _DRAWN else "."
    if got.doubles:
        of = "has" if got.doubles == 1 else "have"
        said += f" {number(got.doubles)} {of} the word of two or more: there the lower median of their levels counts."
    return [said]


def _uncounted(got: LabelFacts) -> list[str]:
    said = [
        "None of them counts for the figures on this page, which are the judge's, uncorrected: a label stands for other "
        "conversations only where it is known how its own was drawn. selfrule label STUDY draws a queue that does."
    ]
    return [*([one_line(got.note, 500)] if got.note else []), *said]


def confirmed_words(cell: Cell) -> str:
    """The share confirmed among flagged as the end of a sentence: "62 % (95 % interval 48 to 75 %)"."""
    if cell.state == "none_seen":
        return f"none (95 % interval up to {cell.interval_text.removeprefix('at most ')})"
    return f"{cell.share_text} (95 % interval {cell.interval_text.replace('-', ' to ')})"


def _entries(cells: Cells, construct: str, levels: tuple[str, ...]) -> list[Entry]:
    made = []
    for level in levels:
        shape, cls = _SHAPES.get(level, ("circle", "flag")) if construct != "flagged" else ("circle", "flag")
        confirmed, missed, corrected = (
            cells.get(construct, level, kind=kind) for kind in ("confirmed", "missed_at_most", "corrected")
        )
        label = LEVEL_WORDS[level] if construct != "flagged" else "on any primitive"
        made.append(Entry(label, cells.get(construct, level), confirmed, missed, corrected, shape, cls))
    return made


def _worth(entry: Entry) -> bool:
    """Whether an entry has something to draw beside the limits that every level has."""
    return entry.rated.state == "seen" or entry.confirmed.state == "seen" or entry.missed.count > 0


def _figures(cells: Cells) -> Figure:
    constructs = load().constructs
    blocks = [Block("Flagged", _entries(cells, *_FLAGGED[:1], ("moderate+",)))]
    wanted = [Block(c.name, _entries(cells, c.id, _CHARTED)) for c in constructs]
    blocks += [Block(b.heading, got) for b in wanted if (got := [e for e in b.entries if _worth(e)])]
    left = sum(not _worth(e) for b in wanted for e in b.entries)
    nothing = "at which neither the judge nor people put any conversation"
    caption = f"Not drawn: {plural(left, 'level')} {nothing}. The table gives their limits." if left else ""
    bodies = [Body("Flagged", [_row(cells, "flagged", "moderate+")])]
    bodies += [Body(c.name, [_row(cells, c.id, level) for level in _TABLED]) for c in constructs]
    entries = [e for b in blocks for e in b.entries]
    legend = [
        Key("hollow", "uncorrected", "as rated by the judge, uncorrected"),
        Key("circle", "flag", "confirmed by people, with 95 % interval"),
        Key("missed", "missed", "missed: anywhere up to the limit"),
    ]
    legend += [Key("diamond", "corrected", "corrected total")] if any(e.corrected.shown for e in entries) else []
    table = Table(
        caption="What labels confirm and what the judge missed at most, beside the uncorrected figure",
        columns=[
            "Level", "As rated, uncorrected", "Of those, confirmed", "Labels that confirm", "Missed, at most",
            "Labels that found more", "Confirmed, of all", "Corrected total",
        ],
        bodies=bodies,
        note="Confirmed and as rated with 95 % intervals; missed as a one-sided 95 % limit. All are shares of all "
        "conversations, save what is confirmed of those.",
    )  # fmt: skip
    chart = honest_chart(
        blocks,
        name="labels",
        title="As rated, confirmed by people, and missed at most",
        describe=lambda: _describe(cells),
    )
    return Figure(chart=chart, legend=legend, table=table, caption=caption)


def _describe(cells: Cells) -> str:
    among, missed = (cells.get(*_FLAGGED, kind=kind) for kind in ("confirmed_among_flagged", "missed_at_most"))
    said = (
        f"Flagged: {cells.flagged().share_text} as rated; of those confirmed {brief(among)}; missed {missed.share_text}"
    )
    return f"{said}. Logarithmic scale. The table below gives every figure."


def _row(cells: Cells, construct: str, level: str) -> list[Td]:
    rated = cells.get(construct, level)
    among, confirmed, missed, corrected = (
        cells.get(construct, level, kind=kind)
        for kind in ("confirmed_among_flagged", "confirmed", "missed_at_most", "corrected")
    )
    nothing = rated.state == "none_seen" and among.state == "absent"
    total = corrected if corrected.state != "absent" else cells.get(construct, level, kind="refused")
    return [
        Td(LEVEL_WORDS[level].capitalize() if construct != "flagged" else "Moderate or above on any primitive"),
        Td(brief(rated), rated.share),
        Td("nothing to confirm" if nothing else _given(among), among.share),
        Td(among.seen_text, among.count if among.seen_text else None),
        Td(_given(missed), missed.high),
        Td(missed.seen_text, missed.count if missed.seen_text else None),
        Td("" if nothing else _given(confirmed), confirmed.share),
        Td(_given(total), total.share),
    ]


def _given(cell: Cell) -> str:
    if cell.state in {"absent", "unrated"}:
        return "no label yet"
    if cell.state == "bounded":
        return cell.share_text.removeprefix("at most ") if (cell.high or 1.0) < 1 else "no limit yet"
    return brief(cell)


def total_words(cells: Cells, construct: str = "flagged", level: str = "moderate+") -> str:
    """Why a corrected total is given or refused, and what would make it possible; empty where nothing is known."""
    corrected = cells.get(construct, level, kind="corrected")
    if corrected.shown:
        return f"{corrected.note or corrected.method}"
    return cells.get(construct, level, kind="refused").note


def _why(cells: Cells) -> Part | None:
    wanted = [_FLAGGED, *((c, level) for c in CONSTRUCTS for level in _TABLED)]
    got = [(c, level, words) for c, level in wanted if (words := total_words(cells, c, level))]
    if not got:
        return None
    first = [f"Flagged. {words}" for c, _, words in got if c == "flagged"]
    bodies = []
    for construct in CONSTRUCTS:
        rows = [
            [Td(LEVEL_WORDS[level].capitalize()), Td(_total(cells.get(c, level, kind="corrected"))), Td(_short(words))]
            for c, level, words in got
            if c == construct
        ]
        bodies += [Body(name_of(construct), rows)] if rows else []
    table = Table(
        caption="Whether a corrected total is given, and why",
        columns=["Level", "Corrected total", "Why"],
        bodies=bodies,
        text_columns=frozenset({0, 2}),
    )
    return Part(
        title="Whether the two make one total",
        paragraphs=[
            "A corrected total is given only where simulated studies like this one showed that its interval holds.",
            *first,
        ],
        figure=Figure(table=table, folded=True) if bodies else None,
    )


def _total(cell: Cell) -> str:
    return brief(cell) if cell.shown else "not given"


def _short(words: str) -> str:
    """A reason without what its column and the section say already."""
    said = words.removeprefix("No corrected total: ").replace("; confirmed and missed stand side by side instead", "")
    return one_line(said[:1].upper() + said[1:], 600)


def _groups(cells: Cells) -> Part | None:
    rows = [
        [
            Td(f"{name_of(key) if key in CONSTRUCTS else key.capitalize()}: {one_line(value, 80)}"),
            Td(
                name_of(construct)
                if construct == "flagged"
                else f"{name_of(construct)}, {LEVEL_WORDS.get(level, level)}"
            ),
            Td(brief(cells.get(construct, level, {key: value})), cells.get(construct, level, {key: value}).share),
            Td(brief(cell), cell.share),
        ]
        for construct, level, key, value, cell in cells.by_group("corrected")
    ]
    if not rows:
        return None
    table = Table(
        caption="Corrected totals of groups",
        columns=["Group", "Of what", "As rated, uncorrected", "Corrected total"],
        bodies=[Body("", rows)],
        text_columns=frozenset({0, 1}),
    )
    whose = "One figure of a group whose" if len(rows) == 1 else f"{number(len(rows))} figures of groups whose"
    said = (
        f"{whose} own labels allow a corrected total; no other cell of a group has one. Each interval is a 95 % interval on "
        "its own: of twenty, about one misses."
    )
    return Part(title="By group", paragraphs=[said], figure=Figure(table=table, folded=True))
