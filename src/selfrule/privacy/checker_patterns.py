"""Released patterns, checked: every count, every share as a count, every difference in the tree, and bounds by programming."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from selfrule.privacy.bounds import Known, pinned, solved
from selfrule.privacy.cells import BASE, smallest

Found = list[tuple[str, str]]
_EXACT = 1e-6


def violations(data: Mapping[str, Any], k: int) -> Found:
    """What released patterns tell of fewer than k, in which pattern and how."""
    patterns = {str(one["id"]): one for one in data["patterns"]}
    found: Found = []
    if data.get("kind") != "released":
        found.append(("kind", "these patterns have not passed the release gate"))
    for name, one in patterns.items():
        found += [(f"{name}.{where}", how) for where, how in _alone(one, k)]
    families = _families(data, patterns)
    for parent, parts in families.items():
        whole = _top(data) if not parent else _count(patterns.get(parent, {}).get("conversations"))
        left = whole - sum(_count(patterns[part].get("conversations")) for part in parts)
        if 0 < left < k:
            found.append(
                (parent or "everything", "few are left when the patterns shown are taken from what they are in")
            )
        for part in parts:
            above, mine = patterns.get(parent, {}).get("persons"), patterns[part].get("persons")
            if above is not None and mine is not None and 0 < above - mine < k:
                found.append((part, "few people are left when these are taken from the group around them"))
    for field in ("collapsed", "described", "flagged"):
        if 0 < _count(data.get(field)) < k:
            found.append((field, "a count of few conversations"))
    if 0 < _count(data.get("flagged")) - _count(data.get("described")) < k:
        found.append(("flagged", "few are left when those described are taken from it"))
    found += _withheld(data, k)
    if data.get("epsilon") is None:
        found += _pinned(data, patterns, families, k)
    return found


def _count(value: Any) -> int:
    return int(value or 0)


def _top(data: Mapping[str, Any]) -> int:
    return _count(data.get("described")) - _count(data.get("collapsed"))


def _families(data: Mapping[str, Any], patterns: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, one in patterns.items():
        found.setdefault(str(one.get("parent") or ""), []).append(name)
    return found


def _alone(one: Mapping[str, Any], k: int) -> Iterator[tuple[str, str]]:
    """What one pattern tells of few by itself."""
    n = _count(one.get("conversations"))
    if n < k:
        yield "conversations", "a pattern of few conversations"
    if one.get("persons") is not None and _count(one["persons"]) < k:
        yield "persons", "a pattern of few people"
    if 0 < _count(one.get("collapsed")) < k:
        yield "collapsed", "a count of few conversations"
    for where, share in shares(one):
        has = share * n
        if 0 < has < k - _EXACT:
            yield where, "a share of few conversations"
        elif 0 < n - has < k - _EXACT:
            yield where, "a share that all but few have"
    months = sum(_count(count) for count in (one.get("months") or {}).values())
    for month, count in (one.get("months") or {}).items():
        if 0 < _count(count) < k:
            yield f"months.{month}", "a count of few conversations"
    if months > 2 * n:
        yield "months", "more conversations than the pattern has"
    for at, claim in enumerate(one.get("claims") or []):
        shown, checked = _count(claim.get("shown")), _count(claim.get("checked"))
        if not checked:
            yield f"claims[{at}]", "a claim that was not checked"
        if shown < k or 0 < checked - shown < k:
            yield f"claims[{at}]", "a claim that few show, or all but few"
    held = _count(one.get("held_out"))
    if one.get("faithful") is not None:
        right = float(one["faithful"]) * held
        if 0 < right < k - _EXACT or 0 < held - right < k - _EXACT:
            yield "faithful", "a share of few conversations"
    if 0 < held < k or (held and 0 < n - held < k):
        yield "held_out", "few were held out, or all but few"


def shares(one: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Every share of a pattern's members that it tells, and where."""
    for name in ("severe", "actualized"):
        if one.get(name) is not None:
            yield name, float(one[name])
    for table in ("constructs", "domains"):
        for name, share in (one.get(table) or {}).items():
            yield f"{table}.{name}", float(share)
    for dimension, got in (one.get("codes") or {}).items():
        for name, share in got.items():
            yield f"codes.{dimension}.{name}", float(share)


def _withheld(data: Mapping[str, Any], k: int) -> Found:
    withheld = data.get("withheld") or {}
    left = _count(withheld.get("conversations"))
    found: Found = []
    if 0 < left < k:
        found.append(("withheld.conversations", "a count of few conversations"))
    for name, n in (("severe_released", _top(data) - left), ("severe_withheld", left)):
        if withheld.get(name) is not None:
            has = float(withheld[name]) * n
            if 0 < has < k - _EXACT or 0 < n - has < k - _EXACT:
                found.append((f"withheld.{name}", "a share of few conversations"))
    return found


def _pinned(data: Mapping[str, Any], patterns: Mapping[str, Any], families: Mapping[str, list[str]], k: int) -> Found:
    """Counts that are not shown, and cells, that rounded numbers leave no room but between 1 and k - 1."""
    known = Known()
    hidden: dict[str, str] = {}

    def near(name: str, printed: float, whole: str, of: float) -> None:
        """A count printed within a multiple of its share of the printed whole."""
        if of:
            known.ratio(name, whole, max(printed - BASE, 0) / of, (printed + BASE) / of)

    top = float(_top(data))
    known.about("", max(top - BASE, 0), top + BASE)
    for parent, parts in families.items():
        whole = top if not parent else float(_count(patterns[parent]["conversations"]) if parent in patterns else 0)
        if parent and parent not in patterns:
            return [(parent, "a pattern whose group is not shown")]
        left = whole - sum(_count(patterns[part]["conversations"]) for part in parts)
        for part in parts:
            near(part, _count(patterns[part]["conversations"]), parent, whole)
        rest = f"{parent}/rest"
        near(rest, left, parent, whole)
        known.parts(parent, [*parts, rest])
        hidden[rest] = f"{parent or 'everything'}: the rest"
    found = [(hidden[name], "its size follows from what is shown") for name in pinned(solved(known, list(hidden)), k)]
    for parent, parts in families.items():
        if parent:
            found += _cells(patterns[parent], [patterns[part] for part in parts], k)
    return found


def _cells(parent: Mapping[str, Any], parts: list[Mapping[str, Any]], k: int) -> Found:
    """Of each share of a group, what the shares of its parts leave for those of which none is shown."""
    found: Found = []
    whole, least = _count(parent["conversations"]), smallest(k)
    mine = [(dict(shares(part)), _count(part["conversations"])) for part in parts]
    for where, share in shares(parent):
        # at the cap a share stands for that and more
        if share * whole >= whole - least - _EXACT:
            continue
        shown = [(got[where], n) for got, n in mine if where in got and got[where] * n < n - least - _EXACT]
        unknown = len(shown) < len(mine) or whole > sum(n for _, n in mine)
        low = (share * whole - BASE) * (1 - BASE / whole) - sum((s * n + BASE) * (1 + BASE / n) for s, n in shown)
        high = (share * whole + BASE) * (1 + BASE / whole) - sum((s * n - BASE) * (1 - BASE / n) for s, n in shown)
        if unknown and shown and low >= 1 and high < k:
            found.append((f"{parent['id']}.{where}", "what its parts leave of it follows from what is shown"))
    return found
