"""The checker of what was released: it reads the released files alone, as anybody may, and looks for groups of fewer than k.

It knows nothing of the study, and shares no code with the gate but the multiple that counts are rounded to, which the
released files say themselves. What it finds is a violation: a group of fewer than k that is printed, that follows by
subtraction, or that linear programming pins down between 1 and k - 1.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfrule.privacy.release import K


@dataclass(frozen=True, order=True)
class Violation:
    """Something released that tells of fewer than k: in which file, where in it, and how it follows. Holds no text of it."""

    file: str
    where: str
    how: str


def check(paths: Iterable[Path], k: int = K) -> list[Violation]:
    """Everything in released files that tells of fewer than k.

    Args:
        paths: Released files: `report.html`, `patterns-released.json`, shareable estimates and analyses as JSON or CSV.
            A file of another kind is a violation itself: nobody can say what it holds.
        k: The smallest group that may be told of.

    Returns:
        Violations, in order; empty where there is none.
    """
    found: list[Violation] = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            found.append(Violation(path.name, "", "not readable as text"))
            continue
        found += [Violation(path.name, where, how) for where, how in of_text(text, path.suffix.lower(), k)]
    return sorted(set(found))


def of_text(text: str, kind: str, k: int = K) -> list[tuple[str, str]]:
    """The same of one released text: where, and how.

    Args:
        text: What is released.
        kind: ".html", ".json" or ".csv".
        k: The smallest group that may be told of.
    """
    from selfrule.privacy import checker_html, checker_tables

    if kind == ".html":
        return checker_html.violations(text, k)
    if kind == ".csv":
        return checker_tables.of_estimates([dict(row) for row in csv.DictReader(io.StringIO(text))], k)
    if kind == ".json":
        try:
            return of_data(json.loads(text), k)
        except ValueError:
            return [("", "not JSON")]
    return [("", "of a kind that the checker cannot read")]


def of_data(data: Any, k: int = K) -> list[tuple[str, str]]:
    """The same of what a JSON file holds: estimates, patterns, or the record of an analysis."""
    from selfrule.privacy import checker_patterns, checker_tables

    if isinstance(data, list) and all(isinstance(one, dict) and "group" in one and "n" in one for one in data):
        return checker_tables.of_estimates(data, k)
    if isinstance(data, dict) and isinstance(data.get("patterns"), list) and "flagged" in data:
        return checker_patterns.violations(data, k)
    if isinstance(data, dict) and "analysis" in data:
        return checker_tables.of_analysis(data, k)
    if isinstance(data, dict) and isinstance(data.get("analyses"), list):
        return [one for record in data["analyses"] for one in of_data(record, k)]
    return [("", "of a kind that the checker cannot read")]
