"""The ratings of all judges of one study, side by side: a row a conversation, copies left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from selfrule.estimate.cells import columns
from selfrule.rubric import CONSTRUCTS, MARKERS
from selfrule.store.folder import Folder, readable
from selfrule.study import duplicates

UNREAD = "waiting"  # the status of a conversation that a judge's table does not hold yet


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One judge of a study, as its manifest lists it. `table` and `screen` are the names of its tables.

    `spec` is the judge's name as it was given ("anthropic:claude-x", "embedded,ollama:qwen3"), `where` the place its
    model ran at ("this machine", or a host) and `rules` what a cascade hands on, where the manifest says so.
    """

    label: str
    table: str
    screen: str = ""
    kind: str = "embedded"
    spec: str | None = None
    protocol: str | None = None
    where: str | None = None
    rules: list[str] = []
    rated: str = ""


def judges_of(folder: Folder) -> list[Entry]:
    """The judges of a study whose ratings are there: the embedded one, then the others in the order in which they rated.

    A judge that rated under several choices (another share checked, say) is there once: with the table whose figures
    are reported, else with its latest.
    """
    manifest = folder.manifest()
    current = manifest.get("tables") or {}
    found: dict[str, Entry] = {}
    for raw in sorted(manifest.get("judges") or [], key=lambda j: (j.get("kind") != "embedded", j.get("rated") or "")):
        entry = msgspec.convert({name: value for name, value in raw.items() if value is not None}, Entry)
        kept = found.get(entry.label)
        if folder.parts("ratings", entry.table) and (kept is None or kept.table != current.get("judge")):
            found.pop(entry.label, None)
            found[entry.label] = entry
    if current and not found and (parts := folder.parts("ratings", current["judge"])):
        label = next((name for p in parts for name in _strings(p, "judge").unique().to_pylist() if name), "embedded")
        found[label] = Entry(label=label, table=current["judge"], screen=current["screen"])
    return list(found.values())


def _strings(path: Any, column: str) -> pa.ChunkedArray:
    return pc.cast(pq.read_table(path, columns=[column])[column], pa.string())


@dataclass
class _Ratings:
    """One judge's ratings of all conversations, in the study's order. `decider` tells apart who decided each."""

    status: list[NDArray[np.int16]] = field(default_factory=list)
    levels: list[NDArray[np.int8]] = field(default_factory=list)
    actualized: list[NDArray[np.int8]] = field(default_factory=list)
    decider: list[NDArray[np.int16]] = field(default_factory=list)


class _Codes(dict[str | None, int]):
    """Names to codes, in the order in which they come."""

    def of(self, column: pa.ChunkedArray | pa.Array, null: str) -> NDArray[np.int16]:
        encoded = pc.cast(column, pa.string()).fill_null(null).dictionary_encode()
        chunks = encoded.chunks if isinstance(encoded, pa.ChunkedArray) else [encoded]
        found = [np.zeros(0, np.int16)]
        for chunk in chunks:
            names = [self.setdefault(name, len(self)) for name in chunk.dictionary.to_pylist()]
            found.append(np.array(names, np.int16)[np.asarray(chunk.indices)] if names else found[0])
        return np.concatenate(found)


@dataclass(frozen=True)
class Read:
    """All judges of a study on its different conversations.

    Attributes:
        entries: The judges.
        names: Statuses by code.
        status: Code of each judge's status; shape (judges, n).
        levels: Levels, -1 where there is none; shape (judges, n, 7).
        actualized: Markers, 1 yes, 0 no or unknown, -1 where there is none; shape (judges, n, 3).
        decider: Code of who decided, the judge itself save in a cascade; shape (judges, n).
        dropped: The screen dropped it; shape (n,).
        person: Code of the person, -1 where unknown; shape (n,).
        group: Code of what each conversation is resampled with: its person, or itself; shape (n,).
        model: Code of the assistant's model in `models`, -1 where the log names none; shape (n,).
        models: As logs name them.
    """

    entries: list[Entry]
    names: list[str]
    status: NDArray[np.int16]
    levels: NDArray[np.int8]
    actualized: NDArray[np.int8]
    decider: NDArray[np.int16]
    dropped: NDArray[np.bool_]
    person: NDArray[np.int64]
    group: NDArray[np.int64]
    model: NDArray[np.int64]
    models: list[str]

    def rated(self, judge: int) -> NDArray[np.bool_]:
        """Whether a judge rated each conversation."""
        code = self.names.index("rated") if "rated" in self.names else -1
        return np.asarray(self.status[judge] == code)

    def column(self, judge: int, construct: str) -> NDArray[np.int8]:
        """A judge's levels of a construct, or flagged or a marker as 0 and 1; -1 where there is none."""
        if construct in CONSTRUCTS:
            return self.levels[judge, :, CONSTRUCTS.index(construct)]
        return columns(self.levels[judge], self.actualized[judge], self.rated(judge))[construct]


def read(folder: Folder, entries: list[Entry]) -> Read:
    """The ratings of several judges, side by side; copies are left out."""
    statuses, deciders, people, models = _Codes(), _Codes(), [], []
    made = [_Ratings() for _ in entries]
    dropped: list[NDArray[np.bool_]] = []
    copies = duplicates.rows_of(folder)
    for path in folder.parts("conversations"):
        table = pq.read_table(path, columns=["conversation_id", "person", "model"])
        if path.stem in copies:
            mask = np.ones(table.num_rows, np.bool_)
            mask[copies[path.stem]] = False
            table = table.filter(pa.array(mask))
        people.append(pc.cast(table["person"], pa.string()))
        models.append(pc.cast(table["model"], pa.string()))
        identities = table["conversation_id"]
        out = np.zeros(table.num_rows, np.bool_)
        for entry, ratings in zip(entries, made, strict=True):
            got = _aligned(folder.part("ratings", entry.table, path.stem), identities, _READ)
            out |= _dropped(folder, entry, path.stem, identities)
            ratings.status.append(statuses.of(got["status"], UNREAD))
            ratings.decider.append(deciders.of(got["judge"], entry.label))
            given = [np.asarray(pc.struct_field(got["levels"], c).fill_null(-1)) for c in CONSTRUCTS]
            ratings.levels.append(np.stack(given, axis=1).astype(np.int8))
            said = [_marker(pc.struct_field(got["actualized"], m)) for m in MARKERS]
            ratings.actualized.append(np.stack(said, axis=1))
        dropped.append(out)
    person, _ = _named(people)
    model, names = _named(models)
    n = len(person)
    group = np.where(person >= 0, person, np.arange(n) + (int(person.max(initial=-1)) + 1))
    listed = sorted(statuses, key=lambda name: statuses[name])
    rated = statuses.get("rated", -1)
    levels = np.stack([_joined(m.levels, (0, 7)) for m in made])
    status = np.stack([_joined(m.status, (0,)) for m in made])
    levels[status != rated] = -1
    return Read(
        entries=entries,
        names=[str(name) for name in listed],
        status=status,
        levels=levels,
        actualized=np.stack([_joined(m.actualized, (0, 3)) for m in made]),
        decider=np.stack([_joined(m.decider, (0,)) for m in made]),
        dropped=_joined(dropped, (0,)).astype(np.bool_),
        person=person,
        group=group,
        model=model,
        models=names,
    )


def _marker(said: pa.ChunkedArray) -> NDArray[np.int8]:
    """1 where a marker is there, 0 where it is not or nobody knows, -1 where it was not rated."""
    words = pc.cast(said, pa.string())
    return np.asarray(
        pc.if_else(pc.is_null(words), -1, pc.cast(pc.equal(words.fill_null(""), "yes"), pa.int8()))
    ).astype(np.int8)


def _joined(pieces: list[Any], shape: tuple[int, ...]) -> Any:
    return np.concatenate(pieces) if pieces else np.zeros(shape, np.int8)


def _named(pieces: list[pa.ChunkedArray]) -> tuple[NDArray[np.int64], list[str]]:
    """Codes (-1 where null) and names of a column read in pieces."""
    chunks = [chunk for piece in pieces for chunk in piece.chunks]
    encoded = pa.chunked_array(chunks, pa.string()).combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.fill_null(-1)).astype(np.int64), encoded.dictionary.to_pylist()


def _aligned(path: Any, identities: pa.ChunkedArray, names: list[str]) -> pa.Table:
    """Columns of a table made of the same part, a row a conversation wanted; null where it has none."""
    if not readable(path):
        schema = pa.schema(
            [("status", pa.string()), ("judge", pa.string()), ("keep", pa.bool_()), _LEVELS, _ACTUALIZED]
        )
        return pa.table({n: pa.nulls(len(identities), schema.field(n).type) for n in names})
    made = pq.read_table(path, columns=["conversation_id", *names])
    if made["conversation_id"] != identities:
        made = made.take(pc.index_in(identities, value_set=made["conversation_id"].combine_chunks()))
    return made.select(names)


_READ = ["status", "judge", "levels", "actualized"]
_LEVELS = pa.field("levels", pa.struct([(c, pa.int8()) for c in CONSTRUCTS]))
_ACTUALIZED = pa.field("actualized", pa.struct([(m, pa.string()) for m in MARKERS]))


def _dropped(folder: Folder, entry: Entry, part: str, identities: pa.ChunkedArray) -> NDArray[np.bool_]:
    if not entry.screen:
        return np.zeros(len(identities), np.bool_)
    keep = _aligned(folder.part("screenings", entry.screen, part), identities, ["keep"])["keep"]
    return ~np.asarray(keep.fill_null(True))
