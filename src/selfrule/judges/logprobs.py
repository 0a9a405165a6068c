"""The protocol `logprobs`: rubric and conversation as a shared prefix, one token an answer, probabilities from the server.

Each construct is asked for with one digit. The probability of a level is the sum over the alternatives for the first token
that are its digit (spaces aside), divided by the sum over all four digits; the level is the likeliest. Where the four digits
together have less than half of the probability the model was not answering with a digit, and nothing is read into the rest. The
domain is asked for with one letter: the likeliest, and others of at least a quarter. Where any level is above none, one more
question asks, in JSON, for the turns and the markers; levels stand whatever comes of it.

For servers that give log-probabilities of at least eight alternatives; a model that thinks aloud first must be told not to.
"""

from __future__ import annotations

import math
import string
from collections.abc import Sequence

from selfrule import rubric
from selfrule.clients.types import Reply, Request, Token
from selfrule.judges import parse, prompts, protocol, schema
from selfrule.judges.joining import Parsed
from selfrule.judges.parse import Unusable
from selfrule.judges.windows import Window

NAME = "logprobs"
OUTPUT = 1
EVIDENCE = "evidence"

_ALTERNATIVES = 8
_DIGITS = tuple(str(level) for level in range(len(rubric.LEVELS)))
_LEAST_MASS = 0.5
_DOMAIN_FROM = 0.25


def requests(window: Window, most_tokens: int) -> dict[str, Request]:
    """One request each, by construct id, and "domains"."""
    prompt = prompts.load(NAME)
    data = protocol.data(window)
    return {
        name: Request(
            system=prompt.system,
            shared=data,
            ask=prompt.texts[f"ask-{name}"],
            max_tokens=1,
            top_logprobs=_ALTERNATIVES,
            choices=tuple(_letters()) if name == "domains" else _DIGITS,
            shared_again=True,
        )
        for name in (*rubric.CONSTRUCTS, "domains")
    }


def _letters() -> dict[str, str]:
    return dict(zip(string.ascii_uppercase, rubric.load().domains, strict=False))


def read(name: str, reply: Reply, window: Window) -> protocol.Outcome:
    """Probabilities and level of one construct, the domains, or (the follow-up) evidence and markers."""
    if name == EVIDENCE:
        return protocol.read_json(reply, window, parse.evidence)
    if (outcome := protocol.settled(reply)) is not None:
        return outcome
    if name == "domains":
        return _domains(reply.first)
    spread, mass = _spread(reply.first, _DIGITS)
    if mass < _LEAST_MASS:
        return Unusable("unparseable", _wrong(reply.first, mass))
    level = max(range(len(spread)), key=spread.__getitem__)
    return Parsed(levels={name: level}, probabilities={name: spread})


def _spread(first: Sequence[Token], choices: Sequence[str]) -> tuple[list[float], float]:
    """The probability of each choice among all choices, and that of all choices together."""
    sums = dict.fromkeys(choices, 0.0)
    for token in first:
        choice = token.text.strip().upper()
        if choice in sums and not math.isnan(token.logprob):
            sums[choice] += math.exp(min(token.logprob, 0.0))
    mass = sum(sums.values())
    return [value / mass if mass else 0.0 for value in sums.values()], mass


def _wrong(first: Sequence[Token], mass: float) -> str:
    if not first:
        return "the server gave no log-probabilities; use a server that does, or --protocol joint"
    return (
        f"only {mass:.0%} of the probability was on the digits 0 to 3; a model that thinks first must be told not to "
        '(--param chat_template_kwargs={"enable_thinking":false}), or use --protocol joint'
    )


def _domains(first: Sequence[Token]) -> Parsed:
    """The domains named; none, and marked, where the letters have too little of the probability."""
    letters = _letters()
    spread, mass = _spread(first, tuple(letters))
    if mass < _LEAST_MASS:
        return Parsed(marks=("no_domain",))
    ranked = sorted(zip(spread, letters.values(), strict=True), key=lambda pair: -pair[0])
    return Parsed(domains=tuple(name for n, (p, name) in enumerate(ranked) if n == 0 or p >= _DOMAIN_FROM))


def follow_up(parsed: Parsed, window: Window, most_tokens: int) -> dict[str, Request]:
    """The question for turns and markers, where any level is above none."""
    if not any(parsed.levels.values()):
        return {}
    prompt = prompts.load(NAME)
    words = protocol.levels_in_words(parsed.levels)
    return {
        EVIDENCE: Request(
            system=prompt.system,
            shared=protocol.data(window),
            ask=prompt.texts[f"ask-{EVIDENCE}"].replace("{levels}", words),
            schema=schema.evidence(),
            schema_name="evidence",
            max_tokens=most_tokens,
            shared_again=True,
        )
    }


def repairable(name: str) -> bool:
    """Only the JSON answer: a digit cannot be sent back."""
    return name == EVIDENCE
