"""docs/report.md describes every key of the context, and no other."""

from __future__ import annotations

import dataclasses
import re
import typing
from pathlib import Path

from selfrule.records import Estimate
from selfrule.report import ReportContext, context, judging, labels

MODULES = (context.__name__, judging.__name__, labels.__name__)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "report.md"


def keys() -> dict[str, set[str]]:
    """Every class that a context is made of, with its keys."""
    found: dict[str, set[str]] = {}

    def visit(kind: object) -> None:
        for part in typing.get_args(kind):
            visit(part)
        if not isinstance(kind, type) or kind.__module__ not in MODULES or kind.__name__ in found:
            return
        hints = typing.get_type_hints(kind)
        found[kind.__name__] = set(hints)
        for hint in hints.values():
            visit(hint)

    visit(ReportContext)
    return found


def documented() -> dict[str, set[str]]:
    """The tables of the page: one a class, a key a row."""
    found: dict[str, set[str]] = {}
    name = None
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"#+ `(\w+)`", line):
            name = heading[1]
            found[name] = set()
        elif name and (row := re.match(r"\| `(\w+)` \|", line)):
            found[name].add(row[1])
    return found


def test_every_key_of_the_context_is_documented_and_nothing_else():
    assert documented() == keys()


def test_every_class_of_the_context_has_a_docstring():
    for name in keys():
        assert next(c for m in (context, judging, labels) if (c := getattr(m, name, None))).__doc__.strip()


def test_the_estimates_come_from_records():
    hints = typing.get_type_hints(ReportContext)
    assert typing.get_args(hints["estimates"]) == (Estimate,)
    assert {n for n in keys() if dataclasses.is_dataclass(getattr(context, n, None))} >= {"ReportContext", "StudyFacts"}
