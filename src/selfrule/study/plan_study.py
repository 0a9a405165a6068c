"""What a plan can know from a study's own logs: how many conversations, whose, how they score, how long they are."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from selfrule.errors import StudyError
from selfrule.labels.given import Store
from selfrule.labels.strata import STRATA
from selfrule.records import Conversation
from selfrule.store.folder import Folder
from selfrule.store.schemas import CONVERSATIONS, conversations_of
from selfrule.study import duplicates
from selfrule.study.label_rows import population
from selfrule.study.plan_facts import thresholds
from selfrule.study.plan_labels import Levels

_SAMPLE = 200  # conversations read to size the others
_PARTS = 20


class Facts(NamedTuple):
    """What a study's logs say without a rating.

    Conversations, copies left out; how many the person of a random one has; how many fall into each stratum of the screen's
    score, the unread ones last (None: not screened yet); a sample of them; median seconds of a label (None: no labels);
    shares by level as the reported judge rated (None: not rated), and that judge's name.
    """

    conversations: int
    together: float
    sizes: NDArray[np.integer] | None
    sample: list[Conversation]
    seconds: float | None
    levels: Levels | None
    judge: str | None


def facts_of(path: Path, card: Mapping[str, Any]) -> Facts:
    """Read them off a study's folder.

    Raises:
        StudyError: there is no study, or it holds no conversation.
    """
    folder = Folder.open(path)
    copies = duplicates.rows_of(folder)
    tables = folder.manifest().get("tables") or {}
    parts = folder.parts("conversations")
    people: list[pa.ChunkedArray] = []
    cuts = thresholds(card)[::-1]
    sizes = np.zeros(len(cuts) + 2, dtype=np.int64)
    screened = bool(tables)
    count = 0
    for path_ in parts:
        table = pq.read_table(path_, columns=["person"])
        mask = np.ones(table.num_rows, dtype=bool)
        mask[copies.get(path_.stem, [])] = False
        people.append(table.filter(pa.array(mask))["person"].cast(pa.string()))
        count += int(mask.sum())
        where = folder.part("screenings", tables.get("screen", ""), path_.stem)
        if screened and where.exists():
            score = np.asarray(pq.read_table(where, columns=["score"])["score"].fill_null(-1.0))
            read = score[score >= 0]
            found = np.bincount(len(cuts) - np.searchsorted(cuts, read, side="right"), minlength=len(cuts) + 1)
            sizes += np.append(found, len(score) - len(read))
        else:
            screened = False
    if not count:
        raise StudyError(f"{path} holds no conversation. Import logs into it first: selfrule import LOGS -o {path}")
    levels, judge = _rated(folder, tables)
    return Facts(
        conversations=count,
        together=_together(people, count),
        sizes=sizes if screened else None,
        sample=_sample(parts),
        seconds=_seconds(folder),
        levels=levels,
        judge=judge,
    )


def _together(people: list[pa.ChunkedArray], count: int) -> float:
    chunks = [chunk for column in people for chunk in column.chunks]
    counts = pa.chunked_array(chunks, pa.string()).drop_null().value_counts().field("counts")
    sizes = np.asarray(counts, dtype=np.float64)
    known = int(sizes.sum()) if len(sizes) else 0
    return float(((sizes**2).sum() + count - known) / count)


def _sample(parts: list[Path]) -> list[Conversation]:
    chosen = parts[:: max(1, len(parts) // _PARTS)]
    each = -(-_SAMPLE // max(1, len(chosen)))
    found: list[Conversation] = []
    for path in chosen:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(each, columns=CONVERSATIONS.names, use_threads=False):
                found += conversations_of(batch)
                break
    return found


def _seconds(folder: Folder) -> float | None:
    store = Store(folder.root / "labels" / "given").refresh()
    taken = [label.seconds for label in store.standing.values() if label.seconds]
    return statistics.median(taken) if taken else None


def _rated(folder: Folder, tables: Mapping[str, str]) -> tuple[Levels | None, str | None]:
    if not tables or not folder.parts("ratings", tables["judge"]):
        return None, None
    strata = population(folder, tables["judge"]).strata
    counts = dict(zip(STRATA, np.bincount(strata, minlength=len(STRATA)).tolist(), strict=True))
    n = len(strata)
    found = Levels(*(counts[name] / n for name in ("mild", "moderate", "severe")))
    return found, str(folder.manifest().get("choices", {}).get("judge", "embedded"))
