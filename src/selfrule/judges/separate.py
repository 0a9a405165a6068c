"""The protocol `separate`: one request a construct, and one for the domains, as the study asked.

All eight share instructions and conversation as their prefix and differ in the question alone, so that a prefix cache pays
for the conversation once. Primitives carry their marker.
"""

from __future__ import annotations

from selfrule import rubric
from selfrule.clients.types import Reply, Request
from selfrule.judges import parse, prompts, protocol, schema
from selfrule.judges.joining import Parsed
from selfrule.judges.windows import Window

NAME = "separate"
OUTPUT = 30


def requests(window: Window, most_tokens: int) -> dict[str, Request]:
    """One request each, by construct id, and "domains"."""
    prompt = prompts.load(NAME)
    data = protocol.data(window)
    forms = {name: ("primitive", schema.primitive()) for name in rubric.PRIMITIVES}
    forms |= {name: ("factor", schema.factor()) for name in rubric.FACTORS}
    forms["domains"] = ("domains", schema.domains())
    return {
        name: Request(
            system=prompt.system,
            shared=data,
            ask=prompt.texts[f"ask-{name}"],
            schema=form,
            schema_name=called,
            max_tokens=most_tokens,
            shared_again=True,
        )
        for name, (called, form) in forms.items()
    }


def read(name: str, reply: Reply, window: Window) -> protocol.Outcome:
    """Level, evidence and marker of one construct, or the domains."""
    if name == "domains":
        return protocol.read_json(reply, window, parse.domains)
    reader = parse.primitive(name) if name in rubric.PRIMITIVES else parse.factor(name)
    return protocol.read_json(reply, window, reader)


def follow_up(parsed: Parsed, window: Window, most_tokens: int) -> dict[str, Request]:
    """Nothing is left to ask."""
    return {}


def repairable(name: str) -> bool:
    """Always."""
    return True
