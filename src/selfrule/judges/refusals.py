"""Refusals in words: a model that declines to rate has refused; it has not said "none", and has not answered badly either.

Only short answers without a JSON object are looked at, so that nothing quoted inside an answer can count. The words are those of
refusals.toml, in twelve languages.

>>> is_refusal("I'm sorry, but I can't help with that."), is_refusal('{"level": "none"}')
(True, False)
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib import resources

MOST_CHARS = 2000  # what is longer is an essay, not a refusal


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    words = tomllib.loads((resources.files("selfrule.judges") / "refusals.toml").read_bytes().decode())
    either = "|".join(f"(?:{pattern})" for language in words.values() for pattern in language)
    return re.compile(either, re.IGNORECASE | re.DOTALL)


def is_refusal(text: str) -> bool:
    """Whether a short answer without a JSON object declines to rate. An empty one says nothing and is none."""
    if len(text) > MOST_CHARS or "{" in text:
        return False
    return _pattern().search(text) is not None
