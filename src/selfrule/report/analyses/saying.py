"""What sections of analyses have in common: they open with what they show and cannot, and close with how and what is missing."""

from __future__ import annotations

from selfrule.analyses.figures import Analysis, Figure
from selfrule.report.layout import Part, Section, Td
from selfrule.report.numbers import interval, interval_decimals, number, percent, plural
from selfrule.rubric import load

WITHHELD = {"small": "withheld: few", "complementary": "withheld"}


def section(result: Analysis, parts: list[Part], *, anchor: str, title: str) -> Section:
    """A section: what the analysis shows and cannot, its parts, and how it was made."""
    said = [f"{result.shows} {result.cannot}"]
    return Section(anchor=anchor, title=title, parts=[Part(paragraphs=said, items=result.notes), *parts, made(result)])


def made(result: Analysis) -> Part:
    """How it was made, and what is missing, in one paragraph."""
    of = f"Of {plural(result.conversations, 'conversation')}"
    of += f" of {plural(result.persons, 'person')}" if result.persons else ""
    lost = f"; {number(result.unrated)} more could not be rated and are in no share" if result.unrated else ""
    gone = ""
    if result.withheld:
        gone = f" {plural(result.withheld, 'figure')} of few conversations or people withheld."
    return Part(paragraphs=[f"{of}{lost}. {result.method}{gone}"])


def share(figure: Figure) -> str:
    """A share in per cent, or why there is none."""
    if figure.value is None:
        return WITHHELD.get(figure.reason or "", figure.reason or "no figure")
    if figure.events == 0 and figure.value == 0:
        return "none seen"
    finer = 1
    if figure.low is not None and figure.high is not None:
        finer = interval_decimals(figure.low, figure.high)
    return percent(figure.value, finer)


def limits(figure: Figure) -> str:
    """The 95 % interval of a share in per cent; empty where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    return interval(figure.low, figure.high)


def cells(figure: Figure) -> list[Td]:
    """Share, interval and n as cells of a table."""
    return [Td(share(figure), figure.value), Td(limits(figure), figure.low), Td(number(figure.n), figure.n)]


def outcome(construct: str, level: str) -> str:
    """An outcome in words: "Flagged", "Reality distortion, moderate+", "Actualized: reality"."""
    if construct == "flagged":
        return "Flagged"
    book = load()
    if construct.startswith("actualized_"):
        name = book.name(construct.removeprefix("actualized_")).lower().removesuffix(" distortion")
        return f"Actualized: {name}"
    return f"{book.name(construct)}, {level}"
