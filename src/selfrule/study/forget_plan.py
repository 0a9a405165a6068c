"""Who is meant by an id, which rows are theirs in every table, and what else of the study changes without them."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.privacy.forgotten import Forgotten
from selfrule.privacy.pseudonyms import Pseudonyms
from selfrule.sources.normalise import label
from selfrule.store.folder import Folder
from selfrule.store.schemas import stored_part
from selfrule.store.text import texts_of
from selfrule.study import forget_answers, forget_labels, two_judges
from selfrule.study.duplicates import DUPLICATES
from selfrule.study.forget_effects import draws_without, random_sample, unique_of
from selfrule.study.forget_journal import Journal
from selfrule.study.forget_search import WINDOW, Sieve, Traces, folded, windows
from selfrule.study.reading import Done

_PSEUDONYM = re.compile(r"p[0-9a-f]{16}")
_IDENTITY = re.compile(r"[0-9a-f]{32}")
_TELLING = 8  # characters that an id in a log must have to be told from any other text
_COLUMNS = ("conversation_id", "content_hash", "source_id", "person", "place", "own_id", "weight")
_ROWS = 500


@dataclass
class _Found:
    """What of the study is theirs."""

    rows: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    pairs: set[tuple[str, str | None]] = field(default_factory=set)
    persons: set[str] = field(default_factory=set)
    contents: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    places: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def wanted_rows(table: pa.Table, persons: set[str], pairs: set[tuple[str, str | None]]) -> NDArray[np.bool_]:
    """Which rows of conversations are to go; shape (n,). The same before and after they went."""
    whose = pc.cast(table["person"], pa.string())
    mask = np.asarray(pc.is_in(whose, value_set=pa.array(sorted(persons), pa.string())))
    if pairs:
        ids = table["conversation_id"].to_pylist()
        mask = mask | np.array([pair in pairs for pair in zip(ids, whose.to_pylist(), strict=True)], np.bool_)
    return mask


def pseudonyms(key: bytes, given: Sequence[str]) -> dict[str, set[str]]:
    """What each id that was given may be in the study: it itself, where it is a pseudonym, and the pseudonym of it."""
    names = Pseudonyms(key)
    found: dict[str, set[str]] = {}
    for one in given:
        raw = {text for text in (one, one.strip(), label(one, [])) if text}
        found[one] = {names.of(text) for text in raw} | {text for text in raw if _PSEUDONYM.fullmatch(text)}
    return found


def planned(
    folder: Folder,
    persons: Sequence[str],
    conversations: Sequence[str],
    moved: Callable[[int], None] = lambda size: None,
) -> Journal | None:
    """Work out what goes. Nothing is written. None where all of it has been forgotten before and nothing of it is here.

    Args:
        folder: The study; hold its lock.
        persons: Raw ids of people as the logs have them, or their pseudonyms in this study.
        conversations: Ids of conversations, of this study or of the log.
        moved: Told of the conversations that were looked through.

    Raises:
        UsageError: nobody, or nothing, of such an id is or was in the study. The id itself is not repeated.
    """
    key = folder.secret()
    forgotten = Forgotten.read(folder.root, key)
    meant = pseudonyms(key, persons)
    found = _rows(folder, meant, conversations, forgotten)
    if not any(mask.any() for mask in found.rows.values()):
        return None
    texts = found.rows
    kept_ids, kept_contents, kept_names = _others(folder, texts)
    gone = {identity for identity, _ in found.pairs} - kept_ids
    wanted, alike, short, said = _windows(folder, texts, moved)
    names = {name for name in found.names - kept_names if len(name) >= _TELLING}
    given = [one for one in persons if not _PSEUDONYM.fullmatch(one.strip())]
    traces = Traces(
        ids=frozenset(gone | found.persons | (found.contents - kept_contents)),
        names=tuple(sorted(names | {one.strip() for one in given if len(one.strip()) >= 4})),
        windows=wanted.tobytes(),
    )
    copies = _copies(folder)
    unique, weight, before, after = unique_of(folder, texts, copies)
    people = {p for _, p in found.pairs if p is not None}
    tables, hashes = _tables(folder, gone, texts)
    tables |= forget_labels.count(folder, gone) | forget_answers.count(folder, gone)
    tables |= {path.name: 1 for path in made_of_all(folder)}
    stands = folder.manifest().get("sampling", {}).get("population")
    return Journal(
        at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        persons=sorted(found.persons),
        pairs=sorted(found.pairs, key=lambda pair: (pair[0], pair[1] or "")),
        gone=sorted(gone),
        given=given,
        keys=sorted(found.keys | forgotten.hashes),
        traces=traces,
        alike=alike,
        short=short,
        texts=said,
        conversations=sum(int(mask.sum()) for mask in texts.values()),
        unique=unique,
        people=len(people),
        tables={name: count for name, count in tables.items() if count},
        before=hashes,
        places=found.places,
        draws=draws_without(folder, gone),
        random=random_sample(folder, gone),
        beside=two_judges.without(folder, gone),
        population=None if stands is None else max(after, round(stands * after / max(1, before))),
        weight=weight,
    )


def _rows(folder: Folder, meant: dict[str, set[str]], conversations: Sequence[str], forgotten: Forgotten) -> _Found:
    found = _Found()
    there: set[str] = set()
    asked = set(conversations)
    matched: set[str] = set()
    groups: set[str] = set()
    everyone = set().union(*meant.values()) if meant else set()
    for path in folder.parts("conversations"):
        table = stored_part(path, ["conversation_id", "source_id", "person", "own_id"])
        whose = pc.cast(table["person"], pa.string()).to_pylist()
        for identity, name, person, own in zip(
            table["conversation_id"].to_pylist(),
            pc.cast(table["source_id"], pa.string()).to_pylist(),
            whose,
            table["own_id"].to_pylist(),
            strict=True,
        ):
            if person in everyone:
                there.add(person)
                found.pairs.add((identity, person))
            if identity in asked or (own and name in asked):
                matched.add(identity if identity in asked else name)
                found.pairs.add((identity, person))
                groups.add(identity)
    found.persons = there
    found.keys = {forgotten.person(person) for person in there}
    for said, names in enumerate(meant.values(), 1):
        if not names & there and not any(forgotten.person(name) in forgotten.hashes for name in names):
            raise UsageError(
                f"Nobody of the {_nth(said)} id given is in {folder.root}, or was (the id is not repeated here). Give it as the "
                f"log has it, or the pseudonym that `selfrule ratings {folder.root}` prints."
            )
    if asked - matched and not forgotten:
        raise UsageError(
            f"{len(asked - matched)} of the conversations given are not in {folder.root} (their ids are not repeated here)."
        )
    _with_copies(folder, groups, found)
    _mark(folder, found, forgotten, groups)
    return found


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def _copies(folder: Folder) -> pa.Table:
    path = folder.part("duplicates", "duplicates")
    return pq.read_table(path, schema=DUPLICATES) if path.exists() else DUPLICATES.empty_table()


def _with_copies(folder: Folder, groups: set[str], found: _Found) -> None:
    """A conversation goes with its copies, which hold its words: all of the set, whoever of it was named."""
    if not groups:
        return
    table = _copies(folder)
    one, other = table["conversation_id"].to_pylist(), table["duplicate_of"].to_pylist()
    keepers = groups | {keeper for identity, keeper in zip(one, other, strict=True) if identity in groups}
    more = keepers | {identity for identity, keeper in zip(one, other, strict=True) if keeper in keepers}
    whose = {person for identity, person in found.pairs if identity in groups}
    groups |= more
    # copies are of one person, or all of nobody known: the person stays part of what names them
    found.pairs |= {(identity, person) for identity in more for person in whose}


def _mark(folder: Folder, found: _Found, forgotten: Forgotten, groups: set[str]) -> None:
    """The rows that go, part by part, and what is known of them."""
    labels = {known["number"]: known["label"] for known in folder.manifest()["inputs"]}
    real: set[tuple[str, str | None]] = set()
    for path in folder.parts("conversations"):
        table = stored_part(path, _COLUMNS)
        mask = wanted_rows(table, found.persons, found.pairs)
        if not mask.any():
            continue
        found.rows[path.stem] = mask
        inputs = _inputs(path, labels, table.num_rows)
        for row in np.flatnonzero(mask).tolist():
            one = {name: table[name][row].as_py() for name in _COLUMNS}
            real.add((one["conversation_id"], one["person"]))
            found.contents.add(one["content_hash"])
            own = one["source_id"] if one["own_id"] else None
            if own is not None:
                found.names.add(own)
            if one["conversation_id"] in groups:
                found.keys.update(forgotten.conversation(content=one["content_hash"], name=own, person=one["person"]))
            found.places.setdefault(path.stem, []).append((inputs[row], one["place"]))
    found.pairs &= real


def _inputs(path: Path, labels: dict[int, str], rows: int) -> list[str]:
    """The input that each row of a part came from, by the part's own metadata."""
    metadata = pq.read_metadata(path).metadata or {}
    found: list[str] = []
    for piece in msgspec.json.decode(metadata.get(b"pieces", b"[]"), type=list[Done]):
        found += [labels.get(piece.number, "")] * piece.conversations
    return found + [""] * (rows - len(found))


def _others(folder: Folder, rows: dict[str, NDArray[np.bool_]]) -> tuple[set[str], set[str], set[str]]:
    """Ids, content hashes and source ids of those who stay, of parts in which somebody goes or the same could be."""
    ids: set[str] = set()
    contents: set[str] = set()
    names: set[str] = set()
    for path in folder.parts("conversations"):
        table = stored_part(path, ["conversation_id", "content_hash", "source_id"])
        if path.stem in rows:
            table = table.filter(pa.array(~rows[path.stem]))
        ids.update(table["conversation_id"].to_pylist())
        contents.update(table["content_hash"].to_pylist())
        names.update(pc.cast(table["source_id"], pa.string()).to_pylist())
    return ids, contents, names


def _texts(path: Path, mask: NDArray[np.bool_]) -> Iterator[str]:
    """The words of some rows of a part."""
    start = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS, columns=["turns"], use_threads=False):
            some = mask[start : start + batch.num_rows]
            start += batch.num_rows
            if some.any():
                flat = pc.list_flatten(batch.filter(pa.array(some)).column("turns"))
                yield from texts_of(flat.field("text").drop_null())


def _windows(
    folder: Folder, rows: dict[str, NDArray[np.bool_]], moved: Callable[[int], None]
) -> tuple[NDArray[np.uint64], int, int, bool]:
    """Windows of words that only they used; how many others used too; turns too short to tell; whether there was text."""
    found = [np.zeros(0, np.uint64)]
    short = said = 0
    for part, mask in rows.items():
        texts = list(_texts(folder.part("conversations", part), mask))
        said += sum(bool(text) for text in texts)
        short += sum(0 < len(folded(text)) < WINDOW for text in texts)
        found.append(windows(texts))
    own = np.unique(np.concatenate(found))
    sieve = Sieve(own)
    for path in folder.parts("conversations"):
        count = pq.read_metadata(path).num_rows
        if len(own):
            for text in _texts(path, ~rows.get(path.stem, np.zeros(count, np.bool_))):
                sieve.take(text)
        moved(count)
    others = sieve.flush()
    return own[~others], int(others.sum()), short, bool(said)


def made_of_all(folder: Folder) -> list[Path]:
    """Files and folders made of everybody, which can be made again: reports and the private part of patterns."""
    names = ("report.html", "report-private.html", "patterns")
    return [path for name in names if (path := folder.root / name).exists()]


def tables_of(folder: Folder) -> Iterator[tuple[str, Path]]:
    """Every Parquet part of a study that has a row a conversation, with the name of its table; duplicates left out."""
    for path in sorted(folder.root.rglob("*.parquet")):
        parts = path.relative_to(folder.root).parts
        if parts[0] not in ("conversations", "duplicates", "patterns", "labels") and "conversation_id" in _names(path):
            yield parts[0], path


def _names(path: Path) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except (OSError, pa.ArrowException):
        return []


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _tables(
    folder: Folder, gone: set[str], rows: dict[str, NDArray[np.bool_]]
) -> tuple[dict[str, int], dict[str, str]]:
    """How many rows go by table, and the hashes of the parts that hold them."""
    counts = {"conversations": sum(int(mask.sum()) for mask in rows.values())}
    hashes = {}
    for part in rows:
        path = folder.part("conversations", part)
        hashes[path.relative_to(folder.root).as_posix()] = sha256(path)
    value_set = pa.array(sorted(gone), pa.string())
    for name, path in tables_of(folder):
        ids = pq.read_table(path, columns=["conversation_id"])["conversation_id"]
        count = pc.sum(pc.is_in(ids, value_set=value_set)).as_py() or 0
        if count:
            counts[name] = counts.get(name, 0) + count
            hashes[path.relative_to(folder.root).as_posix()] = sha256(path)
    return counts, hashes
