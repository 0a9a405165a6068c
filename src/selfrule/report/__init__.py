"""The report: one context dataclass in, one self-contained HTML page or a terminal table out.

>>> from selfrule.report import ReportContext, render
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfrule.report.context import (
    CurvePoint,
    InputFact,
    ProblemCount,
    QuotedConversation,
    QuotedTurn,
    Reference,
    ReportContext,
    ScreeningFacts,
    StudyFacts,
    Suppressed,
)
from selfrule.report.judging import Agreement, JudgeCard, JudgeFacts
from selfrule.report.shareable import public

if TYPE_CHECKING:
    from rich.console import RenderableType


def render(context: ReportContext) -> str:
    """The report as one self-contained HTML document; see `selfrule.report.html.render`."""
    from selfrule.report.html import render as render_page

    return render_page(context)


def terminal_table(context: ReportContext) -> list[RenderableType]:
    """What a run ends with in the terminal; see `selfrule.report.terminal.terminal_table`."""
    from selfrule.report.terminal import terminal_table as tables

    return tables(context)


__all__ = [
    "Agreement",
    "CurvePoint",
    "InputFact",
    "JudgeCard",
    "JudgeFacts",
    "ProblemCount",
    "QuotedConversation",
    "QuotedTurn",
    "Reference",
    "ReportContext",
    "ScreeningFacts",
    "StudyFacts",
    "Suppressed",
    "public",
    "render",
    "terminal_table",
]
