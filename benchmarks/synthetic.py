"""Write synthetic conversations as JSONL: `python benchmarks/synthetic.py ROWS FILE`. About 2.3 kB a row, seeded.

The words are drawn from a list with Zipf weights, so that text compresses and hashes like text; it means nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "in", "ol")]
MODELS = ["alpha-1", "alpha-2", "beta-small", "beta-large"]


def vocabulary(rng: np.random.Generator, size: int = 20_000) -> list[str]:
    """Made-up words of one to four syllables."""
    return ["".join(rng.choice(SYLLABLES, rng.integers(1, 5))) for _ in range(size)]


def _texts(rng: np.random.Generator, words: tuple[int, int]) -> Iterator[str]:
    """Endless texts of so many words."""
    known = vocabulary(rng)
    weight = 1 / np.arange(1, len(known) + 1)
    stream = rng.choice(len(known), 4_000_000, p=weight / weight.sum()).tolist()
    while True:
        starts = rng.integers(0, len(stream) - 200, 1000).tolist()
        lengths = rng.integers(*words, 1000).tolist()
        for start, length in zip(starts, lengths, strict=True):
            yield " ".join([known[i] for i in stream[start : start + length]])


def write(rows: int, path: Path, seed: int = 1, words: tuple[int, int] = (20, 78), turns: int = 6) -> None:
    """Write `rows` conversations to `path`, in OpenAI messages form."""
    rng = np.random.default_rng(seed)
    texts = _texts(rng, words)
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as handle:
        for row in range(rows):
            messages = [
                {"role": "user" if turn % 2 == 0 else "assistant", "content": next(texts)} for turn in range(turns)
            ]
            record = {
                "id": f"c{row}",
                "user_id": f"u{row * 7919 % max(rows // 5, 1)}",
                "model": MODELS[row % 4],
                "created_at": 1765500000 + row,
                "messages": messages,
            }
            handle.write(encode(record) + b"\n")


def write_talks(rows: int, path: Path, seed: int = 1, exchanges: int = 1) -> None:
    """Write conversations of real sentences, for what reads language: exchanges drawn from `data/written`, put together anew.

    About 0.3 kB an exchange. A number in each keeps two of them from being copies.
    """
    rng = np.random.default_rng(seed)
    pairs: list[tuple[str, str]] = []
    for file in sorted((Path(__file__).resolve().parents[1] / "data" / "written").glob("*.jsonl")):
        for line in file.read_bytes().splitlines():
            said = [m["content"] for m in msgspec.json.decode(line)["messages"]]
            pairs += zip(said[::2], said[1::2], strict=False)
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as handle:
        for row in range(rows):
            messages = []
            for index in rng.integers(0, len(pairs), exchanges).tolist():
                asked, answered = pairs[index]
                messages += [
                    {"role": "user", "content": f"{asked} ({int(rng.integers(1 << 40))})"},
                    {"role": "assistant", "content": answered},
                ]
            record = {"id": f"t{row}", "user_id": f"u{row % max(rows // 5, 1)}", "messages": messages}
            handle.write(encode(record) + b"\n")


def write_chatgpt(size: int, path: Path, seed: int = 1) -> None:
    """Write a ChatGPT export of about `size` bytes: one array, a mapping with one branch in each conversation."""
    rng = np.random.default_rng(seed)
    texts = _texts(rng, (20, 78))
    encode = msgspec.json.Encoder().encode
    written = 0
    with path.open("wb") as handle:
        handle.write(b"[")
        number = 0
        while written < size:
            mapping: dict[str, Any] = {"root": {"id": "root", "message": None, "parent": None, "children": ["n0"]}}
            for turn in range(12):
                message = {
                    "id": f"n{turn}",
                    "author": {"role": "user" if turn % 2 == 0 else "assistant", "name": None, "metadata": {}},
                    "create_time": 1765500000.5 + number * 60 + turn,
                    "content": {"content_type": "text", "parts": [next(texts)]},
                    "status": "finished_successfully",
                    "metadata": {"model_slug": MODELS[number % 4]},
                    "recipient": "all",
                }
                parent = f"n{turn - 1}" if turn else "root"
                mapping[f"n{turn}"] = {
                    "id": f"n{turn}",
                    "message": message,
                    "parent": parent,
                    "children": [f"n{turn + 1}"],
                }
            record = {
                "title": "t",
                "create_time": 1765500000.5 + number * 60,
                "mapping": mapping,
                "current_node": "n11",
                "conversation_id": f"c{number}",
            }
            data = encode(record)
            handle.write((b"," if number else b"") + data)
            written += len(data)
            number += 1
        handle.write(b"]")


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
