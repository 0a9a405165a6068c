"""The protocol `joint`: one request for everything, one JSON object back, with the turns that each level rests on."""

from __future__ import annotations

from selfrule.clients.types import Reply, Request
from selfrule.judges import parse, prompts, protocol, schema
from selfrule.judges.joining import Parsed
from selfrule.judges.windows import Window

NAME = "joint"
OUTPUT = 220


def requests(window: Window, most_tokens: int) -> dict[str, Request]:
    """The one request, "all"."""
    prompt = prompts.load(NAME)
    return {
        "all": Request(
            system=prompt.system,
            shared=protocol.data(window),
            ask=prompt.texts["ask"],
            schema=schema.joint(),
            schema_name="rating",
            max_tokens=most_tokens,
        )
    }


def read(name: str, reply: Reply, window: Window) -> protocol.Outcome:
    """Levels and evidence of all constructs, markers, domains."""
    return protocol.read_json(reply, window, parse.joint)


def follow_up(parsed: Parsed, window: Window, most_tokens: int) -> dict[str, Request]:
    """Nothing is left to ask."""
    return {}


def repairable(name: str) -> bool:
    """Always."""
    return True
