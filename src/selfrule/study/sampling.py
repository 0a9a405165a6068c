"""`selfrule sample`: conversations drawn from logs into a study, in two passes over the logs.

The first pass keeps 20 bytes a conversation (what it is, whose, which stratum) in memory and nothing on disk; the second
imports those that were drawn. Both read as an import reads.
"""

from __future__ import annotations

import datetime
import os
import shutil
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from selfrule.engine import cores
from selfrule.errors import InputError, UsageError
from selfrule.records import Draft
from selfrule.sampling import Design, Draw, Index, draw
from selfrule.sources.mapped import look_up
from selfrule.sources.normalise import label
from selfrule.store.folder import Folder
from selfrule.study.columns import started_at
from selfrule.study.drawn import Drawn, conversation_key, person_key
from selfrule.study.importing import Found, Importer
from selfrule.study.mappings import Given, mapping_of
from selfrule.study.problems import ProblemList
from selfrule.study.reading import Job, Reading, Where
from selfrule.study.study import Inputs, Quiet, Study, Watcher, create, existing
from selfrule.study.weights import weighing_of

UNKNOWN = "unknown"
_ATTRIBUTES = ("model", "product", "language", "country", "thumb")


class Looked(msgspec.Struct):
    """What a worker saw of one part: arrays as bytes, strata as codes into `names`."""

    key: bytes
    who: bytes
    stratum: bytes
    names: list[str]
    skipped: int


def look(job: Job, by: str) -> Looked:
    """What the draw needs to know of every conversation of a part."""
    keys: list[int] = []
    whose: list[int] = []
    strata: list[int] = []
    codes: dict[str, int] = {}
    skipped = 0

    def take(draft: Draft, where: Where) -> bool:
        keys.append(conversation_key(draft))
        whose.append(person_key(draft.person))
        strata.append(codes.setdefault(_stratum(draft, where, by), len(codes)))
        return False

    for piece in job.pieces:
        problems = ProblemList(piece.entry.label)
        Reading(piece, take, problems).run()
        skipped += problems.count("skipped")
    return Looked(
        key=np.array(keys, np.uint64).tobytes(),
        who=np.array(whose, np.uint64).tobytes(),
        stratum=np.array(strata, np.int32).tobytes(),
        names=list(codes),
        skipped=skipped,
    )


def _stratum(draft: Draft, where: Where, by: str) -> str:
    """The stratum of a conversation; what has no value is a stratum too."""
    if by in ("random", "person"):
        return ""
    if by == "month":
        started = started_at(draft)
        if started is None:
            return UNKNOWN
        return f"{datetime.datetime.fromtimestamp(started / 1000, datetime.UTC):%Y-%m}"
    if by in _ATTRIBUTES:
        return getattr(draft, by) or UNKNOWN
    if by in ("reader", "input"):
        return where.reader if by == "reader" else where.label
    path = by.removeprefix("stratum:").strip()
    given = next((value for row in where.rows if (value := look_up(row, path)) is not None), None)
    return label(given, []) or UNKNOWN


def sample(
    inputs: Inputs,
    output: str | Path,
    design: Design,
    *,
    map: Given = None,  # noqa: A002 - the word of the CLI
    reader: str | None = None,
    sampled: float | None = None,
    workers: int | None = None,
    watcher: Watcher | None = None,
) -> tuple[Study, Draw]:
    """Draw conversations from logs by a design, and read them into a study that knows their probabilities.

    Args:
        inputs: Files, folders, zips; read twice.
        output: The study's folder: a new one, or one that a killed run of the same draw left behind.
        design: How to draw.
        map: As in `Study.import_`; weights of the input itself are multiplied.
        reader: Name of the reader to use instead of recognising the format.
        sampled: Share of the conversations that had been drawn to make the input, in (0, 1].
        workers: Processes; default all cores.
        watcher: Told of progress.

    Returns:
        The study, not rated yet, and the draw.

    Raises:
        InputError: an input does not exist, or nothing in it is usable.
        UsageError: the design does not fit the logs, or the study holds something else.
    """
    paths = [Path(p) for p in ([inputs] if isinstance(inputs, str | os.PathLike) else inputs)]
    existing(paths)
    study = create(output)
    _fresh(study, design)
    watch = watcher or Quiet()
    importer = Importer(
        Folder.open(study.path),
        workers=workers or cores(),
        mapping=mapping_of(map),
        reader=reader,
        weighing=weighing_of(map, sampled),
        told=watch.found,
        begun=lambda size: watch.stage("Looking", size, "bytes"),
        moved=watch.advance,
    )
    index, skipped = _gathered(importer.scan(paths, partial(look, by=design.by)))
    watch.done()
    if not len(index.key):
        names = ", ".join(str(path) for path in paths[:3])
        raise InputError(f"{names}: no usable conversation to draw from ({skipped:,} records could not be read).")
    found = draw(index, design)
    _record(study, design, found, skipped)
    keep = study.path / ".sampling"
    keep.mkdir(exist_ok=True)
    try:
        Drawn.write(keep / "drawn.npz", found.key, 1 / found.inclusion)
        study.import_(
            paths,
            map=map,
            reader=reader,
            sampled=sampled,
            workers=workers,
            watcher=_Once(watch),
            drawn=keep / "drawn.npz",
        )
    finally:
        shutil.rmtree(keep, ignore_errors=True)
    return study, found


def _gathered(parts: Iterable[Looked]) -> tuple[Index, int]:
    """One index from those of the parts."""
    keys: list[npt.NDArray[np.uint64]] = [np.empty(0, np.uint64)]
    whose: list[npt.NDArray[np.uint64]] = [np.empty(0, np.uint64)]
    strata: list[npt.NDArray[np.int32]] = [np.empty(0, np.int32)]
    codes: dict[str, int] = {}
    skipped = 0
    for part in parts:
        own = np.array([codes.setdefault(name, len(codes)) for name in part.names], np.int32)
        keys.append(np.frombuffer(part.key, np.uint64))
        whose.append(np.frombuffer(part.who, np.uint64))
        strata.append(own[np.frombuffer(part.stratum, np.int32)])
        skipped += part.skipped
    return Index(np.concatenate(keys), np.concatenate(whose), np.concatenate(strata), tuple(codes)), skipped


def _described(design: Design) -> dict[str, Any]:
    return {"by": design.by, "n": design.n, "each": design.each, "seed": design.seed}


def _fresh(study: Study, design: Design) -> None:
    """That the study holds nothing, or what a killed run of the same draw had read."""
    manifest = study.manifest
    known = manifest.get("sampling", {}).get("draw")
    if not Folder.open(study.path).parts("conversations"):  # nothing was read, by whatever design
        return
    wanted = _described(design)
    if known is None or {key: known.get(key) for key in wanted} != wanted:
        raise UsageError(
            f"{study.path} holds another study. Name a new folder with -o: of the same logs and seed, a larger draw holds "
            "the smaller one."
        )


def _record(study: Study, design: Design, found: Draw, skipped: int) -> None:
    """Write down the draw before anything is read by it."""
    folder = Folder.open(study.path)
    manifest = folder.manifest()
    made = {
        **_described(design),
        "population": found.population,
        "drawn": len(found.key),
        "copies": found.copies,
        "unreadable": skipped,
        "strata": [{"name": one.name, "size": one.size, "drawn": one.drawn} for one in found.strata],
    }
    before = manifest.get("sampling", {}).get("draw")
    if before is not None and before != made and folder.parts("conversations"):
        raise UsageError(f"The input has changed since this draw into {study.path} began. Start again with a new -o.")
    manifest["sampling"] = {"draw": made}
    folder.write_manifest(manifest)


class _Once:
    """A watcher for the second pass: what was recognised has been told."""

    def __init__(self, watch: Watcher) -> None:
        self.stage: Callable[[str, int, str], None] = watch.stage
        self.advance: Callable[[int], None] = watch.advance
        self.done: Callable[[], None] = watch.done

    def found(self, found: Found) -> None:
        """Nothing."""
