"""The stand-in as inspect_scout needs it: `python benchmarks/model_tools.py OPTIONS`, same options, latency and counting.

inspect_scout leaves it to the model whether it calls the tool "answer" (tool_choice "auto"), which the stand-in itself takes
for leave not to; and it asks for one of several labels as "ANSWER: $LETTER". Here the tool is called, and letter A given.
"""

from __future__ import annotations

from typing import Any

import msgspec

from selfrule.clients.types import Usage
from selfrule.testing import station
from selfrule.testing.openai_api import OpenAI
from selfrule.testing.options import main
from selfrule.testing.questions import Question, Said


class _Function(msgspec.Struct):
    name: str = ""
    parameters: msgspec.Raw = msgspec.Raw(b"{}")


class _Tool(msgspec.Struct):
    function: _Function


class _Tools(msgspec.Struct):
    tools: list[_Tool] = []


_TOOLS = msgspec.json.Decoder(_Tools)


class WithTools(OpenAI):
    """Chat completions by a model that calls the tool it is given."""

    def __init__(self) -> None:
        super().__init__()
        self._forms: dict[bytes, dict[str, Any]] = {}

    def read(self, body: bytes) -> Question:
        """See `questions.Api`."""
        question = super().read(body)
        tools = _TOOLS.decode(body).tools
        if question.schema is not None or not tools:
            return question
        function = tools[0].function
        key = bytes(function.parameters)
        if key not in self._forms:
            self._forms[key] = msgspec.json.decode(key)
        return msgspec.structs.replace(
            question, schema=self._forms[key], schema_name=function.name, schema_key=key, tool=function.name
        )

    def reply(self, question: Question, said: Said, usage: Usage, number: int) -> bytes:
        """See `questions.Api`."""
        if question.schema is None and "'ANSWER: $LETTER'" in question.texts[-1]:
            said = msgspec.structs.replace(said, text="I have read the whole conversation.\n\nANSWER: A")
        return super().reply(question, said, usage, number)


if __name__ == "__main__":
    station.OpenAI = WithTools  # type: ignore[misc]  # the one seam: which class speaks OpenAI
    raise SystemExit(main())
