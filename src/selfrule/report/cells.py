"""Figures looked up by construct, level and group, each with the words a reader sees."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from selfrule.records import Estimate, EstimateKind
from selfrule.report.context import ReportContext, Suppressed
from selfrule.report.numbers import at_most, interval, interval_decimals, number, one_in, percent

State = Literal["seen", "none_seen", "bounded", "refused", "unrated", "unmeasured", "suppressed", "absent"]
_Key = tuple[str, str, tuple[tuple[str, str], ...], EstimateKind]

FEW = 10  # events below which a sentence warns that a figure rests on few of them


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One figure, or the reason why there is none. Shares and limits are in [0, 1].

    A "bounded" one has an upper limit and no share; a "refused" one has a `note` that says why there is no figure.
    """

    state: State
    k: int
    count: float = 0
    n: int = 0
    missing: int = 0
    share: float | None = None
    low: float | None = None
    high: float | None = None
    worst_low: float | None = None
    worst_high: float | None = None
    persons: int | None = None
    n_effective: float | None = None
    design_effect: float | None = None
    method: str = ""
    reason: str = ""
    note: str = ""

    @property
    def shown(self) -> bool:
        """Whether there is a figure to draw."""
        return self.state in {"seen", "none_seen"}

    @property
    def why_not(self) -> str:
        """What stands in place of a figure."""
        if self.state == "suppressed":
            return "withheld" if self.reason.startswith("complement") else f"fewer than {self.k}"
        words = {
            "unrated": "not rated", "unmeasured": "not measured", "absent": "no figure", "refused": "not given",
        }  # fmt: skip
        return words.get(self.state, "")

    @property
    def share_text(self) -> str:
        """The share, or why there is none."""
        if self.state == "none_seen":
            return "none seen"
        if self.state == "bounded":
            return f"at most {at_most(1.0 if self.high is None else self.high)}"
        if self.state != "seen" or self.share is None:
            return self.why_not
        finer = interval_decimals(self.low, self.high) if self.low is not None and self.high is not None else 1
        return percent(self.share, finer)

    @property
    def interval_text(self) -> str:
        """The 95 % interval; only its upper end where none was seen."""
        if self.high is None or not self.shown:
            return ""
        if self.state == "none_seen":
            return f"at most {at_most(self.high)}"
        return interval(self.low or 0.0, self.high)

    @property
    def one_in_text(self) -> str:
        """The share as "1 in N"; empty where none was seen."""
        return one_in(self.share) if self.state == "seen" and self.share is not None else ""

    @property
    def seen_text(self) -> str:
        """Count of n."""
        return f"{number(self.count)} of {number(self.n)}" if self.shown or self.state == "bounded" else ""

    @property
    def sentence(self) -> str:
        """The whole figure in words, for tooltips and prose."""
        if self.state == "none_seen":
            limit = f"; at most {at_most(self.high)}" if self.high is not None else ""
            return f"none seen in {number(self.n)}{limit}"
        if self.state != "seen":
            return self.why_not
        return f"{self.share_text} (95 % interval {self.interval_text}), {self.one_in_text}"


def labels_behind(estimate: Estimate) -> int:
    """How many labels a figure made of labels rests on."""
    return round((estimate.n_effective or 0.0) * (estimate.design_effect or 0.0))


def _cell(estimate: Estimate, k: int) -> Cell:
    share, low, high = _finite(estimate.share), _finite(estimate.low), _finite(estimate.high)
    if estimate.kind == "refused":
        state: State = "refused"
    elif estimate.kind == "missed_at_most":
        state = "bounded"
    elif share is None or (estimate.n == 0 and estimate.kind == "rated"):
        state = "unrated"
    else:
        state = "none_seen" if not (estimate.count if estimate.kind == "rated" else share) else "seen"
    return Cell(
        state=state,
        k=k,
        count=estimate.count,
        n=labels_behind(estimate) if estimate.kind == "missed_at_most" else estimate.n,
        missing=estimate.missing,
        share=share,
        low=low,
        high=high,
        worst_low=_finite(estimate.low_if_missing_none),
        worst_high=_finite(estimate.high_if_missing_all),
        persons=estimate.persons,
        n_effective=_finite(estimate.n_effective),
        design_effect=_finite(estimate.design_effect),
        method=estimate.method,
        note=estimate.note or "",
    )


class Cells:
    """All figures of a report, by construct, level and group. The first of two figures for one cell is kept."""

    def __init__(self, context: ReportContext) -> None:
        self.k = context.k
        self._cells: dict[_Key, Cell] = {}
        self._values: dict[str, dict[str, None]] = {}
        suppressed: Iterable[Suppressed] = context.suppressed if context.kind == "shareable" else ()
        # Suppressed first: where a cell is in both lists, it stays suppressed.
        for entry in suppressed:
            cell = Cell(state="suppressed", k=self.k, reason=entry["reason"])
            self._put(entry["construct"], entry["level"], entry["group"], entry.get("kind", "rated"), cell)
        for e in context.estimates:
            self._put(e.construct, e.level, e.group, e.kind, _cell(e, self.k))
        self._unmeasured()

    def _unmeasured(self) -> None:
        """What no rating carries while others of it do is not measured by this judge: it cannot say it."""
        if not self.flagged().shown:
            return
        unrated = {
            construct for (construct, _, group, _), cell in self._cells.items() if cell.state == "unrated" and not group
        }
        unrated -= {
            construct for (construct, _, _, kind), cell in self._cells.items() if cell.shown and kind == "rated"
        }
        for key, cell in list(self._cells.items()):
            if cell.state == "unrated" and key[0] in unrated:
                self._cells[key] = replace(cell, state="unmeasured")

    def _put(self, construct: str, level: str, group: dict[str, str], kind: EstimateKind, cell: Cell) -> None:
        self._cells.setdefault((construct, level, tuple(sorted(group.items())), kind), cell)
        if len(group) == 1:
            for key, value in group.items():
                self._values.setdefault(key, {})[value] = None

    def get(
        self, construct: str, level: str, group: dict[str, str] | None = None, kind: EstimateKind = "rated"
    ) -> Cell:
        """The figure of a cell, as rated or of another kind; one of state "absent" where there is none."""
        key = (construct, level, tuple(sorted((group or {}).items())), kind)
        return self._cells.get(key) or Cell(state="absent", k=self.k)

    def any(self, construct: str, levels: Iterable[str], group: dict[str, str] | None = None) -> Cell:
        """The first of several spellings of a level that has a figure."""
        got = [self.get(construct, level, group) for level in levels]
        return next((c for c in got if c.state != "absent"), got[0])

    def flagged(self, group: dict[str, str] | None = None) -> Cell:
        """The flagged share of a group."""
        return self.any("flagged", ("yes", "moderate+"), group)

    def values(self, key: str) -> list[str]:
        """The values of one grouping ("domain", "model", ...), in the order in which they came."""
        return list(self._values.get(key, ()))

    def by_group(self, kind: EstimateKind) -> list[tuple[str, str, str, str, Cell]]:
        """Figures of a kind in groups by one key: construct, level, the key, its value, the figure."""
        return [
            (construct, level, *group[0], cell)
            for (construct, level, group, of), cell in self._cells.items()
            if of == kind and len(group) == 1 and cell.shown
        ]
