"""The tables that stages hand to each other: types here, Arrow schemas in `selfrule.store.schemas`.

Field terms are those of docs/glossary.md. A level is `None` whenever it was not rated: missing is never negative.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["user", "assistant", "system", "tool", "other"]
Level = Literal[0, 1, 2, 3]
EstimateKind = Literal["rated", "confirmed_among_flagged", "confirmed", "missed_at_most", "corrected", "refused"]

ROLES: tuple[Role, ...] = ("user", "assistant", "system", "tool", "other")

RatingStatus = Literal[
    "rated",
    "screened_out",  # the screen dropped it and it was not drawn for the screen's own check
    "duplicate",  # an exact or near-exact copy of a conversation rated elsewhere in this study
    "empty",  # no readable words from the person, or none from the assistant
    "unsupported_language",
    "over_long",
    "refused",
    "filtered",
    "truncated",
    "unparseable",
    "failed",
    "waiting",  # not asked yet: the budget was reached, the run was stopped, or its batch has not come back
]


class Turn(msgspec.Struct, frozen=True, gc=False):
    """One message. `at` is milliseconds since 1970-01-01 UTC, or None where the log gives no time (never invented)."""

    role: Role
    text: str
    at: int | None = None


class Draft(msgspec.Struct):
    """What a reader makes of one record: still with the raw person id, not yet hashed, never written to disk.

    `source_id` is the record's own id, or None (the place in the file is used then). `notes` names repairs made to
    the record ("nul", "surrogate", ...); each becomes a `Problem` of severity "repaired". `weight` is how many
    conversations it stands for, above 0 (one over the probability of having been drawn).
    """

    turns: list[Turn]
    source_id: str | None = None
    person: str | None = None
    started_at: int | None = None
    model: str | None = None
    product: str | None = None
    language: str | None = None
    country: str | None = None
    thumb: Literal["up", "down"] | None = None
    score: float | None = None
    tags: list[str] = msgspec.field(default_factory=list)
    branches: int = 0
    notes: list[str] = msgspec.field(default_factory=list)
    weight: float = 1.0


class Conversation(msgspec.Struct, frozen=True, gc=False):
    """One conversation as stored in a study.

    `conversation_id` (32 hex digits) is a hash of source id and content; `content_hash` of the turns alone.
    `person` is a keyed pseudonym. `branches` counts alternative branches left out of `turns`. `weight` is how many
    conversations of the population it stands for, above 0: one where nothing was sampled before the study.
    """

    conversation_id: str
    content_hash: str
    source: str
    source_id: str
    place: str
    turns: tuple[Turn, ...]
    person: str | None = None
    started_at: int | None = None
    model: str | None = None
    product: str | None = None
    language: str | None = None
    country: str | None = None
    thumb: str | None = None
    score: float | None = None
    tags: tuple[str, ...] = ()
    branches: int = 0
    weight: float = 1.0


class Problem(msgspec.Struct, frozen=True, gc=False):
    """Something about the input that the user should know. Holds no conversation text.

    `severity`: "skipped" (the record is not in the study), "repaired" (it is, changed as `reason` says), or "note".
    `place` is where in the file: "line 12", "element 3", "row 7", "member x.json".
    """

    input: str
    place: str
    kind: str
    reason: str
    remedy: str = ""
    severity: Literal["skipped", "repaired", "note"] = "skipped"


class Screening(msgspec.Struct, frozen=True, gc=False):
    """The screen's word on one conversation: `keep` for rating or not, and a score in [0, 1]; None where it has none."""

    conversation_id: str
    status: RatingStatus
    keep: bool | None
    score: float | None
    screen: str


class Rating(msgspec.Struct, frozen=True, gc=False):
    """A judge's rating of one conversation.

    `levels`, `probabilities` (four numbers that sum to 1), `evidence` (turn indexes) are keyed by construct id;
    `actualized` by primitive ("reality", "value", "action"). Where `status` is not "rated" all of them are empty and
    `reason` says why. `inclusion` is the probability with which the conversation was chosen for rating, in (0, 1].
    `windows` is how many overlapping windows a long conversation was rated in (1: whole). `marks` are what a reader of
    this rating should know: "no_evidence:CONSTRUCT" (a level above none that cites no turn, asked for twice),
    "citation_dropped:CONSTRUCT" (a turn that is not there was cited), "repaired" (the answer was sent back),
    "handed_over:JUDGE" (an earlier judge of a cascade passed it on).
    """

    conversation_id: str
    content_hash: str
    status: RatingStatus
    judge: str
    rubric: str
    prompt: str | None = None
    levels: dict[str, int | None] = msgspec.field(default_factory=dict)
    probabilities: dict[str, list[float]] = msgspec.field(default_factory=dict)
    evidence: dict[str, list[int]] = msgspec.field(default_factory=dict)
    actualized: dict[str, str] = msgspec.field(default_factory=dict)
    domains: list[str] = msgspec.field(default_factory=list)
    language: str | None = None
    inclusion: float = 1.0
    reason: str | None = None
    windows: int = 1
    marks: list[str] = msgspec.field(default_factory=list)


class Label(msgspec.Struct, frozen=True):
    """A human's word on one conversation, by the same rubric as a judge's.

    `status` is "labelled", "unsure" (levels may be partial) or "skipped"; only "labelled" has all levels. `labeller` is the
    name that the person chose for themselves; `at` milliseconds since 1970-01-01 UTC; `draw` the draw that put it into the
    queue (None: labelled outside of any), `stratum` and `inclusion` (the probability of having been reached, in (0, 1]) by
    that draw; `seconds` how long it took. The latest label of a labeller on a conversation stands.
    """

    conversation_id: str
    content_hash: str
    labeller: str
    at: int
    status: Literal["labelled", "unsure", "skipped"]
    rubric: str
    levels: dict[str, int | None] = msgspec.field(default_factory=dict)
    evidence: dict[str, list[int]] = msgspec.field(default_factory=dict)
    actualized: dict[str, str] = msgspec.field(default_factory=dict)
    draw: str | None = None
    stratum: str | None = None
    inclusion: float | None = None
    seconds: float | None = None


class Facet(msgspec.Struct, frozen=True):
    """What happened in one flagged conversation: a short behavioural description, and codes.

    `status` is "described", or why it could not be: "quoted" (the description repeated the conversation's words, asked twice), or
    the words of `RatingStatus`. `description` holds no names, places, numbers
    or quotations: personal data were replaced on the way in and on the way out. `codes` are code ids by dimension id
    (`rubric.codes`); a dimension that was not asked, or not answered, is absent: absent is never "none of them". `templated`
    is whether the description was put together from codes, as the embedded judge does. `replaced` counts by kind the personal
    data that were replaced in what the judge wrote.
    """

    conversation_id: str
    content_hash: str
    status: Literal["described", "quoted"] | RatingStatus
    judge: str
    rubric: str
    prompt: str | None = None
    description: str | None = None
    codes: dict[str, list[str]] = msgspec.field(default_factory=dict)
    templated: bool = False
    replaced: dict[str, int] = msgspec.field(default_factory=dict)
    reason: str | None = None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """One published figure.

    `share` of `n` conversations that reach `level` on `construct` within `group` ({} is everything), with a 95 %
    interval [`low`, `high`]. `count` is the number seen (weighted counts may be fractional). `missing` conversations
    belong to the group but could not be rated: `low_if_missing_none` is the lower limit if none of them reached the
    level, `high_if_missing_all` the upper limit if all did. `n_effective` is n divided by the design effect of
    people with many conversations. `share`, `low`, `high` are None where nothing was rated.

    `kind` says what the share is: "rated" (as the judge rated, uncorrected); from labels by people: "confirmed_among_flagged"
    (of those that the judge puts at the level or above, the share that labels confirm), "confirmed" (those, as a share of the
    group), "missed_at_most" (of the group, what the judge puts below and labels put at or above: an upper limit, `share` and
    `low` None), "corrected" (the whole, where the design supports it); "refused" where an estimator was asked for a cell in
    which its coverage is not shown: `note` says why, and what would make it possible.
    """

    construct: str
    level: str
    group: dict[str, str]
    count: float
    n: int
    share: float | None
    low: float | None
    high: float | None
    method: str
    missing: int
    low_if_missing_none: float | None
    high_if_missing_all: float | None
    persons: int | None = None
    n_effective: float | None = None
    design_effect: float | None = None
    kind: EstimateKind = "rated"
    note: str | None = None
