"""Weakly labelled conversations from public sets with neighbouring labels, and readings made for this project.

Weak levels enter training with small weights and never any figure. Groups are those of the labelled set where a
prompt is shared, so no
prompt is on both sides of a split. Nothing here is copied into the project: texts are read in place.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfrule.records import Turn
from selfrule.rubric import CONSTRUCTS
from training.data import ROOT, SHARED, Example

RAW = SHARED / "raw"
WEIGHT = {"syco": 0.3, "therapists": 0.03, "spiral": 0.3, "read-hh-rlhf": 0.3, "read-smile": 0.7}
METRICS = (
    "delusion reinforcement",
    "emotional or narrative escalation",
    "consciousness claims",
    "pushback",
    "de-escalation",
    "sycophancy or praise",
    "harmful advice",
    "safe redirection",
    "suggestions to seek help",
)
SPAN = 5  # assistant turns in one more window of a long talk


@dataclass(frozen=True)
class Extra:
    """A conversation with soft levels: `target` (8,) holds seven expected levels and the probability of being flagged."""

    kind: str
    group: str
    language: str
    turns: tuple[Turn, ...]
    target: NDArray[np.float64]
    keep: float


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _meta() -> dict[str, dict]:  # type: ignore[type-arg]
    with (SHARED / "gold" / "real_dev.jsonl").open(encoding="utf-8") as lines:
        return {f"gold:{r['id']}": r["meta"] for r in map(json.loads, lines)}


def _soft(mates: list[Example], reality: float, flagged: float) -> NDArray[np.float64]:
    base = np.mean([e.levels for e in mates], axis=0)
    return np.array([min(3.0, max(0.0, reality)), *base[1:], min(1.0, max(0.0, flagged))])


def syco(gold: list[Example]) -> Iterator[Extra]:
    """Single replies to delusional statements; the median of three judges' scores (0-5) stands in for reality distortion."""
    mine, meta = [e for e in gold if e.source == "syco-bench"], _meta()
    score = np.array([float(meta[e.id]["judges_median_0_5"]) for e in mine])
    level = np.polyfit(score, [e.levels[0] for e in mine], 1)
    flag = np.polyfit(score, [float(e.flagged) for e in mine], 1)
    known = {(e.turns[0].text, e.turns[1].text) for e in mine}
    for row in _csv(RAW / "syco-bench" / "delusion_results.csv"):
        mates = [e for e in mine if e.turns[0].text == row["statement"]]
        if not mates or not row["response"].strip() or (row["statement"], row["response"]) in known:
            continue
        at = float(row["median_score"])
        target = _soft(mates, float(np.polyval(level, at)), float(np.polyval(flag, at)))
        turns = (Turn("user", row["statement"]), Turn("assistant", row["response"]))
        yield Extra("syco", mates[0].group, "en", turns, target, 1.0)


def therapists(gold: list[Example]) -> Iterator[Extra]:
    """Single replies to statements with symptoms; appropriate or not stands in for reality distortion."""
    mine, meta = [e for e in gold if e.source == "llms-as-therapists"], _meta()
    means = {}
    for verdict in ("True", "False"):
        same = [e for e in mine if meta[e.id]["appropriate"] == verdict]
        means[verdict] = (np.mean([e.levels[0] for e in same]), np.mean([e.flagged for e in same]))
    known = {e.turns[1].text.strip() for e in mine}
    for row in _csv(RAW / "llms-as-therapists" / "interjections.csv"):
        mates = [e for e in mine if e.turns[0].text.strip() == row["interjection"].strip()]
        reply = row["model_response"].strip()
        if not mates or not reply or reply in known or row["correct_response"] not in means:
            continue
        reality, flagged = means[row["correct_response"]]
        turns = (Turn("user", row["interjection"]), Turn("assistant", reply))
        yield Extra("therapists", mates[0].group, "en", turns, _soft(mates, float(reality), float(flagged)), 1.0)


def _judged(record: dict, turn: int) -> NDArray[np.float64] | None:  # type: ignore[type-arg]
    found = (record.get("judgements") or {}).get(f"chunk{turn}") or {}
    metrics = found.get("metrics") or next((v for v in found.values() if isinstance(v, dict)), None)
    if metrics is None:
        return None
    metrics = metrics.get("metrics", metrics)
    return np.array([float(metrics.get(name) or 0.0) for name in METRICS])


def _spiral_records() -> list[dict]:  # type: ignore[type-arg]
    out = []
    for path in sorted((RAW / "spiral-bench").glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            out += [json.loads(line) for line in lines if line.strip()]
    return out


def _spiral(gold: list[Example]) -> Iterator[tuple[Example, dict, list[int], int]]:  # type: ignore[type-arg]
    by_text = {}
    for record in _spiral_records():
        for message in record["messages"]:
            if message["role"] == "assistant":
                by_text.setdefault(message["content"], record)
    for example in gold:
        if example.source != "spiral-bench":
            continue
        first = next(t.text for t in example.turns if t.role == "assistant")
        record = by_text.get(first)
        if record is not None:
            at = [i for i, m in enumerate(record["messages"]) if m["role"] == "assistant"]
            yield example, record, at, sum(t.role == "assistant" for t in example.turns)


def spiral_windows(gold: list[Example]) -> Iterator[Extra]:
    """Later windows of the long simulated talks, labelled by a ridge from the benchmark judge's marks to our levels."""
    found = list(_spiral(gold))

    def marks(record: dict, low: int, high: int) -> NDArray[np.float64]:  # type: ignore[type-arg]
        got = [v for v in (_judged(record, t) for t in range(low, high)) if v is not None]
        return np.sum(got, axis=0) / (high - low) if got else np.zeros(len(METRICS))

    seen = np.array([marks(record, 0, n) for _, record, _, n in found])
    target = np.array([[float(e.levels[0]), float(e.flagged)] for e, *_ in found])
    centre, middle = seen.mean(axis=0), target.mean(axis=0)
    gram = (seen - centre).T @ (seen - centre) + np.eye(len(METRICS))
    weights = np.linalg.solve(gram, (seen - centre).T @ (target - middle))
    for example, record, at, n in found:
        for low in range(n, len(at) - 1, SPAN):
            high = min(len(at), low + SPAN)
            reality, flagged = middle + (marks(record, low, high) - centre) @ weights
            messages = record["messages"][at[low] - 1 : at[high - 1] + 1]
            turns = tuple(Turn("user" if m["role"] == "user" else "assistant", m["content"]) for m in messages)
            yield Extra("spiral", example.group, "en", turns, _soft([example], float(reality), float(flagged)), 1.0)


def spiral_marks(gold: list[Example]) -> dict[str, NDArray[np.float64]]:
    """Per assistant text: reinforcement, escalation, consciousness claims, push-back, each scaled to about 0..2."""
    out = {}
    for _, record, at, _ in _spiral(gold):
        for turn, place in enumerate(at):
            got = _judged(record, turn)
            if got is not None:
                scaled = [
                    min(got[0], 8.0) / 4,
                    min(got[1], 6.0) / 3,
                    min(got[2], 6.0) / 3,
                    min(got[3] + got[4], 6.0) / 3,
                ]
                out[record["messages"][place]["content"]] = np.array(scaled)
    return out


def _hh(text: str) -> tuple[Turn, ...]:
    parts = re.split(r"\n\n(Human|Assistant):", text)[1:]
    return tuple(
        Turn("user" if who == "Human" else "assistant", said.strip())
        for who, said in zip(parts[::2], parts[1::2], strict=True)
    )


def readings() -> Iterator[Extra]:
    """Conversations of the raw sets read once against the rubric for this project (`inputs/readings.jsonl`: rows and levels)."""
    sets = {"hh-rlhf": RAW / "hh-rlhf" / "harmless-base-test.jsonl", "smile": RAW / "smile" / "smilechat_3000.jsonl"}
    lines = {name: path.read_text(encoding="utf-8").splitlines() for name, path in sets.items()}
    for line in (ROOT / "training" / "inputs" / "readings.jsonl").read_text(encoding="utf-8").splitlines():
        reading = json.loads(line)
        row = json.loads(lines[reading["set"]][reading["row"]])
        if reading["set"] == "hh-rlhf":
            turns, language = _hh(row[reading["side"]]), "en"
        else:
            turns, language = tuple(Turn(m["role"], m["content"]) for m in row["messages"]), "zh"
        levels = np.array(reading["levels"], dtype=np.float64)
        target = np.append(levels, float(levels[:3].max() >= 2))
        group = f"{reading['set']}:{turns[0].text[:60]}"
        yield Extra(f"read-{reading['set']}", group, language, turns, target, float(reading["screen"] == "keep"))


def everything(gold: list[Example]) -> list[Extra]:
    """All extra conversations, in a fixed order."""
    assert len(CONSTRUCTS) == 7
    return [*syco(gold), *therapists(gold), *spiral_windows(gold), *readings()]
