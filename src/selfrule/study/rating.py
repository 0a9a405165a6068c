"""Screening and rating, part by part. The embedded screen and judge read a conversation once for both tables."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from selfrule import rubric
from selfrule.embedded import Analysis, Model, load
from selfrule.engine import map_partitions
from selfrule.errors import UsageError
from selfrule.judges import EmbeddedJudge
from selfrule.records import Rating, Screening, Turn
from selfrule.screen import Screen
from selfrule.store.folder import Folder, readable, write_part
from selfrule.store.schemas import rating_table, screening_table, turns_of
from selfrule.study import duplicates

DEFAULT_RECALL = 0.98
EMBEDDED = "embedded"
SERIAL = 1500  # conversations; below this, starting processes costs more than it saves
_ROWS = 250  # conversations held as objects at once


class Choices(msgspec.Struct, frozen=True):
    """What decides a rating beside the conversation.

    `recall` of the screen; `check`, the share of screened-out conversations rated all the same; `judge` by name, or
    several with commas (a cascade); for language models the `protocol` and the `parameters` sent; `screen`: whether a
    language model is spared what the screen drops.
    """

    recall: float = DEFAULT_RECALL
    check: float = 1.0
    judge: str = EMBEDDED
    protocol: str = "joint"
    parameters: dict[str, Any] = {}
    screen: bool = True


class Plan(msgspec.Struct, frozen=True):
    """The table names under which screenings and ratings made by these choices stand."""

    screen: str
    judge: str


class _Job(msgspec.Struct):
    study: str
    part: str
    choices: Choices
    skip: list[int]


@lru_cache(maxsize=4)
def _made(recall: float) -> tuple[Screen, EmbeddedJudge]:
    model = load()
    return Screen(model, recall), EmbeddedJudge(model)


def plan(choices: Choices) -> Plan:
    """Where the tables of these choices stand: a change of judge, rubric, recall or share checked is another table.

    Raises:
        UsageError: `check` is not in [0, 1], or `recall` not in (0, 1].
    """
    if not 0 <= choices.check <= 1:
        raise UsageError(f"The 'check' share must be in [0, 1]. Got {choices.check} instead.")
    screen, judge = _made(choices.recall)
    screen_key = hashlib.blake2b(screen.label.encode(), digest_size=4).hexdigest()
    identity = f"{judge.label} {rubric.load().hash} {screen.label} {choices.check}"
    name = EMBEDDED
    if choices.judge != EMBEDDED:
        asked = [choices.judge, choices.protocol, _prompt(choices.protocol), choices.parameters, choices.screen]
        identity += " " + msgspec.json.encode(asked, order="sorted").decode()
        name = re.sub(r"[^A-Za-z0-9.]+", "-", choices.judge.rpartition("/")[2]).strip("-")[:40] or "judge"
    key = hashlib.blake2b(identity.encode(), digest_size=4).hexdigest()
    return Plan(f"embedded-{screen_key}", f"{name}-{key}")


def _prompt(protocol: str) -> str:
    from selfrule.judges import prompts

    return prompts.load(protocol).hash


def drawn(conversation_id: str, share: float) -> bool:
    """Whether a screened-out conversation is rated all the same: drawn by its own hash, so every run draws the same."""
    return int(conversation_id[:15], 16) < share * (1 << 60)


def _analysed(model: Model, turns: list[Turn]) -> Analysis:
    """The model's analysis; a conversation that it fails on gets a status and costs no other its rating."""
    try:
        return model.analyse(turns)
    except Exception as error:
        return Analysis(status="failed", reason=f"the judge failed on this conversation ({type(error).__name__})")


def rate_part(job: _Job, moved: Callable[[int], None] = lambda rated: None) -> None:
    """Screen and rate one part and write both tables, telling after every few hundred conversations."""
    folder = Folder(Path(job.study))
    where = plan(job.choices)
    screen, judge = _made(job.choices.recall)
    skip = set(job.skip)
    screenings: list[Screening] = []
    ratings: list[Rating] = []
    made: list[pa.Table] = []
    position = 0
    file = pq.ParquetFile(folder.part("conversations", job.part))
    for batch in file.iter_batches(_ROWS, columns=["conversation_id", "content_hash", "turns"], use_threads=False):
        identities = batch.column("conversation_id").to_pylist()
        contents = batch.column("content_hash").to_pylist()
        for identity, content, turns in zip(identities, contents, turns_of(batch), strict=True):
            if position not in skip:
                analysis = _analysed(judge.model, turns)
                screening = screen.screening(identity, analysis)
                screenings.append(screening)
                rating = judge.rating(identity, content, analysis)
                if screening.keep is False:
                    if drawn(identity, job.choices.check):
                        rating = msgspec.structs.replace(rating, inclusion=job.choices.check)
                    else:
                        rating = Rating(
                            identity, content, "screened_out", judge.label, rating.rubric, language=rating.language
                        )
                ratings.append(rating)
            position += 1
        made.append(rating_table(ratings))
        ratings.clear()
        moved(len(identities))
    write_part(folder.part("screenings", where.screen, job.part), screening_table(screenings))
    table = pa.concat_tables(made).unify_dictionaries() if made else rating_table([])
    write_part(folder.part("ratings", where.judge, job.part), table)


def rate(
    folder: Folder,
    choices: Choices,
    *,
    workers: int,
    moved: Callable[[int], None] = lambda rated: None,
) -> Plan:
    """Screen and rate every part that has no ratings of these choices yet."""
    where = plan(choices)
    copies = duplicates.rows_of(folder)
    none = np.zeros(0, np.int32)
    jobs = []
    conversations = 0
    for path in folder.parts("conversations"):
        rows = pq.read_metadata(path).num_rows
        tables = (folder.part("ratings", where.judge, path.stem), folder.part("screenings", where.screen, path.stem))
        if all(map(readable, tables)):
            moved(rows)
            continue
        conversations += rows
        jobs.append(_Job(str(folder.root), path.stem, choices, copies.get(path.stem, none).tolist()))
    sizes = {job.part: pq.read_metadata(folder.part("conversations", job.part)).num_rows for job in jobs}
    if workers > 1 and len(jobs) > 1 and conversations > SERIAL:
        for job, _ in map_partitions(rate_part, jobs, workers=workers):
            moved(sizes[job.part])
    else:
        for job in jobs:
            rate_part(job, moved)
    return where
