"""Whether a label is one: of this conversation, by this rubric, with levels and turns that exist."""

from __future__ import annotations

import msgspec

from selfrule.errors import UsageError
from selfrule.labels.names import name_of
from selfrule.records import Label
from selfrule.rubric import CONSTRUCTS, LEVELS, MARKERS
from selfrule.study.label_rows import Stored

STATUSES = ("labelled", "unsure", "skipped")
ANSWERS = ("yes", "no", "unknown")


def checked(label: Label, of: Stored, rubric: str) -> Label:
    """A label as it is kept: its name in order, turns cited once and in order.

    Args:
        label: As it was given.
        of: Its conversation.
        rubric: Label of the rubric that it must be by.

    Raises:
        UsageError: says which part of it is wrong.
    """
    if label.content_hash != of.content_hash:
        raise UsageError("The label is of another state of this conversation: its content hash differs. Load it again.")
    if label.rubric != rubric:
        raise UsageError(
            f"The label is by rubric {label.rubric[:40]!r}, and the queue by {rubric}. Load the page again."
        )
    if label.status not in STATUSES:
        raise UsageError(f"The status of a label must be one of {', '.join(STATUSES)}. Got another.")
    if label.at <= 0 or (label.seconds is not None and not 0 <= label.seconds < 1e9):
        raise UsageError("A label's 'at' must be milliseconds since 1970, and 'seconds' 0 or more. Got other values.")
    _levels(label)
    for construct, cited in label.evidence.items():
        if construct not in CONSTRUCTS:
            raise UsageError(f"Evidence is of a construct of the rubric: {', '.join(CONSTRUCTS)}. Got another.")
        wrong = [turn for turn in cited if not 0 <= turn < len(of.turns)]
        if wrong:
            raise UsageError(
                f"Turns of this conversation are 0 to {len(of.turns) - 1}. Got {wrong[0]} for {construct}."
            )
    for marker, answer in label.actualized.items():
        if marker not in MARKERS or answer not in ANSWERS:
            raise UsageError(
                f"A marker is one of {', '.join(MARKERS)}, its answer of {', '.join(ANSWERS)}. Got another."
            )
    evidence = {construct: sorted(set(cited)) for construct, cited in label.evidence.items() if cited}
    return msgspec.structs.replace(label, labeller=name_of(label.labeller), evidence=evidence)


def _levels(label: Label) -> None:
    for construct, level in label.levels.items():
        if construct not in CONSTRUCTS:
            raise UsageError(f"Levels are of constructs of the rubric: {', '.join(CONSTRUCTS)}. Got another.")
        if level is not None and (isinstance(level, bool) or not 0 <= level < len(LEVELS)):
            raise UsageError(
                f"A level must be 0 to {len(LEVELS) - 1} ({', '.join(LEVELS)}). Got {level} for {construct}."
            )
    missing = [construct for construct in CONSTRUCTS if label.levels.get(construct) is None]
    if label.status == "labelled" and missing:
        raise UsageError(f"A label that is not unsure has a level for every construct. Missing: {', '.join(missing)}.")
