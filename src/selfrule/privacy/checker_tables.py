"""Released estimates and analyses, checked: sizes of groups, and what is left when those shown are taken from the whole."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Found = list[tuple[str, str]]

_PAIR = re.compile(r"(?:^| )([a-z_]+)=(.*?)(?= [a-z_]+=|$)", re.DOTALL)
_OVERLAPPING = {"domain"}
_UNPLACED = {"unknown", "left_out", "untimed", "undated"}  # counts of conversations in no group


def few(count: float | None, k: int) -> bool:
    """Whether a count is of some and fewer than k."""
    return count is not None and 0 < count < k


def _number(value: Any) -> float | None:
    try:
        return None if value in (None, "") else float(value)
    except (TypeError, ValueError):
        return None


def _group(value: Any) -> tuple[tuple[str, str], ...]:
    """A group as JSON has it, or as CSV does: "flagged=yes attachment=mild"."""
    if isinstance(value, str):
        return tuple(sorted((name, of.strip()) for name, of in _PAIR.findall(value)))
    return tuple(sorted((str(name), str(of)) for name, of in dict(value or {}).items()))


def of_estimates(rows: Sequence[Mapping[str, Any]], k: int) -> Found:
    """Estimates: of every group its conversations (and people, where the whole is of at least k), and of each way to part
    the whole what is left of it.
    """
    sizes: dict[tuple[tuple[str, str], ...], list[float]] = defaultdict(list)
    rated: dict[tuple[tuple[tuple[str, str], ...], str, str], float] = {}
    people: dict[tuple[tuple[str, str], ...], float] = {}
    for row in rows:
        if (row.get("kind") or "rated") != "rated":
            continue
        key = _group(row.get("group"))
        n, missing = _number(row.get("n")) or 0.0, _number(row.get("missing")) or 0.0
        sizes[key].append(n + missing)
        rated[key, str(row.get("construct")), str(row.get("level"))] = n
        persons = _number(row.get("persons"))
        if persons:
            people[key] = max(people.get(key, 0.0), persons)
    count_people = people.get((), 0.0) >= k
    found: Found = []
    for key, got in sizes.items():
        where = _said(key)
        if few(max(got), k):
            found.append((where, "a group of few conversations"))
        if count_people and few(people.get(key), k):
            found.append((where, "a group of few people"))
    axes: dict[tuple[str, ...], list[tuple[tuple[str, str], ...]]] = defaultdict(list)
    for key in sizes:
        if key and not _OVERLAPPING & {name for name, _ in key}:
            axes[tuple(name for name, _ in key)].append(key)
    for axis, keys in axes.items():
        found += _left(axis, keys, sizes, rated, k)
    return found


def _left(
    axis: tuple[str, ...],
    keys: Sequence[tuple[tuple[str, str], ...]],
    sizes: Mapping[tuple[tuple[str, str], ...], list[float]],
    rated: Mapping[tuple[tuple[tuple[str, str], ...], str, str], float],
    k: int,
) -> Found:
    """What the whole of a partition leaves when its shown groups are taken from it, over all and cell by cell."""
    flagged = ("flagged", "yes")
    whole: tuple[tuple[str, str], ...] = (flagged,) if "flagged" in axis else ()
    if whole not in sizes or axis == ("flagged",):
        return []
    where = " x ".join(axis)
    found: Found = []
    if few(max(sizes[whole]) - sum(max(sizes[key]) for key in keys), k):
        found.append((where, "few are left when the groups shown are taken from the whole"))
    for group, construct, level in list(rated):
        if group == whole and all((key, construct, level) in rated for key in keys):
            left = rated[whole, construct, level] - sum(rated[key, construct, level] for key in keys)
            missing = max(sizes[whole]) - rated[whole, construct, level]
            if few(left, k) and left > missing:
                found.append((f"{where}: {construct} {level}", "few are left when the groups shown are taken from it"))
    return found


def _said(key: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name}={value}" for name, value in key) or "everything"


def of_analysis(record: Mapping[str, Any], k: int) -> Found:
    """The record of an analysis: every figure's conversations and people, and what its series and sides leave of the whole."""
    name = str(record.get("analysis"))
    people = (_number(record.get("persons")) or 0) >= k
    found: Found = []
    for where, one in _figures(record, name):
        if few(_number(one.get("n")), k):
            found.append((where, "a figure of few conversations"))
        if people and _number(one.get("n")) and few(_number(one.get("persons")), k):
            found.append((where, "a figure of few people"))
    if few(_number(record.get("conversations")), k):
        found.append((name, "an analysis of few conversations"))
    for field in _UNPLACED & record.keys():
        counts = record[field] if isinstance(record[field], list) else [record[field]]
        if any(few(_number(one), k) for one in counts):
            found.append((f"{name}.{field}", "a count of few conversations"))
    return found + _sums(record, name, k)


def _figures(data: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Everything in a record that has the shape of a figure and a value."""
    if isinstance(data, dict):
        if {"value", "low", "high", "n"} <= data.keys() and data["value"] is not None:
            yield where, data
        for key, value in data.items():
            yield from _figures(value, f"{where}.{key}")
    elif isinstance(data, list):
        for at, value in enumerate(data):
            yield from _figures(value, f"{where}[{at}]")


def _size(figure: Mapping[str, Any]) -> float:
    return (_number(figure.get("n")) or 0.0) + (_number(figure.get("missing")) or 0.0)


def _sums(record: Mapping[str, Any], name: str, k: int) -> Found:
    """Parts of a whole that the record has side by side: periods, groups of a period, sides, levels."""
    whole = _number(record.get("conversations")) or 0.0
    found: Found = []

    def of(where: str, total: float, parts: Iterable[float]) -> None:
        if few(total - sum(parts), k):
            found.append((where, "few are left when what is shown is taken from the whole"))

    if isinstance(record.get("overall"), dict) and isinstance(record["overall"].get("points"), list):
        points = record["overall"]["points"]
        of(f"{name}.overall", whole, [_size(p) for p in points] + [_number(record.get("untimed")) or 0.0])
        for at, one in enumerate(record.get("breakdowns") or []):
            if one.get("by") != "domain":
                lines = [s["points"] for s in one.get("series") or [] if s.get("role") == "group"]
                for i, point in enumerate(points):
                    if lines and any(_size(line[i]) for line in lines):
                        of(f"{name}.breakdowns[{at}], period {i}", _size(point), [_size(line[i]) for line in lines])
    if name == "compare" and record.get("sides"):
        parts = [_number(one.get("conversations")) or 0.0 for one in record["sides"]]
        of(
            f"{name}.sides",
            whole,
            [*parts, _number(record.get("unknown")) or 0.0, *map(float, record.get("left_out") or [])],
        )
    for at, factor in enumerate(record.get("factors") or [] if name == "factors" else []):
        levels = [_size(one["share"]) for one in factor["levels"] if one["share"].get("value") is not None]
        if levels and isinstance(record.get("overall"), dict):
            unrated = _size(record["overall"]) - (_number(record["overall"].get("n")) or 0.0)
            left = (_number(record["overall"].get("n")) or 0.0) - sum(
                _number(one["share"].get("n")) or 0.0 for one in factor["levels"]
            )
            if few(left, k) and left > unrated:
                found.append((f"{name}.factors[{at}]", "few are left when the levels shown are taken from the whole"))
    return found
