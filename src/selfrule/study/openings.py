"""The person's first words of each conversation as a number, by which the same scenario held with several models is found."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from selfrule.store.folder import Folder
from selfrule.store.schemas import stored_part
from selfrule.store.text import texts_of
from selfrule.study import duplicates
from selfrule.study.rating import Plan

NONE = -1


def openings(folder: Folder, plan: Plan) -> npt.NDArray[np.int64]:
    """A number for the first turn of the person in each conversation, -1 where there is none, in the order of `tables.narrow`."""
    copies = duplicates.rows_of(folder)
    found = []
    for path in folder.parts("conversations"):
        if not folder.part("ratings", plan.judge, path.stem).exists():
            continue
        turns = stored_part(path, ["turns"])["turns"].combine_chunks()
        made = _of(turns)
        if path.stem in copies:
            made = np.delete(made, copies[path.stem])
        found.append(made)
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _of(turns: pa.ListArray) -> npt.NDArray[np.int64]:
    """Hashes of the first turn by the user in each list."""
    made = np.full(len(turns), NONE, np.int64)
    flat = pc.list_flatten(turns)
    users = np.flatnonzero(np.asarray(pc.equal(flat.field("role").cast(pa.string()), "user").fill_null(False)))
    rows, first = np.unique(np.asarray(pc.list_parent_indices(turns))[users], return_index=True)
    texts = texts_of(flat.field("text").take(pa.array(users[first])))
    made[rows] = [_hash(text) for text in texts]
    return made


def _hash(text: str | None) -> int:
    """63 bits of the words, however spaced; -1 where there are none."""
    words = " ".join((text or "").split())
    return xxhash.xxh3_64_intdigest(words.encode("utf-8", "replace")) >> 1 if words else NONE
