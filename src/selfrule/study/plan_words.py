"""What a plan says of wishes that it cannot meet, and of why it proposes what it does."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from selfrule.study.plan_labels import MOST, Aim, Labelling
from selfrule.study.plan_records import Option, Question, Target


def why(question: Question, chosen: Option, honest: Sequence[Option], met: bool) -> str:
    """One sentence on the choice of a design."""
    if question.free:
        return f"{question.judge} reads everything and costs nothing: only labels are to be planned."
    if not met:
        return "No design does all that is wanted; this one comes nearest."
    if question.width is None and question.affordable is not None:
        narrowest = all(chosen.relative <= other.relative for other in honest)
        return "It gives the narrowest interval for the money." if narrowest else "It is the best of the two."
    return "It needs the fewest ratings of the designs that do what is wanted and know what they did not look at."


def rounded(number: float) -> int:
    """Up to two significant digits: such a number is a rule of thumb.

    Example:
        >>> rounded(1234), rounded(7.2)
        (1300, 8)
    """
    step: int = 10 ** max(math.floor(math.log10(max(number, 1))) - 1, 0)
    return math.ceil(number / step - 1e-9) * step


def too_wide(target: Target | None, got: float, n: int) -> list[str]:
    """That rating everything is not enough, and how many conversations would be; nothing where it is."""
    if target is None or got <= target.width:
        return []
    need = rounded(n * (got / target.width) ** 2)
    return [
        f"As rated: wanted {wanted(target)}; all {n:,} conversations give {wide(target, got)}. It would take about {need:,} "
        "conversations like these."
    ]


def too_dear(question: Question, target: Target, got: float, enough: int) -> str:
    """That a budget is not enough, and what would be."""
    more = f"{enough:,} ratings would do"
    if question.price.each:
        more += f", for {dollars(enough * question.price.each)}"
    return f"As rated: wanted {wanted(target)}; this gives {wide(target, got)}. {more}."


def too_few_labels(question: Question, enough: int) -> str:
    """That a budget of labels is not enough, and what would be."""
    hours = enough * (1 + question.doubles) * question.seconds / 3600
    return f"Labels: {enough:,} would do what is wanted of them, about {hours:,.0f} hours."


def in_vain(labelling: Labelling, aim: Aim) -> list[str]:
    """What no number of labels of these ratings does."""
    lines = []
    last = labelling.show(labelling.most)
    limit = f"{labelling.most:,} label{'' if labelling.most == 1 else 's'}, " + (
        "the most that a plan considers," if labelling.most == MOST else "all there are,"
    )
    width = float(np.mean(last.confirmed.width))
    if aim.confirm is not None and width > aim.confirm:
        there = float(np.median(labelling.offer.seen.flagged.sum(axis=1)))
        lines.append(
            f"Confirmed among flagged: wanted a width of {points(aim.confirm)}; {limit} give {points(width)}, for about "
            f"{there:,.0f} conversations are flagged here. More ratings would help, or a level that is less rare."
        )
    bound = float(np.mean(last.missed.high))
    if aim.missed is not None and bound > aim.missed:
        lines.append(
            f"Missed at most: wanted 1 in {1 / aim.missed:,.0f}; {limit} give 1 in {1 / bound:,.0f}. Where n labels of what was "
            "not flagged find none, the limit is about 3 / n, and what they find raises it."
        )
    return lines


def wanted(target: Target) -> str:
    """A target in words."""
    return f"\N{PLUS-MINUS SIGN} {100 * target.width:.3g} % of the share" if target.relative else points(target.width)


def wide(target: Target, got: float) -> str:
    """A width in the target's terms."""
    return f"\N{PLUS-MINUS SIGN} {100 * got:.3g} %" if target.relative else points(got)


def points(width: float) -> str:
    """A width in percentage points."""
    return f"{100 * width:.3g} percentage points"


def dollars(amount: float) -> str:
    """An amount for people: cents where it is small.

    Example:
        >>> dollars(1234.5), dollars(0.004)
        ('$1,234.50', '$0.0040')
    """
    return (
        f"${amount:,.0f}"
        if amount >= 10_000
        else f"${amount:,.2f}"
        if amount >= 0.1 or amount == 0
        else f"${amount:.4f}"
    )
