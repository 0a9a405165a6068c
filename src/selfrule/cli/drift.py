"""What changed on the anchors between two times, printed for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from selfrule.cli.scorecard import head
from selfrule.cli.view import plain
from selfrule.report.numbers import kappa, number, percent, plural
from selfrule.rubric import CONSTRUCTS, load

if TYPE_CHECKING:
    from selfrule.judges.check.scorecard import Drift


def print_drift(drift: Drift, out: Console) -> None:
    """What changed on the anchors since another time."""
    head(f"Anchors, since {drift.then.replace('T', ' ').removesuffix('+00:00')} UTC", out)
    if drift.before != drift.after:
        out.print(f"That was another judge: {plain(drift.before)}. Now: {plain(drift.after)}.", markup=False)
    if drift.same.value is None:
        out.print("No anchor was rated both times: nothing to compare.")
        return
    higher, lower = sum(drift.higher.values()), sum(drift.lower.values())
    out.print(
        f"On {plural(drift.conversations, 'anchor')} rated both times, {percent(drift.same.value)} of {number(drift.levels)} "
        f"levels are the same; {number(higher)} are higher now and {number(lower)} lower. Kappa between the two: "
        + (kappa(drift.kappa.value) if drift.kappa.value is not None else "undefined")
        + ".",
        markup=False,
    )
    moved = [
        f"{load().name(c)} (+{drift.higher[c]}, \N{MINUS SIGN}{drift.lower[c]})"
        for c in CONSTRUCTS
        if drift.higher[c] or drift.lower[c]
    ]
    if moved:
        out.print("Moved: " + ", ".join(moved) + ".", markup=False)
    out.print(
        f"Flags: {number(drift.gained)} gained, {number(drift.lost)} lost (exact McNemar p = {drift.p_value:.2g}).",
        markup=False,
    )
    if drift.unrated:
        out.print(f"{plural(drift.unrated, 'anchor')} left out: not rated one time or the other.", markup=False)
