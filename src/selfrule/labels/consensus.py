"""What several labellers make together: for each construct the lower median of their levels."""

from __future__ import annotations

from collections.abc import Sequence

from selfrule.records import Label
from selfrule.rubric import CONSTRUCTS, MARKERS


def lower_median(levels: Sequence[int]) -> int | None:
    """The middle level, of two middle ones the lower; None of none.

    The lower one, so that a level stands only where at least half of the labellers go so far or further.

    Example:
        >>> lower_median([0, 2]), lower_median([3, 0, 2]), lower_median([])
        (0, 2, None)
    """
    ordered = sorted(levels)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def consensus(labels: Sequence[Label]) -> dict[str, int | None]:
    """The level of each construct by all labels of one conversation; None where nobody gave one.

    A level in a label whose labeller was unsure of others counts; skipped labels have none.
    """
    return {
        construct: lower_median(
            [
                level
                for label in labels
                if label.status != "skipped" and (level := label.levels.get(construct)) is not None
            ]
        )
        for construct in CONSTRUCTS
    }


def marked(labels: Sequence[Label]) -> dict[str, str | None]:
    """Each marker by all labels of one conversation: yes where more than half say so, None where nobody said anything.

    A tie is no yes: unknown is the rubric's default.
    """
    found: dict[str, str | None] = {}
    for marker in MARKERS:
        said = [
            label.actualized[marker] for label in labels if label.status != "skipped" and marker in label.actualized
        ]
        answer = next((word for word in ("yes", "no") if 2 * said.count(word) > len(said)), "unknown")
        found[marker] = answer if said else None
    return found
