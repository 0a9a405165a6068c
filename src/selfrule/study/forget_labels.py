"""Labels, drafts, what was handed out and the draws, without those who are forgotten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from selfrule.labels.draws import Draw, Item
from selfrule.labels.given import locked
from selfrule.store.folder import Folder, write_file
from selfrule.study.forget_journal import DrawChange, Journal
from selfrule.study.label_truth import RANDOM


def count(folder: Folder, gone: set[str]) -> dict[str, int]:
    """How much is about these conversations, by kind; nothing is changed."""
    root = folder.root / "labels"
    return {
        "labels": sum(_about(path, gone) for path in (root / "given").glob("*.jsonl")),
        "handed out": sum(_about(path, gone) for path in (root / "handed").glob("*.jsonl")),
        "drafts": sum(path.stem in gone for path in (root / "drafts").glob("*/*.json")),
        "places in queues": sum(
            item.conversation_id in gone
            for path in (root / "draws").glob("*.json")
            for item in msgspec.json.decode(path.read_bytes(), type=Draw).items
        ),
    }


def _about(path: Path, gone: set[str]) -> int:
    return sum(isinstance(row, dict) and row.get("conversation_id") in gone for row in map(_row, _split(path)))


def apply(folder: Folder, journal: Journal, gone: set[str]) -> None:
    """Remove what is about these conversations; waits for whoever labels just now.

    A draw keeps its order and becomes what it would have been without them: of every stratum the lowest random numbers of those
    who are left, under the name that such a draw has.
    """
    root = folder.root / "labels"
    if root.exists():
        with locked(root / ".lock"):
            _apply(root, journal, gone)
    if journal.beside is not None:
        write_file(folder.root / "draws" / "two-judges.json", journal.beside, mode=0o600)


def _apply(root: Path, journal: Journal, gone: set[str]) -> None:
    names = {change.old: change.new for change in journal.draws}
    before, after = (f"{RANDOM}@{digest}" for digest in journal.random)

    def of_label(line: dict[str, Any]) -> dict[str, Any]:
        drawn = line.get("draw")
        if drawn in names:
            line["draw"] = names[drawn]
        elif journal.random[0] and drawn == before:
            line["draw"] = after
        return line

    for path in sorted((root / "given").glob("*.jsonl")):
        _lines(path, path, gone, of_label)
    for change in journal.draws:
        log = root / "handed" / f"{change.old}.jsonl"
        if log.exists():
            _lines(log, log.with_name(f"{change.new}.jsonl"), gone, lambda line: line)
        path = root / "draws" / f"{change.old}.json"
        if path.exists():
            _draw(path, change, gone)
    for path in sorted((root / "drafts").glob("*/*.json")):
        if path.stem in gone:
            path.unlink()


def _split(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")


def _row(line: bytes) -> object:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _lines(path: Path, target: Path, gone: set[str], changed: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Rewrite a file of JSON lines under a name; a line that cannot be read may hold anything and goes too."""
    rows = [row for row in map(_row, _split(path)) if isinstance(row, dict) and row.get("conversation_id") not in gone]
    made = b"".join(msgspec.json.encode(changed(row)) + b"\n" for row in rows)
    if made != path.read_bytes() or target != path:
        write_file(target, made, mode=0o600)
    if target != path:
        path.unlink()


def _draw(path: Path, change: DrawChange, gone: set[str]) -> None:
    draw = msgspec.json.decode(path.read_bytes(), type=Draw)
    items = [item for item in draw.items if item.conversation_id not in gone]
    if draw.population == change.population and len(items) == len(draw.items):
        return
    made = msgspec.structs.replace(
        draw, id=change.new, population=change.population, strata=change.strata, items=_ranked(items)
    )
    target = path.with_name(f"{change.new}.json")
    write_file(target, msgspec.json.format(msgspec.json.encode(made), indent=1), mode=0o600)
    if target != path:
        path.unlink()


def _ranked(items: list[Item]) -> list[Item]:
    """The items that are left, with their ranks among those who are left of each stratum."""
    old: dict[str, list[int]] = {}
    for item in items:
        old.setdefault(item.stratum, []).append(item.rank)
    new = {stratum: {rank: n for n, rank in enumerate(sorted(ranks))} for stratum, ranks in old.items()}
    return [msgspec.structs.replace(item, rank=new[item.stratum][item.rank]) for item in items]
