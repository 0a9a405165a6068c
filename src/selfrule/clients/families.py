"""The coarse family of a model by its name: for judges, and for the assistants that logs name."""

from __future__ import annotations

import re

_FAMILIES: list[tuple[str, str]] = [
    ("claude", r"claude"),
    ("deepseek", r"deepseek"),
    ("gemini", r"gemini|\bbard\b|\bpalm-?2?\b"),
    ("gemma", r"gemma"),
    ("grok", r"\bgrok"),
    ("qwen", r"qwen|\bqwq|\bqvq"),
    ("mistral", r"mistral|mixtral|ministral|magistral|codestral|devstral|pixtral"),
    ("glm", r"glm"),
    ("kimi", r"kimi|moonshot"),
    ("command", r"\bcommand(-[ar]\b|-light|-nightly|$)|\baya\b"),
    ("nova", r"\bnova-(micro|lite|pro|premier)"),
    ("granite", r"granite"),
    ("olmo", r"\bolmo|\btulu"),
    ("minimax", r"minimax|abab"),
    ("falcon", r"falcon"),
    ("yi", r"\byi-"),
    ("phi", r"\bphi-?\d"),
    ("gpt", r"gpt|\bo[134](-|$)|davinci|text-(curie|babbage|ada)"),
    ("llama", r"llama|vicuna|alpaca|koala|guanaco|wizardlm|hermes"),
]
_FAMILY = [(name, re.compile(pattern)) for name, pattern in _FAMILIES]


def family(model: str) -> str | None:
    """The coarse family of a model, by its name alone: "claude", "gpt", "llama", "qwen"...; None where it is not known.

    A model tuned on another's base counts to that base where its name says so ("vicuna" is "llama"), and one distilled by
    a maker to that maker ("deepseek-r1-distill-llama" is "deepseek"). Used for judges and for the assistants in logs alike.
    """
    low = model.strip().lower().replace("_", "-")
    if re.search(r"gpt-?(j|neo)\b|gpt4all", low):  # open models of other makers that carry the word in their names
        return None
    return next((name for name, pattern in _FAMILY if pattern.search(low)), None)
