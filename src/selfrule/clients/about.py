"""Which conversation a question is about, so that whoever is forgotten takes along what was paid for them.

A question's address is a hash that nobody can turn back into a conversation, so this is written down beside it, in the table
`about` of the store of answers. It travels in a context variable: whoever asks need not hand it through every layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from selfrule.clients.writer import Statement

_CONVERSATION: ContextVar[str | None] = ContextVar("selfrule_about", default=None)

TABLE = """create table if not exists about (
  key blob not null, conversation text not null, primary key (key, conversation)
) without rowid"""


@contextmanager
def about(conversation_id: str) -> Iterator[None]:
    """Within it, every question that is asked is about this conversation."""
    token = _CONVERSATION.set(conversation_id)
    try:
        yield
    finally:
        _CONVERSATION.reset(token)


def current() -> str | None:
    """The conversation that is being asked about; None where nobody said."""
    return _CONVERSATION.get()


def noted(key: bytes) -> list[Statement]:
    """The write that says which conversation a question is about; none where nobody said."""
    conversation = _CONVERSATION.get()
    return [] if conversation is None else [("insert or ignore into about values (?, ?)", (key, conversation))]
