"""Conversations of one part, column by column: hashed, pseudonymised and fingerprinted on their way in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from selfrule.privacy.forgotten import Forgotten
from selfrule.privacy.pseudonyms import Pseudonyms
from selfrule.records import Draft, Turn
from selfrule.store.schemas import conversation_table, flat_array
from selfrule.study.fingerprints import BATCH, fingerprints

_SPEAKERS = frozenset(("user", "assistant"))  # copies are found by what these two said
_NAMES = (
    *("conversation_id", "content_hash", "source", "source_id", "place", "person", "started_at", "model"),
    *("product", "language", "country", "thumb", "score", "tags", "branches", "weight"),
)


def content_hash(turns: Sequence[Turn], words: bytes) -> str:
    """The hash of a conversation's turns (32 hex digits); `words` are their texts, one after the other, in UTF-8."""
    # where turns begin cannot be forged: roles and lengths are hashed apart from the text
    digest = hashlib.sha256(f"{[t.role for t in turns]}{[len(t.text) for t in turns]}".encode())
    digest.update(b"\n")
    digest.update(words)
    return digest.hexdigest()[:32]


def started_at(draft: Draft) -> int | None:
    """When a conversation began: as the log says, else at its first turn that has a time."""
    if draft.started_at is not None:
        return draft.started_at
    return min((turn.at for turn in draft.turns if turn.at is not None), default=None)


class Columns:
    """Conversations of one unit, column by column, on their way into a part."""

    def __init__(self, pseudonyms: Pseudonyms, forgotten: Forgotten | None = None) -> None:
        self._pseudonyms = pseudonyms
        self._forgotten = forgotten or None
        self.rows: list[tuple[Any, ...]] = []
        self.turns: list[list[Any]] = []
        self._texts: list[bytes] = []  # not fingerprinted yet
        self._pending = 0
        self._folded: list[npt.NDArray[np.uint64]] = []
        self._sketches: list[pa.Array] = []
        self._own: list[bool] = []
        self._content: list[int] = []
        self._name: list[int] = []
        self._who: list[int] = []
        self._opening: list[int] = []

    def add(self, draft: Draft, reader: str, label: str, place: str, suffix: str) -> bool:
        """Hash, pseudonymise and keep one conversation. Says whether it was kept: one that was forgotten is not."""
        turns = draft.turns
        texts = [t.text for t in turns]
        words = "".join(texts).encode("utf-8", "replace")
        content = content_hash(turns, words)
        person = None if draft.person is None else self._pseudonyms.of(draft.person)
        if self._forgotten is not None and self._forgotten.has(content=content, name=draft.source_id, person=person):
            return False
        said = [t.text for t in turns if t.role in _SPEAKERS]
        if len(said) != len(texts):
            words = "".join(said).encode("utf-8", "replace")
        # a record without an id of its own is known by its place in the file
        name = draft.source_id if draft.source_id is not None else f"{label}:{place}{suffix}"
        named = name.encode("utf-8", "replace")
        identity = hashlib.sha256(named + b"\x1f" + content.encode()).hexdigest()[:32]
        started = started_at(draft)
        self.rows.append(
            (
                identity,
                content,
                reader,
                name,
                place,
                person,
                started,
                draft.model,
                draft.product,
                draft.language,
                draft.country,
                draft.thumb,
                draft.score,
                draft.tags,
                draft.branches,
                draft.weight,
            )
        )
        self.turns.append(turns)
        self._texts.append(words)
        self._pending += len(words)
        if self._pending > BATCH:
            self._fold()
        self._own.append(draft.source_id is not None)
        self._content.append(int(content[:16], 16))
        self._name.append(xxhash.xxh3_64_intdigest(named))
        self._who.append(0 if person is None else int(person[1:], 16))
        self._opening.append(xxhash.xxh3_64_intdigest("\n".join(said[:2]).encode("utf-8", "replace")))
        return True

    def _fold(self) -> None:
        """Fingerprint what has come in while it is still in the cache."""
        folded, sketches = fingerprints(self._texts)
        self._folded.append(folded)
        self._sketches.append(sketches)
        self._texts = []
        self._pending = 0

    def table(self) -> pa.Table:
        """The part."""
        self._fold()
        columns: dict[str, list[Any]] = {name: [] for name in _NAMES}
        if self.rows:
            columns = dict(zip(_NAMES, map(list, zip(*self.rows, strict=True)), strict=True))
        found = {
            "own_id": pa.array(self._own, pa.bool_()),
            "content": pa.array(self._content, pa.uint64()),
            "name": pa.array(self._name, pa.uint64()),
            "who": pa.array(self._who, pa.uint64()),
            "opening": pa.array(self._opening, pa.uint64()),
            "folded": flat_array(np.concatenate(self._folded), pa.uint64()),
            "sketch": pa.concat_arrays(self._sketches),
        }
        return conversation_table(columns, self.turns, found)
