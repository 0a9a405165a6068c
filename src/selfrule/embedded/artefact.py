"""Reading the artefact: plain arrays and JSON, hashed; nothing in it can run."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import ModelError

VERSION = "1.0"
FILES = ("model.npz", "tables.json")  # what the hash covers, with both lexicons
LEXICONS = ("lexicon.toml", "lexicon_more.toml")
_REMEDY = "run `make model` or reinstall selfrule."


class Artefact(NamedTuple):
    """`arrays` by name, `tables` (words and names), `card` (figures), and the two lexicons' bytes."""

    arrays: dict[str, NDArray[Any]]
    tables: dict[str, Any]
    card: dict[str, Any]
    lexicons: tuple[bytes, bytes]
    label: str


def digest(parts: dict[str, bytes]) -> str:
    """32 hex digits over names and contents."""
    made = hashlib.blake2b(digest_size=16)
    for name in sorted(parts):
        made.update(name.encode() + b"\0" + len(parts[name]).to_bytes(8, "little") + parts[name])
    return made.hexdigest()


def read() -> Artefact:
    """The artefact shipped with the package.

    Raises:
        ModelError: a file is missing or cannot be read.
    """
    package = resources.files("selfrule.embedded")
    try:
        parts = {name: (package / "artefact" / name).read_bytes() for name in FILES}
        parts |= {name: (package / name).read_bytes() for name in LEXICONS}
        card = json.loads((package / "artefact" / "card.json").read_bytes())
        tables = json.loads(parts["tables.json"])
        with np.load(io.BytesIO(parts["model.npz"]), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise ModelError(f"The embedded judge's artefact is missing ({error}); {_REMEDY}") from error
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"The embedded judge's artefact is damaged ({error}); {_REMEDY}") from error
    label = f"embedded-{VERSION}@{digest(parts)[:8]}"
    return Artefact(arrays, tables, card, (parts[LEXICONS[0]], parts[LEXICONS[1]]), label)
