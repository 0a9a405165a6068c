"""OpenAI chat format: `messages` with roles, alone or as a logged request and response."""

from __future__ import annotations

from typing import Any

from selfrule.records import Draft
from selfrule.sources.messages import find_messages, read_log


class OpenAIMessages:
    """Reads {"messages": [{"role", "content"}, ...]} with any fields beside it, and request/response logs."""

    name = "openai_messages"
    title = "OpenAI messages"

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """A list of messages with roles and contents is there."""
        found = find_messages(record)
        return f"has {found[0]!r}, a list of messages with 'role' and 'content'" if found else None

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """One conversation per record; turn indexes are message indexes."""
        return [read_log(record)]
