"""From labels to what estimates are made from: who was reached by which design, and what people said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from selfrule.estimate.labelled import Labelled
from selfrule.labels.consensus import consensus
from selfrule.labels.draws import Draw, inclusion, population
from selfrule.labels.strata import STRATA
from selfrule.records import Label
from selfrule.rubric import CONSTRUCTS, load
from selfrule.store.folder import Folder
from selfrule.study import label_rows
from selfrule.study.label_rows import Population
from selfrule.study.labelling import Labelling

RANDOM = "random"
"""The `draw` of labels imported as a simple random sample begins so; a hash of the conversations it is one of follows."""

Source = Literal["draw", "random", "given", "none"]


@dataclass(frozen=True)
class Truth:
    """What labels say of a study.

    Attributes:
        source: How the labels that count were drawn: by this study's own draw; as a simple random sample, as whoever
            imported them said; with probabilities of their own; or not at all.
        labelled: For `selfrule.estimate`: all conversations, and those reached; None where no label counts.
        labels: Labels that stand and are by today's rubric, whether they count or not.
        beside: Conversations labelled that do not count: not drawn by design, or beyond where the queue has come.
        note: What whoever reads figures made of this should know, or None.
    """

    source: Source
    labelled: Labelled | None
    labels: int
    beside: int
    note: str | None = None

    @property
    def at_random(self) -> bool:
        """Whether those reached are a simple random sample of the study, so that they can calibrate the judge."""
        return self.source == RANDOM


def truth(folder: Folder, table: str | None = None) -> Truth:
    """What the labels of a study say, by the best design among them: its own draw, then a random sample, then weights.

    Several labels of a conversation are made one by the lower median of their levels. Reached and without a level (skipped,
    unsure, left unfinished) is missing, never none.

    Args:
        folder: The study.
        table: The ratings table whose levels stand beside the labels; default the one whose figures are reported.

    Raises:
        StudyError: nothing has been rated yet.
    """
    labelling = Labelling(folder)
    rubric = load().label
    words = {
        which: kept
        for which, labels in labelling.store.by_conversation().items()
        if (kept := [one for one in labels if one.rubric == rubric])
    }
    count = sum(len(labels) for labels in words.values())
    draw = labelling.draw
    if not words and draw is None:
        return Truth("none", None, 0, 0)
    table = table or label_rows.reported(folder)[1]
    people = label_rows.population(folder, table)
    note = None
    if draw is not None and labelling.reached()[0]:
        made, note = _by_draw(folder, labelling, draw, people if draw.table == table else None, people, words)
        if made is not None:
            return Truth("draw", made, count, _beside(words, people, made))
    for source in ("random", "given"):
        made = _by_own(people, words, source)
        if made is not None:
            return Truth(source, made, count, _beside(words, people, made), note)
    if note is None and any((one.draw or "").startswith(RANDOM) for labels in words.values() for one in labels):
        note = "Conversations were added since a random sample was labelled, so it is no random sample of all of them."
    return Truth("none", None, count, len(words), note)


def _by_draw(
    folder: Folder,
    labelling: Labelling,
    draw: Draw,
    by: Population | None,
    people: Population,
    words: dict[str, list[Label]],
) -> tuple[Labelled | None, str | None]:
    """By the draw's own strata: those of `by`, the table it was drawn by, read where it is not at hand."""
    if by is None:
        by = label_rows.population(folder, draw.table) if folder.parts("ratings", draw.table) else None
    if by is None or population(by.ids, by.strata) != draw.population or by.ids != people.ids:
        return None, (
            "Conversations were added or rated anew since the queue for labelling was drawn, so its labels no longer stand "
            f"for all of them. Run: selfrule labels {folder.root} draw"
        )
    reached, _ = labelling.reached()
    known = inclusion(draw, reached)
    ids = [item.conversation_id for item in draw.items[:reached]]
    return _labelled(
        people, by.strata, STRATA, ids, words, [known[item.stratum] for item in draw.items[:reached]]
    ), None


def _by_own(people: Population, words: dict[str, list[Label]], source: str) -> Labelled | None:
    """Labels that came with probabilities of their own: of a simple random sample, or one each."""
    known: dict[str, float] = {}
    there = set(people.ids)
    design = f"{RANDOM}@{population(people.ids, np.zeros(len(people.ids), np.int8))}"
    for which, labels in words.items():
        if which not in there:
            continue
        if source == RANDOM:
            if any(one.draw == design for one in labels):
                known[which] = 1.0
        elif own := [one.inclusion for one in labels if one.inclusion is not None and one.draw is None]:
            known[which] = max(own)
    if not known:
        return None
    if source == RANDOM:
        share = len(known) / len(people.ids)
        one_stratum = np.zeros(len(people.ids), np.int8)
        return _labelled(people, one_stratum, ("all",), list(known), words, [share] * len(known))
    return _labelled(people, people.strata, STRATA, list(known), words, list(known.values()))


def _labelled(
    people: Population,
    strata: np.typing.NDArray[np.int8],
    names: tuple[str, ...],
    ids: list[str],
    words: dict[str, list[Label]],
    probability: list[float],
) -> Labelled:
    place = {identity: row for row, identity in enumerate(people.ids)}
    given = np.full((len(ids), len(CONSTRUCTS)), -1, np.int8)
    for row, identity in enumerate(ids):
        levels = consensus(words.get(identity, ()))
        given[row] = [-1 if (level := levels[construct]) is None else level for construct in CONSTRUCTS]
    return Labelled(
        person=people.person,
        weight=people.weight,
        levels=people.levels,
        stratum=strata,
        strata=names,
        row=np.array([place[identity] for identity in ids], np.int64),
        given=given,
        inclusion=np.array(probability, np.float64),
    )


def _beside(words: dict[str, list[Label]], people: Population, made: Labelled) -> int:
    counted = {people.ids[row] for row in made.row.tolist()}
    return sum(which not in counted for which in words)
