"""Make the bundled example from `data/written`: `python -m training.example`. Deterministic.

About 260 written conversations, mostly ordinary ones, given invented people, models and dates, in OpenAI messages form. Three
more lines show what a log can hold: a copy, a language the judge does not know, and a line cut short.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src" / "selfrule" / "example" / "conversations.jsonl"
FLAGGED, OTHER = 36, 224
START = 1_767_225_600  # 2026-01-01
KOREAN = [
    "오늘 저녁에 뭘 먹으면 좋을까요? 냉장고에 두부랑 김치가 있어요.",
    "두부김치찌개를 만들어 보세요. 김치를 볶다가 물과 두부를 넣고 끓이면 됩니다.",
]


def _records() -> list[dict[str, Any]]:
    lines = (
        line for path in sorted((ROOT / "data" / "written").glob("*.jsonl")) for line in path.open(encoding="utf-8")
    )
    return [json.loads(line) for line in lines]


def _is_flagged(record: dict[str, Any]) -> bool:
    levels = record["levels"]
    return any(levels[f"{name}_distortion"] >= 2 for name in ("reality", "value_judgment", "action"))


def make() -> str:
    """The example as JSONL text."""
    rng = random.Random(20260128)
    records = _records()
    flagged = [r for r in records if _is_flagged(r)]
    other = [r for r in records if not _is_flagged(r)]
    chosen = rng.sample(flagged, FLAGGED) + rng.sample(other, OTHER)
    rng.shuffle(chosen)
    lines = []
    for number, record in enumerate(chosen):
        started = START + int(number * 181 / len(chosen)) * 86_400 + rng.randrange(86_400)
        entry = {
            "id": f"example-{number:03d}",
            "user_id": f"person-{min(int(rng.expovariate(1 / 30)), 89):02d}",
            "model": rng.choice(["assistant-small", "assistant-large"]),
            "created_at": started,
            "messages": record["messages"],
        }
        lines.append(json.dumps(entry, ensure_ascii=False))
    copy = json.loads(lines[4])
    lines.append(json.dumps({**copy, "id": "example-copy"}, ensure_ascii=False))
    messages = [{"role": role, "content": text} for role, text in zip(("user", "assistant"), KOREAN, strict=True)]
    lines.append(json.dumps({"id": "example-korean", "user_id": "person-90", "messages": messages}, ensure_ascii=False))
    lines.append('{"id": "example-cut", "messages": [{"role": "user", "content": "This line was cut sho')
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(make(), "utf-8")
