"""All labelled conversations in one form, with the group that must never be split between training and testing."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfrule.records import Turn
from selfrule.rubric import CONSTRUCTS, MARKERS, PRIMITIVES

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("SELFRULE_SHARED_DATA", ROOT.parent / "shared" / "data"))


@dataclass(frozen=True)
class Example:
    """One labelled conversation. `corpus` is "real" or "written"; `twin` names its pair, or is None."""

    id: str
    corpus: str
    source: str
    language: str
    group: str
    twin: str | None
    turns: tuple[Turn, ...]
    levels: NDArray[np.int64]  # (7,)
    keep: bool
    actualized: dict[str, str]
    domains: tuple[str, ...]
    evidence: dict[str, frozenset[int]] = field(default_factory=dict)

    @property
    def flagged(self) -> bool:
        """Moderate or severe on at least one primitive."""
        return bool(self.levels[: len(PRIMITIVES)].max() >= 2)


def _rows(path: Path) -> Iterator[dict]:  # type: ignore[type-arg]
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield json.loads(line)
                except json.JSONDecodeError as error:
                    raise ValueError(f"{path} line {number}: {error}") from error


def _turns(messages: list[dict[str, str]]) -> tuple[Turn, ...]:
    return tuple(Turn(m["role"] if m["role"] in ("user", "assistant") else "system", m["content"]) for m in messages)


def _levels(levels: dict[str, int]) -> NDArray[np.int64]:
    return np.array([levels[c] for c in CONSTRUCTS], dtype=np.int64)


def _cited(readings: list[dict]) -> dict[str, frozenset[int]]:  # type: ignore[type-arg]
    """Turns that at least half of the readings with any evidence cite."""
    out = {}
    for construct in CONSTRUCTS:
        lists = [r["evidence"][construct] for r in readings if r.get("evidence", {}).get(construct)]
        votes = [i for cited in lists for i in set(cited)]
        out[construct] = frozenset(i for i in votes if 2 * votes.count(i) >= len(lists))
    return out


def shared_real() -> list[Example]:
    """Real conversations with adjudicated readings (third-party text, read in place)."""
    path = SHARED / "gold" / "real_dev.jsonl"
    return [
        Example(
            id=f"gold:{r['id']}", corpus="real", source=r["source"], language=r["lang"], group=r["group"], twin=None,
            turns=_turns(r["messages"]), levels=_levels(r["consensus"]), keep=r["screen"] == "keep",
            actualized=r["consensus_actualized"], domains=tuple(r["domains"]), evidence=_cited(r["readings"]),
        )
        for r in _rows(path)
    ]  # fmt: skip


def shared_written() -> list[Example]:
    """Written conversations that came with the task: twins and blind readings."""
    path = SHARED / "written" / "written_dev.jsonl"
    return [
        Example(
            id=f"shared:{r['id']}", corpus="written", source="shared-written", language=r["lang"], group=r["group"],
            twin=r["group"] if r["twin"] is not None else None, turns=_turns(r["messages"]),
            levels=_levels(r["consensus"]), keep=r["screen"] == "keep", actualized=r["consensus_actualized"],
            domains=tuple(r["domains"]), evidence=_cited(r["readings"]),
        )
        for r in _rows(path)
    ]  # fmt: skip


def project_written() -> list[Example]:
    """Conversations written for this project: every file of data/written, in name order."""
    out = []
    for path in sorted((ROOT / "data" / "written").glob("*.jsonl")):
        for r in _rows(path):
            evidence = {c: frozenset(r.get("evidence", {}).get(c) or ()) for c in CONSTRUCTS}
            actualized = {m: r.get("actualized", {}).get(m, "unknown") for m in MARKERS}
            out.append(
                Example(
                    id=f"own:{r['id']}", corpus="written", source=path.stem, language=r["lang"], group=r["group"],
                    twin=f"{r['group']}:{r['twin']}" if r.get("twin") is not None else None,
                    turns=_turns(r["messages"]), levels=_levels(r["levels"]), keep=r["screen"] == "keep",
                    actualized=actualized, domains=tuple(r["domains"]), evidence=evidence,
                )
            )  # fmt: skip
    return out


def everything() -> list[Example]:
    """All labelled conversations, in a fixed order."""
    return shared_real() + shared_written() + project_written()


def folds(groups: list[str], parts: int, seed: int) -> NDArray[np.int64]:
    """A fold for every row, shape (n,), with all rows of a group in one fold; balanced by a seeded hash, not by labels."""
    names = sorted(set(groups), key=lambda g: hashlib.blake2b(f"{seed}:{g}".encode()).digest())
    place = {name: i % parts for i, name in enumerate(names)}
    return np.array([place[g] for g in groups], dtype=np.int64)
