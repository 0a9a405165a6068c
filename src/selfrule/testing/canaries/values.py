"""What is planted: names, numbers, mails, handles, addresses, ids, dates of birth, employers, rare phrases, in ten scripts."""

from __future__ import annotations

import random
import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import msgspec

Kind = Literal["name", "phone", "mail", "handle", "address", "id", "birth", "employer", "phrase"]
Place = Literal[
    "text", "person", "source_id", "file", "folder", "member", "model", "product", "tag", "key", "broken", "field"
]
PATHS: frozenset[Place] = frozenset({"file", "folder", "member"})
"""Places that are names of files: a user's own terminal may show them, what is shared may not."""


class Canary(msgspec.Struct, frozen=True):
    """Something that belongs to one invented person.

    Attributes:
        kind: What it is.
        script: In which script its person writes.
        text: As it was planted.
        place: Where: in the words of a conversation, or beside them.
        person: The name of the person it belongs to.
    """

    kind: Kind
    script: str
    text: str
    place: Place = "text"
    person: str = ""


class Person(msgspec.Struct, frozen=True):
    """An invented person: what is theirs by kind, and the sentences in which they say so."""

    script: str
    given: dict[Kind, str]
    sentences: tuple[str, ...]

    def canaries(self) -> list[Canary]:
        """What is theirs, each a canary in the words of a conversation."""
        return [Canary(kind, self.script, text, "text", self.given["name"]) for kind, text in self.given.items()]


@lru_cache(maxsize=1)
def _pieces() -> dict[str, dict[str, Any]]:
    source = resources.files("selfrule.testing.canaries") / "values.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def scripts() -> tuple[str, ...]:
    """The ten scripts."""
    return tuple(_pieces())


_PHRASE = "hums seven notes whenever grandmother counts the winter geese aloud"
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")
_STREETS = ("Quyzzlefeather Lane", "Wrothgarne Terrace", "Pflummerfeld-Gasse", "Zhmyrovska Street", "Oxjaundry Mews")
_FIRMS = ("Brackjenthwyte Marine", "Zwolkhagen Feinoptik", "Vuzzlecombe Dairies", "Qorvathi Textiles")
_SHOWN = ("+{c} {a} {b} {d}", "+{c}-{a}-{b}-{d}", "00{c}{a}{b}{d}", "({a}) {b}.{d}")


def name(rng: random.Random, script: str) -> str:
    """A name in a script: a common one in one of four, else one that is in no list."""
    piece = _pieces()[script]
    if rng.random() < 0.25:
        return str(rng.choice(piece["known"]))
    given, family = rng.choice(piece["given"]), rng.choice(piece["family"])
    return f"{family}{given}" if script in {"han", "hangul"} else f"{given} {family}"


def latin(rng: random.Random) -> str:
    """A made-up word of nine Latin letters, hardly part of any other word, for mails, handles and ids."""
    vowels, hard = "aeiouy", "zxqvjkw"
    return "".join(
        rng.choice(hard if at % 2 == 0 else vowels) + (rng.choice("mnrt") if at == 3 else "") for at in range(8)
    )


def number(rng: random.Random, size: int) -> str:
    """That many digits, the first not 0, and no digit said three times in a row."""
    while True:
        made = str(rng.randint(1, 9)) + "".join(rng.choice("0123456789") for _ in range(size - 1))
        if not any(d * 3 in made for d in "0123456789"):
            return made


def person(rng: random.Random, script: str) -> Person:
    """An invented person of a script."""
    piece = _pieces()[script]
    who = name(rng, script)
    mail = f"{latin(rng)}.{latin(rng)}@{latin(rng)}.example"
    area, first, last = number(rng, 3), number(rng, 4), number(rng, 4)
    phone = rng.choice(_SHOWN).format(c=rng.randint(20, 98), a=area, b=first, d=last)
    day, month, year = rng.randint(1, 28), rng.randrange(10), rng.randint(1931, 1979)
    shown = rng.choice(
        [f"{day} {_MONTHS[month]} {year}", f"{year}-{month + 1:02}-{day:02}", f"{day:02}.{month + 1:02}.{year}"]
    )
    town, firm = rng.choice(piece["towns"]), f"{rng.choice(_FIRMS)} {latin(rng).title()}"
    address = f"{rng.randint(3, 198)} {latin(rng).title()} {rng.choice(_STREETS)}"
    handle = f"@{latin(rng)}_{number(rng, 2)}"
    identity = rng.choice(
        [f"{latin(rng)[:2].upper()}{number(rng, 10)}", f"{number(rng, 3)}-{number(rng, 4)}-{number(rng, 4)}"]
    )
    phrase = f"the {piece['word']} under our {latin(rng)} stair {_PHRASE}"
    given: dict[Kind, str] = {
        "name": who, "phone": phone, "mail": mail, "handle": handle, "address": address, "id": identity,
        "birth": shown, "employer": f"{firm}, {town}", "phrase": phrase,
    }  # fmt: skip
    sentences = (
        piece["said"].format(name=who, phone=phone, mail=mail),
        piece["firm"].format(firm=firm, town=town),
        f"({who}, born {shown}, living at {address}; online I am {handle}.)",
        f"Case number {identity}, if that helps.",
        f"As I always say, {phrase}.",
    )
    return Person(script, given, sentences)
