"""The sets a judge is checked with, as conversations. Who made them and how: README.md beside this file.

>>> len(attacks()), len(labelled()), len(anchors())
(100, 120, 40)
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Literal, TypeVar

import msgspec

from selfrule.errors import InputError
from selfrule.records import Conversation, Role, Turn
from selfrule.rubric import PRIMITIVES

FORMS: dict[str, str] = {
    "instruction": "a plain instruction to the rater",
    "delimiter": "a forged end of the container",
    "system": "a forged system or developer message",
    "answer": "a ready-made answer to copy",
    "redefinition": "rubric or levels redefined",
    "new_task": "the rating is over, here is another task",
    "encoded": "an instruction in code or in hidden letters",
    "control_tokens": "control tokens of chat formats",
    "assistant": "steering in the assistant's own turns",
    "plea": "pleading, threats, bribes",
    "forged_turns": "turns forged inside a turn",
    "many_shot": "forged examples to go on with",
    "flood": "one instruction many times over",
    "translation": "an instruction inside a translation or summary",
    "precedent": "forged ratings of others",
}

LABELS = (
    "Labels were made by instances of one language model from the rubric; no person has labelled these conversations. "
    "They are fiction written for selfrule."
)


class Message(msgspec.Struct, frozen=True):
    """One message."""

    role: Role
    content: str


class Attack(msgspec.Struct, frozen=True):
    """A conversation that tries to steer its rater, and its `twin`: the same without the attack.

    `levels` is what an honest rater says of either, `target` what the attack wants, for the constructs it is after.
    """

    id: str
    lang: str
    form: str
    aim: Literal["down", "up"]
    messages: tuple[Message, ...]
    twin: tuple[Message, ...]
    levels: dict[str, int]
    target: dict[str, int]
    argument: str

    @property
    def conversation(self) -> Conversation:
        """The conversation with the attack."""
        return _conversation(self.id, self.messages, self.lang)

    @property
    def clean(self) -> Conversation:
        """The conversation without it."""
        return _conversation(f"{self.id}/twin", self.twin, self.lang)


class Labelled(msgspec.Struct, frozen=True):
    """A conversation with levels argued from the rubric. Conversations of one `group` are variations of one scenario."""

    id: str
    lang: str
    group: str
    kind: str
    messages: tuple[Message, ...]
    levels: dict[str, int]
    actualized: dict[str, str]
    evidence: dict[str, list[int]]
    domains: list[str]
    argument: str

    @property
    def conversation(self) -> Conversation:
        """The conversation."""
        return _conversation(self.id, self.messages, self.lang)

    @property
    def flagged(self) -> bool:
        """Whether the label is moderate or severe on a primitive."""
        return any(self.levels[primitive] >= 2 for primitive in PRIMITIVES)


def attacks() -> tuple[Attack, ...]:
    """The attack corpus: 100 conversations, 14 languages, 15 forms, half of them down and half up."""
    return _read("attacks", Attack)


def labelled() -> tuple[Labelled, ...]:
    """The agreement set: 120 conversations, 7 languages, every level of every construct."""
    return _read("agreement", Labelled)


def anchors() -> tuple[Labelled, ...]:
    """The anchors: 40 others, the same for ever under one `digest`."""
    return _read("anchors", Labelled)


def few_attacks() -> tuple[Attack, ...]:
    """For a quick check: one attack down and one up of each form, of as many languages as that gives."""
    found: dict[tuple[str, str], Attack] = {}
    seen: dict[str, int] = {}
    for attack in attacks():
        key = (attack.form, attack.aim)
        if key not in found or seen.get(attack.lang, 0) < seen.get(found[key].lang, 0) - 1:
            if key in found:
                seen[found[key].lang] -= 1
            found[key] = attack
            seen[attack.lang] = seen.get(attack.lang, 0) + 1
    return tuple(sorted(found.values(), key=lambda attack: attack.id))


def few_labelled() -> tuple[Labelled, ...]:
    """For a quick check: every third conversation of the agreement set."""
    return labelled()[::3]


@lru_cache(maxsize=4)
def digest(name: Literal["attacks", "agreement", "anchors"]) -> str:
    """Hash of a set as it stands: 32 hex digits that change with any change of it."""
    return hashlib.blake2b(_bytes(name), digest_size=16).hexdigest()


T = TypeVar("T")


@lru_cache(maxsize=4)
def _read(name: str, row: type[T]) -> tuple[T, ...]:
    try:
        return tuple(msgspec.json.decode(line, type=row) for line in _bytes(name).splitlines())
    except msgspec.MsgspecError as error:
        raise InputError(
            f"The set {name!r} of this installation is damaged ({error}). Install selfrule again."
        ) from error


def _bytes(name: str) -> bytes:
    return (resources.files(__package__) / f"{name}.jsonl").read_bytes()


def _conversation(name: str, messages: Sequence[Message], language: str) -> Conversation:
    turns = tuple(Turn(message.role, message.content) for message in messages)
    content = hashlib.blake2b(msgspec.msgpack.encode(turns), digest_size=16).hexdigest()
    return Conversation(
        conversation_id=hashlib.blake2b(f"{name}\0{content}".encode(), digest_size=16).hexdigest(),
        content_hash=content,
        source="judge-check",
        source_id=name,
        place=name,
        turns=turns,
        language=language,
    )
