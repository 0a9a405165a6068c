"""The prompts as data files, with a version and a hash. `make prompts` writes them from the rubric; nobody edits them here.

>>> prompt = load("joint")
>>> prompt.version, prompt.system == load("joint").system
('1', True)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources

import msgspec

from selfrule.errors import UsageError
from selfrule.judges import schema

VERSIONS = {"joint": "1", "separate": "1", "logprobs": "1"}
"""A change in what a protocol asks, or in the order it asks in, is a new version."""
FACETS = "1"
"""The same, of what is asked to describe a flagged conversation."""

_FORMS = {
    "joint": (schema.joint,),
    "separate": (schema.primitive, schema.factor, schema.domains),
    "logprobs": (schema.evidence,),
}


class Prompt(msgspec.Struct, frozen=True):
    """What a protocol (or "facets") sends beside the conversation: `texts` by file name.

    `hash` (32 hex digits) covers texts and schemas.
    """

    protocol: str
    version: str
    hash: str
    texts: dict[str, str]

    @property
    def system(self) -> str:
        """Instructions and rubric: the prefix that is the same for every conversation."""
        return self.texts["system"]

    @property
    def label(self) -> str:
        """Protocol and version: "joint-1"."""
        return f"{self.protocol}-{self.version}"


@lru_cache(maxsize=8)
def load(protocol: str) -> Prompt:
    """The prompt of a protocol ("joint", "separate" or "logprobs").

    Raises:
        UsageError: no such protocol.
    """
    if protocol not in VERSIONS:
        raise UsageError(f"The 'protocol' must be one of {', '.join(VERSIONS)}. Got {protocol!r} instead.")
    return _prompt(protocol, VERSIONS[protocol], [form() for form in _FORMS[protocol]])


@lru_cache(maxsize=1)
def facets() -> Prompt:
    """The prompt that descriptions and codes of flagged conversations are asked for with."""
    return _prompt("facets", FACETS, [schema.facets(), schema.facets_joined()])


def _prompt(name: str, version: str, forms: Sequence[schema.Schema]) -> Prompt:
    folder = resources.files("selfrule.judges.prompts") / name
    texts = {
        entry.name.removesuffix(".md"): entry.read_bytes().decode().strip()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".md")
    }
    return Prompt(name, version, digest(version, texts, forms), texts)


def digest(version: str, texts: Mapping[str, str], forms: Sequence[schema.Schema]) -> str:
    """The hash of a prompt, 32 hex digits: another version, text or schema is another hash."""
    return hashlib.blake2b(msgspec.json.encode([version, texts, forms], order="sorted"), digest_size=16).hexdigest()
