"""What a reader is: pure functions from one decoded record to conversations. No reader opens a file."""

from __future__ import annotations

from typing import Any, Protocol

from selfrule.errors import SelfruleError
from selfrule.records import Draft


class RecordError(SelfruleError):
    """One record cannot be used; the run goes on and the record enters the study's problem list.

    Attributes:
        kind: "empty" (no readable words), "shape" (not what the format promises) or "turn_row" (one turn of a
            conversation whose other turns are in other rows).
        reason: What is wrong, in words for the problem list. Never holds conversation text.
        remedy: What to do about it; may be "".
    """

    def __init__(self, kind: str, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.kind, self.reason, self.remedy = kind, reason, remedy


class Reader(Protocol):
    """Reads one format.

    Attributes:
        name: Short name, as given to `--format` and stored with each conversation ("chatgpt").
        title: Name for people to read ("ChatGPT export").
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - described above
    @property
    def title(self) -> str: ...  # noqa: D102

    def sniff(self, record: dict[str, Any], file: str) -> str | None:
        """Why this record is of this format, in words a user can read ("has 'mapping' and 'current_node'"), or None."""

    def read(self, record: dict[str, Any], file: str) -> list[Draft]:
        """The conversations of one record; at least one.

        Raises:
            RecordError: the record cannot be used.
        """
