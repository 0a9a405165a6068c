"""What labels by people add to a study's figures; nothing where there are none, and then nothing heavy is loaded."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from selfrule.estimate.frame import Frame
from selfrule.records import Estimate
from selfrule.report.labels import LabelFacts
from selfrule.store.folder import Folder

State = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Honest:
    """What labels add to a study: estimates of kinds other than "rated", and the labels in counts (None: there are none)."""

    estimates: list[Estimate]
    facts: LabelFacts | None


NOTHING = Honest([], None)


def state(folder: Folder) -> State:
    """What changes whenever labels, draws or what was handed out do: cheap; () where there is none of it."""
    root = folder.root / "labels"
    found = [p for name in ("given", "draws", "handed") for p in sorted((root / name).glob("*.json*"))]
    return tuple((str(p.relative_to(root)), (at := p.stat()).st_size, at.st_mtime_ns) for p in found)


def honesty(folder: Folder, table: str, narrow: pa.Table, frame: Frame) -> Honest:
    """Honest estimates of a study and what its labels are, as `honest_figures.made` makes them.

    Args:
        folder: The study.
        table: The ratings table whose figures are reported.
        narrow: One row a unique conversation, as `tables.narrow` gives it.
        frame: The same for estimates.
    """
    if not state(folder) or not folder.parts("ratings", table):
        return NOTHING
    from selfrule.study.honest_figures import made

    return Honest(*made(folder, table, narrow, frame))
