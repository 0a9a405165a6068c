"""Forgetting: every row of a person, or of a conversation, leaves the study for good, and the next import leaves them out.

What goes is worked out first and written down (`forget_journal`); each step after that can be done again without harm, so a
run that is killed is finished by the next one. At the end every byte of the folder is searched (`forget_search`), and what was
removed is receipted in counts and hashes.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from selfrule.errors import StudyError, UsageError
from selfrule.labels.given import append_lines
from selfrule.privacy import forgotten
from selfrule.store.folder import FORGETTING, Folder, readable, write_file, write_part
from selfrule.study import duplicates, forget_answers, forget_journal, forget_labels, tables
from selfrule.study.forget_journal import Journal
from selfrule.study.forget_plan import made_of_all, planned, sha256, tables_of, wanted_rows
from selfrule.study.forget_search import search
from selfrule.study.reading import Done
from selfrule.version import VERSION

RECEIPTS = "forgotten.jsonl"
"""In the study's folder: a receipt a line, without anybody's id."""

Moved = Callable[[int], None]
STALE = "conversations it was made of have been removed since: make it again"
"""What released patterns made before say in their field `stale`."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed from where, and that it is gone.

    `removed` counts rows, lines and files by table; `parts` has the SHA-256 of every part that was rewritten, before and after
    (None: no row of it was left). `weight` is what the `unique` conversations (without copies) stood for; `population`, how many
    the study now is a simple random sample of. `searched` files with so many `bytes` were gone through for `ids` ids and `runs`
    windows of words; `alike` windows are in other people's conversations too, and `short` turns are too short to tell apart (both
    were removed all the same, but not searched for); `texts` says whether the study held their words. `found` are the files
    that still hold a trace: selfrule did not write them.
    """

    at: str
    people: int
    conversations: int
    unique: int
    weight: float
    removed: dict[str, int]
    parts: dict[str, tuple[str, str | None]]
    population: int | None
    searched: int
    bytes: int
    ids: int
    runs: int
    alike: int
    short: int
    texts: bool
    found: list[str]
    version: str = VERSION


def forget(
    folder: Folder,
    persons: Sequence[str] = (),
    conversations: Sequence[str] = (),
    *,
    confirm: Callable[[Journal], bool] = lambda journal: True,
    opened: Callable[[bytes], bytes] = lambda data: data,
    stage: Callable[[str, int, str], None] = lambda name, total, unit: None,
    moved: Moved = lambda size: None,
) -> Receipt | None:
    """Remove people and conversations from a study, finishing first what a killed run began.

    Args:
        folder: The study; hold its lock.
        persons: Raw ids of people as the logs have them, or their pseudonyms in this study.
        conversations: Ids of conversations, of this study or of the log; their copies go too.
        confirm: Shown what would go; nothing is touched where it says no.
        opened: Turns kept bytes that may be encrypted into what they say, for the search.
        stage: Told of each stage.
        moved: Told how far it is.

    Returns:
        What was removed; None where all of it had been forgotten before and nothing of it was here.

    Raises:
        UsageError: nobody, or no conversation, of such an id is or was in the study; or it was not confirmed.
        StudyError: the study cannot be written.
    """
    finish(folder, opened=opened)
    total = sum(pq.read_metadata(p).num_rows for p in folder.parts("conversations"))
    stage("Looking", total, "conversations")
    folder.sweep()
    journal = planned(folder, persons, conversations, moved)
    if journal is None:
        return None
    if not confirm(journal):
        raise UsageError("Not confirmed: nothing was removed.")
    forget_journal.write(folder, journal)
    return _done(folder, journal, opened, stage, moved)


def finish(folder: Folder, *, opened: Callable[[bytes], bytes] = lambda data: data) -> Receipt | None:
    """Finish what a killed run began; None where there is nothing to finish. Hold the study's lock."""
    journal = forget_journal.read(folder)
    if journal is None:
        return None
    folder.sweep()
    return _done(folder, journal, opened, lambda name, total, unit: None, lambda size: None)


def _done(
    folder: Folder,
    journal: Journal,
    opened: Callable[[bytes], bytes],
    stage: Callable[[str, int, str], None],
    moved: Moved,
) -> Receipt:
    # first of all: were this run killed, an import must not bring anybody back
    write_file(folder.root / forgotten.FILE, msgspec.json.encode(journal.keys), mode=0o600)
    _shared(folder)
    gone = set(journal.gone)
    _conversations(folder, journal)
    _tables(folder, gone)
    if folder.part("duplicates", "duplicates").exists():
        duplicates.find(folder)
    _problems(folder, journal)
    forget_labels.apply(folder, journal, gone)
    forget_answers.apply(folder, gone)
    _manifest(folder, journal)
    for leftover in (".grouping", ".sampling"):
        shutil.rmtree(folder.root / leftover, ignore_errors=True)
    for draft in (folder.root / "labels").rglob("*.tmp"):
        draft.unlink(missing_ok=True)
    folder.sync()
    size = sum(p.stat().st_size for p in folder.root.rglob("*") if p.is_file())
    stage("Searching", size, "bytes")
    searched = search(folder.root, journal.traces, passed=(FORGETTING,), opened=opened, moved=moved)
    parts = {}
    for name, before in journal.before.items():
        path = folder.root / name
        parts[name] = (before, sha256(path) if path.exists() else None)
    receipt = Receipt(
        at=journal.at,
        people=journal.people,
        conversations=journal.conversations,
        unique=journal.unique,
        weight=journal.weight,
        removed=journal.tables,
        parts=parts,
        population=journal.population,
        searched=searched.files,
        bytes=searched.bytes,
        ids=len(journal.traces.ids) + len(journal.traces.names),
        runs=len(journal.traces.hashes),
        alike=journal.alike,
        short=journal.short,
        texts=journal.texts,
        found=searched.found,
    )
    append_lines(folder.root / RECEIPTS, [msgspec.json.encode(receipt)])
    forget_journal.path_of(folder).unlink()
    folder.sync()
    return receipt


def _shared(folder: Folder) -> None:
    """Remove what was made of everybody and can be made again, and mark what may have been given away already."""
    for path in made_of_all(folder):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    for path in sorted(folder.root.glob("patterns-released*.json")):
        try:
            made = msgspec.json.decode(path.read_bytes())
        except msgspec.MsgspecError:
            continue
        if isinstance(made, dict) and "stale" not in made:
            write_file(path, msgspec.json.format(msgspec.json.encode(made | {"stale": STALE}), indent=1))


def _conversations(folder: Folder, journal: Journal) -> None:
    """Rewrite the parts that hold them. A part keeps its name and its pieces, so that no import reads them again."""
    persons, pairs = set(journal.persons), set(journal.pairs)
    for name in journal.before:
        path = folder.root / name
        if not name.startswith("conversations/") or not readable(path):
            continue
        with pq.ParquetFile(path) as file:
            metadata = dict(file.metadata.metadata or {})
            table = file.read()
        mask = wanted_rows(table, persons, pairs)
        if not mask.any():
            continue
        pieces = msgspec.json.decode(metadata.get(b"pieces", b"[]"), type=list[Done])
        start = 0
        for piece in pieces:
            end = start + piece.conversations
            piece.conversations -= int(mask[start:end].sum())
            start = end
        kept = {key: value for key, value in metadata.items() if key not in (b"pieces", b"ARROW:schema")}
        _rewrite(path, table.filter(pa.array(~mask)), kept | {b"pieces": msgspec.json.encode(pieces)})


def _rewrite(path: Path, table: pa.Table, metadata: dict[bytes, bytes]) -> None:
    """Write a part anew, with dictionaries that hold what is still there and nothing else."""
    for index, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            plain = pc.cast(table.column(index), field.type.value_type).combine_chunks()
            encoded = plain.dictionary_encode().cast(field.type)
            table = table.set_column(index, field, encoded)
    mode = path.stat().st_mode & 0o777
    write_part(path, table, metadata, durable=True)
    path.chmod(mode)


def _tables(folder: Folder, gone: set[str]) -> None:
    value_set = pa.array(sorted(gone), pa.string())
    for _, path in tables_of(folder):
        ids = pq.read_table(path, columns=["conversation_id"])["conversation_id"]
        mask = pc.is_in(ids, value_set=value_set)
        if pc.any(mask).as_py():
            with pq.ParquetFile(path) as file:
                metadata = {k: v for k, v in (file.metadata.metadata or {}).items() if k != b"ARROW:schema"}
                table = file.read()
            _rewrite(path, table.filter(pc.invert(mask)), metadata)


def _problems(folder: Folder, journal: Journal) -> None:
    """Leave out what was wrong with their records, which says where in the input they stood."""
    for part, places in journal.places.items():
        path = folder.part("problems", part)
        if not readable(path):
            continue
        theirs = set(places)
        table = pq.read_table(path)
        keep = [
            (label, place) not in theirs
            for label, place in zip(table["input"].to_pylist(), table["place"].to_pylist(), strict=True)
        ]
        if not all(keep):
            _rewrite(path, table.filter(pa.array(keep, pa.bool_())), {})
    for path in folder.parts("problems"):
        table = pq.read_table(path)
        labels = table["input"].to_pylist()
        plain = [_without(label, journal.given) for label in labels]
        if plain != labels:
            place = table.column_names.index("input")
            _rewrite(path, table.set_column(place, "input", pa.array(plain, pa.string())), {})
    lines = [msgspec.json.encode(row) + b"\n" for row in tables.problems(folder).to_pylist()]
    write_file(folder.root / "problems.jsonl", b"".join(lines))


def _without(text: str, given: Sequence[str]) -> str:
    """A name of a file in which a person's own id stands, without it: the same for the same name."""
    for one in given:
        if len(one.strip()) >= 4 and one.strip() in text:
            digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
            text = text.replace(one.strip(), f"forgotten-{digest}")
    return text


def _manifest(folder: Folder, journal: Journal) -> None:
    """What the study stands for, and that somebody was removed: absolute values, so that writing them twice is writing once."""
    manifest: dict[str, Any] = folder.manifest()
    for known in manifest["inputs"]:
        for name in ("label", "reason"):
            if isinstance(known.get(name), str):
                known[name] = _without(known[name], journal.given)
    if journal.population is not None:
        manifest["sampling"]["population"] = journal.population
    log = manifest.setdefault("forgotten", [])
    if not any(entry["at"] == journal.at for entry in log):
        log.append({"at": journal.at, "conversations": journal.conversations, "stood_for": round(journal.weight, 6)})
    folder.write_manifest(manifest)


def receipts(folder: Folder) -> list[Receipt]:
    """The receipts of a study, oldest first.

    Raises:
        StudyError: one cannot be read.
    """
    path = folder.root / RECEIPTS
    if not path.exists():
        return []
    try:
        return [msgspec.json.decode(line, type=Receipt) for line in path.read_bytes().splitlines() if line.strip()]
    except msgspec.MsgspecError as error:
        raise StudyError(f"{path} cannot be read ({error}). It is a record alone: move it away.") from None
