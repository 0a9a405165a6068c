"""A sample as JSON lines, for whoever reads it elsewhere. Private: it holds conversations."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from selfrule.records import Conversation
from selfrule.store.schemas import CONVERSATIONS, conversations_of
from selfrule.study.study import Study


def lines(study: Study, path: Path) -> int:
    """Write a study's conversations to a file, one JSON object a line.

    Each holds `id`, what the log said beside it, `person` as a pseudonym, `weight`, `inclusion` (one over it) and
    `messages`; a conversation in several records is written once for each.

    Args:
        study: Made by `sampling.sample`.
        path: A new file, which only its owner may read.

    Returns:
        How many were written.
    """
    encoder = msgspec.json.Encoder()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    written = 0
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        for conversation in _all(study):
            handle.write(encoder.encode(_record(conversation)) + b"\n")
            written += 1
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)
    return written


def _all(study: Study) -> Iterator[Conversation]:
    for part in sorted((study.path / "conversations").glob("*.parquet")):
        for batch in pq.ParquetFile(part).iter_batches(500, columns=CONVERSATIONS.names, use_threads=False):
            yield from conversations_of(batch)


def _record(conversation: Conversation) -> dict[str, Any]:
    messages = []
    for turn in conversation.turns:
        message: dict[str, Any] = {"role": turn.role, "content": turn.text}
        if turn.at is not None:
            message["created_at"] = turn.at
        messages.append(message)
    beside = {
        "id": conversation.source_id,
        "person": conversation.person,
        "created_at": conversation.started_at,
        **{name: getattr(conversation, name) for name in ("model", "product", "language", "country", "thumb", "score")},
    }
    return {
        **{name: value for name, value in beside.items() if value is not None},
        "weight": conversation.weight,
        **({"inclusion": 1 / conversation.weight} if conversation.weight >= 1 else {}),
        "messages": messages,
    }
