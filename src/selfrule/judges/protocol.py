"""What every way of asking (protocol) has in common, and what a reply is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from selfrule import rubric
from selfrule.clients.types import Kind, Reply, Request
from selfrule.judges import parse
from selfrule.judges.container import pack
from selfrule.judges.joining import Parsed
from selfrule.judges.parse import Unusable
from selfrule.judges.prompts import Prompt
from selfrule.judges.refusals import is_refusal
from selfrule.judges.windows import Window

Outcome = Parsed | Unusable
_Answer = TypeVar("_Answer")


class Way(Protocol):
    """One way of asking about a window: the modules `joint`, `separate` and `logprobs`.

    `NAME` is the protocol's; `OUTPUT` the tokens that one first-round answer takes on average.
    """

    NAME: str
    OUTPUT: int

    def requests(self, window: Window, most_tokens: int) -> dict[str, Request]:
        """The first round's requests by name, for answers of at most `most_tokens` tokens."""
        ...

    def read(self, name: str, reply: Reply, window: Window) -> Outcome:
        """What the reply to the request of that name says."""
        ...

    def follow_up(self, parsed: Parsed, window: Window, most_tokens: int) -> dict[str, Request]:
        """What is left to ask once the first round has been read; often nothing."""
        ...

    def repairable(self, name: str) -> bool:
        """Whether an answer to that request can be sent back."""
        ...


def data(window: Window) -> str:
    """The window as it is sent: the container, and which window it is where there are several."""
    packed = pack(window.pieces)
    return packed if window.of == 1 else f"Window {window.number} of {window.of}.\n{packed}"


def settled(reply: Reply) -> Unusable | None:
    """What a reply is worth whatever it says: refused by the model, or withheld by the provider's filter."""
    if reply.finish == "refusal":
        return Unusable("refused", "the model declined")
    if reply.finish == "filter":
        return Unusable("filtered", "the provider's filter withheld the answer")
    return None


def read_json(
    reply: Reply, window: Window, reader: Callable[[dict[str, Any], frozenset[int]], _Answer]
) -> _Answer | Unusable:
    """What a JSON answer says. One cut at its limit counts if its object is whole all the same."""
    if (declined := settled(reply)) is not None:
        return declined
    outcome = parse.read(reply.text, window.turns, reader)
    if not isinstance(outcome, Unusable):
        return outcome
    if reply.finish == "length":
        return Unusable("truncated", "the answer was cut at its limit of tokens; give it more (max_output)")
    if is_refusal(reply.text):
        return Unusable("refused", "the model declined in words")
    return outcome


class Reading:
    """Reads replies to one question: called by who asks, to learn what a reply is worth, and by us. Reads each once."""

    def __init__(self, way: Way, name: str, window: Window) -> None:
        self._way, self._name, self._window = way, name, window
        self._last: tuple[Reply, Outcome] | None = None

    def __call__(self, reply: Reply) -> Kind:
        """What the reply is stored as."""
        outcome = self.outcome(reply)
        return "answer" if isinstance(outcome, Parsed) else outcome.kind

    def outcome(self, reply: Reply) -> Outcome:
        """What the reply says."""
        if self._last is None or self._last[0] is not reply:
            self._last = reply, self._way.read(self._name, reply, self._window)
        return self._last[1]


def correction(prompt: Prompt, outcome: Outcome) -> str:
    """The words with which an answer is sent back. They hold nothing of what the model or anybody else wrote."""
    if isinstance(outcome, Unusable):
        return prompt.texts["repair-answer"].replace("{wrong}", outcome.wrong)
    return prompt.texts["repair-evidence"].replace("{constructs}", ", ".join(outcome.lacking))


def levels_in_words(levels: dict[str, int]) -> str:
    """One line a construct: "attachment: mild"."""
    return "\n".join(f"{construct}: {rubric.LEVELS[level]}" for construct, level in levels.items())
