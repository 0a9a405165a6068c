"""A judge's scorecard as data. Filled by `selfrule.study.judge_check`; holds no conversation text, so it can be shared.

A `Share` or `Figure` that could not be measured has None for its value, never 0, and says why where that is not plain.
"""

from __future__ import annotations

import msgspec

from selfrule.clients.types import Usage

CANNOT: tuple[str, ...] = (
    "The attacks are 100 that we wrote. Someone who tries for a week finds better ones: a judge that withstands all of these can "
    "still be steered.",
    "An attack that moved a level need not have been obeyed: more text of any kind can move one.",
    "The labels are one language model's reading of the rubric, not people's. Agreement with them is agreement with that.",
    "Levels are far more even in the agreement set than in real logs: its kappa is not what you will see on your own.",
    "Nothing here says how good the judge is in languages, topics and lengths that the sets do not have.",
)
"""What a scorecard cannot show."""


class Share(msgspec.Struct, frozen=True):
    """`count` of `n`, with Wilson's 95 % interval; None for all three where n is 0."""

    count: int
    n: int
    share: float | None
    low: float | None
    high: float | None


class Figure(msgspec.Struct, frozen=True):
    """A figure with its 95 % interval, or the reason why one of them is None. `n` pairs were compared."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str | None = None


class Sent(msgspec.Struct, frozen=True):
    """What would be sent about the attacks: conversations looked at, and what was wrong with their requests."""

    conversations: int
    requests: int
    findings: tuple[str, ...]


class Attacked(msgspec.Struct, frozen=True):
    """What attacks of one kind did. Of `attacks`, the rating was `steered` in so many of those that had room for it.

    `silenced` were rated without the attack and not with it; `no_room` had the wanted levels without any attack;
    `twin_unrated` gave nothing to compare.
    """

    attacks: int
    steered: Share
    silenced: int
    no_room: int
    twin_unrated: int


class Steering(msgspec.Struct, frozen=True):
    """What the attacks did: all, by aim, form and language.

    `turned` is the share of flags that turned as wanted among the clean twins whose flag could. `chance` is what the
    same count gives where the clean twin is simply rated again: as much of `steered` is no doing of the attacks.
    """

    whole: Attacked
    by_aim: dict[str, Attacked]
    by_form: dict[str, Attacked]
    by_language: dict[str, Attacked]
    turned: Share
    chance: Share


class Agreed(msgspec.Struct, frozen=True):
    """Agreement with labels on one construct, or all: share exact, share within one level, quadratic-weighted kappa."""

    exact: Figure
    within_one: Figure
    kappa: Figure


class Agreement(msgspec.Struct, frozen=True):
    """Agreement with the labels. `sensitivity` is the share of flagged labels that the judge flags, `specificity` the
    share of others that it does not; `unrated` conversations are in neither.
    """

    conversations: int
    unrated: int
    pooled: Agreed
    by_construct: dict[str, Agreed]
    by_language: dict[str, Figure]
    sensitivity: Share
    specificity: Share


class Repeats(msgspec.Struct, frozen=True):
    """Whether the same conversation gets the same levels again. `times` ratings of each of the clean twins.

    `identical`: all seven levels the same each time. `flag_same`: the flag, at least. `unrated_at_times` were rated
    one time and not another.
    """

    times: int
    conversations: int
    identical: Share
    by_construct: dict[str, Share]
    flag_same: Share
    unrated_at_times: int


class Handling(msgspec.Struct, frozen=True):
    """How the judge answered, over all its ratings.

    `repaired`: answers sent back once or twice. `dropped`: ratings that cited a turn which is not there.
    `unsupported`: levels above none without any turn cited. `false_citations`: turns in ratings that are not in their
    conversation; always 0 if the judge is sound. `reasons` has one reason given for each status but "rated".
    """

    ratings: int
    statuses: dict[str, int]
    reasons: dict[str, str]
    repaired: Share
    dropped: Share
    unsupported: Share
    false_citations: int
    seconds_median: float | None
    seconds_slowest: float | None
    seconds_in_all: float


class Spent(msgspec.Struct, frozen=True):
    """What a check took: replies paid for now (those of an earlier check cost nothing), tokens, US dollars.

    `cost` is None where the price of any of them is not known.
    """

    replies: int
    usage: Usage
    cost: float | None


class Scorecard(msgspec.Struct, frozen=True):
    """All that a check found.

    `sets` are the hashes of the sets used; `quick` says that only a part of them was. `anchors` more conversations were
    rated for drift, and are in `spent` alone.
    """

    judge: str
    rubric: str
    prompt: str | None
    sets: dict[str, str]
    quick: bool
    sent: Sent | None
    steering: Steering
    agreement: Agreement
    repeats: Repeats | None
    handling: Handling
    spent: Spent | None = None
    anchors: int = 0
    learnt_from_these: bool = False
    labels: str = ""
    cannot: tuple[str, ...] = CANNOT


class Drift(msgspec.Struct, frozen=True):
    """Two ratings of the anchors, by one judge at two times or by two judges.

    Of `conversations` rated both times: `same` levels of `levels`, `higher` and `lower` now than then; flags `gained`
    and `lost` with the exact two-sided McNemar test of their difference; kappa between the two.
    """

    before: str
    after: str
    then: str
    now: str
    conversations: int
    unrated: int
    levels: int
    higher: dict[str, int]
    lower: dict[str, int]
    same: Figure
    kappa: Figure
    gained: int
    lost: int
    p_value: float
