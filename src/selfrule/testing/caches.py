"""Tokens by a fixed rule, and prefix caches as the providers keep them: found only after a first reply was sent."""

from __future__ import annotations

from collections import OrderedDict

from selfrule.clients.types import Usage
from selfrule.testing.questions import Question, Said

BYTES_PER_TOKEN = 4
STEP = 512  # characters: what an automatic cache compares at a time (128 tokens)
LEAST = 4096  # characters: no prefix shorter than this (1,024 tokens) is kept
_MOST = 400_000  # prefixes kept


def tokens(text: str) -> int:
    """Tokens of a text: a fourth of its bytes, rounded up."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return -(-size // BYTES_PER_TOKEN)


class Prefixes:
    """The prefixes that a provider's cache holds, for one model after another, oldest dropped first."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, None] = OrderedDict()

    def clear(self) -> None:
        """Forget all."""
        self._seen.clear()

    def usage(self, question: Question, said: Said) -> tuple[Usage, list[int]]:
        """Tokens of a request as they are charged, and the prefixes to `keep` once the reply has been sent."""
        prompt = question.prompt
        total, output = tokens(prompt), tokens(said.text)
        marked = question.breaks is not None
        ends = list(question.breaks or ()) if marked else list(range(STEP, len(prompt) + 1, STEP))
        marks = self._chain(question.model, prompt, ends)
        hit = 0
        for end, mark in zip(ends, marks, strict=True):
            if mark in self._seen:
                hit = end if end >= LEAST else 0
            elif not marked:
                break  # an automatic cache holds a prefix only with all that stands before it
        cached = tokens(prompt[:hit])
        last = max((end for end in ends if end >= LEAST), default=0)
        written = max(tokens(prompt[:last]) - cached, 0) if marked else 0
        return Usage(fresh=total - cached - written, cached=cached, written=written, output=output), marks

    def keep(self, marks: list[int]) -> None:
        """Remember prefixes."""
        for mark in marks:
            self._seen[mark] = None
            self._seen.move_to_end(mark)
        while len(self._seen) > _MOST:
            self._seen.popitem(last=False)

    @staticmethod
    def _chain(model: str, prompt: str, ends: list[int]) -> list[int]:
        mark, start, marks = hash(model), 0, []
        for end in ends:
            mark = hash((mark, prompt[start:end]))
            marks.append(mark)
            start = end
        return marks
