"""Encryption at rest: one key a study, kept under a passphrase that is in the environment alone.

A random 256-bit key encrypts every text by itself (AES-GCM, a random 96-bit nonce each). That key stands in the manifest,
encrypted by one that scrypt makes of the passphrase; so a wrong passphrase is known at once, and nothing that is written or
logged holds it. Chosen over Parquet's own encryption because it leaves every other column to whoever reads Parquet, and serves
the store of answers as well. The ciphers are those of `cryptography`.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from selfrule.errors import TextError, UsageError

VARIABLE = "SELFRULE_PASSPHRASE"
"""The environment variable that holds the passphrase."""

ENTRY = "encryption"
"""In the manifest: how a study's key is kept."""

SHORTEST = 12
_MAGIC = b"SRs1"
_ID = 8
_NONCE = 12
_COST = {
    "n": 1 << 16,
    "r": 8,
    "p": 2,
}  # 64 MB and about a third of a second (OWASP, Password Storage Cheat Sheet, 2023)
_ABOUT = b"selfrule study key"

_roots: dict[Path, None] = {}  # studies this process has opened: where the key of a text may be


class Seal:
    """The key of one study.

    Args:
        key: 32 bytes.
        name: 8 bytes that name the key in what it sealed.
    """

    def __init__(self, key: bytes, name: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)
        self._head = _MAGIC + name

    def seal(self, data: bytes) -> bytes:
        """Encrypted, with what it needs to be opened: 40 bytes longer."""
        nonce = secrets.token_bytes(_NONCE)
        return self._head + nonce + self._cipher.encrypt(nonce, data, self._head)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed by this key.

        Raises:
            TextError: it was sealed by another key, or changed since.
        """
        from cryptography.exceptions import InvalidTag

        head = len(self._head)
        if sealed[:head] == self._head:
            try:
                return self._cipher.decrypt(sealed[head : head + _NONCE], sealed[head + _NONCE :], self._head)
            except InvalidTag:
                pass
        raise TextError("An encrypted text was changed, or is of another study, and cannot be read. Restore the study.")


def is_sealed(data: bytes) -> bool:
    """Whether bytes begin as what a seal makes."""
    return data.startswith(_MAGIC)


def known(root: Path) -> None:
    """Remember that a study is being used, so that the key of its texts is found."""
    _roots.pop(root, None)
    _roots[root] = None
    while len(_roots) > 64:
        del _roots[next(iter(_roots))]


def entry_of(root: Path) -> dict[str, Any] | None:
    """How the study in a folder keeps its key; None where it is not encrypted."""
    try:
        manifest = msgspec.json.decode((root / "manifest.json").read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None
    found = manifest.get(ENTRY) if isinstance(manifest, dict) else None
    return found if isinstance(found, dict) else None


def made(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """A manifest's entry with a new key under the passphrase of the environment.

    Raises:
        UsageError: there is no passphrase, or a short one.
    """
    phrase = environ.get(VARIABLE, "")
    if len(phrase) < SHORTEST:
        raise UsageError(
            f"Encryption needs a passphrase of at least {SHORTEST} characters in the environment, as {VARIABLE}. Keep it: "
            "without it nobody can read the words again."
        )
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(_NONCE)
    wrapped = nonce + AESGCM(_stretched(phrase, salt, **_COST)).encrypt(nonce, secrets.token_bytes(32), _ABOUT)
    return {"kind": "AES-256-GCM", "kdf": "scrypt", **_COST, "salt": salt.hex(), "key": wrapped.hex()}


def seal_of(root: Path, environ: Mapping[str, str] = os.environ) -> Seal | None:
    """The seal of the study in a folder; None where it is not encrypted.

    Raises:
        TextError: the passphrase is not in the environment, or another.
    """
    entry = entry_of(root)
    return None if entry is None else _opened(root, entry, environ)


def _opened(root: Path, entry: dict[str, Any], environ: Mapping[str, str]) -> Seal:
    phrase = environ.get(VARIABLE)
    if not phrase:
        raise TextError(f"The words of {root} are encrypted. Put their passphrase into the environment, as {VARIABLE}.")
    key = _unwrapped(phrase, msgspec.json.encode(entry, order="sorted"))
    if key is None:
        raise TextError(f"The passphrase in {VARIABLE} is not the one of {root}. Nothing was read or changed by it.")
    return Seal(key, _name(entry))


def _name(entry: dict[str, Any]) -> bytes:
    return hashlib.blake2b(bytes.fromhex(entry["key"]), digest_size=_ID).digest()


@lru_cache(maxsize=16)
def _unwrapped(phrase: str, entry: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    said = msgspec.json.decode(entry)
    wrapped = bytes.fromhex(said["key"])
    stretched = _stretched(phrase, bytes.fromhex(said["salt"]), said["n"], said["r"], said["p"])
    try:
        return AESGCM(stretched).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _ABOUT)
    except InvalidTag:
        return None


def _stretched(phrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(phrase.encode("utf-8", "surrogatepass"))


class Box:
    """A seal for a store in which some of what is kept may not be sealed yet."""

    def __init__(self, seal: Seal) -> None:
        self.seal = seal.seal
        self._open = seal.open

    def open(self, sealed: bytes) -> bytes:
        """What was sealed; what never was, as it is."""
        return self._open(sealed) if is_sealed(sealed) else sealed


def box_of(root: Path) -> Box | None:
    """A box for the store of answers of the study in a folder; None where it is not encrypted.

    Raises:
        TextError: the passphrase is not in the environment, or another.
    """
    seal = seal_of(root)
    return None if seal is None else Box(seal)


def opener(sealed: bytes, environ: Mapping[str, str] = os.environ) -> Seal:
    """The seal that opens some bytes, among those of the studies that this process uses.

    Raises:
        TextError: there is none, or its passphrase is not there.
    """
    name = sealed[len(_MAGIC) : len(_MAGIC) + _ID]
    for root in reversed(list(_roots)):
        entry = entry_of(root)
        if entry is not None and _name(entry) == name:
            return _opened(root, entry, environ)
    raise TextError(
        "An encrypted text is of a study whose key is not at hand: its manifest was changed or is another's."
    )
