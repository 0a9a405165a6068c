"""A study that does not keep the words of its conversations: once they are rated, they go; roles, times, counts and hashes stay.

It is chosen once a study and stands from then on, for what is added later too. A conversation whose rating is still to come
(waiting in a batch, or failed and tried again by the next run) keeps its words until then.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from selfrule.store.folder import Folder, readable, write_part
from selfrule.store.text import with_words, without_words
from selfrule.study import facets, forget_answers
from selfrule.study.asking import AGAIN, Work, conversations
from selfrule.study.rating import Plan

CHOICE = "text"
"""In the manifest: {"kept": false} where words are left out."""


class LeftOut(msgspec.Struct, frozen=True):
    """What a run left out: the words of `conversations`, of which `waiting` keep theirs until they are rated."""

    conversations: int = 0
    waiting: int = 0


def chosen(folder: Folder) -> bool:
    """Whether this study leaves words out."""
    return folder.manifest().get(CHOICE, {}).get("kept") is False


def choose(folder: Folder) -> None:
    """From now on words are left out. Written before any goes, so that a run that was killed is gone on with."""
    manifest = folder.manifest()
    manifest[CHOICE] = {**manifest.get(CHOICE, {}), "kept": False}
    folder.write_manifest(manifest)


def sure(work: Work) -> None:
    """That what a judge is still wanted for has its words.

    Raises:
        TextError: it has not.
    """
    if chosen(work.folder):
        for part in work.parts():
            want = work.of(part)
            if want.open:
                for _ in conversations(work.folder, want):
                    pass


def leave_out(folder: Folder, plans: Sequence[Plan]) -> LeftOut:
    """Take the words out of everything that is rated, part by part; each is written whole. Does what is missing.

    The embedded judge's facets of flagged conversations are made first, since they cost nothing then and cannot be made later.
    What models answered goes too, as it may quote; the ratings made of it stay.

    Args:
        folder: The study; hold its lock.
        plans: Who rated just now; the first one's ratings are reported.
    """
    facets.describe(folder, plans[0])
    gone = waiting = 0
    settled: set[str] = set()
    for path in folder.parts("conversations"):
        there = with_words(path)
        ids = pq.read_table(path, columns=["conversation_id"])["conversation_id"]
        keep = _unsettled(folder, plans, path.stem, ids)
        waiting += int((there & keep).sum())
        # those whose words went in an earlier run too: it may have been killed before their answers went
        settled.update(ids.filter(pa.array(~keep)).to_pylist())
        if not (there & ~keep).any():
            continue
        gone += int((there & ~keep).sum())
        with pq.ParquetFile(path) as file:
            metadata = {k: v for k, v in (file.metadata.metadata or {}).items() if k != b"ARROW:schema"}
            changed = without_words(file.read(), pa.array(keep))
        mode = path.stat().st_mode & 0o777
        write_part(path, changed, metadata, durable=True)
        path.chmod(mode)
    if forget_answers.count(folder, settled).get("answers"):
        forget_answers.apply(folder, settled)
    (folder.root / "report-private.html").unlink(missing_ok=True)  # it quotes them
    folder.sync()
    return LeftOut(gone, waiting)


def _unsettled(folder: Folder, plans: Sequence[Plan], part: str, ids: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Which rows of a part still need their words for one of the judges: booleans."""
    mask = np.zeros(len(ids), np.bool_)
    for plan in plans:
        path = folder.part("ratings", plan.judge, part)
        if not readable(path):
            return np.ones(len(ids), np.bool_)
        ratings = pq.read_table(path, columns=["conversation_id", "status"])
        again = pc.is_in(pc.cast(ratings["status"], pa.string()), value_set=pa.array(AGAIN, pa.string()))
        open_ids = ratings["conversation_id"].filter(again).combine_chunks()
        mask |= np.asarray(pc.is_in(ids, value_set=open_ids))
    return mask


def check(folder: Folder, plan: Plan) -> list[str]:
    """Parts that still hold words the study was to leave out, a sentence with its remedy."""
    if not chosen(folder):
        return []
    left = 0
    for path in folder.parts("conversations"):
        there = with_words(path)
        if there.any():
            ids = pq.read_table(path, columns=["conversation_id"])["conversation_id"]
            left += bool((there & ~_unsettled(folder, [plan], path.stem, ids)).any())
    if not left:
        return []
    return [
        f"{left} parts still hold words that this study is to leave out (--no-text). Run: selfrule rate {folder.root}"
    ]
