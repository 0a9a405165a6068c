"""Where a study keeps its patterns, and whether they still are of its ratings.

patterns/patterns.json       the private tree (owner only)
patterns/members.parquet     which conversation is in which pattern (owner only)
patterns/state.json          what they were made of, by which choices (owner only)
patterns-released.json       what passed the release gate: the one file here that may be shared
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from selfrule.errors import StudyError
from selfrule.patterns.assemble import Node
from selfrule.patterns.members import Members
from selfrule.patterns.records import Patterns
from selfrule.store.folder import Folder, write_file, write_part
from selfrule.study.rating import Plan

FOLDER = "patterns"
PRIVATE = "patterns/patterns.json"
STATE = "patterns/state.json"
RELEASED = "patterns-released.json"
MEMBERSHIP = pa.schema([("conversation_id", pa.string()), ("pattern", pa.string()), ("keeper", pa.string())])
_OWNER = 0o600


class Made(msgspec.Struct, frozen=True):
    """What patterns are made of and how, beside the study: another value is another set of patterns.

    `facets` is the table of descriptions and `described` a hash of them, `ratings` one of the ratings behind them, `namer` who
    names.
    """

    ratings: str
    facets: str
    per: int
    seed: int
    embedding: str
    namer: str
    version: int = 1
    described: str = ""


class Gate(msgspec.Struct, frozen=True):
    """With what they were released: the smallest group, the privacy budget of their counts, and the version of the gate."""

    k: int
    epsilon: float | None


class State(msgspec.Struct, frozen=True):
    """What a study's patterns are, and with what they were released last (None: not yet).

    `whole` is False where naming was cut short, such as by a budget: the next run goes on.
    """

    made: Made
    gate: Gate | None = None
    whole: bool = True


def ratings_hash(folder: Folder, plan: Plan) -> str:
    """A hash that changes with any rating, person or copy of the study: of the tables that patterns count in."""
    hashed = hashlib.blake2b(digest_size=16)
    tables = [("ratings", plan.judge), ("screenings", plan.screen), ("duplicates",)]
    for path in [part for table in tables for part in folder.parts(*table)]:
        hashed.update(path.relative_to(folder.root).as_posix().encode())
        with path.open("rb") as handle:
            while block := handle.read(1 << 20):
                hashed.update(block)
    manifest = folder.manifest()
    hashed.update(msgspec.json.encode([manifest.get("sampling"), manifest.get("population")], order="sorted"))
    return hashed.hexdigest()


def state(folder: Folder) -> State | None:
    """What the patterns of a study are; None where there are none, or they are of another version."""
    try:
        return msgspec.json.decode((folder.root / STATE).read_bytes(), type=State)
    except (OSError, msgspec.MsgspecError):
        return None


def read(path: Path) -> Patterns:
    """Patterns from their file.

    Raises:
        StudyError: it is not there or not readable.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Patterns)
    except (OSError, msgspec.MsgspecError) as error:
        raise StudyError(f"{path} is not readable. Make it again with: selfrule patterns STUDY --again") from error


def write_private(
    folder: Folder,
    how: Made,
    made: Patterns,
    known: Members,
    member: NDArray[np.int64],
    keeper: NDArray[np.int64],
    tree: list[Node],
    *,
    whole: bool = True,
) -> None:
    """The private part, owner only; what was released of an earlier one is removed first, the state is written last."""
    (folder.root / STATE).unlink(missing_ok=True)
    (folder.root / RELEASED).unlink(missing_ok=True)
    leaf = {node.clusters[0]: node.id for node in tree if len(node.clusters) == 1}
    table = pa.table(
        {
            "conversation_id": known.conversation_id,
            "pattern": [leaf[int(m)] for m in member],
            "keeper": [known.conversation_id[int(k)] for k in keeper],
        },
        schema=MEMBERSHIP,
    )
    (folder.root / FOLDER).mkdir(exist_ok=True)
    (folder.root / FOLDER).chmod(0o700)  # a part is for everybody until its mode is set
    path = folder.part(FOLDER, "members")
    write_part(path, table)
    path.chmod(_OWNER)
    write_file(folder.root / PRIVATE, msgspec.json.format(msgspec.json.encode(made), indent=1), mode=_OWNER)
    write_file(folder.root / STATE, msgspec.json.encode(State(how, whole=whole)), mode=_OWNER)


def write_released(folder: Folder, how: Made, gate: Gate, made: Patterns) -> None:
    """What passed the gate, for everybody.

    Raises:
        StudyError: it did not pass the gate.
    """
    if made.kind != "released":
        raise StudyError(
            "Only patterns that passed the release gate are written to be shared. Got private ones instead."
        )
    write_file(folder.root / RELEASED, msgspec.json.format(msgspec.json.encode(made), indent=1))
    known = state(folder)
    now = State(how, gate, whole=known is None or known.whole)
    write_file(folder.root / STATE, msgspec.json.encode(now), mode=_OWNER)


def for_report(folder: Folder, plan: Plan, *, private: bool, k: int) -> Patterns | None:
    """The patterns that a report shows: none where they were not made, or ratings have changed since.

    A shareable report shows what was released with its k or a larger one, and nothing else.
    """
    known = state(folder)
    if known is None or known.made.ratings != ratings_hash(folder, plan):
        return None
    if private:
        return read(folder.root / PRIVATE)
    if known.gate is None or known.gate.k < k or not (folder.root / RELEASED).exists():
        return None
    found = read(folder.root / RELEASED)
    return found if found.kind == "released" else None


def membership(folder: Folder) -> tuple[dict[str, str], dict[str, str]]:
    """By conversation id the pattern at the bottom of the tree that it is in, and the conversation that stands for it.

    Raises:
        StudyError: the file is not there or not readable.
    """
    path = folder.part(FOLDER, "members")
    try:
        table = pq.read_table(path, schema=MEMBERSHIP)
    except (OSError, pa.ArrowException) as error:
        raise StudyError(f"{path} is not readable. Make it again with: selfrule patterns STUDY --again") from error
    ids, pattern, keeper = (table[name].to_pylist() for name in MEMBERSHIP.names)
    return dict(zip(ids, pattern, strict=True)), dict(zip(ids, keeper, strict=True))


def sources(folder: Folder) -> dict[str, list[str]]:
    """The source ids of the conversations in each pattern at the bottom of the tree, by its id. Private."""
    path = folder.part(FOLDER, "members")
    if not path.exists():
        return {}
    table = pq.read_table(path, columns=["conversation_id", "pattern"])
    pattern = dict(zip(table["conversation_id"].to_pylist(), table["pattern"].to_pylist(), strict=True))
    found: dict[str, list[str]] = {}
    for part in folder.parts("conversations"):
        read_ = pq.read_table(part, columns=["conversation_id", "source_id"])
        for identity, source in zip(read_["conversation_id"].to_pylist(), read_["source_id"].to_pylist(), strict=True):
            mine = pattern.pop(identity, None)
            if mine is not None:
                found.setdefault(mine, []).append(source)
    return found


def stale(folder: Folder, plan: Plan) -> bool:
    """Whether there are patterns, and they are of ratings that have changed since."""
    known = state(folder)
    return known is not None and known.made.ratings != ratings_hash(folder, plan)
