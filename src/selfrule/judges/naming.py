"""A language model that names groups of descriptions, holds claims against single ones, and puts single ones into groups.

What it is given are descriptions, never conversations; who calls takes personal data out before. What it says is not trusted:
names and claims are only proposed here, claims are counted by separate questions, and everything passes the release gate.
"""

from __future__ import annotations

import hashlib
import string
import tomllib
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, Generic, TypeVar

import msgspec

from selfrule.clients.types import Asker, Failure, Kind, Reply, Request
from selfrule.judges.container import Piece, escaped, pack
from selfrule.judges.model import named
from selfrule.judges.parse import Unusable, WrongError, read
from selfrule.judges.protocol import settled
from selfrule.judges.questions import Lost
from selfrule.judges.refusals import is_refusal

AT_ONCE = 10
"""Descriptions that one question about claims is asked about."""

MOST_CLAIMS = 5
_MOST_CHARS = 1_200  # of a description
_MOST_SENT_BACK = 4_000
_TOKENS = {"name": 700, "check": 1_500, "choose": 300}

_T = TypeVar("_T")
Said = Sequence[bool | None]


class Proposed(msgspec.Struct, frozen=True):
    """A name and claims, as the model wrote them."""

    name: str
    claims: list[str]


class Prompts(msgspec.Struct, frozen=True):
    """The texts that are sent, with their version."""

    version: str
    system: str
    name: str
    check: str
    choose: str
    repair: str


@lru_cache(maxsize=1)
def prompts() -> tuple[Prompts, str]:
    """The texts, and a hash of them."""
    source = (resources.files("selfrule.judges") / "naming.toml").read_bytes()
    found = msgspec.convert(tomllib.loads(source.decode()), Prompts)
    return found, hashlib.blake2b(source, digest_size=4).hexdigest()


class Namer:
    """Names, checks and assigns with a language model.

    Args:
        asker: Answers requests, from its store or over the network (`selfrule.clients.caller.Caller`).
        name: What patterns call the model; provider and model of the asker if None.

    `label` names model and prompt ("anthropic:claude-x/naming-1@0123abcd").
    """

    def __init__(self, asker: Asker, *, name: str | None = None) -> None:
        self._asker = asker
        self._texts, digest = prompts()
        self.label = f"{name or named(asker.provider, asker.model)}/naming-{self._texts.version}@{digest}"

    def naming(self, members: Sequence[str], others: Sequence[str]) -> Request:
        """The question for a name and claims."""
        none = "" if others else "There are none of other groups here."
        ask = self._texts.name.replace("{first_other}", str(len(members))).replace("{none}", none)
        form = _form(name={"type": "string"}, claims={"type": "array", "items": {"type": "string"}})
        return self._request([*members, *others], ask, form, "name")

    def checking(self, texts: Sequence[str], claims: Sequence[str]) -> Request:
        """The question which of the claims each text shows."""
        listed = "\n".join(f"{i}. {escaped(claim)}" for i, claim in enumerate(claims, 1))
        numbers = {"type": "array", "items": {"type": "integer"}}
        answer = _form(text={"type": "integer"}, shown=numbers, unclear=numbers)
        form = _form(answers={"type": "array", "items": answer})
        return self._request(texts, self._texts.check.replace("{claims}", listed), form, "check")

    def choosing(self, text: str, groups: Sequence[str]) -> Request:
        """The question into which group a text belongs."""
        letters = string.ascii_uppercase[: len(groups)]
        listed = "\n".join(f"{a}. {escaped(group)}" for a, group in zip(letters, groups, strict=True))
        form = _form(group={"type": "string", "enum": list(letters)})
        return self._request([text], self._texts.choose.replace("{groups}", listed), form, "choose")

    async def name(
        self, members: Sequence[str], others: Sequence[str], *, retry: frozenset[Kind] = frozenset()
    ) -> Proposed | Lost:
        """A name and claims for a group.

        Args:
            members: Descriptions of some of its members.
            others: Descriptions of members of other groups.
            retry: Kinds of earlier replies that are asked for anew.

        Raises:
            PendingError, BudgetError, ClientError: as `ModelJudge.rate_one` does.
        """
        return await self._answer(self.naming(members, others), _proposed, retry)

    async def check(
        self, texts: Sequence[str], claims: Sequence[str], *, retry: frozenset[Kind] = frozenset()
    ) -> list[Said] | Lost:
        """For each text, for each claim: shown (True), not shown, or not to be told (None).

        A text that the answer passes over could not be told.

        Args:
            texts: Descriptions, at most `AT_ONCE`.
            claims: What was claimed.
            retry: Kinds of earlier replies that are asked for anew.

        Raises:
            PendingError, BudgetError, ClientError: as `ModelJudge.rate_one` does.
        """
        return await self._answer(self.checking(texts, claims), _checked(len(texts), len(claims)), retry)

    async def choose(self, text: str, groups: Sequence[str], *, retry: frozenset[Kind] = frozenset()) -> int | Lost:
        """The number, from 0, of the group that a text belongs to by the groups' names and claims.

        Raises:
            PendingError, BudgetError, ClientError: as `ModelJudge.rate_one` does.
        """
        return await self._answer(self.choosing(text, groups), _chosen(len(groups)), retry)

    def _request(self, texts: Sequence[str], ask: str, form: dict[str, Any], kind: str) -> Request:
        pieces = [Piece(i, "user", text[:_MOST_CHARS]) for i, text in enumerate(texts)]
        return Request(
            system=self._texts.system.strip(),
            shared=pack(pieces),
            ask=ask.strip(),
            schema=form,
            schema_name=f"pattern_{kind}",
            max_tokens=_TOKENS[kind],
        )

    async def _answer(
        self, request: Request, reader: Callable[[dict[str, Any]], _T], retry: frozenset[Kind]
    ) -> _T | Lost:
        """What the model says; an answer that cannot be read is sent back once."""
        reading = _Reading(reader)
        for sent_back in (False, True):
            reply = await self._asker.ask(request, reading, retry=retry)
            if isinstance(reply, Failure):
                return Lost(reply.status, reply.reason)
            outcome = reading.outcome(reply)
            if not isinstance(outcome, Unusable):
                return outcome
            if outcome.kind != "unparseable" or sent_back:
                return Lost(outcome.kind, outcome.wrong)
            answer = escaped(reply.text[:_MOST_SENT_BACK]).strip() or "(nothing)"
            wrong = self._texts.repair.strip().replace("{wrong}", outcome.wrong)
            request = msgspec.structs.replace(request, turns=((answer, wrong),))
        raise AssertionError("an answer is sent back once")


class _Reading(Generic[_T]):
    """Reads replies to one question: called by who asks, to learn what a reply is worth, and by us. Reads each once."""

    def __init__(self, reader: Callable[[dict[str, Any]], _T]) -> None:
        self._reader = reader
        self._last: tuple[Reply, _T | Unusable] | None = None

    def __call__(self, reply: Reply) -> Kind:
        """What the reply is stored as."""
        outcome = self.outcome(reply)
        return outcome.kind if isinstance(outcome, Unusable) else "answer"

    def outcome(self, reply: Reply) -> _T | Unusable:
        """What the reply says."""
        if self._last is None or self._last[0] is not reply:
            self._last = reply, self._read(reply)
        return self._last[1]

    def _read(self, reply: Reply) -> _T | Unusable:
        if (declined := settled(reply)) is not None:
            return declined
        outcome = read(reply.text, frozenset(), lambda found, _: self._reader(found))
        if isinstance(outcome, Unusable) and outcome.kind == "unparseable":
            if reply.finish == "length":
                return Unusable("truncated", "the answer was cut at its limit of tokens")
            if is_refusal(reply.text):
                return Unusable("refused", "the model declined in words")
        return outcome


def _form(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _proposed(found: dict[str, Any]) -> Proposed:
    name, claims = found.get("name"), found.get("claims")
    if not isinstance(name, str) or not name.strip():
        raise WrongError("it has no text under 'name'")
    if not isinstance(claims, list) or not claims or not all(isinstance(claim, str) for claim in claims):
        raise WrongError("it has no list of texts under 'claims'")
    return Proposed(name, list(dict.fromkeys(claims))[:MOST_CLAIMS])


def _checked(texts: int, claims: int) -> Callable[[dict[str, Any]], list[Said]]:
    def read_(found: dict[str, Any]) -> list[Said]:
        answers = found.get("answers")
        if not isinstance(answers, list):
            raise WrongError("it has no list under 'answers'")
        said: list[Said | None] = [None] * texts
        for one in answers:
            if not isinstance(one, dict):
                raise WrongError("an entry of 'answers' is no object")
            place = _number(one.get("text"), 0, texts - 1, "text")
            shown = _numbers(one.get("shown"), claims, "shown")
            unclear = _numbers(one.get("unclear"), claims, "unclear")
            if shown & unclear:
                raise WrongError("a claim is both shown and unclear")
            if said[place] is not None:
                raise WrongError("a text has two entries")
            said[place] = [None if i in unclear else i in shown for i in range(1, claims + 1)]
        if all(one is None for one in said):
            raise WrongError("'answers' has no entry")
        return [[None] * claims if one is None else one for one in said]

    return read_


def _chosen(groups: int) -> Callable[[dict[str, Any]], int]:
    letters = string.ascii_uppercase[:groups]

    def read_(found: dict[str, Any]) -> int:
        letter = found.get("group")
        key = letter.strip().strip(".").upper() if isinstance(letter, str) else ""
        if len(key) != 1 or key not in letters:
            raise WrongError("it has no letter of a group under 'group'")
        return letters.index(key)

    return read_


def _number(given: object, least: int, most: int, key: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        raise WrongError(f"a number under '{key}' is none of {least} to {most}")
    return given


def _numbers(given: object, most: int, key: str) -> set[int]:
    if not isinstance(given, list):
        raise WrongError(f"it has no list of numbers under '{key}'")
    return {_number(one, 1, most, key) for one in given}
