"""The compact table that `selfrule audit` ends with: good at 80 columns, in a terminal and in a plain pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfrule.analyses.figures import BETWEEN_PEOPLE
from selfrule.report.cells import FEW, Cell, Cells
from selfrule.report.confirmed import terminal_lines
from selfrule.report.context import ReportContext
from selfrule.report.judges import labelled_here, pooled
from selfrule.report.numbers import interval, kappa, number, plural
from selfrule.report.panels import figure, short_names
from selfrule.report.text import one_line
from selfrule.report.words import missing_words
from selfrule.rubric import load

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def _table(columns: list[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE,
        show_edge=False,
        pad_edge=False,
        padding=(0, 0, 0, 1),
        header_style="bold",
        caption_justify="left",
        caption_style="dim",
    )
    table.add_column(columns[0], justify="left")
    for name in columns[1:]:
        # Very small shares need many digits: then a figure is folded onto a second line, never cut.
        table.add_column(name, justify="right", overflow="fold")
    return table


def _share(cell: Cell) -> str:
    if cell.state == "suppressed":
        return f"<{cell.k}" if cell.why_not.startswith("fewer") else cell.why_not
    words = {"none_seen": "0 seen", "unrated": "-", "absent": "-", "unmeasured": "not measured"}
    return words.get(cell.state) or cell.share_text


def _interval(cell: Cell) -> str:
    return cell.interval_text.replace("at most", "<=")


def _count(cell: Cell) -> str:
    return number(cell.count) if cell.shown else ""


def _odds(cell: Cell) -> str:
    return cell.one_in_text.removeprefix("1 in ").replace("over 1 in 2", "<2")


def _agreement(context: ReportContext) -> str:
    whole = pooled(context.judge)
    label = one_line(context.judge.label, 40 if context.judge.kind == "embedded" else 200)
    what = ", a screening instrument and no language model" if context.judge.kind == "embedded" else ""
    got = context.judge.card["agreement"] if context.judge.card else {}
    each = [a["kappa"] for a in got.values() if a["kappa"] is not None]
    if whole and whole["kappa"] is not None:
        agrees = f"agrees with labels at kappa {kappa(whole['kappa'])}"
    elif each:
        agrees = f"agrees with labels at kappa {kappa(min(each))} to {kappa(max(each))}, by construct"
    else:
        agrees = "agreement with labels not measured"
        if labelled_here(context):
            agrees = "held against labels by people, see selfrule agreement"
    return f"Judge: {label}{what}; {agrees}.".replace("\N{MINUS SIGN}", "-")


def _beside(context: ReportContext) -> str:
    """How far the judge agrees with the others on flagged; empty where it is the only one."""
    panel, mine = context.panel, context.judge.label
    if panel is None:
        return ""
    short = short_names([j.label for j in panel.judges])
    said = []
    for pair in panel.pairs:
        if mine in (pair.first, pair.second) and "flagged" in pair.constructs and pair.both:
            other = pair.second if pair.first == mine else pair.first
            said.append(
                f"{short[other]} {figure(pair.constructs['flagged'].kappa)} ({number(pair.both)} rated by both)"
            )
    text = f"Agreement on flagged with other judges, kappa: {', '.join(said)}; see selfrule agreement." if said else ""
    return text.replace("\N{MINUS SIGN}", "-")


def _missing(context: ReportContext, cells: Cells) -> str:
    flagged = cells.flagged()
    why = missing_words(context)
    left_out = f" {context.study.unplaced}" if context.study.unplaced else ""
    if not flagged.missing and not why:
        return f"Missing of these: nothing.{left_out}" if left_out else "Missing: nothing."
    said = f"Missing, never counted as none: {why or plural(flagged.missing, 'conversation')}."
    if flagged.shown and flagged.worst_low is not None and flagged.worst_high is not None and flagged.missing:
        said += (
            " Were none or all of what was not rated flagged, the share would lie within "
            f"{interval(flagged.worst_low, flagged.worst_high)}."
        )
    return said + left_out


def terminal_table(context: ReportContext) -> list[RenderableType]:
    """What a run ends with, to be printed by rich one after the other.

    How many conversations the figures are of; a table of the constructs (mild or above, moderate or above, severe
    with its interval and 1 in N); one of flagged and actualized; then lines on what labels say, on what is missing, on few
    events, and on the judge. Plain ASCII apart from lines, which rich replaces where the output cannot show them; tables fit 80
    columns.

    Args:
        context: The same that `render` takes. The terminal is the reader's own: nothing more is suppressed here than
            the context says.
    """
    from rich.text import Text

    cells, rubric = Cells(context), load()
    flagged = cells.flagged()
    after = [Text(line) for line in terminal_lines(context, cells)]
    after.append(Text(_missing(context, cells)))
    if flagged.state == "seen" and flagged.count < FEW:
        after.append(Text(f"Only {number(flagged.count)} flagged: read the interval rather than the figure."))
    after.append(Text(_agreement(context)))
    if beside := _beside(context):
        after.append(Text(beside))
    if not flagged.shown:
        why = f"fewer than {cells.k} conversations" if flagged.state == "suppressed" else "nothing was rated"
        return [Text(f"No figure: {why}."), *after]
    levels = _table(["Construct", "mild+", "moderate+", "severe", "95 % interval", "1 in"])
    for construct in rubric.constructs:
        mild, moderate, severe = (cells.get(construct.id, level) for level in ("mild+", "moderate+", "severe"))
        levels.add_row(construct.name, _share(mild), _share(moderate), _share(severe), _interval(severe), _odds(severe))
    overall = _table(["", "share", "95 % interval", "1 in", "seen"])
    overall.add_row(*(Text(t, style="bold") for t in ("Flagged", _share(flagged))), _interval(flagged),
                    _odds(flagged), _count(flagged))  # fmt: skip
    for construct in rubric.constructs:
        cell = cells.get(f"actualized_{construct.id}", "yes")
        if construct.actualized and cell.state != "absent":
            name = f"Actualized: {construct.name.removesuffix(' distortion').lower()}"
            overall.add_row(name, _share(cell), _interval(cell), _odds(cell), _count(cell))
    levels.caption = "+ is that level or above; interval and 1 in N are of severe"
    whole = f"Of {plural(flagged.n, 'conversation')}:"
    first = [Text(BETWEEN_PEOPLE, style="bold"), Text()] if context.study.between_people else []
    return [*first, Text(whole), Text(), levels, Text(), overall, Text(), *after]
