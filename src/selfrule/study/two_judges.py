"""Two judges: a sample drawn by the cheap one's score for the strong one to rate, and what the strong one would say of all.

The embedded judge has read every conversation of a study. Of each stratum of its screen's score a known number is drawn, by
permanent random numbers, and written to a file; that is rated as a study of its own. What was rated of a stratum stands for
all of it, so the shares of strata, weighted by their sizes, are those of everything.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from selfrule.errors import StudyError, UsageError
from selfrule.estimate.confirmed import Figure, missed
from selfrule.estimate.labelled import OUTCOMES, Labelled, people_of, sides
from selfrule.labels.draws import random_numbers
from selfrule.records import Estimate
from selfrule.rubric import CONSTRUCTS
from selfrule.store.folder import Folder, write_file
from selfrule.store.schemas import CONVERSATIONS, conversations_of, ratings_of, stored_part
from selfrule.study import duplicates, sampled
from selfrule.study.label_rows import reported
from selfrule.study.plan_facts import stratum_names
from selfrule.study.plan_records import Plan

_APART = 1 << 62  # added to the seed: labels of the sample must not fall on the numbers by which it was drawn
_NAME = "two-judges.json"


class Drawn(msgspec.Struct, frozen=True):
    """A sample, as kept in the study: scores between strata, stratum of the unread, sizes, and the ids drawn of each."""

    cuts: list[float]
    unread: int
    seed: int
    sizes: list[int]
    ids: list[list[str]]


@dataclass(frozen=True)
class _Rows:
    """Unique conversations of a study: id, hash of the turns, person's code, weight, stratum."""

    ids: list[str]
    content: list[str]
    person: NDArray[np.integer]
    weight: NDArray[np.float64]
    stratum: NDArray[np.intp]


def draw(path: Path, plan: Plan, output: Path) -> Drawn:
    """Draw the sample of a plan with two judges and write it, a JSON object a line, for `selfrule audit`.

    Args:
        path: The study that the plan was made for, rated by the embedded judge.
        plan: Whose chosen design has two judges.
        output: A new file, which only its owner may read.

    Returns:
        What was drawn; kept in the study too.

    Raises:
        UsageError: the design is another, or the file exists.
        StudyError: the study has not been screened.
    """
    if plan.chosen != "two judges":
        raise UsageError(
            f"The plan's design is {plan.chosen!r}, and only samples for two judges are drawn by score. Draw random ones with: "
            "selfrule sample LOGS -o SAMPLE --n N"
        )
    if output.exists():
        raise UsageError(f"{output} exists already. Name a new file.")
    folder = Folder.open(path)
    rows = _rows(folder, plan.cuts, plan.unread)
    number = random_numbers(rows.ids, _APART + plan.seed)
    ids = []
    for k, part in enumerate(plan.best.draws):
        member = np.flatnonzero(rows.stratum == k)
        lowest = member[np.argsort(number[member], kind="stable")][: part.rated]
        ids.append([rows.ids[row] for row in lowest.tolist()])
    sizes = np.bincount(rows.stratum, minlength=len(ids)).tolist()
    drawn = Drawn(plan.cuts, plan.unread, plan.seed, sizes, ids)
    stands = {which: sizes[k] / len(some) for k, some in enumerate(ids) for which in some}
    _write(folder, stands, output)
    (folder.root / "draws").mkdir(exist_ok=True)
    write_file(folder.root / "draws" / _NAME, msgspec.json.encode(drawn) + b"\n", mode=0o600)
    return drawn


def found(path: Path, sample: Path) -> list[Estimate]:
    """What the judge that rated the sample would say of everything.

    Shares of strata with limits by square-and-add of Wilson's and mid-P ones, persons and weights counted
    (`estimate.confirmed.missed` over strata, in none of which the cheap judge's own word is used).

    Args:
        path: The study that was drawn from.
        sample: The study of the sample, rated.

    Returns:
        Flagged, and every construct at each level or above; kind "rated".

    Raises:
        StudyError: nothing was drawn from the study, it has changed since, or nothing drawn was rated in the sample.
    """
    folder = Folder.open(path)
    kept = folder.root / "draws" / _NAME
    if not kept.is_file():
        raise StudyError(f"Nothing was drawn from {path} for a second judge. Plan it: selfrule plan {path} --draw FILE")
    drawn = msgspec.json.decode(kept.read_bytes(), type=Drawn)
    rows = _rows(folder, drawn.cuts, drawn.unread)
    size = np.bincount(rows.stratum, minlength=len(drawn.sizes))
    if size.tolist() != drawn.sizes:
        raise StudyError(
            f"{path} has changed since the sample was drawn: it had {sum(drawn.sizes):,} conversations in these strata and has "
            f"{len(rows.ids):,}. What was drawn does not stand for it any more; draw again with: selfrule plan {path} --draw FILE"
        )
    levels = _levels(Folder.open(sample))
    place = {which: row for row, which in enumerate(rows.ids)}
    row = np.array([place[which] for some in drawn.ids for which in some if which in place], dtype=np.intp)
    given = np.full((len(row), len(CONSTRUCTS)), -1, dtype=np.int8)
    there = np.zeros(len(row), dtype=np.bool_)
    for at, one in enumerate(row.tolist()):
        known = levels.get(rows.content[one])
        if known is not None:
            given[at], there[at] = known, True
    if not there.any():
        raise StudyError(
            f"{sample} holds no rating of what was drawn from {path}. Rate it: selfrule rate {sample} --no-screen"
        )
    reached = np.bincount(rows.stratum[row], minlength=len(drawn.ids))
    study = Labelled(
        person=rows.person,
        weight=rows.weight,
        levels=np.full((len(rows.ids), len(CONSTRUCTS)), -1, dtype=np.int8),
        stratum=rows.stratum,
        strata=tuple(stratum_names(drawn.cuts)),
        row=row,
        given=given,
        inclusion=(reached / np.maximum(size, 1))[rows.stratum[row]],
    )
    people = people_of(study)
    made = []
    for outcome in OUTCOMES:
        figure = missed(sides(study, outcome, people), exact=False)
        if figure is not None:
            made.append(_estimate(outcome.construct, outcome.level, figure, len(rows.ids), len(drawn.ids)))
    return made


def without(folder: Folder, gone: Collection[str]) -> bytes | None:
    """The draw kept in a study as it is without some conversations, by id; None where nothing was drawn."""
    path = folder.root / "draws" / _NAME
    if not path.exists():
        return None
    drawn = msgspec.json.decode(path.read_bytes(), type=Drawn)
    rows = _rows(folder, drawn.cuts, drawn.unread)
    left = [code for which, code in zip(rows.ids, rows.stratum.tolist(), strict=True) if which not in gone]
    sizes = np.bincount(left, minlength=len(drawn.sizes)).tolist()
    ids = [[which for which in some if which not in gone] for some in drawn.ids]
    return msgspec.json.encode(msgspec.structs.replace(drawn, sizes=sizes, ids=ids)) + b"\n"


def _estimate(construct: str, level: str, figure: Figure, n: int, strata: int) -> Estimate:
    assert figure.share is not None
    return Estimate(
        construct=construct,
        level=level,
        group={},
        count=figure.share * n,
        n=n,
        share=figure.share,
        low=figure.interval.low,
        high=figure.interval.high,
        method=f"two judges: {figure.labels:,} rated, drawn from {strata} strata of the screen's score, limits added by squares "
        f"({figure.events:,} seen)",
        missing=figure.missing,
        low_if_missing_none=figure.outer.low,
        high_if_missing_all=figure.outer.high,
        n_effective=figure.worth,
    )


def _rows(folder: Folder, cuts: Sequence[float], unread: int) -> _Rows:
    screen, _ = reported(folder)
    copies = duplicates.rows_of(folder)
    ids: list[str] = []
    content: list[str] = []
    people: list[pa.ChunkedArray] = []
    weight, stratum = [], []
    ascending = np.array(cuts[::-1])
    for path in folder.parts("conversations"):
        where = folder.part("screenings", screen, path.stem)
        if not where.exists():
            raise StudyError(f"{folder.root} is not screened to its end. Run: selfrule rate {folder.root}")
        table = stored_part(path, ["conversation_id", "content_hash", "person", "weight"])
        mask = np.ones(table.num_rows, dtype=np.bool_)
        mask[copies.get(path.stem, [])] = False
        table = table.filter(pa.array(mask))
        screened = pq.read_table(where, columns=["conversation_id", "score"]).to_pydict()
        scores = dict(zip(screened["conversation_id"], screened["score"], strict=True))
        mine = table["conversation_id"].to_pylist()
        score = np.array([-1.0 if (known := scores.get(which)) is None else known for which in mine])
        code = len(cuts) - np.searchsorted(ascending, score, side="right")
        stratum.append(np.where(score < 0, unread, code))
        ids += mine
        content += table["content_hash"].to_pylist()
        people.append(table["person"].cast(pa.string()))
        weight.append(np.asarray(table["weight"], dtype=np.float64))
    chunks = [chunk for column in people for chunk in column.chunks]
    codes = pa.chunked_array(chunks, pa.string()).combine_chunks().dictionary_encode().indices.fill_null(-1)
    return _Rows(
        ids,
        content,
        np.asarray(codes).astype(np.int64),
        np.concatenate(weight),
        np.concatenate(stratum).astype(np.intp),
    )


def _levels(folder: Folder) -> dict[str, list[int]]:
    """The reported judge's levels by hash of the turns; -1 where it gave none."""
    _, table = reported(folder)
    levels = {}
    for path in folder.parts("ratings", table):
        for rating in ratings_of(pq.read_table(path)):
            if rating.status == "rated":
                known = [rating.levels.get(c) for c in CONSTRUCTS]
                levels[rating.content_hash] = [-1 if level is None else level for level in known]
    return levels


def _write(folder: Folder, stands: dict[str, float], output: Path) -> None:
    encoder = msgspec.json.Encoder()
    temporary = output.with_name(f".{output.name}.{os.getpid()}.tmp")
    copies = duplicates.rows_of(folder)
    written: set[str] = set()
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        for path in folder.parts("conversations"):
            skip = set(copies.get(path.stem, np.zeros(0, np.int64)).tolist())
            row = -1
            for batch in pq.ParquetFile(path).iter_batches(500, columns=CONVERSATIONS.names, use_threads=False):
                for conversation in conversations_of(batch):
                    row += 1
                    which = conversation.conversation_id
                    if which in stands and row not in skip and which not in written:
                        written.add(which)
                        heavier = msgspec.structs.replace(conversation, weight=conversation.weight * stands[which])
                        handle.write(encoder.encode(sampled._record(heavier)) + b"\n")
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(output)
