"""Small logs for the tests of studies: written here, deterministic."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

ASKS = [
    "My sister says I should sell the flat. What should I do?",
    "Can you help me write a short note to my landlord about the boiler?",
    "I keep thinking my neighbour sends signals through the lamp. Is that possible?",
    "How do I sort a list of dates in a spreadsheet?",
    "Should I text him back tonight? You always know what is right.",
    "What is a good recipe for lentil soup with cumin?",
]
ANSWERS = [
    "There are several ways to look at this, and the choice is yours. What matters most to you here?",
    "Yes, that is exactly what is happening. You are right to notice it, and you should act today.",
    "Select the column, open the data menu, and choose sort from oldest to newest.",
    "Send this: I have thought about it and I am not coming back. Do not explain yourself.",
    "Rinse the lentils, fry an onion with cumin, add water and simmer for half an hour.",
    "I cannot know what he thinks. It may help to ask a friend whom you both trust.",
]


def conversation(seed: int, turns: int = 6, repeat: int = 1) -> dict[str, Any]:
    """One record in OpenAI messages form."""
    rng = random.Random(seed)
    messages = []
    for turn in range(turns):
        lines = ASKS if turn % 2 == 0 else ANSWERS
        text = " ".join(rng.choice(lines) + f" ({rng.randint(0, 10**9)})" for _ in range(repeat))
        messages.append({"role": "user" if turn % 2 == 0 else "assistant", "content": text})
    return {
        "id": f"c{seed}",
        "user_id": f"person-{seed % 7}@example.org",
        "model": f"model-{seed % 3}",
        "created_at": 1_735_700_000 + 86_400 * seed,
        "messages": messages,
    }


def write_lines(path: Path, records: list[dict[str, Any]]) -> Path:
    """Records as JSONL."""
    path.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    return path
