"""Labels, and conversations to be labelled, out of a study into files of other tools, and back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule.errors import InputError, TextError, UsageError
from selfrule.labels import formats
from selfrule.labels.draws import population
from selfrule.labels.formats import Entry, Row
from selfrule.labels.names import name_of
from selfrule.records import Label
from selfrule.rubric import load
from selfrule.store.folder import Folder
from selfrule.store.text import LEFT_OUT
from selfrule.study import duplicates
from selfrule.study.label_checks import checked
from selfrule.study.label_rows import Stored, stored_at
from selfrule.study.label_truth import RANDOM
from selfrule.study.labelling import Labelling

UNNAMED = "imported"


def exported(
    folder: Folder, form: str, *, conversations: bool = True, labels: bool = True, all_labels: bool = False
) -> Iterator[bytes]:
    """The queue as a file: its conversations in their order, with the labels they have. Nothing any judge said is in it.

    Args:
        folder: The study.
        form: One of `selfrule.labels.formats.FORMATS`.
        conversations: With their turns. The file is private then.
        labels: With the labels given so far.
        all_labels: Labelled conversations that are not in the queue too, after it.

    Raises:
        UsageError: nothing has been drawn, and nothing labelled.
    """
    labelling = Labelling(folder)
    draw = labelling.draw
    words = labelling.store.by_conversation()
    wanted = [item.conversation_id for item in draw.items] if draw else []
    if all_labels or draw is None:
        there = set(wanted)
        wanted += [which for which in words if which not in there]
    if not wanted:
        raise UsageError(
            f"There is nothing to export: no draw, and no label. Draw with: selfrule labels {folder.root} draw"
        )
    of_draw = {item.conversation_id for item in draw.items} if draw else set()

    def entries() -> Iterator[Entry]:
        where = places(folder)
        for identity in wanted:
            if identity not in where:
                continue  # its input was taken out of the study since
            found = stored_at(folder, *where[identity])
            if conversations and not found.words:
                raise TextError(f"{LEFT_OUT}. Labels alone: --no-conversations")
            kept = sorted(words.get(identity, ()), key=lambda label: label.labeller) if labels else []
            yield Entry(
                identity,
                found.content_hash,
                found.source_id,
                found.language,
                draw.id if draw and identity in of_draw else None,
                found.turns if conversations else None,
                [msgspec.structs.replace(label, stratum=None) for label in kept],
            )

    return formats.write(form, entries(), conversations=conversations)


def places(folder: Folder) -> dict[str, tuple[str, int]]:
    """Part and row of every unique conversation."""
    copies = duplicates.rows_of(folder)
    found: dict[str, tuple[str, int]] = {}
    for path in folder.parts("conversations"):
        left_out = set(copies.get(path.stem, np.zeros(0, np.int32)).tolist())
        ids = pq.read_table(path, columns=["conversation_id"])["conversation_id"].to_pylist()
        found |= {identity: (path.stem, row) for row, identity in enumerate(ids) if row not in left_out}
    return found


class Imported(msgspec.Struct):
    """What became of a file of labels.

    `rows` labels were read from it, of which `kept` are new or newer than what was known, `known` there already (or older
    than what stands), and the rest could not be used: a sentence each in `problems`, without any text of the file.
    `of_draw` of those kept belong to the current queue, `other_rubric` are by another wording of the rubric and count nowhere;
    `random` says that they count as a simple random sample.
    """

    form: str
    rows: int = 0
    kept: int = 0
    known: int = 0
    conversations: int = 0
    of_draw: int = 0
    other_rubric: int = 0
    random: bool = False
    labellers: dict[str, int] = {}
    problems: list[str] = []


def import_labels(
    folder: Folder, path: Path, *, form: str | None = None, labeller: str | None = None, random: bool = False
) -> Imported:
    """Take labels from a file. A row that cannot be used is counted and listed, and stops nothing.

    A conversation is known by its id, or else by the id that it has in its log where that is of one conversation alone.
    Labels made elsewhere count in agreement; in estimates only where the file says how they were drawn: rows of this
    study's queue, `random`, or a column `inclusion`.

    Args:
        folder: The study.
        path: The file.
        form: One of `selfrule.labels.formats.FORMATS`; default as it looks.
        labeller: Whose labels these are where the file does not say.
        random: The conversations are a simple random sample of this study's.

    Raises:
        InputError: the file cannot be read, or holds no label.
        UsageError: no such form, or the name is none.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    data = path.read_bytes()
    name = name_of(labeller) if labeller else UNNAMED
    chosen = form or formats.recognised(data, path.suffix)
    read = formats.read(chosen, data)
    done = Imported(chosen, len(read.rows) + len(read.problems), random=random, problems=list(read.problems))
    if not done.rows:
        raise InputError(
            f"{path}: no label found, read as {chosen}. A CSV needs a column conversation_id or source_id and columns "
            "named as the constructs (docs/labels.md). Another form: --format."
        )
    labelling = Labelling(folder)
    draw = labelling.draw
    lookup = Lookup(folder)
    queue = {item.conversation_id for item in draw.items} if draw else set()
    design = f"{RANDOM}@{lookup.population}" if random else None
    standing = labelling.store.standing
    labels: dict[tuple[str, str], Label] = {}
    for row in read.rows:
        try:
            label = _label(row, lookup, name, draw.id if draw else None, queue)
        except (UsageError, InputError) as error:
            done.problems.append(f"{row.place}: {error}")
            continue
        if design is not None:
            label = msgspec.structs.replace(label, draw=design, inclusion=None)
        key = label.labeller, label.conversation_id
        before = labels.get(key) or standing.get(key)
        if before is not None and (before.at > label.at or _same(before, label)):
            done.known += 1
            continue
        labels[key] = label
    kept = list(labels.values())
    labelling.imported(kept)
    done.kept = len(kept)
    done.conversations = len({label.conversation_id for label in kept})
    done.of_draw = sum(label.draw is not None and draw is not None and label.draw == draw.id for label in kept)
    done.other_rubric = sum(label.rubric != load().label for label in kept)
    for label in kept:
        done.labellers[label.labeller] = done.labellers.get(label.labeller, 0) + 1
    return done


def _same(one: Label, other: Label) -> bool:
    return one == msgspec.structs.replace(other, stratum=one.stratum, seconds=one.seconds, at=one.at)


def _label(row: Row, lookup: Lookup, name: str, draw: str | None, queue: set[str]) -> Label:
    of = lookup.find(row)
    rubric = load().label
    if row.content_hash is not None and row.content_hash != of.content_hash:
        raise InputError("another state of this conversation: its content hash differs")
    inclusion = row.inclusion
    if inclusion is not None and not 0 < inclusion <= 1:
        raise InputError("'inclusion' must be a probability in (0, 1]")
    status: Any = row.status  # one of the three, as the reader of the file has seen to
    label = Label(
        conversation_id=of.conversation_id,
        content_hash=of.content_hash,
        labeller=name_of(row.labeller) if row.labeller else name,
        at=row.at or int(time.time() * 1000),
        status=status,
        rubric=row.rubric or rubric,
        levels=row.levels if status != "skipped" else {},
        evidence=row.evidence,
        actualized=row.actualized,
        draw=draw if row.draw is not None and row.draw == draw and of.conversation_id in queue else None,
        inclusion=inclusion,
        seconds=row.seconds,
    )
    return checked(label, of, label.rubric)


class Lookup:
    """The conversations of a study by their id, and by the id that their log gives them."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._places = places(folder)
        self._by_source: dict[str, str | None] | None = None

    @property
    def population(self) -> str:
        """A hash of which conversations there are."""
        ids = list(self._places)
        return population(ids, np.zeros(len(ids), np.int8))

    def find(self, row: Row) -> Stored:
        """The conversation that a row is about.

        Raises:
            InputError: there is none, or several.
        """
        identity = row.conversation_id
        if identity is None and row.source_id is not None:
            identity = self._sources().get(row.source_id, "")
            if identity is None:
                raise InputError("several conversations of the study have this source_id; name the conversation_id")
        if identity is None:
            raise InputError("neither conversation_id nor source_id")
        if identity not in self._places:
            raise InputError("no such conversation in this study (or it is a copy of another)")
        return stored_at(self._folder, *self._places[identity])

    def _sources(self) -> dict[str, str | None]:
        if self._by_source is None:
            self._by_source = {}
            for path in self._folder.parts("conversations"):
                table = pq.read_table(path, columns=["conversation_id", "source_id"])
                sources = pc.cast(table["source_id"], pa.string()).to_pylist()
                for identity, source in zip(table["conversation_id"].to_pylist(), sources, strict=True):
                    if identity in self._places:
                        self._by_source[source] = None if source in self._by_source else identity
        return self._by_source
