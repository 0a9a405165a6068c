"""What a report is made of: one tree of dataclasses that the study layer fills and `render` reads.

What is said of judges stands in `selfrule.report.judging`, of labels in `selfrule.report.labels`; what a shareable report
must not hold is taken out by `selfrule.report.shareable`.

The leaves that sibling stages make (a suppressed cell, a point of the screen's curve, a judge's agreement) are typed
dicts: plain dicts at run time, so that those stages need not import this module. Every key is described in
docs/report.md; a test compares the two.

All shares, recalls and agreements are in [0, 1] (kappa in [-1, 1]). `None` is "not known", never zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NotRequired, TypedDict

from selfrule.analyses.figures import Analysis
from selfrule.analyses.story_records import Story
from selfrule.patterns.records import Patterns
from selfrule.records import Estimate, EstimateKind
from selfrule.report.judging import JudgeFacts, Panel
from selfrule.report.labels import LabelFacts

Kind = Literal["shareable", "private"]


class Suppressed(TypedDict):
    """A cell that the release gate took out.

    `reason` is "small" (the group is under k) or "complementary" (it would give a small group away by subtraction).
    `kind` is the estimate's where it is another than "rated".
    """

    group: dict[str, str]
    construct: str
    level: str
    reason: str
    kind: NotRequired[EstimateKind]


class Reference(TypedDict):
    """A published figure of another population: a `share`, or a range `low` to `high` where only that was published.

    `population` says in a sentence whose conversations were counted.
    """

    construct: str
    level: str
    share: float | None
    one_in: float | None
    source: str
    low: NotRequired[float]
    high: NotRequired[float]
    population: NotRequired[str]


class CurvePoint(TypedDict):
    """One setting of the screen: the share of flagged conversations it keeps, and the share of all that it keeps."""

    recall: float
    kept: float


@dataclass(frozen=True, kw_only=True)
class InputFact:
    """One input: its file name (private reports only), the reader that took it, why, and conversations read from it."""

    name: str
    reader: str
    reason: str
    conversations: int


@dataclass(frozen=True, kw_only=True)
class ProblemCount:
    """How many records had one kind of problem. `kind` is one of selfrule's own words, never text from the input."""

    kind: str
    severity: Literal["skipped", "repaired", "note"]
    count: int


@dataclass(frozen=True, kw_only=True)
class StudyFacts:
    """What was read. Dates are ISO ("2025-12-12"); `persons` is None where the logs name nobody."""

    title: str
    created: str
    conversations_read: int
    inputs: list[InputFact] = field(default_factory=list)
    duplicates: int = 0
    near_duplicates: int = 0
    branches: int = 0
    problems: list[ProblemCount] = field(default_factory=list)
    persons: int | None = None
    first_date: str | None = None
    last_date: str | None = None
    drawn: str | None = None
    unplaced: str | None = None
    between_people: bool = False


@dataclass(frozen=True, kw_only=True)
class ScreeningFacts:
    """What the screen did: conversations `kept` for rating and `dropped`, its setting, and the settings it could have.

    `recall` is the share of flagged conversations that the setting kept when it was chosen; `threshold` its score;
    `checked` how many of those dropped were rated all the same (None: all that were not set aside for good).
    """

    kept: int
    dropped: int
    recall: float | None = None
    threshold: float | None = None
    curve: list[CurvePoint] = field(default_factory=list)
    checked: int | None = None


@dataclass(frozen=True, kw_only=True)
class QuotedTurn:
    """One cited turn: `index` counts from 0 over the turns read, `role` as in records, `text` as read."""

    index: int
    role: str
    text: str


@dataclass(frozen=True, kw_only=True)
class QuotedConversation:
    """One flagged conversation for a private report: levels by construct id (0..3), reasons, and the cited turns."""

    source_id: str
    date: str | None
    model: str | None
    levels: dict[str, int | None]
    why: list[str]
    turns: list[QuotedTurn]


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One conversation that stood out, for the person whose it is.

    `levels` are by construct id (0..3), `cited` the turns that each rests on, `turns` the texts of some of them and of what
    was said just before, `domains` ids of what it is about, `actualized` primitives whose marker says yes.
    """

    source_id: str
    date: str | None
    levels: dict[str, int | None]
    cited: dict[str, list[int]]
    turns: list[QuotedTurn]
    domains: list[str] = field(default_factory=list)
    actualized: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class StoryFacts:
    """What a private report of one person's own conversations opens with.

    `moments` are some of the `moments_of` conversations that stood out, strongest first; `assistant` is the name of the
    product where the export is of one ("ChatGPT"), `folder` the study's name, which its owner deletes.
    """

    figures: Story
    moments: list[Moment] = field(default_factory=list)
    moments_of: int = 0
    assistant: str | None = None
    folder: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportContext:
    """Everything a report says.

    `status_counts` is keyed by rating status and counts unique conversations; `hashes` holds what made what (judge,
    screen, rubric), never a hash of an input. `quoted` is read by private reports alone, most severe first, and
    `quoted_of` is the number of flagged conversations it was chosen from (None: it holds them all). `k` is the
    smallest group, in conversations, that a shareable report shows. `panel` holds all judges of the study, None where
    there is only one; `labels` what is known of labels by people, None where there are none. `analyses` are the records of
    `selfrule.analyses` in the order of their sections; those of a shareable report have passed the release gate. `story` is
    there in a private report of one person's own conversations alone, whose page it leads; `quoted` is then empty.
    `patterns` are None where none were made; a shareable report takes released ones alone. `pattern_members` has the source
    ids of each pattern's conversations by its id; private reports alone read it.
    """

    kind: Kind
    study: StudyFacts
    judge: JudgeFacts
    estimates: list[Estimate]
    status_counts: dict[str, int]
    software: str
    screening: ScreeningFacts | None = None
    suppressed: list[Suppressed] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    quoted: list[QuotedConversation] = field(default_factory=list)
    quoted_of: int | None = None
    hashes: dict[str, str] = field(default_factory=dict)
    k: int = 10
    panel: Panel | None = None
    labels: LabelFacts | None = None
    analyses: list[Analysis] = field(default_factory=list)
    story: StoryFacts | None = None
    patterns: Patterns | None = None
    pattern_members: dict[str, list[str]] = field(default_factory=dict)
