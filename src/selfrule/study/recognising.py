"""Which reader an entry is for, from a sample of its records, and why."""

from __future__ import annotations

from typing import Any

import msgspec

from selfrule.sources import by_name, detect
from selfrule.sources.decode import NotJSON, decode, unwrap
from selfrule.sources.entries import Entry
from selfrule.sources.generic import guess
from selfrule.sources.mapping import Mapping
from selfrule.sources.units import DAMAGE, Unit, raw_records

SAMPLE = 25  # records looked at


def _sample(entry: Entry, unit: Unit) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    try:
        for _, raw in raw_records(entry, unit):
            try:
                value = decode(raw)[0] if isinstance(raw, bytes) else raw
            except NotJSON:
                continue
            found.extend(record for record, _ in zip(unwrap(value), range(SAMPLE), strict=False))
            if len(found) >= SAMPLE:
                break
    except DAMAGE:
        pass  # told by the worker, with its place
    return found[:SAMPLE]


class Recognised(msgspec.Struct):
    """The reader for an entry, the reason, and the mapping it reads by, if it does."""

    reader: str
    reason: str
    mapping: Mapping | None = None


def recognise(entry: Entry, first: Unit, mapping: Mapping | None, name: str | None) -> Recognised | None:
    """The reader for an entry, or None where no reader knows it."""
    if mapping is not None:
        return Recognised("generic", "your mapping", mapping)
    if name is not None:
        return Recognised(by_name(name).name, "you named it")
    sample = _sample(entry, first)
    found = detect(sample, entry.label)
    if found is None:
        return None
    reader, reason = found
    if reader.name == "generic":
        guessed = next((g for g in map(guess, sample) if g is not None), None)
        # a table with one turn a row is read by conversation, not by row
        if guessed is not None and guessed.conversation is not None:
            return Recognised("generic", reason, guessed)
    return Recognised(reader.name, reason)
