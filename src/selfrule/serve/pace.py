"""How far a labeller is, and how fast they went today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Any

from selfrule.records import Label


def pace(given: Sequence[Label], now: float) -> dict[str, Any]:
    """Counts by status, how many today, and the median seconds of a label given today (None where none was).

    Args:
        given: What one labeller gave, one label a conversation.
        now: Seconds since 1970-01-01 UTC; today is that day where this machine is.
    """
    day = datetime.fromtimestamp(now).astimezone().date()
    today = [label for label in given if datetime.fromtimestamp(label.at / 1000).astimezone().date() == day]
    taken = [label.seconds for label in today if label.seconds and label.status != "skipped"]
    counts = Counter(label.status for label in given)
    return {
        "given": len(given),
        "labelled": counts["labelled"],
        "unsure": counts["unsure"],
        "skipped": counts["skipped"],
        "today": len(today),
        "seconds": round(median(taken)) if taken else None,
    }
