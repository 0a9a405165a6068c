"""Contexts with something planted in every string that comes from outside."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from selfrule.records import Estimate
from selfrule.report import ReportContext

from .contexts import estimate, judged, large, personal

# Words of selfrule's own, which code compares with: not text from outside.
OWN = frozenset({"kind", "severity", "role", "construct", "level", "month", "place", "misses"})


def plant(value: Any, payload: str, key: str = "") -> Any:
    """The value with a payload appended to every string in it, but for selfrule's own words."""
    if isinstance(value, str):
        return value if key in OWN else f"{value}{payload}"
    if isinstance(value, Estimate):
        group = {k: (v + payload if k in {"model", "product", "language"} else v) for k, v in value.group.items()}
        return msgspec.structs.replace(value, group=group, method=value.method + payload)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: plant(getattr(value, f.name), payload, f.name) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **changed)
    if isinstance(value, list):
        return [plant(v, payload, key) for v in value]
    if isinstance(value, dict):
        keep = key in {
            "levels",
            "agreement",
            "status_counts",
            "statuses",
            "constructs",
            "alpha",
            "by_construct",
            "only_first",
        }
        return {
            (k if keep or k in OWN or key != "hashes" else k + payload): plant(v, payload, k) for k, v in value.items()
        }
    return value


def planted(payload: str, kind: str = "private") -> ReportContext:
    """A context in which every part of the page is filled, and every string from outside ends in the payload."""
    context = large(kind)
    more = [estimate("flagged", "moderate+", 3, 50, 1, product=f"app {i}") for i in range(3)]
    more.append(estimate("flagged", "moderate+", 3, 50, domain=f"unheard of{payload}"))
    context = dataclasses.replace(
        context,
        estimates=[*context.estimates, *more],
        quoted=personal().quoted,
        panel=judged().panel,
        judge=dataclasses.replace(context.judge, steps=judged(kind, "cascade").judge.steps, marks=judged().judge.marks),
        status_counts={**context.status_counts, f"new status{payload}": 3},
    )
    return plant(context, payload)  # type: ignore[no-any-return]
