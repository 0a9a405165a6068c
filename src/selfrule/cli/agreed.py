"""The part of `selfrule agreement` that is about labels by people."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from selfrule.cli.view import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from selfrule.report.judging import Measured
    from selfrule.study.agreement_records import Against, Construct, Labellers, WithLabels

_DESIGNS = {
    "draw": "by what the judge said of them, with known probabilities",
    "random": "as a simple random sample, as whoever imported them said",
    "given": "with probabilities of their own, as the imported file says",
}


def table(*columns: str) -> Table:
    """A calm table: the first column left and in one piece, the others right."""
    from rich import box
    from rich.table import Table

    made = Table(
        box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 0, 0, 1), header_style="bold", title_justify="left"
    )
    for at, name in enumerate(columns):
        made.add_column(name, justify="right" if at else "left", overflow="fold", no_wrap=not at)
    return made


def cell(got: Measured | None, *, share: bool = False, sign: str = " %") -> str:
    """A figure with its interval, as short as can be."""
    if got is None or got["value"] is None:
        return "."
    low, high = got["low"], got["high"]
    if share:
        whole = f"{got['value'] * 100:.0f}{sign}"
        return whole if low is None or high is None else f"{whole} ({low * 100:.0f}, {high * 100:.0f})"
    whole = _two(got["value"])
    return whole if low is None or high is None else f"{whole} ({_two(low)}, {_two(high)})"


def _two(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "\N{MINUS SIGN}")


def show(console: Console, found: WithLabels, short: dict[str, str], confusion: bool) -> None:
    """Print how far labellers agree, and judges with them."""
    from selfrule.report.numbers import number, plural

    console.print()
    console.print("Labels by people", style="bold")
    who = ", ".join(f"{plain(name)} {number(count)}" for name, count in found.labellers.items())
    console.print(
        f"{plural(found.labels, 'label')} on {plural(found.conversations, 'conversation')}: {who}", markup=False
    )
    for pair in found.between:
        _pair(console, pair, found.alpha if len(found.labellers) == 2 else {})
    if found.between and len(found.labellers) > 2:
        _alpha(console, found)
    for judge in found.judges:
        _judge(console, judge, short.get(judge.judge, plain(judge.judge)), confusion)
    if found.warnings:
        console.print()
        console.print("To be careful about with labels", style="bold")
        for text in found.warnings:
            line = textwrap.fill(
                plain(_shortened(text, short)), console.width, initial_indent="- ", subsequent_indent="  "
            )
            console.print(line, markup=False)


def _shortened(text: str, short: dict[str, str]) -> str:
    for label, name in short.items():
        text = text.replace(label, name)
    return text


def _order(constructs: object) -> list[str]:
    from selfrule.report.panels import ORDER

    return [construct for construct in ORDER if construct in constructs]  # type: ignore[operator]


def _pair(console: Console, pair: Labellers, alpha: dict[str, Measured]) -> None:
    from selfrule.report.numbers import plural
    from selfrule.report.panels import name_of

    console.print()
    console.print(f"{plain(pair.first)} and {plain(pair.second)}", style="bold", markup=False)
    console.print(f"On {plural(pair.both, 'conversation')} that both labelled, with 95 % intervals:", markup=False)
    made = table("", "same level", "within one", "kappa", *(["alpha"] if alpha else []))
    for construct in _order(pair.constructs):
        got = pair.constructs[construct]
        near = "" if construct == "flagged" else cell(got.within_one, share=True)
        more = [cell(alpha[construct])] if alpha else []
        made.add_row(name_of(construct), cell(got.exact, share=True), near, cell(got.kappa), *more)
    console.print(made)


def _alpha(console: Console, found: WithLabels) -> None:
    from selfrule.report.panels import name_of

    console.print()
    console.print(f"Krippendorff's alpha over all {len(found.labellers)} labellers", style="bold")
    made = table("", "alpha")
    for construct in _order(found.alpha):
        made.add_row(name_of(construct), cell(found.alpha[construct]))
    console.print(made)


def _judge(console: Console, judge: Against, name: str, confusion: bool) -> None:
    from selfrule.report.numbers import number, plural
    from selfrule.report.panels import name_of

    console.print()
    console.print(f"{name} against labels", style="bold", markup=False)
    said = f"On {plural(judge.both, 'labelled conversation')} that it rated"
    said += f"; {number(judge.unrated)} more it did not rate." if judge.unrated else "."
    console.print(said, markup=False)
    if not judge.both:
        return
    console.print("As labelled (each once):", markup=False)
    some = any(got.n != judge.both for c, got in judge.constructs.items() if c != "pooled")  # unsure ones lack levels
    made = table("", *(["n"] if some else []), "same level", "within one", "kappa", "alpha")
    for construct in _order(judge.constructs):
        got = judge.constructs[construct]
        near = "" if construct == "flagged" else cell(got.within_one, share=True)
        figures = cell(got.exact, share=True), near, cell(got.kappa), cell(got.alpha)
        made.add_row(name_of(construct), *([number(got.n)] if some else []), *figures)
    console.print(made)
    if judge.source != "none":
        _weighted(console, judge)
    _classes(console, judge, every=confusion)
    if confusion:
        _confusions(console, judge, name)


def _weighted(console: Console, judge: Against) -> None:
    from selfrule.report.numbers import number
    from selfrule.report.panels import name_of

    console.print()
    console.print(f"Weighted to all that it rated (labels were drawn {_DESIGNS[judge.source]}):", markup=False)
    made = table("", "n", "stand for", "same level", "within one", "kappa")
    for construct in _order(judge.constructs):
        got = judge.constructs[construct].weighted
        if got is not None:
            counts = number(got.n), number(round(got.stands_for))
            figures = cell(got.exact, share=True), cell(got.within_one, share=True), cell(got.kappa)
            made.add_row(name_of(construct), *counts, *figures)
    console.print(made)


def _classes(console: Console, judge: Against, *, every: bool) -> None:
    """Sensitivity and specificity: of moderate or above, or of every class."""
    from selfrule.report.numbers import number
    from selfrule.report.panels import name_of

    design = judge.source != "none"
    console.print()
    classes = "each class" if every else "moderate or above"
    console.print(f"How often it is right about {classes}, in per cent: sensitivity of those labelled so, specificity")
    console.print("of the others" + ("; weighted: of all that it rated, labelled or not." if design else "."))
    names = ["sensitivity", "specificity"] + (["weighted sens.", "weighted spec."] if design else [])
    made = table("", *(["class"] if every else []), "labelled so", *names)
    for construct in _order(judge.constructs):
        shown = [one for one in judge.constructs[construct].classes if every or one.level.endswith("+")]
        for at, right in enumerate(shown):
            figures: list[Measured | None] = [right.sensitivity, right.specificity]
            figures += [right.weighted_sensitivity, right.weighted_specificity] if design else []
            made.add_row(
                "" if at else name_of(construct),
                *([right.level] if every else []),
                f"{number(right.positives)} of {number(right.positives + right.negatives)}",
                *(cell(one, share=True, sign="") for one in figures),
            )
    console.print(made)
    if judge.found:
        flagged = cell(judge.found["flagged"], share=True)
        if flagged != ".":
            console.print(
                "Of all conversations that labels would flag, screen and judge together flag "
                f"{flagged}; what was screened out or not rated counts as not found.",
                markup=False,
            )


def _confusions(console: Console, judge: Against, name: str) -> None:
    from selfrule.report.panels import name_of
    from selfrule.rubric import LEVELS

    for construct in (c for c in _order(judge.constructs) if c != "pooled"):
        levels = ("not flagged", "flagged") if construct == "flagged" else LEVELS
        console.print()
        console.print(f"{name_of(construct)}: rows labels, columns {name}", markup=False)
        console.print(_counts(judge.constructs[construct], levels))


def _counts(got: Construct, levels: tuple[str, ...]) -> Table:
    from selfrule.report.numbers import number

    made = table("", *levels)
    for level, row in zip(levels, got.confusion, strict=True):
        made.add_row(level, *(number(n) if n else "." for n in row))
    return made
