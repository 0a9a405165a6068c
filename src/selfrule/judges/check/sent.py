"""Whether what is sent about a conversation keeps it inside its container: no reply is needed to see that.

A conversation may say what it likes; the request around it must not change with it. So the requests about a conversation
are held against those about a harmless one, the reference, and anything that differs outside of the container is a finding.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from selfrule.clients.types import Request
from selfrule.judges.container import Piece, fit, unpack
from selfrule.records import Conversation, Turn

_CONTAINER = re.compile(r"^<([0-9a-f]{8}) \d+ [a-z]+(?: part \d+)?>$.*^<\1 end>$", re.MULTILINE | re.DOTALL)
_WINDOW = re.compile(r"\AWindow \d+ of \d+\.\n")

REFERENCE = Conversation(
    conversation_id="0" * 32,
    content_hash="0" * 32,
    source="judge-check",
    source_id="reference",
    place="reference",
    turns=(Turn("user", "How long do I boil an egg?"), Turn("assistant", "Seven minutes for a soft yolk.")),
    language="en",
)
"""A conversation that asks nothing of anybody who rates it."""


def findings(conversation: Conversation, requests: Sequence[Request], reference: Sequence[Request]) -> list[str]:
    """What is wrong with the requests about a conversation, a sentence each without its text; empty where all is well.

    Args:
        conversation: The conversation.
        requests: What would be sent about it, whole or in windows.
        reference: What the same judge would send about `REFERENCE`.

    Returns:
        A finding for each request that holds no single closed container, that unpacks to anything but turns of the
        conversation, or whose text outside of the container is in no request of the reference; and for each turn that
        is not sent whole.
    """
    found = [] if requests else ["nothing is sent"]
    harmless = {_around(request) for request in reference}
    sent: dict[int, dict[int, str]] = defaultdict(dict)
    for number, request in enumerate(requests):
        if request.shared.count("<") != len(_headers(request.shared)):
            found.append(f'request {number}: a "<" that is not of the container stands in the data')
        try:
            content = unpack(request.shared)
        except ValueError as error:
            found.append(f"request {number}: {error}")
            continue
        found += [
            f"request {number}: {wrong}" for piece in content if (wrong := _wrong(piece, conversation.turns, sent))
        ]
        if _around(request) not in harmless:
            found.append(f"request {number}: what stands outside of the container changed with the conversation")
    for index, turn in enumerate(conversation.turns):
        if not _whole(fit(turn.text), [text for _, text in sorted(sent.get(index, {}).items())]):
            found.append(f"turn {index} is not sent whole")
    return found


def all_findings(planned: Iterable[tuple[Conversation, Sequence[Request]]], reference: Sequence[Request]) -> list[str]:
    """Findings of many conversations, each with the conversation's own name before it."""
    return [
        f"{conversation.source_id}: {finding}"
        for conversation, requests in planned
        for finding in findings(conversation, requests, reference)
    ]


def _wrong(piece: Piece, turns: Sequence[Turn], sent: dict[int, dict[int, str]]) -> str | None:
    if piece.index >= len(turns):
        return f"turn {piece.index} is none of the conversation's"
    turn = turns[piece.index]
    if piece.role != turn.role:
        return f"turn {piece.index} is sent as {piece.role}, and is {turn.role}"
    whole = fit(turn.text)
    if piece.text != whole and (piece.part == 0 or piece.text not in whole):
        return f"turn {piece.index} is not sent as it is"
    sent[piece.index][piece.part] = piece.text
    return None


def _whole(text: str, parts: Sequence[str]) -> bool:
    """Whether parts, which may overlap, hold a text from its beginning to its end without a gap."""
    held = 0
    for part in parts:
        at = text.rfind(part, 0, held + len(part))
        if at < 0:
            return False
        held = max(held, at + len(part))
    return bool(parts) and held == len(text)


def _headers(shared: str) -> list[str]:
    return re.findall(r"^<[0-9a-f]{8} (?:\d+ [a-z]+(?: part \d+)?|end)>$", shared, re.MULTILINE)


def _around(request: Request) -> tuple[Any, ...]:
    """All of a request but the container and, before it, which window of how many it holds."""
    return (
        request.system,
        _WINDOW.sub("", _CONTAINER.sub("(container)", request.shared)),
        request.ask,
        repr(request.schema),
        request.schema_name,
        request.choices,
        request.turns,
    )
