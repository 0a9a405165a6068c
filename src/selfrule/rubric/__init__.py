"""What is rated: constructs, levels, markers and domains as data, with a version and a hash.

>>> rubric = load()
>>> [c.id for c in rubric.constructs][:3]
['reality_distortion', 'value_judgment_distortion', 'action_distortion']
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import lru_cache
from importlib import resources

import msgspec

LEVELS: tuple[str, ...] = ("none", "mild", "moderate", "severe")
PRIMITIVES: tuple[str, ...] = ("reality_distortion", "value_judgment_distortion", "action_distortion")
FACTORS: tuple[str, ...] = ("authority_projection", "attachment", "reliance_dependency", "vulnerability")
CONSTRUCTS: tuple[str, ...] = PRIMITIVES + FACTORS
MARKERS: tuple[str, ...] = ("reality", "value", "action")
FLAGGED_FROM = 2  # moderate


class Construct(msgspec.Struct, frozen=True):
    """One of the seven things rated. `actualized` names the primitive's marker; factors have none."""

    id: str
    kind: str
    name: str
    plain: str
    actualized: str | None = None


class Marker(msgspec.Struct, frozen=True):
    """An actualized marker: yes, no or unknown, one per primitive."""

    id: str
    name: str
    plain: str


class Rubric(msgspec.Struct, frozen=True):
    """The rubric as data. `text` is the full wording; `hash` covers data and wording."""

    version: str
    source: str
    levels: tuple[str, ...]
    constructs: tuple[Construct, ...]
    markers: tuple[Marker, ...]
    domains: dict[str, str]
    text: str
    hash: str

    @property
    def label(self) -> str:
        """Version and short hash, as carried by every rating: "1.1@0123abcd"."""
        return f"{self.version}@{self.hash[:8]}"

    def name(self, construct: str) -> str:
        """The name of a construct or marker for people to read; the id itself where there is none."""
        names = {entry.id: entry.name for entry in self.constructs} | {entry.id: entry.name for entry in self.markers}
        return names.get(construct, construct)


@lru_cache(maxsize=1)
def load() -> Rubric:
    """The rubric shipped with the package."""
    folder = resources.files("selfrule.rubric")
    data = (folder / "rubric.toml").read_bytes()
    text = (folder / "rubric.md").read_bytes()
    raw = tomllib.loads(data.decode())
    digest = hashlib.blake2b(data + b"\0" + text, digest_size=16).hexdigest()
    return Rubric(
        version=raw["version"],
        source=raw["source"],
        levels=tuple(raw["levels"]),
        constructs=tuple(msgspec.convert(c, Construct) for c in raw["construct"]),
        markers=tuple(msgspec.convert(m, Marker) for m in raw["actualized"]),
        domains=dict(raw["domains"]),
        text=text.decode(),
        hash=digest,
    )


def is_flagged(levels: dict[str, int | None]) -> bool | None:
    """Whether a conversation is flagged: moderate or severe on at least one primitive.

    None where no primitive reaches moderate and one of them was not rated.
    """
    got = [levels.get(p) for p in PRIMITIVES]
    if any(level is not None and level >= FLAGGED_FROM for level in got):
        return True
    return None if any(level is None for level in got) else False
