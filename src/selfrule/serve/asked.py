"""What the page may ask for, as types: whatever does not fit is refused before anything is done with it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from selfrule.rubric import CONSTRUCTS, MARKERS

Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Construct = Literal[CONSTRUCTS]  # type: ignore[valid-type]
MarkerId = Literal[MARKERS]  # type: ignore[valid-type]
Answer = Literal["yes", "no", "unknown"]
LevelNumber = Annotated[int, msgspec.Meta(ge=0, le=3)]
TurnIndex = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Cited = Annotated[list[TurnIndex], msgspec.Meta(max_length=1000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=10_000_000)]


class State(msgspec.Struct, forbid_unknown_fields=True):
    """Where a labeller is with a conversation: what is said so far, which construct and turn they are at, seconds worked."""

    levels: dict[Construct, LevelNumber] = {}
    evidence: dict[Construct, Cited] = {}
    actualized: dict[MarkerId, Answer] = {}
    current: Annotated[str, msgspec.Meta(max_length=64)] = ""
    turn: TurnIndex = 0
    seconds: Seconds = 0.0


class Open(msgspec.Struct, forbid_unknown_fields=True):
    """Asks for the next conversation, or for the one labelled before `before`, or after `after`."""

    labeller: str
    before: Id | None = None
    after: Id | None = None


class Save(msgspec.Struct, forbid_unknown_fields=True):
    """Keeps a draft. `base` is the version of the label that it began from (0: there was none)."""

    labeller: str
    id: Id
    base: int
    state: State


class Give(msgspec.Struct, forbid_unknown_fields=True):
    """Gives a label."""

    labeller: str
    id: Id
    status: Literal["labelled", "unsure", "skipped"]
    state: State
