"""The order of the page: the answer first, then figures, then how they were made and what they cannot say."""

from __future__ import annotations

from dataclasses import dataclass

from selfrule.report import (
    analyses,
    beside,
    breakdowns,
    conditions,
    confirmed,
    findings,
    honest,
    method,
    patterns,
    words,
)
from selfrule.report.cells import Cells
from selfrule.report.context import ReportContext
from selfrule.report.layout import Part, Section
from selfrule.report.numbers import day, number
from selfrule.report.quotes import Quote, quoted_bytes, quotes
from selfrule.report.shareable import public
from selfrule.report.story import StoryPage, tell
from selfrule.report.text import one_line


@dataclass(frozen=True)
class Page:
    """Everything the template sets."""

    title: str
    private: bool
    answer: words.Answer
    facts: list[tuple[str, str]]
    sections: list[Section]
    quotes: list[Quote]
    quotes_left: int
    k: int
    story: StoryPage | None = None


def _facts(context: ReportContext) -> list[tuple[str, str]]:
    study, status = context.study, context.status_counts
    facts = [("Conversations read", number(study.conversations_read))]
    facts.append(("Rated", number(status.get("rated", 0))))
    waiting, lost = words.unrated(context)
    facts.append(("Could not be rated", number(lost)))
    if waiting:
        facts.append(("Waiting for the judge", number(waiting)))
    if study.first_date and study.last_date:
        first, last = day(one_line(study.first_date, 20)), day(one_line(study.last_date, 20))
        facts.append(("Period", first if first == last else f"{first} to {last}"))
    return facts


def _quoted(context: ReportContext, shown: list[Quote]) -> Section | None:
    if context.kind != "private" or context.story is not None:  # a story shows them as its moments
        return None
    lead = (
        "These are the conversations that were flagged, with the turns that the rating rests on. The judge can be "
        "wrong: you know what was meant, and it does not. Open one when you want to read it."
    )
    none = "No conversation was flagged, so none is quoted."
    return Section(
        anchor="quoted",
        title="The flagged conversations",
        parts=[Part(paragraphs=[lead if shown else none])],
        quotes=bool(shown),
    )


def _analysed(context: ReportContext, analysis: str) -> bool:
    """Whether an analysis has a section of its own, which holds the figures of the plainer one."""
    return any(result.__struct_config__.tag == analysis for result in context.analyses)


def build(context: ReportContext) -> Page:
    """Lay a report out. Nothing private of a shareable report gets further than this function's first line."""
    context = public(context)
    cells = Cells(context)
    shown, left = quotes(context)
    sections = [
        honest.honest(context, cells),
        findings.levels(context, cells),
        findings.actualized(context, cells),
        _quoted(context, shown),
        patterns.section(context, taken=quoted_bytes(context, shown)),
        conditions.domains(cells),
        None if _analysed(context, "factors") else conditions.factors(cells),
        breakdowns.models(cells),
        None if _analysed(context, "trend") else breakdowns.months(cells),
        *(analyses.section(result) for result in context.analyses),
        breakdowns.languages(cells, context.status_counts.get("unsupported_language", 0)),
        method.measured(context, cells),
        beside.panel(context),
        method.problems(context),
        Section(anchor="limits", title="What it cannot say", parts=[Part(items=words.limits(context))]),
        Section(anchor="glossary", title="Words used", parts=[Part(terms=words.GLOSSARY)]),
        method.provenance(context),
    ]
    return Page(
        title=one_line(context.study.title, 120) or "Study",
        private=context.kind == "private",
        answer=confirmed.answer(context, cells) or words.answer(context, cells),
        facts=_facts(context),
        sections=[s for s in sections if s],
        quotes=shown,
        quotes_left=left,
        k=context.k,
        story=tell(context),
    )
