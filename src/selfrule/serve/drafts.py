"""What a labeller has begun and not given yet, on the disk after every keystroke: a closed tab loses nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from selfrule.labels.given import sync
from selfrule.serve.asked import State
from selfrule.store.folder import write_file


class Draft(msgspec.Struct):
    """A state, and the version of the label that it began from (0: none was given)."""

    base: int
    state: State


class Drafts:
    """Drafts in a folder, one file a labeller and conversation, readable by the owner alone."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, labeller: str, conversation: str) -> Path:
        # names are other people's text: a hash makes a safe folder of any of them
        folder = hashlib.blake2b(labeller.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        return self.root / folder / f"{conversation}.json"

    def keep(self, labeller: str, conversation: str, draft: Draft) -> None:
        """Replace a draft. It is on the disk when this returns."""
        path = self._path(labeller, conversation)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_file(path, msgspec.json.encode(draft), mode=0o600)
        sync(path.parent)  # the new name too: a power cut leaves this draft, not the one before

    def find(self, labeller: str, conversation: str, base: int) -> State | None:
        """The draft that began from this version of the label. One that is older, or damaged, is none."""
        try:
            draft = msgspec.json.decode(self._path(labeller, conversation).read_bytes(), type=Draft)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return draft.state if draft.base == base else None

    def drop(self, labeller: str, conversation: str) -> None:
        """Remove a draft, if there is one."""
        self._path(labeller, conversation).unlink(missing_ok=True)
