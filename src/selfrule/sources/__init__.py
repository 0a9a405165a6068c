"""From files to conversations: one module per format, behind one protocol (`reader.Reader`).

`READERS` is the table of formats, the most specific first. `detect` says which one a file is of, and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from selfrule.errors import FormatError
from selfrule.records import Draft
from selfrule.sources.anthropic_messages import AnthropicMessages
from selfrule.sources.chatgpt import ChatGPT
from selfrule.sources.claude_ai import ClaudeAI
from selfrule.sources.generic import Generic, guess
from selfrule.sources.hh_rlhf import HHRLHF
from selfrule.sources.inspect_eval import InspectEval
from selfrule.sources.lmsys import Lmsys
from selfrule.sources.mapped import MappedReader
from selfrule.sources.mapping import Mapping, mapping_from_toml, parse_mapping
from selfrule.sources.normalise import NOTES
from selfrule.sources.oasst import Oasst
from selfrule.sources.openai_messages import OpenAIMessages
from selfrule.sources.reader import Reader, RecordError
from selfrule.sources.sharegpt import ShareGPT
from selfrule.sources.wildchat import WildChat

__all__ = [
    "NOTES",
    "READERS",
    "Mapping",
    "Reader",
    "RecordError",
    "by_name",
    "detect",
    "generic_reader",
    "group_rows",
    "guess",
    "mapping_from_toml",
    "parse_mapping",
]

READERS: tuple[Reader, ...] = (
    ChatGPT(),
    ClaudeAI(),
    InspectEval(),
    WildChat(),
    Lmsys(),
    HHRLHF(),
    Oasst(),
    ShareGPT(),
    AnthropicMessages(),
    OpenAIMessages(),
    Generic(),
)


def detect(records: Sequence[dict[str, Any]], file: str) -> tuple[Reader, str] | None:
    """The format that most of a file's first records are of, and the reason in words; None where none fits any.

    Args:
        records: A sample of the file's records.
        file: The file's name.
    """
    found: dict[str, list[str]] = {}
    for record in records:
        for reader in READERS:
            reason = reader.sniff(record, file)
            if reason is not None:
                found.setdefault(reader.name, []).append(reason)
                break
    if not found:
        return None
    # of equals the more specific one, which stands earlier in the table
    best = max(READERS, key=lambda reader: len(found.get(reader.name, ())))
    reasons = found[best.name]
    reason = max(reasons, key=reasons.count)
    return best, reason if len(reasons) == len(
        records
    ) else f"{reason} ({len(reasons)} of {len(records)} records looked at)"


def by_name(name: str) -> Reader:
    """The reader of that name.

    Raises:
        FormatError: there is none; lists the names.
    """
    for reader in READERS:
        if reader.name == name:
            return reader
    names = ", ".join(reader.name for reader in READERS)
    raise FormatError(f"No format is called {name!r}. Formats: {names}; or describe your own with --map.")


def generic_reader(mapping: Mapping) -> MappedReader:
    """The reader that reads by a mapping the user gave."""
    return MappedReader(mapping)


def group_rows(rows: Sequence[dict[str, Any]], mapping: Mapping) -> Draft:
    """One conversation from the rows that share a value in `mapping.conversation`.

    Raises:
        RecordError: the rows hold no turns, or none with words.
    """
    return MappedReader(mapping).group_rows(rows)
