"""A mapping names where things stand in records of any other shape; `mapped.MappedReader` reads by it.

>>> parse_mapping("turns=dialogue,text=utterance,role=speaker,roles.client=user").roles
{'client': 'user'}
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any, get_args

import msgspec

from selfrule.errors import UsageError
from selfrule.records import Role


class Mapping(msgspec.Struct, frozen=True):
    """Paths into a record, dotted where they go deeper ("review.client_id", "choices.0.text").

    Either `text` and `role` (one turn: of the list `turns`, else of the first list that fits; or of a row whose
    `conversation` column says which turns belong together), or `prompt` and `response` (one exchange a row). `text`,
    `role` and `time` are looked for in the turn; `time` also in the record. `roles` says what a speaker's name stands
    for where selfrule does not know it. `weight` is how many conversations the record stands for, or `inclusion` the
    probability with which it was drawn (see `weighing`); these two may also stand alone, for a format that is known.
    """

    text: str | None = None
    role: str | None = None
    turns: str | None = None
    conversation: str | None = None
    prompt: str | None = None
    context: str | None = None  # put below the prompt
    response: str | None = None
    system: str | None = None
    id: str | None = None
    person: str | None = None
    time: str | None = None
    model: str | None = None
    product: str | None = None
    language: str | None = None
    thumb: str | None = None
    score: str | None = None
    country: str | None = None
    tags: str | None = None
    roles: dict[str, Role] = msgspec.field(default_factory=dict)
    weight: str | None = None
    inclusion: str | None = None

    @property
    def reads(self) -> bool:
        """Whether it says where the turns are. Without that it only weighs records that another reader reads."""
        return self.text is not None or self.prompt is not None

    def describe(self) -> str:
        """The mapping as one would write it for `--map`."""
        pairs = [f"{key}={getattr(self, key)}" for key in KEYS if getattr(self, key) is not None]
        return ",".join(pairs + [f"roles.{name}={role}" for name, role in self.roles.items()])


KEYS: tuple[str, ...] = tuple(name for name in Mapping.__struct_fields__ if name != "roles")


def parse_mapping(given: str | Sequence[str]) -> Mapping:
    """A mapping from `key=path` pairs: one text with commas, or several texts.

    Raises:
        UsageError: a key is unknown, a pair is malformed, or the pairs do not say where the turns are.
    """
    texts = [given] if isinstance(given, str) else list(given)
    values: dict[str, Any] = {}
    for pair in (piece.strip() for text in texts for piece in text.split(",")):
        key, equals, path = (piece.strip() for piece in pair.partition("="))
        if not equals or not key or not path:
            raise UsageError(f"--map takes key=path pairs with commas between them. Got {pair!r}. {_allowed()}")
        if key.startswith("roles."):
            values.setdefault("roles", {})[key.removeprefix("roles.")] = path
        else:
            values[key] = path
    return _checked(values, "--map")


def mapping_from_toml(text: str, name: str = "the mapping file") -> Mapping:
    """A mapping from TOML: the same keys, at the top or under [map], and a table [roles].

    Args:
        text: The file's text.
        name: What to call it in messages.

    Raises:
        UsageError: it is no TOML, or no valid mapping.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name} is not valid TOML: {error}.") from error
    inner = values.pop("map", None)
    if isinstance(inner, dict):
        values = {**values, **inner}
    return _checked(values, name)


def _allowed() -> str:
    return f"Keys: {', '.join(KEYS)}, and roles.NAME={'|'.join(get_args(Role))}."


def _checked(values: dict[str, Any], name: str) -> Mapping:
    roles = values.get("roles", {})
    for key, path in values.items():
        if key != "roles" and key not in KEYS:
            raise UsageError(f"{name}: {key!r} is not a key of a mapping. {_allowed()}")
        if key != "roles" and not (isinstance(path, str) and path):
            raise UsageError(f"{name}: {key} must name a column or a path. Got {path!r}. {_allowed()}")
    if not isinstance(roles, dict):
        raise UsageError(f"{name}: roles must be a table of speaker = role. Got {roles!r}. {_allowed()}")
    for speaker, role in roles.items():
        if role not in get_args(Role):
            raise UsageError(f"{name}: roles.{speaker} must be one of {', '.join(get_args(Role))}. Got {role!r}.")
    mapping = Mapping(**{key: path for key, path in values.items() if key != "roles"}, roles=dict(roles))
    if mapping.weight is not None and mapping.inclusion is not None:
        raise UsageError(f"{name}: a weight is one over an inclusion probability; give one of the two.")
    if set(values) and set(values) <= {"weight", "inclusion"}:
        return mapping
    by_turn = mapping.text is not None and mapping.role is not None
    by_row = mapping.prompt is not None and mapping.response is not None
    if by_turn == by_row or (mapping.text is not None) == (mapping.prompt is not None):
        raise UsageError(f"{name} must give either text and role, or prompt and response. {_allowed()}")
    if mapping.turns is not None and (by_row or mapping.conversation is not None):
        raise UsageError(f"{name}: turns (a list inside each record) goes with text and role, not with conversation.")
    return mapping
