"""What forgetting somebody means for a study, written down before anything is touched, so that a kill is finished."""

from __future__ import annotations

from pathlib import Path

import msgspec

from selfrule.labels.draws import Size
from selfrule.store.folder import FORGETTING, Folder, write_file
from selfrule.study.forget_search import Traces


class DrawChange(msgspec.Struct, frozen=True):
    """A draw without those who go: its new name and population, and its strata; `fresh`: it was of the study as it is."""

    old: str
    new: str
    population: str
    strata: dict[str, Size]


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """Who goes, what is known of them, and what is to be written in their place.

    `persons` are pseudonyms, `pairs` conversations by id and person; `gone` are ids that no other conversation has. `tables`
    counts what goes by table; `before` are SHA-256 hashes of the parts that change; `places` where, by part, their records stood
    in the input; `beside` is the draw for two judges without them.
    """

    at: str
    persons: list[str]
    pairs: list[tuple[str, str | None]]
    gone: list[str]
    given: list[str]
    keys: list[str]
    traces: Traces
    alike: int
    short: int
    texts: bool
    conversations: int
    unique: int
    people: int
    tables: dict[str, int]
    before: dict[str, str]
    places: dict[str, list[tuple[str, str]]]
    draws: list[DrawChange]
    random: tuple[str, str]
    beside: bytes | None
    population: int | None
    weight: float


def path_of(folder: Folder) -> Path:
    """Where a study's journal stands."""
    return folder.root / FORGETTING


def write(folder: Folder, journal: Journal) -> None:
    """Write a journal; it is on the disk when this returns."""
    write_file(path_of(folder), msgspec.json.encode(journal), mode=0o600)


def read(folder: Folder) -> Journal | None:
    """The journal of an unfinished forgetting; None where there is none."""
    path = path_of(folder)
    return msgspec.json.decode(path.read_bytes(), type=Journal) if path.exists() else None
