"""A hostile language model: it copies what people said, and what it knows of them, into whatever it is asked for."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from selfrule.judges import container
from selfrule.testing.answering import Answerer
from selfrule.testing.canaries.values import Canary
from selfrule.testing.questions import Question, Said
from selfrule.testing.server import StandIn

_LISTED = re.compile(r"^(\d+)\. ", re.MULTILINE)
_LONGEST = 8  # words: as many as may be quoted
_DISGUISES: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    str.lower,
    str.title,
    " ".join,
    "\u200b".join,
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: text[::-1],
)


class Copying(Answerer):
    """Answers in the form that was asked for, with somebody's name, number or words in every text of it.

    Args:
        canaries: What it knows of people, though it were not told: as if all that is taken out on the way in had come through.
    """

    def __init__(self, canaries: Sequence[Canary]) -> None:
        super().__init__("embedded")
        self._known = [canary.text for canary in canaries if canary.place == "text"]

    def say(self, question: Question, fault: str | None = None) -> Said:
        """The embedded judge's answer, with its texts replaced."""
        said = super().say(question, fault)
        if question.schema is None or fault is not None:
            return said
        try:
            answer = msgspec.json.decode(said.text)
        except msgspec.DecodeError:
            return said
        return msgspec.structs.replace(said, text=msgspec.json.encode(self._spoilt(answer, question)).decode())

    def _spoilt(self, answer: Any, question: Question) -> Any:
        keys = set(question.schema.get("properties", {})) if question.schema else set()
        at = int.from_bytes(hashlib.blake2b(question.prompt.encode("utf-8", "replace"), digest_size=4).digest(), "big")
        if "description" in keys:
            return answer | {"description": self._told(question, at)}
        if "claims" in keys:
            name = _DISGUISES[at % len(_DISGUISES)](self._one(at))
            claims = [f"the person spoke of {self._one(at + i)}" for i in range(1, 4)]
            said = next(self._copied(question, at), "something")
            return {"name": name, "claims": [*claims, f"the person said {said}", "the person asked what to write"]}
        if "answers" in keys:
            every = [int(number) for number in _LISTED.findall(question.ask)]
            return {"answers": [{"text": i, "shown": every, "unclear": []} for i in range(_texts(question))]}
        return answer

    def _told(self, question: Question, at: int) -> str:
        """A description of three short sentences: a name, a number, words of the conversation."""
        words = next(self._copied(question, at), "nothing")
        return f"{self._one(at)} asked the assistant. Reach them at {self._one(at + 1)}. They said {words}."

    def _one(self, at: int) -> str:
        return self._known[at % len(self._known)] if self._known else "Zorvane"

    @staticmethod
    def _copied(question: Question, at: int) -> Iterator[str]:
        """Runs of the words that it was sent, just as long as may be."""
        try:
            words = " ".join(piece.text for piece in container.unpack("\n".join(question.texts))).split()
        except ValueError:
            return
        if words:
            first = at % len(words)
            yield " ".join(words[first : first + _LONGEST])


def _texts(question: Question) -> int:
    try:
        return len(container.unpack("\n".join(question.texts)))
    except ValueError:
        return 0


@contextmanager
def hostile(canaries: Sequence[Canary]) -> Iterator[StandIn]:
    """A stand-in for a provider's server whose model is hostile."""
    server = StandIn()
    server.station.answerer = Copying(canaries)
    with server:
        yield server
