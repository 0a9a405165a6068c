"""Anthropic Messages format: content blocks, the system prompt beside the messages."""

from __future__ import annotations

from typing import Any

from selfrule.records import Draft
from selfrule.sources.messages import find_messages, read_log
from selfrule.sources.normalise import as_dict

_BLOCKS = {"tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use", "document"}


class AnthropicMessages:
    """Reads requests to the Messages API, alone or with their response.

    A `system` prompt beside the messages becomes turn 0. Thinking and tool results are no words that the person read.
    """

    name = "anthropic_messages"
    title = "Anthropic messages"

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """Messages with marks that only this API leaves."""
        found = find_messages(record)
        if found is None:
            return None
        path, items, holder = found
        if "system" in holder and isinstance(holder["system"], str | list) and holder["system"]:
            return f"has {path!r} and a 'system' prompt beside them"
        response = as_dict(record.get("response"))
        if response is not None and isinstance(response.get("content"), list):
            return f"has {path!r} and a 'response' with 'content' blocks"
        for item in items[:20]:
            content = item.get("content") if isinstance(item, dict) else None
            for block in content if isinstance(content, list) else ():
                kind = block.get("type") if isinstance(block, dict) else None
                if (isinstance(kind, str) and kind in _BLOCKS) or (kind == "image" and "source" in block):
                    return f"has {path!r} with content blocks of type {kind!r}"
        return None

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """One conversation per record."""
        return [read_log(record)]
