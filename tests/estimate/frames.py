"""Small frames for tests: everything rated, one person each, level none, unless told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from selfrule.estimate.frame import Frame
from selfrule.records import Estimate
from selfrule.rubric import CONSTRUCTS, PRIMITIVES

DOMAINS = ("legal", "other")


def frame_of(n: int, *, levels: dict[str, Sequence[int]] | None = None, **fields: Any) -> Frame:
    table = np.zeros((n, len(CONSTRUCTS)), dtype=np.int8)
    for name, values in (levels or {}).items():
        table[:, CONSTRUCTS.index(name)] = values
    given: dict[str, Any] = {
        "person": np.arange(n),
        "screened_in": np.ones(n, dtype=bool),
        "drawn": np.ones(n, dtype=bool),
        "inclusion": np.ones(n),
        "actualized": np.zeros((n, len(PRIMITIVES)), dtype=np.int8),
        "domains": np.zeros((n, len(DOMAINS)), dtype=bool),
        "domain_names": DOMAINS,
        "levels": table,
        **fields,
    }
    given.setdefault("rated", given["drawn"].copy())
    return Frame(**given)


def one(estimates: Sequence[Estimate], construct: str, level: str, **group: str) -> Estimate:
    found = [e for e in estimates if (e.construct, e.level, e.group) == (construct, level, group)]
    assert len(found) == 1, f"{len(found)} estimates of {construct} {level} in {group}"
    return found[0]
