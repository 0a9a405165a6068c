"""How far the labelling of a study is: the queue by stratum, the labellers, and what should be known of both."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable

import msgspec

from selfrule.records import Label
from selfrule.rubric import load
from selfrule.store.folder import Folder
from selfrule.study.label_draws import Draws
from selfrule.study.labelling import Labelling


class Stratum(msgspec.Struct, frozen=True):
    """A stratum of the queue. `inclusion` is reached over size; `labelled` of those reached have a level of something."""

    name: str
    size: int
    drawn: int
    reached: int
    labelled: int
    inclusion: float


class Labeller(msgspec.Struct, frozen=True):
    """What one labeller gave, of the queue or not. `seconds` is the median that one took, None where it is not known."""

    name: str
    labelled: int
    unsure: int
    skipped: int
    seconds: float | None


class Status(msgspec.Struct, frozen=True):
    """How far it is. `draw` is the id of the current draw, None before the first; `notes` are sentences."""

    draw: str | None
    of: int
    doubles: int
    strata: list[Stratum]
    labellers: list[Labeller]
    outside: int
    notes: list[str]


def status(folder: Folder) -> Status:
    """How far the labelling of a study is."""
    labelling = Labelling(folder)
    store = labelling.store
    draw = labelling.draw
    rubric = load().label
    words = store.by_conversation()
    notes = [f"labels/given/{problem}" for problem in store.problems]
    notes += [f"labels/given/{name} ends in a line that is not finished: a crash cut it off." for name in store.torn()]
    old = sum(label.rubric != rubric for label in store.standing.values())
    if old:
        notes.append(f"{old:,} labels are by another wording of the rubric ({rubric} now) and count nowhere.")
    if draw is None:
        return Status(None, 0, 0, [], _labellers(store.standing.values()), len(words), notes)
    reached, inclusion = labelling.reached()
    front = draw.items[:reached]
    done = {
        item.conversation_id
        for item in draw.items
        if any(one.rubric == rubric and one.status != "skipped" for one in words.get(item.conversation_id, ()))
    }
    strata = [
        Stratum(
            name,
            size.size,
            size.drawn,
            sum(item.stratum == name for item in front),
            sum(item.stratum == name and item.conversation_id in done for item in front),
            inclusion[name],
        )
        for name, size in draw.strata.items()
    ]
    beyond = len(done - {item.conversation_id for item in front})
    if beyond:
        notes.append(
            f"{beyond:,} labelled conversations of the queue lie beyond the first that nobody was given, and count in "
            "estimates once the queue has come to them."
        )
    if draw.rubric != rubric:
        notes.append("The queue was drawn under another wording of the rubric: draw anew.")
    elif not Draws(folder).fresh(draw):
        notes.append(
            "Conversations were added or rated anew since the queue was drawn: draw anew. Labels given keep their worth."
        )
    there = {item.conversation_id for item in draw.items}
    outside = sum(which not in there for which in words)
    if outside:
        notes.append(f"{outside:,} labelled conversations are not in the queue.")
    doubles = sum(item.double for item in draw.items)
    return Status(draw.id, len(draw.items), doubles, strata, _labellers(store.standing.values()), outside, notes)


def _labellers(labels: Iterable[Label]) -> list[Labeller]:
    by_name: dict[str, list[Label]] = {}
    for label in labels:
        by_name.setdefault(label.labeller, []).append(label)
    found = []
    for name, mine in sorted(by_name.items()):
        said = Counter(one.status for one in mine)
        took = [one.seconds for one in mine if one.seconds is not None]
        median = statistics.median(took) if took else None
        found.append(Labeller(name, said["labelled"], said["unsure"], said["skipped"], median))
    return found
