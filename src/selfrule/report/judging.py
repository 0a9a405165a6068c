"""What a report, and `selfrule agreement`, say of judges: which rated, how they were asked, how far they agree.

Plain figures in, nothing computed here. `None` is "not known", never zero. Shares are in [0, 1], kappa and alpha in
[-1, 1]. Every key is described in docs/report.md; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypedDict

JudgeKind = Literal["embedded", "model", "cascade", "object"]
Place = Literal["package", "here", "elsewhere", "unknown"]
FEWEST_TO_MISS = 5  # conversations moderate or above, of which finding none is worth a warning


class Agreement(TypedDict):
    """How well a judge agrees with labels on one construct.

    `kappa` is quadratic-weighted with a 95 % interval [`low`, `high`]; `exact` and `within_one` are shares of the `n`
    labelled conversations; `positives` of them are labelled above none.
    """

    kappa: float | None
    low: float | None
    high: float | None
    exact: float | None
    within_one: float | None
    n: int
    positives: int | None


class JudgeCard(TypedDict):
    """What is known about a judge: agreement by construct id (and "pooled"), whose labels, and a plain sentence."""

    agreement: dict[str, Agreement]
    labels: str
    plain: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One judge of those that rated: the only one, or one of a cascade in its order.

    `label` is what its ratings carry; `name` the model behind it ("anthropic:claude-x", "embedded"). `place` says
    where the model ran: "package" (the embedded judge), "here" (a server on this machine), "elsewhere" (a server that
    the conversations were sent to) or "unknown". `prompt` is version and hash of the wording. Of the conversations it
    was asked about it `decided` some, could not rate some (`unrated`), and passed some on (`handed_over`).
    """

    label: str
    name: str
    place: Place = "unknown"
    protocol: str | None = None
    prompt: str | None = None
    decided: int = 0
    unrated: int = 0
    handed_over: int = 0


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What a reader of the ratings should know of how answers came: conversations, of the `rated` ones.

    `no_evidence` had a level above none without a cited turn though asked twice, `citation_dropped` cited a turn that
    is not there (both by construct id in `by_construct`); the answer on `repaired` was sent back once or twice;
    `windowed` were read in several overlapping windows, at most `most_windows` of them.
    """

    rated: int = 0
    repaired: int = 0
    no_evidence: int = 0
    citation_dropped: int = 0
    by_construct: dict[str, tuple[int, int]] = field(default_factory=dict)
    windowed: int = 0
    most_windows: int = 1


@dataclass(frozen=True, kw_only=True)
class JudgeFacts:
    """Which judge rated, under which rubric.

    `kind` "embedded" is the built-in one, which is no language model; "model" one language model; "cascade" several
    judges in turn; "object" a judge written in Python. `steps` has one entry a judge; empty where nothing is known.
    `rules` say in words what a cascade hands on.
    """

    label: str
    kind: JudgeKind
    rubric: str
    card: JudgeCard | None = None
    steps: list[Step] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    marks: Marks | None = None


class Measured(TypedDict):
    """A figure with its 95 % interval; `reason` says why the figure or its interval is None."""

    value: float | None
    low: float | None
    high: float | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Two judges on one construct, on the `n` conversations on which both gave a level.

    `confusion` counts conversations; rows are levels by the first judge, columns by the second (2 x 2 for "flagged":
    not flagged, flagged; for "pooled" it counts ratings). `found_by_second` is (c, m): of the m conversations that the
    first judge rated moderate or above, the second did so for c; `found_by_first` the other way round. Shareable
    reports hold none of these counts: beside other figures they could give away the few that one judge could not rate.
    `misses` names the judges that found none of at least `FEWEST_TO_MISS` such conversations.
    """

    n: int
    exact: Measured
    within_one: Measured
    kappa: Measured
    confusion: list[list[int]] = field(default_factory=list)
    found_by_second: tuple[int, int] | None = None
    found_by_first: tuple[int, int] | None = None
    misses: list[Literal["first", "second"]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two judges of one study. `first` and `second` are their labels.

    `both` conversations were rated by both, each on its own, `from_dropped` of them from what the screen drops;
    `same_decider` more have one and the same rating in both, for a cascade took it from the other judge: they are no
    agreement and left out. `constructs` is keyed by
    construct id, "flagged" and "pooled" (all constructs together). `only_first` counts conversations that the first
    judge rated and the second could not, by the second's status; `only_second` the other way round.
    """

    first: str
    second: str
    both: int
    from_dropped: int
    constructs: dict[str, Compared]
    same_decider: int = 0
    only_first: dict[str, int] = field(default_factory=dict)
    only_second: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class KinRate:
    """One judge's flagged share among conversations with assistants of a family, and among the others.

    `kin` and `others` are (flagged, conversations); `difference` is the first share less the second, with its interval.
    """

    judge: str
    kin: tuple[int, int]
    others: tuple[int, int]
    difference: Measured


@dataclass(frozen=True, kw_only=True)
class Kin:
    """A judge of the same family of models as some of the assistants it rates.

    `conversations` are those it rated whose assistant is of its `family`, `others` those whose assistant is of another
    or of no known family, `unnamed` those whose log names no model. `beside` is a judge of another family on the same
    conversations, where there is one: `rates` has both judges, `excess` the difference of their differences. `withheld`
    says that a shareable report holds no number of it, for the groups are small or would give a small one away.
    """

    judge: str
    family: str
    conversations: int
    others: int
    unnamed: int
    rates: list[KinRate] = field(default_factory=list)
    beside: str | None = None
    excess: Measured | None = None
    withheld: bool = False


@dataclass(frozen=True, kw_only=True)
class JudgeStatuses:
    """One judge of the panel: its label and how many conversations have each status."""

    label: str
    statuses: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The judges of one study beside each other.

    `judges` in the order in which they rated. `alpha` is Krippendorff's over all of them by construct id, "flagged"
    and "pooled"; empty with one judge. `screened_out` conversations were dropped by the screen. `persons` is the number
    of people whose conversations were resampled whole, None where the logs name nobody.
    """

    judges: list[JudgeStatuses]
    pairs: list[Pair] = field(default_factory=list)
    alpha: dict[str, Measured] = field(default_factory=dict)
    kin: list[Kin] = field(default_factory=list)
    screened_out: int = 0
    persons: int | None = None
