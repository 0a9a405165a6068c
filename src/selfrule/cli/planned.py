"""A plan, printed for people: what to do, what it takes, what it is expected to find, beside the other designs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfrule.cli.scorecard import console, head, points
from selfrule.cli.view import plain
from selfrule.report.numbers import number, one_in, percent, plural
from selfrule.study.plan_words import dollars, rounded

if TYPE_CHECKING:
    from pathlib import Path

    from selfrule.records import Estimate
    from selfrule.study.plan_records import Expected, Option, Plan
    from selfrule.study.two_judges import Drawn

_WAYS = {
    "two judges": "two judges",
    "random": "random sample",
    "screened": "screened in, and a part of the rest",
    "study": "screened in only, the rest as none",
}
_RARE = 0.02  # below it a share is said as "1 in N"
_STRATA = {"screened_out": "screened out", "none": "rated none", "unrated": "not rated"}


def show(plan: Plan, out: Console | None = None) -> None:
    """Print a plan."""
    out = out or console()
    best = plan.best
    construct, _, level = plan.outcome.partition(":")
    name = f"{construct.replace('_', ' ')}{', ' + level if level else ''}"
    out.print(Text(f"A plan for {name}, of {number(plan.conversations)} conversations", "bold"))
    out.print(
        f"The judge ({plain(plan.judge)}) would put about {_share(plan.as_rated)} there, of which about "
        f"{percent(plan.right, 0)} are truly at the level. {plural(plan.simulations, 'study', 'studies')} simulated "
        "for each design.",
        markup=False,
    )
    head("What to do", out)
    points(_steps(plan, best), out)
    if len(best.draws) > 1:
        _draws(best, out)
    how = _how(plan, best)
    if how:
        out.print(f"By: {how}", style="dim", markup=False, soft_wrap=True)
    head("What to expect", out)
    _figures(best, out)
    high = best.missed.high
    if high is not None and high > plan.as_rated and 0 < best.labelled < plan.conversations:
        most = number(rounded(3 / plan.as_rated))
        out.print(
            f"What the judge misses is known to that limit only. One as low as the share as rated takes {most} labels and more "
            "of what was not flagged (--missed).",
            style="dim",
            markup=False,
        )
    if best.unmet:
        head("What this does not reach", out)
        points(best.unmet, out)
    if len(plan.options) > 1:
        _beside(plan, out)
    head("Taken as given", out)
    points(plan.assumptions, out)


def show_drawn(drawn: Drawn, study: Path, file: Path, judge: str | None) -> None:
    """Say what was drawn, and what comes next; on standard error."""
    out = Console(stderr=True, highlight=False, soft_wrap=True)
    sample = plain(str(file.with_suffix("")))
    out.print(f"{number(sum(map(len, drawn.ids)))} conversations in {plain(str(file))}. Next:", markup=False)
    name = plain(judge) if judge else "JUDGE"
    out.print(
        f"  selfrule audit {plain(str(file))} -o {sample} --map inclusion=inclusion --judge {name} --no-screen",
        markup=False,
    )
    out.print(f"  selfrule plan {plain(str(study))} --found {sample}", markup=False)


def show_found(estimates: Sequence[Estimate]) -> None:
    """Print what the judge of a sample would say of everything."""
    out = console()
    out.print(Text(f"As rated, of all {number(estimates[0].n)} conversations, from a sample by score", "bold"))
    out.print()
    table = _table("construct", "level", "share", "95 % limits", "if what is missing was none, all")
    for one in estimates:
        assert one.share is not None and one.low is not None and one.high is not None
        rare = one.high < _RARE
        outer = ""
        if one.missing and one.low_if_missing_none is not None and one.high_if_missing_all is not None:
            outer = f"{_share(one.low_if_missing_none)} to {_share(one.high_if_missing_all)}"
        limits = f"{_share(one.low, rare)} to {_share(one.high, rare)}"
        table.add_row(one.construct.replace("_", " "), one.level, _share(one.share, rare), limits, outer)
    out.print(table)
    out.print(f"Of the last: {estimates[-1].method}.", style="dim", markup=False)


def _steps(plan: Plan, best: Option) -> list[str]:
    steps = []
    everything = best.ratings >= plan.conversations
    if best.way == "two judges" and not everything:
        steps.append(f"The embedded judge reads all {number(best.screened)}, on this machine, at no cost.")
    if best.way == "screened" and not everything:
        steps.append(f"The screen reads all {number(best.screened)}, on this machine, at no cost.")
    where = {"two judges": ", drawn by the embedded judge's score (below)", "random": ", drawn at random"}.get(
        best.way, ""
    )
    which = f"All {number(best.ratings)}" if everything else plural(best.ratings, "conversation")
    money = _money(best)
    steps.append(f"{which} rated by {plain(plan.judge)}{'' if everything else where}{': ' + money if money else ''}.")
    if best.labelled:
        dealt = ", ".join(f"{_STRATA.get(name, name)} {number(n)}" for name, n in best.labels.items())
        steps.append(
            f"{plural(best.labelled, 'conversation')} labelled by people, about {_hours(best.hours)}: {dealt}."
        )
    else:
        steps.append("No labels: what the judge gets wrong stays unknown (--confirm, --labels, --hours).")
    steps.append(plan.why)
    return steps


def _how(plan: Plan, best: Option) -> str:
    """The command that carries a design out; empty where nothing is drawn."""
    if best.ratings >= plan.conversations:
        return ""
    judge = f"--judge {plain(plan.judge)}" if ":" in plan.judge else "--judge JUDGE"
    if best.way == "two judges":
        return "selfrule plan STUDY ... --draw SAMPLE.jsonl, which says what comes next"
    if best.way == "random":
        return f"selfrule sample LOGS -o SAMPLE --n {best.ratings}, then selfrule rate SAMPLE {judge} --no-screen"
    rest = best.draws[-1]
    return f"selfrule audit LOGS {judge} --check-screen {rest.rated / max(rest.size, 1):.3g}"


def _money(option: Option) -> str:
    if option.dollars is None:
        return ""
    if not option.dollars:
        return "no cost"
    if option.dollars_cached is None or option.dollars_cached >= option.dollars:
        return dollars(option.dollars)
    return f"{dollars(option.dollars_cached)} with the provider's cache, {dollars(option.dollars)} without"


def _hours(hours: float) -> str:
    return (
        f"{hours * 60:,.0f} minutes" if hours < 1.5 else f"{hours:,.1f} hours" if hours < 20 else f"{hours:,.0f} hours"
    )


def _draws(option: Option, out: Console) -> None:
    out.print()
    table = _table("part", "conversations", "rated", "of it")
    for draw in option.draws:
        share = draw.rated / draw.size if draw.size else 0.0
        table.add_row(
            draw.name, number(draw.size), number(draw.rated), percent(min(share, 1.0), 0) if draw.rated else "none"
        )
    out.print(table)


def _figures(option: Option, out: Console) -> None:
    table = _table("figure", "estimate", "95 % limits", "width", "80 % of studies")
    by_labels = [("confirmed among flagged", option.confirmed), ("missed at most, of all", option.missed)]
    for name, figure in [("as rated, of all", option.rated), *(by_labels if option.labelled else [])]:
        table.add_row(name, *_cells(figure))
    out.print(table)
    notes = [f"Half the width of the share as rated is {_relative(option.relative)} of it"]
    if option.reached is not None:
        notes.append(f"as narrow as wanted in {percent(option.reached, 0)} of simulated studies")
    bound = "; the missed limit is one-sided 95 %" if option.labelled else ""
    out.print(f"{'; '.join(notes)}. Medians, and the mean of widths{bound}.", style="dim", markup=False)


def _cells(figure: Expected) -> Sequence[str]:
    if figure.high is None or figure.low is None:
        return "none", "", "", f"none in {percent(1 - figure.had, 0)}"
    first, middle, last = figure.width
    rare = last < _RARE if figure.share is None else figure.high < _RARE
    if figure.share is None:
        return "", f"up to {_share(figure.high, rare)}", "", f"{_share(first, rare)} to {_share(last, rare)}"
    limits = f"{_share(figure.low, rare)} to {_share(figure.high, rare)}"
    return _share(figure.share, rare), limits, _points(middle), f"{_points(first)} to {_points(last)}"


def _share(share: float, rare: bool | None = None) -> str:
    if (share < _RARE if rare is None else rare) and share > 0:
        return one_in(share)
    return percent(share, 0 if share >= 0.1 else 1)


def _relative(half: float) -> str:
    return f"{100 * half:.3g} %" if half < 9.995 else "> 999 %"


def _points(width: float) -> str:
    return percent(width, 0 if width >= 0.1 else 1).replace(" %", " pt")


def _beside(plan: Plan, out: Console) -> None:
    head("Designs side by side", out)
    labels = any(option.labelled for option in plan.options)
    more = ("labels", "confirmed, width", "missed, at most") if labels else ()
    table = _table("design", "ratings", "cost", "as rated, \N{PLUS-MINUS SIGN}", *more)
    for option in plan.options:
        row = [
            ("> " if option.way == plan.chosen else "  ") + _WAYS[option.way],
            number(option.ratings),
            "not known" if option.dollars is None else dollars(option.dollars),
            _relative(option.relative),
        ]
        if labels:
            confirmed = _points(option.confirmed.width[1]) if option.confirmed.high is not None else "none"
            missed = _share(option.missed.high) if option.missed.high is not None else ""
            row += [number(option.labelled), *((confirmed, missed) if option.labelled else ("", ""))]
        table.add_row(*row, style=None if option.honest else "dim")
    out.print(table)
    if any(not option.honest for option in plan.options):
        out.print(
            "Dimmed, the last is the reference study's way: what the screen drops counts as none. Its interval does not know "
            "what was lost so, and it is never proposed.",
            style="dim",
        )
    for option in plan.options:
        if option.unmet and option.way != plan.chosen and option.honest and not plan.best.unmet:
            points([f"{_WAYS[option.way]}: {line}" for line in option.unmet], out)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 0, 0, 1), header_style="bold")
    for at, name in enumerate(columns):
        table.add_column(name, justify="right" if at else "left", overflow="fold")
    return table
