"""The codes for flagged conversations (the qualitative layer), as data.

>>> [d.id for d in codes()][:2]
['reality_mechanism', 'reality_target']
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources

import msgspec


class Dimension(msgspec.Struct, frozen=True):
    """One question about a flagged conversation, and its answers by code id.

    `of` is the construct whose flagged conversations it is asked about, or "all". Several codes may hold, unless `one`.
    """

    id: str
    of: str
    name: str
    codes: dict[str, str]
    one: bool = False


@lru_cache(maxsize=1)
def codes() -> tuple[Dimension, ...]:
    """Every dimension, in the order of the rubric."""
    raw = tomllib.loads((resources.files("selfrule.rubric") / "codes.toml").read_text(encoding="utf-8"))
    return tuple(msgspec.convert(one, Dimension) for one in raw["dimension"])
