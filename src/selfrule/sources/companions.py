"""What a ChatGPT export says beside its conversations: whose it is (user.json), and which got a thumb (message_feedback.json)."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from selfrule.records import Draft
from selfrule.sources.decode import NotJSON, decode
from selfrule.sources.entries import Entry
from selfrule.sources.units import DAMAGE
from selfrule.sources.values import parse_thumb

LARGEST = 64 << 20  # bytes; such files are small
COMPANION_READERS = frozenset(("chatgpt",))  # formats that have such files


class Companions(msgspec.Struct):
    """The person whose export it is, and a thumb by conversation: down where any message of it got one."""

    person: str | None = None
    thumbs: dict[str, Literal["up", "down"]] = {}

    def complete(self, draft: Draft) -> None:
        """Give a draft what the record itself does not say."""
        if draft.person is None:
            draft.person = self.person
        if draft.thumb is None and draft.source_id is not None:
            draft.thumb = self.thumbs.get(draft.source_id)


def _load(path: str, member: str | None, name: str) -> Any:
    """The decoded companion file that stands beside a file or member, or None."""
    try:
        if member is not None:
            beside = f"{member.rpartition('/')[0]}/{name}".lstrip("/")
            with zipfile.ZipFile(path) as archive:
                if archive.getinfo(beside).file_size > LARGEST:
                    return None
                return decode(archive.read(beside))[0]
        file = Path(path).parent / name
        return decode(file.read_bytes())[0] if file.is_file() and file.stat().st_size <= LARGEST else None
    except (*DAMAGE, KeyError, RuntimeError, NotJSON):
        return None  # a companion that cannot be read takes nothing from the conversations


@lru_cache(maxsize=64)
def companions(entry: Entry) -> Companions:
    """What stands beside an entry whose format has such files."""
    user = _load(entry.path, entry.member, "user.json")
    feedback = _load(entry.path, entry.member, "message_feedback.json")
    found = Companions(thumbs={})
    if isinstance(user, dict) and isinstance(user.get("id"), str):
        found.person = user["id"]
    for row in feedback if isinstance(feedback, list) else ():
        if isinstance(row, dict) and isinstance(row.get("conversation_id"), str):
            thumb = parse_thumb(row.get("rating"))
            if thumb is not None and found.thumbs.get(row["conversation_id"]) != "down":
                found.thumbs[row["conversation_id"]] = thumb
    return found
