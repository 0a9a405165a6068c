"""People become keyed pseudonyms at the door: a raw id is never written to disk."""

from __future__ import annotations

import hashlib


class Pseudonyms:
    """Names people by a keyed hash of their id.

    With the study's key the same person gets the same pseudonym in every file of the study; without it nobody can tell
    who it is, also not by hashing every known e-mail address. Another study has another key.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, str] = {}

    def of(self, person: str) -> str:
        """The pseudonym of a person's raw id: "p" and 16 hex digits (64 bits: a million people collide with odds of 3e-8)."""
        known = self._known.get(person)
        if known is None:
            digest = hashlib.blake2b(person.encode("utf-8", "surrogatepass"), key=self._key, digest_size=8)
            known = "p" + digest.hexdigest()
            if len(self._known) < 1_000_000:  # bounds memory on logs with endless people
                self._known[person] = known
        return known
