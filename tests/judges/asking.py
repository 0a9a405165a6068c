"""Fakes for the judges' tests: an asker that answers from a function, conversations, and right answers."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from selfrule.clients.types import Failure, Kind, Reply, Request, Token, Usage
from selfrule.judges import schema
from selfrule.judges.container import unpack
from selfrule.records import Conversation, Turn
from selfrule.rubric import CONSTRUCTS

Answer = str | Reply | Failure | Exception


def estimate(text: str) -> int:
    """Four characters a token."""
    return len(text) // 4 + 1


class FakeAsker:
    """Answers by a function of the request; remembers what was asked, and what each reply was judged to be worth."""

    provider = "fake"

    def __init__(self, answer: Callable[[Request], Answer], **parameters: Any) -> None:
        self.model = "model"
        self.parameters = parameters
        self.answer = answer
        self.asked: list[Request] = []
        self.kinds: Counter[Kind] = Counter()
        self.told: list[tuple[int, frozenset[Kind]]] = []

    async def ask(
        self,
        request: Request,
        classify: Callable[[Reply], Kind],
        *,
        sample: int = 0,
        retry: frozenset[Kind] = frozenset(),
    ) -> Reply | Failure:
        self.asked.append(request)
        self.told.append((sample, retry))
        given = self.answer(request)
        if isinstance(given, Exception):
            raise given
        if isinstance(given, Failure):
            return given
        got = given if isinstance(given, Reply) else reply(given)
        self.kinds[classify(got)] += 1
        return got


def reply(text: str, finish: Any = "stop", first: tuple[Token, ...] = ()) -> Reply:
    return Reply(text, finish, Usage(100, 0, 0, 10), "fake-model", first)


def talk(*texts: str, name: str = "a") -> Conversation:
    """A conversation of these texts, the person first."""
    turns = tuple(Turn("user" if n % 2 == 0 else "assistant", text) for n, text in enumerate(texts))
    return Conversation(name * 32, "c" * 32, "test", name, "line 1", turns)


def long_talk(turns: int, words: int = 50) -> Conversation:
    return talk(*(" ".join(f"word{n}" for _ in range(words)) for n in range(turns)))


def answer(default: str = "none", turns: tuple[int, ...] = (), **levels: str) -> dict[str, Any]:
    """A whole joint answer: `levels` by construct, all others `default`; what is above none cites `turns`."""
    given = {construct: levels.get(construct, default) for construct in CONSTRUCTS}
    rated = {c: {"turns": list(turns) if level != "none" else [], "level": level} for c, level in given.items()}
    return {**rated, "actualized": {"reality": "no", "value": "unknown", "action": "yes"}, "domains": ["legal"]}


def joint(default: str = "none", turns: tuple[int, ...] = (), **levels: str) -> str:
    return json.dumps(answer(default, turns, **levels))


def honest(request: Request) -> Reply:
    """A right answer to any first-round request and to the follow-up: all mild, citing the window's first turn."""
    first_turn = unpack(request.shared)[0].index
    construct = schema.construct_asked(request.ask)
    if request.top_logprobs:
        likely = (("1", 0.7), (" 2", 0.2), ("0", 0.1)) if construct else (("D", 0.6), (" C", 0.3), ("A", 0.1))
        return reply("1", "length", tuple(Token(text, math.log(p)) for text, p in likely))
    if request.schema_name == "rating":
        return reply(joint("mild", (first_turn,)))
    if request.schema_name == "evidence":
        given = answer("mild", (first_turn,))
        return reply(
            json.dumps({c: {"turns": given[c]["turns"]} for c in CONSTRUCTS} | {"actualized": given["actualized"]})
        )
    if request.schema_name == "domains":
        return reply('{"domains": ["legal", "cybersecurity"]}')
    marker = {"actualized": "no"} if request.schema_name == "primitive" else {}
    return reply(json.dumps({"turns": [first_turn], "level": "mild", **marker}))


def numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", text)]
