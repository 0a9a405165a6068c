"""A section for each analysis: `section(result)` in the module of an analysis's tag lays out its record."""

from __future__ import annotations

from importlib import import_module

from selfrule.analyses.figures import Analysis
from selfrule.report.layout import Section


def section(result: Analysis) -> Section:
    """The section of one analysis, laid out by the module here that bears its tag."""
    made = import_module(f"selfrule.report.analyses.{result.__struct_config__.tag}").section(result)
    assert isinstance(made, Section)
    return made
