"""The names that labellers choose for themselves."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from selfrule.errors import UsageError

LONGEST = 60
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def name_of(text: str) -> str:
    """A labeller's name as it is kept: composed (NFC), spaces collapsed.

    Raises:
        UsageError: it is empty, longer than 60 characters, or holds characters that cannot be shown.

    Example:
        >>> name_of("  Ana   de Souza ")
        'Ana de Souza'
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > LONGEST:
        raise UsageError(f"A labeller's name must have 1 to {LONGEST} characters. Got {len(name)} instead.")
    if not name.isprintable():
        raise UsageError("A labeller's name must have printable characters only. Got others too.")
    return name


def file_of(name: str) -> str:
    """The file that holds a labeller's labels: the name where it is plain, with a hash where it is not."""
    if _PLAIN.fullmatch(name):
        return f"{name}.jsonl"
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:20]
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{plain or 'name'}-{digest}.jsonl"
