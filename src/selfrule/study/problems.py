"""What was wrong with a unit of input: each thing listed, up to a limit, and always counted."""

from __future__ import annotations

from typing import Literal

from selfrule.records import Problem

LISTED = 1000  # problems of one kind listed one by one within a unit; the rest is one line with a count

Severity = Literal["skipped", "repaired", "note"]


class ProblemList:
    """A unit's problems: each listed, up to a limit, and always counted."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.listed: list[Problem] = []
        self.counts: dict[tuple[str, Severity], int] = {}

    def add(self, place: str, kind: str, reason: str, remedy: str = "", severity: Severity = "skipped") -> None:
        """Count a problem, and list it while there are not too many of its kind."""
        key = (kind, severity)
        self.counts[key] = self.counts.get(key, 0) + 1
        if self.counts[key] <= LISTED:
            self.listed.append(Problem(self.label, place, kind, reason, remedy, severity))

    def all(self) -> list[Problem]:
        """The listed ones, and a line for each kind that had more."""
        more = [
            Problem(self.label, f"{count - LISTED} more", kind, f"{count - LISTED:,} more of this kind", "", severity)
            for (kind, severity), count in self.counts.items()
            if count > LISTED
        ]
        return self.listed + more

    def count(self, severity: Severity) -> int:
        """How many of one severity there were."""
        return sum(n for (_, s), n in self.counts.items() if s == severity)


def times(place: str) -> int:
    """How many problems a listed row stands for: one, or as many as "120 more" says."""
    return int(place.split(maxsplit=1)[0]) if place.endswith(" more") else 1
