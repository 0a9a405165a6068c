"""Who has been forgotten: keyed hashes, by which the next import leaves them out. Without the study's key they name nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

from selfrule.errors import StudyError

FILE = "forgotten.keys"
"""In the study's folder: a JSON list of hashes, 32 hex digits each."""


class Forgotten:
    """The keyed hashes of one study.

    Args:
        key: The study's own key, 32 bytes.
        hashes: What `person` and `conversation` gave for whoever was forgotten.
    """

    def __init__(self, key: bytes, hashes: Iterable[str] = ()) -> None:
        self._key = key
        self.hashes = frozenset(hashes)

    @classmethod
    def read(cls, root: Path, key: bytes) -> Forgotten:
        """Those of the study in a folder; nobody where there is no such file.

        Raises:
            StudyError: the file is damaged: people who asked to be forgotten would come back.
        """
        path = root / FILE
        if not path.exists():
            return cls(key)
        return cls(key, _read(path, path.stat().st_mtime_ns))

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def person(self, pseudonym: str) -> str:
        """The hash of a person, from their pseudonym in this study."""
        return self._hash("person", pseudonym)

    def conversation(self, *, content: str, name: str | None, person: str | None) -> list[str]:
        """The hashes of a conversation: of its words and, where its log gives it an id of its own, of that id.

        The same words, or the same id, from another person are another conversation.
        """
        whose = person or ""
        return [self._hash("words", whose, content)] + ([] if name is None else [self._hash("name", whose, name)])

    def has(self, *, content: str, name: str | None, person: str | None) -> bool:
        """Whether a conversation that is being read was forgotten, by itself or with its person."""
        if not self.hashes:
            return False
        if person is not None and self.person(person) in self.hashes:
            return True
        return not self.hashes.isdisjoint(self.conversation(content=content, name=name, person=person))

    def _hash(self, *parts: str) -> str:
        digest = hashlib.blake2b(key=self._key, digest_size=16, person=b"selfrule forgot")
        for part in parts:
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "little") + data)
        return digest.hexdigest()


@lru_cache(maxsize=4)
def _read(path: Path, stamp: int) -> frozenset[str]:
    try:
        return frozenset(msgspec.json.decode(path.read_bytes(), type=list[str]))
    except msgspec.MsgspecError:
        raise StudyError(
            f"{path} cannot be read, and without it people who asked to be forgotten would come back. Restore it."
        ) from None
