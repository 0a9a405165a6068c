"""Write synthetic conversations as JSONL: `python benchmarks/synthetic.py ROWS FILE`. About 2.3 kB a row, seeded.

The words are drawn from a list with Zipf weights, so that text compresses and hashes like text; it means nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import numpy as np

SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "in", "ol")]
MODELS = ["alpha-1", "alpha-2", "beta-small", "beta-large"]


def vocabulary(rng: np.random.Generator, size: int = 20_000) -> list[str]:
    """Made-up words of one to four syllables."""
    return ["".join(rng.choice(SYLLABLES, rng.integers(1, 5))) for _ in range(size)]


def write(rows: int, path: Path, seed: int = 1) -> None:
    """Write `rows` conversations to `path`."""
    rng = np.random.default_rng(seed)
    words = vocabulary(rng)
    weight = 1 / np.arange(1, len(words) + 1)
    weight /= weight.sum()
    stream = rng.choice(len(words), 4_000_000, p=weight)
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as handle:
        for row in range(rows):
            messages = []
            for turn in range(6):
                start = int(rng.integers(0, len(stream) - 200))
                text = " ".join([words[i] for i in stream[start : start + int(rng.integers(20, 78))]])
                messages.append({"role": "user" if turn % 2 == 0 else "assistant", "content": text})
            record = {
                "id": f"c{row}",
                "user_id": f"u{int(rng.integers(0, max(rows // 5, 1)))}",
                "model": MODELS[row % 4],
                "created_at": 1765500000 + row,
                "messages": messages,
            }
            handle.write(encode(record) + b"\n")


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
